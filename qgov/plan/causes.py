"""Which lines of YAML caused a change of access: the difference of what it rests on, before
and after."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from qgov.model.access_model import AccessModel
from qgov.model.because import FLOORS, Differing, Ground, Grounds, Key
from qgov.model.conditions import Conditions
from qgov.model.scope import tenant_of
from qgov.plan.changes import Change, Row
from qgov.plan.moved import causes_of

__all__ = ["Cause", "Causes"]


class Cause(Struct, frozen=True):
    """A line, and the side on which it stands: `head`, or `base` for what is gone."""

    side: str
    path: str
    line: int


_ENABLING: Final = frozenset(
    {"elevation", "binding", "member", "permission", "project", "entitlement"}
)
"""Facts without which there is no access; the others only say what it takes."""

_ALL: Final = frozenset(Conditions.__struct_fields__)
_OF_FLOOR: Final = {"max_token_age": "max_token_age_s"}
_OF_FACT: Final = {
    "workload": frozenset({"max_token_age_s"}),
    "permission": frozenset({"own_only"}),
    "elevation": frozenset({"elevation"}),
    "backend": frozenset({"job", "approvals"}),
    "budget": frozenset({"budgets", "approvals"}),
    "approval": frozenset({"approvals"}),
}
"""The conditions that a fact decides; a fact that is not listed may decide any."""


class Causes:
    """Why rows change: the lines that differ among all that their accesses rest on."""

    def __init__(self, base: AccessModel | None, head: AccessModel | None) -> None:
        self._base = base
        self._head = head
        self._grounds = Grounds(base, head)
        self._known: dict[tuple[object, ...], frozenset[Cause]] = {}
        self._sorted: dict[frozenset[Cause], tuple[Cause, ...]] = {}

    def of(self, row: Row) -> tuple[Cause, ...]:
        """The causes of a row, the head's first; rows with the same ones share them."""
        if row.moved is not None:
            found = frozenset(
                Cause(side, at.path, at.line)
                for side, at in causes_of(row.moved, self._base, self._head)
            )
        else:
            found = self._of_cells(row)
        if not found:
            # A rename or a reordering of equal bindings: name the way itself.
            side = "head" if any(item.head for item in row.cells) else "base"
            found = frozenset(
                Cause(side, p.binding.origin.path, p.binding.origin.line)
                for item in row.cells
                for p in (item.head or item.base)
            )
        if (shown := self._sorted.get(found)) is None:
            shown = tuple(sorted(found, key=lambda c: (c.side != "head", c.path, c.line)))
            self._sorted[found] = shown
        return shown

    def _of_cells(self, row: Row) -> frozenset[Cause]:
        comes = row.change in (Change.GRANTED, Change.REVOKED)
        bearing = None if comes else _differing(row)
        found: frozenset[Cause] = frozenset()
        for item in row.cells:
            parts = self._grounds.differing(item.cell, (*item.base, *item.head))
            # The grounds keep their parts, so that none is another at the same address.
            key = (bearing, *map(id, parts))
            if (known := self._known.get(key)) is None:
                known = self._known[key] = self._of_grounds(_joined(parts), bearing)
            found |= known
        return found

    def _of_grounds(self, differing: Differing, bearing: frozenset[str] | None) -> frozenset[Cause]:
        """The lines of facts that differ; `bearing` are the conditions that they must bear on,
        None where the access came or went."""
        came = _news(key for key, (before, _) in differing.items() if before is None)
        gone = _news(key for key, (_, after) in differing.items() if after is None)
        differ = {key for key, (before, after) in differing.items() if before and after}
        if bearing is None:
            # What an access came or went with is its cause; a condition that changed in
            # the same commit is not, nor what came or went with the whole tenant or role.
            came = _enabling(came, self._base) or came
            gone = _enabling(gone, self._head) or gone
            differ = set() if came or gone else differ
        keys = came | differ | gone
        places = (
            _cause(*differing[key]) for key in keys if bearing is None or _bears(key, bearing)
        )
        return frozenset(cause for cause in places if cause is not None)


def _joined(parts: Iterable[Differing]) -> Differing:
    return {key: pair for part in parts for key, pair in part.items()}


def _cause(before: Ground | None, after: Ground | None) -> Cause | None:
    """Where a fact is written; what is no longer written stands on the base's side alone."""
    for side, ground in (("head", after), ("base", before)):
        if ground is not None and (place := ground.place()) is not None:
            return Cause(side, place.path, place.line)
    return None


def _differing(row: Row) -> frozenset[str]:
    """The conditions that are not the same on both sides; all where there are several ways."""
    if len(row.before) != 1 or len(row.after) != 1:
        return _ALL
    old, new = row.before[0], row.after[0]
    return frozenset(name for name in _ALL if getattr(old, name) != getattr(new, name))


def _bears(key: Key, differing: frozenset[str]) -> bool:
    """Whether a fact can be why these conditions differ."""
    if key[0] in FLOORS:
        return _OF_FLOOR.get(key[-1], key[-1]) in differing
    return not differing.isdisjoint(_OF_FACT.get(key[0], _ALL))


def _news(keys: Iterable[Key]) -> set[Key]:
    """The facts that only one side has; a budget's approval rule is told with the budget."""
    found = {*keys}
    return {key for key in found if key[0] != "approval" or ("budget", key[1]) not in found}


def _enabling(keys: set[Key], other: AccessModel | None) -> set[Key]:
    """The facts that make or break an access. What came or went with its tenant or role is
    told by that tenant or role alone."""
    enabling = {key for key in keys if key[0] in _ENABLING}
    return (
        {key for key in enabling if _has_container(other, key)}
        or {key for key in keys if key[0] == "tenant"}
        or enabling
    )


def _has_container(model: AccessModel | None, key: Key) -> bool:
    """Whether what contains a fact is on this side: a project's tenant, a permission's role."""
    if key[0] == "permission":
        return model is not None and key[1] in model.roles
    if key[0] in ("project", "entitlement"):
        return model is not None and tenant_of(key[1]) in model.tenants
    return True
