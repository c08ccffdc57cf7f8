"""Numbers in words: `3 groups`, `1 new error`, `and 12 more`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from qgov.model.principal import kind_of

__all__ = ["count", "kinds", "more", "more_of", "shortened", "some"]

_KINDS: Final = {
    "group": ("group", "groups"),
    "workload": ("workload", "workloads"),
    "user": ("person", "people"),
}


def count(number: int, one: str, many: str = "") -> str:
    """`1 group`, `2 groups`, `1,248 accesses`."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def more(number: int) -> str:
    """`and 1,248 more`."""
    return f"and {number:,} more"


def more_of(counts: Mapping[str, int]) -> str:
    """`and 3 more of words`; empty where nothing is left out."""
    told = " and ".join(f"{number:,} more of {concern}" for concern, number in counts.items())
    return f"and {told}" if told else ""


def some(items: Iterable[str], most: int, joint: str = ", ", of: str = "") -> str:
    """The first of some texts, and how many more there are: `a, b and 3 more`; with `of`, as one
    more of them: `a, b, and 3 more principals`."""
    known = list(items)
    shown, left = joint.join(known[:most]), len(known) - most
    if left <= 0:
        return shown
    return f"{shown}{joint}and {count(left, f'more {of}')}" if of else f"{shown} {more(left)}"


def shortened(value: object, most: int) -> str:
    """The text of a value, or its beginning and how many characters there are besides."""
    text = str(value)
    left = len(text) - most
    return f"{text[:most]} … {left:,} more characters" if left > 0 else text


def kinds(principals: Iterable[str]) -> str:
    """How many principals of each kind: `2 groups`, `1 workload and 1 person`."""
    found = Counter(map(kind_of, set(principals)))
    counted = [count(found[kind], *_KINDS[kind]) for kind in _KINDS if found[kind]]
    return " and ".join([", ".join(counted[:-1]), counted[-1]] if counted[1:] else counted)
