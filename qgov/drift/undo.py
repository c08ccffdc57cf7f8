"""How a difference is undone: facts of a system, and the steps that take them back."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from qgov.drift.facts import Held, Plain, Setting

__all__ = ["NO_STEPS", "Fact", "Field", "Step", "Undo"]

Step: TypeAlias = tuple[str, ...]
"""The words of one command, unquoted: `terraform`, or a function of the script and what it gets."""


class Fact(NamedTuple):
    """One thing that differs. `extra` says that it is there and was not reviewed; `elevated` that
    it is held by an elevation. Of a field, what it should be and is."""

    what: Held | Setting
    extra: bool
    elevated: bool = False
    wanted: Plain = None
    found: Plain = None


class Field(NamedTuple):
    """A field of an identity provider that says a setting, and what it would be."""

    provider: str
    name: str
    value: str


class Undo(NamedTuple):
    """The steps back, each of which is right whatever else differs; or why there are none.
    `field` is what the language would say of what was found; `given` says that something is held
    as a binding gives it, where no step takes it back alone."""

    steps: tuple[Step, ...] = ()
    why_not: str = ""
    field: Field | None = None
    given: bool = False


NO_STEPS = Undo(why_not="this source tells no steps: take it back where it was made")
