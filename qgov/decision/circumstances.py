"""Requests from what matters in them: who asks for what, and under which circumstances.

What builds requests about a model (a witness of a plan, a case of conformance) varies a few
circumstances of a request that would be allowed; the rest of the request follows from the
model: who issued the token, what its audience is, which labels the resource has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from qgov.language.permissions import CATALOGUE
from qgov.model.access_model import AccessModel
from qgov.model.scope import EVERYWHERE

__all__ = [
    "APPROVER",
    "SOMEBODY",
    "SOMEBODY_ELSE",
    "SOME_COUNTRY",
    "SOME_TIME",
    "Approved",
    "Asking",
    "Circumstances",
    "Elevated",
    "asking",
    "request_of",
]

SOMEBODY: Final = "somebody@qgov.example"
SOMEBODY_ELSE: Final = "somebody-else@qgov.example"
APPROVER: Final = "approver@qgov.example"
SOME_TIME: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)
SOME_COUNTRY: Final = "DE"
"""Where nothing depends on it."""


class Elevated(NamedTuple):
    """An elevation that an identity provider granted: from the request's time on, for
    `duration_s` seconds, by somebody in `approvers`."""

    role: str
    scope: str
    approvers: tuple[str, ...]
    duration_s: int
    ticket: bool


class Approved(NamedTuple):
    """The approval of an expensive job, `age_s` seconds ago, by somebody in `approvers`."""

    approvers: tuple[str, ...]
    age_s: int


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a decision may depend on beside who asks for what; the defaults suit everybody.

    `owner` None is the subject itself. `job` are the job's attributes and `usage` what was
    used of each budget; a value of None is left out of the request, as unknown.
    """

    time: datetime = SOME_TIME
    token_age_s: int = 0
    mfa: bool = True
    managed_device: bool = True
    country: str = SOME_COUNTRY
    owner: str | None = None
    elevated: Elevated | None = None
    approved: Approved | None = None
    job: Mapping[str, int | None] = field(default_factory=dict)
    usage: Mapping[str, Mapping[str, int] | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks: the subject of the request, and the parts of the token that identify it."""

    subject: Mapping[str, Any]
    token: Mapping[str, Any]


def asking(model: AccessModel, principal: str, groups: tuple[str, ...] = ()) -> Asking:
    """A principal (`group:…`, `user:…`, `workload:…`) with a token that the model accepts.
    Somebody speaks for a group; `groups` are those of a person, whose first one's identity
    provider issued the token."""
    kind, _, name = principal.partition(":")
    if kind == "workload":
        return _workload(model, name)
    groups = (name,) if kind == "group" else groups
    provider = model.organization.providers[model.groups[groups[0]].provider].value
    properties = {"groups": list(groups), "issuer": provider.issuer}
    person = SOMEBODY if kind == "group" else name
    return Asking(
        {"type": "user", "id": person, "properties": properties},
        {"kind": provider.protocol, "audience": provider.audience},
    )


def _workload(model: AccessModel, name: str) -> Asking:
    known = model.workloads[name]
    claims = {
        "issuer": known.issuer,
        "subject": None if known.subject is None else known.subject.replace("*", "any"),
    }
    return Asking(
        {"type": "workload", "id": name, "properties": _present(claims)},
        _present({"kind": "oidc", "audience": known.audience}),
    )


def request_of(
    who: Asking, permission: str, scope: str, backend: str, found: Circumstances
) -> dict[str, Any]:
    """The request. `backend` is empty for permissions that run nothing."""
    labels = () if scope == EVERYWHERE else scope.split("/")
    subject = dict(who.subject)
    properties = dict(zip(("tenant", "environment", "project"), labels, strict=False))
    context: dict[str, Any] = {
        "time": _instant(found.time),
        "mfa": found.mfa,
        "managed_device": found.managed_device,
        "country": found.country,
        "token": {
            **who.token,
            "issued_at": _instant(found.time - timedelta(seconds=found.token_age_s)),
        },
        "elevations": [_elevation(found.elevated, subject["id"], found.time)]
        if found.elevated
        else [],
    }
    if CATALOGUE[permission].executes:
        properties["backend"] = backend
        context |= {
            "job": _present(found.job),
            "usage": {name: dict(used) for name, used in _present(found.usage).items()},
            "approvals": [_approval(found, subject["id"], scope, backend)]
            if found.approved
            else [],
        }
    return {
        "subject": subject,
        "action": {"name": permission},
        "resource": {
            "type": permission.partition(":")[0],
            "id": "some",
            "properties": {**properties, "owner": found.owner or subject["id"]},
        },
        "context": context,
    }


def _elevation(given: Elevated, subject: str, now: datetime) -> dict[str, Any]:
    return {
        "subject": subject,
        "role": given.role,
        "scope": given.scope,
        "requested_by": subject,
        "approved_by": APPROVER,
        "approver_groups": list(given.approvers),
        **({"ticket": "SOME-1"} if given.ticket else {}),
        "not_before": _instant(now),
        "expires": _instant(now + timedelta(seconds=given.duration_s)),
    }


def _approval(found: Circumstances, subject: str, scope: str, backend: str) -> dict[str, Any]:
    assert found.approved is not None
    return {
        "subject": subject,
        "scope": scope,
        "backend": backend,
        "max_cost_micros": found.job.get("estimated_cost_micros"),
        "requested_by": subject,
        "approved_by": APPROVER,
        "approver_groups": list(found.approved.approvers),
        "approved_at": _instant(found.time - timedelta(seconds=found.approved.age_s)),
    }


def _present(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
