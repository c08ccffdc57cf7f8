"""An import for people and programs: what was said, and what somebody should look at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from qgov.contracts import imported as contract
from qgov.contracts.telling import document_text, tell
from qgov.drift.imports.importing import Imported
from qgov.drift.imports.said import Note, Why
from qgov.render.counting import count
from qgov.render.escaping import one_line, ticked

__all__ = ["LIST", "as_json", "as_list", "as_markdown", "as_text"]

LIST: Final = "imported.md"
"""The list, in the folder that was written."""

_HEADS: Final = {
    Why.UNSAID: "Not said: the source has it, and the configuration does not say it",
    Why.CHANGES: "Changes: applying the configuration would change it",
    Why.ASSUMED: "Assumed: the configuration says it, and the source does not tell",
}


def as_json(imported: Imported) -> str:
    """The document `qgov/import/v1`."""
    return document_text(tell(contract.Import, imported))


def as_text(imported: Imported, out: str) -> str:
    """What was written, and the list."""
    lines = [one_line(f"IMPORTED: {imported.source} in {out}: {_counted(imported)}")]
    lines.append(_verdict(imported))
    for kind, notes in _by_kind(imported.notes):
        lines += ["", _HEADS[kind]]
        for note in notes:
            lines.append(one_line(f"  {note.what}: {note.why}"))
            lines.append(one_line(f"    → {note.remedy}"))
    return "\n".join(lines) + "\n"


def as_markdown(imported: Imported, out: str) -> str:
    """The same as a page."""
    head = ticked(f"IMPORTED: {imported.source} in `{out}`: {_counted(imported)}")
    return f"{head}\n\n{as_list(imported)}"


def as_list(imported: Imported) -> str:
    """The list as a page of the repository."""
    lines = ["# What was imported, and what was not", "", ticked(_verdict(imported))]
    for kind, notes in _by_kind(imported.notes):
        lines += ["", f"## {_HEADS[kind]}", ""]
        lines += [ticked(one_line(f"{n.what}: {n.why}. → {n.remedy}")) for n in notes]
    return "\n".join(_listed(lines)) + "\n"


def _listed(lines: Iterable[str]) -> Iterator[str]:
    below = False
    for line in lines:
        below = below or line.startswith("## ")
        yield f"- {line}" if below and line and not line.startswith("## ") else line


def _counted(imported: Imported) -> str:
    words = {
        "groups": "group",
        "roles": "role",
        "bindings": "binding",
        "workloads": "workload",
        "imports": "resource",
    }
    told = [count(imported.counts[name], word) for name, word in words.items()]
    return f"{', '.join(told[:-1])}; {told[-1]} for Terraform to import"


def _verdict(imported: Imported) -> str:
    if imported.report is None:
        return "Not compared with the source again: see the list."
    if not imported.drift:
        return "IN SYNC: the configuration and the source do not differ."
    differences = count(len(imported.drift), "difference")
    return f"The configuration and the source still differ: {differences}, each in the list."


def _by_kind(notes: Iterable[Note]) -> Iterator[tuple[Why, list[Note]]]:
    held = [*notes]
    for kind in _HEADS:
        if of := [note for note in held if note.kind is kind]:
            yield kind, of
