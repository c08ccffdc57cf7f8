"""How JSON is read as a request: the known fields of the right type, no others. Never raises.

What has another type, is empty, too long or not printable is left out, as if the request lacked
it. Most requests are as they should be: those are read in one go (`_in_one_go`), any other one
field by field (`_by_fields`), with the same result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from math import ceil
from typing import Annotated, Any, Final, TypeVar

from msgspec import Meta, MsgspecError, Struct, convert
from pydantic_core import PydanticCustomError

from qgov.decision.request_parts import (
    MAX_COUNT,
    MAX_TEXT,
    YEARS,
    Context,
    Count,
    GivenApproval,
    GivenElevation,
    JobSize,
    Resource,
    Subject,
    Token,
    Used,
)
from qgov.language.periods import is_period
from qgov.language.persons import escaped, folded
from qgov.language.scalars import parse_instant
from qgov.model.measures import QUOTA_MEASURES, counters

__all__ = ["SHAPES", "Parts", "read"]

Parts = tuple[
    Subject,
    str | None,
    Resource,
    Context,
    Token,
    tuple[GivenElevation, ...],
    tuple[GivenApproval, ...],
    JobSize,
    Used,
]
"""A request's subject, action, resource, context, token, elevations, approvals, job, usage."""


def read(given: Any) -> Parts:
    """The parts of a request from its JSON.

    Persons' ids are folded, because directories do not tell `Mei` from `mei`. Instants are cut
    to whole seconds and seconds of device time are rounded up, because engines read fractions
    differently.
    """
    return _in_one_go(given) or _by_fields(given)


def _by_fields(given: Any) -> Parts:
    asked = _object(given)
    context = _object(asked.get("context"))
    return (
        _part(Subject, _flat(asked.get("subject"))),
        _text(_object(asked.get("action")).get("name")),
        _part(Resource, _flat(asked.get("resource"))),
        _part(Context, context),
        _part(Token, _object(context.get("token"))),
        _parts(GivenElevation, context.get("elevations")),
        _parts(GivenApproval, context.get("approvals")),
        _part(JobSize, _object(context.get("job"))),
        _usage(context.get("usage")),
    )


# ------------------------------------------------------------------------------ in one go

_Text = Annotated[str, Meta(min_length=1, max_length=MAX_TEXT)]


class _SubjectProperties(Struct, frozen=True):
    groups: list[_Text] = []
    issuer: _Text | None = None
    subject: _Text | None = None


class _Subject(Struct, frozen=True):
    type: _Text | None = None
    id: _Text | None = None
    properties: _SubjectProperties = _SubjectProperties()


class _Action(Struct, frozen=True):
    name: _Text | None = None


class _ResourceProperties(Struct, frozen=True):
    tenant: _Text | None = None
    environment: _Text | None = None
    project: _Text | None = None
    owner: _Text | None = None
    backend: _Text | None = None


class _Resource(Struct, frozen=True):
    type: _Text | None = None
    id: _Text | None = None
    properties: _ResourceProperties = _ResourceProperties()


class _Token(Struct, frozen=True):
    kind: _Text | None = None
    audience: _Text | None = None
    issued_at: str | None = None


class _Context(Struct, frozen=True):
    time: str | None = None
    mfa: bool | None = None
    managed_device: bool | None = None
    country: _Text | None = None
    token: _Token = _Token()
    elevations: Any = None
    approvals: Any = None
    job: JobSize = JobSize()
    usage: dict[_Text, dict[str, Count]] = {}


class _Asked(Struct, frozen=True):
    subject: _Subject = _Subject()
    action: _Action = _Action()
    resource: _Resource = _Resource()
    context: _Context = _Context()


def _in_one_go(given: Any) -> Parts | None:
    """The request, where each field has its type; a text that is not printable is of none."""
    try:
        asked = convert(given, _Asked)
    except (MsgspecError, UnicodeError, TypeError):
        return None
    subject, resource, context = asked.subject, asked.resource, asked.context
    who, where, token = subject.properties, resource.properties, context.token
    named = (resource.type, resource.id, where.tenant, where.environment, where.project)
    said = (subject.type, subject.id, who.issuer, who.subject, asked.action.name, *who.groups)
    rest = (where.owner, where.backend, token.kind, token.audience, context.country)
    if not "".join(filter(None, (*named, *said, *rest, *context.usage))).isprintable():
        return None
    return (
        Subject(
            subject.type,
            subject.id and _same(subject.id),
            tuple(who.groups),
            who.issuer,
            _free(who.subject),
        ),
        asked.action.name,
        Resource(*named, where.owner and _same(where.owner), where.backend),
        Context(_instant(context.time), context.mfa, context.managed_device, context.country),
        Token(token.kind, token.audience, _instant(token.issued_at)),
        _parts(GivenElevation, context.elevations),
        _parts(GivenApproval, context.approvals),
        context.job,
        {budget: _known(used) for budget, used in context.usage.items()},
    )


def _known(used: dict[str, int]) -> dict[str, int]:
    """The counters that there are."""
    if used.keys() <= _COUNTERS.keys():
        return used
    return {name: count for name, count in used.items() if name in _COUNTERS or _counter(name)}


# ------------------------------------------------------------------------- field by field

Reader = Callable[[Any], Any]
"""A value to what it is read as; None when it is not what was expected."""


_OBJECT: Final = (dict, Mapping)
"""The likeliest first: asking about an abstract type takes long."""


def _object(value: Any) -> Mapping[str, Any]:
    """An object; anything else reads as an empty one."""
    return value if isinstance(value, _OBJECT) else {}


def _flat(value: Any) -> Mapping[str, Any]:
    """A subject or resource with its properties beside its type and id."""
    given = _object(value)
    return {
        **_object(given.get("properties")),
        "type": given.get("type"),
        "id": given.get("id"),
    }


def _text(value: Any) -> str | None:
    if isinstance(value, str) and 0 < len(value) <= MAX_TEXT and value.isprintable():
        return value
    return None


def _person(value: Any) -> str | None:
    text = _text(value)
    return None if text is None else _same(text)


def _same(text: str) -> str | None:
    """The id of a person as all ids of theirs are; escapes may make it too long."""
    return text.lower() if text.isascii() else _text(folded(text))


def _free(value: Any) -> str | None:
    text = _text(value)
    return None if text is None else _text(escaped(text))


def _texts(value: Any) -> tuple[str, ...]:
    """The texts of a list; what is no text, and anything other than a list, is left out."""
    given = value if isinstance(value, list | tuple) else ()
    return tuple(text for element in given if (text := _text(element)) is not None)


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _count(value: Any) -> int | None:
    if type(value) is int:  # the likeliest; a bool is none
        return value if 0 <= value <= MAX_COUNT else None
    return _count(int(value)) if isinstance(value, float) and value.is_integer() else None


def _device_seconds(value: Any) -> int | None:
    if isinstance(value, float) and 0 <= value <= MAX_COUNT:
        return ceil(value)
    return _count(value)


def _instant(value: Any) -> datetime | None:
    return _moment(value) if isinstance(value, str) else None


@lru_cache(maxsize=1024)
def _moment(text: str) -> datetime | None:
    """Of a token, and of a second, there are many requests."""
    try:
        moment = parse_instant(text)
    except PydanticCustomError:
        return None
    if moment.year not in YEARS:
        return None
    return moment.replace(microsecond=0) if moment.microsecond else moment


_READERS: Final[dict[str, Reader]] = {
    "str | None": _text,
    "Person | None": _person,
    "Free | None": _free,
    "tuple[str, ...]": _texts,
    "bool | None": _flag,
    "Count | None": _count,
    "DeviceSeconds | None": _device_seconds,
    "datetime | None": _instant,
}
SHAPES: Final[dict[type, tuple[tuple[str, Reader], ...]]] = {
    part: tuple((name, _READERS[part.__annotations__[name]]) for name in part.__struct_fields__)
    for part in (Subject, Resource, Context, Token, JobSize, GivenElevation, GivenApproval)
}


P = TypeVar("P")


def _part(kind: type[P], given: Mapping[str, Any]) -> P:
    return kind(*[read(given.get(name)) for name, read in SHAPES[kind]])


def _parts(kind: type[P], value: Any) -> tuple[P, ...]:
    """The parts of a list; one with a field that is not as expected is left out whole."""
    if value is None:  # the likeliest
        return ()
    found = []
    for given in map(_object, value if isinstance(value, list | tuple) else ()):
        part = _part(kind, given)
        spoilt = (
            given.get(name) is not None and getattr(part, name) is None for name, _ in SHAPES[kind]
        )
        if not any(spoilt):
            found.append(part)
    return tuple(found)


_COUNTERS: Final[dict[str, Reader]] = {
    "spent_micros": _count,
    **{name: _device_seconds if "Seconds" in name else _count for name in counters()},
}


@lru_cache(maxsize=1024)
def _counter(name: str) -> Reader | None:
    """How a counter is read that not every budget has, such as `qpuSeconds/28d`."""
    measure, _, window = name.partition("/")
    if measure not in QUOTA_MEASURES or not is_period(window):
        return None
    return _device_seconds if "Seconds" in measure else _count


def _usage(value: Any) -> Used:
    return {
        budget: {
            name: count
            for name, number in _object(used).items()
            if (read := _COUNTERS.get(name) or _counter(str(name))) is not None
            and (count := read(number)) is not None
        }
        for budget, used in _object(value).items()
        if _text(budget)
    }
