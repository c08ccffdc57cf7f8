"""What Azure can say of a model: the specification that its Terraform is read back to."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from qgov.model.access_model import AccessModel, Binding
from qgov.model.accesses import accesses
from qgov.model.scope import contains
from qgov.model.tenants import azure_workspaces
from qgov.targets import Access
from tests.targets.worked import document, federation, organization, repository, role
from tests.targets.worked import tenant as tenant_of_name

READING = (("job:read", "result:read"), ("budget:read",), ("audit:read",))
"""The permissions that a role of Azure gives together, in all of a workspace or not at all."""


def on_azure(model: AccessModel) -> frozenset[Access]:
    """The accesses of the bindings, as far as Azure tells them apart."""
    return frozenset(
        access
        for tenant in model.tenants.values()
        for own, space, _ in azure_workspaces(tenant.spec)
        for access in _in_workspace(
            model, tenant.name, own, space.audit_storage_account is not None
        )
    )


def _in_workspace(model: AccessModel, tenant: str, own: str, audited: bool) -> Iterator[Access]:
    place = f"{tenant}/{own}" if own else tenant
    devices = devices_in(model, tenant, own)
    if not devices:
        return
    submitting = _submitting(model, tenant, own, devices)
    for principal, (standing, eligible, bindings) in submitting.items():
        if standing == devices and _is_known(model, principal):
            yield Access(principal, "job:submit", place, False, False)
        agreed = _agreed(
            [
                b
                for who, (always, now, some) in submitting.items()
                if now and always | now == devices and who.startswith("group:")
                for b in some
            ]
        )
        if eligible and standing | eligible == devices and bindings and agreed:
            yield Access(principal, "job:submit", place, True, False)
    for permissions in READING:
        if permissions == ("audit:read",) and not audited:
            continue
        holding = [b for b in model.bindings if _reads(model, b, place, permissions)]
        agreed = _agreed([b for b in holding if b.eligible and b.principal.startswith("group:")])
        for binding in holding:
            if binding.eligible is None:
                given = _is_known(model, binding.principal)
            else:
                given = agreed and binding.principal.startswith("group:")
            for permission in permissions if given else ():
                jit = binding.eligible is not None
                yield Access(binding.principal, permission, place, jit, False)


def devices_in(model: AccessModel, tenant: str, own: str) -> set[str]:
    """The devices of Azure that jobs in a workspace may use."""
    found = set()
    for name, environment in model.tenants[tenant].environments.items():
        for project in environment.projects if _home(model, tenant, name) == own else ():
            inside = {*environment.residency.get(project, model.tenants[tenant].residency)}
            for backend_name in environment.backends:
                backend = model.organization.backends[backend_name].value
                near = backend.jurisdiction in inside | {"on-premises"}
                if backend.cloud == "azure" and backend.target and near:
                    found.add(backend_name)
    return found


def _home(model: AccessModel, tenant: str, environment: str) -> str:
    owned = {own for own, _, _ in azure_workspaces(model.tenants[tenant].spec)}
    return environment if environment in owned else ""


Reach = tuple[set[str], set[str], list[Binding]]


def _submitting(
    model: AccessModel, tenant: str, own: str, devices: Collection[str]
) -> dict[Any, Reach]:
    """Who may submit: to which devices at all times, to which while elevated, through which
    just-in-time bindings."""
    found: dict[Any, Reach] = {}
    for cell, paths in accesses(model).of("job:submit").items():
        name, environment, _ = cell.scope.split("/")
        if name != tenant or _home(model, tenant, environment) != own:
            continue
        for path in paths if cell.backend in devices else ():
            if path.elevation is None:
                standing, eligible, bindings = found.setdefault(cell.principal, (set(), set(), []))
                if path.conditions.eligible is None:
                    standing.add(cell.backend)
                else:
                    eligible.add(cell.backend)
                    if cell.principal.startswith("group:"):
                        bindings.append(path.binding)
    return found


def _reads(model: AccessModel, binding: Binding, place: str, permissions: Collection[str]) -> bool:
    """Whether a binding lets somebody read all that is in a workspace."""
    tenant = model.tenants[place.partition("/")[0]]
    group = model.group_of(binding.principal)
    if group is not None:
        issuer = model.organization.providers[group.provider].value.issuer
        if issuer not in tenant.issuers:
            return False
    held = model.roles[binding.role].permissions
    return contains(binding.scope, place) and all(held.get(p) is False for p in permissions)


def _agreed(bindings: list[Binding]) -> bool:
    """Whether one set of terms is that of all bindings."""
    terms = [b.eligible for b in bindings if b.eligible is not None]
    return len({t.approvers for t in terms}) == 1 and all(t.max_duration_s >= 1800 for t in terms)


def _is_known(model: AccessModel, principal: Any) -> bool:
    """Whether a credential can know a workload; a group is always known."""
    workload = model.workload_of(principal)
    return workload is None or "*" not in (workload.subject or "*")


FORTE: dict[str, Any] = {
    "cloud": "azure",
    "vendor": "ionq",
    "class": "qpu",
    "region": "westeurope",
    "jurisdiction": "eu",
    "target": "ionq.qpu.forte-1",
    "qubits": 36,
    "limits": {"shots": 10000},
    "price": {"perShot": "0.08 USD", "source": "Azure", "asOf": "2026-08-21"},
}
FRESNEL = {**FORTE, "target": "pasqal.qpu.fresnel"}
LAB: dict[str, Any] = {"lab": {"tier": "test", "backends": ["forte"], "projects": ["chemistry"]}}
WORKSPACE: dict[str, Any] = {
    "subscription": "7d1c2a34-0000-4000-8000-00000000a001",
    "resourceGroup": "aurora",
    "workspace": "aurora",
    "location": "westeurope",
    "storageAccount": "auroraquantum",
    "auditStorageAccount": "auroraaudit",
}
SHOP: dict[str, Any] = {
    **LAB,
    "shop": {"tier": "production", "backends": ["fresnel"], "projects": ["sales"]},
}
APART: dict[str, Any] = {
    **WORKSPACE,
    "environments": {
        "shop": {
            "subscription": "7d1c2a34-0000-4000-8000-00000000a002",
            "resourceGroup": "aurora-shop",
            "workspace": "aurora-shop",
            "location": "westeurope",
            "storageAccount": "aurorashop",
            "auditStorageAccount": "aurorashopaudit",
        }
    },
}
STORES = {"results": "results", "vault": "auditLogs"}
STORE = {"type": "azure-blob", "jurisdiction": "eu", "owner": "leads", "immutable": True}
BUDGET: dict[str, Any] = {
    "scope": "aurora",
    "owner": "leads",
    "budget": {"period": "monthly", "limit": "800.50 EUR", "warnAt": ["50%"], "stopAt": "100%"},
}
ELIGIBLE = {"approvers": "leads", "maxDuration": "4h", "ticket": "required"}
STANDING = {"group": "staff", "role": "researcher", "on": "lab"}
NIGHTLY: dict[str, Any] = {
    "name": "nightly",
    "owner": "leads",
    "federation": federation(),
    "bindings": [{"role": "researcher", "on": "lab"}],
}


def company(
    *others: dict[str, Any],
    workspace: dict[str, Any] | None = None,
    backends: Any = None,
    budget: dict[str, Any] | None = None,
    **spec: Any,
) -> AccessModel:
    """A tenant `aurora` with a workspace, a QPU in `lab`, a budget, and the role `researcher`."""
    tenant_spec = {"environments": LAB, "clouds": {"azure": workspace or WORKSPACE}, **spec}
    ionq = {"title": "IonQ", "country": "US", "reviewed": "2026-10-12", "reviewEvery": "1y"}
    rate = {"rate": "0.8", "source": "Treasury", "asOf": "2026-11-01"}
    return repository(
        organization(
            vendors={"ionq": ionq},
            exchangeRates={"USD": rate},
            backends={"forte": FORTE, "fresnel": FRESNEL, **(backends or {})},
            stores={name: {**STORE, "holds": [holds]} for name, holds in STORES.items()},
            groups={"staff": {"previously": "crew"}, "leads": {}, "guests": {}},
        ),
        role("researcher", "job:submit", "job:read:own", "job:cancel:own", "result:read:own"),
        role("lead", "job:read", "job:cancel", "result:read", "audit:read", "budget:read"),
        tenant_of_name("aurora", **tenant_spec),
        document("Budget", {"name": "aurora"}, budget or BUDGET),
        *others,
    )


def renamed_on_azure() -> AccessModel:
    """Everything that Azure knows by a name had another, and everything is written."""
    return company(
        environments=SHOP,
        workspace={
            **APART,
            "providers": {"ionq": {"plan": "standard", "standardMinutes": 60}},
        },
        retention={
            "results": {"keep": "10d", "store": "results"},
            "auditLogs": {"keep": "36h", "store": "vault"},
        },
        bindings=[
            STANDING,
            {**STANDING, "on": "shop", "eligible": ELIGIBLE},
            {"group": "leads", "role": "lead", "on": "*"},
        ],
        serviceAccounts=[{**NIGHTLY, "previously": "cron"}],
    )


EVIL_CONTACT = '${file("/x")}%{if`"\\@northwind.example'


def hostile_on_azure() -> AccessModel:
    """Every text that reaches Azure says something evil."""
    account = {**NIGHTLY, "federation": federation("repo:{a}'b/(c)&d")}
    return company(
        owner={"group": "leads", "contact": EVIL_CONTACT},
        bindings=[STANDING],
        serviceAccounts=[account],
    )
