"""What people are let into at vendors by a model: the specification that the lists are read to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from qgov.model.access_model import AccessModel
from qgov.model.scope import tenant_of
from qgov.targets import Access
from tests.targets.devices import devices
from tests.targets.worked import document, federation, organization, repository, role
from tests.targets.worked import tenant as tenant_of_name

CLOUDS = ("ionq", "quantinuum", "iqm", "rigetti")


def on_vendors(model: AccessModel) -> frozenset[Access]:
    """The submissions of the bindings to devices that are reached at their vendors."""
    return frozenset(_on_vendors(model))


def _on_vendors(model: AccessModel) -> Iterator[Access]:
    for binding in model.bindings:
        eligible = binding.eligible is not None
        workload, group = model.workload_of(binding.principal), model.group_of(binding.principal)
        if "job:submit" not in model.roles[binding.role].permissions:
            continue
        for name, tenant in model.tenants.items():
            scope = name if binding.scope == "*" else binding.scope
            if tenant_of(scope) != name or (workload is not None and eligible):
                continue
            if workload is None and (
                group is None
                or model.organization.providers[group.provider].value.issuer not in tenant.issuers
            ):
                continue
            if any(
                backend.cloud in CLOUDS
                and getattr(tenant.spec.clouds, backend.cloud) is not None
                and backend.target
                for _, _, backend in devices(model, scope)
            ):
                yield Access(binding.principal, "job:submit", scope, eligible, own=False)


def company(
    cloud: str = "ionq", *budgets: dict[str, Any], second: str | None = None, **spec: Any
) -> AccessModel:
    """A tenant `aurora` with a project at a vendor, whose device is in `lab`, and where it is
    named a `second` beside it."""
    device = {
        "cloud": cloud,
        "vendor": "vendor",
        "class": "qpu",
        "region": "europe",
        "jurisdiction": "eu",
        "target": "qpu.forte-1",
        "qubits": 36,
    }
    vendor = {"title": "A vendor", "country": "FI", "reviewed": "2026-10-12", "reviewEvery": "1y"}
    devices = {"device": device, **({"second": {**device, "target": second}} if second else {})}
    lab = {"lab": {"tier": "test", "backends": [*devices], "projects": ["chemistry"]}}
    return repository(
        organization(
            vendors={"vendor": vendor},
            backends=devices,
            groups={"staff": {}, "leads": {}},
        ),
        role("researcher", "job:submit"),
        tenant_of_name(
            "aurora",
            **{
                "environments": lab,
                "clouds": {cloud: {"project": "aurora"}},
                "bindings": [{"group": "staff", "role": "researcher", "on": "lab"}],
                **spec,
            },
        ),
        *(document("Budget", {"name": f"b{n}"}, each) for n, each in enumerate(budgets)),
    )


NIGHTLY = {
    "name": "nightly",
    "owner": "leads",
    "federation": federation(),
    "bindings": [{"role": "researcher", "on": "lab"}],
}
"""A workload that may submit."""
