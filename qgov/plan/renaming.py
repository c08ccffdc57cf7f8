"""The table of accesses of the base under the names that the head has for the same things."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from qgov.model.accesses import Cell, Path
from qgov.model.conditions import Conditions
from qgov.model.principal import Principal, is_workload, name_of, workload
from qgov.model.scope import under_other_names
from qgov.records import replace

__all__ = ["SCOPES", "renamed", "renamed_principal"]

SCOPES: Final = ("Tenant", "Environment", "Project")
"""What a plan names by its scope among the renames."""


def renamed(
    table: Mapping[Cell, tuple[Path, ...]], scopes: Mapping[str, str], budgets: Mapping[str, str]
) -> Mapping[Cell, tuple[Path, ...]]:
    """The table with tenants, environments, projects (old scope → new) and budgets (old name →
    new) under their new names, so that a rename is compared as what it is."""
    if not scopes and not budgets:
        return table
    return {
        Cell(
            renamed_principal(cell.principal, scopes),
            cell.permission,
            under_other_names(cell.scope, scopes),
            cell.backend,
        ): tuple(
            replace(path, conditions=_renamed_budgets(path.conditions, budgets)) for path in paths
        )
        for cell, paths in table.items()
    }


def renamed_principal(principal: Principal, tenants: Mapping[str, str]) -> Principal:
    """A principal under a tenant's other name (old name → new)."""
    if not is_workload(principal):
        return principal
    tenant, slash, account = name_of(principal).partition("/")
    return workload(f"{tenants.get(tenant, tenant)}{slash}{account}")


def _renamed_budgets(conditions: Conditions, budgets: Mapping[str, str]) -> Conditions:
    names = tuple(sorted(budgets.get(name, name) for name in conditions.budgets))
    approvals = tuple(
        replace(rule, budget=budgets.get(rule.budget, rule.budget)) for rule in conditions.approvals
    )
    return replace(conditions, budgets=names, approvals=approvals)
