"""What the rules of several concerns ask of a model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from qgov.checks.rule import Found
from qgov.language.permissions import CATALOGUE
from qgov.model.access_model import AccessModel, Environment, Fact, Role, Tenant
from qgov.model.scope import EVERYWHERE, depth, tenant_of

__all__ = [
    "PRODUCTION",
    "answering",
    "backend_place",
    "effective",
    "environments",
    "found_at",
    "high_risk",
    "privileged",
    "reaches_production",
    "roles_with",
    "spending",
    "submitting",
    "ticks",
]

PRODUCTION: Final = "production"
_DEPTH: Final = {name: permission.level.depth for name, permission in CATALOGUE.items()}


def found_at(fact: Fact[Any], message: str, *path: str | int) -> Found:
    """A breach at a value inside a fact."""
    return Found(fact.at(*path), message, fact.document)


def ticks(names: list[str] | tuple[str, ...]) -> str:
    """Names for a sentence: `a`, `b`."""
    return ", ".join(f"`{name}`" for name in names)


def high_risk(role: Role) -> list[str]:
    """The role's permissions that may only be held just-in-time."""
    return [name for name in role.permissions if CATALOGUE[name].high_risk]


def privileged(role: Role) -> bool:
    """Whether the role administers, by its own word or by what it permits."""
    return role.privileged or bool(high_risk(role))


def roles_with(model: AccessModel, *permissions: str) -> frozenset[str]:
    """The roles that hold any of some permissions."""
    return frozenset(
        name
        for name, role in model.roles.items()
        if any(permission in role.permissions for permission in permissions)
    )


def submitting(model: AccessModel) -> frozenset[str]:
    """The roles that run jobs."""
    return frozenset(
        name
        for name, role in model.roles.items()
        if any(CATALOGUE[permission].executes for permission in role.permissions)
    )


def effective(permission: str, scope: str) -> bool:
    """Whether a grant at a scope gives the permission anywhere: a permission of the
    tenant, granted on a project, gives nothing."""
    return _DEPTH[permission] >= depth(scope)


def environments(model: AccessModel) -> Iterator[tuple[Tenant, Environment]]:
    """Every environment with its tenant."""
    for tenant in model.tenants.values():
        for environment in tenant.environments.values():
            yield tenant, environment


def reaches_production(model: AccessModel, scope: str) -> bool:
    """Whether a scope contains, or lies in, an environment of tier production."""
    if scope == EVERYWHERE:
        return any(e.tier == PRODUCTION for _, e in environments(model))
    found = model.environment(scope)
    if found is not None:
        return found.tier == PRODUCTION
    tenant = model.tenants.get(tenant_of(scope))
    return tenant is not None and any(e.tier == PRODUCTION for e in tenant.environments.values())


def spending(model: AccessModel) -> frozenset[str]:
    """The backends whose jobs cost money or occupy a QPU."""
    return frozenset(
        name
        for name, backend in model.organization.backends.items()
        if backend.value.price is not None or backend.value.backend_class == "qpu"
    )


def answering(model: AccessModel) -> frozenset[str]:
    """The groups that can be held to account: declared by the organization, holding a
    role, or owning a tenant."""
    declared = {name for name, group in model.groups.items() if group.declared}
    bound = {b.principal[6:] for b in model.bindings if b.principal.startswith("group:")}
    owners = {tenant.spec.owner.group for tenant in model.tenants.values()}
    return frozenset(declared | bound | owners)


def backend_place(tenant: Tenant, environment: Environment, backend: str) -> tuple[str | int, ...]:
    """The path, inside the tenant, of a backend that an environment names."""
    listed = tenant.spec.environments[environment.name].backends
    return ("environments", environment.name, "backends", listed.index(backend))
