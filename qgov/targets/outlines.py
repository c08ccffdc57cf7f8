"""Outlines of Terraform as nested mappings, for the tables of parts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from qgov.targets.hcl import Outline

__all__ = ["unfolded"]


def unfolded(blocks: Outline) -> Iterator[tuple[str, list[str], dict[str, Any]]]:
    """(type, labels, content) of each block: its attributes by name, the texts as they are
    written, and the blocks in it by their type and labels, then their number among such."""
    for shape, values in blocks:
        labels, content = _block(shape, iter(values))
        yield shape[0], labels, content


def _block(shape: Any, values: Iterator[str]) -> tuple[list[str], dict[str, Any]]:
    _, count, attributes, blocks = shape
    labels = [next(values).strip('"') for _ in range(count)]
    content = {name: _value(inner, values) for name, inner in attributes}
    for inner in blocks:
        more, content_of = _block(inner, values)
        alike = content.setdefault(".".join([inner[0], *more]), {})
        alike[str(len(alike) + 1)] = content_of
    return labels, content


def _value(shape: Any, values: Iterator[str]) -> Any:
    if shape is None:
        return next(values)
    kind, inner = shape
    if kind == "{}":
        return {key.strip('"'): _value(each, values) for key, each in inner}
    return [_value(each, values) for each in inner]
