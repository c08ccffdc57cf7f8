"""The access changes for the page: what the plan's views group, with the conditions on both
sides, the witness, and the lines of YAML that caused it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from qgov.model.principal import Principal
from qgov.plan.causes import Cause
from qgov.plan.changes import Change
from qgov.plan.plan import AccessChange, Plan
from qgov.plan.risk import Risk
from qgov.render.conditions import alternatives, in_words
from qgov.render.plan_view import Entry, Item, Place, sections, shared
from qgov.render.report.filters import Filters, Tags, tags_of
from qgov.render.report.lines import Excerpt, Texts, excerpt

__all__ = ["Conditioned", "Part", "Section", "Shown", "sections_of"]

MOST_ENTRIES: Final = 20
MOST_PARTS: Final = 20
"""How many are told of a section, and of an entry, before the rest is counted."""

MOST_PLACES: Final = 8
MOST_SCOPES: Final = 4
MOST_PHRASES: Final = 6
MOST_EXCERPTS: Final = 60
MOST_FILES: Final = 6
MOST_CAUSES: Final = 24


@dataclass(frozen=True, slots=True)
class Conditioned:
    """What an access takes: `pairs` differ (before, after), `also` comes on top of what the
    whole entry has in common, `both` stay the same, and `some` stay the same but are not
    alike for all that is told together (`more` of them are counted)."""

    pairs: tuple[tuple[str, str], ...] = ()
    also: tuple[str, ...] = ()
    both: tuple[str, ...] = ()
    some: tuple[str, ...] = ()
    more: int = 0


@dataclass(frozen=True, slots=True)
class Where:
    """Who, and where; `more` scopes are counted."""

    principal: str
    scopes: tuple[str, ...]
    more: int


@dataclass(frozen=True, slots=True)
class Part:
    """Permissions that change alike, for whom, on which conditions, and the proof."""

    permissions: tuple[str, ...]
    backends: tuple[str, ...]
    places: tuple[Where, ...]
    more_places: int
    conditions: Conditioned
    witness: str
    tags: Tags


@dataclass(frozen=True, slots=True)
class Shown:
    """One thing that happens. `common` is what changes alike in every part (before, after).
    A file whose lines were shown before is in `seen` (with the
    number of the entry that shows them), `others` are lines that are only named."""

    number: int
    risk: Risk
    reason: str
    change: Change
    reached: str
    places: tuple[Where, ...]
    more_places: int
    roles: tuple[str, ...]
    common: tuple[tuple[str, str], ...]
    parts: tuple[Part, ...]
    more_parts: int
    excerpts: tuple[Excerpt, ...]
    seen: tuple[tuple[str, int], ...]
    others: tuple[Cause, ...]
    more_causes: int
    tags: Tags


@dataclass(frozen=True, slots=True)
class Section:
    """Gains, losses, or what is neither; `more` entries are counted."""

    title: str
    entries: tuple[Shown, ...]
    more: int


def sections_of(plan: Plan, known: Texts, filters: Filters) -> list[Section]:
    """The sections of a plan, most dangerous first."""
    groups: dict[tuple[Change, tuple[Cause, ...]], list[AccessChange]] = defaultdict(list)
    for change in plan.access:
        groups[change.row.change, change.causes].append(change)
    shown: dict[tuple[Cause, ...], int] = {}
    numbers = iter(range(1, len(groups) + 1))
    return [
        Section(
            title,
            tuple(
                _shown(next(numbers), e, groups[e.change, e.causes], plan, known, filters, shown)
                for e in found[:MOST_ENTRIES]
            ),
            len(found[MOST_ENTRIES:]),
        )
        for title, found in sections(plan)
    ]


def _shown(
    number: int,
    entry: Entry,
    changes: Sequence[AccessChange],
    plan: Plan,
    known: Texts,
    filters: Filters,
    shown: dict[tuple[Cause, ...], int],
) -> Shown:
    common, own = shared(entry.items)
    parts = tuple(_parts(entry, own, changes, plan.currency, filters))
    places, more = _wheres(entry.places or ())
    excerpts, seen, others = _lines(number, entry.causes, known, shown)
    return Shown(
        number=number,
        risk=entry.risk,
        reason=entry.reason,
        change=entry.change,
        reached=entry.reached,
        places=places,
        more_places=more,
        roles=entry.roles,
        common=_pairs(common, changes[0], plan.currency) if common else (),
        parts=parts,
        more_parts=len(entry.items) - len(parts),
        excerpts=excerpts,
        seen=seen,
        others=others[:MOST_CAUSES],
        more_causes=len(others[MOST_CAUSES:]),
        tags=tags_of(changes, filters),
    )


def _lines(
    number: int, causes: Iterable[Cause], known: Texts, shown: dict[tuple[Cause, ...], int]
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
        if key in shown:
            seen += [(f"{path}:{inside[0].line}", shown[key])]
        elif (
            len(excerpts) < MOST_FILES
            and len(shown) < MOST_EXCERPTS
            and (found := excerpt(known, path, inside))
        ):
            excerpts.append(found)
            shown[key] = number
        else:
            others += inside
    return tuple(excerpts), tuple(seen), tuple(others)


def _parts(
    entry: Entry,
    own: Sequence[Sequence[str]],
    changes: Sequence[AccessChange],
    currency: str,
    filters: Filters,
) -> Iterator[Part]:
    of = {(c.row.principal, c.row.scope, c.row.permission, c.row.backends): c for c in changes}
    witnesses = [*entry.witnesses]
    for number, item in enumerate(entry.items[:MOST_PARTS]):
        alike = _alike(item, of)
        places, more = _wheres(item.places)
        witness = witnesses[number] if number < len(witnesses) else ""
        yield Part(
            item.permissions,
            item.backends,
            places,
            more,
            _conditioned(own[number], len(own[number]) < len(item.phrases), alike, currency),
            witness,
            tags_of(alike, filters),
        )


def _alike(
    item: Item, of: Mapping[tuple[Principal, str, str, tuple[str, ...]], AccessChange]
) -> list[AccessChange]:
    """The changes that an item stands for."""
    keys = (
        (Principal(place.principal), scope, permission, item.backends)
        for place in item.places
        for scope in place.scopes
        for permission in item.permissions
    )
    return [of[key] for key in keys if key in of]


def _wheres(places: Collection[Place]) -> tuple[tuple[Where, ...], int]:
    named = tuple(
        Where(p.principal, p.scopes[:MOST_SCOPES], len(p.scopes[MOST_SCOPES:]))
        for p in [*places][:MOST_PLACES]
    )
    return named, len(places) - len(named)


# ----------------------------------------------------------------------------- conditions


def _conditioned(
    own: Sequence[str], is_told: bool, changes: Sequence[AccessChange], currency: str
) -> Conditioned:
    """What a part says beside what the entry has told already."""
    row = changes[0].row
    if not row.before or not row.after:
        if is_told:
            return Conditioned(also=tuple(own))
        return Conditioned(_pairs(own, changes[0], currency))
    pairs = _pairs(own, changes[0], currency) if own else ()
    if len(row.before) > 1 or len(row.after) > 1:
        return Conditioned(pairs)
    same = list(dict.fromkeys(_same(change, currency) for change in changes))
    both = tuple(phrase for phrase in same[0] if all(phrase in other for other in same))
    some = tuple(dict.fromkeys(p for phrases in same for p in phrases if p not in both))
    return Conditioned(pairs, (), both, some[:MOST_PHRASES], len(some[MOST_PHRASES:]))


def _pairs(
    phrases: Sequence[str], change: AccessChange, currency: str
) -> tuple[tuple[str, str], ...]:
    """Phrases of what holds, or of what differs, as (before, after)."""
    before, after = change.row.before, change.row.after
    if not before or not after:
        held = " · ".join(phrases) or "no condition"
        return (("no access", held) if after else (held, "no access"),)
    if len(before) > 1 or len(after) > 1:
        return ((alternatives(before, currency), alternatives(after, currency)),)
    sides = [in_words(side[0], currency) for side in (before, after)]
    return tuple(_pair(text, *sides) for text in phrases)


def _same(change: AccessChange, currency: str) -> tuple[str, ...]:
    before, after = (in_words(side[0], currency) for side in (change.row.before, change.row.after))
    return tuple(phrase for phrase in before if phrase in after)


def _pair(text: str, before: Sequence[str], after: Sequence[str]) -> tuple[str, str]:
    """`MFA → no MFA` as its two halves, one of which is a condition of its side: a name may
    have an arrow in it."""
    for phrase in sorted(before, key=len, reverse=True):
        if text.startswith(f"{phrase} → "):
            return phrase, text[len(phrase) + 3 :]
    for phrase in sorted(after, key=len, reverse=True):
        if text.endswith(f" → {phrase}"):
            return text[: -len(phrase) - 3], phrase
    return text, ""
