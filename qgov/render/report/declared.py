"""What was said of a change beside the repository, for the page: its intent, its author.

Each access stands among the gains and losses with all that there is to say; here is only
which it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from qgov.plan.causes import Cause
from qgov.plan.changes import Change
from qgov.plan.plan import AccessChange, AuthorGains, Intended
from qgov.plan.risk import Risk
from qgov.render.plan_view import Entry, entries

__all__ = ["Brief", "By", "Intent", "author_of", "intent_of"]

MOST_BRIEFS: Final = 12
MOST_UNMET: Final = 20
MOST_NAMES: Final = 6
"""How many are told before the rest is counted."""


@dataclass(frozen=True, slots=True)
class Brief:
    """One thing that happens, in a line: the page says the rest where it happens."""

    risk: Risk
    change: Change
    reached: str
    permissions: tuple[str, ...]
    more: int
    causes: tuple[Cause, ...]


@dataclass(frozen=True, slots=True)
class Intent:
    """What a change was meant to do against what it does."""

    path: str
    well: bool
    parts: tuple[tuple[str, bool, tuple[Brief, ...], int], ...]
    unmet: tuple[tuple[str, str, str], ...]
    more_unmet: int


@dataclass(frozen=True, slots=True)
class By:
    """Who wrote the change, and what they gain by it."""

    id: str
    groups: tuple[str, ...]
    more: int
    gains: tuple[Brief, ...]
    more_gains: int


def intent_of(found: Intended, currency: str) -> Intent:
    """The parts of an intent, what is an error first."""
    parts = (
        ("Outside the intent", True, found.gained),
        ("Outside, as losses", False, found.lost),
        ("Achieved", False, found.achieved),
    )
    unmet = [
        (
            f"{u.wanted.verb} {u.wanted.permission}",
            f"{u.wanted.principal} on {u.wanted.scope}"
            + (f" with {u.wanted.backend}" if u.wanted.backend != "*" else ""),
            u.why,
        )
        for u in found.not_achieved
    ]
    return Intent(
        found.path,
        not found.gained and not found.not_achieved,
        tuple((name, bad, *_briefs(some, currency)) for name, bad, some in parts if some),
        tuple(unmet[:MOST_UNMET]),
        len(unmet[MOST_UNMET:]),
    )


def author_of(found: AuthorGains, currency: str) -> By:
    """The author of a change, and their gains in brief."""
    groups = found.author.groups
    return By(
        found.author.id,
        groups[:MOST_NAMES],
        len(groups[MOST_NAMES:]),
        *_briefs(found.gains, currency),
    )


def _briefs(changes: Iterable[AccessChange], currency: str) -> tuple[tuple[Brief, ...], int]:
    """Some changes of a plan in brief, and how many more entries they are."""
    found = entries(changes, currency)
    return tuple(map(_brief, found[:MOST_BRIEFS])), len(found[MOST_BRIEFS:])


def _brief(entry: Entry) -> Brief:
    permissions = tuple(dict.fromkeys(p for item in entry.items for p in item.permissions))
    return Brief(
        entry.risk,
        entry.change,
        entry.reached,
        permissions[:MOST_NAMES],
        len(permissions[MOST_NAMES:]),
        entry.causes[:MOST_NAMES],
    )
