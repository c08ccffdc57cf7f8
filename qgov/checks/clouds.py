"""What each quantum cloud makes of the configuration: QG95x and QG96x."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from qgov.checks import guide
from qgov.checks.facts import (
    PRODUCTION,
    accounts,
    at_backend,
    found_at,
    group_document,
    of_cloud,
    others,
    ticks,
    uses,
)
from qgov.checks.rule import Found, rule
from qgov.finding import Severity
from qgov.model.access_model import AccessModel, Exclusive
from qgov.model.tenants import (
    VENDORS,
    aws_accounts,
    azure_workspaces,
    environments_of,
    ibm_instances,
)

_CLOUDS: Final = ("braket", "azure", "ibm", "google", *VENDORS)
_BUCKET_PREFIX: Final = "amazon-braket-"
_DEVICE: Final = re.compile(
    r"arn:aws:braket:(?P<region>[a-z0-9-]*)::device/"
    r"(?P<kind>qpu|quantum-simulator)/[a-z0-9-]+/[A-Za-z0-9._-]+"
)

_TARGET: Final = re.compile(r"[a-z][a-z0-9-]*\.(?P<kind>qpu|sim|simulator)(?![a-z0-9-])")


@rule("QG951", Severity.ERROR, "tenant-isolation", "cost", guide=guide.ISOLATION)
def account_of_two_tenants(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """Two tenants share an AWS account or bucket, an Azure workspace, resource group or storage
    account, an IBM instance or a Google project.

    Inside the unit there is no boundary: on IBM anybody who may write can cancel others' jobs,
    on Google everybody in the project reads every result, Braket's spending limits are per
    account, and Azure's budgets per resource group.

    Remedy: give each tenant an account, workspace, instance or project of its own; until then
    a tenant whose `isolation` is `shared` may have a waiver.
    """
    known: dict[tuple[str, str], list[Exclusive]] = defaultdict(list)
    for claim in model.exclusives:
        if claim.what != "group":
            known[claim.what, claim.key].append(claim)
    for claims in known.values():
        tenants = sorted({claim.tenant for claim in claims})
        for claim in claims if len(tenants) > 1 else ():
            message = f"the {claim.what} of `{claim.tenant}` is that of another tenant too"
            whose = others(tenants, claim.tenant)
            yield Found(claim.origin, message, f"Tenant/{claim.tenant}", whose)


@rule("QG952", Severity.ERROR, "secrets", "individual-identity", guide=guide.TOKENS)
def azure_access_keys(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """An Azure Quantum workspace accepts access keys.

    A connection string bypasses the identity of the person and every condition on it.

    Remedy: set `accessKeys: false`, and `apiKeyEnabled` to false in the workspace.
    """
    for tenant in model.tenants.values():
        for own, workspace, at in azure_workspaces(tenant.spec):
            if workspace.access_keys:
                where = f"{tenant.name}/{own}" if own else tenant.name
                message = f"the workspace of `{where}` accepts access keys"
                yield found_at(tenant.source, message, "clouds", *at, "accessKeys")


@rule("QG953", Severity.ERROR, "least-privilege", "data-retention", guide=guide.DATA)
def braket_bucket_name(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """The bucket for Braket's results does not begin with `amazon-braket-`.

    Amazon's managed policies let Braket write to such buckets only.

    Remedy: rename the bucket.
    """
    for tenant in model.tenants.values():
        for _, account, at in aws_accounts(tenant.spec):
            bucket = account.results_bucket
            if bucket and not bucket.startswith(_BUCKET_PREFIX):
                message = f"Braket cannot write to `{bucket}`"
                yield found_at(tenant.source, message, "clouds", *at, "resultsBucket")


@rule("QG954", Severity.WARNING, "tenant-isolation", "least-privilege", guide=guide.ISOLATION)
def ibm_name_in_name(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """The name of a group in an IBM tenant is a part of another's.

    CONTAINS of IBM's dynamic rules looks for a part in a claim that is a single text: by a rule
    that is written by hand, who is in `chemlab` alone is in `lab` too. The rules that are compiled
    ask for a second entry of the claim.

    Remedy: rename one of the two.
    """
    names: dict[str, str] = {}
    on_ibm = {tenant.name for tenant, _ in accounts(model, lambda clouds: clouds.ibm)}
    for name, group in model.groups.items():
        for tenant in group.tenants:
            if tenant in on_ibm:
                names[name] = tenant
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
                        group_document(model, part, [names[part]]),
                    )


@rule("QG955", Severity.ERROR, "cost", guide=guide.COSTS)
def ibm_without_limit(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A pay-as-you-go IBM instance has no limit of its own.

    It is the only hard stop that the cloud knows, and bills 96 USD a minute without it.

    Remedy: set `instanceLimitSeconds`; it counts the instance's whole life.
    """
    for tenant in model.tenants.values():
        for _, instance, at in ibm_instances(tenant.spec):
            if instance.plan == "pay-as-you-go" and instance.instance_limit_seconds is None:
                message = f"the pay-as-you-go instance of `{tenant.name}` has no limit of its own"
                yield found_at(tenant.source, message, "clouds", *at, "plan")


@rule("QG956", Severity.WARNING, "cost", "vendor-risk", guide=guide.TIERS)
def open_plan_in_production(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A tenant with production uses IBM's open plan.

    Ten minutes in 28 days and no support are for trying out.

    Remedy: order a paid plan for production.
    """
    for tenant in model.tenants.values():
        for _, instance, at in ibm_instances(tenant.spec):
            served = instance.environments or tenant.environments
            tiers = {e.tier for name, e in tenant.environments.items() if name in served}
            if instance.plan == "open" and PRODUCTION in tiers:
                message = f"`{tenant.name}` has production and IBM's open plan"
                yield found_at(tenant.source, message, "clouds", *at, "plan")


@rule("QG957", Severity.INFO, "vendor-risk", "change-approval", guide=guide.API_FIRST)
def google_by_hand(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A tenant uses Google Quantum Engine, which is administered by hand.

    There are no public roles: a sponsor at Google lists people and grants processors, so
    neither Terraform nor drift detection sees it.

    Remedy: keep the request to the sponsor with the pull request, and review the list by hand.
    """
    for tenant, _ in accounts(model, lambda clouds: clouds.google):
        message = f"Google's sponsor adds the people of `{tenant.name}` by hand"
        yield found_at(tenant.source, message, "clouds", "google")


@rule("QG958", Severity.WARNING, "tenant-isolation", "cost", guide=guide.COMPONENTS)
def cloud_without_account(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A tenant uses a backend of a cloud in which it has no account.

    No Terraform is written for it, so the cloud's own controls stay as they are.

    Remedy: name the account in `clouds`.
    """
    remote = {
        n: b.value.cloud for n, b in model.organization.backends.items() if b.value.cloud != "local"
    }
    for tenant, environment, backend in uses(model, remote):
        cloud = remote[backend]
        if getattr(tenant.spec.clouds, cloud) is None:
            message = f"`{tenant.name}` uses `{backend}` and has no account in `{cloud}`"
            yield at_backend(tenant, environment, backend, message)


@rule("QG960", Severity.INFO, "least-privilege", "vendor-risk", guide=guide.COMPONENTS)
def idle_cloud_account(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A tenant has an account in a cloud of which it uses no backend.

    What nobody uses, nobody watches.

    Remedy: remove the account, or name a backend of the cloud.
    """
    inside = {cloud: of_cloud(model, cloud) for cloud in _CLOUDS}
    for tenant in model.tenants.values():
        for cloud, backends in inside.items():
            if getattr(tenant.spec.clouds, cloud) is not None and all(
                backends.isdisjoint(e.backends) for e in tenant.environments.values()
            ):
                message = f"`{tenant.name}` has an account in `{cloud}` and uses no backend of it"
                yield found_at(tenant.source, message, "clouds", cloud)


@rule("QG959", Severity.ERROR, "residency", guide=guide.VENDORS)
def ibm_other_region(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """An environment names an IBM backend in another region than the tenant's instance.

    An instance has one region; the job is refused by the cloud.

    Remedy: use a backend of the instance's region, or an instance in the other region.
    """
    for tenant, environment, backend in uses(model, of_cloud(model, "ibm")):
        region = model.organization.backends[backend].value.region
        serving = [
            instance
            for _, instance, _ in ibm_instances(tenant.spec)
            if not instance.environments or environment.name in instance.environments
        ]
        regions: list[str] = sorted({instance.region for instance in serving})
        if tenant.spec.clouds.ibm is not None and region not in regions:
            place = f"the instance of `{tenant.name}` in {ticks(regions)}"
            if not regions:
                place = f"no instance of `{tenant.name}` is for `{environment.name}`"
            message = f"`{backend}` is in `{region}`, {place}"
            yield at_backend(tenant, environment, backend, message)


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
        parts = _DEVICE.fullmatch(target)
        if parts is None:
            yield found_at(
                backend, f"the target of `{name}` is not the ARN of a Braket device", "target"
            )
        elif parts["region"] not in ("", backend.value.region):
            yield found_at(
                backend,
                f"the target of `{name}` is in `{parts['region']}`, the backend in "
                f"`{backend.value.region}`",
                "target",
            )


@rule("QG963", Severity.ERROR, "cost", "least-privilege", guide=guide.COSTS)
def braket_class_elsewhere(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """The class of a Braket backend is not the one that its ARN says.

    Tiers, approvals and the classes of price in IAM go by the class: a QPU that calls itself a
    simulator is open to whoever may use simulators, and has no spending limit.

    Remedy: write `class: qpu` for `device/qpu/`, and `simulator` for `device/quantum-simulator/`.
    """
    for name, backend in model.organization.backends.items():
        parts = _DEVICE.fullmatch(backend.value.target or "")
        if backend.value.cloud == "braket" and parts is not None:
            said = "qpu" if parts["kind"] == "qpu" else "simulator"
            if said != backend.value.backend_class:
                message = f"the ARN of `{name}` is that of a {said}"
                yield found_at(backend, message, "class")


@rule("QG968", Severity.ERROR, "cost", "least-privilege", guide=guide.COSTS)
def azure_class_elsewhere(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """The class of an Azure backend is not the one that its target says.

    Tiers and approvals go by the class, and Azure opens whatever the target's provider has: a QPU
    that calls itself a simulator is open to whoever may use simulators.

    Remedy: write `class: qpu` for a target such as `ionq.qpu.forte-1`, and `simulator` for
    `ionq.simulator` or `pasqal.sim.emu-sv`.
    """
    for name, backend in model.organization.backends.items():
        parts = _TARGET.match(backend.value.target or "")
        if backend.value.cloud == "azure" and parts is not None:
            said = "qpu" if parts["kind"] == "qpu" else "simulator"
            if said != backend.value.backend_class:
                message = f"the target of `{name}` is that of a {said}"
                yield found_at(backend, message, "class")


@rule("QG964", Severity.ERROR, "residency", "data-retention", guide=guide.DATA)
def braket_home_region(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """The Braket devices of an account are in several regions, and none is said to be its own.

    Results lie in the region of the device, so there is a bucket for each. Which of them has the
    name in `resultsBucket`, and where the trail is, must not move when a device is added.

    Remedy: write the region of the bucket into `clouds.braket.region`.
    """
    braket = of_cloud(model, "braket")
    for tenant in model.tenants.values():
        for own, account, at in aws_accounts(tenant.spec):
            regions = sorted(
                {
                    model.organization.backends[name].value.region
                    for environment in environments_of(tenant, own)
                    for name in environment.backends
                    if name in braket
                }
            )
            if account.region is None and len(regions) > 1:
                where = f"{tenant.name}/{own}" if own else tenant.name
                message = f"the devices of `{where}` are in {ticks(regions)}"
                yield found_at(tenant.source, message, "clouds", *at)


@rule("QG962", Severity.INFO, "workload-identity", "secrets", guide=guide.TOKENS)
def ibm_without_federation(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A federated service account reaches backends of IBM, which takes no foreign tokens.

    Behind the gateway stands a long-lived key of a service id; somebody must rotate it.

    Remedy: keep the service id's key in the secrets manager, and rotate it.
    """
    ibm = of_cloud(model, "ibm")
    if not ibm:
        return
    for name, workload in model.workloads.items():
        if workload.issuer is None:
            continue
        for index, binding in enumerate(workload.spec.bindings):
            environment = model.environment(f"{workload.tenant}/{binding.on}")
            if environment is not None and not ibm.isdisjoint(environment.backends):
                message = f"`{name}` is federated, and IBM Cloud takes no tokens of other issuers"
                yield found_at(workload.source, message, "bindings", index)
                break
