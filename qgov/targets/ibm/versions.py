"""`versions.tf`: which Terraform and provider, and what only who applies it can know."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from qgov.targets.cloud import groups_of, head
from qgov.targets.hcl import Block
from qgov.targets.ibm.access import counted
from qgov.targets.ibm.module import Module

__all__ = ["SCHEMA_VERSIONS", "account_versions", "versions"]

SCHEMA_VERSIONS: Final = {"ibm": "2.5.0"}
"""The version of IBM's provider whose schema the resources are written for."""

_AUDIT: Final = {
    "audit_endpoint": "The host of Cloud Object Storage that audit events go to",
    "audit_target_crn": "The CRN of its instance",
    "audit_bucket": "The bucket there, with a retention rule or object lock",
}


def versions(module: Module) -> list[Block]:
    """Terraform, the variables and the provider of a tenant's module."""
    return _versions(module.account, () if module.ibm.closed else _variables(module))


def account_versions(account: str) -> list[Block]:
    """Terraform, the variables and the provider of an account's module."""
    return _versions(account, ((name, "string", about) for name, about in _AUDIT.items()))


def _versions(account: str, variables: Iterable[tuple[str, str, str]]) -> list[Block]:
    return [
        *head(SCHEMA_VERSIONS, {"ibm": "IBM-Cloud/ibm"}, variables),
        Block("provider", ("ibm",), {"ibmcloud_account_id": account}),
    ]


def _variables(module: Module) -> Iterator[tuple[str, str, str]]:
    """(name, type, description) of what the configuration does not say."""
    plans = ", ".join(sorted({each.spec.plan for each in module.instances}))
    yield (
        "plans",
        "map(string)",
        f"What the catalogue calls each plan (ibmcloud catalog service quantum-computing): {plans}",
    )
    if any(groups_of(held.bindings, eligible=False) for held in module.entitlements):
        yield (
            "identity_providers",
            "map(string)",
            "The issuer by which IBM Cloud knows each identity provider",
        )
    if any(counted(module, held) for held in module.entitlements):
        yield "ibm_ids", "map(string)", "The IBMid of each person who is elevated"
