"""Two versions of a file beside each other, and the parts of them that matter."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Final, NamedTuple

from msgspec import Struct

from qgov.plan.causes import Cause
from qgov.plan.plan import Plan
from qgov.render.counting import shortened
from qgov.repository import Snapshot

__all__ = ["Excerpt", "Line", "Pair", "Texts", "excerpt", "texts", "whole"]

CONTEXT: Final = 3
MOST_LINES: Final = 48
"""Of one excerpt; a diff of a whole file may have more."""

MOST_DIFFERENT: Final = 400
MOST_CHARACTERS: Final = 400
"""Of one line."""

MOST_ALIGNED: Final = 1_500
"""Above so many lines, apart from those that both versions begin and end with, versions are not
aligned: aligning is quadratic, and a file is hostile."""

Texts = Mapping[tuple[str, str], Sequence[str]]
"""(side, path) → the lines of a file."""


class Line(NamedTuple):
    """A line with its number, from 1; `cause` says that it caused the change told."""

    number: int
    text: str
    cause: bool = False


class Pair(NamedTuple):
    """A line before and after; None where there is none."""

    before: Line | None
    after: Line | None

    @property
    def same(self) -> bool:
        """Whether nothing changes here."""
        return bool(self.before and self.after and self.before.text == self.after.text)


class Excerpt(Struct, frozen=True):
    """Runs of lines of one file. `sides` is `both`, or the only one that has something to
    show; `more` counts the lines left out at the end."""

    path: str
    sides: str
    runs: tuple[tuple[Pair, ...], ...]
    more: int = 0


def texts(plan: Plan, paths: Iterable[str]) -> Texts:
    """The lines of some files on both sides of a plan, where they exist."""
    wanted = sorted(set(paths))
    return {
        (side, path): _read(data)
        for side, snapshot in (("base", plan.base), ("head", plan.head))
        for path, data in _contents(snapshot, wanted).items()
    }


def _contents(snapshot: Snapshot, paths: Iterable[str]) -> dict[str, bytes]:
    known = [path for path in paths if path in snapshot.blobs]
    return snapshot.read(known) if known else {}


def _read(data: bytes) -> list[str]:
    # Not splitlines: what ends a line of YAML is what the numbers of causes count.
    return data.decode(errors="replace").replace("\r\n", "\n").removesuffix("\n").split("\n")


def excerpt(known: Texts, path: str, causes: Collection[Cause]) -> Excerpt | None:
    """The lines around the causes in one file; None where the file is not known."""
    lines = {side: {c.line for c in causes if c.side == side} for side in ("base", "head")}
    pairs = [_marked(pair, lines) for pair in _pairs(known, path)]
    wanted = [n for n, pair in enumerate(pairs) if any(line and line.cause for line in pair)]
    if not wanted:
        return None
    chosen: set[int] = set()
    for place in wanted:
        chosen |= {*range(*_block(pairs, place))}
    return _excerpt(path, pairs, chosen, MOST_LINES)


def whole(known: Texts, path: str) -> Excerpt | None:
    """Every line of a file that changes; None when none does."""
    pairs = _pairs(known, path)
    wanted = {n for n, pair in enumerate(pairs) if not pair.same}
    return _excerpt(path, pairs, wanted, MOST_DIFFERENT) if wanted else None


def _marked(pair: Pair, lines: Mapping[str, Collection[int]]) -> Pair:
    def mark(line: Line | None, side: str) -> Line | None:
        return line._replace(cause=True) if line and line.number in lines[side] else line

    return Pair(mark(pair.before, "base"), mark(pair.after, "head"))


def _block(pairs: Sequence[Pair], place: int) -> tuple[int, int]:
    """The lines that change together with one; only itself where it stays the same."""
    first = last = place
    if not pairs[place].same:
        while first > 0 and not pairs[first - 1].same and place - first < MOST_LINES // 4:
            first -= 1
        while last + 1 < len(pairs) and not pairs[last + 1].same and last - place < MOST_LINES // 4:
            last += 1
    return first, last + 1


def _excerpt(path: str, pairs: Sequence[Pair], wanted: Collection[int], most: int) -> Excerpt:
    near = sorted(
        {
            n
            for place in wanted
            for n in range(max(0, place - CONTEXT), min(len(pairs), place + CONTEXT + 1))
        }
    )
    runs: list[list[Pair]] = []
    for before, n in zip([None, *near], near[:most], strict=False):
        if before is None or n != before + 1:
            runs.append([])
        runs[-1].append(pairs[n])
    shown = [pair for run in runs for pair in run]
    sides = (
        "after"
        if all(pair.same or pair.before is None for pair in shown)
        else "before"
        if all(pair.same or pair.after is None for pair in shown)
        else "both"
    )
    return Excerpt(path, sides, tuple(map(tuple, runs)), len(near) - len(shown))


def _pairs(known: Texts, path: str) -> list[Pair]:
    old, new = known.get(("base", path), ()), known.get(("head", path), ())
    found: list[Pair] = []
    for tag, i, j, k, m in _steps(old, new):
        left = (Line(n + 1, shortened(old[n], MOST_CHARACTERS)) for n in range(i, j))
        right = (Line(n + 1, shortened(new[n], MOST_CHARACTERS)) for n in range(k, m))
        if tag == "equal" or j - i == m - k:
            found += map(Pair, left, right)
        else:
            found += (Pair(a, b) for a, b in zip_longest(left, right))
    return found


def _steps(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[str, int, int, int, int]]:
    """The steps from one to the other, as difflib counts them."""
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    i, j = len(old) - end, len(new) - end
    yield "equal", 0, start, 0, start
    if max(i, j) - start > MOST_ALIGNED:
        yield "replace", start, i, start, j
    else:
        matcher = SequenceMatcher(None, old[start:i], new[start:j], autojunk=False)
        for tag, a, b, c, d in matcher.get_opcodes():
            yield tag, a + start, b + start, c + start, d + start
    yield "equal", i, len(old), j, len(new)
