"""What a request may lack: each thing that one way to an access leaves open and others ask
for, as a change of the circumstances that lacks just that."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import product
from string import ascii_uppercase
from typing import Any, Final, NamedTuple

from qgov.decision.circumstances import SOMEBODY_ELSE, Approved, Circumstances
from qgov.decision.request import MAX_COUNT
from qgov.language.scalars import Money, format_duration, format_instant, format_money
from qgov.model.access_model import Budget
from qgov.model.conditions import ApprovalRule, Conditions, ElevationWindow
from qgov.model.measures import COUNTED, LIMITED
from qgov.plan.changes import Options

__all__ = ["MISSES", "Between", "Miss"]

SECOND: Final = timedelta(seconds=1)
COST: Final = "estimated_cost_micros"
MOST_COUNTRIES: Final = 8
COUNTRIES: Final = ("US", "GB", "JP", "BR", "IN", "ZA", "CA", "AU", "MX", "KR")
"""Where somebody may be who may be anywhere."""


@dataclass(frozen=True, slots=True)
class Between:
    """A way that allows (`way`), and the others' ways, each of which a request must miss.

    `suiting` are circumstances that suit the way, and the others as far as they suit both.
    `strict` are the budgets of the side that shall deny, by name; `rules` and `strict_rules`
    what both sides ask of expensive jobs. `currency` is the organization's.
    """

    way: Conditions
    others: Options
    suiting: Circumstances
    strict: Mapping[str, Budget]
    rules: tuple[ApprovalRule, ...]
    strict_rules: tuple[ApprovalRule, ...]
    currency: str


class Miss(NamedTuple):
    """Other circumstances: `changes` are fields of `Circumstances` (those that are mappings
    are merged), `of` the numbers of the others' ways that they miss, `says` what is so, for
    people. Two misses of one `kind` exclude each other."""

    kind: str
    says: str
    changes: Mapping[str, Any]
    of: frozenset[int]


def _which(between: Between, misses: Callable[[Conditions], bool]) -> frozenset[int]:
    return frozenset(n for n, other in enumerate(between.others) if misses(other))


def _moment(between: Between) -> Iterator[Miss]:
    mine = between.way.elevation
    windows = [o.elevation for o in between.others if o.elevation is not None]
    moments = [window.expires for window in windows]
    moments += [mine.not_before] if mine is not None and mine.not_before is not None else []
    moments += [w.not_before - SECOND for w in windows if w.not_before is not None]
    moments += [mine.expires - SECOND] if mine is not None else []
    for moment in dict.fromkeys(moments):
        if _open(mine, moment):
            missed = _which(between, partial(_shut, moment))
            yield Miss("time", f"at {format_instant(moment)}", {"time": moment}, missed)


def _open(window: ElevationWindow | None, moment: datetime) -> bool:
    return window is None or (
        (window.not_before is None or window.not_before <= moment) and moment < window.expires
    )


def _shut(moment: datetime, other: Conditions) -> bool:
    return not _open(other.elevation, moment)


def _eligible(between: Between) -> Iterator[Miss]:
    mine, given = between.way.eligible, between.suiting.elevated
    bound = _which(between, lambda o: o.eligible is not None)
    if between.way.elevation is None and mine is None:
        yield Miss("elevation", "without an elevation", {}, bound)
    if mine is None or given is None:
        return
    theirs = {n: e for n, o in enumerate(between.others) if (e := o.eligible) is not None}
    foreign = frozenset(n for n, e in theirs.items() if e.approvers != mine.approvers)
    shorter = frozenset(n for n, e in theirs.items() if e.max_duration_s < mine.max_duration_s)
    longest = mine.max_duration_s
    by = given._replace(approvers=(mine.approvers,))
    yield Miss("approvers", f"elevated by {mine.approvers}", {"elevated": by}, foreign)
    lasts = given._replace(duration_s=longest)
    yield Miss("duration", f"elevated for {format_duration(longest)}", {"elevated": lasts}, shorter)
    if not mine.ticket:
        ticketed = frozenset(n for n, e in theirs.items() if e.ticket)
        bare = given._replace(ticket=False)
        yield Miss("ticket", "elevated without a ticket", {"elevated": bare}, ticketed)


def _person(between: Between) -> Iterator[Miss]:
    way = between.way
    if not way.own_only:
        owned = _which(between, lambda o: o.own_only)
        yield Miss("owner", "on what somebody else owns", {"owner": SOMEBODY_ELSE}, owned)
    if not way.mfa:
        yield Miss("mfa", "without MFA", {"mfa": False}, _which(between, lambda o: o.mfa))
    if not way.managed_device:
        managed = _which(between, lambda o: o.managed_device)
        yield Miss("device", "from an unmanaged device", {"managed_device": False}, managed)


def _token(between: Between) -> Iterator[Miss]:
    bounds = [o.max_token_age_s for o in between.others if o.max_token_age_s is not None]
    if not bounds:
        return
    longest = between.way.max_token_age_s
    age = max(bounds) + 3600 if longest is None else longest
    yield Miss(
        "token",
        f"with a token {format_duration(age)} old",
        {"token_age_s": age},
        _which(between, lambda o: o.max_token_age_s is not None and o.max_token_age_s < age),
    )


def _country(between: Between) -> Iterator[Miss]:
    theirs = sorted({c for o in between.others for c in o.countries or ()})
    mine = between.way.countries
    open_to = (*COUNTRIES, *theirs, _elsewhere(theirs)) if mine is None else mine
    found = [(country, _which(between, partial(_blocks, country))) for country in open_to]
    for country, missed in sorted(found, key=lambda f: -len(f[1]))[:MOST_COUNTRIES]:
        yield Miss("country", f"from {country}", {"country": country}, missed)


def _elsewhere(countries: Collection[str]) -> str:
    """A code that is none of the countries, for where all that are known are allowed."""
    codes = ("".join(letters) for letters in product(ascii_uppercase, repeat=2))
    return next(code for code in codes if code not in countries)


def _blocks(country: str, other: Conditions) -> bool:
    return other.countries is not None and country not in other.countries


_SIZES: Final = {
    "shots": "a job of {:,} shots",
    "circuits": "a job of {:,} circuits",
    "qubits": "a job of {:,} qubits",
    "estimated_qpu_seconds": "a job of {:,} QPU seconds",
    "estimated_simulator_seconds": "a job of {:,} simulator seconds",
}


def _size(attribute: str, size: int, currency: str) -> str:
    if attribute == COST:
        return f"for a job of {format_money(Money(size, currency))}"
    return "for " + _SIZES[attribute].format(size)


def _job(between: Between) -> Iterator[Miss]:
    for limit, attribute in LIMITED.items():
        mine = getattr(between.way.job, limit)
        theirs = [getattr(o.job, limit) for o in between.others]
        bounds = sorted({bound for bound in theirs if bound is not None}, reverse=True)
        for size in (bound + 1 for bound in bounds):
            if size <= (MAX_COUNT if mine is None else mine):
                exceeded = frozenset(n for n, b in enumerate(theirs) if b is not None and b < size)
                says = _size(attribute, size, between.currency)
                yield Miss(attribute, says, {"job": {attribute: size}}, exceeded)
        if mine is None and bounds:
            bound = frozenset(n for n, b in enumerate(theirs) if b is not None)
            what = limit.removesuffix("_micros").replace("_", " ")
            says = f"for a job of unknown {what}"
            yield Miss(attribute, says, {"job": {attribute: None}}, bound)


def _budgets(between: Between) -> Iterator[Miss]:
    """Budgets that the way does not fall under, when they are used up."""
    for name, budget in between.strict.items():
        bound = frozenset(n for n, o in enumerate(between.others) if name in o.budgets)
        if name in between.way.budgets or not bound:
            continue
        used = between.suiting.usage.get(name) or {}
        if budget.stop_micros is not None:
            spent = budget.stop_micros + budget.raised_micros + 1
            if spent <= MAX_COUNT:
                more: Mapping[str, Any] = {"usage": {name: {**used, "spent_micros": spent}}}
                yield Miss(f"budget {name}", f"when the budget {name} is spent", more, bound)
        for measure, window, limit, _ in budget.quotas:
            if window == "job" and measure in COUNTED:
                attribute = COUNTED[measure]
                more = {"job": {attribute: limit + 1}}
                says = _size(attribute, limit + 1, between.currency)
                yield Miss(attribute, says, more, bound)
            elif window != "job" and limit < MAX_COUNT:
                more = {"usage": {name: {**used, f"{measure}/{window}": limit + 1}}}
                says = f"when the {measure} of this {window} in {name} are used up"
                yield Miss(f"budget {name}", says, more, bound)
        if used:
            says = f"when nobody knows what is used of {name}"
            yield Miss(f"budget {name}", says, {"usage": {name: None}}, bound)


def _approval(between: Between) -> Iterator[Miss]:
    """Expensive jobs that the way asks no such approval for."""
    everyone = frozenset(range(len(between.others)))
    mine = tuple(sorted({rule.approvers for rule in between.rules}))
    for rule in between.strict_rules:
        cost = rule.above_micros + 1
        if cost > MAX_COUNT or any(other.implies(rule) for other in between.rules):
            continue
        job, what = {"estimated_cost_micros": cost}, _size(COST, cost, between.currency)
        either = tuple(sorted({*mine, rule.approvers}))
        faults: list[tuple[str, Approved | None]] = [("without an approval", None)]
        if rule.approvers not in mine:
            faults.append((f"without an approval by {rule.approvers}", Approved(mine, 0)))
        aged = f"approved {format_duration(rule.valid_for_s)} ago"
        faults.append((aged, Approved(either, rule.valid_for_s)))
        for fault, approved in faults:
            changes = {"job": job, "approved": approved}
            yield Miss("approval", f"{what} {fault}", changes, everyone)


MISSES: Final[tuple[Callable[[Between], Iterator[Miss]], ...]] = (
    _moment,
    _eligible,
    _person,
    _token,
    _country,
    _job,
    _budgets,
    _approval,
)
"""In the order in which conditions are told."""
