"""A request in the words of Cedar's schema: texts become references, instants numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from msgspec import Struct

from qgov.decision.engines.cedar.entities import Known
from qgov.decision.request import Request
from qgov.decision.request_parts import JobSize, RequestJson, Resource, seconds
from qgov.language.permissions import CATALOGUE
from qgov.model.measures import MEASURES

__all__ = ["Asked", "asked_of", "number", "present", "reference", "uid"]

Json = dict[str, Any]

_SUBJECTS: Final = {"user": "User", "workload": "Workload"}
_PLACES: Final = {
    (): "Organization",
    ("tenant",): "Tenant",
    ("tenant", "environment"): "Environment",
    ("tenant", "environment", "project"): "Project",
}
"""Which labels a resource has → what it is."""

_JOB: Final = {m.attribute: m.attribute.removeprefix("estimated_") for m in MEASURES}
"""The request's words for a job → the schema's."""


class Asked(Struct, frozen=True):
    """A request in the schema's terms.

    `place` is the type and id of the resource, `around` the scopes that contain it (itself
    first) when it exists and is such as the action is done at, `groups` those of the token
    that any grant or budget names. `common` is what any question may say, `claims` what
    only those about a way do.
    """

    principal: Json
    resource: Json
    action: str
    place: tuple[str, str]
    around: tuple[str, ...]
    groups: tuple[str, ...]
    now: int | None
    common: Json
    claims: Json
    executes: bool
    request: Request

    @property
    def listed(self) -> bool:
        """Whether the catalogue has the action."""
        return self.action in CATALOGUE


def asked_of(given: RequestJson, known: Known) -> Asked:
    """The request in the schema's terms: its texts as references, its instants as numbers."""
    asked = Request.from_json(given)
    subject, job = asked.subject, asked.job or JobSize()
    kind, name = _SUBJECTS.get(subject.type or "", "Stranger"), subject.id or ""
    if kind == "User" and not name:
        kind = "Stranger"
    groups = tuple(sorted(known.groups.intersection(subject.groups)))
    place = _place(asked.resource)
    action = asked.action or ""
    permission = CATALOGUE.get(action)
    executes = permission is not None and permission.executes
    level = permission.level.capitalize() if permission is not None else ""
    now = number(asked.context.time)
    common = {
        "id": subject.id,
        "issuer": reference("Issuer", subject.issuer),
        "groups": [reference("Group", group) for group in groups],
        "now": now,
    }
    if executes:
        common |= {
            "backend": reference("Backend", asked.resource.backend),
            "job": present({word: getattr(job, name) for name, word in _JOB.items()}),
        }
    return Asked(
        uid(kind, name),
        uid(*place),
        action,
        place,
        tuple(_around(place[1])) if place in known.places and place[0] == level else (),
        groups,
        now,
        present(common),
        present(_claims(asked, known)),
        executes,
        asked,
    )


def _claims(asked: Request, known: Known) -> Json:
    """What a way is asked of besides: the token, the device, the resource's labels."""
    subject, context, token = asked.subject, asked.context, asked.token
    pattern = known.patterns.get(subject.id or "")
    matches = (
        subject.subject is not None and pattern is not None and _like(subject.subject, pattern)
    )
    return {
        "token_kind": token.kind,
        "token_subject": subject.subject,
        "audience": token.audience,
        "issued_at": number(token.issued_at),
        "matched": pattern if matches else None,
        "mfa": context.mfa,
        "managed_device": context.managed_device,
        "country": context.country,
        "owner": asked.resource.owner,
        "tenant": reference("Tenant", asked.resource.tenant),
    }


def number(moment: datetime | None) -> int | None:
    """An instant as the schema's whole seconds, or none."""
    return None if moment is None else seconds(moment)


def uid(kind: str, name: str) -> Json:
    """A reference to an entity."""
    return {"type": f"QGov::{kind}", "id": name}


def reference(kind: str, name: str | None) -> Json | None:
    """A reference, or None to nothing."""
    return None if name is None else uid(kind, name)


def present(fields: Mapping[str, Any]) -> Json:
    """The fields that have a value."""
    return {name: value for name, value in fields.items() if value is not None}


def _place(resource: Resource) -> tuple[str, str]:
    given = {
        name: label
        for name, label in zip(("tenant", "environment", "project"), resource.labels, strict=True)
        if label is not None
    }
    kind = _PLACES.get(tuple(given), "Nowhere")
    return kind, "/".join(given.values()) or "*"


def _around(scope: str) -> Iterator[str]:
    while scope not in ("", "*"):
        yield scope
        scope = scope.rpartition("/")[0]
    yield "*"


def _like(text: str, pattern: str) -> bool:
    """Whether `text` is the pattern with each `*` standing for any text. Cedar's own `like`
    takes patterns of the policy's text alone."""
    first, *rest = pattern.split("*")
    if not rest:
        return text == pattern
    last = rest.pop()
    if len(text) < len(first) + len(last) or not (text.startswith(first) and text.endswith(last)):
        return False
    left = text[len(first) : len(text) - len(last)]
    for part in rest:
        _, found, left = left.partition(part) if part else ("", "*", left)
        if not found:
            return False
    return True
