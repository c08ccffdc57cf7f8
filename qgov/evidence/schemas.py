"""Holding a document to its schema."""

from __future__ import annotations

from typing import Any

from jsonschema_rs import Draft7Validator

__all__ = ["broken"]


def broken(schema: dict[str, Any], value: Any) -> str:
    """How a value from JSON breaks a draft-07 schema, by the first error nearest to the whole;
    empty when it follows."""
    judge = Draft7Validator(schema)
    try:
        if judge.is_valid(value):
            return ""
        wrong = min(judge.iter_errors(value), key=lambda error: len(error.instance_path))
    except ValueError:
        return "the document: it is nested too deeply, or holds half a character"
    where = "/".join(map(str, wrong.instance_path)) or "the document"
    return f"{where}: {wrong.message[:200]}"
