"""Requests that may show a change of access: each is built to meet one way to it on the
side that allows, and to miss every way on the side that denies.

Nothing here decides; whether a request shows the change, an engine says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import combinations, islice
from typing import Any, Final, NamedTuple

from qgov.decision.circumstances import (
    SOME_COUNTRY,
    SOME_TIME,
    Approved,
    Asking,
    Circumstances,
    Elevated,
    asking,
    request_of,
)
from qgov.decision.request import MAX_COUNT
from qgov.language.permissions import CATALOGUE
from qgov.model.access_model import Budget
from qgov.model.accesses import Cell, Path
from qgov.model.conditions import Conditions, ElevationWindow
from qgov.model.measures import COUNTED, LIMITED
from qgov.plan.changes import ChangedCell, Options
from qgov.plan.misses import MISSES, Between, Miss
from qgov.plan.views import View

__all__ = ["Candidate", "Direction", "candidates"]

MOST_AT_ONCE: Final = 4
"""How many things a request lacks at most: one for each alternative that it must miss."""

MOST_CANDIDATES: Final = 48
"""Of one cell; a way that is wider is wider in one of these."""


class Candidate(NamedTuple):
    """A request, under the head's names, and what is special about it, for people."""

    request: dict[str, Any]
    says: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Direction:
    """The side that shall allow, and the side that shall deny."""

    allows: View
    denies: View
    gained: bool

    def sides(self, item: ChangedCell) -> tuple[tuple[Path, ...], Options, Options]:
        """The cell's paths and least strict ways where it shall be allowed, and the ways
        where it shall be denied."""
        if self.gained:
            return item.head, item.after, item.before
        return item.base, item.before, item.after


def candidates(item: ChangedCell, direction: Direction) -> Iterator[Candidate]:
    """Requests about one cell, the plainest first."""
    return islice(_candidates(item, direction), MOST_CANDIDATES)


def _candidates(item: ChangedCell, direction: Direction) -> Iterator[Candidate]:
    paths, ways, others = direction.sides(item)
    for way in ways:
        if any(way.implies(other) for other in others):
            continue
        path = next(path for path in paths if path.conditions == way)
        between = _between(item, direction, path, others)
        groups = _groups(path, (*item.head, *item.base))
        for who in (_asking(direction.allows, item.cell, g) for g in groups):
            for misses in _together(between):
                circumstances = _under(between, misses)
                cell = item.cell
                yield Candidate(
                    request_of(who, cell.permission, cell.scope, cell.backend, circumstances),
                    tuple(miss.says for miss in misses),
                )


def _groups(path: Path, every: Iterable[Path]) -> list[tuple[str, ...]]:
    """The groups of who goes the way: all that the access runs through, or one alone."""
    mine = path.binding.principal.removeprefix("group:")
    others = {p.binding.principal.removeprefix("group:") for p in every} - {mine}
    return [(mine, *sorted(others)), (mine,)] if others else [(mine,)]


def _asking(view: View, cell: Cell, groups: tuple[str, ...]) -> Asking:
    assert view.model is not None, "an access that exists has a model"
    kind, _, name = cell.principal.partition(":")
    if kind != "workload":
        known = tuple(group for group in groups if group in view.model.groups)
        return asking(view.model, cell.principal, known)
    found = asking(view.model, f"workload:{view.own(name)}")
    return replace(found, subject={**found.subject, "id": name})


def _together(between: Between) -> Iterator[tuple[Miss, ...]]:
    """Things to lack that together miss every other way: as few as can be."""
    if not between.others:
        yield ()
        return
    every = frozenset(range(len(between.others)))
    found = [miss for kind in MISSES for miss in kind(between) if miss.of]
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


_MERGED: Final = ("job", "usage")


def _under(between: Between, misses: Iterable[Miss]) -> Circumstances:
    found = between.suiting
    for miss in misses:
        merged = {
            name: {**getattr(found, name), **miss.changes[name]}
            for name in _MERGED
            if name in miss.changes
        }
        found = replace(found, **{**miss.changes, **merged})
    said = {name for miss in misses for name in miss.changes}
    return found if "approved" in said else replace(found, approved=_approval(between, found))


def _approval(between: Between, found: Circumstances) -> Approved | None:
    """The approval that everybody accepts, where the job needs one."""
    rules = (*between.rules, *between.strict_rules)
    cost = found.job.get("estimated_cost_micros") or 0
    if all(cost <= rule.above_micros for rule in rules):
        return None
    return Approved(tuple(sorted({rule.approvers for rule in rules})), 0)


def _between(item: ChangedCell, direction: Direction, path: Path, others: Options) -> Between:
    cell, principal = item.cell, path.binding.principal
    allows, denies = direction.allows, direction.denies
    model = allows.model
    assert model is not None
    mine, strict = allows.budgets_of(cell, principal), denies.budgets_of(cell, principal)
    return Between(
        way=path.conditions,
        others=others,
        suiting=Circumstances(
            time=_time(path.conditions.elevation, others),
            country=_country(path.conditions, others),
            elevated=_elevated(allows, path, others),
            job=_smallest(path.conditions, others, (mine, strict))
            if CATALOGUE[cell.permission].executes
            else {},
            usage={
                name: _nothing_used(budget) for name, budget in sorted({**strict, **mine}.items())
            },
        ),
        strict=strict,
        rules=tuple(allows.rules_of(cell, principal)),
        strict_rules=tuple(denies.rules_of(cell, principal)),
        currency=model.organization.spec.currency,
    )


def _time(mine: ElevationWindow | None, others: Options) -> datetime:
    """A moment in the way's window, in the others' as well if there is one."""
    windows = [w for w in (mine, *(o.elevation for o in others)) if w is not None]
    starts = [w.not_before for w in windows if w.not_before is not None]
    if not starts:
        return SOME_TIME
    moment = max(starts)
    inside = mine is None or moment < mine.expires
    return moment if inside or mine is None or mine.not_before is None else mine.not_before


def _country(way: Conditions, others: Options) -> str:
    """A country that the way allows, and as many of the others as can be."""
    bound = [c for c in (way.countries, *(o.countries for o in others)) if c is not None]
    choice = way.countries or sorted({c for countries in bound for c in countries})
    return max(choice, key=lambda c: sum(c in known for known in bound), default=SOME_COUNTRY)


def _elevated(view: View, path: Path, others: Options) -> Elevated | None:
    """An elevation that the way accepts, and the others as far as they accept the same."""
    mine = path.conditions.eligible
    if mine is None:
        return None
    known = [mine, *(o.eligible for o in others if o.eligible is not None)]
    return Elevated(
        path.binding.role,
        view.shown(path.binding.scope),
        tuple(sorted({e.approvers for e in known})),
        min(e.max_duration_s for e in known),
        ticket=True,
    )


def _smallest(
    way: Conditions, others: Options, budgets: Iterable[Mapping[str, Budget]]
) -> dict[str, int | None]:
    """One of everything and no cost, or less where a limit or quota says so."""
    job = dict.fromkeys((*LIMITED.values(), *COUNTED.values()), 1)
    job["estimated_cost_micros"] = 0
    for name, attribute in LIMITED.items():
        bounds = [getattr(conditions.job, name) for conditions in (way, *others)]
        job[attribute] = min(job[attribute], *(b for b in bounds if b is not None), MAX_COUNT)
    for budget in (b for known in budgets for b in known.values()):
        for measure, _, limit, _ in budget.quotas:
            if measure in COUNTED:
                job[COUNTED[measure]] = min(job[COUNTED[measure]], limit)
    return {**job}


def _nothing_used(budget: Budget) -> dict[str, int]:
    counters = (f"{m}/{window}" for m, window, _, _ in budget.quotas if window != "job")
    return {"spent_micros": 0, **dict.fromkeys(sorted(counters), 0)}
