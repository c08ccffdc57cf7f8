"""What an access rests on: the facts of a model without which it would not exist, or would be
different.

A binding, a permission of a role, floors, a project, a backend's entitlement: each has a key, a
value and a place. Look the same facts up in two models, and their difference is why an access
changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, Final, NamedTuple

from pydantic.alias_generators import to_camel

from qgov.finding import Origin
from qgov.language.kinds.base import Floor
from qgov.language.permissions import CATALOGUE
from qgov.model import principal as principals
from qgov.model.access_model import AccessModel, Binding, Elevation
from qgov.model.accesses import Cell, Path, budgets_at
from qgov.model.fact import Fact
from qgov.model.nesting import steps_between
from qgov.model.principal import name_of
from qgov.model.scope import tenant_of

__all__ = ["FLOORS", "Ground", "Key", "because"]

Key = tuple[str, ...]
"""What sort of fact, and which one."""

FLOORS: Final = ("floor", "floor of", "requires")
"""The sorts of facts that are one condition each; the key ends in its name."""

_NO_FLOOR: Final = Floor.model_validate({})
_CONDITIONS: Final = tuple((name, to_camel(name)) for name in Floor.model_fields)


class Ground(NamedTuple):
    """A fact that an access rests on. `place` looks up where it is written, None where nobody
    wrote it: few are ever shown."""

    value: Any
    place: Callable[[], Origin | None]


_Grounds = Iterator[tuple[Key, Ground]]


def because(model: AccessModel | None, cell: Cell, paths: Iterable[Path]) -> dict[Key, Ground]:
    """Every fact of a model (None: the empty repository) that an access rests on, by the given
    ways. The ways may come from another model: what this one has of them is found."""
    if model is None:
        return {}
    found = dict(_of_place(model, cell.scope))
    if CATALOGUE[cell.permission].executes:
        found.update(_of_job(model, cell))
    for path in paths:
        found.update(_of_path(model, path, cell.permission))
        if CATALOGUE[cell.permission].executes:
            found.update(_of_money(model, cell.scope, path.binding))
    return found


def _bindings(model: AccessModel) -> dict[Key, Binding]:
    return {(b.principal, b.role, b.scope): b for b in model.bindings}


def _elevations(model: AccessModel) -> dict[str, Elevation]:
    return {e.name: e for e in model.elevations}


def _of_path(model: AccessModel, path: Path, permission: str) -> _Grounds:
    via = path.binding.via
    bound = path.binding.principal if via is None else principals.group(via)
    key = (bound, path.binding.role, path.binding.scope)
    if via is not None:
        yield from _of_nesting(model, via, name_of(path.binding.principal))
    if (binding := model.once(_bindings).get(key)) is not None:
        own = getattr(binding.source.value, "expires", None)
        terms = (binding.eligible, binding.requires, own)
        yield ("binding", *key), Ground(terms, binding.source.at)
    if (group := model.group_of(path.binding.principal)) is not None:
        end = partial(model.organization.source.written, "groups", group.name, "expires")
        yield ("end of", group.name), Ground(group.expires, end)
    if (role := model.roles.get(path.binding.role)) is not None:
        if permission in role.permissions:
            place = partial(role.permission_origin, permission)
            yield ("permission", role.name), Ground(role.permissions[permission], place)
        requires = role.source.value.requires
        yield from _floor(("requires", role.name), requires, role.source, "requires")
    name = path.elevation.name if path.elevation else ""
    if (held := model.once(_elevations).get(name)) is not None:
        value = (held.not_before, held.expires, held.approved_by, held.ticket is None)
        yield ("elevation", held.name), Ground(value, partial(held.source.at, "expires"))
    if (workload := model.workload_of(path.binding.principal)) is not None:
        lifetime = partial(workload.source.written, "maxTokenLifetime")
        yield ("workload", workload.id), Ground(workload.max_token_age_s, lifetime)


def _of_nesting(model: AccessModel, upper: str, lower: str) -> _Grounds:
    """By which lines a group is in another."""
    source, declared = model.organization.source, model.organization.spec.groups
    for name, index, inner in steps_between(declared, upper, lower):
        place = partial(source.written, "groups", name, "includes", index)
        yield ("member", name, inner), Ground(True, place)


def _of_place(model: AccessModel, scope: str) -> _Grounds:
    organization = model.organization
    yield from _floor(("floor",), organization.spec.floors, organization.source, "floors")
    tenant, environment = model.tenants.get(tenant_of(scope)), model.environment(scope)
    if tenant is None:
        return
    source, name = tenant.source, tenant.name
    yield ("tenant", name), Ground(True, partial(source.source.at, "metadata", "name"))
    yield from _floor(("floor", name), tenant.spec.floors, source, "floors")
    if environment is None:
        return
    tier, inside = environment.tier, ("environments", environment.name)
    yield ("tier", environment.scope), Ground(tier, partial(source.at, *inside, "tier"))
    if tier in organization.spec.tiers:
        folded, written = organization.spec.tiers[tier].floors, ("tiers", tier, "floors")
        yield from _floor(("floor of", tier), folded, organization.source, *written)
    floors, projects = environment.source.value.floors, environment.source.value.project_names
    yield from _floor(("floor", environment.scope), floors, environment.source, "floors")
    if (project := scope.rpartition("/")[2]) in projects:
        place = partial(source.at, *inside, "projects", projects.index(project))
        yield ("project", scope), Ground(project, place)


def _of_job(model: AccessModel, cell: Cell) -> _Grounds:
    environment, backend = model.environment(cell.scope), cell.backend
    if environment is None:
        return
    tenant, listed = model.tenants[tenant_of(cell.scope)], environment.source.value.backends
    if backend in listed:
        place = partial(environment.source.at, "backends", listed.index(backend))
        yield ("entitlement", environment.scope, backend), Ground(True, place)
    residency = partial(tenant.source.at, "residency")
    yield ("residency", tenant.name), Ground(tenant.residency, residency)
    source, project = environment.source, cell.scope.rpartition("/")[2]
    if project in environment.residency:
        index = source.value.project_names.index(project)
        place = partial(source.at, "projects", index, "residency")
        yield ("residency", cell.scope), Ground(environment.residency[project], place)
    if (fact := model.organization.backends.get(backend)) is not None:
        value = (fact.value.jurisdiction, fact.value.backend_class, fact.value.limits)
        yield ("backend", backend), Ground(value, lambda: fact.origin)


def _of_money(model: AccessModel, scope: str, binding: Binding) -> _Grounds:
    for budget in budgets_at(model, scope, binding.principal):
        document = partial(budget.source.source.key, "spec")
        yield ("budget", budget.name), Ground((budget.scope, budget.group), document)
        rule = partial(budget.source.written, "approval")
        value = (budget.approval, budget.approval_classes)
        yield ("approval", budget.name), Ground(value, rule)


def _floor(key: Key, floor: Floor | None, source: Fact[Any], *path: str | int) -> _Grounds:
    """Each condition of a floor by itself, at its own line."""
    for name, word in _CONDITIONS:
        value = getattr(floor or _NO_FLOOR, name)
        yield (*key, name), Ground(value, partial(source.written, *path, word))
