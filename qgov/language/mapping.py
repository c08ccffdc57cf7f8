"""A text that holds one mapping and no document: an intent, decisions, answers."""

from __future__ import annotations

from qgov.finding import Finding, Origin
from qgov.language.reader import Value, read

__all__ = ["read_mapping"]


def read_mapping(
    path: str, data: bytes, message: str, remedy: str
) -> tuple[dict[str, Value], Origin, list[Finding]]:
    """The one mapping that a text holds, with its place; or findings, `message` where it is
    something else. Never raises on bad input."""
    values, findings = read(path, data)
    if findings:
        return {}, Origin(path), findings
    value, start = values[0]
    if len(values) == 1 and isinstance(value, dict):
        return value, start, []
    where = values[1][1] if len(values) > 1 else start
    return {}, start, [Finding("QG120", message, where, remedy)]
