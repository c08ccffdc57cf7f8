"""How tenants and tiers are kept apart: QG50x."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from qgov.checks.facts import (
    PRODUCTION,
    backend_place,
    environments,
    found_at,
    submitting,
    ticks,
)
from qgov.checks.rule import Found, Rule
from qgov.finding import Severity
from qgov.model.access_model import AccessModel, Environment, Exclusive, Tenant
from qgov.model.conditions import Conditions
from qgov.model.scope import EVERYWHERE, contains, depth
from qgov.model.tenants import retention_of

__all__ = ["RULES"]

_SHORT_TOKEN_S: Final = 12 * 3600
_CLASSES: Final = frozenset({"simulator", "qpu"})


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


def _others(tenants: Iterable[str], tenant: str) -> str:
    return ticks([name for name in tenants if name != tenant])


def _crossing_group(model: AccessModel, _now: datetime) -> Iterator[Found]:
    for claim, tenants in _groups_of_several(model):
        if not model.groups[claim.key].shared:
            yield Found(
                claim.origin,
                f"the group `{claim.key}` is bound in `{claim.tenant}` and "
                f"in {_others(tenants, claim.tenant)}",
                f"Tenant/{claim.tenant}",
            )


def _dedicated(model: AccessModel) -> frozenset[str]:
    return frozenset(n for n, tenant in model.tenants.items() if tenant.isolation == "dedicated")


def _dedicated_group(model: AccessModel, _now: datetime) -> Iterator[Found]:
    dedicated = _dedicated(model)
    if not dedicated:
        return
    for claim, tenants in _groups_of_several(model):
        if model.groups[claim.key].shared and not dedicated.isdisjoint(tenants):
            yield Found(
                claim.origin,
                f"the group `{claim.key}` is bound in `{claim.tenant}` and "
                f"in {_others(tenants, claim.tenant)}, though "
                f"{ticks(sorted(dedicated & set(tenants)))} shares nothing",
                f"Tenant/{claim.tenant}",
            )


def _dedicated_store(model: AccessModel, _now: datetime) -> Iterator[Found]:
    dedicated = _dedicated(model)
    if not dedicated:
        return
    users: dict[str, set[str]] = defaultdict(set)
    for name, tenant in model.tenants.items():
        for _, retention in retention_of(tenant.spec.retention):
            users[retention.store].add(name)
    for name in sorted(dedicated):
        tenant = model.tenants[name]
        for what, retention in retention_of(tenant.spec.retention):
            if len(users[retention.store]) > 1:
                yield found_at(
                    tenant.source,
                    f"the store `{retention.store}` also holds records "
                    f"of {_others(sorted(users[retention.store])[:3], name)}",
                    "retention",
                    what,
                    "store",
                )


def _dedicated_queue(model: AccessModel, _now: datetime) -> Iterator[Found]:
    dedicated = _dedicated(model)
    if not dedicated:
        return
    users: dict[str, set[str]] = defaultdict(set)
    for tenant, environment in environments(model):
        if environment.queue:
            users[environment.queue].add(tenant.name)
    for name in sorted(dedicated):
        tenant = model.tenants[name]
        for environment in tenant.environments.values():
            if environment.queue and len(users[environment.queue]) > 1:
                yield found_at(
                    tenant.source,
                    f"jobs of "
                    f"{_others(sorted(users[environment.queue])[:3], name)} wait in the "
                    f"queue `{environment.queue}` too",
                    "environments",
                    environment.name,
                    "queue",
                )


def _foreign_store(model: AccessModel, _now: datetime) -> Iterator[Found]:
    stores = model.organization.stores
    owners = {n: s.value.tenant for n, s in stores.items() if s.value.tenant is not None}
    if not owners:
        return
    for name, tenant in model.tenants.items():
        for what, retention in retention_of(tenant.spec.retention):
            if owners.get(retention.store, name) != name:
                yield found_at(
                    tenant.source,
                    f"the store `{retention.store}` belongs to the "
                    f"tenant `{owners[retention.store]}`",
                    "retention",
                    what,
                    "store",
                )


def _wrong_class(model: AccessModel, _now: datetime) -> Iterator[Found]:
    backends, tiers = model.organization.backends, model.organization.spec.tiers
    refused: dict[str, set[str]] = {}
    for name in ("sandbox", "test", PRODUCTION):
        tier = tiers.get(name)
        allowed = (
            set(tier.backend_classes)
            if tier is not None
            else {"simulator"}
            if name == "sandbox"
            else _CLASSES
        )
        refused[name] = {
            b for b, fact in backends.items() if fact.value.backend_class not in allowed
        }
    for tenant, environment in environments(model):
        if refused[environment.tier].isdisjoint(environment.backends):
            continue
        for backend in environment.backends:
            if backend in refused[environment.tier]:
                yield found_at(
                    tenant.source,
                    f"`{environment.scope}` is a {environment.tier} and may not use "
                    f"the {backends[backend].value.backend_class} `{backend}`",
                    *backend_place(tenant, environment, backend),
                )


def _of_tier(model: AccessModel, tier: str) -> Iterator[tuple[Tenant, Environment]]:
    for tenant, environment in environments(model):
        if environment.tier == tier:
            yield tenant, environment


def _production_mfa(model: AccessModel, _now: datetime) -> Iterator[Found]:
    for tenant, environment in _of_tier(model, PRODUCTION):
        if not environment.floor.mfa:
            yield Found(
                environment.origin,
                f"`{environment.scope}` asks nobody for a second factor",
                tenant.source.document,
            )


def _production_floor(model: AccessModel, _now: datetime) -> Iterator[Found]:
    for tenant, environment in _of_tier(model, PRODUCTION):
        floor = environment.floor
        missing = [] if floor.managed_device else ["managedDevice"]
        if floor.max_token_age_s is None or floor.max_token_age_s > _SHORT_TOKEN_S:
            missing.append("maxTokenAge")
        if missing:
            yield Found(
                environment.origin,
                f"`{environment.scope}` lacks the floors {ticks(missing)}",
                tenant.source.document,
            )


def _unlike_production(model: AccessModel, _now: datetime) -> Iterator[Found]:
    for tenant, environment in _of_tier(model, "test"):
        for other in tenant.environments.values():
            if other.tier == PRODUCTION and other.floor != environment.floor:
                lacking = _lacking(environment.floor, other.floor)
                if lacking:
                    yield Found(
                        environment.origin,
                        f"`{environment.scope}` lacks {ticks(lacking)} of `{other.scope}`",
                        tenant.source.document,
                    )


def _lacking(here: Conditions, there: Conditions) -> list[str]:
    """The controls of `there` that `here` does not have as strictly."""
    here_age, there_age = here.max_token_age_s, there.max_token_age_s
    weaker = (
        ("mfa", there.mfa and not here.mfa),
        ("managedDevice", there.managed_device and not here.managed_device),
        ("maxTokenAge", there_age is not None and (here_age is None or here_age > there_age)),
        (
            "countries",
            there.countries is not None
            and (here.countries is None or not set(here.countries) <= set(there.countries)),
        ),
    )
    return [name for name, lacks in weaker if lacks]


def _wholesale_production(model: AccessModel, _now: datetime) -> Iterator[Found]:
    roles = submitting(model)
    with_production = {tenant.name for tenant, _ in _of_tier(model, PRODUCTION)}
    for binding in model.bindings:
        if binding.role not in roles or depth(binding.scope) > 1:
            continue
        if binding.scope in with_production or (binding.scope == EVERYWHERE and with_production):
            yield found_at(
                binding.source,
                f"`{binding.principal}` may run jobs in every "
                f"environment of `{binding.scope}`, production included",
                "on",
            )


def _no_sandbox(model: AccessModel, _now: datetime) -> Iterator[Found]:
    for tenant in model.tenants.values():
        tiers = {environment.tier for environment in tenant.environments.values()}
        if PRODUCTION in tiers and len(tiers) == 1:
            yield found_at(
                tenant.source,
                f"`{tenant.name}` has production and no place to experiment or to test",
                "environments",
            )


def _no_queue(model: AccessModel, _now: datetime) -> Iterator[Found]:
    qpus = {n for n, b in model.organization.backends.items() if b.value.backend_class == "qpu"}
    for tenant, environment in _of_tier(model, PRODUCTION):
        if environment.queue is None and not qpus.isdisjoint(environment.backends):
            yield Found(
                environment.origin,
                f"jobs of `{environment.scope}` go to no queue",
                tenant.source.document,
            )


def _queue_order(model: AccessModel, _now: datetime) -> Iterator[Found]:
    priority = {name: queue.value.priority for name, queue in model.organization.queues.items()}
    for tenant, environment in _of_tier(model, PRODUCTION):
        if environment.queue is None:
            continue
        for other in tenant.environments.values():
            if (
                other.tier == "sandbox"
                and other.queue
                and priority.get(other.queue, 0) > priority.get(environment.queue, 0)
            ):
                yield found_at(
                    tenant.source,
                    f"jobs of `{other.scope}` run before those of `{environment.scope}`",
                    "environments",
                    other.name,
                    "queue",
                )


def _external(model: AccessModel, _now: datetime) -> Iterator[Found]:
    roles = submitting(model)
    providers = {name: tenant.provider for name, tenant in model.tenants.items()}
    foreign = {
        f"group:{name}"
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
        if tenant.provider != model.groups[binding.principal[6:]].provider and any(
            e.tier == PRODUCTION
            and (contains(binding.scope, e.scope) or contains(e.scope, binding.scope))
            for e in tenant.environments.values()
        ):
            yield found_at(
                binding.source,
                f"`{binding.principal}` comes from another directory "
                f"and may run jobs on `{binding.scope}` all the time",
                "group",
            )


def _regulated_shared(model: AccessModel, _now: datetime) -> Iterator[Found]:
    for tenant in model.tenants.values():
        if tenant.spec.classification == "regulated" and tenant.isolation != "dedicated":
            yield found_at(
                tenant.source, f"`{tenant.name}` handles regulated data and is shared", "isolation"
            )


def _nobody_submits(model: AccessModel, _now: datetime) -> Iterator[Found]:
    roles = submitting(model)
    scopes = {binding.scope for binding in model.bindings if binding.role in roles}
    if EVERYWHERE in scopes:
        return
    for tenant, environment in environments(model):
        if tenant.name in scopes or environment.scope in scopes or not environment.projects:
            continue
        for project in environment.projects:
            if f"{environment.scope}/{project}" not in scopes:
                place = tenant.spec.environments[environment.name].projects.index(project)
                yield found_at(
                    tenant.source,
                    f"nobody may run jobs in `{environment.scope}/{project}`",
                    "environments",
                    environment.name,
                    "projects",
                    place,
                )


_ISOLATION = "Tenant isolation and workload separation"
_SINGLE = "Single tenant vs multi-tenant tradeoffs"
_MFA = "Enforce MFA and conditional access"
_TIERS = "Sandbox, shared test, and production-like tiers"
_QUEUES = "Capacity planning and queue strategy"

RULES: Final = (
    Rule(
        "QG501",
        "group-in-two-tenants",
        Severity.ERROR,
        "A group that is not shared is bound in two tenants.",
        "Its members carry what they see in one tenant into the other, and nobody decided so.",
        "bind a group of its own in each tenant, or declare the group `shared` in the organization",
        ("tenant-isolation", "least-privilege"),
        _ISOLATION,
        _crossing_group,
        bad="""
kind: Tenant
metadata: {name: borealis}
spec: {bindings: [{group: atlas-developers, role: developer, on: sandbox}]}
""",
        good="""
kind: Organization
metadata: {name: acme}
spec: {groups: {atlas-developers: {shared: true}}}
---
kind: Tenant
metadata: {name: borealis}
spec: {bindings: [{group: atlas-developers, role: developer, on: sandbox}]}
""",
    ),
    Rule(
        "QG502",
        "dedicated-tenant-shares-group",
        Severity.ERROR,
        "A dedicated tenant binds a group that another tenant binds.",
        "A dedicated tenant was promised that it shares nothing.",
        "bind a group that only this tenant binds",
        ("tenant-isolation",),
        _SINGLE,
        _dedicated_group,
        bad="""
kind: Organization
metadata: {name: acme}
spec: {groups: {atlas-developers: {shared: true}}}
---
kind: Tenant
metadata: {name: borealis}
spec: {isolation: dedicated, bindings: [{group: atlas-developers, role: developer, on: sandbox}]}
""",
        good="""
kind: Tenant
metadata: {name: borealis}
spec: {isolation: dedicated, bindings: [{group: borealis-lab, role: developer, on: sandbox}]}
""",
    ),
    Rule(
        "QG503",
        "dedicated-tenant-shares-store",
        Severity.ERROR,
        "A dedicated tenant keeps records in a store that another tenant uses.",
        "One wrong path or one wide right in the store crosses the boundary.",
        "give the tenant a store of its own for each class of records",
        ("tenant-isolation", "data-retention"),
        _SINGLE,
        _dedicated_store,
        bad="""
kind: Tenant
metadata: {name: borealis}
spec: {isolation: dedicated}
""",
        good="""
kind: Organization
metadata: {name: acme}
spec:
  stores:
    borealis-logs: {type: s3, jurisdiction: eu, owner: borealis-leads, holds: [executionLogs]}
    borealis-audit: {type: s3, jurisdiction: eu, owner: platform-auditors, holds: [auditLogs]}
---
kind: Tenant
metadata: {name: borealis}
spec:
  isolation: dedicated
  retention: {executionLogs: {store: borealis-logs}, auditLogs: {store: borealis-audit}}
""",
    ),
    Rule(
        "QG504",
        "dedicated-tenant-shares-queue",
        Severity.ERROR,
        "A dedicated tenant's jobs wait in a queue with another tenant's.",
        "Who waits tells what the other tenant does, and one tenant can starve another.",
        "give the tenant's environments a queue of their own",
        ("tenant-isolation",),
        _SINGLE,
        _dedicated_queue,
        bad="""
kind: Tenant
metadata: {name: borealis}
spec: {isolation: dedicated, environments: {sandbox: {queue: research}}}
""",
        good="""
kind: Organization
metadata: {name: acme}
spec: {queues: {borealis: {priority: 200}}}
---
kind: Tenant
metadata: {name: borealis}
spec: {isolation: dedicated, environments: {sandbox: {queue: borealis}}}
""",
    ),
    Rule(
        "QG505",
        "store-of-another-tenant",
        Severity.ERROR,
        "A tenant keeps records in a store that belongs to another.",
        "The store's owner can read what the tenant writes there.",
        "name a store of this tenant, or one that belongs to none",
        ("tenant-isolation", "data-retention"),
        _ISOLATION,
        _foreign_store,
        bad="""
kind: Tenant
metadata: {name: borealis}
spec: {retention: {results: {store: atlas-results}}}
""",
        good="""
kind: Tenant
metadata: {name: borealis}
spec: {retention: {results: {store: borealis-data}}}
""",
    ),
    Rule(
        "QG506",
        "backend-class-not-of-tier",
        Severity.ERROR,
        "An environment names a backend of a class that its tier does not allow.",
        "Sandboxes are cheap and permissive; a QPU in one is expensive and permissive.",
        "move the backend to an environment of another tier, or allow its class in the tier",
        ("tenant-isolation", "cost"),
        _TIERS,
        _wrong_class,
        bad="""
kind: Tenant
metadata: {name: atlas}
spec: {environments: {sandbox: {backends: [simulator, garnet]}}}
""",
        good="""
kind: Organization
metadata: {name: acme}
spec: {tiers: {sandbox: {backendClasses: [simulator, qpu]}}}
---
kind: Tenant
metadata: {name: atlas}
spec: {environments: {sandbox: {backends: [simulator, garnet]}}}
""",
    ),
    Rule(
        "QG507",
        "production-without-mfa",
        Severity.ERROR,
        "A production environment has no floor that asks for a second factor.",
        "A role that forgets to require it would let a stolen password into production.",
        "set `mfa: true` in the floors of the tier, the tenant or the organization",
        ("strong-authentication",),
        _MFA,
        _production_mfa,
        bad="""
kind: Organization
metadata: {name: acme}
spec: {floors: {mfa: false}}
---
kind: Tenant
metadata: {name: atlas}
spec: {costCenter: CC-101}
""",
        good="""
kind: Organization
metadata: {name: acme}
spec: {floors: {mfa: false}, tiers: {production: {floors: {mfa: true}}}}
""",
    ),
    Rule(
        "QG508",
        "loose-production",
        Severity.WARNING,
        "A production environment accepts unmanaged devices, or tokens older than 12 hours.",
        "Production-like areas are tightly restricted, whatever role is used in them.",
        "set `managedDevice: true` and a `maxTokenAge` of at most 12h in the tier's floors",
        ("strong-authentication", "tenant-isolation"),
        _TIERS,
        _production_floor,
        bad="""
kind: Organization
metadata: {name: acme}
spec: {tiers: {production: {floors: {managedDevice: false}}}}
---
kind: Tenant
metadata: {name: atlas}
spec: {costCenter: CC-101}
""",
        good="""
kind: Organization
metadata: {name: acme}
spec: {tiers: {production: {floors: {managedDevice: false}}}}
---
kind: Tenant
metadata: {name: atlas}
spec: {environments: {production: {floors: {managedDevice: true}}}}
""",
    ),
    Rule(
        "QG509",
        "test-unlike-production",
        Severity.WARNING,
        "A test environment has weaker controls than the tenant's production.",
        "What was tested without the controls fails, or worse works, when they are switched on.",
        "give the tier `test` the floors of `production`",
        ("tenant-isolation", "assessment"),
        _TIERS,
        _unlike_production,
        bad="""
kind: Tenant
metadata: {name: atlas}
spec: {environments: {production: {floors: {countries: [DE]}}}}
""",
        good="""
kind: Tenant
metadata: {name: atlas}
spec: {floors: {countries: [DE]}}
""",
    ),
    Rule(
        "QG510",
        "production-by-the-way",
        Severity.WARNING,
        "A binding lets a group run jobs in production without naming it.",
        "Production is restricted to approved projects; a binding on the whole tenant also covers "
        "every environment that is added later.",
        "bind the role on each environment, and on production just-in-time",
        ("least-privilege", "tenant-isolation"),
        _TIERS,
        _wholesale_production,
        bad="""
kind: Tenant
metadata: {name: atlas}
spec: {bindings: [{group: atlas-developers, role: developer, on: "*"}]}
""",
        good="""
kind: Tenant
metadata: {name: atlas}
spec:
  bindings:
    - {group: atlas-developers, role: developer, on: sandbox}
    - {group: atlas-developers, role: developer, on: test}
    - group: atlas-developers
      role: developer
      on: production/chem
      eligible: {approvers: atlas-leads, maxDuration: 4h, ticket: required}
""",
    ),
    Rule(
        "QG511",
        "production-only",
        Severity.WARNING,
        "A tenant has production and neither a sandbox nor a test environment.",
        "People experiment where they can; without a sandbox that is production.",
        "add an environment of tier `sandbox` or `test`",
        ("tenant-isolation",),
        "30-day foundation plan",
        _no_sandbox,
        bad="""
kind: Tenant
metadata: {name: atlas}
spec:
  environments: {sandbox: null, test: null}
  serviceAccounts: []
  bindings: []
""",
        good="""
kind: Tenant
metadata: {name: atlas}
spec:
  environments: {test: null}
  bindings: []
""",
    ),
    Rule(
        "QG512",
        "production-without-queue",
        Severity.WARNING,
        "A production environment with a QPU names no queue.",
        "Users should know when to expect execution and what happens when capacity is short.",
        "name the environment's `queue`",
        ("cost",),
        _QUEUES,
        _no_queue,
        bad="""
kind: Tenant
metadata: {name: atlas}
spec: {environments: {production: {queue: null}}}
""",
        good="""
kind: Tenant
metadata: {name: atlas}
spec: {environments: {production: {queue: research}, sandbox: {queue: research}}}
""",
    ),
    Rule(
        "QG513",
        "sandbox-before-production",
        Severity.WARNING,
        "Sandbox jobs have a higher priority than production's.",
        "Work is prioritized by business need, not by who shouts loudest.",
        "put the sandbox into a queue of lower priority",
        ("cost",),
        _QUEUES,
        _queue_order,
        bad="""
kind: Tenant
metadata: {name: atlas}
spec: {environments: {sandbox: {queue: governed}, production: {queue: research}}}
""",
        good="""
kind: Tenant
metadata: {name: atlas}
spec: {environments: {sandbox: {queue: governed}, production: {queue: governed}}}
""",
    ),
    Rule(
        "QG514",
        "external-standing-production",
        Severity.ERROR,
        "External collaborators run production jobs all the time.",
        "People of another directory leave without this organization hearing of it.",
        "make the binding just-in-time, or keep it out of production",
        ("tenant-isolation", "just-in-time", "joiner-mover-leaver"),
        _SINGLE,
        _external,
        bad="""
kind: Tenant
metadata: {name: atlas}
spec: {bindings: [{group: partner-lab, role: developer, on: production}]}
""",
        good="""
kind: Tenant
metadata: {name: atlas}
spec:
  bindings:
    - {group: partner-lab, role: developer, on: sandbox}
    - group: partner-lab
      role: developer
      on: production/chem
      eligible: {approvers: atlas-leads, maxDuration: 4h, ticket: required}
""",
    ),
    Rule(
        "QG515",
        "regulated-tenant-shared",
        Severity.WARNING,
        "A tenant with regulated data is shared.",
        "Legal separation is clear when groups, stores and queues are the tenant's alone.",
        "set `isolation: dedicated`",
        ("tenant-isolation", "classification"),
        _SINGLE,
        _regulated_shared,
        bad="""
kind: Tenant
metadata: {name: borealis}
spec: {classification: regulated}
""",
        good="""
kind: Tenant
metadata: {name: borealis}
spec: {classification: regulated, isolation: dedicated}
""",
    ),
    Rule(
        "QG516",
        "project-without-users",
        Severity.INFO,
        "Nobody may run jobs in a project.",
        "The request was granted up to the last step; its people wait for a binding.",
        "bind a group that may submit, or remove the project",
        ("joiner-mover-leaver",),
        "Onboarding workflows that scale",
        _nobody_submits,
        bad="""
kind: Tenant
metadata: {name: borealis}
spec: {environments: {sandbox: {projects: [demo, next]}},
       bindings: [{group: borealis-developers, role: developer, on: sandbox/demo}]}
""",
        good="""
kind: Tenant
metadata: {name: borealis}
spec: {environments: {sandbox: {projects: [demo, next]}}}
""",
    ),
)
"""Rules about isolation, tiers, production and queues."""
