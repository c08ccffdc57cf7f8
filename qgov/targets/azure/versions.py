"""`versions.tf`: which Terraform and providers, and what only who applies it can know."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from qgov.targets.azure.entitlements import eligible, standing
from qgov.targets.azure.module import Module
from qgov.targets.azure.money import budgets
from qgov.targets.azure.storage import stores
from qgov.targets.azure.workspace import skus
from qgov.targets.cloud import head, without_unused
from qgov.targets.hcl import Block, Value

__all__ = ["SCHEMA_VERSIONS", "versions"]

SCHEMA_VERSIONS: Final = {"azapi": "2.12.0", "azurerm": "5.2.0"}
"""The versions of the providers whose schemas the resources are written for."""

_SOURCES: Final = {"azapi": "azure/azapi", "azurerm": "hashicorp/azurerm"}


def versions(module: Module) -> list[Block]:
    """Terraform, the variables, and a provider for the subscription."""
    here: dict[str, Value] = {"subscription_id": module.workspace.subscription}
    found = [
        *head(SCHEMA_VERSIONS, _SOURCES, _variables(module)),
        Block("provider", ("azapi",), here),
        Block(
            "provider",
            ("azurerm",),
            {**here, "storage_use_azuread": True},
            (Block("features"),),
        ),
    ]
    return without_unused(found) if module.workspace.closed else found


def _variables(module: Module) -> Iterator[tuple[str, str, str]]:
    """(name, type, description) of what the configuration does not say."""
    spec = module.workspace
    if eligible(module) or standing(module):
        yield "group_ids", "map(string)", "The object id in Entra ID of each directory group"
    if names := skus(module):
        about = "The plan (providerSku) of each provider"
        yield "provider_skus", "map(string)", f"{about}: {', '.join(names)}"
    if spec.storage_account is None:
        yield "storage_account_id", "string", "The storage account of the workspace"
    if spec.audit_storage_account is None:
        about = "Where the record of who did what is sent"
        yield "log_analytics_workspace_id", "string", about
    if known := stores(module):
        yield (
            "key_ids",
            "map(string)",
            f"The key in a key vault of each store: {', '.join(known)}",
        )
        yield "key_identity_id", "string", "The identity by which storage uses the keys"
    if budgets(module):
        yield (
            "budget_start",
            "string",
            "The first day of the month in which the budget began (RFC 3339, UTC): never another",
        )
