"""What each quantum cloud makes of the configuration: QG95x and QG96x."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from qgov.checks import guide
from qgov.checks.facts import PRODUCTION, backend_place, environments, found_at, ticks
from qgov.checks.rule import Found, rule
from qgov.finding import Severity
from qgov.model.access_model import AccessModel, Claim, Tenant

_CLOUDS: Final = ("braket", "azure", "ibm", "google")
_BUCKET_PREFIX: Final = "amazon-braket-"


@rule("QG951", Severity.ERROR, "tenant-isolation", "cost", guide=guide.ISOLATION)
def account_of_two_tenants(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """Two tenants share one AWS account, Azure workspace, IBM instance or Google project.

    Inside the unit there is no boundary: on IBM anybody who may write can cancel others' jobs,
    on Google everybody in the project reads every result, and Braket's spending limits are per
    account.

    Remedy: give each tenant an account, workspace, instance or project of its own.
    """
    known: dict[tuple[str, str], list[Claim]] = defaultdict(list)
    for claim in model.claims:
        if claim.what != "group":
            known[claim.what, claim.key].append(claim)
    for claims in known.values():
        tenants = sorted({claim.tenant for claim in claims})
        for claim in claims if len(tenants) > 1 else ():
            others = ticks([name for name in tenants if name != claim.tenant])
            yield Found(
                claim.origin,
                f"the {claim.what} of `{claim.tenant}` is that of {others} too",
                f"Tenant/{claim.tenant}",
            )


@rule("QG952", Severity.ERROR, "secrets", "individual-identity", guide=guide.TOKENS)
def azure_access_keys(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """An Azure Quantum workspace accepts access keys.

    A connection string bypasses the identity of the person and every condition on it.

    Remedy: set `accessKeys: false`, and `apiKeyEnabled` to false in the workspace.
    """
    for tenant in model.tenants.values():
        azure = tenant.spec.clouds.azure
        if azure is not None and azure.access_keys:
            yield found_at(
                tenant.source,
                f"the workspace of `{tenant.name}` accepts access keys",
                "clouds",
                "azure",
                "accessKeys",
            )


@rule("QG953", Severity.ERROR, "least-privilege", "data-retention", guide=guide.DATA)
def braket_bucket_name(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """The bucket for Braket's results does not begin with `amazon-braket-`.

    Amazon's managed policies let Braket write to such buckets only.

    Remedy: rename the bucket.
    """
    for tenant in model.tenants.values():
        braket = tenant.spec.clouds.braket
        if (
            braket
            and braket.results_bucket
            and not braket.results_bucket.startswith(_BUCKET_PREFIX)
        ):
            yield found_at(
                tenant.source,
                f"Braket cannot write to `{braket.results_bucket}`",
                "clouds",
                "braket",
                "resultsBucket",
            )


@rule("QG954", Severity.WARNING, "tenant-isolation", "least-privilege", guide=guide.ISOLATION)
def ibm_name_in_name(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """The name of a group in an IBM tenant is a part of another's.

    IBM's dynamic rules compare claims with CONTAINS: who is in `chemlab` is in `lab` too.

    Remedy: rename one of the two.
    """
    names: dict[str, Tenant] = {}
    on_ibm = {name for name, t in model.tenants.items() if t.spec.clouds.ibm is not None}
    for name, group in model.groups.items():
        for tenant in group.tenants:
            if tenant in on_ibm:
                names[name] = model.tenants[tenant]
    # Every slice that is as long as some name, so that the work grows with the names alone.
    lengths = sorted({len(name) for name in names})
    for name in names:
        for length in (shorter for shorter in lengths if shorter < len(name)):
            for start in range(len(name) - length + 1):
                part = name[start : start + length]
                if part in names:
                    yield Found(
                        model.groups[part].origin,
                        f"`{part}` is a part of `{name}`",
                        _document_of(model, part, names[part]),
                    )


def _document_of(model: AccessModel, group: str, tenant: Tenant) -> str:
    elsewhere = model.groups[group].origin.path != tenant.source.source.path
    return model.organization.source.document if elsewhere else tenant.source.document


@rule("QG955", Severity.ERROR, "cost", guide=guide.COSTS)
def ibm_without_limit(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A pay-as-you-go IBM instance has no limit of its own.

    It is the only hard stop that the cloud knows, and bills 96 USD a minute without it.

    Remedy: set `instanceLimitSeconds`; it counts the instance's whole life.
    """
    for tenant in model.tenants.values():
        ibm = tenant.spec.clouds.ibm
        if ibm and ibm.plan == "pay-as-you-go" and ibm.instance_limit_seconds is None:
            yield found_at(
                tenant.source,
                f"the pay-as-you-go instance of `{tenant.name}` has no limit of its own",
                "clouds",
                "ibm",
                "plan",
            )


@rule("QG956", Severity.WARNING, "cost", "vendor-risk", guide=guide.TIERS)
def open_plan_in_production(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A tenant with production uses IBM's open plan.

    Ten minutes in 28 days and no support are for trying out.

    Remedy: order a paid plan for production.
    """
    for tenant in model.tenants.values():
        ibm = tenant.spec.clouds.ibm
        if (
            ibm
            and ibm.plan == "open"
            and any(e.tier == PRODUCTION for e in tenant.environments.values())
        ):
            yield found_at(
                tenant.source,
                f"`{tenant.name}` has production and IBM's open plan",
                "clouds",
                "ibm",
                "plan",
            )


@rule("QG957", Severity.INFO, "vendor-risk", "change-approval", guide=guide.API_FIRST)
def google_by_hand(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A tenant uses Google Quantum Engine, which is administered by hand.

    There are no public roles: a sponsor at Google lists people and grants processors, so
    neither Terraform nor drift detection sees it.

    Remedy: keep the request to the sponsor with the pull request, and review the list by hand.
    """
    for tenant in model.tenants.values():
        if tenant.spec.clouds.google is not None:
            yield found_at(
                tenant.source,
                f"Google's sponsor adds the people of `{tenant.name}` by hand",
                "clouds",
                "google",
            )


@rule("QG958", Severity.WARNING, "tenant-isolation", "cost", guide=guide.COMPONENTS)
def cloud_without_account(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A tenant uses a backend of a cloud in which it has no account.

    No Terraform is written for it, so the cloud's own controls stay as they are.

    Remedy: name the account in `clouds`.
    """
    remote = {
        n: b.value.cloud for n, b in model.organization.backends.items() if b.value.cloud != "local"
    }
    for tenant, environment in environments(model):
        for backend in environment.backends:
            if backend in remote and getattr(tenant.spec.clouds, remote[backend]) is None:
                yield found_at(
                    tenant.source,
                    f"`{tenant.name}` uses `{backend}` and has no account in `{remote[backend]}`",
                    *backend_place(tenant, environment, backend),
                )


@rule("QG960", Severity.INFO, "least-privilege", "vendor-risk", guide=guide.COMPONENTS)
def idle_cloud_account(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A tenant has an account in a cloud of which it uses no backend.

    What nobody uses, nobody watches.

    Remedy: remove the account, or name a backend of the cloud.
    """
    inside = {
        cloud: frozenset(
            n for n, b in model.organization.backends.items() if b.value.cloud == cloud
        )
        for cloud in _CLOUDS
    }
    for tenant in model.tenants.values():
        for cloud in _CLOUDS:
            if getattr(tenant.spec.clouds, cloud) is not None and all(
                inside[cloud].isdisjoint(e.backends) for e in tenant.environments.values()
            ):
                yield found_at(
                    tenant.source,
                    f"`{tenant.name}` has an account in `{cloud}` and uses no backend of it",
                    "clouds",
                    cloud,
                )


@rule("QG959", Severity.ERROR, "residency", guide=guide.VENDORS)
def ibm_other_region(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """An environment names an IBM backend in another region than the tenant's instance.

    An instance has one region; the job is refused by the cloud.

    Remedy: use a backend of the instance's region, or an instance in the other region.
    """
    region = {
        n: b.value.region for n, b in model.organization.backends.items() if b.value.cloud == "ibm"
    }
    for tenant in model.tenants.values():
        ibm = tenant.spec.clouds.ibm
        if ibm is None:
            continue
        for environment in tenant.environments.values():
            for backend in environment.backends:
                if region.get(backend, ibm.region) != ibm.region:
                    yield found_at(
                        tenant.source,
                        f"`{backend}` is in `{region[backend]}`, the "
                        f"instance of `{tenant.name}` in `{ibm.region}`",
                        *backend_place(tenant, environment, backend),
                    )


@rule("QG961", Severity.ERROR, "residency", "vendor-risk", guide=guide.VENDORS)
def braket_target_elsewhere(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """The target of a Braket backend is not a device ARN of the backend's region.

    The ARN decides where the job runs; the region is what residency was judged by.

    Remedy: copy the ARN from the device's page, and write its region into `region`.
    """
    for name, backend in model.organization.backends.items():
        target = backend.value.target
        if backend.value.cloud != "braket" or target is None:
            continue
        parts = target.split(":")
        if len(parts) < 6 or parts[:1] != ["arn"] or parts[2] != "braket":
            yield found_at(
                backend, f"the target of `{name}` is not the ARN of a Braket device", "target"
            )
        elif parts[3] not in ("", backend.value.region):
            yield found_at(
                backend,
                f"the target of `{name}` is in `{parts[3]}`, the backend in "
                f"`{backend.value.region}`",
                "target",
            )


@rule("QG962", Severity.INFO, "workload-identity", "secrets", guide=guide.TOKENS)
def ibm_without_federation(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A federated service account reaches backends of IBM, which takes no foreign tokens.

    Behind the gateway stands a long-lived key of a service id; somebody must rotate it.

    Remedy: keep the service id's key in the secrets manager, and rotate it.
    """
    ibm = {n for n, b in model.organization.backends.items() if b.value.cloud == "ibm"}
    if not ibm:
        return
    for name, workload in model.workloads.items():
        if workload.issuer is None:
            continue
        for index, binding in enumerate(workload.spec.bindings):
            environment = model.environment(f"{workload.tenant}/{binding.on}")
            if environment is not None and not ibm.isdisjoint(environment.backends):
                yield found_at(
                    workload.source,
                    f"`{name}` is federated, and IBM Cloud takes no tokens of other issuers",
                    "bindings",
                    index,
                )
                break
