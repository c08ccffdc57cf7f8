"""Access changes put together for people.

A role edited once reaches many principals on many permissions; for a reader that is one
thing. Changes of one kind from the same lines become one entry, and what is alike within it
one item. Nothing is left out: a layout says how much it tells before it counts the rest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from msgspec import Struct

from qgov.plan.causes import Cause
from qgov.plan.changes import Change, Options
from qgov.plan.plan import AccessChange
from qgov.plan.risk import Risk
from qgov.records import replace
from qgov.render.conditions import tokens_of, what_differs, what_holds
from qgov.render.counting import count, kinds
from qgov.render.plan_witness import told, told_once

__all__ = ["AccessEntry", "AccessItem", "Holder", "Phrase", "What", "entries_of", "roles_of"]


class Holder(NamedTuple):
    """A principal, and the scopes on which it gains, loses or keeps something."""

    principal: str
    scopes: tuple[str, ...]


class What(NamedTuple):
    """Permissions, and the backends on which they run something."""

    permissions: tuple[str, ...]
    backends: tuple[str, ...]


class Phrase(NamedTuple):
    """A condition in words, before and after; empty on a side without the access. `whole`
    says that it tells all there is to say of both sides."""

    before: str
    after: str
    whole: bool = False

    def __str__(self) -> str:
        if not self.before or not self.after:
            return self.before or self.after
        return (" \u2192 " if not self.whole else "  \u2192  ").join((self.before, self.after))


class AccessItem(Struct, frozen=True):
    """Permissions that change alike, and for whom. `phrases` are the conditions, or what
    becomes of them; `witness` is in words, and empty where an item before says the same."""

    risk: Risk
    what: What
    phrases: tuple[Phrase, ...]
    holders: tuple[Holder, ...]
    changes: tuple[AccessChange, ...]
    witness: str = ""


class AccessEntry(Struct, frozen=True):
    """One thing that happens: what the same lines do to access."""

    risk: Risk
    reason: str
    change: Change
    items: tuple[AccessItem, ...]
    roles: tuple[str, ...]
    causes: tuple[Cause, ...]

    @property
    def verb(self) -> str:
        """How access changes, in a word or two."""
        return "conditions changed" if self.change is Change.CHANGED else str(self.change)

    @property
    def holders(self) -> tuple[Holder, ...]:
        """Who and where, if that is the same for every item; otherwise nothing."""
        alike = {item.holders for item in self.items}
        return alike.pop() if len(alike) == 1 else ()

    @property
    def permissions(self) -> tuple[str, ...]:
        """The permissions of all items, each once."""
        return tuple(dict.fromkeys(name for item in self.items for name in item.what.permissions))

    @property
    def reached(self) -> str:
        """`3 groups on 7 scopes`, or the name of the only one."""
        holders = [holder for item in self.items for holder in item.holders]
        principals = {holder.principal for holder in holders}
        scopes = {scope for holder in holders for scope in holder.scopes}
        who = principals.pop() if len(principals) == 1 else kinds(principals)
        return f"{who} on {count(len(scopes), 'scope')}"

    @property
    def common(self) -> list[Phrase]:
        """The phrases that all items have."""
        first, *others = (item.phrases for item in self.items)
        return [phrase for phrase in first if all(phrase in other for other in others)]

    @property
    def by_holders(self) -> list[tuple[tuple[Holder, ...], list[What]]]:
        """What happens to whom, conditions aside: of items that differ in nothing else, one is
        told."""
        whom: dict[What, list[Holder]] = defaultdict(list)
        for item in self.items:
            whom[item.what] += item.holders
        found: dict[tuple[Holder, ...], list[What]] = defaultdict(list)
        for what, holders in whom.items():
            found[merged(holders)].append(what)
        return list(found.items())


def merged(holders: Iterable[Holder]) -> tuple[Holder, ...]:
    """Each principal once, with all of its scopes."""
    scopes: dict[str, set[str]] = defaultdict(set)
    for holder in holders:
        scopes[holder.principal].update(holder.scopes)
    return tuple(Holder(who, tuple(sorted(scopes[who]))) for who in sorted(scopes))


def roles_of(changes: Iterable[AccessChange]) -> set[str]:
    """The roles that some accesses are, or were, held through."""
    return {
        path.binding.role
        for change in changes
        for cell in change.row.cells
        for path in (cell.head or cell.base)
    }


def entries_of(changes: Iterable[AccessChange], currency: str) -> tuple[AccessEntry, ...]:
    """The entries, most dangerous first."""
    groups: dict[tuple[Change, tuple[Cause, ...]], list[AccessChange]] = defaultdict(list)
    for change in changes:
        groups[change.row.change, change.causes].append(change)
    return tuple(
        sorted(
            (_entry(group, currency) for group in groups.values()),
            key=lambda entry: (
                -entry.risk,
                entry.items[0].holders[0].principal,
                entry.change,
                tuple((cause.path, cause.line) for cause in entry.causes),
            ),
        )
    )


def _entry(group: Sequence[AccessChange], currency: str) -> AccessEntry:
    worst = max(group, key=lambda change: change.rule.risk)
    return AccessEntry(
        risk=worst.rule.risk,
        reason=worst.rule.reason,
        change=worst.row.change,
        items=tuple(_items(group, currency)),
        roles=tuple(sorted(roles_of(group))),
        causes=worst.causes,
    )


def _items(group: Sequence[AccessChange], currency: str) -> list[AccessItem]:
    # Permissions first, so that one principal's gain is one item; then principals, so that
    # a gain of many is one item.
    by_holder: dict[tuple[str, str, tuple[str, ...], tuple[Phrase, ...]], list[AccessChange]]
    by_holder = defaultdict(list)
    for change in group:
        row = change.row
        phrases = _phrases(row.change, row.before, row.after, currency)
        if row.known_by is not None:
            known = (tokens_of(row.known_by), *(["otherwise as before"] * row.as_before))
            whose = tuple(Phrase("", text) if row.after else Phrase(text, "") for text in known)
            # What it takes besides is no news, and the JSON has it.
            phrases = whose if row.as_before else (*whose, *phrases)
        by_holder[row.principal, row.scope, row.backends, phrases].append(change)
    by_what: dict[tuple[What, tuple[Phrase, ...]], list[AccessChange]] = defaultdict(list)
    for (_, _, backends, phrases), changes in by_holder.items():
        permissions = tuple(sorted({change.row.permission for change in changes}))
        by_what[What(permissions, backends), phrases] += changes
    found = sorted(
        (_item(changes, *key) for key, changes in by_what.items()),
        key=lambda item: (-item.risk, not item.what.backends, item.what, item.holders[0]),
    )
    witnesses = told_once(told(item.changes) for item in found)
    return [
        replace(item, witness=text) if text else item
        for item, text in zip(found, witnesses, strict=True)
    ]


def _item(changes: Sequence[AccessChange], what: What, phrases: tuple[Phrase, ...]) -> AccessItem:
    return AccessItem(
        risk=max(change.rule.risk for change in changes),
        what=what,
        phrases=phrases,
        holders=merged(Holder(c.row.principal, (c.row.scope,)) for c in changes),
        changes=tuple(changes),
    )


@lru_cache(maxsize=1024)  # a plan of thousands of changes has few that take something else
def _phrases(change: Change, before: Options, after: Options, currency: str) -> tuple[Phrase, ...]:
    if change in (Change.GRANTED, Change.REVOKED):
        held = what_holds(after or before, currency)
        return tuple(Phrase("", text) if after else Phrase(text, "") for text in held)
    whole = len(before) != 1 or len(after) != 1
    return tuple(Phrase(*pair, whole) for pair in what_differs(before, after, currency))
