"""A document as YAML that a person would write: short things on one line, the rest below."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from qgov.drift.adopt.yaml_edits import scalar

__all__ = ["Yaml", "document"]

Yaml: TypeAlias = "str | int | bool | Sequence[Yaml] | Mapping[str, Yaml]"
"""What a document may hold."""

_SAFE: Final = re.compile(r"[1-9][0-9]*[smhdy]|[a-z]+:[a-z]+(:own)?")
"""Durations and permissions, which are texts to every reader of YAML."""

_WIDTH: Final = 100
_BLOCK: Final = 2
"""How deep a document is always written below, not beside: `spec`, and its fields."""


def document(
    kind: str,
    name: str,
    spec: Mapping[str, Yaml],
    comment: str = "",
    words: Mapping[str, str] | None = None,
) -> bytes:
    """The text of a document of the language; `words` are more of its metadata."""
    head = "".join(f"# {line}\n" for line in comment.splitlines())
    whole: Mapping[str, Yaml] = {
        "apiVersion": "qgov/v1",
        "kind": kind,
        "metadata": {"name": name, **(words or {})},
        "spec": spec,
    }
    return (head + "".join(f"{line}\n" for line in _mapping(whole, 0))).encode()


def _mapping(value: Mapping[str, Yaml], depth: int) -> Iterator[str]:
    indent = "  " * depth
    for key, inner in value.items():
        name = _key(key)
        flow = _flow(inner)
        deep = depth + 1 < _BLOCK and key != "metadata"
        if (
            not isinstance(inner, Mapping | list | tuple)
            or not inner
            or (not (deep or _items(inner)) and len(indent + name + flow) + 2 <= _WIDTH)
        ):
            yield f"{indent}{name}: {flow}"
        else:
            yield f"{indent}{name}:"
            yield from _below(inner, depth + 1)


def _below(value: Yaml, depth: int) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield from _mapping(value, depth)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _item(item, depth)


def _item(value: Yaml, depth: int) -> Iterator[str]:
    """An item of a list: on one line, else its fields below each other."""
    indent, flow = "  " * depth, _flow(value)
    if not isinstance(value, Mapping) or len(indent + flow) + 2 <= _WIDTH:
        yield f"{indent}- {flow}"
        return
    first, *rest = _mapping(value, depth + 1)
    yield f"{indent}- {first.lstrip()}"
    yield from rest


def _items(value: Yaml) -> bool:
    """Whether a value has parts of its own that stand below each other."""
    inner = [*value.values()] if isinstance(value, Mapping) else value
    return isinstance(inner, list | tuple) and any(isinstance(each, Mapping) for each in inner)


def _key(name: str) -> str:
    return name if name == "on" else scalar(name)  # YAML 1.2, which the language is


def _flow(value: Yaml) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return value if _SAFE.fullmatch(value) else scalar(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(k)}: {_flow(v)}" for k, v in value.items()) + "}"
    return "[" + ", ".join(map(_flow, value)) + "]"
