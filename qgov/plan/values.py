"""What the documents of each blob say, as plain values: reading YAML is most of the work of a plan
that reaches every tenant, and a blob says the same in all of them.

Only files without a finding are kept. What their values mean is worked out anew each time, by the
same models, and the text is read where a place in it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from qgov.finding import Finding, Origin
from qgov.language.documents import Documents, Text, documents_of
from qgov.plan import cache
from qgov.repository import Snapshot

__all__ = ["Kept", "Parsed"]

_FEW: Final = 100
"""Where less than one of so many files is new, the file is not written again: they are as quickly
read."""

_FORMAT: Final = "qgov/values/v1"

Values = Mapping[str, list[tuple[Any, int, int]]]
"""Blob id → each of its documents, with the line and column where it starts."""

Parsed = dict[tuple[str, str], tuple[Documents, list[Finding]]]
"""(path, blob) → what was read of it, by either side: most files are the same on both."""


class Kept:
    """The values of documents in a file, which is read when they are first wanted, and written
    where there are many more."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @cached_property
    def _values(self) -> Values:
        found = cache.load(self._path, _FORMAT)
        return found if isinstance(found, dict) else {}

    def read(self, snapshot: Snapshot, parsed: Parsed) -> None:
        """Add to what was read the files of a snapshot whose values are known. Their texts are
        read together, once, when a place in one is asked for."""
        wanted = {
            path: self._values[blob]
            for path, blob in snapshot.blobs.items()
            if (path, blob) not in parsed and blob in self._values
        }
        text_of = _Texts(snapshot, wanted)
        for path, values in wanted.items():
            starts = ((value, Origin(path, line, column)) for value, line, column in values)
            documents = documents_of(Text(path, text_of(path)), starts)
            if documents is not None:
                parsed[path, snapshot.blobs[path]] = (documents, [])

    def keep(self, snapshots: Iterable[Snapshot], parsed: Parsed) -> None:
        """Keep what was read of some snapshots."""
        wanted = {(path, blob) for each in snapshots for path, blob in each.blobs.items()}
        new = {
            blob: [(d.raw, d.start.line, d.start.column) for d in parsed[path, blob][0].valid]
            for path, blob in wanted & parsed.keys()
            if blob not in self._values and not parsed[path, blob][1]
        }
        if len(new) > len(self._values) // _FEW:
            blobs = {blob for _, blob in wanted}
            old = {blob: self._values[blob] for blob in blobs & self._values.keys()}
            cache.save(self._path, _FORMAT, {**old, **new})


class _Texts:
    """The texts of some files of a snapshot."""

    def __init__(self, snapshot: Snapshot, paths: Iterable[str]) -> None:
        self._snapshot = snapshot
        self._paths = paths
        self._texts: dict[str, bytes] | None = None

    def __call__(self, path: str) -> Callable[[], bytes]:
        """What reads one of them."""
        return lambda: self._read()[path]

    def _read(self) -> dict[str, bytes]:
        if self._texts is None:
            self._texts = self._snapshot.read(self._paths)
        return self._texts
