"""What `qgov verify` found, for people and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from qgov.contracts.telling import document_text, tell
from qgov.contracts.verification import PackVerification
from qgov.evidence.verify import Problem
from qgov.render.text import columns, count, page, paint, plain, wrapped

__all__ = ["SHOWN", "Verification", "as_json", "as_text"]

SHOWN: Final = 100
"""Problems that are listed; the rest is counted."""


class Verification(Struct, frozen=True):
    """What was looked at, and what is wrong with it. `signed_by` are ids of keys, verified
    when `key_checked`."""

    path: str
    base: str | None
    head: str | None
    files: int
    signed_by: Sequence[str]
    key_checked: bool
    rebuilt: bool
    problems: Sequence[Problem]

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def as_json(found: Verification) -> str:
    """The document `qgov/pack-verification/v1`."""
    return document_text(tell(PackVerification, found))


def as_text(found: Verification, colour: bool = False) -> str:
    """The verdict, then what is wrong, then what was looked at."""
    lines = [paint(_verdict(found), "low" if found.sound else "error", colour)]
    rows = [(problem.path, problem.message) for problem in found.problems[:SHOWN]]
    lines += columns(rows)
    if len(found.problems) > SHOWN:
        lines.append(f"  and {len(found.problems) - SHOWN:,} more")
    commits = f"base {found.base or 'the empty repository'}, head {found.head or 'unknown'}"
    lines += [*wrapped(commits, 0, 2), *wrapped(_signature(found), 0, 2)]
    if found.rebuilt and found.sound:
        lines += wrapped("made again from the two commits: every byte is the same", 0, 2)
    return page(map(plain, lines) if not colour else lines)


def _verdict(found: Verification) -> str:
    """A pack that nobody signed, or whose key was not given, only agrees with itself."""
    if not found.sound:
        return f"NOT VERIFIED: {count(len(found.problems), 'problem')}"
    files = count(found.files, "file")
    return f"VERIFIED: {files}" if found.key_checked or found.rebuilt else f"CONSISTENT: {files}"


def _signature(found: Verification) -> str:
    if not found.signed_by:
        return "not signed: anybody can have written it"
    ids = ", ".join(found.signed_by)
    if found.key_checked:
        return f"signed by {ids}" if found.sound else f"says that it is signed by {ids}"
    return f"says that it is signed by {ids}; give --key to check that"
