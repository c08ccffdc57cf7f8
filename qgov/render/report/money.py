"""Cost exposure as a chart: bars that are drawn to one scale, before and after."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from qgov.language.scalars import Money, format_money
from qgov.model.access_model import AccessModel, Budget
from qgov.plan.plan import Plan

__all__ = ["Bar", "Chart", "chart"]

MOST_BARS: Final = 12
MOST_UNBOUNDED: Final = 12
SCALE: Final = 1000
"""Width of the longest bar."""


@dataclass(frozen=True, slots=True)
class Bar:
    """Two amounts of one thing; `from_` and `to` are lengths on the chart's scale, and the
    amounts are in words. None where there is no hard stop, or no such budget."""

    name: str
    about: str
    before: str
    after: str
    from_: int
    to: int

    @property
    def change(self) -> str:
        """`rises`, `falls`, or nothing."""
        return "rises" if self.to > self.from_ else "falls" if self.to < self.from_ else ""


@dataclass(frozen=True, slots=True)
class Chart:
    """The whole and the budgets that change; `unbounded` projects lose their last hard stop,
    and `still` have none on either side."""

    bars: tuple[Bar, ...]
    more: int
    unbounded: tuple[str, ...]
    more_unbounded: int
    still: int


def chart(plan: Plan, before: AccessModel | None, after: AccessModel | None) -> Chart:
    """The most that a month can cost on both sides, and each budget whose stop changes."""
    sides = plan.exposure
    budgets = list(_budgets(before, after))
    amounts = [side.amount_micros for side in sides]
    known = [*amounts, *(n for _, _, pair in budgets[:MOST_BARS] for n in pair if n is not None)]
    longest = max(known) or 1

    def bar(name: str, about: str, old: int | None, new: int | None, none: str) -> Bar:
        words = [none if n is None else format_money(Money(n, plan.currency)) for n in (old, new)]
        lengths = [(n or 0) * SCALE // longest for n in (old, new)]
        return Bar(name, about, words[0], words[1], lengths[0], lengths[1])

    bars = [bar("All together", "the most that a month can cost", amounts[0], amounts[1], "")]
    bars += [
        bar(name, about, old, new, "no hard stop")
        for name, about, (old, new) in budgets[:MOST_BARS]
    ]
    gone = sorted({*sides[1].unbounded} - {*sides[0].unbounded})
    return Chart(
        tuple(bars),
        len(budgets[MOST_BARS:]),
        tuple(gone[:MOST_UNBOUNDED]),
        len(gone[MOST_UNBOUNDED:]),
        len({*sides[1].unbounded} & {*sides[0].unbounded}),
    )


def _budgets(
    before: AccessModel | None, after: AccessModel | None
) -> Iterator[tuple[str, str, tuple[int | None, int | None]]]:
    """Each budget whose hard stop is another on the two sides: name, what it bounds, stops."""
    old, new = (model.budgets if model else {} for model in (before, after))
    for name in sorted({*old, *new}):
        stops = _stop(old.get(name)), _stop(new.get(name))
        if stops[0] != stops[1]:
            budget = new.get(name) or old[name]
            who = f", {budget.group} only" if budget.group else ""
            yield name, f"{budget.period or 'no money'} on {budget.scope}{who}", stops


def _stop(budget: Budget | None) -> int | None:
    if budget is None or budget.stop_micros is None:
        return None
    return budget.stop_micros + budget.raised_micros
