"""The table of accesses: who may do what, where, on which backend, on which conditions.

A finite relation that is enumerated, not sampled. Every cell lies at the level of its
permission (a job in a project, an audit log in a tenant), so that two ways of writing
the same access give the same cell.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from qgov.language.permissions import CATALOGUE
from qgov.model.access_model import AccessModel, Binding, Budget, Elevation, Environment, Role
from qgov.model.conditions import ApprovalRule, Conditions, ElevationWindow
from qgov.model.scope import EVERYWHERE, contains, depth, matches, tenant_of

__all__ = ["Cell", "Path", "accesses", "backends_of", "budgets_around", "budgets_at", "scopes_at"]

ON_PREMISES = "on-premises"


class Cell(NamedTuple):
    """One access. `backend` is empty for permissions that run nothing."""

    principal: str
    permission: str
    scope: str
    backend: str


@dataclass(frozen=True, slots=True)
class Path:
    """One way to an access: the binding (and elevation) it goes through, and what it takes."""

    conditions: Conditions
    binding: Binding
    elevation: Elevation | None = None


def accesses(
    model: AccessModel,
    *,
    tenants: Collection[str] | None = None,
    permissions: Collection[str] | None = None,
    principal: Callable[[str], bool] = lambda _: True,
) -> dict[Cell, tuple[Path, ...]]:
    """The table, restricted to some tenants (`*` is the organization), permissions or
    principals. Paths of a cell are in the order of the model's bindings."""
    table: dict[Cell, list[Path]] = defaultdict(list)
    fold, held_through = _Fold(model), _elevations(model)
    for binding in model.bindings:
        if _never_known(model, binding):
            continue
        role = model.roles[binding.role]
        for held in (None, *held_through.get((binding.principal, binding.role, binding.scope), ())):
            if held is not None and (binding not in held.through or not _counts(held, binding)):
                continue
            who = binding.principal if held is None else f"user:{held.subject}"
            if not principal(who):
                continue
            for permission in role.permissions:
                if permissions is not None and permission not in permissions:
                    continue
                within = binding.scope if held is None else held.scope
                for scope in scopes_at(model, within, CATALOGUE[permission].level.depth, tenants):
                    if not _admitted(model, binding, scope):
                        continue
                    for backend, conditions in fold(binding, role, permission, scope, held):
                        cell = Cell(who, permission, scope, backend)
                        table[cell].append(Path(conditions, binding, held))
    return {cell: tuple(paths) for cell, paths in table.items()}


def _never_known(model: AccessModel, binding: Binding) -> bool:
    # A workload without federation has no token by which a decision would know it.
    workload = model.workloads.get(binding.principal.removeprefix("workload:"))
    return (
        workload is not None
        and workload.issuer is None
        and binding.principal.startswith("workload:")
    )


def _counts(held: Elevation, binding: Binding) -> bool:
    """Whether an elevation was asked for and approved as its binding demands; whether it is
    in its window is a condition of the access."""
    eligible = binding.eligible
    return (
        eligible is not None
        and held.approved_by not in (None, held.subject, held.requested_by)
        and held.not_before is not None
        and 0 < (held.expires - held.not_before).total_seconds() <= eligible.max_duration_s
        and (held.ticket is not None or not eligible.ticket)
    )


def _admitted(model: AccessModel, binding: Binding, scope: str) -> bool:
    """Whether the scope's tenant admits people who sign in where the binding's group does."""
    tenant = model.tenants.get(tenant_of(scope))
    group = model.groups.get(binding.principal.removeprefix("group:"))
    if tenant is None or group is None or not binding.principal.startswith("group:"):
        return True
    provider = model.organization.providers.get(group.provider)
    return provider is not None and provider.value.issuer in tenant.issuers


def _elevations(model: AccessModel) -> dict[tuple[str, str, str], list[Elevation]]:
    """Elevations by principal, role and scope of the bindings that they go through."""
    found: dict[tuple[str, str, str], list[Elevation]] = defaultdict(list)
    for elevation in model.elevations:
        for key in dict.fromkeys((b.principal, b.role, b.scope) for b in elevation.through):
            found[key].append(elevation)
    return found


def scopes_at(
    model: AccessModel, within: str, level: int, tenants: Collection[str] | None = None
) -> Iterator[str]:
    """The scopes of a depth that lie inside `within`."""
    if level == 0:
        if within == EVERYWHERE and (tenants is None or EVERYWHERE in tenants):
            yield EVERYWHERE
        return
    if within != EVERYWHERE and depth(within) > level:
        return
    names = sorted(model.tenants) if within == EVERYWHERE else [tenant_of(within)]
    for name in names:
        if (tenants is not None and name not in tenants) or name not in model.tenants:
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


def backends_of(model: AccessModel, environment: Environment) -> tuple[str, ...]:
    """The backends that an environment names and its tenant's residency allows."""
    residency = model.tenants[tenant_of(environment.scope)].residency
    facts = model.organization.backends
    return tuple(
        name
        for name in environment.backends
        if facts[name].value.jurisdiction in (*residency, ON_PREMISES)
    )


def budgets_at(model: AccessModel, scope: str, principal: str = "") -> list[Budget]:
    """The budgets that bound a project's jobs, for a principal where one is given."""
    return [
        budget
        for budget in budgets_around(model, scope)
        if budget.group is None or principal == f"group:{budget.group}"
    ]


def budgets_around(model: AccessModel, scope: str) -> list[Budget]:
    """The budgets whose scope contains a project, those of single groups included."""
    near = (*model.budgets_in.get(tenant_of(scope), ()), *model.budgets_in.get("", ()))
    return [budget for budget in near if matches(budget.scope, scope)]


class _Fold:
    """Folds one candidate's conditions; remembers what cells share."""

    def __init__(self, model: AccessModel) -> None:
        self._model = model
        self._base: dict[tuple[object, ...], Conditions] = {}
        self._money: dict[tuple[str, str], tuple[list[Budget], tuple[str, ...]]] = {}

    def __call__(
        self, binding: Binding, role: Role, permission: str, scope: str, held: Elevation | None
    ) -> Iterator[tuple[str, Conditions]]:
        conditions = self._conditions(binding, role, permission, scope, held)
        if not CATALOGUE[permission].executes:
            yield "", conditions
            return
        environment = self._model.environment(scope)
        assert environment is not None
        budgets, names = self._budgets(scope, binding.principal)
        for backend in backends_of(self._model, environment):
            spec = self._model.organization.backends[backend].value
            rules = [
                b.approval
                for b in budgets
                if b.approval is not None and spec.backend_class in b.approval_classes
            ]
            yield (
                backend,
                replace(
                    conditions,
                    job=conditions.job & self._model.organization.backend_limits[backend],
                    budgets=names,
                    approval=_strictest(rules),
                ),
            )

    def _conditions(
        self, binding: Binding, role: Role, permission: str, scope: str, held: Elevation | None
    ) -> Conditions:
        key = (
            id(binding),
            permission,
            scope if depth(scope) < 3 else scope.rpartition("/")[0],
            held and held.name,
        )
        if (found := self._base.get(key)) is not None:
            return found
        folded = self._model.floor(scope) & role.requires & binding.requires
        workload = self._model.workloads.get(binding.principal.removeprefix("workload:"))
        if binding.principal.startswith("workload:") and workload is not None:
            # Automation has no second factor, device or country; its token is the proof.
            folded = replace(folded, mfa=False, managed_device=False, countries=None)
            folded = folded & Conditions(max_token_age_s=workload.max_token_age_s)
        folded = replace(
            folded,
            own_only=role.permissions[permission],
            eligible=binding.eligible if held is None else None,
            elevation=_window(held),
        )
        if not CATALOGUE[permission].executes:
            folded = replace(folded, job=Conditions().job)
        self._base[key] = folded
        return folded

    def _budgets(self, scope: str, principal: str) -> tuple[list[Budget], tuple[str, ...]]:
        key = (scope, principal)
        if key not in self._money:
            found = budgets_at(self._model, scope, principal)
            self._money[key] = (found, tuple(sorted(b.name for b in found)))
        return self._money[key]


def _window(held: Elevation | None) -> ElevationWindow | None:
    return ElevationWindow(held.not_before, held.expires, held.approved_by) if held else None


def _strictest(rules: list[ApprovalRule]) -> ApprovalRule | None:
    return min(rules, key=lambda r: (r.above_micros, r.budget), default=None)
