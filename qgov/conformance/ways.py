"""Ways to an access, and a request that meets everything that a way asks for.

A near miss is such a request with one thing changed, so that what it is denied for can
only be that thing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from qgov.model.access_model import AccessModel, Binding, Budget
from qgov.model.accesses import Path, budgets_around, budgets_at
from qgov.model.conditions import ApprovalRule, Conditions
from qgov.model.measures import counters
from qgov.model.principal import Principal
from qgov.model.scope import EVERYWHERE

__all__ = [
    "APPROVER",
    "SOMEBODY",
    "SOME_TIME",
    "Changes",
    "Way",
    "altered",
    "asks",
    "binding_id",
    "instant",
    "shut",
    "sound",
]

SOMEBODY: Final = "somebody@conformance.example"
APPROVER: Final = "approver@conformance.example"
SOME_TIME: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)
SOME_COUNTRY: Final = "DE"
"""Where nothing depends on it."""

Request = dict[str, Any]
Place = tuple[str, ...]
Changes = dict[Place, Any]
"""Places in a request → the value there; `...` takes it away."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to one access. `alone`: the principal has no other to this access; `reach` are
    the scopes where it may use the permission."""

    model: AccessModel
    principal: Principal
    permission: str
    scope: str
    backend: str
    path: Path
    alone: bool = True
    reach: frozenset[str] = frozenset()

    @property
    def binding(self) -> Binding:
        """The binding that it goes through."""
        return self.path.binding

    @property
    def conditions(self) -> Conditions:
        """What it takes."""
        return self.path.conditions

    @property
    def person(self) -> bool:
        """Whether a person goes it."""
        return not self.principal.startswith("workload:")

    @property
    def subject(self) -> str:
        """The id of who goes it."""
        kind, _, name = self.principal.partition(":")
        return SOMEBODY if kind == "group" else name

    @property
    def time(self) -> datetime:
        """A moment at which it is open."""
        held = self.path.elevation
        return held.not_before if held is not None and held.not_before is not None else SOME_TIME

    @property
    def budgets(self) -> list[Budget]:
        """The budgets that a job falls under."""
        return budgets_at(self.model, self.scope, self.binding.principal) if self.backend else []

    @property
    def approval_rules(self) -> list[ApprovalRule]:
        """What the budgets ask of an expensive job on the backend."""
        facts = self.model.organization.backends
        return [
            b.approval
            for b in self.budgets
            if b.approval and facts[self.backend].value.backend_class in b.approval_classes
        ]


def instant(moment: datetime) -> str:
    """The moment as a request has it."""
    return moment.astimezone(UTC).isoformat()


def sound(way: Way, now: datetime | None = None) -> Request:
    """A request that the way allows at `now`, by default when it is open."""
    moment = now or way.time
    groups = (way.binding.principal.removeprefix("group:"),) if way.person else ()
    request = asks(way.model, way.principal, groups, way.permission, way.scope, way.backend, moment)
    if way.conditions.countries:
        request["context"]["country"] = way.conditions.countries[0]
    if way.conditions.eligible is not None:
        request["context"]["elevations"] = [_elevation(way, moment)]
    return request


def _elevation(way: Way, now: datetime) -> dict[str, Any]:
    eligible = way.conditions.eligible
    assert eligible is not None
    return {
        "subject": way.subject,
        "role": way.binding.role,
        "scope": way.binding.scope,
        "requested_by": way.subject,
        "approved_by": APPROVER,
        "approver_groups": [eligible.approvers],
        "ticket": "CONFORM-1",
        "not_before": instant(now),
        "expires": instant(now + timedelta(seconds=eligible.max_duration_s)),
    }


def asks(
    model: AccessModel,
    principal: str,
    groups: tuple[str, ...],
    permission: str,
    scope: str,
    backend: str,
    now: datetime = SOME_TIME,
    issuer: str | None = None,
) -> Request:
    """A principal asks under the best circumstances: with a fresh token and MFA, from a
    managed device, for the smallest job, of which nothing was used before. `issuer`
    overrides whose token it is, for groups that no document knows."""
    kind, _, name = principal.partition(":")
    subject, token = (
        _workload(model, name) if kind == "workload" else _user(model, name, groups, issuer)
    )
    labels = () if scope == EVERYWHERE else scope.split("/")
    properties = dict(zip(("tenant", "environment", "project"), labels, strict=False))
    request: Request = {
        "subject": subject,
        "action": {"name": permission},
        "resource": {
            "type": permission.partition(":")[0],
            "id": "conformance",
            "properties": {**properties, "owner": subject["id"]},
        },
        "context": {
            "time": instant(now),
            "mfa": True,
            "managed_device": True,
            "country": SOME_COUNTRY,
            "token": {**token, "issued_at": instant(now)},
            "elevations": [],
            "approvals": [],
        },
    }
    if backend:
        request["resource"]["properties"]["backend"] = backend
        request["context"] |= {"job": _job(), "usage": _usage(model, scope)}
    return request


def _user(
    model: AccessModel, name: str, groups: tuple[str, ...], issuer: str | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    providers = model.organization.providers
    known = [model.groups[group].provider for group in groups if group in model.groups]
    provider = providers[next((p for p in known if p in providers), min(providers))].value
    if issuer is not None:
        here = [p.value for p in providers.values() if p.value.issuer == issuer]
        provider = here[0] if here else provider
    subject = {
        "type": "user",
        "id": SOMEBODY if name in groups or not name else name,
        "properties": {"groups": list(groups), "issuer": issuer or provider.issuer},
    }
    return subject, {"kind": provider.protocol, "audience": provider.audience}


def _workload(model: AccessModel, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    known = model.workloads.get(name)
    claims = {
        "issuer": known.issuer if known else None,
        "subject": known.subject.replace("*", "any") if known and known.subject else None,
    }
    subject = {
        "type": "workload",
        "id": name,
        "properties": {claim: value for claim, value in claims.items() if value is not None},
    }
    audience = {"audience": known.audience} if known and known.audience else {}
    return subject, {"kind": "oidc", **audience}


def _job() -> dict[str, int]:
    return {
        "shots": 1,
        "circuits": 1,
        "qubits": 1,
        "estimated_cost_micros": 0,
        "estimated_qpu_seconds": 0,
        "estimated_simulator_seconds": 0,
    }


def _usage(model: AccessModel, scope: str) -> dict[str, dict[str, int]]:
    nothing = dict.fromkeys(counters(), 0)
    names = sorted(budget.name for budget in budgets_around(model, scope))
    return {name: {"spent_micros": 0, **nothing} for name in names}


def altered(request: Mapping[str, Any], changes: Changes) -> Request:
    """The request with some places changed; what is not on their way is shared."""
    found = dict(request)
    for (name, *rest), value in changes.items():
        if rest:
            found[name] = altered(found.get(name, {}), {tuple(rest): value})
        elif value is ...:
            found.pop(name, None)
        else:
            found[name] = value
    return found


def shut(way: Way) -> bool:
    """Whether the documents leave no request that the way allows, not even the smallest."""
    conditions, budgets = way.conditions, way.budgets
    quotas: Iterator[int] = (
        limit
        for budget in budgets
        for measure, _, limit, _ in budget.quotas
        if measure in ("jobs", "shots", "circuits")
    )
    return (
        conditions.countries == ()
        or any(getattr(conditions.job, name) == 0 for name in ("shots", "circuits", "qubits"))
        or any(limit < 1 for limit in quotas)
    )


def binding_id(binding: Binding) -> str:
    """A binding in the words of its document: `aurora/aurora-developers/researcher@sandbox`."""
    tenant, _, below = binding.scope.partition("/")
    kind, _, name = binding.principal.partition(":")
    who = name if kind == "group" else f"{kind}:{name.rpartition('/')[2]}"
    return f"{tenant}/{who}/{binding.role}@{below or EVERYWHERE}"
