"""The access changes for the page: the view's entries, with the conditions on both sides and
the lines of YAML that caused them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from msgspec import Struct

from qgov.plan.causes import Cause
from qgov.plan.changes import Change
from qgov.plan.plan import AccessChange
from qgov.render.conditions import in_words, joined
from qgov.render.plan_entries import AccessEntry, AccessItem, Phrase
from qgov.render.plan_view import PlanView
from qgov.render.report.filters import Filters, Tags, tags_of
from qgov.render.report.lines import Excerpt, Texts, excerpt

__all__ = ["Conditioned", "ShownEntry", "ShownItem", "ShownSection", "sections_of"]

MOST_ENTRIES: Final = 20
MOST_ITEMS: Final = 20
"""How many are told of a section, and of an entry, before the rest gets a line each."""

MOST_EXCERPTS: Final = 60
MOST_FILES: Final = 6
NO_ACCESS: Final = "no access"


class Conditioned(Struct, frozen=True):
    """What an access takes: `pairs` differ (before, after), `also` comes on top of what the
    whole entry has in common, `both` stay the same, and `some` stay the same but are not
    alike for all that is told together."""

    pairs: tuple[tuple[str, str], ...] = ()
    also: tuple[Phrase, ...] = ()
    both: tuple[str, ...] = ()
    some: tuple[str, ...] = ()


class ShownItem(Struct, frozen=True):
    """An item with its conditions."""

    item: AccessItem
    conditions: Conditioned
    tags: Tags


class ShownEntry(Struct, frozen=True):
    """An entry by its number on the page. `common` is what changes alike in every item
    (before, after). A file whose lines were shown before is in `seen`, with the number of the
    entry that shows them; `others` are lines that are only named."""

    number: int
    entry: AccessEntry
    common: tuple[tuple[str, str], ...]
    items: tuple[ShownItem, ...]
    excerpts: tuple[Excerpt, ...]
    seen: tuple[tuple[str, int], ...]
    others: tuple[Cause, ...]
    tags: Tags


class ShownSection(Struct, frozen=True):
    """Gains, losses, or what is neither; of the `rest` it is said in a line what each is."""

    title: str
    entries: tuple[ShownEntry, ...]
    rest: tuple[AccessEntry, ...]


def sections_of(view: PlanView, texts: Texts, filters: Filters) -> Iterator[ShownSection]:
    """The sections of a plan, most dangerous first."""
    excerpts = _Excerpts(texts)
    number = 0
    for title, entries in view.sections:
        shown: list[ShownEntry] = []
        for entry in entries[:MOST_ENTRIES]:
            number += 1
            shown.append(_shown(number, entry, excerpts, filters, view.plan.currency))
        yield ShownSection(title, tuple(shown), tuple(entries[len(shown) :]))


def _shown(
    number: int, entry: AccessEntry, excerpts: _Excerpts, filters: Filters, currency: str
) -> ShownEntry:
    common = entry.common
    found, seen, others = excerpts.of(number, entry.causes)
    return ShownEntry(
        number=number,
        entry=entry,
        common=_pairs(common, entry.change) if common else (),
        items=tuple(
            ShownItem(
                item,
                _conditioned(item, common, entry.change, currency),
                tags_of(item.changes, filters),
            )
            for item in entry.items[:MOST_ITEMS]
        ),
        excerpts=found,
        seen=seen,
        others=others,
        tags=tags_of((c for item in entry.items for c in item.changes), filters),
    )


class _Excerpts:
    """The lines of the files that cause changes, each shown once on the page."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self._shown: dict[tuple[Cause, ...], int] = {}

    def of(
        self, number: int, causes: Iterable[Cause]
    ) -> tuple[tuple[Excerpt, ...], tuple[tuple[str, int], ...], tuple[Cause, ...]]:
        """The excerpts, the ones that an earlier entry shows, and lines that none shows."""
        files: dict[str, list[Cause]] = defaultdict(list)
        for cause in causes:
            files[cause.path].append(cause)
        excerpts: list[Excerpt] = []
        seen: list[tuple[str, int]] = []
        others: list[Cause] = []
        for path, inside in files.items():
            key = tuple(inside)
            if key in self._shown:
                seen.append((f"{path}:{inside[0].line}", self._shown[key]))
            elif (
                len(excerpts) < MOST_FILES
                and len(self._shown) < MOST_EXCERPTS
                and (found := excerpt(self._texts, path, inside))
            ):
                excerpts.append(found)
                self._shown[key] = number
            else:
                others += inside
        return tuple(excerpts), tuple(seen), tuple(others)


# ----------------------------------------------------------------------------- conditions


def _conditioned(
    item: AccessItem, common: Sequence[Phrase], change: Change, currency: str
) -> Conditioned:
    """What an item says beside what the entry has told already."""
    own = [phrase for phrase in item.phrases if phrase not in common]
    if change in (Change.GRANTED, Change.REVOKED):
        if len(own) < len(item.phrases):
            return Conditioned(also=tuple(own))
        return Conditioned(_pairs(own, change))
    pairs = _pairs(own, change)
    if any(phrase.whole for phrase in item.phrases):
        return Conditioned(pairs)
    changes = sorted(item.changes, key=lambda c: (c.row.principal, c.row.scope, c.row.permission))
    same = list(dict.fromkeys(_same(each, currency) for each in changes))
    both = tuple(phrase for phrase in same[0] if all(phrase in other for other in same))
    some = dict.fromkeys(p for phrases in same for p in phrases if p not in both)
    return Conditioned(pairs, (), both, tuple(some))


def _pairs(phrases: Sequence[Phrase], change: Change) -> tuple[tuple[str, str], ...]:
    """What is to say of both sides: what is held on one is one thing."""
    if change not in (Change.GRANTED, Change.REVOKED):
        return tuple((phrase.before, phrase.after) for phrase in phrases)
    held = joined(map(str, phrases))
    return ((NO_ACCESS, held) if change is Change.GRANTED else (held, NO_ACCESS),)


def _same(change: AccessChange, currency: str) -> tuple[str, ...]:
    before, after = (in_words(side[0], currency) for side in (change.row.before, change.row.after))
    return tuple(phrase for phrase in before if phrase in after)
