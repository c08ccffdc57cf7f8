"""Entries of a plan that say the same of many: put together, where there are too many to read.

An edit of a role that reaches everybody is one entry already. Five thousand new lines that
each bind one more group are as many entries, and to a reviewer still one thing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Final

from qgov.plan.causes import Cause
from qgov.plan.changes import Change
from qgov.plan.risk import Risk
from qgov.render.plan_view import Entry, Item, Place

__all__ = ["MOST_ENTRIES", "Alike", "Gathered", "gathered"]

MOST_ENTRIES: Final = 12
"""How many entries of a section a reader takes one by one."""

_FEW: Final = 4


@dataclass(frozen=True, slots=True)
class Alike:
    """An item of each of the entries. `phrases` are the conditions that they share; `differ`
    says whether some have others besides."""

    permissions: tuple[str, ...]
    backends: tuple[str, ...]
    phrases: tuple[str, ...]
    differ: bool
    witness: str


@dataclass(frozen=True, slots=True)
class Gathered:
    """What several entries do alike; `reached` is how many principals on how many scopes."""

    risk: Risk
    reason: str
    change: Change
    roles: tuple[str, ...]
    items: tuple[Alike, ...]
    reached: str
    places: tuple[Place, ...]
    causes: tuple[Cause, ...]


def gathered(entries: Sequence[Entry]) -> list[Entry | Gathered]:
    """The entries in their order, those alike in the place of the first of them."""
    if len(entries) <= MOST_ENTRIES:
        return list(entries)
    groups: dict[tuple[object, ...], list[Entry]] = defaultdict(list)
    for entry in entries:
        what = tuple((item.permissions, item.backends) for item in entry.items)
        groups[entry.risk, entry.reason, entry.change, entry.roles, what].append(entry)
    found: list[Entry | Gathered] = []
    for group in groups.values():
        found += group if len(group) <= _FEW else [_together(group)]
    return found


def _together(group: Sequence[Entry]) -> Gathered:
    first = group[0]
    scopes: dict[str, set[str]] = defaultdict(set)
    for entry in group:
        for item in entry.items:
            for place in item.places:
                scopes[place.principal].update(place.scopes)
    return Gathered(
        risk=first.risk,
        reason=first.reason,
        change=first.change,
        roles=first.roles,
        items=tuple(
            _alike([entry.items[index] for entry in group], witness)
            for index, (_, witness) in enumerate(
                zip_longest(first.items, first.witnesses, fillvalue="")
            )
        ),
        reached=replace(first, items=tuple(i for e in group for i in e.items)).reached,
        places=tuple(Place(who, tuple(sorted(scopes[who]))) for who in sorted(scopes)),
        causes=tuple(dict.fromkeys(cause for entry in group for cause in entry.causes)),
    )


def _alike(items: Sequence[Item], witness: str) -> Alike:
    first = items[0]
    common = set(first.phrases).intersection(*(item.phrases for item in items))
    return Alike(
        first.permissions,
        first.backends,
        tuple(phrase for phrase in first.phrases if phrase in common),
        any(set(item.phrases) != common for item in items),
        witness,
    )
