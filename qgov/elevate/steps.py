"""What it takes so that exactly those are in a just-in-time group who are elevated now."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

from msgspec import Struct

from qgov.drift.drift import Source
from qgov.errors import ExitStatus
from qgov.finding import Origin
from qgov.model.principal import Principal

__all__ = ["Action", "Outcome", "Refusal", "Report", "Step", "Why"]


class Action(StrEnum):
    """What is done with a membership."""

    ADD = "add"
    REMOVE = "remove"
    KEEP = "keep"


class Why(StrEnum):
    """What the reviewed elevations say of somebody: that one holds now, that one ended, has not
    begun, or does not count, or that there is none."""

    WITHIN = "within"
    ENDED = "ended"
    EARLY = "early"
    UNAPPROVED = "unapproved"
    ABSENT = "absent"


class Outcome(StrEnum):
    """What became of a step, as it was read again afterwards. `UNKNOWN`: that could not be."""

    PLANNED = "planned"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Step:
    """One membership. `person` is a label unless names were asked for; `group` is the path of the
    group, which carries out `role` on `scope`; `elevation` the name of the document that says so.
    The ids are the server's own. `failure` says in words what went wrong."""

    source: str
    action: Action
    why: Why
    person: Principal
    group: str
    role: str
    scope: str
    elevation: str | None
    message: str
    origin: Origin
    group_id: str = field(repr=False)
    account_id: str = field(repr=False)
    outcome: Outcome = Outcome.PLANNED
    failure: str = ""


class Refusal(Struct, frozen=True):
    """An elevation that should hold now and cannot be carried out, with the reason."""

    source: str
    elevation: str
    person: Principal
    message: str
    origin: Origin


class Report(Struct, frozen=True):
    """What was read, what is done about it, and what cannot be. `applied`: it was done."""

    sources: tuple[Source, ...]
    steps: tuple[Step, ...]
    refusals: tuple[Refusal, ...]
    applied: bool = False

    @property
    def changes(self) -> tuple[Step, ...]:
        """The steps that are more than keeping."""
        return tuple(step for step in self.steps if step.action is not Action.KEEP)

    @property
    def undone(self) -> tuple[Step, ...]:
        """The changes that were to be made, and are not known to be."""
        return tuple(step for step in self.changes if step.outcome is not Outcome.DONE)

    @property
    def counts(self) -> dict[str, int]:
        """Steps by action, and what was refused."""
        found = Counter(step.action for step in self.steps)
        return {**{str(a): found[a] for a in Action}, "refused": len(self.refusals)}

    def exit_status(self, *, detailed: bool) -> ExitStatus:
        """The status of `qgov elevate`: an error where anything is left that should hold."""
        if self.refusals or (self.applied and self.undone):
            return ExitStatus.ERROR
        return ExitStatus.CHANGES if detailed and self.changes else ExitStatus.WELL
