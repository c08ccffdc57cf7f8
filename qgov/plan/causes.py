"""Which lines of YAML caused a change of access: the difference of what it rests on, before
and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from qgov.model.access_model import AccessModel
from qgov.model.because import FLOORS, Key, because
from qgov.model.conditions import Conditions
from qgov.model.scope import tenant_of
from qgov.plan.changes import Change, Row
from qgov.plan.moved import causes_of

__all__ = ["Cause", "causes"]


@dataclass(frozen=True, slots=True)
class Cause:
    """A line, and the side on which it stands: `head`, or `base` for what is gone."""

    side: str
    path: str
    line: int


_ENABLING: Final = frozenset(
    {"elevation", "binding", "member", "permission", "project", "entitlement"}
)
"""Facts without which there is no access; the others only say what it takes."""

_ALL: Final = frozenset(field.name for field in fields(Conditions))
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


def causes(row: Row, base: AccessModel | None, head: AccessModel | None) -> tuple[Cause, ...]:
    """The lines that differ among all that the row's accesses rest on, head first."""
    found: set[Cause] = set()
    if row.moved is not None:
        for side, at in causes_of(row.moved, base, head):
            found.add(Cause(side, at.path, at.line))
    for item in () if row.moved else row.cells:
        paths = (*item.base, *item.head)
        before, after = (because(model, item.cell, paths) for model in (base, head))
        came, gone = _news(after, before), _news(before, after)
        differ = {
            key for key in after.keys() & before.keys() if before[key].value != after[key].value
        }
        if row.change in (Change.GRANTED, Change.REVOKED):
            # What an access came or went with is its cause; a condition that changed in
            # the same commit is not, nor what came or went with the whole tenant or role.
            came = _enabling(came, base) or came
            gone = _enabling(gone, head) or gone
            differ = set() if came or gone else differ
        else:
            differing = _differing(row)
            came, gone, differ = (
                {key for key in keys if _bears(key, differing)} for keys in (came, gone, differ)
            )
        for key in came | differ | gone:
            # What is no longer written stands on the base's side alone.
            side, place = ("head", after[key].place()) if key in after else ("base", None)
            if place is None and key in before:
                side, place = "base", before[key].place()
            if place is not None:
                found.add(Cause(side, place.path, place.line))
    if not found:
        # A rename or a reordering of equal bindings: name the way itself.
        side = "head" if any(item.head for item in row.cells) else "base"
        found = {
            Cause(side, p.binding.origin.path, p.binding.origin.line)
            for item in row.cells
            for p in (item.head or item.base)
        }
    return tuple(sorted(found, key=lambda c: (c.side != "head", c.path, c.line)))


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


def _news(mine: Mapping[Key, Any], other: Mapping[Key, Any]) -> set[Key]:
    """The facts that only one side has; a budget's approval rule is told with the budget."""
    found = mine.keys() - other.keys()
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
