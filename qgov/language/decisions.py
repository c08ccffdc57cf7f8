"""The decisions of an access review, from the file that a reviewer filled in."""

from __future__ import annotations

from dataclasses import dataclass, field

from pydantic import ValidationError

from qgov.finding import Finding, Origin
from qgov.language.explain import explain
from qgov.language.kinds.decisions import DecisionsDocument
from qgov.language.mapping import read_mapping
from qgov.language.places import place
from qgov.language.reader import Value

__all__ = ["Decisions", "read_decisions"]


@dataclass(frozen=True, slots=True)
class Decisions:
    """What was decided, and where that is written."""

    path: str
    said: DecisionsDocument
    written: Value = field(default=None, compare=False, repr=False)

    def at(self, *steps: str | int) -> Origin:
        """The place of a value."""
        found = place(self.written, steps)
        return Origin(self.path, *found) if found else Origin(self.path)


def read_decisions(path: str, data: bytes) -> tuple[Decisions | None, list[Finding]]:
    """The decisions that a file holds, or why it holds none. Never raises on bad input."""
    message = "decisions are one mapping with the list `groups`"
    remedy = "fill in a file of `qgov review --out`"
    value, start, findings = read_mapping(path, data, message, remedy)
    if findings:
        return None, findings
    try:
        said = DecisionsDocument.model_validate(value)
    except ValidationError as error:
        return None, explain(error, "Decisions", path, value, start)
    return Decisions(path, said, value), []
