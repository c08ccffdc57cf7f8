"""The table of accesses of the base under the names that the head has for the same things."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from qgov.model.accesses import Cell, Path
from qgov.model.conditions import Conditions
from qgov.model.principal import Principal, is_workload, name_of, workload

__all__ = ["renamed", "renamed_principal"]


def renamed(
    table: Mapping[Cell, tuple[Path, ...]], tenants: Mapping[str, str], budgets: Mapping[str, str]
) -> Mapping[Cell, tuple[Path, ...]]:
    """The table with tenants and budgets (old name → new) under their new names, so that
    a rename is compared as what it is."""
    if not tenants and not budgets:
        return table
    return {
        Cell(
            renamed_principal(cell.principal, tenants),
            cell.permission,
            _renamed_scope(cell.scope, tenants),
            cell.backend,
        ): tuple(
            replace(path, conditions=_renamed_budgets(path.conditions, budgets)) for path in paths
        )
        for cell, paths in table.items()
    }


def _renamed_scope(scope: str, tenants: Mapping[str, str]) -> str:
    tenant, slash, rest = scope.partition("/")
    return f"{tenants.get(tenant, tenant)}{slash}{rest}"


def renamed_principal(principal: Principal, tenants: Mapping[str, str]) -> Principal:
    """A principal under a tenant's other name (old name → new)."""
    if not is_workload(principal):
        return principal
    return workload(_renamed_scope(name_of(principal), tenants))


def _renamed_budgets(conditions: Conditions, budgets: Mapping[str, str]) -> Conditions:
    names = tuple(sorted(budgets.get(name, name) for name in conditions.budgets))
    approvals = tuple(
        replace(rule, budget=budgets.get(rule.budget, rule.budget)) for rule in conditions.approvals
    )
    return replace(conditions, budgets=names, approvals=approvals)
