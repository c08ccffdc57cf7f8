"""What changed in the documents themselves, apart from what it does to access."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from pydantic import BaseModel

from qgov.language.concerns import concern_at
from qgov.language.documents import Document
from qgov.language.kinds import KINDS

if TYPE_CHECKING:
    from deepdiff import DeepDiff

__all__ = ["DocumentChange", "document_changes", "rename_of", "touched"]

MOST_ITEMS = 200
"""Above this many items a list is compared in order: ignoring it is quadratic."""


class DocumentChange(Struct, frozen=True):
    """`change` is added, removed, renamed, changed, moved or reformatted; `diff` lists
    what is different as (path, added|removed|changed, before, after, what it is about)."""

    document: str
    path: str
    change: str
    diff: tuple[Mapping[str, Any], ...] = ()

    @property
    def is_real(self) -> bool:
        """Whether the document means something other than before."""
        return self.change not in ("moved", "reformatted")


def touched(
    base: Mapping[tuple[str, str], Document],
    head: Mapping[tuple[str, str], Document],
    changed: Iterable[str],
) -> Iterator[tuple[Document | None, Document | None]]:
    """Each document of the paths whose bytes differ, as it was and as it becomes; under its
    old name, where it has another."""
    paths = set(changed)
    former = {key: rename_of(document, base) for key, document in head.items()}
    for key in sorted({*base, *head} - set(former.values())):
        old, new = base.get(former.get(key) or key), head.get(key)
        if paths & {d.path for d in (old, new) if d is not None}:
            yield old, new


def document_changes(
    documents: Iterable[tuple[Document | None, Document | None]],
) -> list[DocumentChange]:
    """What became of each document that may differ."""
    found: list[DocumentChange] = []
    for old, new in documents:
        if new is None:
            found += [DocumentChange(old.id, old.path, "removed")] if old else []
        elif old is None:
            found.append(DocumentChange(new.id, new.path, "added"))
        else:
            found.append(_compared(old, new))
    # Beside a change in the same file, a document that stayed the same is no news.
    busy = {change.path for change in found if change.is_real}
    return [c for c in found if c.change != "reformatted" or c.path not in busy]


def rename_of(
    document: Document, base: Mapping[tuple[str, str], Document]
) -> tuple[str, str] | None:
    """The key of the base document that this one is the new name of."""
    if (document.kind, document.name) in base:
        return None
    keys = ((document.kind, former) for former in document.metadata.previously or ())
    return next((key for key in keys if key in base), None)


def _compared(old: Document, new: Document) -> DocumentChange:
    if _unordered(old.raw) == _unordered(new.raw):
        # No list of the language has an order that means something.
        how = "moved" if old.path != new.path else "reformatted"
        return DocumentChange(new.id, new.path, how)
    how = "renamed" if old.name != new.name else "changed"
    return DocumentChange(
        new.id, new.path, how, tuple(_differences(KINDS[new.kind], old.raw, new.raw))
    )


def _unordered(value: Any) -> Any:
    """The value in a form that is equal when only the order or repetition of items differs."""
    if isinstance(value, dict):
        return {key: _unordered(item) for key, item in value.items()}
    if isinstance(value, list):
        return sorted({json.dumps(_unordered(item), sort_keys=True) for item in value})
    return value


_ABSENT: Final = object()


def _differences(
    kind: type[BaseModel], old: Any, new: Any, at: tuple[str | int, ...] = ()
) -> list[dict[str, Any]]:
    """What differs, by path. DeepDiff costs as much for what is equal as for what is not, so
    mappings are descended here and only lists that differ are left to it."""
    if isinstance(old, dict) and isinstance(new, dict):
        keys = sorted(key for key in {*old, *new} if old.get(key, _ABSENT) != new.get(key, _ABSENT))
        return [
            difference
            for key in keys
            for difference in _differences(
                kind, old.get(key, _ABSENT), new.get(key, _ABSENT), (*at, key)
            )
        ]
    if isinstance(old, list) and isinstance(new, list):
        return _list_differences(kind, old, new, at)
    change = "added" if old is _ABSENT else "removed" if new is _ABSENT else "changed"
    return [_difference(kind, at, change, old, new)]


def _difference(
    kind: type[BaseModel], at: tuple[str | int, ...], change: str, old: Any, new: Any
) -> dict[str, Any]:
    return {
        "path": _path(at),
        "change": change,
        "before": None if change == "added" else old,
        "after": None if change == "removed" else new,
        "concern": str(concern_at(kind, at, old if change == "removed" else new)),
    }


def _deepdiff() -> type[DeepDiff]:
    """DeepDiff, without what it imports and no document needs, which takes longer than the rest
    of a plan: NumPy, Pandas and Polars where they are installed (Cirq needs two), for arrays and
    lists of numbers, and asyncio with OpenSSL, for a cache that is off."""
    later = ModuleType("asyncio")
    later.__getattr__ = lambda name: getattr(import_module("asyncio"), name)  # type: ignore[method-assign]
    # None: not installed.
    hidden = {"asyncio": later, "numpy": None, "pandas": None, "polars": None}
    hidden = {name: module for name, module in hidden.items() if name not in sys.modules}
    sys.modules.update(hidden)  # type: ignore[arg-type]
    try:
        from deepdiff import DeepDiff  # noqa: PLC0415 - what it imports is hidden first
    finally:
        for name in hidden:
            del sys.modules[name]
    return DeepDiff


def _list_differences(
    kind: type[BaseModel], old: list[Any], new: list[Any], at: tuple[str | int, ...]
) -> list[dict[str, Any]]:
    delta = _deepdiff()(
        old,
        new,
        view="tree",
        verbose_level=2,
        ignore_order=not _has_long_list(old) and not _has_long_list(new),
    )
    names = {
        "values_changed": "changed",
        "type_changes": "changed",
        "dictionary_item_added": "added",
        "iterable_item_added": "added",
        "dictionary_item_removed": "removed",
        "iterable_item_removed": "removed",
    }
    found = [
        _difference(kind, (*at, *item.path(output_format="list")), names[way], item.t1, item.t2)
        for way, items in delta.items()
        if way in names
        for item in items
    ]
    return sorted(found, key=lambda d: (d["path"], d["change"]))


def _has_long_list(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_has_long_list(item) for item in value.values())
    return isinstance(value, list) and (
        len(value) > MOST_ITEMS or any(_has_long_list(item) for item in value)
    )


def _path(steps: Sequence[str | int]) -> str:
    text = ""
    for step in steps:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text
