"""What Google is asked for by a model: the specification that its list is read back to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from qgov.model.access_model import AccessModel
from qgov.model.scope import tenant_of
from qgov.targets import Access
from tests.targets.devices import devices
from tests.targets.worked import federation, organization, repository, role
from tests.targets.worked import tenant as tenant_of_name


def on_google(model: AccessModel) -> frozenset[Access]:
    """The submissions of the bindings to processors, as far as Google can be told of them."""
    return frozenset(_on_google(model))


def _on_google(model: AccessModel) -> Iterator[Access]:
    for binding in model.bindings:
        eligible = binding.eligible is not None
        workload, group = model.workload_of(binding.principal), model.group_of(binding.principal)
        if "job:submit" not in model.roles[binding.role].permissions:
            continue
        for name, tenant in model.tenants.items():
            scope = name if binding.scope == "*" else binding.scope
            project = tenant.spec.clouds.google
            if tenant_of(scope) != name or project is None:
                continue
            if workload is not None:
                exact = workload.subject is not None and "*" not in workload.subject
                if eligible or not exact or project.number is None:
                    continue
            elif group is None or (
                model.organization.providers[group.provider].value.issuer not in tenant.issuers
            ):
                continue
            if any(backend.cloud == "google" for _, _, backend in devices(model, scope)):
                yield Access(binding.principal, "job:submit", scope, eligible, own=False)


WILLOW: dict[str, Any] = {
    "cloud": "google",
    "vendor": "google",
    "class": "qpu",
    "region": "us",
    "jurisdiction": "eu",
    "target": "willow_pink",
    "qubits": 105,
}
LAB: dict[str, Any] = {"lab": {"tier": "test", "backends": ["willow"], "projects": ["chemistry"]}}
PROJECT = {"project": "aurora-quantum", "number": "100000000001"}
STANDING = {"group": "staff", "role": "researcher", "on": "lab"}
ELIGIBLE = {"approvers": "leads", "maxDuration": "4h", "ticket": "required"}
NIGHTLY: dict[str, Any] = {
    "name": "nightly",
    "owner": "leads",
    "federation": federation(),
    "bindings": [{"role": "researcher", "on": "lab"}],
}


def company(*, project: dict[str, Any] | None = None, **spec: Any) -> AccessModel:
    """A tenant `aurora` with a project and a processor in `lab`."""
    google = {"title": "Google", "country": "US", "reviewed": "2026-10-12", "reviewEvery": "1y"}
    return repository(
        organization(
            vendors={"google": google},
            backends={"willow": WILLOW},
            groups={"staff": {}, "leads": {}},
        ),
        role("researcher", "job:submit"),
        role("lead", "job:read", "job:cancel"),
        tenant_of_name(
            "aurora", **{"environments": LAB, "clouds": {"google": project or PROJECT}, **spec}
        ),
    )


def federated_at_google() -> AccessModel:
    """A workload whose subject is evil where it is written."""
    evil = federation("repo:{a}'b/(c)&d")
    return company(bindings=[STANDING], serviceAccounts=[{**NIGHTLY, "federation": evil}])
