"""Documents to the AccessModel: `link` is the model stage's one function."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from pydantic.alias_generators import to_camel

from qgov.finding import Finding, Origin
from qgov.language.documents import Document, Documents
from qgov.language.kinds.access_test import Case
from qgov.language.kinds.organization import Price as PriceSpec
from qgov.model.access_model import (
    AccessModel,
    AccessTest,
    Binding,
    Budget,
    Claim,
    Fact,
    Organization,
    Price,
    Role,
    Tenant,
    Workload,
)
from qgov.model.bindings import link_bindings, link_elevations
from qgov.model.budgets import link_budgets
from qgov.model.groups import link_groups
from qgov.model.renames import check_renames
from qgov.model.resolve import Resolver
from qgov.model.tenants import claims_of, link_tenant, link_workloads

__all__ = ["link"]


def link(
    documents: Documents, elsewhere: Collection[tuple[str, str]] = (), claims: Iterable[Claim] = ()
) -> tuple[AccessModel | None, list[Finding]]:
    """Resolve names and fold floors.

    `elsewhere` and `claims` speak for documents that were not loaded because a change
    does not touch them. Returns no model when there is no one Organization to hold it.
    """
    names = Resolver(
        {*documents.broken, *elsewhere},
        groups_known="Tenant" not in {kind for kind, _ in documents.broken},
    )
    by_kind = _by_kind(documents.valid, names)
    organizations = list(by_kind.get("Organization", {}).values())
    if len(organizations) != 1:
        if ("Organization" not in {kind for kind, _ in documents.broken}) or organizations:
            origin = organizations[1].start if organizations else Origin("qgov.yaml")
            names.refuse(
                "QG218",
                f"there are {len(organizations)} Organization documents, expected one",
                origin,
                "keep one, in qgov.yaml",
                "",
            )
        return None, names.findings
    organization = _organization(organizations[0], names)
    roles = {d.name: _role(d, names, by_kind.get("Role", {})) for d in _of(by_kind, "Role")}

    tenants: dict[str, Tenant] = {}
    workloads: dict[str, Workload] = {}
    org_issuers = tuple(sorted({p.value.issuer for p in _organization_providers(organization)}))
    for document in _of(by_kind, "Tenant"):
        tenant = link_tenant(document, organization, org_issuers, names)
        tenants[tenant.name] = tenant
        workloads |= link_workloads(document, tenant, names)
    for workload in workloads.values():
        if (static := workload.spec.static_credential) is not None:
            _secret_defined(
                static.secret,
                organization,
                names,
                workload.source.source,
                *workload.source.path,
                "staticCredential",
                "secret",
            )

    groups = link_groups(organization, tenants, names, claims)
    check_renames(by_kind, organization, tenants, groups, names)
    bindings = link_bindings(organization, tenants, workloads, roles, groups, names)
    budgets = link_budgets(
        _of(by_kind, "Budget"), _of(by_kind, "BudgetException"), tenants, groups, names
    )
    elevations = link_elevations(_of(by_kind, "Elevation"), bindings, tenants, roles, names)
    model = AccessModel(
        organization=organization,
        roles=roles,
        groups=groups,
        tenants=tenants,
        workloads=workloads,
        bindings=bindings,
        elevations=elevations,
        budgets=budgets,
        budget_exceptions=tuple(
            Fact(d.name, d.spec, d, ("spec",)) for d in _of(by_kind, "BudgetException")
        ),
        waivers=_waivers(_of(by_kind, "Waiver"), by_kind, names),
        reviews=_reviews(_of(by_kind, "AccessReview"), tenants, groups, names),
        tests=_tests(_of(by_kind, "AccessTest"), organization, groups, workloads, budgets, names),
        claims=tuple(
            sorted(
                {
                    *claims,
                    *(c for t in tenants.values() for c in claims_of(t)),
                    *_group_claims(bindings),
                },
                key=lambda c: (c.what, c.key, c.tenant),
            )
        ),
        documents=documents.valid,
    )
    return model, names.findings


def _by_kind(documents: Iterable[Document], names: Resolver) -> dict[str, dict[str, Document]]:
    found: dict[str, dict[str, Document]] = {}
    for document in documents:
        first = found.setdefault(document.kind, {}).setdefault(document.name, document)
        if first is not document:
            names.refuse(
                "QG217",
                f"{document.id} is defined twice (first at {first.start})",
                document.at("metadata", "name"),
                "rename or remove one",
                document.id,
            )
    return found


def _of(by_kind: Mapping[str, Mapping[str, Document]], kind: str) -> list[Document]:
    return [document for _, document in sorted(by_kind.get(kind, {}).items())]


def _facts(document: Document, field: str, values: Mapping[str, Any]) -> dict[str, Fact[Any]]:
    return {
        name: Fact(name, values[name], document, ("spec", field, name)) for name in sorted(values)
    }


def _organization(document: Document, names: Resolver) -> Organization:
    spec = document.spec
    names.use_currency(spec)
    floor = names.conditions(spec.floors, document, "spec", "floors")
    organization = Organization(
        name=document.name,
        floor=floor,
        tier_floors={
            name: names.conditions(
                spec.tiers[name].floors, document, "spec", "tiers", name, "floors"
            )
            for name in sorted(spec.tiers)
        },
        providers=_facts(document, "identityProviders", spec.identity_providers),
        backends=_facts(document, "backends", spec.backends),
        backend_limits={
            name: names.limits(backend.limits, document, "spec", "backends", name, "limits")
            for name, backend in sorted(spec.backends.items())
        },
        prices={
            name: _price(backend.price, names, document, "spec", "backends", name, "price")
            for name, backend in sorted(spec.backends.items())
            if backend.price is not None
        },
        queues=_facts(document, "queues", spec.queues),
        stores=_facts(document, "stores", spec.stores),
        secrets_managers=_facts(document, "secretsManagers", spec.secrets_managers),
        audit_sinks=_facts(document, "auditSinks", spec.audit_sinks),
        frameworks={
            name: Fact(name, value, document, ("spec", "compliance", "frameworks", name))
            for name, value in sorted(spec.compliance.frameworks.items())
        },
        vendors=_facts(document, "vendors", spec.vendors),
        never=_guardrails(document, "never"),
        always=_guardrails(document, "always"),
        spec=spec,
        metadata=document.metadata,
        source=Fact(document.name, spec, document, ("spec",)),
    )
    _check_organization(organization, names)
    return organization


def _price(price: PriceSpec, names: Resolver, document: Document, *path: str) -> Price:
    def micros(field: str) -> int:
        amount = getattr(price, field)
        return 0 if amount is None else names.micros(amount, document, *path, to_camel(field))

    hours = {"per_second": 3600, "per_minute": 60, "per_hour": 1}
    return Price(
        per_task_micros=micros("per_task"),
        per_shot_micros=micros("per_shot"),
        per_hour_micros=sum(micros(field) * many for field, many in hours.items()),
        minimum_micros=micros("minimum"),
    )


def _guardrails(document: Document, kind: str) -> tuple[Fact[Any], ...]:
    return tuple(
        Fact(rail.name, rail, document, ("spec", "guardrails", kind, index))
        for index, rail in enumerate(getattr(document.spec.guardrails, kind))
    )


def _check_organization(organization: Organization, names: Resolver) -> None:
    document, backends = organization.source.source, organization.backends
    for backend in backends.values():
        names.defined(
            "vendor", backend.value.vendor, organization.vendors, document, *backend.path, "vendor"
        )
    for sink in organization.audit_sinks.values():
        if sink.value.store is not None:
            names.defined(
                "store", sink.value.store, organization.stores, document, *sink.path, "store"
            )
        if sink.value.credential is not None:
            _secret_defined(
                sink.value.credential, organization, names, document, *sink.path, "credential"
            )
    for rail in (*organization.never, *organization.always):
        for index, backend_name in enumerate(rail.value.backends):
            names.defined(
                "backend", backend_name, backends, document, *rail.path, "backends", index
            )


def _secret_defined(
    reference: str,
    organization: Organization,
    names: Resolver,
    source: Document,
    *path: str | int,
) -> None:
    """A `secret://manager/path` names a declared secrets manager."""
    manager = reference.removeprefix("secret://").partition("/")[0]
    names.defined("secrets manager", manager, organization.secrets_managers, source, *path)


def _organization_providers(organization: Organization) -> list[Fact[Any]]:
    """The providers whose people hold organization-wide bindings."""
    spec, providers = organization.spec, organization.providers
    default = min(spec.identity_providers)
    wanted = set()
    for binding in spec.bindings:
        declared = spec.groups.get(binding.group or "")
        wanted.add((declared and declared.identity_provider) or default)
    return [providers[name] for name in sorted(wanted) if name in providers]


def _role(document: Document, names: Resolver, roles: Collection[str]) -> Role:
    spec = document.spec
    permissions: dict[str, bool] = {}
    for entry in sorted(spec.permissions):
        base = entry.removesuffix(":own")
        permissions[base] = entry.endswith(":own") and permissions.get(base, True)
    for index, other in enumerate(spec.conflicts_with):
        names.defined("role", other, roles, document, "spec", "conflictsWith", index, kind="Role")
    return Role(
        name=document.name,
        permissions=permissions,
        requires=names.conditions(spec.requires, document, "spec", "requires"),
        conflicts_with=tuple(sorted(spec.conflicts_with)),
        privileged=spec.privileged,
        metadata=document.metadata,
        source=Fact(document.name, spec, document, ("spec",)),
    )


def _waivers(
    documents: Iterable[Document], by_kind: Mapping[str, Mapping[str, Document]], names: Resolver
) -> tuple[Fact[Any], ...]:
    known = {d.id for found in by_kind.values() for d in found.values()}
    for document in documents:
        kind, _, name = document.spec.document.partition("/")
        if (kind, name) not in names.elsewhere:
            names.defined("document", document.spec.document, known, document, "spec", "document")
    return tuple(Fact(d.name, d.spec, d, ("spec",)) for d in documents)


def _reviews(
    documents: Iterable[Document],
    tenants: Mapping[str, Tenant],
    groups: Mapping[str, Any],
    names: Resolver,
) -> tuple[Fact[Any], ...]:
    from qgov.model.tenants import scope_defined

    for document in documents:
        scope_defined(document.spec.scope, tenants, names, document, "spec", "scope")
        names.defined("group", document.spec.reviewers, groups, document, "spec", "reviewers")
    return tuple(Fact(d.name, d.spec, d, ("spec",)) for d in documents)


def _tests(
    documents: Iterable[Document],
    organization: Organization,
    groups: Mapping[str, Any],
    workloads: Mapping[str, Workload],
    budgets: Mapping[str, Budget],
    names: Resolver,
) -> tuple[AccessTest, ...]:
    found: list[AccessTest] = []
    for document in documents:
        for index, case in enumerate(document.spec.cases):
            path = ("spec", "cases", index)
            for at, group in enumerate(case.subject.groups):
                names.defined("group", group, groups, document, *path, "subject", "groups", at)
            workload = case.subject.workload
            if (
                workload is not None
                and ("Tenant", workload.partition("/")[0]) not in names.elsewhere
            ):
                names.defined(
                    "workload", workload, workloads, document, *path, "subject", "workload"
                )
            if case.resource.backend is not None:
                names.defined(
                    "backend",
                    case.resource.backend,
                    organization.backends,
                    document,
                    *path,
                    "resource",
                    "backend",
                )
            _check_job(case, document, path, groups, budgets, names)
            found.append(
                AccessTest(document.name, index, case, Fact(case.name, case, document, path))
            )
    return tuple(found)


def _check_job(
    case: Case,
    document: Document,
    path: tuple[str | int, ...],
    groups: Collection[str],
    budgets: Collection[str],
    names: Resolver,
) -> None:
    """The budgets and groups that a case names exist, and its amounts can be compared."""
    given, at = case.context, (*path, "context")
    if given.job.cost is not None:
        names.micros(given.job.cost, document, *at, "job", "cost")
    for field, named in (("spent", given.spent), ("used", given.used)):
        for name in named:
            names.defined("budget", name, budgets, document, *at, field, name, kind="Budget")
    for name, money in given.spent.items():
        names.micros(money, document, *at, "spent", name)
    for index, approval in enumerate(given.approvals):
        names.defined("group", approval.group, groups, document, *at, "approvals", index, "group")
        names.micros(approval.up_to, document, *at, "approvals", index, "upTo")


def _group_claims(bindings: Iterable[Binding]) -> list[Claim]:
    first: dict[tuple[str, str], Binding] = {}
    for binding in bindings:
        if binding.principal.startswith("group:") and binding.source.source.kind == "Tenant":
            first.setdefault((binding.principal, binding.source.source.name), binding)
    return [
        Claim("group", principal.removeprefix("group:"), tenant, binding.source)
        for (principal, tenant), binding in first.items()
    ]
