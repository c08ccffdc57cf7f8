"""Requests that may show a change of access: each is built to meet one way to it on the
side that allows, and to miss every way on the side that denies.

Nothing here decides; whether a request shows the change, an engine says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import combinations, islice
from operator import itemgetter
from string import ascii_letters
from typing import Final, NamedTuple

from msgspec import Struct

from qgov.decision.made_up import (
    SOME_COUNTRY,
    SOME_TIME,
    WITNESS,
    Asker,
    asked,
    asker,
    elevation,
)
from qgov.decision.request import Request
from qgov.decision.request_parts import MAX_COUNT, GivenElevation, JobSize
from qgov.language.permissions import CATALOGUE
from qgov.model.access_model import Budget, Quota
from qgov.model.accesses import Cell, Path
from qgov.model.conditions import Conditions
from qgov.model.known_by import KnownBy
from qgov.model.measures import COST, COUNTED, LIMITED, MEASURES
from qgov.model.principal import is_workload, name_of, workload
from qgov.plan.changes import ChangedCell, Options, options
from qgov.plan.misses import MISSES, SECOND, Contrast, Miss, approved, is_open
from qgov.plan.renamed_side import RenamedSide
from qgov.plan.without_effect import can_be_used
from qgov.records import replace

__all__ = ["Attempt", "Direction", "attempts", "deviating"]

MOST_AT_ONCE: Final = 4
"""How many things a request lacks at most: one for each alternative that it must miss."""

MOST_ATTEMPTS: Final = 48
"""Of one cell; a way that is wider is wider in one of these."""


class Attempt(NamedTuple):
    """A request, under the head's names, and what is special about it, for people."""

    request: Request
    says: tuple[str, ...]


class Direction(Struct, frozen=True):
    """The side that shall allow, and the side that shall deny."""

    allows: RenamedSide
    denies: RenamedSide
    gained: bool

    def sides(self, item: ChangedCell) -> tuple[tuple[Path, ...], Options, tuple[Path, ...]]:
        """The cell's paths and least strict ways where it shall be allowed, and the paths
        where it shall be denied; those that nobody can use stand in nobody's way."""
        allowed, denied = (item.head, item.base) if self.gained else (item.base, item.head)
        usable = tuple(path for path in denied if can_be_used(item.cell, path, self.denies))
        return allowed, item.after if self.gained else item.before, usable


def attempts(item: ChangedCell, direction: Direction) -> Iterator[Attempt]:
    """Requests about one cell, the plainest first."""
    return islice(_attempts(item, direction), MOST_ATTEMPTS)


def _attempts(item: ChangedCell, direction: Direction) -> Iterator[Attempt]:
    paths, ways, denied = direction.sides(item)
    for way in ways:
        path = next(path for path in paths if path.conditions == way)
        for groups in _groups(path, (*item.head, *item.base)):
            # Who is in none of a way's groups need not be kept from it.
            others = options([p for p in denied if name_of(p.binding.principal) in groups])
            if any(way.implies(other) for other in others):
                continue
            contrast = _contrast(item, direction, path, others)
            suiting = _suiting(item, direction, path, groups, contrast)
            for misses in _at_once(contrast):
                says = tuple(miss.deviation.in_plan for miss in misses)
                yield Attempt(_missing(suiting, misses, contrast), says)


def deviating(
    item: ChangedCell, direction: Direction, misses: Callable[[Contrast], Iterator[Miss]]
) -> Iterator[Attempt]:
    """Requests that suit both sides of a cell, and lack one of these things."""
    paths, _, denied = direction.sides(item)
    for path in paths:
        mine = path.binding.principal
        others = options([p for p in denied if p.binding.principal == mine])
        contrast = _contrast(item, direction, path, others)
        suiting = _suiting(item, direction, path, (name_of(mine),), contrast)
        for miss in misses(contrast):
            yield Attempt(_missing(suiting, (miss,), contrast), (miss.deviation.in_plan,))


def _groups(path: Path, every: Iterable[Path]) -> list[tuple[str, ...]]:
    """The groups of who goes the way: all that the access runs through, or one alone."""
    mine = name_of(path.binding.principal)
    others = {name_of(p.binding.principal) for p in every} - {mine}
    return [(mine, *sorted(others)), (mine,)] if others else [(mine,)]


def _asker(side: RenamedSide, cell: Cell, groups: tuple[str, ...]) -> Asker:
    assert side.model is not None, "an access that exists has a model"
    if not is_workload(cell.principal):
        known = tuple(group for group in groups if group in side.model.groups)
        return asker(side.model, cell.principal, known, WITNESS)
    name = name_of(cell.principal)
    found = asker(side.model, workload(side.own_id(name)), (), WITNESS)
    return found._replace(subject=replace(found.subject, id=name))


def _told_apart(who: Asker, mine: KnownBy, other: KnownBy) -> Asker:
    """Who asks with a token that counts here and not there, as far as one token can say."""
    if mine.client is not None and mine.own.within(other.own):
        mine, other = mine.client, other.client or other
        subject = replace(who.subject, issuer=mine.issuer, subject=mine.subject)
        who = Asker(subject, replace(who.token, audience=mine.audiences[0]))
    audience = next((a for a in mine.audiences if a not in other.audiences), who.token.audience)
    claim = who.subject.subject
    if mine.subject is not None:
        # A letter that the other's pattern lacks: only a `*` of it could mean that.
        letter = next(a for a in ascii_letters if a not in (other.subject or ""))
        claim = mine.subject.replace("*", letter)
    return Asker(replace(who.subject, subject=claim), replace(who.token, audience=audience))


def _at_once(contrast: Contrast) -> Iterator[tuple[Miss, ...]]:
    """Things to lack that together miss every other way: as few as can be."""
    if not contrast.others:
        yield ()
        return
    every = frozenset(range(len(contrast.others)))
    found = [miss for kind in MISSES for miss in kind(contrast) if miss.of]
    for size in range(1, min(MOST_AT_ONCE, len(every)) + 1):
        for misses in combinations(found, size):
            kinds = {miss.kind for miss in misses}
            needed = all(
                frozenset().union(*(m.of for m in misses if m is not miss)) != every
                for miss in misses
            )
            missed = frozenset().union(*(m.of for m in misses))
            if missed == every and needed and len(kinds) == size:
                yield misses


def _missing(suiting: Request, misses: Iterable[Miss], contrast: Contrast) -> Request:
    """The request that lacks these things. Where its job needs an approval, it has one that
    everybody accepts, unless that is what it lacks."""
    found = suiting
    for miss in misses:
        found = miss.deviation.change(found)
    rules = (*contrast.rules, *contrast.strict_rules)
    cost = (found.job and found.job.estimated_cost_micros) or 0
    about_approvals = any(miss.kind == "approval" for miss in misses)
    if about_approvals or all(cost <= rule.above_micros for rule in rules):
        return found
    return approved(found, sorted({rule.approvers for rule in rules}))


def _contrast(item: ChangedCell, direction: Direction, path: Path, others: Options) -> Contrast:
    cell, principal = item.cell, path.binding.principal
    allows, denies = direction.allows, direction.denies
    assert allows.model is not None
    return Contrast(
        way=path.conditions,
        others=others,
        budgets=allows.budgets_of(cell, principal),
        strict=denies.budgets_of(cell, principal),
        rules=tuple(allows.rules_of(cell, principal)),
        strict_rules=tuple(denies.rules_of(cell, principal)),
        currency=allows.model.organization.spec.currency,
    )


def _suiting(
    item: ChangedCell, direction: Direction, path: Path, groups: tuple[str, ...], contrast: Contrast
) -> Request:
    """A request that suits the way, and the others as far as they accept the same."""
    cell = item.cell
    side, way, others = direction.allows, path.conditions, contrast.others
    assert side.model is not None
    who, now = _asker(side, cell, groups), _time(way, others)
    if item.moved is not None:
        both = (item.moved.before, item.moved.after)
        who = _told_apart(who, *(reversed(both) if direction.gained else both))
    request = asked(side.model, who, cell.permission, cell.scope, cell.backend, WITNESS, now)
    held = _elevation(request, side, path, others)
    found = replace(
        request,
        context=replace(request.context, country=_country(way, others)),
        elevations=() if held is None else (held,),
    )
    if not CATALOGUE[cell.permission].executes:
        return replace(found, approvals=None)
    mine = side.budgets_of(cell, path.binding.principal)
    used: dict[str, dict[str, int]] = {}
    for name, budget in sorted((*contrast.strict.items(), *mine.items()), key=itemgetter(0)):
        used[name] = {**used.get(name, {}), **_nothing_used(budget)}
    return replace(
        found,
        job=_smallest(way, others, mine.values(), contrast.strict.values()),
        usage=used,
    )


def _time(way: Conditions, others: Options) -> datetime:
    """A moment at which the way is open, the others as well if there is one."""
    every = (way, *others)
    starts = [w.not_before for c in every if (w := c.elevation) is not None and w.not_before]
    ends = [c.expires for c in every if c.expires is not None]
    moment = max(starts) if starts else min([SOME_TIME, *(end - SECOND for end in ends)])
    if is_open(way, moment):
        return moment
    begins = way.elevation.not_before if way.elevation is not None else None
    return begins or (way.expires - SECOND if way.expires else moment)


def _country(way: Conditions, others: Options) -> str:
    """A country that the way allows, and as many of the others as can be."""
    bound = [c for c in (way.countries, *(o.countries for o in others)) if c is not None]
    choice = way.countries or sorted({c for countries in bound for c in countries})
    return max(choice, key=lambda c: sum(c in known for known in bound), default=SOME_COUNTRY)


def _elevation(
    request: Request, side: RenamedSide, path: Path, others: Options
) -> GivenElevation | None:
    """An elevation that the way accepts, and the others as far as they accept the same."""
    mine = path.conditions.eligible
    if mine is None:
        return None
    known = [mine, *(o.eligible for o in others if o.eligible is not None)]
    return elevation(
        request,
        WITNESS,
        role=path.binding.role,
        scope=side.shown(path.binding.scope),
        approvers=sorted({e.approvers for e in known}),
        duration_s=min(e.max_duration_s for e in known),
    )


def _quotas(budgets: Iterable[Budget]) -> list[Quota]:
    return [quota for budget in budgets for quota in budget.quotas]


_AT_LEAST_ONE: Final = ("shots", "circuits")


def _smallest(
    way: Conditions, others: Options, mine: Iterable[Budget], strict: Iterable[Budget]
) -> JobSize:
    """One of everything and no cost, or less where a limit or quota says so: but no job is of no
    circuit or shot, so that a quota of none denies it, and that is what it shows."""
    job = {measure.attribute: 0 if measure is COST else 1 for measure in MEASURES}
    for name, attribute in LIMITED.items():
        bounds = [getattr(conditions.job, name) for conditions in (way, *others)]
        job[attribute] = min(job[attribute], *(b for b in bounds if b is not None), MAX_COUNT)
    for quotas, all_of in ((_quotas(mine), True), (_quotas(strict), False)):
        for quota in quotas:
            attribute = COUNTED.get(quota.measure, "")
            if attribute and (quota.limit or all_of or attribute not in _AT_LEAST_ONE):
                job[attribute] = min(job[attribute], quota.limit)
    return JobSize(**job)


def _nothing_used(budget: Budget) -> dict[str, int]:
    counters = (f"{q.measure}/{q.window}" for q in budget.quotas if q.window != "job")
    return {"spent_micros": 0, **dict.fromkeys(sorted(counters), 0)}
