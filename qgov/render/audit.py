"""What `qgov audit verify` found, for people and for programs."""

from __future__ import annotations

from typing import Final

from qgov.contracts.telling import document_text
from qgov.contracts.verification import AuditVerification
from qgov.gateway.audit import Problem, Verification
from qgov.render.counting import count
from qgov.render.escaping import plain
from qgov.render.text import page

__all__ = ["SHOWN", "as_json", "as_text"]

SHOWN: Final = 100
"""Problems that are listed; the rest is counted."""


def as_json(path: str, found: Verification) -> str:
    """The document qgov/audit-verification/v1."""
    shown = found.problems[:SHOWN]
    document: AuditVerification = {
        "schema": "qgov/audit-verification/v1",
        "path": path,
        "sound": found.sound,
        "stream": found.stream,
        "entries": found.entries,
        "bytes": found.length,
        "head": found.head,
        "problems": [{"line": problem.line, "message": problem.message} for problem in shown],
        "omitted": _rest(found),
    }
    return document_text(document)


def as_text(path: str, found: Verification) -> str:
    """A line for each problem, and a verdict."""
    if found.sound:
        of = f" of the stream `{found.stream}`" if found.stream else ""
        return page([plain(f"{path}: sound, {count(found.entries, 'entry', 'entries')}{of}")])
    lines = [_line(path, problem) for problem in found.problems[:SHOWN]]
    if rest := _rest(found):
        lines.append(f"… and {count(rest, 'problem')} more")
    lines.append(f"{path}: NOT SOUND, {count(len(found.problems) + found.omitted, 'problem')}")
    return page(map(plain, lines))


def _line(path: str, problem: Problem) -> str:
    return (
        f"{path}:{problem.line}: line {problem.line} {problem.message}"
        if problem.line
        else (f"{path}: {problem.message}")
    )


def _rest(found: Verification) -> int:
    return max(0, len(found.problems) - SHOWN) + found.omitted
