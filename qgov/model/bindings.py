"""Bindings and the elevations that make use of eligible ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

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
from qgov.model.conditions import NONE, Eligibility
from qgov.model.fact import Fact
from qgov.model.principal import Principal, is_group
from qgov.model.resolve import Resolver
from qgov.model.scope import EVERYWHERE, contains, tenant_of
from qgov.model.tenants import scope_defined

__all__ = ["link_bindings", "link_elevations"]


def link_bindings(
    organization: Organization,
    tenants: Mapping[str, Tenant],
    workloads: Mapping[str, Workload],
    roles: Mapping[str, Role],
    groups: Mapping[str, Group],
    names: Resolver,
) -> tuple[Binding, ...]:
    """Every binding of the repository with its absolute scope, sorted."""
    found: list[Binding] = []

    def add(
        spec: BindingSpec | WorkloadBinding,
        principal: Principal | None,
        scope: str,
        source: Document,
        path: tuple[str | int, ...],
    ) -> None:
        binding = _binding(spec, principal, scope, source, path, roles, groups, tenants, names)
        if binding is not None:
            found.append(binding)

    document = organization.source.source
    for index, spec in enumerate(organization.spec.bindings):
        path: tuple[str | int, ...] = ("spec", "bindings", index)
        add(spec, _principal(spec, document, path, names), spec.on, document, path)
    for tenant in tenants.values():
        document = tenant.source.source
        for index, spec in enumerate(tenant.spec.bindings):
            path = ("spec", "bindings", index)
            add(
                spec,
                _principal(spec, document, path, names),
                _absolute(tenant, spec.on),
                document,
                path,
            )
    for workload in workloads.values():
        document, tenant = workload.source.source, tenants[workload.tenant]
        for index, account_binding in enumerate(workload.spec.bindings):
            path = (*workload.source.path, "bindings", index)
            add(
                account_binding,
                principals.workload(workload.id),
                _absolute(tenant, account_binding.on),
                document,
                path,
            )
    return tuple(sorted(found, key=_order))


def _order(binding: Binding) -> tuple[str, str, str, str]:
    """By what a binding means, never by where it stands: a moved file changes nothing."""
    plain = binding.eligible is None and binding.requires == NONE
    terms = "" if plain else repr((binding.eligible, binding.requires))
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
    spec: BindingSpec | WorkloadBinding,
    principal: Principal | None,
    scope: str,
    source: Document,
    path: tuple[str | int, ...],
    roles: Mapping[str, Role],
    groups: Mapping[str, Group],
    tenants: Mapping[str, Tenant],
    names: Resolver,
) -> Binding | None:
    known = names.defined("role", spec.role, roles, source, *path, "role")
    if "*" in scope and scope != EVERYWHERE:
        names.refuse(
            "QG222",
            f"`{spec.on}` is a pattern, but a binding holds at one scope",
            source.at(*path, "on"),
            "write one binding for each scope",
            source.id,
        )
        return None
    if scope.count("/") > 2:
        names.refuse(
            "QG222",
            f"`{spec.on}` is deeper than environment/project",
            source.at(*path, "on"),
            "write the scope relative to the tenant",
            source.id,
        )
        return None
    placed = scope_defined(scope, tenants, names, source, *path, "on")
    eligible = _eligibility(spec.eligible, source, path, groups, names)
    requires = names.conditions(spec.requires, source, *path, "requires")
    if not (known and placed and principal) or not _is_here(scope, tenants):
        return None
    return Binding(
        principal, spec.role, scope, eligible, requires, Fact(spec.role, spec, source, path)
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
