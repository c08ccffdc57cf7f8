"""`kept.tf`: what holds money and records, and the workspace with its jobs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from qgov.finding import Finding
from qgov.targets.azure.module import Module
from qgov.targets.azure.money import budgets
from qgov.targets.azure.storage import audit, storage
from qgov.targets.azure.workspace import workspace
from qgov.targets.hcl import Block
from qgov.targets.refused import unretirable
from qgov.targets.retired import keeping

__all__ = ["kept", "misretired"]

_KINDS: Final = frozenset(
    {
        "azapi_resource",
        "azurerm_consumption_budget_resource_group",
        "azurerm_monitor_diagnostic_setting",
        "azurerm_storage_account",
        "azurerm_storage_container",
    }
)


def _made(module: Module) -> list[Block]:
    return [*workspace(module), *storage(module), *audit(module), *budgets(module)]


def kept(module: Module) -> list[Block]:
    """What guards them, and what lets go of those that are retired; of all where nobody uses the
    workspace any more."""
    return keeping(_made(module), _KINDS, module.workspace)


def misretired(module: Module) -> Iterator[Finding]:
    """Names that cannot be retired."""
    return unretirable(lambda: _made(module), _KINDS, module.workspace, module.tenant, *module.at)
