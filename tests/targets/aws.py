"""What AWS can say of a model: the specification that Braket's Terraform is read back to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from qgov.model.access_model import AccessModel
from qgov.model.accesses import Cell, accesses
from qgov.model.scope import contains, tenant_of
from qgov.model.tenants import aws_accounts
from qgov.targets import Access
from tests.targets.worked import document, federation, repository, role
from tests.targets.worked import organization as plain
from tests.targets.worked import tenant as tenant_of_name

WHOLE = {"job:read", "job:cancel", "budget:read", "audit:read"}
"""What AWS gives in all of an account or not at all."""
STORED = {"result:read", "result:delete"}
"""What is about a result in its bucket, which has a place for each project and person."""


def device_cells(model: AccessModel) -> Iterator[tuple[Cell, bool]]:
    """The accesses to devices of Braket in tenants with an account, from the table of accesses:
    each cell, and whether it is held standing. Persons who are elevated are not AWS's to say."""
    for cell, paths in accesses(model).of("job:submit").items():
        backend = model.organization.backends[cell.backend].value
        account = model.tenants[tenant_of(cell.scope)].spec.clouds.braket
        if backend.cloud == "braket" and backend.target and account is not None:
            for path in paths:
                if path.elevation is None:
                    yield cell, path.conditions.eligible is None


def on_aws(model: AccessModel) -> frozenset[Access]:
    """The accesses of the bindings, as far as AWS tells them apart."""
    return frozenset(_on_aws(model))


def _on_aws(model: AccessModel) -> Iterator[Access]:
    for binding in model.bindings:
        eligible = binding.eligible is not None
        workload = model.workload_of(binding.principal)
        if workload is not None and (eligible or "*" in (workload.subject or "*")):
            continue
        for name, tenant in model.tenants.items():
            scope = name if binding.scope == "*" else binding.scope
            if tenant_of(scope) != name or tenant.spec.clouds.braket is None:
                continue
            group = model.group_of(binding.principal)
            if group is not None:
                issuer = model.organization.providers[group.provider].value.issuer
                if issuer not in tenant.issuers:
                    continue
            for account in aws_accounts(tenant.spec):
                if _has_devices(model, name, account[0], scope):
                    place = f"{name}/{account[0]}" if account[0] else name
                    bucket = account[1].results_bucket
                    for permission, own in model.roles[binding.role].permissions.items():
                        whole = permission in WHOLE and contains(scope, place) and not own
                        stored = permission in STORED and bucket is not None
                        if permission == "job:submit" or whole or stored:
                            yield Access(binding.principal, permission, scope, eligible, own)


def _has_devices(model: AccessModel, tenant: str, own: str, scope: str) -> bool:
    """Whether a job in the scope could run on a device of Braket in an account."""
    separate = {name for name, _, _ in aws_accounts(model.tenants[tenant].spec) if name}
    for name, environment in model.tenants[tenant].environments.items():
        if name != own if own else name in separate:
            continue
        for project in environment.projects:
            if not contains(scope, f"{environment.scope}/{project}"):
                continue
            inside = {*environment.residency.get(project, model.tenants[tenant].residency)}
            for backend_name in environment.backends:
                backend = model.organization.backends[backend_name].value
                near = backend.jurisdiction in inside | {"on-premises"}
                if backend.cloud == "braket" and backend.target and near:
                    return True
    return False


def organization(**spec: Any) -> dict[str, Any]:
    """An organization with a vendor of devices and a rate of the dollar."""
    iqm = {"title": "IQM", "country": "FI", "reviewed": "2026-10-12", "reviewEvery": "1y"}
    rate = {"rate": "0.8", "source": "Treasury", "asOf": "2026-11-01"}
    return plain(vendors={"iqm": iqm}, exchangeRates={"USD": rate}, **spec)


def company(
    *others: dict[str, Any],
    account: dict[str, Any] | None = None,
    backends: Any = None,
    budget: dict[str, Any] | None = None,
    **spec: Any,
) -> AccessModel:
    """A tenant `aurora` with an account, a QPU in `lab`, a budget, and the role `researcher`."""
    tenant_spec = {"environments": LAB, "clouds": {"braket": account or ACCOUNT}, **spec}
    stores = {name: {**STORE, "holds": [holds]} for name, holds in STORES.items()}
    return repository(
        organization(
            backends={"garnet": GARNET, **(backends or {})},
            stores=stores,
            groups={"staff": {}, "leads": {}},
        ),
        role("researcher", "job:submit", "job:read:own", "job:cancel:own", "result:read:own"),
        role("lead", "job:read", "job:cancel", "result:read", "audit:read", "budget:read"),
        tenant_of_name("aurora", **tenant_spec),
        document("Budget", {"name": "aurora"}, budget or BUDGET),
        *others,
    )


GARNET: dict[str, Any] = {
    "cloud": "braket",
    "vendor": "iqm",
    "class": "qpu",
    "region": "eu-north-1",
    "jurisdiction": "eu",
    "target": "arn:aws:braket:eu-north-1::device/qpu/iqm/Garnet",
    "qubits": 20,
    "limits": {"shots": 20000},
    "price": {
        "perTask": "0.30 USD",
        "perShot": "0.00145 USD",
        "source": "AWS",
        "asOf": "2026-05-25",
    },
}
EMERALD = {**GARNET, "target": "arn:aws:braket:eu-north-1::device/qpu/iqm/Emerald"}
FORTE = {
    **GARNET,
    "region": "us-east-1",
    "target": "arn:aws:braket:us-east-1::device/qpu/ionq/Forte-1",
    "price": {**GARNET["price"], "perShot": "0.08 USD"},
}
LAB: dict[str, Any] = {"lab": {"tier": "test", "backends": ["garnet"], "projects": ["chemistry"]}}
ACCOUNT = {"account": "410000000101", "resultsBucket": "amazon-braket-aurora"}
STORES = {"results": "results", "vault": "auditLogs"}
STORE = {"type": "s3", "jurisdiction": "eu", "owner": "leads", "immutable": True}
BUDGET: dict[str, Any] = {
    "scope": "aurora",
    "owner": "leads",
    "budget": {"period": "monthly", "limit": "800.00 EUR", "warnAt": ["50%"], "stopAt": "100%"},
    "approval": {"above": "100.00 EUR", "approvers": "leads", "validFor": "7d"},
}


def renamed_on_aws() -> AccessModel:
    """Everything that AWS knows by a name had another."""
    lab = {"tier": "test", "previously": "bench", "backends": ["garnet"]}
    return repository(
        organization(backends={"garnet": GARNET}, groups={"staff": {"previously": "crew"}}),
        role("researcher", "job:submit", previously="scientist"),
        tenant_of_name(
            "aurora",
            environments={
                "lab": {**lab, "projects": [{"name": "chemistry", "previously": "chem"}]}
            },
            clouds={"braket": ACCOUNT},
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


ELIGIBLE = {"approvers": "leads", "maxDuration": "4h", "ticket": "required"}
EVIL_CONTACT = '${file("/x")}%{if`"\\@northwind.example'


def hostile_on_aws() -> AccessModel:
    """Every text that reaches AWS says something evil."""
    return company(
        owner={"group": "leads", "contact": EVIL_CONTACT},
        bindings=[{"group": "staff", "role": "researcher", "on": "lab"}],
        serviceAccounts=[
            {
                "name": "nightly",
                "owner": "leads",
                "federation": federation("repo:{a}'b/(c)&d"),
                "bindings": [{"role": "researcher", "on": "lab"}],
            }
        ],
    )
