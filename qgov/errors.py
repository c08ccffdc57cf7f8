"""What stops a command that is not a bug of qgov: the input, its use, the world outside.

`QgovError` is the root, and each package has a kind of its own. The command line shows any of
them without a traceback and ends with status 1; what a caller can do better about one, it
catches by its kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import IntEnum
from typing import NamedTuple

from qgov.finding import Finding

__all__ = ["ExitStatus", "FindingsError", "InputsError", "QgovError", "Report", "under"]


class ExitStatus(IntEnum):
    """What a command ends with. `ERROR` is a finding of severity error, or an error in the
    input or its use; `CHANGES` is `WELL` where the caller asked to be told of changes; a
    `GATE` is a bound of the caller's own that was reached."""

    WELL = 0
    ERROR = 1
    CHANGES = 2
    GATE = 3


class QgovError(Exception):
    """Why something could not be done, in a sentence for somebody who can change that. `heading`
    says in a line before it what could not be done; empty where that is clear."""

    heading = ""


class Report(NamedTuple):
    """Findings, and the line above them; empty where they are of the repository as a whole."""

    findings: Sequence[Finding]
    heading: str = ""


class FindingsError(QgovError):
    """Findings forbid to go on; nothing was made of what they are about."""

    def __init__(self, *reports: Report) -> None:
        super().__init__("there are findings")
        self.reports = reports


class InputsError(QgovError):
    """Inputs that were read one after the other and are all wrong."""

    def __init__(self, *errors: QgovError) -> None:
        super().__init__("; ".join(map(str, errors)))
        self.errors = errors


@contextmanager
def under(heading: str) -> Iterator[None]:
    """What stops the block is shown below this line."""
    try:
        yield
    except QgovError as error:
        error.heading = heading
        raise
