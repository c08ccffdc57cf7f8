"""Files to typed documents: `read_documents` is the language stage's one function."""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate
from typing import Any, Final

from msgspec import Struct
from msgspec import field as struct_field
from pydantic import ValidationError

from qgov.beside import beside
from qgov.finding import Finding, Origin, closest
from qgov.language.explain import explain, without_unfit
from qgov.language.kinds import API_VERSION, KINDS
from qgov.language.places import lines, place
from qgov.language.quote import quoted
from qgov.language.reader import Value, read
from qgov.language.text import MAX_BYTES

__all__ = [
    "Document",
    "Documents",
    "Text",
    "documents_of",
    "joined",
    "read_documents",
    "read_files",
]


class Text:
    """A file's text (or what reads it), kept to look places up in. Few facts are ever shown, so the
    file is read again, once, when the first place is asked for."""

    __slots__ = ("_data", "_marked", "path")

    def __init__(self, path: str, data: bytes | Callable[[], bytes]) -> None:
        self.path = path
        self._data = data
        self._marked: dict[Origin, Value] | None = None

    def marked(self, start: Origin) -> Value:
        """The values of the document that starts at `start`, with their places."""
        if self._marked is None:
            data = self._data if isinstance(self._data, bytes) else self._data()
            documents, _ = read(self.path, data)
            self._marked = {origin: value for value, origin in documents}
        return self._marked[start]


@dataclass(frozen=True, slots=True)
class Document:
    """One document: its typed content, its raw values, and the text that knows their place.

    `metadata` and `spec` are the models of `qgov.language.kinds`, typed `Any`
    because `kind` decides which.
    """

    kind: str
    name: str
    path: str
    metadata: Any
    spec: Any
    raw: dict[str, Any]
    start: Origin
    text: Text = field(compare=False, repr=False)

    @property
    def id(self) -> str:
        """`Kind/name`."""
        return f"{self.kind}/{self.name}"

    def at(self, *path: str | int) -> Origin:
        """Where the value at `path` below the document stands."""
        found = place(self.text.marked(self.start), path)
        return Origin(self.path, *found) if found else self.start

    def lines(self, path: tuple[str | int, ...]) -> Iterator[int]:
        """The lines, from 1, of the value at `path` and of all in it."""
        return lines(self.text.marked(self.start), path)

    def key(self, *path: str | int) -> Origin:
        """Where the key that leads to the value at `path` stands."""
        found = place(self.text.marked(self.start), path, key=True)
        return Origin(self.path, *found) if found else self.start


class Documents(Struct, frozen=True):
    """What a repository says: the documents that are well formed, in order of path,
    and the (kind, name) of those that are not, so that references to them are not
    reported a second time. `partial` is what some of these say in their other fields: it has
    names to look up, and nothing is made of it."""

    valid: tuple[Document, ...] = ()
    broken: frozenset[tuple[str, str]] = struct_field(default_factory=frozenset)
    partial: tuple[Document, ...] = ()


def read_documents(files: Mapping[str, bytes]) -> tuple[Documents, list[Finding]]:
    """Read and validate every document of `files` (repository path → bytes)."""
    return joined(read_files(files).values())


def read_files(files: Mapping[str, bytes]) -> dict[str, tuple[Documents, list[Finding]]]:
    """The same of each file by itself, in order of path. Values of the later ones of many are read
    beside this process."""
    paths = sorted(files)
    sizes = [*accumulate((len(files[path]) for path in paths), initial=0)]
    here = paths[: bisect(sizes, _HERE * sizes[-1])]
    later = paths[len(here) :]
    with beside(partial(_values, files, later), documents=len(paths)) as (rest,):
        found = {path: _typed(path, files[path], *each) for path, each in _values(files, here)}
        found |= {path: _typed(path, files[path], *each) for path, each in rest()}
    return found


_HERE: Final = 0.4
"""Which part of the bytes of many files is read here, where all values are validated as well."""


def joined(
    parts: Iterable[tuple[Documents, Iterable[Finding]]],
) -> tuple[Documents, list[Finding]]:
    """What several files say."""
    valid: list[Document] = []
    incomplete: list[Document] = []
    broken: set[tuple[str, str]] = set()
    findings: list[Finding] = []
    for documents, refused in parts:
        valid += documents.valid
        incomplete += documents.partial
        broken |= documents.broken
        findings += refused
    return Documents(tuple(valid), frozenset(broken), tuple(incomplete)), findings


_Values = tuple[list[tuple[Value, Origin]], list[Finding]]
"""What `read` gives of a file."""


def _values(files: Mapping[str, bytes], paths: Iterable[str]) -> list[tuple[str, _Values]]:
    return [(path, read(path, files[path], marked=False)) for path in paths]


def _typed(
    path: str, data: bytes, values: Iterable[tuple[Value, Origin]], unread: list[Finding]
) -> tuple[Documents, list[Finding]]:
    """The documents that the values of a file are; `unread` says that there are none."""
    valid: list[Document] = []
    incomplete: list[Document] = []
    broken = _sniffed(data) if unread else set()
    findings = read(path, data)[1] if unread else []
    text = Text(path, data)
    for value, start in values:
        document, refused = _document(text, value, start)
        if refused:
            broken.add(_identity(value))
        if document is not None:
            (incomplete if refused else valid).append(document)
        findings += refused
    return Documents(tuple(valid), frozenset(broken), tuple(incomplete)), findings


def documents_of(text: Text, values: Iterable[tuple[Value, Origin]]) -> Documents | None:
    """The documents that the values of a file are, which `read` found in it without a finding,
    each with the place where it starts; None where one is no document of today's language."""
    found: list[Document] = []
    for value, start in values:
        document, refused = _document(text, value, start)
        if refused or document is None:
            return None
        found.append(document)
    return Documents(tuple(found))


def _document(text: Text, value: Value, start: Origin) -> tuple[Document | None, list[Finding]]:
    def refuse(code: str, message: str, remedy: str, key: str | None = None) -> list[Finding]:
        found = place(text.marked(start), (key,)) if key else None
        return [Finding(code, message, Origin(text.path, *found) if found else start, remedy)]

    if not isinstance(value, dict):
        return None, refuse(
            "QG120",
            "a document is a mapping of apiVersion, kind, metadata and spec",
            "write one, or remove this",
        )
    kind = value.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        if "kind" not in value:
            return None, refuse(
                "QG120", "the document has no `kind`", f"add `kind:` with one of {', '.join(KINDS)}"
            )
        hint = closest(str(kind)[:64], KINDS)
        return None, refuse(
            "QG121", f"{quoted(kind)} is not a kind{hint}", f"use one of {', '.join(KINDS)}", "kind"
        )
    if (version := value.get("apiVersion")) != API_VERSION:
        return None, refuse(
            "QG122",
            f"apiVersion is {quoted(version)}, expected `{API_VERSION}`",
            f"write `apiVersion: {API_VERSION}`",
            "apiVersion" if "apiVersion" in value else None,
        )
    content = {k: v for k, v in value.items() if k not in ("apiVersion", "kind")}
    findings: list[Finding] = []
    try:
        typed: Any = KINDS[kind].model_validate(content)
    except ValidationError as error:
        findings = explain(error, kind, text.path, text.marked(start), start)
        rest = without_unfit(KINDS[kind], content, error, _defines_nothing)
        if rest is None:
            return None, findings
        typed, value = rest
    name = typed.metadata.name
    document = Document(kind, name, text.path, typed.metadata, typed.spec, value, start, text)
    return document, findings


_COLLECTIONS: Final = frozenset(
    ["backends", "groups", "identityProviders", "queues", "secretsManagers", "stores", "vendors"]
)
"""Where an organization names what others use."""

_ENTRY: Final = 3
"""The steps to such a name: `spec`, a collection, a name."""


def _defines_nothing(path: tuple[int | str, ...]) -> bool:
    """Whether a field can be left out without a name that others use; of a whole collection it
    is seen that it is not there."""
    if path[1:2] in (("environments",), ("compliance",)):
        return False
    return len(path) != _ENTRY or path[1] not in _COLLECTIONS


def _identity(value: Value) -> tuple[str, str]:
    if not isinstance(value, dict):
        return ("", "")
    metadata = value.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else ""
    return (str(value.get("kind")), str(name))


_KIND = re.compile(rb"^kind: *[\"']?([A-Za-z]{1,40})", re.MULTILINE)
_NAME = re.compile(
    rb"^(?:metadata:\s[^\n]{0,200}?\b| +)name: *[\"']?([a-z0-9-]{1,63})", re.MULTILINE
)


def _sniffed(data: bytes) -> set[tuple[str, str]]:
    """What an unreadable file probably defines. Used only to silence follow-up findings of a run
    that has already failed."""
    found: set[tuple[str, str]] = set()
    for text in re.split(rb"^---", data[:MAX_BYTES], flags=re.MULTILINE):
        kind, name = _KIND.search(text), _NAME.search(text)
        if kind:
            found.add((kind[1].decode(), name[1].decode() if name else ""))
    return found
