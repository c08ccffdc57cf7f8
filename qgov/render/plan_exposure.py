"""The most that can be spent, before and after, in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from qgov.language.periods import JOB, a_words
from qgov.language.scalars import Money, format_money
from qgov.plan.exposure import Exposure, QuotaChange
from qgov.plan.plan import Plan
from qgov.render.counting import count

__all__ = ["ExposureView", "exposure_view"]


class ExposureView(NamedTuple):
    """The most that a month and a year can cost before and after, in words, then each quota that
    differs; and the projects that lose their last hard stop."""

    lines: tuple[str, ...]
    unbounded: tuple[str, ...]

    def __str__(self) -> str:
        return "; ".join(self.lines)


def exposure_view(plan: Plan) -> ExposureView | None:
    """What of the most that can be spent differs; None where nothing of money changes."""
    before, after = plan.exposure
    if before == after and not any(row.money for row in plan.concerns):
        return None
    within = " in the tenants compared" if plan.compared.unchanged_tenants else ""
    amounts = (
        ("a month", before.amount_micros, after.amount_micros),
        ("a year", before.per_year_micros, after.per_year_micros),
    )
    lines = [
        f"{_both(_at_most(old, before), _at_most(new, after))}, {time} at most{within}"
        for time, old, new in amounts
    ]
    return ExposureView((*lines, *_quotas(plan.quotas)), _unbounded(plan))


def _both(before: str, after: str) -> str:
    return f"{before} \u2192 {after}" if before != after else f"{after} as before"


def _quotas(changes: Sequence[QuotaChange]) -> Iterator[str]:
    """A line for each; two are one where a bound over one period takes the place of another's."""
    alike: dict[tuple[str, str, str], list[QuotaChange]] = defaultdict(list)
    for change in changes:
        if change.window != JOB and None in (change.before, change.after):
            alike[change.budget, change.scope, change.measure].append(change)
    for change in changes:
        both = alike[change.budget, change.scope, change.measure]
        gone = [each for each in both if each.before is not None]
        if change not in both or len(both) != 2 or len(gone) != 1:
            yield _quota(change)
        elif change == gone[0]:
            (come,) = (each for each in both if each != change)
            yield (
                f"{change.before:,} {change.measure} {a_words(change.window)} \u2192 "
                f"{come.after:,} {a_words(come.window)} in {change.budget} ({change.scope})"
            )


def _quota(found: QuotaChange) -> str:
    """`3,600 → 7,200 qpuSeconds a month in aurora-chemistry`."""
    before, after = (
        "any number" if limit is None else f"{limit:,}" for limit in (found.before, found.after)
    )
    return (
        f"{before} \u2192 {after} {found.measure} {a_words(found.window)} in {found.budget} "
        f"({found.scope})"
    )


def _unbounded(plan: Plan) -> tuple[str, ...]:
    before, after = plan.exposure
    return tuple(sorted({*after.unbounded} - {*before.unbounded}))


def _at_most(micros: int, exposure: Exposure) -> str:
    amount = format_money(Money(micros, exposure.currency))
    if not exposure.unbounded:
        return amount
    return f"{amount} and {count(len(exposure.unbounded), 'project')} without any hard stop"
