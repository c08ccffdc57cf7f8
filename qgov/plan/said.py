"""What a value of a document says at a path of names, as the tables of parts write them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from qgov.targets.parts import Key

__all__ = ["alike", "says", "texts"]


def alike(one: Key, other: Key) -> bool:
    """Whether one path begins with the other."""
    return all(
        wanted in ("*", step) or (wanted == "[*]" and step.startswith("["))
        for step, wanted in zip(one, other, strict=False)
    )


def says(value: Any, steps: Key) -> bool:
    """Whether a value of a document has something at a path; `[name]` is an entry of a list with
    that name, or any where they have none."""
    if not steps:
        return value not in (None, [], {})
    first, rest = steps[0], steps[1:]
    inner: Iterable[Any] = ()
    if isinstance(value, list):
        inner = [each for each in value if _is_named(each, first)]
    elif isinstance(value, dict):
        inner = value.values() if first == "*" else [value.get(first)]
    return any(says(each, rest) for each in inner)


def _is_named(entry: Any, step: str) -> bool:
    return (
        step == "[*]" or not isinstance(entry, dict) or f"[{entry.get('name')}]" in (step, "[None]")
    )


def texts(value: Any) -> Iterator[str]:
    """The texts in a value of a document."""
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list):
        for each in value:
            yield from texts(each)
    elif isinstance(value, str):
        yield value
