"""Entries of a plan that say the same of many: put together, where there are too many to read.

An edit of a role that reaches everybody is one entry already. Five thousand new lines that
each bind one more group are as many entries, and to a reviewer still one thing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct

from qgov.records import replace
from qgov.render.plan_entries import AccessEntry, AccessItem, Holder, Phrase, merged

__all__ = ["MOST_ENTRIES", "GatheredEntry", "gathered"]

MOST_ENTRIES: Final = 12
"""How many entries of a section a reader takes one by one."""

_FEW: Final = 4
_OTHERS: Final = Phrase("", "others that differ")


class GatheredEntry(Struct, frozen=True):
    """What several entries do alike. The items of `entry` have the conditions that all share
    and nobody's name; `reached` is how many principals on how many scopes."""

    entry: AccessEntry
    reached: str
    holders: tuple[Holder, ...]


def gathered(entries: Sequence[AccessEntry]) -> list[AccessEntry | GatheredEntry]:
    """The entries in their order; those alike take the place of the first of them."""
    if len(entries) <= MOST_ENTRIES:
        return list(entries)
    groups: dict[tuple[object, ...], list[AccessEntry]] = defaultdict(list)
    for entry in entries:
        what = tuple(item.what for item in entry.items)
        groups[entry.risk, entry.reason, entry.change, entry.roles, what].append(entry)
    found: list[AccessEntry | GatheredEntry] = []
    for group in groups.values():
        found += group if len(group) <= _FEW else [_together(group)]
    return found


def _together(group: Sequence[AccessEntry]) -> GatheredEntry:
    first = group[0]
    everything = [item for entry in group for item in entry.items]
    return GatheredEntry(
        entry=replace(
            first,
            items=tuple(map(_shared, zip(*(entry.items for entry in group), strict=True))),
            causes=tuple(dict.fromkeys(cause for entry in group for cause in entry.causes)),
        ),
        reached=replace(first, items=tuple(everything)).reached,
        holders=merged(holder for item in everything for holder in item.holders),
    )


def _shared(items: Iterable[AccessItem]) -> AccessItem:
    """An item of each of the entries, as one."""
    first, *others = items
    common = set(first.phrases).intersection(*(item.phrases for item in others))
    differs = any(set(item.phrases) != common for item in (first, *others))
    phrases = (phrase for phrase in first.phrases if phrase in common)
    return replace(first, phrases=(*phrases, *([_OTHERS] * differs)), holders=())
