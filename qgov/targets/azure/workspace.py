"""`workspace.tf`: the workspace, whose devices it has, and what it may do with its storage."""

from __future__ import annotations

from typing import Final

from qgov.targets.azure.module import Module, resource
from qgov.targets.cloud import KEPT
from qgov.targets.hcl import Block, Ref, Value

__all__ = ["API_VERSION", "skus", "workspace"]

API_VERSION: Final = "2025-12-15-preview"
"""The first that has quotas in minutes for a provider."""

_STORAGE_ACCOUNT_CONTRIBUTOR: Final = "17d1049b-9a84-46fb-8f53-869881c3d3ab"


def skus(module: Module) -> list[str]:
    """The providers whose plan the configuration does not say."""
    return [each for each in module.providers if each not in module.workspace.providers]


def workspace(module: Module) -> list[Block]:
    """The workspace with the providers of the devices that jobs may use, and no other. It makes
    addresses for results with the keys of the storage account, and needs no more of it."""
    spec = module.workspace
    own = spec.storage_account is not None
    storage: Value = Ref("azurerm_storage_account.results.id" if own else "var.storage_account_id")
    properties: dict[str, Value] = {
        "apiKeyEnabled": spec.access_keys,
        "storageAccount": storage,
        "providers": [_provider(module, name) for name in module.providers],
    }
    return [
        Block(
            "resource",
            ("azapi_resource", "workspace"),
            {
                "type": f"Microsoft.Quantum/workspaces@{API_VERSION}",
                "name": spec.workspace,
                "parent_id": module.group,
                "location": spec.location,
                "body": {"properties": properties},
            },
            (Block("identity", (), {"type": "SystemAssigned"}), KEPT),
        ),
        resource(
            "role_assignment",
            "workspace",
            {
                "scope": storage,
                "role_definition_id": module.role(_STORAGE_ACCOUNT_CONTRIBUTOR),
                "principal_id": Ref("azapi_resource.workspace.identity[0].principal_id"),
                "principal_type": "ServicePrincipal",
                "skip_service_principal_aad_check": True,
            },
        ),
    ]


def _provider(module: Module, name: str) -> Value:
    known = module.workspace.providers.get(name)
    if known is None:
        return {"providerId": name, "providerSku": Ref("var.provider_skus", name)}
    found: dict[str, Value] = {"providerId": name, "providerSku": known.plan}
    minutes: dict[str, Value] = {}
    if known.standard_minutes is not None:
        minutes["standardMinutesLifetime"] = known.standard_minutes
    if known.high_minutes is not None:
        minutes["highMinutesLifetime"] = known.high_minutes
    return {**found, "quotas": minutes} if minutes else found
