"""What a request may lack: each thing that one way to an access leaves open and others ask
for, as a deviation that lacks just that."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from itertools import product
from string import ascii_uppercase
from typing import Final, NamedTuple

from msgspec import Struct

from qgov.decision.deviations import (
    NO_ELEVATION,
    NO_MFA,
    NO_TICKET,
    UNMANAGED_DEVICE,
    Deviation,
    elevated_by,
    elevated_for,
    from_country,
    having,
    moved_to,
    of_somebody_else,
    old_token,
    overspent,
    sized,
    together,
    unaccounted,
    unsized,
    used_up,
)
from qgov.decision.made_up import WITNESS, approval
from qgov.decision.request import Request
from qgov.decision.request_parts import MAX_COUNT
from qgov.language.periods import campaign_of
from qgov.language.scalars import format_duration, format_instant
from qgov.model.access_model import Budget
from qgov.model.conditions import ApprovalRule, Conditions
from qgov.model.measures import COST, COUNTED, MEASURES, Measure
from qgov.plan.changes import Options
from qgov.records import replace

__all__ = ["MISSES", "SECOND", "Contrast", "Miss", "approval_misses", "approved", "is_open"]

SECOND: Final = timedelta(seconds=1)
MOST_COUNTRIES: Final = 8
COUNTRIES: Final = ("US", "GB", "JP", "BR", "IN", "ZA", "CA", "AU", "MX", "KR")
"""Where somebody may be who may be anywhere."""


class Contrast(Struct, frozen=True):
    """A way that allows (`way`), and the others' ways, each of which a request must miss.

    `budgets` are those of the way, and `strict` those of the side that shall deny, by name;
    `rules` and `strict_rules` what both sides ask of expensive jobs. `currency` is the
    organization's.
    """

    way: Conditions
    others: Options
    budgets: Mapping[str, Budget]
    strict: Mapping[str, Budget]
    rules: tuple[ApprovalRule, ...]
    strict_rules: tuple[ApprovalRule, ...]
    currency: str


class Miss(NamedTuple):
    """A deviation from what suits everybody, and the numbers of the others' ways that miss it
    (`of`). Two misses of one `kind` exclude each other."""

    kind: str
    deviation: Deviation
    of: frozenset[int]


def _which(contrast: Contrast, misses: Callable[[Conditions], bool]) -> frozenset[int]:
    return frozenset(n for n, other in enumerate(contrast.others) if misses(other))


def _moment(contrast: Contrast) -> Iterator[Miss]:
    way = contrast.way
    mine = way.elevation
    windows = [o.elevation for o in contrast.others if o.elevation is not None]
    moments = [window.expires for window in windows]
    moments += [o.expires for o in contrast.others if o.expires is not None]
    moments += [mine.not_before] if mine is not None and mine.not_before is not None else []
    moments += [w.not_before - SECOND for w in windows if w.not_before is not None]
    moments += [mine.expires - SECOND] if mine is not None else []
    moments += [way.expires - SECOND] if way.expires is not None else []
    for moment in dict.fromkeys(moments):
        if is_open(way, moment):
            missed = _which(contrast, partial(_shut, moment))
            at = Deviation("time", f"at {format_instant(moment)}", moved_to(moment))
            yield Miss("time", at, missed)


def is_open(way: Conditions, moment: datetime) -> bool:
    """Whether a way's elevation and binding are in force at a moment."""
    window = way.elevation
    held = window is None or (
        (window.not_before is None or window.not_before <= moment) and moment < window.expires
    )
    return held and (way.expires is None or moment < way.expires)


def _shut(moment: datetime, other: Conditions) -> bool:
    return not is_open(other, moment)


def _eligible(contrast: Contrast) -> Iterator[Miss]:
    mine = contrast.way.eligible
    theirs = {n: e for n, o in enumerate(contrast.others) if (e := o.eligible) is not None}
    if mine is None:
        if contrast.way.elevation is None:
            yield Miss("elevation", NO_ELEVATION, frozenset(theirs))
        return
    longest = mine.max_duration_s
    foreign = frozenset(n for n, e in theirs.items() if e.approvers != mine.approvers)
    yield Miss("approvers", elevated_by((mine.approvers,)), foreign)
    shorter = frozenset(n for n, e in theirs.items() if e.max_duration_s < longest)
    yield Miss("duration", elevated_for(longest), shorter)
    if not mine.ticket:
        yield Miss("ticket", NO_TICKET, frozenset(n for n, e in theirs.items() if e.ticket))


def _person(contrast: Contrast) -> Iterator[Miss]:
    way = contrast.way
    if not way.own_only:
        owned = _which(contrast, lambda o: o.own_only)
        yield Miss("owner", of_somebody_else(WITNESS.somebody_else), owned)
    if not way.mfa:
        yield Miss("mfa", NO_MFA, _which(contrast, lambda o: o.mfa))
    if not way.managed_device:
        yield Miss("device", UNMANAGED_DEVICE, _which(contrast, lambda o: o.managed_device))


def _token(contrast: Contrast) -> Iterator[Miss]:
    bounds = [o.max_token_age_s for o in contrast.others if o.max_token_age_s is not None]
    if not bounds:
        return
    longest = contrast.way.max_token_age_s
    age = max(bounds) + 3600 if longest is None else longest
    yield Miss(
        "token",
        old_token(age),
        _which(contrast, lambda o: o.max_token_age_s is not None and o.max_token_age_s < age),
    )


def _country(contrast: Contrast) -> Iterator[Miss]:
    theirs = sorted({c for o in contrast.others for c in o.countries or ()})
    mine = contrast.way.countries
    open_to = (*COUNTRIES, *theirs, _elsewhere(theirs)) if mine is None else mine
    found = [(country, _which(contrast, partial(_blocks, country))) for country in open_to]
    for country, missed in sorted(found, key=lambda f: -len(f[1]))[:MOST_COUNTRIES]:
        yield Miss("country", from_country(country), missed)


def _elsewhere(countries: Collection[str]) -> str:
    """A code that is none of the countries, for where all that are known are allowed."""
    codes = ("".join(letters) for letters in product(ascii_uppercase, repeat=2))
    return next(code for code in codes if code not in countries)


def _blocks(country: str, other: Conditions) -> bool:
    return other.countries is not None and country not in other.countries


def _job(contrast: Contrast) -> Iterator[Miss]:
    for measure in (m for m in MEASURES if m.limit):
        mine = getattr(contrast.way.job, measure.limit)
        theirs = [getattr(o.job, measure.limit) for o in contrast.others]
        bounds = sorted({bound for bound in theirs if bound is not None}, reverse=True)
        for size in (bound + 1 for bound in bounds):
            if size <= (MAX_COUNT if mine is None else mine):
                exceeded = frozenset(n for n, b in enumerate(theirs) if b is not None and b < size)
                yield _sized(contrast, measure, size, exceeded)
        if mine is None and bounds:
            bound = frozenset(n for n, b in enumerate(theirs) if b is not None)
            yield Miss(measure.attribute, unsized(measure), bound)


def _sized(contrast: Contrast, measure: Measure, size: int, of: frozenset[int]) -> Miss:
    return Miss(measure.attribute, sized(measure, size, contrast.currency), of)


def _budgets(contrast: Contrast) -> Iterator[Miss]:
    """Budgets that the way does not fall under, when they are used up."""
    by_quota = {measure.quota: measure for measure in MEASURES if measure.quota}
    for name, budget in contrast.strict.items():
        bound, kind = _which(contrast, partial(_falls_under, name)), f"budget {name}"
        if name in contrast.way.budgets or not bound:
            continue
        if budget.stop_micros is not None:
            spent = budget.stop_micros + budget.raised_micros + 1
            if spent <= MAX_COUNT:
                yield Miss(kind, _running(budget, overspent(name, spent)), bound)
        for quota in budget.quotas:
            if quota.window == "job" and quota.measure in COUNTED:
                yield _sized(contrast, by_quota[quota.measure], quota.limit + 1, bound)
            elif quota.window != "job" and quota.limit < MAX_COUNT:
                yield Miss(kind, used_up(name, quota, quota.limit + 1), bound)
        says = f"when nobody knows what is used of {name}"
        unknown = Deviation("unaccounted", says, unaccounted(name))
        yield Miss(kind, _running(budget, unknown), bound)


def _running(budget: Budget, deviation: Deviation) -> Deviation:
    """The same while the budget's campaign runs: outside of it nobody asks what was spent."""
    if (campaign := campaign_of(budget.period)) is None:
        return deviation
    return deviation._replace(change=together(moved_to(campaign[0]), deviation.change))


def _falls_under(name: str, other: Conditions) -> bool:
    return name in other.budgets


def approval_misses(contrast: Contrast) -> Iterator[Miss]:
    """Expensive jobs that the way asks no such approval for."""
    everyone = frozenset(range(len(contrast.others)))
    mine = tuple(sorted({rule.approvers for rule in contrast.rules}))
    for rule in contrast.strict_rules:
        cost = rule.above_micros + 1
        if cost > MAX_COUNT or any(other.implies(rule) for other in contrast.rules):
            continue
        dear = sized(COST, cost, contrast.currency)
        either = tuple(sorted({*mine, rule.approvers}))
        faults: list[tuple[str, tuple[str, ...] | None, int]] = [("without an approval", None, 0)]
        if rule.approvers not in mine:
            faults.append((f"without an approval by {rule.approvers}", mine, 0))
        aged = f"approved {format_duration(rule.valid_for_s)} ago"
        faults.append((aged, either, rule.valid_for_s))
        for fault, approvers, age_s in faults:
            change = partial(_approved, cost=cost, approvers=approvers, age_s=age_s)
            yield Miss("approval", Deviation("approval", f"{dear.told} {fault}", change), everyone)


def _approved(
    request: Request, *, cost: int, approvers: tuple[str, ...] | None, age_s: int
) -> Request:
    """A job of this cost, with an approval of this age; without one where `approvers` is None."""
    dear = having(job={COST.attribute: cost})(request)
    return replace(dear, approvals=()) if approvers is None else approved(dear, approvers, age_s)


def approved(request: Request, approvers: Iterable[str], age_s: int = 0) -> Request:
    """The request with an approval of its job, `age_s` seconds old, by somebody in `approvers`."""
    scope = "/".join(filter(None, request.resource.labels))
    cost = request.job.estimated_cost_micros if request.job else None
    given = approval(request, WITNESS, scope=scope, approvers=approvers, cost=cost, age_s=age_s)
    return replace(request, approvals=(given,))


MISSES: Final[tuple[Callable[[Contrast], Iterator[Miss]], ...]] = (
    _moment,
    _eligible,
    _person,
    _token,
    _country,
    _job,
    _budgets,
    approval_misses,
)
"""In the order in which conditions are told."""
