"""What each grant asks for at each place: the bindings and elevations that give a role, and their
conditions folded with what holds there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from qgov.language.permissions import CATALOGUE
from qgov.language.persons import approved_by_another
from qgov.model.access_model import AccessModel, Binding, Budget, Elevation, Environment, Role
from qgov.model.conditions import NO_LIMITS, ApprovalRule, Conditions, ElevationWindow
from qgov.model.floors import required
from qgov.model.principal import Principal, group, user
from qgov.model.scope import EVERYWHERE, contains, depth, matches, tenant_of
from qgov.records import replace

__all__ = [
    "ON_PREMISES",
    "Fold",
    "Grant",
    "admitted",
    "backends_of",
    "budgets_around",
    "budgets_at",
    "grants",
    "scopes_at",
]

ON_PREMISES: Final = "on-premises"
_PROJECT: Final = 3


class Grant(NamedTuple):
    """A binding, or an elevation through it, that gives somebody a role."""

    principal: Principal
    within: str
    binding: Binding
    role: Role
    held: Elevation | None


def grants(model: AccessModel) -> Iterator[Grant]:
    """The bindings that identify somebody, and the elevations through them that count."""
    held_through: dict[tuple[str, str, str], list[Elevation]] = defaultdict(list)
    for elevation in model.elevations:
        for key in dict.fromkeys((b.principal, b.role, b.scope) for b in elevation.through):
            held_through[key].append(elevation)
    for binding in model.bindings:
        workload = model.workload_of(binding.principal)
        if workload is not None and workload.issuer is None:
            continue  # without federation no token could identify it
        role = model.roles[binding.role]
        yield Grant(binding.principal, binding.scope, binding, role, None)
        for held in held_through.get((binding.principal, binding.role, binding.scope), ()):
            if binding in held.through and _counts(held, binding):
                yield Grant(user(held.subject), held.scope, binding, role, held)


def _counts(held: Elevation, binding: Binding) -> bool:
    """Whether an elevation was asked for and approved as its binding demands; whether it is
    in its window is a condition of the access."""
    eligible = binding.eligible
    return (
        eligible is not None
        and approved_by_another(held.approved_by, held.subject, held.requested_by)
        and held.not_before is not None
        and 0 < (held.expires - held.not_before).total_seconds() <= eligible.max_duration_s
        and (held.ticket is not None or not eligible.ticket)
    )


def admitted(model: AccessModel, binding: Binding, scope: str) -> bool:
    """Whether the scope's tenant admits people who sign in where the binding's group does."""
    tenant, group = model.tenants.get(tenant_of(scope)), model.group_of(binding.principal)
    if tenant is None or group is None:
        return True
    provider = model.organization.providers.get(group.provider)
    return provider is not None and provider.value.issuer in tenant.issuers


def scopes_at(model: AccessModel, within: str, level: int) -> Iterator[str]:
    """The scopes of a depth that lie inside `within`."""
    if level == 0:
        if within == EVERYWHERE:
            yield EVERYWHERE
        return
    if within != EVERYWHERE and depth(within) > level:
        return
    names = sorted(model.tenants) if within == EVERYWHERE else [tenant_of(within)]
    for name in names:
        if name not in model.tenants:
            continue
        if level == 1:
            yield name
            continue
        for environment in model.tenants[name].environments.values():
            if level == 2:
                if contains(within, environment.scope):
                    yield environment.scope
                continue
            for project in environment.projects:
                scope = f"{environment.scope}/{project}"
                if contains(within, scope):
                    yield scope


def backends_of(
    model: AccessModel, environment: Environment, scope: str | None = None
) -> tuple[str, ...]:
    """The backends that an environment names and its tenant's residency allows, or that of a
    project's scope in it."""
    residency = model.residency(scope or environment.scope)
    facts = model.organization.backends
    return tuple(
        name
        for name in environment.backends
        if facts[name].value.jurisdiction in (*residency, ON_PREMISES)
    )


def budgets_at(
    model: AccessModel, scope: str, principal: Principal | None = None, backend: str | None = None
) -> list[Budget]:
    """The budgets that bound a project's jobs, for a principal and on a backend where one is
    given."""
    found = _of_principal(budgets_around(model, scope), principal)
    return [budget for budget in found if budget.counts_on(backend)]


def _of_principal(budgets: Iterable[Budget], principal: Principal | None) -> list[Budget]:
    return [b for b in budgets if b.group is None or principal == group(b.group)]


def _names(budgets: Iterable[Budget]) -> tuple[str, ...]:
    return tuple(sorted(budget.name for budget in budgets))


def budgets_around(model: AccessModel, scope: str) -> list[Budget]:
    """The budgets whose scope contains a project, those of single groups and backends
    included."""
    near = (*model.budgets_in.get(tenant_of(scope), ()), *model.budgets_in.get("", ()))
    return [budget for budget in near if matches(budget.scope, scope)]


Shape = tuple[int, bool, bool]
"""What grants add alike, whether it runs jobs, and whether it is narrowed to one's own."""


class _Place(NamedTuple):
    """What a scope adds to the conditions of every grant."""

    floor: Conditions
    backends: tuple[str, ...]
    budgets: Sequence[Budget]
    names: tuple[str, ...] | None
    """Of the budgets; None where some are of single groups or backends."""


class Fold:
    """Folds the conditions of a grant. Grants whose conditions are equal share them, so that
    a large table holds few."""

    def __init__(self, model: AccessModel) -> None:
        self._model = model
        self._places: dict[str, _Place] = {}
        self._equal: dict[Conditions, Conditions] = {}
        self._folded: dict[tuple[object, ...], Conditions] = {}
        self._shapes: dict[tuple[object, ...], int] = {}
        self._numbers: dict[int, tuple[Grant, int]] = {}  # a grant is kept, so that its id is

    def shape(self, grant: Grant, permission: str) -> Shape:
        """What a grant adds to the floor of any place: equal for grants that add the same."""
        if (known := self._numbers.get(id(grant))) is None:
            known = self._numbers[id(grant)] = grant, self._number(grant)
        return known[1], CATALOGUE[permission].executes, grant.role.permissions[permission]

    def _number(self, grant: Grant) -> int:
        """Of what a grant adds whatever the permission."""
        binding, role, held = grant.binding, grant.role, grant.held
        workload = self._model.workload_of(binding.principal)
        key = (
            role.name,
            id(binding.requires),
            binding.eligible if held is None else None,
            binding.expires,
            None if workload is None else (workload.max_token_age_s,),
            None if held is None else held.name,
        )
        return self._shapes.setdefault(key, len(self._shapes))

    def __call__(
        self, grant: Grant, permission: str, scope: str, shape: Shape
    ) -> Iterator[tuple[str, Conditions]]:
        """(backend, conditions), a backend being empty where nothing runs."""
        place = self.place(scope)
        if (conditions := self._folded.get((id(place.floor), shape))) is None:
            conditions = self._conditions(grant, permission, place.floor)
            self._folded[id(place.floor), shape] = conditions
        if not CATALOGUE[permission].executes:
            yield "", conditions
            return
        mine = place.budgets
        if place.names is None:
            mine = _of_principal(mine, grant.binding.principal)
        for backend in place.backends:
            budgets, names = mine, place.names
            if names is None:
                budgets = [budget for budget in mine if budget.counts_on(backend)]
                names = _names(budgets)
            key = (id(conditions), backend, names)
            if (found := self._folded.get(key)) is None:
                found = self._folded[key] = replace(
                    conditions,
                    job=conditions.job & self._model.organization.backend_limits[backend],
                    budgets=names,
                    approvals=self._approvals(backend, budgets),
                )
            yield backend, found

    def place(self, scope: str) -> _Place:
        """What holds at a scope; the same floor wherever it is equal."""
        if (found := self._places.get(scope)) is None:
            model, is_project = self._model, depth(scope) == _PROJECT
            environment = model.environment(scope) if is_project else None
            floor = model.floor(scope.rpartition("/")[0] if is_project else scope)
            budgets = budgets_around(model, scope) if is_project else []
            found = self._places[scope] = _Place(
                self._equal.setdefault(floor, floor),
                backends_of(model, environment, scope) if environment else (),
                budgets,
                None if any(b.group or b.backends for b in budgets) else _names(budgets),
            )
        return found

    def _conditions(self, grant: Grant, permission: str, floor: Conditions) -> Conditions:
        binding, role, held = grant.binding, grant.role, grant.held
        asked = required(floor, role, binding, self._model.workload_of(binding.principal))
        return replace(
            asked,
            own_only=role.permissions[permission],
            eligible=binding.eligible if held is None else None,
            elevation=_window(held),
            job=asked.job if CATALOGUE[permission].executes else NO_LIMITS,
            expires=_end(asked.expires, held),
        )

    def _approvals(self, backend: str, budgets: Sequence[Budget]) -> tuple[ApprovalRule, ...]:
        """The rules for jobs on a backend, the strictest first; one that another implies adds
        nothing."""
        class_ = self._model.organization.backends[backend].value.backend_class
        rules = [b.approval for b in budgets if b.approval and class_ in b.approval_classes]
        kept: list[ApprovalRule] = []
        for rule in sorted(rules, key=lambda r: (r.above_micros, r.valid_for_s, r.budget)):
            if not any(mine.implies(rule) for mine in kept):
                kept.append(rule)
        return tuple(kept)


def _end(expires: datetime | None, held: Elevation | None) -> datetime | None:
    """When a way ends beside its elevation; one that the elevation does not outlast is no end."""
    return None if expires and held and held.expires <= expires else expires


def _window(held: Elevation | None) -> ElevationWindow | None:
    return ElevationWindow(held.not_before, held.expires, held.approved_by) if held else None
