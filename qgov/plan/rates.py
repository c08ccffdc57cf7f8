"""Exchange rates cut both ways: a lower one makes prices lower, and with them what is written in
the same currency to bound them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from qgov.language.scalars import Money
from qgov.model.access_model import AccessModel
from qgov.plan.concern_risk import assess_field
from qgov.plan.concerns import ConcernRow
from qgov.plan.directions import Direction

__all__ = ["with_rates"]

_RATE: Final = re.compile(r"spec\.exchangeRates\.(\w+)(\.rate)?")


def with_rates(
    rows: Iterable[ConcernRow], models: Iterable[AccessModel | None]
) -> list[ConcernRow]:
    """The rows; a rate of a currency that a budget is written in goes both ways."""
    found = list(rows)
    if not any(_RATE.fullmatch(row.change.field) for row in found):
        return found
    bounding = {m.currency for model in models if model for m in _bounds(model)}
    return [_both_ways(row, bounding) for row in found]


def _both_ways(row: ConcernRow, bounding: set[str]) -> ConcernRow:
    of = _RATE.fullmatch(row.change.field)
    if of is None or of[1] not in bounding:
        return row
    change = replace(row.change, direction=Direction.DIFFERENT)
    return replace(row, change=change, rule=assess_field(change))


def _bounds(model: AccessModel) -> Iterator[Money]:
    """The amounts that budgets and their exceptions are written with."""
    for budget in model.budgets.values():
        spec = budget.source.value
        if spec.budget is not None:
            yield spec.budget.limit
        if spec.approval is not None:
            yield spec.approval.above
    for exception in model.budget_exceptions:
        yield exception.value.increase
