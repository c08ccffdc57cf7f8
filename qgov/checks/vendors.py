"""What each quantum cloud makes of the configuration: QG95x and QG96x."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from qgov.checks.facts import PRODUCTION, backend_place, environments, found_at, ticks
from qgov.checks.rule import Found, Rule
from qgov.finding import Severity
from qgov.model.access_model import AccessModel, Exclusive, Tenant

__all__ = ["RULES"]

_CLOUDS: Final = ("braket", "azure", "ibm", "google")
_BUCKET_PREFIX: Final = "amazon-braket-"


def _same_account(model: AccessModel, _now: datetime) -> Iterator[Found]:
    known: dict[tuple[str, str], list[Exclusive]] = defaultdict(list)
    for claim in model.exclusives:
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


def _access_keys(model: AccessModel, _now: datetime) -> Iterator[Found]:
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


def _bucket_name(model: AccessModel, _now: datetime) -> Iterator[Found]:
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


def _substrings(model: AccessModel, _now: datetime) -> Iterator[Found]:
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


def _no_native_stop(model: AccessModel, _now: datetime) -> Iterator[Found]:
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


def _open_plan(model: AccessModel, _now: datetime) -> Iterator[Found]:
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


def _google_by_hand(model: AccessModel, _now: datetime) -> Iterator[Found]:
    for tenant in model.tenants.values():
        if tenant.spec.clouds.google is not None:
            yield found_at(
                tenant.source,
                f"Google's sponsor adds the people of `{tenant.name}` by hand",
                "clouds",
                "google",
            )


def _no_account(model: AccessModel, _now: datetime) -> Iterator[Found]:
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


def _idle_account(model: AccessModel, _now: datetime) -> Iterator[Found]:
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


def _other_region(model: AccessModel, _now: datetime) -> Iterator[Found]:
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


def _other_target(model: AccessModel, _now: datetime) -> Iterator[Found]:
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


def _ibm_workload(model: AccessModel, _now: datetime) -> Iterator[Found]:
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


_ISOLATION = "Tenant isolation and workload separation"
_KEYS = "Short-lived tokens and secret hygiene"
_COSTS = "Why costs behave differently in quantum cloud"
_DATA = "Data separation and result handling"
_TIERS = "Sandbox, shared test, and production-like tiers"
_API = "API-first administration"
_CORE = "Core components"
_VENDOR = "Vendor risk and data residency"

RULES: Final = (
    Rule(
        "QG951",
        "account-of-two-tenants",
        Severity.ERROR,
        "Two tenants share one AWS account, Azure workspace, IBM instance or Google project.",
        "Inside the unit there is no boundary: on IBM anybody who may write can cancel others' "
        "jobs, on Google everybody in the project reads every result, and Braket's spending "
        "limits are per account.",
        "give each tenant an account, workspace, instance or project of its own",
        ("tenant-isolation", "cost"),
        _ISOLATION,
        _same_account,
        bad="""
kind: Tenant
metadata: {name: borealis}
spec: {clouds: {braket: {account: "111122223333"}}}
""",
        good="""
kind: Tenant
metadata: {name: borealis}
spec: {clouds: {braket: {account: "444455556666"}}}
""",
    ),
    Rule(
        "QG952",
        "azure-access-keys",
        Severity.ERROR,
        "An Azure Quantum workspace accepts access keys.",
        "A connection string bypasses the identity of the person and every condition on it.",
        "set `accessKeys: false`, and `apiKeyEnabled` to false in the workspace",
        ("secrets", "individual-identity"),
        _KEYS,
        _access_keys,
        bad="""
kind: Tenant
metadata: {name: borealis}
spec:
  clouds:
    azure:
      subscription: 00000000-0000-0000-0000-000000000001
      resourceGroup: quantum
      workspace: borealis
      location: westeurope
      accessKeys: true
""",
        good="""
kind: Tenant
metadata: {name: borealis}
spec:
  clouds:
    azure:
      subscription: 00000000-0000-0000-0000-000000000001
      resourceGroup: quantum
      workspace: borealis
      location: westeurope
""",
    ),
    Rule(
        "QG953",
        "braket-bucket-name",
        Severity.ERROR,
        "The bucket for Braket's results does not begin with `amazon-braket-`.",
        "Amazon's managed policies let Braket write to such buckets only.",
        "rename the bucket",
        ("least-privilege", "data-retention"),
        _DATA,
        _bucket_name,
        bad="""
kind: Tenant
metadata: {name: atlas}
spec: {clouds: {braket: {resultsBucket: atlas-results}}}
""",
        good="""
kind: Tenant
metadata: {name: atlas}
spec: {clouds: {braket: {resultsBucket: amazon-braket-atlas-results}}}
""",
    ),
    Rule(
        "QG954",
        "ibm-name-in-name",
        Severity.WARNING,
        "The name of a group in an IBM tenant is a part of another's.",
        "IBM's dynamic rules compare claims with CONTAINS: who is in `chemlab` is in `lab` too.",
        "rename one of the two",
        ("tenant-isolation", "least-privilege"),
        _ISOLATION,
        _substrings,
        bad="""
kind: Tenant
metadata: {name: borealis}
spec:
  clouds: {ibm: {instance: "crn:v1:bluemix:public:quantum-computing:eu-de:a/1:2", plan: flex,
                 region: eu-de}}
  bindings:
    - {group: lab, role: developer, on: sandbox}
    - {group: chemlab, role: pipeline, on: sandbox}
""",
        good="""
kind: Tenant
metadata: {name: borealis}
spec:
  clouds: {ibm: {instance: "crn:v1:bluemix:public:quantum-computing:eu-de:a/1:2", plan: flex,
                 region: eu-de}}
  bindings:
    - {group: bio-lab, role: developer, on: sandbox}
    - {group: chem-lab, role: pipeline, on: sandbox}
""",
    ),
    Rule(
        "QG955",
        "ibm-without-limit",
        Severity.ERROR,
        "A pay-as-you-go IBM instance has no limit of its own.",
        "It is the only hard stop that the cloud knows, and bills 96 USD a minute without it.",
        "set `instanceLimitSeconds`; it counts the instance's whole life",
        ("cost",),
        _COSTS,
        _no_native_stop,
        bad="""
kind: Tenant
metadata: {name: borealis}
spec:
  clouds: {ibm: {instance: "crn:v1:bluemix:public:quantum-computing:eu-de:a/1:2",
                 plan: pay-as-you-go, region: eu-de}}
""",
        good="""
kind: Tenant
metadata: {name: borealis}
spec:
  clouds: {ibm: {instance: "crn:v1:bluemix:public:quantum-computing:eu-de:a/1:2",
                 plan: pay-as-you-go, region: eu-de, instanceLimitSeconds: 3600}}
""",
    ),
    Rule(
        "QG956",
        "open-plan-in-production",
        Severity.WARNING,
        "A tenant with production uses IBM's open plan.",
        "Ten minutes in 28 days and no support are for trying out.",
        "order a paid plan for production",
        ("cost", "vendor-risk"),
        _TIERS,
        _open_plan,
        bad="""
kind: Tenant
metadata: {name: atlas}
spec:
  clouds: {ibm: {instance: "crn:v1:bluemix:public:quantum-computing:eu-de:a/1:2", plan: open,
                 region: eu-de}}
""",
        good="""
kind: Tenant
metadata: {name: atlas}
spec:
  clouds: {ibm: {instance: "crn:v1:bluemix:public:quantum-computing:eu-de:a/1:2", plan: premium,
                 region: eu-de}}
""",
    ),
    Rule(
        "QG957",
        "google-by-hand",
        Severity.INFO,
        "A tenant uses Google Quantum Engine, which is administered by hand.",
        "There are no public roles: a sponsor at Google lists people and grants processors, so "
        "neither Terraform nor drift detection sees it.",
        "keep the request to the sponsor with the pull request, and review the list by hand",
        ("vendor-risk", "change-approval"),
        _API,
        _google_by_hand,
        bad="""
kind: Tenant
metadata: {name: borealis}
spec: {clouds: {google: {project: borealis-quantum}}}
""",
        good="""
kind: Tenant
metadata: {name: borealis}
spec: {clouds: {braket: {account: "444455556666"}}}
""",
    ),
    Rule(
        "QG958",
        "cloud-without-account",
        Severity.WARNING,
        "A tenant uses a backend of a cloud in which it has no account.",
        "No Terraform is written for it, so the cloud's own controls stay as they are.",
        "name the account in `clouds`",
        ("tenant-isolation", "cost"),
        _CORE,
        _no_account,
        bad="""
kind: Tenant
metadata: {name: atlas}
spec: {clouds: {braket: null}}
""",
        good="""
kind: Tenant
metadata: {name: atlas}
spec: {clouds: {braket: {account: "777788889999"}}}
""",
    ),
    Rule(
        "QG959",
        "ibm-other-region",
        Severity.ERROR,
        "An environment names an IBM backend in another region than the tenant's instance.",
        "An instance has one region; the job is refused by the cloud.",
        "use a backend of the instance's region, or an instance in the other region",
        ("residency",),
        _VENDOR,
        _other_region,
        bad="""
kind: Tenant
metadata: {name: atlas}
spec:
  environments: {production: {backends: [simulator, aachen]}}
  clouds: {ibm: {instance: "crn:v1:bluemix:public:quantum-computing:us-east:a/1:2", plan: flex,
                 region: us-east}}
""",
        good="""
kind: Tenant
metadata: {name: atlas}
spec:
  environments: {production: {backends: [simulator, aachen]}}
  clouds: {ibm: {instance: "crn:v1:bluemix:public:quantum-computing:eu-de:a/1:2", plan: flex,
                 region: eu-de}}
""",
    ),
    Rule(
        "QG960",
        "idle-cloud-account",
        Severity.INFO,
        "A tenant has an account in a cloud of which it uses no backend.",
        "What nobody uses, nobody watches.",
        "remove the account, or name a backend of the cloud",
        ("least-privilege", "vendor-risk"),
        _CORE,
        _idle_account,
        bad="""
kind: Tenant
metadata: {name: borealis}
spec: {clouds: {braket: {account: "444455556666"}}}
""",
        good="""
kind: Tenant
metadata: {name: atlas}
spec: {clouds: {braket: {account: "444455556666"}}}
""",
    ),
    Rule(
        "QG961",
        "braket-target-elsewhere",
        Severity.ERROR,
        "The target of a Braket backend is not a device ARN of the backend's region.",
        "The ARN decides where the job runs; the region is what residency was judged by.",
        "copy the ARN from the device's page, and write its region into `region`",
        ("residency", "vendor-risk"),
        _VENDOR,
        _other_target,
        bad="""
kind: Organization
metadata: {name: acme}
spec: {backends: {garnet: {target: "arn:aws:braket:us-east-1::device/qpu/ionq/Forte-1"}}}
""",
        good="""
kind: Organization
metadata: {name: acme}
spec: {backends: {garnet: {target: "arn:aws:braket:eu-north-1::device/qpu/iqm/Emerald"}}}
""",
    ),
    Rule(
        "QG962",
        "ibm-without-federation",
        Severity.INFO,
        "A federated service account reaches backends of IBM, which takes no foreign tokens.",
        "Behind the gateway stands a long-lived key of a service id; somebody must rotate it.",
        "keep the service id's key in the secrets manager, and rotate it",
        ("workload-identity", "secrets"),
        _KEYS,
        _ibm_workload,
        bad="""
kind: Tenant
metadata: {name: atlas}
spec:
  environments: {sandbox: {backends: [simulator, aachen]}}
""",
        good="""
kind: Tenant
metadata: {name: atlas}
spec:
  environments: {production: {backends: [simulator, aachen]}}
""",
    ),
)
"""Rules about Amazon Braket, Azure Quantum, IBM Quantum and Google Quantum Engine."""
