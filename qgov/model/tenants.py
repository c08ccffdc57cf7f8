"""Tenants, their environments and workloads, and what they claim for themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Literal, NamedTuple

from qgov.language.documents import Document
from qgov.language.kinds.azure import AzureWorkspace
from qgov.language.kinds.clouds import IbmInstance
from qgov.language.kinds.tenant import AwsAccount, Retention, RetentionPlan, TenantSpec
from qgov.language.kinds.tenant import Environment as EnvironmentSpec
from qgov.model import principal
from qgov.model.access_model import (
    AccessModel,
    Environment,
    Exclusive,
    Organization,
    Tenant,
    Workload,
)
from qgov.model.conditions import Conditions
from qgov.model.fact import Fact
from qgov.model.resolve import Resolver
from qgov.model.scope import EVERYWHERE

__all__ = [
    "VENDORS",
    "Claims",
    "aws_accounts",
    "azure_workspaces",
    "claims_of",
    "cloud_accounts",
    "environments_of",
    "exclusives_of",
    "ibm_accounts",
    "ibm_instances",
    "link_tenant",
    "link_workloads",
    "retention_of",
    "scope_defined",
]

VENDORS: Final = {
    "ionq": "IonQ",
    "quantinuum": "Quantinuum Nexus",
    "iqm": "IQM Resonance",
    "rigetti": "Rigetti QCS",
}
"""The vendors whose own services are clouds, by the field of `clouds`."""


def link_tenant(
    document: Document, organization: Organization, org_issuers: tuple[str, ...], names: Resolver
) -> Tenant:
    """One tenant with its floors folded; `org_issuers` sign in for organization-wide roles."""
    spec = document.spec
    for name, _, at in [*aws_accounts(spec)[1:], *azure_workspaces(spec)[1:]]:
        names.defined("environment", name, spec.environments, document, "spec", "clouds", *at)
    for _, instance, at in ibm_instances(spec):
        for index, name in enumerate(instance.environments):
            path: tuple[str | int, ...] = ("spec", "clouds", *at, "environments", index)
            names.defined("environment", name, spec.environments, document, *path)
    provider = organization.providers.get(spec.identity_provider)
    own = names.conditions(spec.floors, document, "spec", "floors")
    floor = names.both(organization.floor, own)
    issuers = {provider.value.issuer} if provider else set()
    return Tenant(
        name=document.name,
        provider=spec.identity_provider,
        issuers=tuple(sorted(issuers | set(org_issuers))),
        residency=tuple(sorted(set(spec.residency))),
        isolation=spec.isolation,
        floor=floor,
        environments=_environments(document, organization, floor, names),
        spec=spec,
        metadata=document.metadata,
        source=Fact(document.name, spec, document, ("spec",)),
    )


def retention_of(plan: RetentionPlan) -> list[tuple[str, Retention]]:
    """The classes of records that a plan names, as (language name, retention)."""
    named = (
        ("inputs", plan.inputs),
        ("results", plan.results),
        ("executionLogs", plan.execution_logs),
        ("auditLogs", plan.audit_logs),
    )
    return [(name, retention) for name, retention in named if retention is not None]


def _environments(
    document: Document, organization: Organization, floor: Conditions, names: Resolver
) -> dict[str, Environment]:
    found: dict[str, Environment] = {}
    for name, spec in sorted(document.spec.environments.items()):
        path = ("spec", "environments", name)
        tier = organization.tier_floors.get(spec.tier, organization.floor)
        own = names.conditions(spec.floors, document, *path, "floors")
        found[name] = Environment(
            name=name,
            scope=f"{document.name}/{name}",
            tier=spec.tier,
            backends=tuple(sorted({b for b in spec.backends if b in organization.backends})),
            projects=tuple(sorted(set(spec.project_names))),
            queue=spec.queue,
            floor=names.both(tier, floor) & own,
            source=Fact(name, spec, document, path),
            residency=_residency(spec, document.spec.residency),
        )
    return found


def _residency(spec: EnvironmentSpec, whole: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Project → the jurisdictions that it and its tenant allow, where it says any."""
    return {
        project.name: tuple(sorted({*whole} & {*project.residency}))
        for project in sorted(spec.projects, key=lambda each: each.name)
        if project.residency is not None
    }


def link_workloads(document: Document, tenant: Tenant) -> dict[str, Workload]:
    """The tenant's service accounts by `tenant/name`."""
    found: dict[str, Workload] = {}
    for index, account in enumerate(document.spec.service_accounts):
        id_ = f"{tenant.name}/{account.name}"
        federation = account.federation
        found[id_] = Workload(
            id=id_,
            tenant=tenant.name,
            issuer=federation.issuer if federation else None,
            audience=federation.audience if federation else None,
            subject=federation.subject if federation else None,
            max_token_age_s=account.max_token_lifetime,
            spec=account,
            source=Fact(account.name, account, document, ("spec", "serviceAccounts", index)),
        )
    return found


class Claims(NamedTuple):
    """What a token says of a workload: its `iss`, an `aud`, and its `sub`, in which `*` stands
    for any text."""

    issuer: str
    audience: str
    subject: str


def claims_of(model: AccessModel, workload: Workload) -> tuple[Claims, ...]:
    """The tokens that a workload is known by: that of its own issuer, then the one that its
    tenant's Keycloak gives to its client, whose name stands for the `sub`. None without
    federation: nothing proves who it is to Keycloak either."""
    if workload.issuer is None or workload.audience is None or workload.subject is None:
        return ()
    own = Claims(workload.issuer, workload.audience, workload.subject)
    home = model.organization.providers.get(model.tenants[workload.tenant].provider)
    if home is None or home.value.type != "keycloak":
        return (own,)
    return own, Claims(home.value.issuer, home.value.audience, principal.workload(workload.id))


def scope_defined(
    scope: str,
    tenants: Mapping[str, Tenant],
    names: Resolver,
    source: Document,
    *path: str | int,
) -> bool:
    """Whether every label of an absolute scope, written at `path` of `source`, exists;
    `*` labels always do."""
    tenant_name, *rest = scope.split("/")
    if tenant_name == EVERYWHERE:
        return True
    if not names.defined("tenant", tenant_name, tenants, source, *path):
        return ("Tenant", tenant_name) in names.elsewhere
    environments = tenants[tenant_name].environments
    if rest and rest[0] != EVERYWHERE:
        if not names.defined("environment", rest[0], environments, source, *path):
            return False
        environments = {rest[0]: environments[rest[0]]}
    if len(rest) > 1 and rest[1] != EVERYWHERE:
        projects = {p for e in environments.values() for p in e.projects}
        return names.defined("project", rest[1], projects, source, *path)
    return True


def exclusives_of(tenant: Tenant) -> list[Exclusive]:
    """The cloud accounts that the tenant says are its own."""
    document = tenant.source.source
    return [
        Exclusive(what, key, tenant.name, Fact(key, None, document, path))
        for what, key, path in cloud_accounts(tenant.spec)
    ]


def aws_accounts(spec: TenantSpec) -> list[tuple[str, AwsAccount, tuple[str, ...]]]:
    """(environment, account, where below `clouds`) of each AWS account of a tenant; that of all
    environments without one of their own comes first and has no name."""
    braket = spec.clouds.braket
    if braket is None:
        return []
    at = ("braket", "environments")
    inside = sorted(braket.environments.items())
    return [("", braket, at[:1]), *((name, account, (*at, name)) for name, account in inside)]


def azure_workspaces(spec: TenantSpec) -> list[tuple[str, AzureWorkspace, tuple[str, ...]]]:
    """(environment, workspace, where below `clouds`) of each Azure Quantum workspace of a tenant,
    as `aws_accounts` has them."""
    azure = spec.clouds.azure
    if azure is None:
        return []
    at = ("azure", "environments")
    inside = sorted(azure.environments.items())
    return [("", azure, at[:1]), *((name, each, (*at, name)) for name, each in inside)]


def environments_of(
    tenant: Tenant, account: str, cloud: Literal["braket", "azure"] = "braket"
) -> list[Environment]:
    """The environments whose jobs run in an account (or workspace) of a tenant, which is called
    like the environment that has it for its own, or nothing."""
    if account:
        found = tenant.environments.get(account)
        return [found] if found else []
    clouds = tenant.spec.clouds
    place = clouds.braket if cloud == "braket" else clouds.azure
    own = place.environments if place else {}
    return [each for name, each in tenant.environments.items() if name not in own]


def ibm_instances(spec: TenantSpec) -> list[tuple[str, IbmInstance, tuple[str, ...]]]:
    """(name, instance, where below `clouds`) of each IBM Quantum instance of a tenant; the first
    one has no name."""
    ibm = spec.clouds.ibm
    if ibm is None:
        return []
    at = ("ibm", "instances")
    further = sorted(ibm.instances.items())
    return [("", ibm, at[:1]), *((name, instance, (*at, name)) for name, instance in further)]


def ibm_accounts(spec: TenantSpec) -> list[str]:
    """The IBM Cloud accounts that the instances of a tenant belong to."""
    crns = (instance.instance for _, instance, _ in ibm_instances(spec))
    return sorted({crn.split(":")[6].removeprefix("a/") for crn in crns})


def cloud_accounts(spec: TenantSpec) -> list[tuple[str, str, tuple[str, ...]]]:
    """(what, key, where in the document) of every cloud account that a tenant names."""
    clouds, found = spec.clouds, []
    for _, account, at in aws_accounts(spec):
        found.append(("AWS account", account.account, (*at, "account")))
        if account.results_bucket is not None:
            found.append(("S3 bucket", account.results_bucket, (*at, "resultsBucket")))
    for _, azure, at in azure_workspaces(spec):
        group = f"{azure.subscription}/{azure.resource_group}".lower()
        key = f"{group}/{azure.workspace}".lower()
        found.append(("Azure Quantum workspace", key, (*at, "workspace")))
        found.append(("Azure resource group", group, (*at, "resourceGroup")))
        for field, name in (
            ("storageAccount", azure.storage_account),
            ("auditStorageAccount", azure.audit_storage_account),
        ):
            if name is not None:
                found.append(("Azure storage account", name, (*at, field)))
    for _, instance, at in ibm_instances(spec):
        found.append(("IBM Quantum instance", instance.instance, (*at, "instance")))
    if clouds.google:
        found.append(("Google project", clouds.google.project, ("google", "project")))
    for cloud, title in VENDORS.items():
        own = getattr(clouds, cloud)
        if own is not None:
            found.append((f"{title} project", own.project, (cloud, "project")))
    return [(what, key, ("spec", "clouds", *path)) for what, key, path in found]
