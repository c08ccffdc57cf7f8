"""`entra-workloads.tf`: each workload as an application that takes its issuer's token."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from qgov.model import principal as principals
from qgov.model.access_model import Workload
from qgov.targets.directory import Module, held_by, shortened
from qgov.targets.entra.module import assigned, resource
from qgov.targets.hcl import Block, Ref, address
from qgov.targets.moved import moved

__all__ = ["is_federated", "workloads"]

_NOTES: Final = 1024


def is_federated(workload: Workload) -> bool:
    """Whether Entra can know it: by one subject, as it knows no patterns."""
    return bool(workload.issuer and workload.subject) and "*" not in (workload.subject or "")


def workloads(module: Module) -> list[Block]:
    """The applications, what vouches for each, and what it holds standing."""
    held = held_by(module, "workload")
    found = [
        block
        for workload in module.workloads
        for block in _workload(workload, held.get(workload.id, ()))
    ]
    return found + moved(
        (
            Ref(f"azuread_{kind}.{_label(module.renames.workload(workload.id))}"),
            Ref(f"azuread_{kind}.{_label(workload.id)}"),
        )
        for workload in module.workloads
        for kind in ("application", "service_principal")
    )


def _label(id_: str) -> str:
    return address("workload", *id_.split("/"))


def _workload(workload: Workload, held: tuple[tuple[str, str], ...]) -> Iterator[Block]:
    name = _label(workload.id)
    application = f"azuread_application.{name}"
    yield resource(
        "application",
        name,
        {
            "display_name": principals.workload(workload.id),
            "sign_in_audience": "AzureADMyOrg",
            "notes": shortened(f"Owner: {workload.spec.owner}", _NOTES),
        },
    )
    yield resource("service_principal", name, {"client_id": Ref(f"{application}.client_id")})
    if is_federated(workload):
        yield resource(
            "application_federated_identity_credential",
            name,
            {
                "application_id": Ref(f"{application}.id"),
                "display_name": name,
                "issuer": workload.issuer or "",
                "subject": workload.subject or "",
                "audiences": [workload.audience or ""],
            },
        )
    for role, scope in held:
        yield assigned(
            address("workload", *workload.id.split("/"), role, scope),
            address("role", role, scope),
            Ref(f"azuread_service_principal.{name}.object_id"),
        )
