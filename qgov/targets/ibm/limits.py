"""What IBM itself stops at: seconds of an instance.

IBM counts 28 days that roll on, and pay-as-you-go the whole life of an instance. What is for 28
days is exactly that. Another budget counts a month, a quarter, a year or once, and what it allows
in all of that may be used in 28 days; a shorter window is granted as often as it fits whole. A
campaign is a limit of nothing, and a bonus while it goes. An amount of money is as many seconds as
it buys on the dearest device of the instance.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Final

from msgspec import Struct

from qgov.language.periods import DAY, JOB, MONTH, campaign_of, period
from qgov.model.access_model import Budget, Raise
from qgov.model.caps import Place, counts_at, places
from qgov.model.scope import matches
from qgov.targets.ibm.module import Instance, Module

__all__ = ["WINDOW", "Bonus", "allowed", "bonuses", "bounding", "limit", "second_micros", "timed"]

WINDOW: Final = timedelta(days=28)
"""Over what IBM counts."""

_HOUR_S: Final = 3600
_DAYS: Final = {DAY: 28, MONTH: 1}
"""How often a quota is granted in 28 days."""

_Raised = tuple[str, Raise]


class Bonus(Struct, frozen=True):
    """Seconds that a budget exception adds, from `start` until before `end`."""

    seconds: int
    start: datetime
    end: datetime


def limit(module: Module, instance: Instance) -> int | None:
    """The most seconds that an instance may use: the strictest of its own limit and what the
    budgets allow; None where nothing bounds it."""
    spec = instance.spec
    budgets = allowed(module, instance)
    if budgets is not None and spec.plan == "pay-as-you-go":
        budgets += spec.used_seconds
    known = [each for each in (spec.instance_limit_seconds, budgets) if each is not None]
    return min(known, default=None)


def bonuses(module: Module, instance: Instance) -> list[Bonus]:
    """What budget exceptions add to the limit, in the order in which they begin. Each counts for
    as much as it adds to those before it, so that all together are no more than what the budgets
    allow then. An exception without a beginning begins 28 days before its end."""
    raised = sorted(
        (
            ((raise_.not_before or raise_.expires - WINDOW), raise_.expires, budget.name, raise_)
            for budget in bounding(module, instance)
            for raise_ in _raises(budget)
        ),
        key=lambda each: (each[0], each[1], each[2], each[3].increase_micros),
    )
    found: list[Bonus] = []
    so_far: list[_Raised] = []
    before = allowed(module, instance)
    for start, end, name, raise_ in raised:
        so_far.append((name, raise_))
        after = allowed(module, instance, so_far)
        if before is not None and after is not None and after > before:
            found.append(Bonus(after - before, start, end))
        before = after
    return found


def bounding(module: Module, instance: Instance) -> list[Budget]:
    """The budgets that bound some of an instance in seconds. Those of single groups are for the
    gateway: IBM sees none."""
    near = module.model.budgets_in
    return [
        budget
        for budget in (*near.get(instance.tenant, ()), *near.get("", ()))
        if budget.group is None
        and any(counts_at(budget, place) for place in _places([budget], module, instance))
        and _seconds(module, instance, budget, ()) is not None
    ]


def allowed(module: Module, instance: Instance, raised: Collection[_Raised] = ()) -> int | None:
    """The seconds that the budgets leave to the projects of an instance together; None where some
    project has no bound. A budget of projects in several instances is divided evenly."""
    some = bounding(module, instance)
    share = {
        budget.name: (_seconds(module, instance, budget, raised) or 0) // _instances(module, budget)
        for budget in some
    }
    tightest: set[str] = set()
    inside = _places(some, module, instance)
    for place in inside:
        around = [b.name for b in some if counts_at(b, place)]
        if not around:
            return None
        tightest.add(min(around, key=lambda name: (share[name], name)))
    whole = [share[b.name] for b in some if all(counts_at(b, place) for place in inside)]
    return min([sum(share[name] for name in tightest), *whole]) if tightest else None


def _places(budgets: Collection[Budget], module: Module, instance: Instance) -> list[Place]:
    return places(budgets, module.model, instance.projects, instance.backends)


def _instances(module: Module, budget: Budget) -> int:
    """How many instances of the tenant run jobs under a budget."""
    return sum(
        any(matches(budget.scope, project) for project in each.projects)
        for each in module.instances
    )


def _seconds(
    module: Module, instance: Instance, budget: Budget, raised: Collection[_Raised]
) -> int | None:
    """What a budget allows in seconds of QPU time; None when it says nothing of them."""
    found = [
        quota.limit * _granted(quota.window)
        for quota in budget.quotas
        if quota.measure == "qpuSeconds" and quota.window != JOB
    ]
    price = second_micros(module, instance)
    if budget.stop_micros is not None and price is not None:
        more = sum(raise_.increase_micros for name, raise_ in raised if name == budget.name)
        found.append(int((_standing(budget) + more) / price))  # down: never more than reviewed
    return min(found, default=None)


def timed(budget: Budget) -> bool:
    """Whether a budget allows something for a time alone."""
    return bool(_raises(budget))


def _granted(window: str) -> int:
    """How often what is for a window is granted in 28 days."""
    rolling_s = period(window).rolling_s
    return max(1, int(WINDOW.total_seconds()) // rolling_s) if rolling_s else _DAYS.get(window, 1)


def _standing(budget: Budget) -> int:
    """What a budget allows in micros whatever the day is: of a campaign nothing. A window that is
    shorter than 28 days is granted again."""
    if budget.period is None or campaign_of(budget.period) is not None:
        return 0
    return (budget.stop_micros or 0) * _granted(budget.period)


def _raises(budget: Budget) -> list[Raise]:
    """What is added to that for a time: exceptions, and a campaign, which bounds them too."""
    campaign = campaign_of(budget.period)
    if campaign is None:
        return [*budget.raises]
    begins, ends = campaign
    return [
        *([] if budget.stop_micros is None else [Raise(budget.stop_micros, begins, ends)]),
        *(
            Raise(r.increase_micros, max(r.not_before or begins, begins), min(r.expires, ends))
            for r in budget.raises
            if (r.not_before or begins) < ends and begins < r.expires
        ),
    ]


def second_micros(module: Module, instance: Instance) -> Fraction | None:
    """The price of a second on the dearest device of an instance, in micros of the organization's
    currency; None where a device has none, or one of another kind than IBM's."""
    prices = module.model.organization.prices
    hours = [prices[name].per_hour_micros if name in prices else 0 for name in instance.backends]
    if not hours or min(hours) <= 0:
        return None
    return Fraction(max(hours)) / _HOUR_S
