"""Exchange rates and the worth of credits cut both ways: a lower one makes prices lower, and with
them what is written in the same currency to bound them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from qgov.model.access_model import AccessModel
from qgov.plan.concern_risk import assess_field
from qgov.plan.concerns import ConcernRow
from qgov.plan.directions import Direction
from qgov.records import replace

__all__ = ["bounded_by", "with_rates"]

_RATE: Final = re.compile(r"spec\.(?:exchangeRates|credits)\.(\w+)(\.rate|\.worth)?")


def with_rates(
    rows: Iterable[ConcernRow], models: Iterable[AccessModel | None]
) -> list[ConcernRow]:
    """The rows; a rate of a currency that a budget is written in goes both ways."""
    found = list(rows)
    if not any(_RATE.fullmatch(row.change.field) for row in found):
        return found
    bounding = {currency for model in models if model for _, currency in _bounds(model)}
    return [_both_ways(row, bounding) for row in found]


def _both_ways(row: ConcernRow, bounding: set[str]) -> ConcernRow:
    of = _RATE.fullmatch(row.change.field)
    if of is None or of[1] not in bounding:
        return row
    change = replace(row.change, direction=Direction.DIFFERENT)
    return replace(row, change=change, rule=assess_field(change))


def bounded_by(row: ConcernRow, model: AccessModel) -> list[str]:
    """The budgets that a changed rate moves."""
    of = _RATE.fullmatch(row.change.field)
    return sorted({name for name, currency in _bounds(model) if of and of[1] == currency})


def _bounds(model: AccessModel) -> Iterator[tuple[str, str]]:
    """Each budget with the currencies that it and its exceptions are written in; of a credit,
    that of its worth too."""
    known = model.organization.spec.credits
    for name, unit in _written(model):
        yield name, unit
        if unit in known:
            yield name, known[unit].worth.currency


def _written(model: AccessModel) -> Iterator[tuple[str, str]]:
    for budget in model.budgets.values():
        spec = budget.source.value
        if spec.budget is not None:
            yield budget.name, spec.budget.limit.currency
        if spec.approval is not None:
            yield budget.name, spec.approval.above.currency
    for exception in model.budget_exceptions:
        yield exception.value.budget, exception.value.increase.currency
