"""A problem as a value: what is wrong, where, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct, field

__all__ = ["Finding", "Origin", "Severity", "closest", "has_errors", "in_order", "with_detail"]


class Severity(StrEnum):
    """How much a finding weighs: an `error` stops the run, the others do not."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Origin(NamedTuple):
    """The place a fact was written: repository path, 1-based line and column."""

    path: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


class Finding(Struct, frozen=True):
    """A rule's verdict on the configuration.

    `code` is stable and never reused; `message` says what is wrong in one
    sentence with the user's words in backticks; `remedy` says what to do;
    `controls` are ids such as `soc2:CC6.1`; `document` is `Kind/name` or empty
    when the text could not be read as a document. What an edit elsewhere can change
    (a place, a count, who else) is `detail`, so that the finding stays the same.
    """

    code: str
    message: str
    origin: Origin
    remedy: str = ""
    severity: Severity = Severity.ERROR
    controls: tuple[str, ...] = field(default=())
    document: str = ""
    detail: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes it the same finding in two commits, wherever it stands."""
        return self.code, self.document, self.message

    @property
    def told(self) -> str:
        """The message with its detail, for people."""
        return with_detail(self.message, self.detail)


def with_detail(message: str, detail: str) -> str:
    """What is wrong with what else there is to know, for people."""
    return f"{message} ({detail})" if detail else message


def has_errors(findings: Iterable[Finding]) -> bool:
    """Whether any finding is of severity error."""
    return any(finding.severity is Severity.ERROR for finding in findings)


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """The findings without repeats, by place, then code, then message."""
    return sorted(set(findings), key=lambda f: (f.origin, f.code, f.message))


def closest(word: str, known: Iterable[str]) -> str:
    """`, did you mean …?` for the known word nearest to `word`, or an empty string."""
    matches: Sequence[str] = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean `{matches[0]}`?" if matches else ""
