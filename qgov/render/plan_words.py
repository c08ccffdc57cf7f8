"""What text and Markdown write alike, each with its own marks: who and where, what, why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from msgspec import Struct

from qgov.plan.causes import Cause
from qgov.render.counting import some
from qgov.render.escaping import code
from qgov.render.plan_entries import Holder, Through, What

__all__ = [
    "IN_MARKDOWN",
    "IN_TEXT",
    "MOST_CAUSES",
    "MOST_DIFFERENCES",
    "MOST_FINDINGS",
    "MOST_FIRST",
    "MOST_HOLDERS",
    "MOST_ITEMS",
    "MOST_UNBOUNDED",
    "NOTHING_ELSE",
    "NO_CHANGE_IN_TIME",
    "NO_GROUPS",
    "REMEDY",
    "Notation",
]

MOST_ITEMS: Final = 6
MOST_HOLDERS: Final = 4
MOST_CAUSES: Final = 6
MOST_FINDINGS: Final = 6
MOST_DIFFERENCES: Final = 12
MOST_UNBOUNDED: Final = 12
MOST_FIRST: Final = 12
"""How many are told before the rest is counted; the JSON has them all."""

REMEDY: Final = "take them out of the change, or declare them"
NOTHING_ELSE: Final = "all of it is achieved, and nothing else is gained"
NO_GROUPS: Final = "no groups given"
NO_CHANGE_IN_TIME: Final = "nothing in this time"


class Notation(Struct, frozen=True):
    """How a layout writes a name, what it puts between things, and after a cause that lies
    on the side before."""

    name: Callable[[str], str]
    joint: str
    cause_joint: str
    before: str

    def names(self, names: Iterable[str], most: int = MOST_HOLDERS) -> str:
        """`a, b and 3 more`."""
        return some(map(self.name, names), most)

    def what(self, what: What) -> str:
        """`job:submit, job:read on iqm-garnet`."""
        said = ", ".join(map(self.name, what.permissions))
        return f"{said} on {', '.join(map(self.name, what.backends))}" if what.backends else said

    def all_of(self, parts: Iterable[What]) -> str:
        """Several together: the permissions that run something first, with their backends."""
        found: dict[str, set[str]] = {}
        for permissions, backends in parts:
            for permission in permissions:
                found.setdefault(permission, set()).update(backends)
        said = [
            f"{self.name(permission)} on {self.names(sorted(backends))}"
            for permission, backends in found.items()
            if backends
        ]
        others = [permission for permission, backends in found.items() if not backends]
        return self.joint.join([*said, *([self.names(others, MOST_ITEMS)] if others else [])])

    def where(self, holders: Iterable[Holder]) -> str:
        """`group:a on x, y; group:b on z; and 3 more principals`."""
        said = (f"{self.name(who)} on {self.names(scopes)}" for who, scopes in holders)
        return some(said, MOST_HOLDERS, self.joint, "principal")

    def through(self, ways: Iterable[Through]) -> str:
        """`researcher, lead as a member of group:aurora-leads`."""
        return ", ".join(
            f"{self.name(role)} as a member of {self.names(members_of)}"
            if members_of
            else self.name(role)
            for role, members_of in ways
        )

    def causes(self, causes: Sequence[Cause]) -> str:
        """`qgov.yaml:107, qgov.yaml:108 (before)`."""
        said = (
            f"{self.name(f'{cause.path}:{cause.line}')}"
            f"{'' if cause.side == 'head' else self.before}"
            for cause in causes
        )
        return some(said, MOST_CAUSES, self.cause_joint)


IN_TEXT: Final = Notation(str, "; ", ", ", " (before)")
IN_MARKDOWN: Final = Notation(code, "<br>", "<br>", " before")
