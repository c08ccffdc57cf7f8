"""What IBM can say of a model: the specification that its Terraform is read back to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from qgov.model.access_model import AccessModel
from qgov.model.scope import contains, tenant_of
from qgov.model.tenants import ibm_instances
from qgov.targets import Access
from tests.targets.devices import devices
from tests.targets.worked import document, federation, organization, repository, role
from tests.targets.worked import tenant as tenant_of_name

WHOLE: dict[str, tuple[str, ...]] = {
    "job:read": ("job:read", "result:read"),
    "result:read": ("job:read", "result:read"),
    "job:cancel": ("job:cancel",),
    "result:delete": ("result:delete",),
    "usage:read": ("usage:read",),
    "budget:read": ("budget:read",),
}
"""What IBM gives in all of an instance or not at all, and what it takes to have it."""


def on_ibm(model: AccessModel) -> frozenset[Access]:
    """The accesses of the bindings, as far as IBM tells them apart."""
    return frozenset(_on_ibm(model))


def _on_ibm(model: AccessModel) -> Iterator[Access]:
    for binding in model.bindings:
        eligible = binding.eligible is not None
        workload, group = model.workload_of(binding.principal), model.group_of(binding.principal)
        if workload is not None:
            proven = workload.issuer is not None or workload.spec.static_credential is not None
            if eligible or not proven:
                continue
        elif group is None:
            continue
        for name, tenant in model.tenants.items():
            scope = name if binding.scope == "*" else binding.scope
            if tenant_of(scope) != name:
                continue
            if group is not None:
                issuer = model.organization.providers[group.provider].value.issuer
                if issuer not in tenant.issuers:
                    continue
            given = model.roles[binding.role].permissions
            for served in served_by_instances(model, name):
                places = [place for some in served.values() for place in some]
                near = any(contains(scope, at) or contains(at, scope) for at in places)
                whole = all(contains(scope, e) for e in served)
                for permission in given if near else ():
                    asked = WHOLE.get(permission)
                    if permission == "job:submit" or (
                        whole and asked and all(given.get(each) is False for each in asked)
                    ):
                        yield Access(binding.principal, permission, scope, eligible, own=False)


def served_by_instances(model: AccessModel, tenant: str) -> Iterator[dict[str, list[str]]]:
    """Of each instance of a tenant the environments whose jobs run in it, with the projects that
    may."""
    known = model.tenants[tenant]
    for _, instance, _ in ibm_instances(known.spec):
        found = {
            environment.scope: [
                place
                for place in (f"{environment.scope}/{project}" for project in environment.projects)
                if any(
                    backend.cloud == "ibm" and backend.region == instance.region and backend.target
                    for _, _, backend in devices(model, place)
                )
            ]
            for name, environment in known.environments.items()
            if not instance.environments or name in instance.environments
        }
        yield {scope: places for scope, places in found.items() if places}


ACCOUNT = "4e1f0000000000000000000000000001"
"""The account of the instances."""


def crn(number: int, region: str = "eu-de", account: str = ACCOUNT) -> str:
    """The CRN of an instance."""
    return (
        f"crn:v1:bluemix:public:quantum-computing:{region}:a/{account}:"
        f"00000000-0000-4000-8000-{number:012}::"
    )


HERON: dict[str, Any] = {
    "cloud": "ibm",
    "vendor": "ibm",
    "class": "qpu",
    "region": "eu-de",
    "jurisdiction": "eu",
    "target": "ibm_aachen",
    "qubits": 156,
    "price": {"perSecond": "2.00 EUR", "source": "IBM", "asOf": "2026-05-25"},
}
EAGLE = {**HERON, "region": "us-east", "target": "ibm_brisbane"}
LAB: dict[str, Any] = {"lab": {"tier": "test", "backends": ["heron"], "projects": ["chemistry"]}}
INSTANCE: dict[str, Any] = {"instance": crn(1), "plan": "premium", "region": "eu-de"}
BUDGET: dict[str, Any] = {
    "scope": "aurora",
    "owner": "leads",
    "budget": {"period": "monthly", "limit": "800.00 EUR", "stopAt": "100%"},
}
STANDING = {"group": "staff", "role": "researcher", "on": "lab"}
ELIGIBLE = {"approvers": "leads", "maxDuration": "4h", "ticket": "required"}


def company(
    *others: dict[str, Any],
    instance: dict[str, Any] | None = None,
    backends: Any = None,
    budget: dict[str, Any] | None = None,
    **spec: Any,
) -> AccessModel:
    """A tenant `aurora` with a premium instance, a device in `lab`, a budget of 800 euros, which
    are 400 seconds, and the role `researcher`."""
    tenant_spec = {"environments": LAB, "clouds": {"ibm": instance or INSTANCE}, **spec}
    ibm = {"title": "IBM", "country": "US", "reviewed": "2026-10-12", "reviewEvery": "1y"}
    return repository(
        organization(
            vendors={"ibm": ibm},
            backends={"heron": HERON, **(backends or {})},
            groups={"staff": {}, "leads": {}},
        ),
        role("researcher", "job:submit", "job:read:own", "result:read:own"),
        role("lead", "job:read", "job:cancel", "result:read", "usage:read", "budget:read"),
        tenant_of_name("aurora", **tenant_spec),
        document("Budget", {"name": "aurora"}, budget or BUDGET),
        *others,
    )


def raised(name: str, begins: str | None, ends: str, increase: str = "100.00 EUR") -> Any:
    """A budget exception of `aurora`."""
    spec = {
        "budget": "aurora",
        "increase": increase,
        "reason": "a sprint",
        "requestedBy": "mei@northwind.example",
        "approvedBy": "ines@northwind.example",
        "expires": ends,
    }
    begun = {"notBefore": begins} if begins else {}
    return document("BudgetException", {"name": name}, {**spec, **begun})


def renamed_on_ibm() -> AccessModel:
    """Everything that IBM knows by a name had another."""
    lab = {"tier": "test", "previously": "bench", "backends": ["heron"]}
    return repository(
        organization(
            vendors={
                "ibm": {
                    "title": "IBM",
                    "country": "US",
                    "reviewed": "2026-10-12",
                    "reviewEvery": "1y",
                }
            },
            backends={"heron": HERON},
            groups={"staff": {"previously": "crew"}},
        ),
        role("researcher", "job:submit", previously="scientist"),
        tenant_of_name(
            "aurora",
            previously="dawn",
            environments={
                "lab": {**lab, "projects": [{"name": "chemistry", "previously": "chem"}]}
            },
            clouds={"ibm": {**INSTANCE, "networks": ["192.0.2.0/24", "198.51.100.7"]}},
            bindings=[
                {"group": "staff", "role": "researcher", "on": "lab/chemistry"},
                {"group": "staff", "role": "researcher", "on": "lab", "eligible": ELIGIBLE},
            ],
            serviceAccounts=[
                {
                    "name": "nightly",
                    "previously": "cron",
                    "owner": "staff",
                    "federation": federation(),
                    "bindings": [{"role": "researcher", "on": "lab/chemistry"}],
                }
            ],
        ),
    )
