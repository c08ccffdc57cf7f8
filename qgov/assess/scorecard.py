"""The scorecard: every item, judged."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from msgspec import Struct

from qgov.assess import after_pilot, foundation, maturity
from qgov.assess.item import Item, Plan, Result, Seen, State, judged
from qgov.model.access_model import AccessModel

__all__ = ["ITEMS", "Scorecard", "assess"]

ITEMS: Final[tuple[Item, ...]] = (*foundation.ITEMS, *maturity.ITEMS, *after_pilot.ITEMS)
"""Every item, plan by plan in the guide's order."""


class Scorecard(Struct, frozen=True):
    """The verdict on every item, in the order of `ITEMS`."""

    results: tuple[Result, ...]

    def of(self, plan: Plan) -> tuple[Result, ...]:
        """The results of one plan."""
        return tuple(result for result in self.results if result.item.plan is plan)

    def reached(self, state: State) -> bool:
        """Whether any item is as far behind as a state: `partly` includes `missing`."""
        behind = (State.MISSING,) if state is State.MISSING else (State.MISSING, State.PARTLY)
        return any(result.state in behind for result in self.results)


def assess(model: AccessModel, now: datetime, templates: Mapping[str, bytes]) -> Scorecard:
    """Judge a model at a time (aware UTC); `templates` are the starter templates beside it,
    path → bytes."""
    seen = Seen(model, now, templates)
    return Scorecard(tuple(judged(item, seen) for item in ITEMS))
