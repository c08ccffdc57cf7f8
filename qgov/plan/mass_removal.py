"""The rail against mass removal: a change may take away only so large a share of accesses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

from qgov.language.permissions import CATALOGUE
from qgov.model.access_model import AccessModel
from qgov.model.accesses import AccessTable, Cell
from qgov.model.scope import tenant_of
from qgov.plan.changes import Change, ChangedCell

__all__ = ["mass_removal"]

MOST_TOLD: Final = 5
"""How many tenants are named before they are counted."""


def mass_removal(
    base: AccessModel, before: Mapping[Cell, Any], changed: Iterable[ChangedCell]
) -> list[str]:
    """For each tenant that loses too large a share, and for all together, what is removed. What
    somebody else is known by has only changed hands."""
    rails = base.organization.spec.rails
    removed = Counter(
        tenant_of(item.cell.scope)
        for item in changed
        if item.change is Change.REVOKED and item.moved is None
    )
    if not removed:
        return []
    existing = _sizes(before)
    counts = [
        (f"`{tenant}`" if tenant else "the organization", removed[tenant], existing[tenant])
        for tenant in sorted(removed)
    ]
    if len(existing) > 1:
        whole = ("all that was compared", sum(removed.values()), sum(existing.values()))
        counts.insert(0, whole)
    found = [
        f"removes {gone} of {of} accesses of {where} ({gone * 100 // of} %), more than "
        f"{rails.max_removed / 100:g} %"
        for where, gone, of in counts
        if of >= rails.min_accesses and gone * 10_000 > rails.max_removed * of
    ]
    if len(found) > MOST_TOLD:
        found[MOST_TOLD:] = [f"and {len(found) - MOST_TOLD} more tenants likewise"]
    return found


def _sizes(table: Mapping[Cell, Any]) -> Counter[str]:
    """How many accesses each tenant (empty: the organization) has."""
    if not isinstance(table, AccessTable):
        return Counter(tenant_of(cell.scope) for cell in table)
    found: Counter[str] = Counter()
    for permission in CATALOGUE:
        found.update(table.sizes(permission))
    return found
