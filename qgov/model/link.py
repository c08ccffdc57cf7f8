"""Documents to the AccessModel: `link` is the model stage's one function."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from operator import is_
from typing import Any, Final

from qgov.finding import Finding, Origin
from qgov.language.documents import Document, Documents
from qgov.language.kinds.access_test import Case
from qgov.model.access_model import (
    AccessModel,
    AccessTest,
    Binding,
    Exclusive,
    Role,
    Tenant,
    Workload,
)
from qgov.model.bindings import link_bindings, link_elevations
from qgov.model.budgets import link_budgets
from qgov.model.fact import Fact
from qgov.model.groups import link_groups
from qgov.model.organization import issuers_everywhere, link_organization
from qgov.model.principal import Principal, is_group, name_of
from qgov.model.references import resolve
from qgov.model.renames import check_renames
from qgov.model.resolve import UNDEFINED, Resolver
from qgov.model.tenants import exclusives_of, link_tenant, link_workloads, scope_defined
from qgov.records import replace

__all__ = ["link", "link_roles"]

_ByKind = Mapping[str, Mapping[str, Document]]


def link(
    documents: Documents,
    elsewhere: Collection[tuple[str, str]] = (),
    exclusives: Collection[Exclusive] = (),
) -> tuple[AccessModel | None, list[Finding]]:
    """Resolve names and fold floors.

    `elsewhere` and `exclusives` speak for documents that were not loaded because a change does
    not touch them. Returns no model without the one Organization that holds it, or where a
    document is there only in part: of that, only its names are told.
    """
    broken = {kind for kind, _ in documents.broken}
    names = Resolver(
        {*documents.broken, *elsewhere},
        groups_known=broken.isdisjoint({"Organization", "Tenant"}),
        collections_known="Organization" not in broken,
    )
    by_kind = _by_kind((*documents.valid, *documents.partial), names)
    organizations = list(by_kind.get("Organization", {}).values())
    if len(organizations) != 1:
        if "Organization" not in broken or organizations:
            origin = organizations[1].start if organizations else Origin("qgov.yaml")
            names.refuse(
                "QG218",
                f"there are {len(organizations)} Organization documents, expected one",
                origin,
                "keep one, in qgov.yaml",
                "",
            )
        return None, names.findings
    organization = link_organization(organizations[0], names)
    roles = {d.name: _role(d, names) for d in _of(by_kind, "Role")}
    tenants: dict[str, Tenant] = {}
    workloads: dict[str, Workload] = {}
    issuers = issuers_everywhere(organization)
    for document in _of(by_kind, "Tenant"):
        tenants[document.name] = link_tenant(document, organization, issuers, names)
        workloads |= link_workloads(document, tenants[document.name], names)
    groups = link_groups(organization, tenants, names, exclusives)
    check_renames(by_kind, organization, tenants, groups, names)
    bindings = link_bindings(organization, tenants, workloads, roles, groups, names)
    exceptions = _of(by_kind, "BudgetException")
    budgets = link_budgets(_of(by_kind, "Budget"), exceptions, tenants, names)
    resolve(
        (d for _, found in sorted(by_kind.items()) for d in found.values()),
        {
            "identity provider": organization.providers,
            "vendor": organization.vendors,
            "store": organization.stores,
            "secrets manager": organization.secrets_managers,
            "backend": organization.backends,
            "queue": organization.queues,
            "framework": organization.frameworks,
            "role": roles,
            "group": groups,
            "budget": budgets,
        },
        names,
    )
    model = AccessModel(
        organization=organization,
        roles=roles,
        groups=groups,
        tenants=tenants,
        workloads=workloads,
        bindings=bindings,
        elevations=link_elevations(_of(by_kind, "Elevation"), bindings, tenants, roles, names),
        budgets=budgets,
        budget_exceptions=tuple(Fact(d.name, d.spec, d, ("spec",)) for d in exceptions),
        waivers=_waivers(by_kind, names),
        reviews=_reviews(by_kind, tenants, names),
        tests=_tests(by_kind, tenants, workloads, names),
        exclusives=tuple(
            sorted(
                {
                    *exclusives,
                    *(own for tenant in tenants.values() for own in exclusives_of(tenant)),
                    *_bound_groups(bindings),
                },
                key=lambda e: (e.what, e.key, e.tenant),
            )
        ),
        documents=documents.valid,
    )
    if documents.partial:
        parts = {document.id for document in documents.partial}
        told = [f for f in names.findings if f.document not in parts or f.code in _OF_NAMES]
        return None, told
    return model, names.findings


def link_roles(model: AccessModel, documents: Documents) -> AccessModel | None:
    """The model of documents that differ from a model's in nothing but what its roles say, which
    shares with it all that roles do not decide; None where they differ in more, or a role has
    anything wrong with it: then `link` says so. The model must have been linked without a finding.
    """
    if documents.broken or documents.partial or not _differ_in_roles(model, documents):
        return None
    names = Resolver(())
    names.use_currency(model.organization.spec)
    found = {d.name: d for d in documents.valid if d.kind == "Role"}
    roles = {name: _role(found[name], names) for name in sorted(found)}
    check_renames({"Role": found}, model.organization, {}, model.groups, names)
    resolve(found.values(), {"role": roles}, names)
    return None if names.findings else replace(model, roles=roles, documents=documents.valid)


def _differ_in_roles(model: AccessModel, documents: Documents) -> bool:
    """Whether what is no role is the same, in the same order, and the roles have the same names,
    each once."""
    old, new = (
        [d for d in found if d.kind != "Role"] for found in (model.documents, documents.valid)
    )
    names = sorted(d.name for d in documents.valid if d.kind == "Role")
    return len(old) == len(new) and all(map(is_, old, new)) and names == sorted(model.roles)


_OF_NAMES: Final = frozenset({*UNDEFINED.values(), "QG217"})


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


def _of(by_kind: _ByKind, kind: str) -> list[Document]:
    return [document for _, document in sorted(by_kind.get(kind, {}).items())]


def _role(document: Document, names: Resolver) -> Role:
    spec = document.spec
    permissions: dict[str, bool] = {}
    for entry in sorted(spec.permissions):
        base = entry.removesuffix(":own")
        permissions[base] = entry.endswith(":own") and permissions.get(base, True)
    return Role(
        name=document.name,
        permissions=permissions,
        requires=names.conditions(spec.requires, document, "spec", "requires"),
        conflicts_with=tuple(sorted(spec.conflicts_with)),
        privileged=spec.privileged,
        metadata=document.metadata,
        source=Fact(document.name, spec, document, ("spec",)),
    )


def _waivers(by_kind: _ByKind, names: Resolver) -> tuple[Fact[Any], ...]:
    known = {d.id for found in by_kind.values() for d in found.values()}
    documents = _of(by_kind, "Waiver")
    for document in documents:
        kind, _, name = document.spec.document.partition("/")
        if (kind, name) not in names.elsewhere:
            names.defined("document", document.spec.document, known, document, "spec", "document")
    return tuple(Fact(d.name, d.spec, d, ("spec",)) for d in documents)


def _reviews(
    by_kind: _ByKind, tenants: Mapping[str, Tenant], names: Resolver
) -> tuple[Fact[Any], ...]:
    documents = _of(by_kind, "AccessReview")
    for document in documents:
        scope_defined(document.spec.scope, tenants, names, document, "spec", "scope")
    return tuple(Fact(d.name, d.spec, d, ("spec",)) for d in documents)


def _tests(
    by_kind: _ByKind,
    tenants: Mapping[str, Tenant],
    workloads: Mapping[str, Workload],
    names: Resolver,
) -> tuple[AccessTest, ...]:
    found: list[AccessTest] = []
    for document in _of(by_kind, "AccessTest"):
        for index, case in enumerate(document.spec.cases):
            test = Fact(case.name, case, document, ("spec", "cases", index))
            workload = case.subject.workload
            if (
                workload is not None
                and ("Tenant", workload.partition("/")[0]) not in names.elsewhere
            ):
                path = (*test.path, "subject", "workload")
                names.defined("workload", workload, workloads, document, *path)
            if "scope-unknown" not in case.reasons:
                # A case that expects this is about a place that is not there.
                path = (*test.path, "resource", "scope")
                scope_defined(case.resource.scope, tenants, names, document, *path)
            _check_money(test, names)
            found.append(AccessTest(document.name, index, case, test))
    return tuple(found)


def _check_money(test: Fact[Case], names: Resolver) -> None:
    """The amounts that a case names can be compared."""
    given, at = test.value.context, (*test.path, "context")
    if given.job.cost is not None:
        names.micros(given.job.cost, test.source, *at, "job", "cost")
    for name, money in given.spent.items():
        names.micros(money, test.source, *at, "spent", name)
    for index, approval in enumerate(given.approvals):
        names.micros(approval.up_to, test.source, *at, "approvals", index, "upTo")


def _bound_groups(bindings: Iterable[Binding]) -> list[Exclusive]:
    """The groups that tenants bind, each where its tenant does so first."""
    first: dict[tuple[Principal, str], Binding] = {}
    for binding in bindings:
        if is_group(binding.principal) and binding.source.source.kind == "Tenant":
            first.setdefault((binding.principal, binding.source.source.name), binding)
    return [
        Exclusive("group", name_of(principal), tenant, binding.source)
        for (principal, tenant), binding in first.items()
    ]
