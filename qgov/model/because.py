"""What an access rests on: the facts of a model without which it would not exist, or would be
different.

A binding, a permission of a role, floors, a project, a backend's entitlement: each has a key, a
value and a place. The difference of two models' is why an access changed. Many accesses rest on the
same facts, so these are compared once, part by part, and not for each access.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, Final, NamedTuple

from pydantic.alias_generators import to_camel

from qgov.finding import Origin
from qgov.language.documents import Document
from qgov.language.kinds.base import Floor
from qgov.language.permissions import CATALOGUE
from qgov.model import principal as principals
from qgov.model.access_model import AccessModel, Binding, Elevation
from qgov.model.accesses import Cell, Path, budgets_at
from qgov.model.fact import Fact
from qgov.model.nesting import steps_between
from qgov.model.principal import Principal, name_of
from qgov.model.scope import tenant_of

__all__ = ["FLOORS", "Differing", "Ground", "Grounds", "Key"]

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

Differing = Mapping[Key, tuple[Ground | None, Ground | None]]
"""The facts that are not the same in two models; None where one does not have it."""


class Grounds:
    """The facts of two models (None: the empty repository) that accesses rest on, compared."""

    def __init__(self, base: AccessModel | None, head: AccessModel | None) -> None:
        self._base = base
        self._head = head
        self._known: dict[tuple[Any, ...], Differing] = {}

    def differing(self, cell: Cell, paths: Iterable[Path]) -> list[Differing]:
        """What is not the same of what an access rests on by the given ways, which may come from
        either model: part by part, each with something in it and the same object for all who
        rest on it."""
        found: list[Differing] = []
        for part in _parts(cell, paths):
            if (known := self._known.get(part)) is None:
                known = self._known[part] = self._compared(*part)
            if known:
                found.append(known)
        return found

    def _compared(self, of: Callable[..., _Grounds], *names: str) -> Differing:
        base, head = self._base, self._head
        if base and head:
            if all(getattr(base, n) is getattr(head, n) for n in _READS[of]):
                return {}
            if of in _OF_TENANT and _document(base, *names) is _document(head, *names) is not None:
                return {}
        before, after = ({} if model is None else dict(of(model, *names)) for model in (base, head))
        pairs = {key: (before.get(key), after.get(key)) for key in {**after, **before}}
        return {
            key: (old, new)
            for key, (old, new) in pairs.items()
            if old is None or new is None or old.value != new.value
        }


def _parts(cell: Cell, paths: Iterable[Path]) -> Iterator[tuple[Any, ...]]:
    """The parts of what an access rests on: a function of a model, and the names that it takes. No
    fact is in two of them."""
    runs, labels = CATALOGUE[cell.permission].executes, cell.scope.split("/")
    yield (_of_organization,)
    if tenant_of(cell.scope):
        yield _of_tenant, labels[0]
    if len(labels) > 1:
        yield _of_environment, "/".join(labels[:2])
        yield _of_tier, "/".join(labels[:2])
    if len(labels) > 2:
        yield _of_project, cell.scope
    if runs:
        yield _of_job, cell.scope, cell.backend
    for path in paths:
        binding = path.binding
        bound = binding.principal if binding.via is None else principals.group(binding.via)
        yield _of_binding, bound, binding.role, binding.scope
        yield _of_principal, binding.principal
        if binding.via is not None:
            yield _of_principal, bound
            yield _of_nesting, binding.via, name_of(binding.principal)
        yield _of_permission, binding.role, cell.permission
        yield _of_role, binding.role
        if path.elevation is not None:
            yield _of_elevation, path.elevation.name
        if runs:
            yield _of_money, cell.scope, cell.backend, binding.principal


def _bindings(model: AccessModel) -> dict[Key, Binding]:
    return {(b.principal, b.role, b.scope): b for b in model.bindings if b.via is None}


def _elevations(model: AccessModel) -> dict[str, Elevation]:
    return {e.name: e for e in model.elevations}


def _of_binding(model: AccessModel, principal: Principal, role: str, scope: str) -> _Grounds:
    key = (principal, role, scope)
    if (binding := model.shared(_bindings).get(key)) is not None:
        own = getattr(binding.source.value, "expires", None)
        terms = (binding.eligible, binding.requires, own)
        yield ("binding", *key), Ground(terms, binding.source.at)


def _of_principal(model: AccessModel, principal: Principal) -> _Grounds:
    """When a group ends, or how long a workload's token is taken."""
    if (group := model.group_of(principal)) is not None:
        end = partial(model.organization.source.written, "groups", group.name, "expires")
        yield ("end of", group.name), Ground(group.expires, end)
    if (workload := model.workload_of(principal)) is not None:
        lifetime = partial(workload.source.written, "maxTokenLifetime")
        yield ("workload", workload.id), Ground(workload.max_token_age_s, lifetime)


def _of_permission(model: AccessModel, name: str, permission: str) -> _Grounds:
    role = model.roles.get(name)
    if role is not None and permission in role.permissions:
        place = partial(role.permission_origin, permission)
        yield ("permission", role.name), Ground(role.permissions[permission], place)


def _of_role(model: AccessModel, name: str) -> _Grounds:
    if (role := model.roles.get(name)) is not None:
        requires = role.source.value.requires
        yield from _floor(("requires", role.name), requires, role.source, "requires")


def _of_elevation(model: AccessModel, name: str) -> _Grounds:
    if (held := model.shared(_elevations).get(name)) is not None:
        value = (held.not_before, held.expires, held.approved_by, held.ticket is None)
        yield ("elevation", held.name), Ground(value, partial(held.source.at, "expires"))


def _of_nesting(model: AccessModel, upper: str, lower: str) -> _Grounds:
    """By which lines a group is in another."""
    source, declared = model.organization.source, model.organization.spec.groups
    for name, index, inner in steps_between(declared, upper, lower):
        place = partial(source.written, "groups", name, "includes", index)
        yield ("member", name, inner), Ground(True, place)


def _of_organization(model: AccessModel) -> _Grounds:
    organization = model.organization
    yield from _floor(("floor",), organization.spec.floors, organization.source, "floors")


def _of_tenant(model: AccessModel, name: str) -> _Grounds:
    if (tenant := model.tenants.get(name)) is not None:
        source = tenant.source
        yield ("tenant", name), Ground(True, partial(source.source.at, "metadata", "name"))
        yield from _floor(("floor", name), tenant.spec.floors, source, "floors")


def _of_environment(model: AccessModel, scope: str) -> _Grounds:
    if (environment := model.environment(scope)) is None:
        return
    source = environment.source
    yield ("tier", environment.scope), Ground(environment.tier, partial(source.at, "tier"))
    yield from _floor(("floor", environment.scope), source.value.floors, source, "floors")


def _of_tier(model: AccessModel, scope: str) -> _Grounds:
    """The floor of the tier that an environment is of."""
    environment, organization = model.environment(scope), model.organization
    if environment is not None and (tier := environment.tier) in organization.spec.tiers:
        floors, written = organization.spec.tiers[tier].floors, ("tiers", tier, "floors")
        yield from _floor(("floor of", tier), floors, organization.source, *written)


def _of_project(model: AccessModel, scope: str) -> _Grounds:
    environment, project = model.environment(scope), scope.rpartition("/")[2]
    projects = environment.source.value.project_names if environment else ()
    if environment is not None and project in projects:
        place = partial(environment.source.at, "projects", projects.index(project))
        yield ("project", scope), Ground(project, place)


def _of_job(model: AccessModel, scope: str, backend: str) -> _Grounds:
    environment = model.environment(scope)
    if environment is None:
        return
    tenant, listed = model.tenants[tenant_of(scope)], environment.source.value.backends
    if backend in listed:
        place = partial(environment.source.at, "backends", listed.index(backend))
        yield ("entitlement", environment.scope, backend), Ground(True, place)
    residency = partial(tenant.source.at, "residency")
    yield ("residency", tenant.name), Ground(tenant.residency, residency)
    source, project = environment.source, scope.rpartition("/")[2]
    if project in environment.residency:
        index = source.value.project_names.index(project)
        place = partial(source.at, "projects", index, "residency")
        yield ("residency", scope), Ground(environment.residency[project], place)
    if (fact := model.organization.backends.get(backend)) is not None:
        value = (fact.value.jurisdiction, fact.value.backend_class, fact.value.limits)
        yield ("backend", backend), Ground(value, lambda: fact.origin)


def _of_money(model: AccessModel, scope: str, backend: str, principal: Principal) -> _Grounds:
    for budget in budgets_at(model, scope, principal, backend):
        document = partial(budget.source.source.key, "spec")
        bounds = (budget.scope, budget.group, budget.backends)
        yield ("budget", budget.name), Ground(bounds, document)
        rule = partial(budget.source.written, "approval")
        value = (budget.approval, budget.approval_classes)
        yield ("approval", budget.name), Ground(value, rule)


_READS: Final[Mapping[Callable[..., _Grounds], tuple[str, ...]]] = {
    _of_binding: ("bindings",),
    _of_elevation: ("elevations",),
    _of_environment: ("tenants",),
    _of_job: ("organization", "tenants"),
    _of_money: ("budgets", "tenants"),
    _of_nesting: ("organization",),
    _of_organization: ("organization",),
    _of_permission: ("roles",),
    _of_principal: ("groups", "organization", "workloads"),
    _of_project: ("tenants",),
    _of_role: ("roles",),
    _of_tenant: ("tenants",),
    _of_tier: ("organization", "tenants"),
}
"""The fields of a model that each part is read from: where models share these, it is the same."""


_OF_TENANT: Final = frozenset({_of_environment, _of_project, _of_tenant})
"""The parts that are read from nothing but the tenant's own document."""


def _document(model: AccessModel, scope: str) -> Document | None:
    tenant = model.tenants.get(tenant_of(scope))
    return None if tenant is None else tenant.source.source


def _floor(key: Key, floor: Floor | None, source: Fact[Any], *path: str | int) -> _Grounds:
    """Each condition of a floor by itself, at its own line."""
    for name, word in _CONDITIONS:
        value = getattr(floor or _NO_FLOOR, name)
        yield (*key, name), Ground(value, partial(source.written, *path, word))
