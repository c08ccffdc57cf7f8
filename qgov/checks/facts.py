"""What the rules of several concerns ask of a model."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, TypeVar, get_args

from qgov.checks.rule import Found
from qgov.language.kinds.tenant import Classification, Clouds, Project, Retention
from qgov.language.permissions import CATALOGUE
from qgov.model.access_model import AccessModel, Binding, Environment, Fact, Role, Tenant
from qgov.model.principal import is_group, is_workload, name_of
from qgov.model.scope import EVERYWHERE, depth, tenant_of
from qgov.model.tenants import retention_of

__all__ = [
    "PRODUCTION",
    "SENSITIVE",
    "accounts",
    "answering",
    "at_backend",
    "at_environment",
    "at_project",
    "at_record",
    "classified",
    "effective",
    "environments",
    "found_at",
    "group_document",
    "high_risk",
    "of_cloud",
    "of_workloads",
    "others",
    "privileged",
    "projects",
    "reaches_production",
    "records",
    "roles_with",
    "spending",
    "strictest",
    "submitting",
    "ticks",
    "uses",
]

T = TypeVar("T")

PRODUCTION: Final = "production"
SENSITIVE: Final = frozenset({"confidential", "regulated"})
"""The classifications whose records are not for everybody."""
_SHOWN: Final = 3
_CLASSES: Final = get_args(Classification)
_DEPTH: Final = {name: permission.level.depth for name, permission in CATALOGUE.items()}


def found_at(fact: Fact[Any], message: str, *path: str | int, detail: str = "") -> Found:
    """A breach at a value inside a fact."""
    return Found(fact.at(*path), message, fact.document, detail)


def at_binding(
    binding: Binding,
    message: str,
    *path: str | int,
    detail: str = "",
    other: Binding | None = None,
) -> Found:
    """A breach by who is bound, at a value inside the binding; `other` is another binding that it
    takes, and whose is told where it is not the principal's own, or the first one's."""
    there = ""
    if other is not None:
        there = see(other) if other.via != binding.via else f"see {other.origin}"
    more = ", ".join(filter(None, (_membership(binding), detail, there)))
    return found_at(binding.source, message, *path, detail=more)


def see(binding: Binding) -> str:
    """Where another binding stands, and whose it is where it is not the principal's own."""
    return " ".join(filter(None, (f"see {binding.origin}", _membership(binding))))


def _membership(binding: Binding) -> str:
    return "" if binding.via is None else f"as a member of `{binding.via}`"


def at_environment(
    tenant: Tenant, environment: Environment, message: str, *path: str | int, detail: str = ""
) -> Found:
    """A breach by an environment as a whole, or at a value inside it."""
    if path:
        at = ("environments", environment.name, *path)
        return found_at(tenant.source, message, *at, detail=detail)
    return Found(environment.origin, message, tenant.source.document, detail)


def at_backend(tenant: Tenant, environment: Environment, backend: str, message: str) -> Found:
    """A breach where an environment names a backend."""
    index = tenant.spec.environments[environment.name].backends.index(backend)
    return at_environment(tenant, environment, message, "backends", index)


def at_project(tenant: Tenant, environment: Environment, project: str, message: str) -> Found:
    """A breach where an environment names a project."""
    index = tenant.spec.environments[environment.name].project_names.index(project)
    return at_environment(tenant, environment, message, "projects", index)


def at_record(tenant: Tenant, name: str, field: str, message: str, detail: str = "") -> Found:
    """A breach by what a tenant says of a class of records: its `store` or its `keep`."""
    return found_at(tenant.source, message, "retention", name, field, detail=detail)


def group_document(model: AccessModel, group: str, tenants: Iterable[str]) -> str:
    """The document that names a group first: that of one of some tenants, or the
    organization's."""
    for name in tenants:
        tenant = model.tenants.get(name)
        if tenant is not None and tenant.source.source.path == model.groups[group].origin.path:
            return tenant.source.document
    return model.organization.source.document


def ticks(names: list[str] | tuple[str, ...]) -> str:
    """Names for a sentence: `a`, `b`."""
    return ", ".join(f"`{name}`" for name in names)


def others(names: Sequence[str], own: str) -> str:
    """The first of some names, one's own left out, and how many more there are."""
    more = len(names) - (own in names) - _SHOWN
    shown = ticks(list(islice((name for name in names if name != own), _SHOWN)))
    return f"{shown} and {more:,} more" if more > 0 else shown


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


def strictest(*classes: str | None) -> str:
    """The most sensitive of some classifications."""
    return max((c for c in classes if c is not None), key=_CLASSES.index)


def classified(model: AccessModel) -> Mapping[str, str]:
    """Tenant → the most sensitive data that it handles, in whichever project."""
    return model.shared(_classified)


def _classified(model: AccessModel) -> dict[str, str]:
    return {
        name: strictest(
            tenant.spec.classification, *(p.classification for _, _, p in projects(tenant))
        )
        for name, tenant in model.tenants.items()
    }


def projects(tenant: Tenant) -> Iterator[tuple[str, int, Project]]:
    """(environment, number, project) of each project of a tenant."""
    for name, environment in tenant.spec.environments.items():
        for index, project in enumerate(environment.projects):
            yield name, index, project


def uses(
    model: AccessModel, backends: Collection[str]
) -> Iterator[tuple[Tenant, Environment, str]]:
    """Every place where an environment names one of some backends."""
    wanted = frozenset(backends)
    for tenant, environment in environments(model):
        if not wanted.isdisjoint(environment.backends):
            for backend in environment.backends:
                if backend in wanted:
                    yield tenant, environment, backend


def records(model: AccessModel) -> Iterator[tuple[Tenant, str, Retention]]:
    """Every class of records that a tenant keeps, such as `results`."""
    for tenant in model.tenants.values():
        for name, retention in retention_of(tenant.spec.retention):
            yield tenant, name, retention


def accounts(model: AccessModel, of: Callable[[Clouds], T | None]) -> Iterator[tuple[Tenant, T]]:
    """Every tenant that has an account in a cloud, with it."""
    for tenant in model.tenants.values():
        account = of(tenant.spec.clouds)
        if account is not None:
            yield tenant, account


def of_cloud(model: AccessModel, cloud: str) -> frozenset[str]:
    """The backends of a cloud."""
    backends = model.organization.backends
    return frozenset(name for name, b in backends.items() if b.value.cloud == cloud)


def of_workloads(model: AccessModel) -> Iterator[Binding]:
    """Every binding of a service account."""
    return (binding for binding in model.bindings if is_workload(binding.principal))


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


def are_in(model: AccessModel, one: str, other: str) -> bool:
    """Whether the people of one group are in another: it is the same, or includes that one."""
    outer = model.groups.get(other)
    return one == other or (outer is not None and one in outer.includes)


def answering(model: AccessModel) -> frozenset[str]:
    """The groups that can be held to account: declared by the organization, holding a
    role, or owning a tenant."""
    declared = {name for name, group in model.groups.items() if group.declared}
    bound = {name_of(b.principal) for b in model.bindings if is_group(b.principal)}
    owners = {tenant.spec.owner.group for tenant in model.tenants.values()}
    return frozenset(declared | bound | owners)
