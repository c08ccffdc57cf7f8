"""Rails: bounds on what one change may take away, counted in access.

In the manner of octoDNS (a share of what exists) and Peribolos (who is left to undo it).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from qgov.model.access_model import AccessModel
from qgov.model.accesses import Cell, accesses
from qgov.model.scope import EVERYWHERE, tenant_of
from qgov.plan.changes import Change, ChangedCell

__all__ = ["RAILS", "Tripped", "tripped"]

RAILS: Final = ("mass-removal", "lock-out")
"""What `--override` takes."""

MOST_TOLD: Final = 5
"""How many tenants a rail names before it counts them."""


@dataclass(frozen=True, slots=True)
class Tripped:
    """A rail that a change runs into."""

    rail: str
    message: str


def tripped(
    base: AccessModel | None,
    head: AccessModel | None,
    before: Mapping[Cell, Any],
    changed: Iterable[ChangedCell],
) -> list[Tripped]:
    """The rails that a change trips, judged by the bounds of the base: a change cannot
    loosen the rail that it runs into."""
    if base is None:
        return []
    return [*_mass_removal(base, before, changed), *_lock_out(base, head)]


def _mass_removal(
    base: AccessModel, before: Mapping[Cell, Any], changed: Iterable[ChangedCell]
) -> list[Tripped]:
    rails = base.organization.spec.rails
    removed = Counter(
        tenant_of(item.cell.scope) for item in changed if item.change is Change.REVOKED
    )
    existing = Counter(tenant_of(cell.scope) for cell in before)
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
    return [Tripped("mass-removal", message) for message in found]


def _lock_out(base: AccessModel, head: AccessModel | None) -> list[Tripped]:
    rails = base.organization.spec.rails
    before = _people(base, rails.recovery_permission)
    after = _people(head, rails.recovery_permission) if head else 0
    if after >= rails.min_people or after >= before:
        return []
    return [
        Tripped(
            "lock-out",
            f"leaves {after} people who hold `{rails.recovery_permission}` "
            f"and could undo this, fewer than {rails.min_people}",
        )
    ]


def _people(model: AccessModel, permission: str) -> int:
    """How many people the directory keeps at least in the groups that hold a permission."""
    holders = {
        group.name
        for cell in accesses(model).of(permission)
        if cell.scope == EVERYWHERE and (group := model.group_of(cell.principal)) is not None
    }
    return sum(model.groups[name].members for name in holders)
