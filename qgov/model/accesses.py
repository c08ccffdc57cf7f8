"""The table of accesses: who may do what, where, on which backend, on which conditions.

A finite relation that is enumerated, not sampled. Every cell lies at the level of its
permission (a job in a project, an audit log in a tenant), so that two ways of writing
the same access give the same cell.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from qgov.language.permissions import CATALOGUE
from qgov.language.persons import approved_by_another
from qgov.model.access_model import AccessModel, Binding, Budget, Elevation, Environment, Role
from qgov.model.conditions import NO_LIMITS, ApprovalRule, Conditions, ElevationWindow
from qgov.model.floors import required
from qgov.model.principal import Principal, group, user
from qgov.model.scope import EVERYWHERE, contains, depth, matches, tenant_of

__all__ = [
    "AccessTable",
    "Cell",
    "Path",
    "accesses",
    "admitted",
    "backends_of",
    "budgets_around",
    "budgets_at",
    "scopes_at",
]

ON_PREMISES = "on-premises"


class Cell(NamedTuple):
    """One access. `backend` is empty for permissions that run nothing."""

    principal: Principal
    permission: str
    scope: str
    backend: str


@dataclass(frozen=True, slots=True)
class Path:
    """One way to an access: the binding (and elevation) it goes through, and what it takes."""

    conditions: Conditions
    binding: Binding
    elevation: Elevation | None = None


class AccessTable(Mapping[Cell, tuple[Path, ...]]):
    """The table of a model. It is made one permission at a time, on first use, and kept. Paths of
    a cell are in the order of the model's bindings."""

    def __init__(self, model: AccessModel) -> None:
        self._model = model
        self._grants = list(_grants(model))
        self._fold = _Fold(model)
        self._parts: dict[str, dict[Cell, tuple[Path, ...]]] = {}

    def of(self, permission: str) -> Mapping[Cell, tuple[Path, ...]]:
        """The part of the table that is about one permission."""
        if permission not in self._parts:
            self._parts[permission] = self._part(permission)
        return self._parts[permission]

    def _part(self, permission: str) -> dict[Cell, tuple[Path, ...]]:
        found: dict[Cell, tuple[Path, ...]] = {}
        for grant in self._grants:
            if permission not in grant.role.permissions:
                continue
            alike: dict[int, tuple[Path]] = {}  # what many cells share is held once
            for scope in scopes_at(self._model, grant.within, CATALOGUE[permission].level.depth):
                if not admitted(self._model, grant.binding, scope):
                    continue
                for backend, conditions in self._fold(grant, permission, scope):
                    cell = Cell(grant.principal, permission, scope, backend)
                    if (way := alike.get(id(conditions))) is None:
                        way = (Path(conditions, grant.binding, grant.held),)
                        alike[id(conditions)] = way
                    found[cell] = (*found[cell], *way) if cell in found else way
        return found

    def __getitem__(self, cell: Cell) -> tuple[Path, ...]:
        return self.of(cell.permission)[cell]

    def __iter__(self) -> Iterator[Cell]:
        for permission in CATALOGUE:
            yield from self.of(permission)

    def __len__(self) -> int:
        return sum(len(self.of(permission)) for permission in CATALOGUE)


def accesses(model: AccessModel) -> AccessTable:
    """The table of a model, made once."""
    return model.once(AccessTable)


class _Grant(NamedTuple):
    """A binding, or an elevation through it, that gives somebody a role."""

    principal: Principal
    within: str
    binding: Binding
    role: Role
    held: Elevation | None


def _grants(model: AccessModel) -> Iterator[_Grant]:
    held_through: dict[tuple[str, str, str], list[Elevation]] = defaultdict(list)
    for elevation in model.elevations:
        for key in dict.fromkeys((b.principal, b.role, b.scope) for b in elevation.through):
            held_through[key].append(elevation)
    for binding in model.bindings:
        workload = model.workload_of(binding.principal)
        if workload is not None and workload.issuer is None:
            continue  # without federation no token could identify it
        role = model.roles[binding.role]
        yield _Grant(binding.principal, binding.scope, binding, role, None)
        for held in held_through.get((binding.principal, binding.role, binding.scope), ()):
            if binding in held.through and _counts(held, binding):
                yield _Grant(user(held.subject), held.scope, binding, role, held)


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


def budgets_at(model: AccessModel, scope: str, principal: Principal | None = None) -> list[Budget]:
    """The budgets that bound a project's jobs, for a principal where one is given."""
    return [
        budget
        for budget in budgets_around(model, scope)
        if budget.group is None or principal == group(budget.group)
    ]


def budgets_around(model: AccessModel, scope: str) -> list[Budget]:
    """The budgets whose scope contains a project, those of single groups included."""
    near = (*model.budgets_in.get(tenant_of(scope), ()), *model.budgets_in.get("", ()))
    return [budget for budget in near if matches(budget.scope, scope)]


class _Fold:
    """Folds the conditions of a grant. Grants whose conditions are equal share them, so that
    a large table holds few."""

    def __init__(self, model: AccessModel) -> None:
        self._model = model
        self._floors: dict[str, Conditions] = {}
        self._equal: dict[Conditions, Conditions] = {}
        self._folded: dict[tuple[object, ...], Conditions] = {}

    def __call__(
        self, grant: _Grant, permission: str, scope: str
    ) -> Iterator[tuple[str, Conditions]]:
        """(backend, conditions), a backend being empty where nothing runs."""
        conditions = self._conditions(grant, permission, scope)
        if not CATALOGUE[permission].executes:
            yield "", conditions
            return
        environment = self._model.environment(scope)
        assert environment is not None
        budgets = budgets_at(self._model, scope, grant.binding.principal)
        names = tuple(sorted(budget.name for budget in budgets))
        for backend in backends_of(self._model, environment, scope):
            key = (id(conditions), backend, names)
            if (found := self._folded.get(key)) is None:
                found = self._folded[key] = replace(
                    conditions,
                    job=conditions.job & self._model.organization.backend_limits[backend],
                    budgets=names,
                    approvals=self._approvals(backend, budgets),
                )
            yield backend, found

    def _conditions(self, grant: _Grant, permission: str, scope: str) -> Conditions:
        binding, role, held = grant.binding, grant.role, grant.held
        floor = self._floor(scope if depth(scope) < 3 else scope.rpartition("/")[0])
        workload = self._model.workload_of(binding.principal)
        token = None if workload is None else (workload.max_token_age_s,)
        eligible = binding.eligible if held is None else None
        name = None if held is None else held.name
        runs, own = CATALOGUE[permission].executes, role.permissions[permission]
        given = (eligible, binding.expires, token, name)
        key = (id(floor), role.name, runs, own, id(binding.requires), *given)
        if (found := self._folded.get(key)) is not None:
            return found
        asked = required(floor, role, binding, workload)
        found = replace(
            asked,
            own_only=own,
            eligible=eligible,
            elevation=_window(held),
            job=asked.job if runs else NO_LIMITS,
            expires=_end(asked.expires, held),
        )
        self._folded[key] = found
        return found

    def _floor(self, place: str) -> Conditions:
        """The floor of a place, the same object wherever it is equal."""
        if (found := self._floors.get(place)) is None:
            floor = self._model.floor(place)
            found = self._floors[place] = self._equal.setdefault(floor, floor)
        return found

    def _approvals(self, backend: str, budgets: list[Budget]) -> tuple[ApprovalRule, ...]:
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
