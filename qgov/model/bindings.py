"""Bindings and the elevations that make use of eligible ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from qgov.language.documents import Document
from qgov.language.kinds.base import Binding as BindingSpec
from qgov.language.kinds.base import Eligibility as EligibilitySpec
from qgov.language.kinds.tenant import WorkloadBinding
from qgov.model import principal as principals
from qgov.model.access_model import (
    Binding,
    Elevation,
    Group,
    Organization,
    Role,
    Tenant,
    Workload,
)
from qgov.model.conditions import NONE, Eligibility, earliest
from qgov.model.fact import Fact
from qgov.model.principal import Principal, is_group, name_of
from qgov.model.resolve import Resolver
from qgov.model.scope import EVERYWHERE, contains, tenant_of
from qgov.model.tenants import scope_defined
from qgov.records import replace

__all__ = ["link_bindings", "link_elevations"]


class _Written(NamedTuple):
    """A binding as it is written: whose, at which absolute scope, and where it stands."""

    spec: BindingSpec | WorkloadBinding
    principal: Principal | None
    scope: str
    source: Document
    path: tuple[str | int, ...]


def link_bindings(
    organization: Organization,
    tenants: Mapping[str, Tenant],
    workloads: Mapping[str, Workload],
    roles: Mapping[str, Role],
    groups: Mapping[str, Group],
    names: Resolver,
) -> tuple[Binding, ...]:
    """Every binding of the repository with its absolute scope, sorted."""
    found = (
        _binding(written, roles, groups, tenants, names)
        for written in _written(organization, tenants, workloads, names)
    )
    bound = (each for b in found if b is not None for each in (b, *_nested(b, groups)))
    return tuple(sorted(bound, key=_order))


def _nested(binding: Binding, groups: Mapping[str, Group]) -> Iterator[Binding]:
    """The same for each group that the bound one includes."""
    name = name_of(binding.principal)
    if not is_group(binding.principal) or name not in groups:
        return
    for inner in groups[name].includes:
        if (group := groups.get(inner)) is not None:
            yield replace(
                binding,
                principal=principals.group(inner),
                expires=earliest(binding.expires, group.expires),
                external=binding.external or group.external,
                via=name,
            )


def _written(
    organization: Organization,
    tenants: Mapping[str, Tenant],
    workloads: Mapping[str, Workload],
    names: Resolver,
) -> Iterator[_Written]:
    owners: tuple[Organization | Tenant, ...] = (organization, *tenants.values())
    for owner in owners:
        document = owner.source.source
        for index, spec in enumerate(owner.spec.bindings):
            path: tuple[str | int, ...] = ("spec", "bindings", index)
            scope = _absolute(owner, spec.on) if isinstance(owner, Tenant) else spec.on
            yield _Written(spec, _principal(spec, document, path, names), scope, document, path)
    for workload in workloads.values():
        principal, tenant = principals.workload(workload.id), tenants[workload.tenant]
        for index, bound in enumerate(workload.spec.bindings):
            path = (*workload.source.path, "bindings", index)
            scope = _absolute(tenant, bound.on)
            yield _Written(bound, principal, scope, workload.source.source, path)


def _order(binding: Binding) -> tuple[str, str, str, str]:
    """By what a binding means, never by where it stands: a moved file changes nothing."""
    plain = binding.eligible is None and binding.requires == NONE and binding.expires is None
    terms = "" if plain else repr((binding.eligible, binding.requires, binding.expires))
    return binding.principal, binding.scope, binding.role, terms


def _absolute(tenant: Tenant, on: str) -> str:
    return tenant.name if on == EVERYWHERE else f"{tenant.name}/{on}"


def _principal(
    spec: BindingSpec, source: Document, path: tuple[str | int, ...], names: Resolver
) -> Principal | None:
    if spec.group is not None and spec.user is None:
        return principals.group(spec.group)
    if spec.user is not None and spec.group is None:
        return principals.user(spec.user)
    names.refuse(
        "QG221",
        "a binding names exactly one directory group",
        source.at(*path),
        "write `group:` with the group's name",
        source.id,
    )
    return None


def _binding(
    written: _Written,
    roles: Mapping[str, Role],
    groups: Mapping[str, Group],
    tenants: Mapping[str, Tenant],
    names: Resolver,
) -> Binding | None:
    spec, principal, scope, source, path = written
    known = names.defined("role", spec.role, roles, source, *path, "role")
    wrong = None
    if "*" in scope and scope != EVERYWHERE:
        wrong = "is a pattern, but a binding holds at one scope", "write one binding for each scope"
    elif scope.count("/") > 2:
        wrong = "is deeper than environment/project", "write the scope relative to the tenant"
    if wrong is not None:
        says, remedy = wrong
        names.refuse("QG222", f"`{spec.on}` {says}", source.at(*path, "on"), remedy, source.id)
        return None
    placed = scope_defined(scope, tenants, names, source, *path, "on")
    eligible = _eligibility(spec.eligible, source, path, groups, names)
    requires = names.conditions(spec.requires, source, *path, "requires")
    if not (known and placed and principal) or not _is_here(scope, tenants):
        return None
    group = groups.get(name_of(principal)) if is_group(principal) else None
    return Binding(
        principal,
        spec.role,
        scope,
        eligible,
        requires,
        Fact(spec.role, spec, source, path),
        earliest(spec.expires, group.expires if group else None),
        getattr(spec, "external", False) or (group is not None and group.external),
    )


def _is_here(scope: str, tenants: Mapping[str, Tenant]) -> bool:
    """Whether the scope's tenant was loaded."""
    return scope == EVERYWHERE or tenant_of(scope) in tenants


def _eligibility(
    spec: EligibilitySpec | None,
    source: Document,
    path: tuple[str | int, ...],
    groups: Mapping[str, Group],
    names: Resolver,
) -> Eligibility | None:
    if spec is None:
        return None
    names.defined("group", spec.approvers, groups, source, *path, "eligible", "approvers")
    return Eligibility(spec.approvers, spec.max_duration, spec.ticket == "required")


def link_elevations(
    documents: Iterable[Document],
    bindings: Iterable[Binding],
    tenants: Mapping[str, Tenant],
    roles: Mapping[str, Role],
    names: Resolver,
) -> tuple[Elevation, ...]:
    """Every elevation with the eligible bindings that it makes use of."""
    eligible: dict[tuple[str, str], list[tuple[int, Binding]]] = defaultdict(list)
    for index, binding in enumerate(bindings):
        if binding.eligible is not None and is_group(binding.principal):
            eligible[binding.role, tenant_of(binding.scope)].append((index, binding))
    found: list[Elevation] = []
    for document in documents:
        spec = document.spec
        known = names.defined("role", spec.role, roles, document, "spec", "role")
        placed = scope_defined(spec.on, tenants, names, document, "spec", "on")
        if "*" in spec.on and spec.on != EVERYWHERE:
            names.refuse(
                "QG222",
                f"`{spec.on}` is a pattern, but an elevation holds at one scope",
                document.at("spec", "on"),
                "write the scope",
                document.id,
            )
            continue
        if not (known and placed and _is_here(spec.on, tenants)):
            continue
        near = dict(
            (*eligible.get((spec.role, tenant_of(spec.on)), ()), *eligible.get((spec.role, ""), ()))
        )
        through = tuple(near[i] for i in sorted(near) if contains(near[i].scope, spec.on))
        found.append(
            Elevation(
                name=document.name,
                subject=spec.subject,
                role=spec.role,
                scope=spec.on,
                requested_by=spec.requested_by,
                approved_by=spec.approved_by,
                ticket=spec.ticket,
                not_before=spec.not_before,
                expires=spec.expires,
                through=through,
                source=Fact(document.name, spec, document, ("spec",)),
            )
        )
    return tuple(found)
