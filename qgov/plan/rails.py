"""Rails: bounds on what one change may take away, counted in access.

In the manner of octoDNS (a share of what exists) and Peribolos (who is left to undo it).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from msgspec import Struct

from qgov.model.access_model import AccessModel
from qgov.model.accesses import Cell
from qgov.plan.changes import ChangedCell
from qgov.plan.lock_out import lock_out
from qgov.plan.mass_removal import mass_removal

__all__ = ["RAILS", "Tripped", "tripped"]

MASS_REMOVAL: Final = "mass-removal"
LOCK_OUT: Final = "lock-out"
RAILS: Final = (MASS_REMOVAL, LOCK_OUT)
"""What `--override` takes."""


class Tripped(Struct, frozen=True):
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
    found = [(MASS_REMOVAL, m) for m in mass_removal(base, before, changed)]
    found += [(LOCK_OUT, m) for m in lock_out(base, head)]
    return [Tripped(rail, message) for rail, message in found]
