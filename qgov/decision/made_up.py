"""Requests that nobody sent: the one place that builds them, from who asks for what.

What makes up requests about a model (a case of conformance, a witness of a plan, an access
test) starts from one that is asked under the best circumstances. Who issued the token, what
its audience is, which labels the resource has: all that follows from the model.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from msgspec import Struct

from qgov.decision.request import Request
from qgov.decision.request_parts import (
    Context,
    GivenApproval,
    GivenElevation,
    JobSize,
    Resource,
    Subject,
    Token,
)
from qgov.model.access_model import AccessModel
from qgov.model.accesses import budgets_around
from qgov.model.budgets import windows_of
from qgov.model.measures import WINDOWS, counters
from qgov.model.principal import is_group, is_workload, name_of
from qgov.model.scope import EVERYWHERE
from qgov.records import replace

__all__ = [
    "ACCESS_TEST",
    "CONFORMANCE",
    "LABELS",
    "SMALLEST",
    "SOME_COUNTRY",
    "SOME_TIME",
    "WITNESS",
    "Asker",
    "Cast",
    "approval",
    "asked",
    "asker",
    "elevation",
    "labels_of",
    "person",
    "unused",
    "workload",
]

LABELS: Final = ("tenant", "environment", "project")
"""What a scope's parts are called in a resource."""

SOME_TIME: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)
SOME_COUNTRY: Final = "DE"
"""Where nothing depends on it."""

SMALLEST: Final = JobSize(1, 1, 1, 0, 0, 0)
"""One of everything, and no cost."""


class Cast(Struct, frozen=True):
    """The people and things that made-up requests name; `last` are the fields that their JSON
    contract lists after the others (see `Request.to_json`)."""

    resource: str
    domain: str
    ticket: str = ""
    last: tuple[str, ...] = ()

    @property
    def somebody(self) -> str:
        """Who asks when it matters only which groups they are in."""
        return f"somebody@{self.domain}"

    @property
    def somebody_else(self) -> str:
        """Who owns what is not the subject's."""
        return f"somebody-else@{self.domain}"

    @property
    def approver(self) -> str:
        """Who approves."""
        return f"approver@{self.domain}"

    def json(self, request: Request) -> dict[str, Any]:
        """The request as its contract writes it."""
        return request.to_json(self.last)


CONFORMANCE: Final = Cast("conformance", "conformance.example", "CONFORM-1")
WITNESS: Final = Cast(
    "some",
    "qgov.example",
    "SOME-1",
    ("owner", "approvals", "estimated_cost_micros", "estimated_simulator_seconds"),
)
ACCESS_TEST: Final = Cast(
    "access-test",
    "access-test.example",
    last=("job", "usage", "approvals", "country", "requested_by"),
)


class Asker(NamedTuple):
    """Who asks: the subject, and the token that it signed in with."""

    subject: Subject
    token: Token


def asker(
    model: AccessModel, principal: str, groups: Iterable[str], cast: Cast, issuer: str | None = None
) -> Asker:
    """A principal; somebody speaks for a group. `groups` are those of a person, and `issuer`
    whose token it is where no document knows the groups."""
    if is_workload(principal):
        return workload(model, name_of(principal))
    name = cast.somebody if is_group(principal) else name_of(principal)
    return person(model, name, tuple(groups), issuer=issuer)


def person(
    model: AccessModel,
    name: str,
    groups: tuple[str, ...],
    tenant: str = "",
    issuer: str | None = None,
) -> Asker:
    """A person who signed in with the identity provider of the first group, else of the
    tenant, else the first one."""
    providers = model.organization.providers
    named = [model.groups[group].provider for group in groups if group in model.groups]
    named += [model.tenants[tenant].provider] if tenant in model.tenants else []
    provider = providers[next((p for p in named if p in providers), min(providers))].value
    if issuer is not None:
        here = (p.value for p in providers.values() if p.value.issuer == issuer)
        provider = next(here, provider)
    return Asker(
        Subject("user", name, groups, issuer or provider.issuer),
        Token(provider.protocol, provider.audience),
    )


def workload(model: AccessModel, name: str) -> Asker:
    """A service account, with the claims that its federation asks for, if it has one."""
    known = model.workloads.get(name)
    if known is None:
        return Asker(Subject("workload", name), Token("oidc"))
    claim = known.subject.replace("*", "any") if known.subject else None
    return Asker(
        Subject("workload", name, issuer=known.issuer, subject=claim),
        Token("oidc", known.audience or None),
    )


def asked(
    model: AccessModel,
    who: Asker,
    permission: str,
    scope: str,
    backend: str,
    cast: Cast,
    now: datetime = SOME_TIME,
) -> Request:
    """The request under the best circumstances: with a fresh token and MFA, from a managed
    device, and where there is a backend for the smallest job, of which nothing was used before.
    """
    resource = Resource(permission.partition(":")[0], cast.resource, *labels_of(scope))
    return Request(
        who.subject,
        permission,
        replace(resource, owner=who.subject.id, backend=backend or None),
        Context(now, mfa=True, managed_device=True, country=SOME_COUNTRY),
        replace(who.token, issued_at=now),
        elevations=(),
        approvals=(),
        job=SMALLEST if backend else None,
        usage=unused(model, scope) if backend else None,
    )


def labels_of(scope: str) -> tuple[str | None, str | None, str | None]:
    """The tenant, environment and project of a scope, as a resource has them."""
    labels = [] if scope == EVERYWHERE else scope.split("/")
    tenant, environment, project, *_ = (*labels, None, None, None)
    return tenant, environment, project


def unused(model: AccessModel, scope: str) -> dict[str, dict[str, int]]:
    """The usage of the budgets around a project of which nothing was used."""
    around = sorted(budgets_around(model, scope), key=lambda budget: budget.name)
    return {
        each.name: dict.fromkeys(("spent_micros", *counters((*WINDOWS, *windows_of(each)))), 0)
        for each in around
    }


def elevation(
    request: Request,
    cast: Cast,
    *,
    role: str,
    scope: str,
    approvers: Iterable[str],
    duration_s: int,
) -> GivenElevation:
    """An elevation of the subject from the request's time on, by somebody in `approvers`."""
    now = request.context.time or SOME_TIME
    return GivenElevation(
        request.subject.id,
        role,
        scope,
        request.subject.id,
        cast.approver,
        tuple(approvers),
        cast.ticket,
        now,
        now + timedelta(seconds=duration_s),
    )


def approval(
    request: Request,
    cast: Cast,
    *,
    scope: str,
    approvers: Iterable[str],
    cost: int | None,
    age_s: int = 0,
) -> GivenApproval:
    """An approval of the subject's job up to a cost in micros, `age_s` seconds old, by somebody
    in `approvers`."""
    me, now = request.subject.id, request.context.time or SOME_TIME
    backend = request.resource.backend
    given_at = now - timedelta(seconds=age_s)
    return GivenApproval(me, scope, backend, cost, me, cast.approver, tuple(approvers), given_at)
