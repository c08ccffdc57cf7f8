"""Cost exposure as a chart: bars that are drawn to one scale, before and after."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from qgov.language.periods import period
from qgov.language.scalars import Money, format_money
from qgov.model.access_model import AccessModel, Budget
from qgov.plan.plan import Plan

__all__ = ["Bar", "Chart", "chart"]

MOST_BARS: Final = 12
SCALE: Final = 1000
"""Width of the longest bar."""


class Bar(Struct, frozen=True):
    """Two amounts of one thing, in words, and as lengths on the chart's scale."""

    name: str
    about: str
    words: tuple[str, str]
    lengths: tuple[int, int]

    @property
    def change(self) -> str:
        """`rises`, `falls`, or nothing."""
        before, after = self.lengths
        return "rises" if after > before else "falls" if after < before else ""


class Chart(Struct, frozen=True):
    """The whole and the budgets that change; `unbounded` projects have no hard stop on either
    side."""

    bars: tuple[Bar, ...]
    more: int
    unbounded: int


_Stops = tuple[int | None, int | None]


def chart(plan: Plan, before: AccessModel | None, after: AccessModel | None) -> Chart:
    """The most that a month can cost on both sides, and each budget whose stop changes."""
    old, new = plan.exposure
    budgets = list(_budgets(before, after))
    stops: _Stops = (old.amount_micros, new.amount_micros)
    shown = [("All together", "the most that a month can cost", stops), *budgets[:MOST_BARS]]
    longest = max(amount or 0 for _, _, amounts in shown for amount in amounts) or 1
    return Chart(
        tuple(
            Bar(
                name,
                about,
                (_words(amounts[0], plan.currency), _words(amounts[1], plan.currency)),
                ((amounts[0] or 0) * SCALE // longest, (amounts[1] or 0) * SCALE // longest),
            )
            for name, about, amounts in shown
        ),
        len(budgets[MOST_BARS:]),
        len({*old.unbounded} & {*new.unbounded}),
    )


def _words(amount: int | None, currency: str) -> str:
    return "no hard stop" if amount is None else format_money(Money(amount, currency))


def _budgets(
    before: AccessModel | None, after: AccessModel | None
) -> Iterator[tuple[str, str, _Stops]]:
    """Each budget whose hard stop differs between the two sides: name, what it bounds, stops."""
    old, new = (model.budgets if model else {} for model in (before, after))
    for name in sorted({*old, *new}):
        stops = _stop(old.get(name)), _stop(new.get(name))
        if stops[0] != stops[1]:
            budget = new.get(name) or old[name]
            who = f", {budget.group} only" if budget.group else ""
            on = f", on {' and '.join(budget.backends)} only" if budget.backends else ""
            when = period(budget.period).words if budget.period else "no money"
            yield name, f"{when} on {budget.scope}{who}{on}", stops


def _stop(budget: Budget | None) -> int | None:
    """Micros; None where there is no hard stop, or no such budget."""
    if budget is None or budget.stop_micros is None:
        return None
    return budget.stop_micros + budget.raised_micros
