"""Former names (`previously`): whether each is one, and what a name of today was called before."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from msgspec import Struct

from qgov.language.documents import Document
from qgov.language.kinds.tenant import Environment, Project, ServiceAccount, TenantSpec
from qgov.model.access_model import AccessModel, Group, Organization, Tenant
from qgov.model.resolve import Resolver

__all__ = ["Renames", "check_renames", "renamed_scopes", "renames"]

_SCOPE: Final = ("tenant", "environment", "project")


class Renames(Struct, frozen=True):
    """What was renamed: (what it is, its name today) → its last former label. The name of an
    environment or a project is its scope, that of a service account `tenant/name`."""

    former: Mapping[tuple[str, str], str]

    def role(self, name: str) -> str:
        """The former name of a role; today's where it had no other."""
        return self.former.get(("role", name), name)

    def group(self, name: str) -> str:
        """The former name of a group; today's where it had no other."""
        return self.former.get(("group", name), name)

    def scope(self, scope: str) -> str:
        """What a scope was called before its tenant, environment and project were renamed."""
        labels = scope.split("/")
        return "/".join(
            self.former.get((what, "/".join(labels[: depth + 1])), label)
            for depth, (what, label) in enumerate(zip(_SCOPE, labels, strict=False))
        )

    def workload(self, id_: str) -> str:
        """What `tenant/name` was called before the tenant and the account were renamed."""
        tenant, _, account = id_.partition("/")
        return f"{self.scope(tenant)}/{self.former.get(('service account', id_), account)}"


def renames(model: AccessModel) -> Renames:
    """The former names that a model's documents give, looked for once."""
    roles = {r.name: _last(r.metadata.previously) for r in model.roles.values()}
    named = {("role", name): old for name, old in roles.items() if old is not None}
    return Renames({**named, **model.shared(_renames)})


def _renames(model: AccessModel) -> Mapping[tuple[str, str], str]:
    """Those that no role gives."""
    former: dict[tuple[str, str], str | None] = {}
    for name, group in model.organization.spec.groups.items():
        former["group", name] = _last(group.former_names)
    for tenant in model.tenants.values():
        former["tenant", tenant.name] = _last(tenant.metadata.previously)
        for what, parent, entries in _inside(tenant):
            for entry in entries:
                key = (what, f"{parent}/{entry.name}")
                former[key] = former.get(key) or _last(entry.previously)
    return {key: old for key, old in former.items() if old is not None}


def _last(names: tuple[str, ...] | None) -> str | None:
    return names[0] if names else None


def renamed_scopes(
    base: AccessModel, head: AccessModel, tenants: Mapping[str, str]
) -> dict[str, dict[str, str]]:
    """What of the environments and projects of both models is called otherwise in `head`:
    environment or project → its scope in `base` → that in `head`. `tenants` are those that are
    renamed, old name → new."""
    found: dict[str, dict[str, str]] = {"environment": {}, "project": {}}
    back = {new: old for old, new in tenants.items()}
    for name, tenant in head.tenants.items():
        was = base.tenants.get(back.get(name, name))
        for label, environment in tenant.spec.environments.items() if was else ():
            assert was is not None
            known = was.spec.environments
            old = _formerly(label, environment.previously, known)
            if old is None:
                continue
            if old != label:
                found["environment"][f"{was.name}/{old}"] = f"{name}/{label}"
            for project in environment.projects:
                names = known[old].project_names
                former = _formerly(project.name, project.previously, names)
                if former not in (None, project.name):
                    old_scope = f"{was.name}/{old}/{former}"
                    found["project"][old_scope] = f"{name}/{label}/{project.name}"
    return found


def _formerly(name: str, former: Iterable[str] | None, known: Collection[str]) -> str | None:
    """The name that something had, if it is among the known; its own goes before others."""
    return next((each for each in (name, *(former or ())) if each in known), None)


def check_renames(
    documents: Mapping[str, Mapping[str, Document]],
    organization: Organization,
    tenants: Mapping[str, Tenant],
    groups: Mapping[str, Group],
    names: Resolver,
) -> None:
    """Report each former name that something of its kind still has, or that two claim.
    `documents` are those of each kind by name."""
    for kind, found in sorted(documents.items()):
        entries = [_Entry(d.name, d.metadata.previously, d, ("metadata",)) for d in found.values()]
        _check("document", f"{kind}/", entries, found, names)
    declared = [
        _Entry(name, group.previously, organization.source.source, ("spec", "groups", name))
        for name, group in organization.spec.groups.items()
    ]
    taken = {*groups, *(name for kind, name in names.elsewhere if kind == "Group")}
    _check("group", "group ", declared, taken, names)
    for tenant in tenants.values():
        for what, parent, inside in _inside(tenant):
            _check(what, f"{parent}/", inside, {entry.name for entry in inside}, names)


class _Entry(NamedTuple):
    """A name, the former one, and where the source says so."""

    name: str
    previously: tuple[str, ...] | None
    source: Document
    path: tuple[str | int, ...]


def _inside(tenant: Tenant) -> Iterator[tuple[str, str, list[_Entry]]]:
    """What shares a space of names inside a tenant: (what it is, the scope around it, which). Of
    most tenants nothing had another name, and nothing is told."""
    source, spec = tenant.source.source, tenant.spec
    if not any(each.previously for each in _named(spec)):
        return
    environments = [
        _Entry(name, each.previously, source, ("spec", "environments", name))
        for name, each in spec.environments.items()
    ]
    yield "environment", tenant.name, environments
    for name, environment in spec.environments.items():
        path = ("spec", "environments", name, "projects")
        projects = [
            _Entry(each.name, each.previously, source, (*path, index))
            for index, each in enumerate(environment.projects)
        ]
        yield "project", f"{tenant.name}/{name}", projects
    accounts = [
        _Entry(each.name, each.previously, source, ("spec", "serviceAccounts", index))
        for index, each in enumerate(spec.service_accounts)
    ]
    yield "service account", tenant.name, accounts


def _named(spec: TenantSpec) -> Iterator[Environment | Project | ServiceAccount]:
    for environment in spec.environments.values():
        yield environment
        yield from environment.projects
    yield from spec.service_accounts


def _check(
    what: str, label: str, entries: Iterable[_Entry], taken: Collection[str], names: Resolver
) -> None:
    """Report the entries whose former name is among `taken`, the names of today, or is that of
    another as well. `label` stands before a name in messages."""
    claimed: dict[str, str] = {}
    for entry in entries:
        new = f"{label}{entry.name}"
        for old in entry.previously or ():
            origin = entry.source.at(*entry.path, "previously")
            if old == entry.name:
                message = f"{new} has its own name in `previously`"
                names.refuse("QG219", message, origin, "write the former name", entry.source.id)
            elif old in taken:
                names.refuse(
                    "QG219",
                    f"{label}{old} still exists, so {new} cannot be its new name",
                    origin,
                    f"remove `previously`, or the old {what}",
                    entry.source.id,
                )
            elif claimed.setdefault(old, new) != new:
                names.refuse(
                    "QG219",
                    f"`{old}` is the former name of both {claimed[old]} and {new}",
                    origin,
                    "keep one",
                    entry.source.id,
                )
