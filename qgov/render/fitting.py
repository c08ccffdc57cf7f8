"""A text that must not be longer than its place: what is important stays, the rest is counted.

Lengths are UTF-16 code units, the strictest way in which a platform may count characters: an
emoji is two.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Final

from msgspec import Struct

__all__ = ["Part", "fitted", "width"]

_SHARE: Final = Fraction(3, 5)
_NOTE: Final = 100
"""Room for the line that counts what is left out."""


class Part(Struct, frozen=True):
    """Lines that stay together (`head`, `tail`), and between them rows of which the last
    may be left out. `rank` 0 always stays; of the others the lowest is served first, and
    `least` is told of one for which there is no room at all. `what` its rows are, where some
    are left out."""

    head: Sequence[str]
    rows: Sequence[str] = ()
    tail: Sequence[str] = ("",)
    rank: int = 0
    least: Sequence[str] = ()
    what: str = "rows"


def width(lines: Iterable[str]) -> int:
    """The length of lines, each with its end."""
    return sum(len(line) + sum(c > "\uffff" for c in line) + 1 for line in lines)


def fitted(parts: Sequence[Part], most: int) -> tuple[list[str], bool]:
    """The lines of all parts in their order, at most `most` long unless what must stay is
    longer, and whether that is everything."""
    room = most - sum(width([*p.head, *p.rows, *p.tail]) for p in parts if p.rank == 0)
    shown: dict[int, list[str]] = {}
    whole = True
    ranked = sorted((p.rank, index) for index, p in enumerate(parts))
    rest = sum(width([*p.head, *p.rows, *p.tail]) for p in parts if p.rank)
    for rank, index in ranked:
        part = parts[index]
        full = [*part.head, *part.rows, *part.tail]
        if rank == 0:
            shown[index] = full
            continue
        # Where not all fit, no part takes so much that the ones after it get nothing.
        share = room if rest <= room else int(room * _SHARE)
        shown[index] = full if width(full) <= share else _cut(part, share)
        whole = whole and shown[index] == full
        room -= width(shown[index])
        rest -= width(full)
    return [line for index in range(len(parts)) for line in shown[index]], whole


def _cut(part: Part, room: int) -> list[str]:
    """As many rows as there is room for, and how many are left out; nothing at all without
    room for that."""
    room -= width([*part.head, *part.tail]) + _NOTE
    if room < 0:
        return list(part.least)
    kept = 0
    for row in part.rows:
        room -= width([row])
        if room < 0:
            break
        kept += 1
    note = f"**{len(part.rows) - kept:,} more {part.what} do not fit here.**"
    return [*part.head, *part.rows[:kept], "", note, *part.tail]
