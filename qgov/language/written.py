"""Values as the language writes them, for people: `8h`, `80%`, `20,000.00 EUR`."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, get_args

from pydantic import BaseModel, WithJsonSchema
from pydantic.fields import FieldInfo

from qgov.language.periods import PERIOD, as_written
from qgov.language.scalars import (
    Money,
    UnitPrice,
    format_duration,
    format_instant,
    format_money,
    format_share,
    format_unit_price,
)

__all__ = ["UNITS", "plain", "written"]

UNITS: Final[dict[str, Callable[[int], str]]] = {
    "duration": format_duration,
    "share": format_share,
}
"""Scalars that the models keep in another unit than the language, by the name of their type."""


def written(value: Any, info: FieldInfo) -> Any:
    """The value of a field as JSON has it, in the language's words; lists sorted, because no
    list of the language has an order."""
    if isinstance(value, list):
        return sorted((written(item, info) for item in value), key=json.dumps)
    if isinstance(value, str) and "/" in value and _unit(info.annotation, info.metadata) == PERIOD:
        return as_written(value)
    if isinstance(value, int) and not isinstance(value, bool):
        write = UNITS.get(_unit(info.annotation, info.metadata))
        return write(value) if write else value
    return plain(value)


def _unit(annotation: Any, marks: Sequence[Any] = ()) -> str:
    for mark in marks:
        if isinstance(mark, WithJsonSchema):
            return str((mark.json_schema or {}).get("$comment", ""))
    arguments = get_args(annotation)
    marked = [a for a in arguments if isinstance(a, WithJsonSchema)]
    found = str((marked[0].json_schema or {}).get("$comment", "")) if marked else ""
    return found or next((u for a in arguments if (u := _unit(a))), "")


def plain(value: Any) -> Any:
    """A value of the language as JSON has it."""
    if isinstance(value, BaseModel):
        return {
            info.alias or name: written(getattr(value, name), info)
            for name, info in type(value).model_fields.items()
            if name in value.model_fields_set and getattr(value, name) is not None
        }
    if isinstance(value, Money):
        return format_money(value)
    if isinstance(value, UnitPrice):
        return format_unit_price(value)
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, datetime):
        return format_instant(value)
    return value if isinstance(value, str | int | bool | None) else str(value)
