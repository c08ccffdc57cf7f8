"""What a job may lack for which one side of a budget has room and the other has not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from qgov.decision.deviations import (
    Change,
    Deviation,
    having,
    moved_to,
    sized,
    together,
    using,
)
from qgov.decision.made_up import SOME_TIME
from qgov.decision.request_parts import MAX_COUNT
from qgov.language.periods import campaign_of, period
from qgov.language.scalars import Money, format_instant, format_money
from qgov.model.access_model import Budget
from qgov.model.budgets import is_open, most_at
from qgov.model.measures import COST, COUNTED, MEASURES
from qgov.plan.misses import Contrast, Miss, approval_misses

__all__ = ["money_misses"]

_ONE: Final = frozenset({0})
_WHOLE: Final = ("spec", "spec.scope", "spec.group", "spec.backends")
"""The budget, and the fields that decide whether a job counts under it at all."""
_QUOTA: Final = re.compile(r"spec\.quotas\[(\w+) (\w+)\]")
_BY_QUOTA: Final = {measure.quota: measure for measure in MEASURES if measure.quota}


def money_misses(name: str, field: str) -> Callable[[Contrast], Iterator[Miss]]:
    """What shows a change of a field of the budget, or of an exception to it (no field)."""
    quota = _QUOTA.match(field)
    whole = field in _WHOLE

    def misses(contrast: Contrast) -> Iterator[Miss]:
        strict, wide = contrast.strict.get(name), contrast.budgets.get(name)
        if strict is None:
            return
        if not field or whole or field.startswith("spec.budget"):
            yield from _spent(strict, wide, name, contrast.currency)
        if whole or quota is not None:
            of = None if quota is None else quota.groups()
            yield from _used(strict, wide, name, of, contrast.currency)
        if whole or field.startswith("spec.approval"):
            yield from approval_misses(contrast)

    return misses


def _spent(strict: Budget, wide: Budget | None, name: str, currency: str) -> Iterator[Miss]:
    """More money than the one lets be spent at some time, and the other does."""
    raises = (*strict.raises, *(wide.raises if wide else ()))
    moments = [
        SOME_TIME,
        *(r.not_before or SOME_TIME for r in raises),
        *(r.expires for r in raises),
        *(edge for b in (strict, wide) if b for edge in campaign_of(b.period) or ()),
    ]
    for moment in dict.fromkeys(moments):
        most, room = most_at(strict, moment), None if wide is None else most_at(wide, moment)
        if most is None or most + 1 > MAX_COUNT or (room is not None and room <= most):
            continue
        at = "" if moment == SOME_TIME else f" at {format_instant(moment)}"
        if not is_open(strict, moment):
            change = together(moved_to(moment), having(job={COST.attribute: 1}))
            yield _miss("spent", f"with a job that costs anything{at}", change)
            continue
        amount = format_money(Money(most + 1, currency))
        change = together(moved_to(moment), using(name, {"spent_micros": most + 1}))
        yield _miss("spent", f"with {amount} of {name} spent{at}", change)


def _used(
    strict: Budget,
    wide: Budget | None,
    name: str,
    of: tuple[str | None, ...] | None,
    currency: str,
) -> Iterator[Miss]:
    """More of what is counted than the one has, and the other has not."""
    for quota in strict.quotas:
        what = (quota.measure, quota.window)
        room = [q.limit for q in (wide.quotas if wide else ()) if (q.measure, q.window) == what]
        if of not in (None, what) or min(room, default=MAX_COUNT) <= quota.limit:
            continue
        if quota.window == "job":
            if quota.measure in COUNTED and quota.limit < MAX_COUNT:
                larger = sized(_BY_QUOTA[quota.measure], quota.limit + 1, currency)
                yield Miss("size", larger, _ONE)
            continue
        counter = f"{quota.measure}/{quota.window}"
        # All of it, or more where the smallest job adds nothing.
        for used in (quota.limit, quota.limit + 1):
            if used <= MAX_COUNT:
                when = period(quota.window).used_words
                says = f"with {used:,} {quota.measure} {when} used in {name}"
                yield _miss(counter, says, using(name, {counter: used}))


def _miss(kind: str, says: str, change: Change) -> Miss:
    return Miss(kind, Deviation(kind, says, change), _ONE)
