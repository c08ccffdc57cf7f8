"""What Azure Quantum enforces, control by control."""

from __future__ import annotations

from typing import Final

from qgov.model.access_model import AccessModel, Tenant
from qgov.model.tenants import azure_workspaces
from qgov.targets.control import Control, Controls, Kind, gateway, native, nobody, partly

__all__ = ["CONTROLS"]


def _money(_: AccessModel, tenant: Tenant) -> Control:
    budget = "a budget of the resource group warns the owner, hours late, and stops nothing"
    spaces = azure_workspaces(tenant.spec)
    if any(
        each.standard_minutes is not None
        for _, space, _ in spaces
        for each in space.providers.values()
    ):
        return partly(f"{budget}; the provider stops at its minutes, which never begin anew")
    return gateway(budget)


def _retention(_: AccessModel, tenant: Tenant) -> Control:
    if all(space.storage_account for _, space, _ in azure_workspaces(tenant.spec)):
        return native(
            "the storage account deletes what is as old as it may be; where the store is "
            "`immutable`, nobody can before"
        )
    return nobody("the storage account is not in the configuration")


CONTROLS: Final[Controls] = {
    Kind.ACCESS: native(
        "Quantum Workspace Data Contributor for each group or identity, at the workspace; "
        "Data Reader where all jobs and results may be read"
    ),
    Kind.DEVICE: partly(
        "a workspace has only the providers whose devices may be used; other devices of "
        "the same provider are open too"
    ),
    Kind.RESIDENCY: gateway(
        "the workspace has a location, and the vendor's device stands where it stands"
    ),
    Kind.WORKLOAD: native(
        "an identity whose credential has exactly the `iss`, `sub` and `aud` of the federation"
    ),
    Kind.ELEVATION: native(
        "Privileged Identity Management: approval, the longest activation, a ticket; one set of "
        "terms for each role of Azure in a workspace, the strictest, of at most 23.5 hours"
    ),
    Kind.SECOND_FACTOR: partly(
        "Privileged Identity Management asks for it at each activation; what is held standing is "
        "the identity provider's to ask for"
    ),
    Kind.SIGN_IN_AGE: gateway("the workspace takes any token of Entra ID that is still valid"),
    Kind.MANAGED_DEVICE: gateway("or Conditional Access of Entra ID, which is not written here"),
    Kind.COUNTRY: gateway("or Conditional Access of Entra ID, which is not written here"),
    Kind.OWN_JOBS: gateway("who may submit to a workspace may read and cancel all of its jobs"),
    Kind.OWN_RESULTS: gateway(
        "who may submit to a workspace may read the results of all of its jobs"
    ),
    Kind.JOB_SIZE: gateway("the roles have no condition for any of them"),
    Kind.MONEY: _money,
    Kind.QUOTAS: gateway("Azure knows the resource group"),
    Kind.APPROVALS: gateway("Azure asks nobody about a job"),
    Kind.RETENTION: _retention,
    Kind.INPUTS: partly("they lie beside the results, and live as long"),
    Kind.AUDIT: native(
        "a diagnostic setting of the workspace and of its storage; where the store is "
        "`immutable`, the container of the records is locked for as long as they are kept"
    ),
}
