"""A value told as its contract says: each field read from the attribute of its name.

`From` names another attribute, or computes what is told. Nothing is checked here: types are
what mypy and the tests hold outputs to, and hostile text must never stop an output.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from operator import attrgetter
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Final,
    Literal,
    NotRequired,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
)

from msgspec import Struct
from typing_extensions import get_type_hints, is_typeddict

__all__ = ["NOT_EMPTY", "From", "document_chunks", "document_text", "tell"]

T = TypeVar("T")
Read = Callable[[Any], Any]


class From(Struct, frozen=True):
    """Where a field is read: a path of attributes, or a function of the value."""

    where: str | Read


NOT_EMPTY: Final = "not empty"
"""Of a field: what is empty or false counts as None."""


def tell(contract: type[T], value: object) -> T:
    """The value as a document, or as a part of one. A field that is not required is left out
    where it is None. A mapping is told already and stays as it is."""
    told: T = _object(cast("Any", contract))(value)
    return told


def document_text(document: Mapping[str, Any]) -> str:
    """A document as it is printed and written."""
    return "".join(document_chunks(document))


def document_chunks(document: Mapping[str, Any]) -> Iterator[str]:
    """The same in pieces, for a long one that need not be held as a text."""
    yield from json.JSONEncoder(indent=2, ensure_ascii=False).iterencode(document)
    yield "\n"


@cache
def _object(contract: Any) -> Read:
    hints = get_type_hints(contract, include_extras=True)
    fields = [(name, *_field(name, hint)) for name, hint in hints.items()]

    def read(value: Any) -> Any:
        if isinstance(value, Mapping):
            return dict(value)
        found = {}
        for name, required, get, reader in fields:
            part = get(value)
            if required or part is not None:
                found[name] = reader(part)
        return found

    return read


def _field(name: str, hint: Any) -> tuple[bool, Read, Read]:
    """Whether a field is required, where it is read, and how that is told."""
    required = get_origin(hint) is not NotRequired
    kind = hint if required else get_args(hint)[0]
    if get_origin(kind) is Literal and name == "schema":
        return True, lambda _: get_args(kind)[0], str
    notes = getattr(kind, "__metadata__", ())
    where = next((note.where for note in notes if isinstance(note, From)), name)
    get = attrgetter(where) if isinstance(where, str) else where
    if NOT_EMPTY in notes:
        return required, lambda value: get(value) or None, _reader(kind)
    return required, get, _reader(kind)


def _reader(kind: Any) -> Read:
    """How a value of this type is told."""
    if is_typeddict(kind):
        return _object(kind)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _reader(arguments[0])
    if origin is list:
        each = _reader(arguments[0])
        return lambda values: [each(value) for value in values]
    if origin in (Union, UnionType):
        some = _reader(next(part for part in arguments if part is not NoneType))
        return lambda value: None if value is None else some(value)
    if kind is str:
        return str
    return dict if origin in (dict, Mapping) else lambda value: value
