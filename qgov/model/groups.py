"""Directory groups: who provides them, which tenants bind them, whether they exist.

A group comes into being where it is given something to hold or to answer for: the
organization's `groups`, a binding, an owner. Everywhere else it is a reference that
must resolve.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from msgspec import Struct, field

from qgov.language.kinds.directory import Group as GroupSpec
from qgov.model.access_model import AccessModel, Exclusive, Group, Organization, Tenant
from qgov.model.fact import Fact, Written
from qgov.model.nesting import included
from qgov.model.renames import renames
from qgov.model.resolve import Resolver

__all__ = ["groups_gone", "link_groups"]


Path = tuple[str | int, ...]

_NOTHING: Final = GroupSpec.model_validate({})
"""What is said of a group that is only named."""


class _Seen(Struct, frozen=True):
    """What the documents say of groups: where each is first named, the provider of those
    that hold something, that of the tenants they answer for, and the tenants that bind them."""

    first: dict[str, Written] = field(default_factory=dict)
    providers: dict[str, str] = field(default_factory=dict)
    answering: dict[str, str] = field(default_factory=dict)
    bound: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


def link_groups(
    organization: Organization,
    tenants: Mapping[str, Tenant],
    names: Resolver,
    elsewhere: Iterable[Exclusive],
) -> dict[str, Group]:
    """Every group by name; reports groups of two providers. `elsewhere` are the groups that
    tenants bind that were not loaded."""
    seen, declared = _Seen(), organization.spec.groups
    for bound in elsewhere:
        if bound.what == "group":
            seen.bound[bound.key].add(bound.tenant)
            seen.first.setdefault(bound.key, bound.written)
    _see_organization(seen, organization, names)
    for tenant in tenants.values():
        _see_tenant(seen, tenant, organization, names)
    nested = included(declared)
    _see_nested(seen, nested)
    default = min(organization.spec.identity_providers)
    said = {name: declared.get(name, _NOTHING) for name in seen.first}
    return {
        name: Group(
            name=name,
            provider=seen.providers.get(name) or seen.answering.get(name, default),
            shared=said[name].shared,
            members=said[name].members,
            declared=name in declared,
            title=said[name].title,
            tenants=tuple(sorted(seen.bound[name])),
            written=seen.first[name],
            external=name in declared and declared[name].external,
            expires=declared[name].expires if name in declared else None,
            called=said[name].directory_name or name,
            directory_id=said[name].directory_id,
            team=said[name].team,
            includes=nested.get(name, ()),
            members_where=said[name].members_where,
            requests=said[name].requests,
        )
        for name in sorted(seen.first)
    }


def _see_nested(seen: _Seen, nested: Mapping[str, Iterable[str]]) -> None:
    """What a group is to a tenant, those that it includes are as well."""
    for name, inner in sorted(nested.items()):
        for each in inner:
            seen.bound[each] |= seen.bound[name]
            if (provider := seen.providers.get(name)) is not None:
                seen.providers.setdefault(each, provider)


def groups_gone(base: AccessModel, head: AccessModel) -> tuple[Group, ...]:
    """The groups of `base`, by name, that their directory is no longer to hold at `head`: whoever
    makes the directory like the configuration deletes them with their memberships.

    A group that changes its provider is gone from the old one. A renamed group is not gone, if
    its new name is one that `base` did not have. Both models are whole: a group may be known
    by nothing but the tenant that it answers for.
    """
    former = renames(head).group
    kept = {(group.provider, group.name) for group in head.groups.values()}
    kept |= {
        (group.provider, former(group.name))
        for group in head.groups.values()
        if not _is_held(base, group.name, group.provider)
    }
    return tuple(
        group
        for _, group in sorted(base.groups.items())
        if (group.provider, group.name) not in kept
    )


def _is_held(model: AccessModel, name: str, provider: str) -> bool:
    return name in model.groups and model.groups[name].provider == provider


def _see_organization(seen: _Seen, organization: Organization, names: Resolver) -> None:
    document, providers = organization.source.source, organization.providers
    for name, spec in organization.spec.groups.items():
        path: Path = ("spec", "groups", name)
        seen.first[name] = Fact(name, spec, document, path)
        if (provider := spec.identity_provider) is not None:
            seen.providers[name] = provider
    for name, path, holds in _organization_uses(organization):
        if name not in seen.first:
            seen.first[name] = Fact(name, None, document, path)
        if holds and name not in seen.providers:
            seen.providers[name] = min(providers)
            if len(providers) > 1:
                names.refuse(
                    "QG223",
                    f"the group `{name}` could be of any of {len(providers)} identity providers",
                    document.at(*path),
                    f"say which under `groups.{name}.identityProvider`",
                    document.id,
                )


def _see_tenant(seen: _Seen, tenant: Tenant, organization: Organization, names: Resolver) -> None:
    source, declared = tenant.source.source, organization.spec.groups
    for name, path, holds in _tenant_uses(tenant):
        if name not in seen.first:
            seen.first[name] = Fact(name, None, source, path)
        seen.answering.setdefault(name, tenant.provider)
        if not holds:
            continue
        seen.bound[name].add(tenant.name)
        other = seen.providers.setdefault(name, tenant.provider)
        if other != tenant.provider and not (name in declared and declared[name].shared):
            names.refuse(
                "QG220",
                f"the group `{name}` is of `{other}`, but the tenant `{tenant.name}` signs in at "
                f"`{tenant.provider}`",
                source.at(*path),
                "use a group of the tenant's provider, or declare it shared",
                tenant.source.document,
            )


def _organization_uses(organization: Organization) -> Iterator[tuple[str, Path, bool]]:
    """(group, where it is named, whether it holds something there)."""
    for index, binding in enumerate(organization.spec.bindings):
        if binding.group is not None:
            yield binding.group, ("spec", "bindings", index, "group"), True
    for store in organization.stores.values():
        yield store.value.owner, (*store.path, "owner"), False


def _tenant_uses(tenant: Tenant) -> Iterator[tuple[str, Path, bool]]:
    """(group, where it is named, whether it holds something there)."""
    spec = tenant.spec
    for index, binding in enumerate(spec.bindings):
        if binding.group is not None:
            yield binding.group, ("spec", "bindings", index, "group"), True
    yield spec.owner.group, ("spec", "owner", "group"), False
    for index, account in enumerate(spec.service_accounts):
        yield account.owner, ("spec", "serviceAccounts", index, "owner"), False
