"""Where the values of a text stand."""

from __future__ import annotations

from collections.abc import Iterator

from qgov.language.reader import Mapping, Sequence, Value

__all__ = ["lines", "place"]


def place(root: Value, path: tuple[str | int, ...], *, key: bool = False) -> tuple[int, int] | None:
    """1-based (line, column) of the value at `path` below `root`, or of its key.

    Walks as far as the path exists, so that a missing field is reported at the
    nearest thing that is there. None when `root` itself is meant.
    """
    found: tuple[int, int] | None = None
    for step in path:
        if isinstance(root, Mapping) and step in root:
            mark = root.marks[str(step)]
            found = mark[:2] if key else mark[2:]
            root = root[str(step)]
        elif isinstance(root, Sequence) and isinstance(step, int) and step < len(root):
            found = root.marks[step]
            root = root[step]
        else:
            break
    return None if found is None else (found[0] + 1, found[1] + 1)


def lines(root: Value, path: tuple[str | int, ...]) -> Iterator[int]:
    """1-based lines of the value at `path` below `root`, and of each key and value in it; that of
    the nearest thing where it is missing."""
    if (found := place(root, path)) is not None:
        yield found[0]
    for step in path:
        if isinstance(root, Mapping) and step in root:
            root = root[str(step)]
        elif isinstance(root, Sequence) and isinstance(step, int) and step < len(root):
            root = root[step]
        else:
            return
    yield from _inside(root)


def _inside(value: Value) -> Iterator[int]:
    if isinstance(value, Mapping):
        for key, (of_key, _, of_value, _) in value.marks.items():
            yield of_key + 1
            yield of_value + 1
            yield from _inside(value[key])
    elif isinstance(value, Sequence):
        for (line, _), each in zip(value.marks, value, strict=True):
            yield line + 1
            yield from _inside(each)
