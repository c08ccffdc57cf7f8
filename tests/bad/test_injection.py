"""Hostile text is refused where a name is meant, and is only ever text where text is meant."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from qgov.language.documents import read_documents
from qgov.language.forms import FORMS
from qgov.language.reader import read
from tests.bad.corpus import BASE

pytestmark = pytest.mark.no_cover  # measuring it would double its time

INJECTIONS = {
    "terraform": '${jsondecode(file("/etc/passwd"))}',
    "terraform directive": "%{ if true }x%{ endif }",
    "jinja": "{{ cycler.__init__.__globals__ }}{% raw %}",
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "markdown": "](javascript:alert(1)) | a | `b` |",
    "spreadsheet": "=cmd|'/C calc'!A0",
    "workflow command": "a\n::error::pwned\r\n",
    "shell": '"; $(id) `id` && rm -rf / #',
    "path": "../../../etc/passwd",
    "rego": '"}, "allow": true, "x": {"',
    "format string": "%s%n{0.__class__}",
    "long": "A" * 1000,
}
FREE = {"title", "description", "purpose", "source", "why", "reason", "ticket", "notes"} | {
    "directoryId",
    "directoryName",
}
"""The fields that hold free text, or what a directory may hold, beside the name of a case."""

VALUE = re.compile(FORMS["attribute value"].pattern)

Path = tuple[str | int, ...]


def documents() -> Iterator[dict[str, Any]]:
    """Every document of the base as plain values."""
    for path, data in BASE.items():
        found, _ = read(path, data)
        yield from (json.loads(json.dumps(value)) for value, _ in found)


DOCUMENTS = {document["kind"]: document for document in documents()}


def texts(value: Any, path: Path = ()) -> Iterator[Path]:
    """Where the texts of a document stand."""
    if isinstance(value, str):
        yield path
    elif isinstance(value, dict | list):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from texts(part, (*path, key))


def keys(value: Any, path: Path = ()) -> Iterator[Path]:
    """Where the keys of a document stand."""
    if isinstance(value, dict | list):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            if isinstance(key, str):
                yield (*path, key)
            yield from keys(part, (*path, key))


def at(value: Any, path: Path) -> Any:
    """The value at a path; for typed documents by the names of the language."""
    for step in path:
        value = value[step]
    return value


def is_free(path: Path, text: str) -> bool:
    """Whether people write sentences there; in an attribute's value, those without quotes."""
    if path[-1] == "equals":
        return VALUE.fullmatch(text) is not None
    case = len(path) == 4 and path[:2] == ("spec", "cases") and path[-1] == "name"
    return case or (path[-1] in FREE and "eligible" not in path)


@pytest.mark.parametrize("kind", DOCUMENTS)
@pytest.mark.parametrize("injection", INJECTIONS.values(), ids=INJECTIONS)
def test_hostile_values_are_refused_or_are_text(kind: str, injection: str) -> None:
    wrong = []
    for path in texts(DOCUMENTS[kind]):
        changed = copy.deepcopy(DOCUMENTS[kind])
        at(changed, path[:-1])[path[-1]] = injection
        data = json.dumps(changed).encode()
        found, findings = read_documents({"a.yaml": data})
        if is_free(path, injection):
            # Whatever comes of it later, what was read is what was written.
            ok = findings == [] and at(found.valid[0].raw, path) == injection
            ok = ok and injection in _typed_texts(found.valid[0])
        else:
            ok = (
                found.valid == ()
                and len(findings) == 1
                and findings[0].origin[1:] == (1, data.index(json.dumps(injection).encode()) + 1)
                and findings[0].message.isprintable()
                and len(findings[0].message) < 400
            )
        if not ok:
            wrong.append((path, findings))

    assert wrong == []


@pytest.mark.parametrize("kind", DOCUMENTS)
@pytest.mark.parametrize("name", ["terraform", "workflow command", "path"])
def test_hostile_keys_are_refused(kind: str, name: str) -> None:
    injection, accepted = INJECTIONS[name], []
    for path in keys(DOCUMENTS[kind]):
        changed = copy.deepcopy(DOCUMENTS[kind])
        parent = at(changed, path[:-1])
        parent[injection] = parent.pop(path[-1])
        found, findings = read_documents({"a.yaml": json.dumps(changed).encode()})
        if found.valid or not all(f.message.isprintable() for f in findings):
            accepted.append(path)

    assert accepted == []


def _typed_texts(document: Any) -> set[str]:
    """The texts of the typed document."""
    found: set[str] = set()
    for part in (document.metadata, document.spec):
        dumped = part.model_dump(by_alias=True)
        found |= {at(dumped, path) for path in texts(dumped)}
    return found
