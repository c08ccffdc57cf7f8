"""How tenants are kept apart: QG501 to QG505, QG514, QG515."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from qgov.checks import guide
from qgov.checks.facts import (
    PRODUCTION,
    at_binding,
    at_environment,
    at_record,
    environments,
    found_at,
    others,
    projects,
    records,
    submitting,
)
from qgov.checks.rule import Found, rule
from qgov.finding import Severity
from qgov.model.access_model import AccessModel, Exclusive
from qgov.model.principal import group as group_of
from qgov.model.principal import name_of
from qgov.model.scope import contains


def _groups_of_several(model: AccessModel) -> Iterator[tuple[Exclusive, tuple[str, ...]]]:
    """The first claim of each tenant on a group that several tenants bind."""
    seen: set[tuple[str, str]] = set()
    for claim in model.exclusives:
        if claim.what != "group":
            continue
        tenants = model.groups[claim.key].tenants
        if len(tenants) > 1 and (claim.key, claim.tenant) not in seen:
            seen.add((claim.key, claim.tenant))
            yield claim, tenants


def _dedicated(model: AccessModel) -> frozenset[str]:
    return frozenset(n for n, tenant in model.tenants.items() if tenant.isolation == "dedicated")


@rule("QG501", Severity.ERROR, "tenant-isolation", "least-privilege", guide=guide.ISOLATION)
def group_in_two_tenants(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A group that is not shared is bound in two tenants.

    Its members carry what they see in one tenant into the other, and nobody decided so.

    Remedy: bind a group of its own in each tenant, or declare the group `shared` in the
    organization.
    """
    for claim, tenants in _groups_of_several(model):
        if not model.groups[claim.key].shared:
            yield Found(
                claim.origin,
                f"the group `{claim.key}` is bound in `{claim.tenant}` and in another tenant",
                f"Tenant/{claim.tenant}",
                others(tenants, claim.tenant),
            )


@rule("QG502", Severity.ERROR, "tenant-isolation", guide=guide.TENANTS)
def dedicated_tenant_shares_group(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A dedicated tenant binds a group that another tenant binds.

    A dedicated tenant was promised that it shares nothing.

    Remedy: bind a group that only this tenant binds.
    """
    dedicated = _dedicated(model)
    if not dedicated:
        return
    for claim, tenants in _groups_of_several(model):
        if model.groups[claim.key].shared and not dedicated.isdisjoint(tenants):
            yield Found(
                claim.origin,
                f"the group `{claim.key}` is bound in `{claim.tenant}` and in another tenant, and "
                "one of them shares nothing",
                f"Tenant/{claim.tenant}",
                f"{others(tenants, claim.tenant)}; dedicated: "
                f"{others(sorted(dedicated & set(tenants)), '')}",
            )


@rule("QG503", Severity.ERROR, "tenant-isolation", "data-retention", guide=guide.TENANTS)
def dedicated_tenant_shares_store(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A dedicated tenant keeps records in a store that another tenant uses.

    One wrong path or one wide right in the store crosses the boundary.

    Remedy: give the tenant a store of its own for each class of records.
    """
    dedicated = _dedicated(model)
    if not dedicated:
        return
    users: dict[str, set[str]] = defaultdict(set)
    for tenant, _, retention in records(model):
        users[retention.store].add(tenant.name)
    shared = {store: sorted(names) for store, names in users.items()}
    for tenant, name, retention in records(model):
        sharing = shared[retention.store]
        if tenant.name in dedicated and len(sharing) > 1:
            message = f"the store `{retention.store}` also holds records of another tenant"
            shared_with = others(sharing, tenant.name)
            yield at_record(tenant, name, "store", message, shared_with)


@rule("QG504", Severity.ERROR, "tenant-isolation", guide=guide.TENANTS)
def dedicated_tenant_shares_queue(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A dedicated tenant's jobs wait in a queue with another tenant's.

    Who waits tells what the other tenant does, and one tenant can starve another.

    Remedy: give the tenant's environments a queue of their own.
    """
    dedicated = _dedicated(model)
    if not dedicated:
        return
    users: dict[str, set[str]] = defaultdict(set)
    for tenant, environment in environments(model):
        if environment.queue:
            users[environment.queue].add(tenant.name)
    shared = {queue: sorted(names) for queue, names in users.items()}
    for tenant, environment in environments(model):
        queue = environment.queue
        if tenant.name in dedicated and queue and len(shared[queue]) > 1:
            message = f"jobs of another tenant wait in the queue `{queue}` too"
            shared_with = others(shared[queue], tenant.name)
            yield at_environment(tenant, environment, message, "queue", detail=shared_with)


@rule("QG505", Severity.ERROR, "tenant-isolation", "data-retention", guide=guide.ISOLATION)
def store_of_another_tenant(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A tenant keeps records in a store that belongs to another.

    The store's owner can read what the tenant writes there.

    Remedy: name a store of this tenant, or one that belongs to none.
    """
    stores = model.organization.stores
    owners = {n: s.value.tenant for n, s in stores.items() if s.value.tenant is not None}
    if not owners:
        return
    for tenant, name, retention in records(model):
        owner = owners.get(retention.store, tenant.name)
        if owner != tenant.name:
            message = f"the store `{retention.store}` belongs to the tenant `{owner}`"
            yield at_record(tenant, name, "store", message)


@rule(
    "QG514",
    Severity.ERROR,
    "tenant-isolation",
    "just-in-time",
    "joiner-mover-leaver",
    guide=guide.TENANTS,
)
def external_standing_production(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """External collaborators run production jobs all the time.

    People of another directory leave without this organization hearing of it.

    Remedy: make the binding just-in-time, or keep it out of production.
    """
    roles = submitting(model)
    providers = {name: tenant.provider for name, tenant in model.tenants.items()}
    foreign = {
        group_of(name)
        for name, group in model.groups.items()
        if any(providers.get(t, group.provider) != group.provider for t in group.tenants)
    }
    if not foreign:
        return
    for binding in model.bindings:
        if (
            binding.principal not in foreign
            or binding.eligible
            or binding.role not in roles
            or binding.source.source.kind != "Tenant"
        ):
            continue
        tenant = model.tenants[binding.source.source.name]
        if tenant.provider != model.groups[name_of(binding.principal)].provider and any(
            e.tier == PRODUCTION
            and (contains(binding.scope, e.scope) or contains(e.scope, binding.scope))
            for e in tenant.environments.values()
        ):
            yield at_binding(
                binding,
                f"`{binding.principal}` comes from another directory "
                f"and may run jobs on `{binding.scope}` all the time",
                "group",
            )


@rule("QG515", Severity.WARNING, "tenant-isolation", "classification", guide=guide.TENANTS)
def regulated_tenant_shared(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A tenant with regulated data is shared.

    Legal separation is clear when groups, stores and queues are the tenant's alone.

    Remedy: set `isolation: dedicated`.
    """
    for tenant in model.tenants.values():
        if tenant.spec.classification == "regulated" and tenant.isolation != "dedicated":
            yield found_at(
                tenant.source, f"`{tenant.name}` handles regulated data and is shared", "isolation"
            )
            continue
        for name, index, project in projects(tenant):
            if project.classification == "regulated" and tenant.isolation != "dedicated":
                message = f"`{project.name}` handles regulated data in a tenant that is shared"
                at = ("environments", name, "projects", index, "classification")
                yield found_at(tenant.source, message, *at)
