"""The corpus of broken repositories: a sound base, and cases that each break it once.

A case's texts carry their expectation where it belongs: `«QG107»` stands right before
the place at which that finding must be reported, and is removed before reading.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from qgov.finding import Finding
from qgov.language.documents import Documents, read_documents
from qgov.model.access_model import AccessModel
from qgov.model.link import link

__all__ = ["BASE", "Case", "Expected", "cases", "examine", "positions"]

HERE = Path(__file__).parent
BASE = {
    path.relative_to(HERE / "base").as_posix(): path.read_bytes()
    for path in sorted((HERE / "base").rglob("*.yaml"))
}
_MARKER = re.compile("«([A-Z0-9 ]+)»")
_ONE_FILE = "roles/case.yaml"


class Expected(NamedTuple):
    """One finding that must be reported."""

    code: str
    path: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Case:
    """A repository and exactly what must be found in it."""

    name: str
    files: dict[str, bytes]
    expected: list[Expected]


def positions(path: str, marked: str) -> tuple[str, list[Expected]]:
    """The text without its markers, and what they say."""
    text, found, end = "", [], 0
    for marker in _MARKER.finditer(marked):
        text += marked[end : marker.start()]
        end = marker.end()
        line, column = text.count("\n") + 1, len(text) - (text.rfind("\n") + 1) + 1
        found += [Expected(code, path, line, column) for code in marker[1].split()]
    return text + marked[end:], found


def cases() -> Iterator[Case]:
    """Every case of `cases.yaml`, in order."""
    for entry in yaml.safe_load((HERE / "cases.yaml").read_text(encoding="utf-8")):
        yield _case(entry)


def examine(files: dict[str, bytes]) -> tuple[Documents, AccessModel | None, list[Finding]]:
    """Read and link: every finding of the language and the model."""
    documents, findings = read_documents(files)
    model, more = link(documents)
    return documents, model, findings + more


def _case(entry: dict[str, Any]) -> Case:
    texts: dict[str, str] = dict(entry.get("files", {}))
    if "text" in entry:
        texts[_ONE_FILE] = entry["text"]
    for path, edits in entry.get("edit", {}).items():
        text = BASE[path].decode()
        for old, new in edits.items():
            assert text.count(old) == 1, f"{entry['name']}: {old!r}"
            text = text.replace(old, new)
        texts[path] = text
    files = {path: data for path, data in BASE.items() if path not in entry.get("remove", ())}
    expected = [
        Expected(code, path, int(line), int(column))
        for code, path, line, column in map(_ALSO.split, entry.get("also", ()))
    ]
    for path, marked in texts.items():
        text, found = positions(path, marked)
        files[path] = text.encode(entry.get("encoding", "utf-8"))
        expected += found
    return Case(entry["name"], files, sorted(expected))


_ALSO = re.compile("[ :]")
