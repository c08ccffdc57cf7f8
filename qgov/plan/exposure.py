"""Exposure: the most that a month, and a year, can cost before every hard stop holds; and what
quotas bound, each in its own measure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from msgspec import Struct

from qgov.language.periods import Period, period
from qgov.model.access_model import AccessModel, Budget, Raise
from qgov.model.accesses import accesses
from qgov.model.scope import matches, tenant_of

__all__ = ["Exposure", "QuotaChange", "exposure", "quota_changes"]


class Exposure(Struct, frozen=True):
    """`amount_micros` a month and `per_year_micros`, of the organization's currency;
    `unbounded` are the projects that can reach a priced backend without any hard stop, and are
    not in the amounts."""

    amount_micros: int
    currency: str
    unbounded: tuple[str, ...] = ()
    per_year_micros: int = 0

    def exceeds(self, other: Exposure) -> bool:
        """Whether more can be spent than by the other."""
        return (
            self.amount_micros > other.amount_micros
            or self.per_year_micros > other.per_year_micros
            or self.currency != other.currency
            or bool({*self.unbounded} - {*other.unbounded})
        )


class QuotaChange(NamedTuple):
    """A quota that bounds more, or less, of its measure; None: nothing bounds it."""

    budget: str
    scope: str
    measure: str
    window: str
    before: int | None
    after: int | None


def quota_changes(
    base: AccessModel | None, head: AccessModel | None, budgets: Mapping[str, str]
) -> tuple[QuotaChange, ...]:
    """The quotas that are not the same on both sides. `budgets` are those renamed, old name →
    new."""
    old, new = (_quotas(model, names) for model, names in ((base, budgets), (head, {})))
    return tuple(
        QuotaChange(budget, scope, measure, window, old.get(key), new.get(key))
        for key in sorted({*old, *new})
        if old.get(key) != new.get(key)
        for budget, scope, measure, window in (key,)
    )


def _quotas(
    model: AccessModel | None, budgets: Mapping[str, str]
) -> dict[tuple[str, str, str, str], int]:
    found: dict[tuple[str, str, str, str], int] = {}
    for budget in model.budgets.values() if model else ():
        for quota in budget.quotas:
            name = budgets.get(budget.name, budget.name)
            key = (name, budget.scope, quota.measure, quota.window)
            found[key] = min(quota.limit, found.get(key, quota.limit))
    return found


def exposure(model: AccessModel) -> Exposure:
    """The exposure of the tenants in a model.

    Where money can be spent is put under the tightest budget first; a wider budget then
    caps the sum of what lies inside it. Exact where budgets nest, an upper bound where
    they cross. A budget for one group bounds only that group and is left out.
    """
    spending = _spending(model)
    a_month, held = _capped(model, spending, _in_month)
    a_year, _ = _capped(model, spending, _in_year)
    unbounded = tuple(sorted({project for project, _ in spending - held}))
    return Exposure(a_month, model.organization.spec.currency, unbounded, a_year)


_YEAR: Final = 12

_Place = tuple[str, str]
"""A project (scope), and a backend that a budget names; empty: the others."""

_Most = Callable[[Budget], int | None]


def _in_month(budget: Budget) -> int | None:
    """A period longer than a month may be spent in its first month; a window, at its begin and
    again where it has passed."""
    return _within(budget, 1)


def _in_year(budget: Budget) -> int | None:
    """Every period of a year, each with the exceptions that are in force in it."""
    return _within(budget, _YEAR)


def _within(budget: Budget, months: int) -> int | None:
    stop = budget.stop_micros
    if stop is None or budget.period is None:
        return None
    of = period(budget.period)
    times = of.times(months)
    raised = (r.increase_micros * min(_touched(r, of, months), times) for r in budget.raises)
    return stop * times + sum(raised)


def _touched(raised: Raise, of: Period, months: int) -> int:
    """In how many periods an exception may be spent, of those that lie in so many months; one
    without a beginning, in any."""
    if raised.not_before is None:
        return of.times(months)
    if of.rolling_s:
        lasts = (raised.expires - raised.not_before) // timedelta(seconds=1)
        return max(0, -(-lasts // of.rolling_s))
    if not of.months:
        return 1
    first, last = (
        (at.year * 12 + at.month - 1) // of.months
        for at in (raised.not_before.astimezone(UTC), _before(raised.expires))
    )
    return max(0, last - first + 1)


def _before(moment: datetime) -> datetime:
    return moment.astimezone(UTC) - timedelta(microseconds=1)


def _capped(
    model: AccessModel, spending: Collection[_Place], most: _Most
) -> tuple[int, frozenset[_Place]]:
    """The sum of what bounds the places, and the places that anything bounds."""
    caps: dict[frozenset[_Place], int] = {}
    held: dict[_Place, set[frozenset[_Place]]] = {place: set() for place in spending}
    for stop, places in _tightest_first(model, spending, most):
        inside = {group for place in places for group in held[place] if group <= places}
        if sum(caps[group] for group in inside) <= stop and all(held[p] for p in places):
            continue
        for group in inside:
            del caps[group]
            for place in group:
                held[place].discard(group)
        caps[places] = stop
        for place in places:
            held[place].add(places)
    return sum(caps.values()), frozenset(place for place in spending if held[place])


def _tightest_first(
    model: AccessModel, spending: Iterable[_Place], most: _Most
) -> list[tuple[int, frozenset[_Place]]]:
    """The hard stop of every budget with the places under it, narrowest first."""
    everywhere = sorted(spending)
    of_tenant: dict[str, list[_Place]] = defaultdict(list)
    for place in everywhere:
        of_tenant[tenant_of(place[0])].append(place)
    found: list[tuple[int, frozenset[_Place]]] = []
    for budget in model.budgets.values():
        stop, tenant = most(budget), tenant_of(budget.scope)
        if stop is None or budget.group is not None:
            continue
        places = frozenset(
            place
            for place in (of_tenant[tenant] if tenant else everywhere)
            if matches(budget.scope, place[0])
            and (not budget.backends or place[1] in budget.backends)
        )
        if places:
            found.append((stop, places))
    return sorted(found, key=lambda item: (len(item[1]), item[0], sorted(item[1])))


def _spending(model: AccessModel) -> set[_Place]:
    """Where money can be spent, apart as far as budgets tell backends apart."""
    named = {name for budget in model.budgets.values() for name in budget.backends}
    priced = {
        name: name if name in named else ""
        for name, fact in model.organization.backends.items()
        if fact.value.price is not None
    }
    return {
        (cell.scope, priced[cell.backend])
        for cell in accesses(model).of("job:submit")
        if cell.backend in priced
    }
