"""The one question. The JSON shape is OpenID AuthZEN 1.0's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from math import ceil
from typing import Any, Final, Self, TypeVar

from msgspec import Struct
from pydantic_core import PydanticCustomError

from qgov.language.periods import is_period
from qgov.language.persons import escaped, folded
from qgov.language.scalars import parse_instant
from qgov.model.measures import QUOTA_MEASURES, counters

__all__ = [
    "Context",
    "GivenApproval",
    "GivenElevation",
    "JobSize",
    "Request",
    "RequestJson",
    "Resource",
    "Subject",
    "Token",
    "seconds",
]

RequestJson = Mapping[str, Any]
"""A request as an engine is asked it, whoever wrote it; see docs/decision.md."""

MAX_TEXT: Final = 1000
MAX_COUNT: Final = 10**15
"""The largest number that is read: every engine adds two such numbers exactly."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_YEARS: Final = range(1970, 2262)
FIRST_TIME: Final = datetime(_YEARS[0], 1, 1, tzinfo=UTC)
LAST_TIME: Final = datetime(_YEARS[-1], 12, 31, 23, 59, 59, tzinfo=UTC)
"""The first and the last time that a request may have."""


def seconds(moment: datetime) -> int:
    """Whole seconds since 1970, not before it."""
    since = moment - _EPOCH
    return max(0, since.days * 86_400 + since.seconds)


# ----------------------------------------------------------------------- parts of a request
#
# A field is named as in JSON, and read as its type says (`_READERS`); None is what a request
# does not say. A new attribute is a line here.

Person = str
"""A person's id in normal form (`qgov.language.persons.folded`), or a workload's."""

Free = str
"""Text that no document names; what is not ASCII is escaped."""

DeviceSeconds = int
"""Whole seconds on a device; a fraction is rounded up, so that no limit is overdrawn by it."""


class Subject(Struct, frozen=True):
    """Who asks: a `user` by the directory's id, or a `workload` by `TENANT/NAME`. `issuer` and
    `subject` are claims of the token."""

    type: str | None = None
    id: Person | None = None
    groups: tuple[str, ...] = ()
    issuer: str | None = None
    subject: Free | None = None


class Resource(Struct, frozen=True):
    """What is asked for. Which labels it has says at which level it lies."""

    type: str | None = None
    id: str | None = None
    tenant: str | None = None
    environment: str | None = None
    project: str | None = None
    owner: Person | None = None
    backend: str | None = None

    @property
    def labels(self) -> tuple[str | None, str | None, str | None]:
        """Tenant, environment and project."""
        return self.tenant, self.environment, self.project


class Context(Struct, frozen=True):
    """When and from where the subject asks, and how it signed in."""

    time: datetime | None = None
    mfa: bool | None = None
    managed_device: bool | None = None
    country: str | None = None


class Token(Struct, frozen=True):
    """What the subject signed in with."""

    kind: str | None = None
    audience: str | None = None
    issued_at: datetime | None = None


class JobSize(Struct, frozen=True):
    """The size of a job: all its shots and circuits, the widest circuit's qubits, and
    estimates; money in micros of the organization's currency."""

    shots: int | None = None
    circuits: int | None = None
    qubits: int | None = None
    estimated_cost_micros: int | None = None
    estimated_qpu_seconds: DeviceSeconds | None = None
    estimated_simulator_seconds: DeviceSeconds | None = None


class GivenElevation(Struct, frozen=True):
    """An elevation that an identity provider granted."""

    subject: Person | None = None
    role: str | None = None
    scope: str | None = None
    requested_by: Person | None = None
    approved_by: Person | None = None
    approver_groups: tuple[str, ...] = ()
    ticket: Free | None = None
    not_before: datetime | None = None
    expires: datetime | None = None


class GivenApproval(Struct, frozen=True):
    """The approval of an expensive job."""

    subject: Person | None = None
    scope: str | None = None
    backend: str | None = None
    max_cost_micros: int | None = None
    requested_by: Person | None = None
    approved_by: Person | None = None
    approver_groups: tuple[str, ...] = ()
    approved_at: datetime | None = None
    expires: datetime | None = None


Used = Mapping[str, Mapping[str, int]]
"""Budget → what was used of it: `spent_micros`, and counters such as `shots/day`."""


class Request(Struct, frozen=True):
    """Who asks for what, and under which circumstances.

    What JSON keeps in `context` beside the context itself are parts of their own. One that is
    None is not in the JSON either; a request that was read from JSON has every part.
    """

    subject: Subject = Subject()
    action: str | None = None
    resource: Resource = Resource()
    context: Context = Context()
    token: Token = Token()
    elevations: tuple[GivenElevation, ...] | None = None
    approvals: tuple[GivenApproval, ...] | None = None
    job: JobSize | None = None
    usage: Used | None = None

    @classmethod
    def from_json(cls, given: RequestJson) -> Self:
        """The request as every engine reads it: the known fields of the right type, no others.

        What has another type, is empty, too long or not printable is left out, as if the
        request lacked it. Persons' ids are folded, because directories do not tell `Mei` from
        `mei`. Instants are cut to whole seconds and seconds of device time are rounded up,
        because engines read fractions differently. Never raises.
        """
        asked = _object(given)
        context = _object(asked.get("context"))
        return cls(
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

    def to_json(self, last: tuple[str, ...] = ()) -> dict[str, Any]:
        """The JSON that is read as this request; instants are RFC 3339 in UTC. Fields in `last`
        follow the others of their object, in that order."""
        parts = {name: getattr(self, name) for name in _IN_CONTEXT}
        context = _written(self.context) | _written(parts)
        found = {
            "subject": _nested(self.subject),
            "action": {} if self.action is None else {"name": self.action},
            "resource": _nested(self.resource),
            "context": context,
        }
        return _reordered(found, last) if last else found


# ------------------------------------------------------------------------------ from JSON

Reader = Callable[[Any], Any]
"""A value to what it is read as; None when it is not what was expected."""


_OBJECT: Final = (dict, Mapping)
"""The likeliest first: asking about an abstract type takes long."""

_PLAIN: Final = frozenset((str, int, bool))
"""Types that stand in JSON as they are."""


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
    return None if text is None else _text(folded(text))


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
    if value is None:
        return None
    try:
        moment = parse_instant(value)
    except PydanticCustomError:
        return None
    if moment.year not in _YEARS:
        return None
    return moment.replace(microsecond=0) if moment.microsecond else moment


_READERS: Final[dict[str, Reader]] = {
    "str | None": _text,
    "Person | None": _person,
    "Free | None": _free,
    "tuple[str, ...]": _texts,
    "bool | None": _flag,
    "int | None": _count,
    "DeviceSeconds | None": _device_seconds,
    "datetime | None": _instant,
}
_SHAPES: Final[dict[type, tuple[tuple[str, Reader], ...]]] = {
    part: tuple((name, _READERS[part.__annotations__[name]]) for name in part.__struct_fields__)
    for part in (Subject, Resource, Context, Token, JobSize, GivenElevation, GivenApproval)
}


P = TypeVar("P")


def _part(kind: type[P], given: Mapping[str, Any]) -> P:
    return kind(*[read(given.get(name)) for name, read in _SHAPES[kind]])


def _parts(kind: type[P], value: Any) -> tuple[P, ...]:
    """The parts of a list; one with a field that is not as expected is left out whole."""
    found = []
    for given in map(_object, value if isinstance(value, list | tuple) else ()):
        part = _part(kind, given)
        spoilt = (
            given.get(name) is not None and getattr(part, name) is None for name, _ in _SHAPES[kind]
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


# -------------------------------------------------------------------------------- to JSON

_IN_CONTEXT: Final = ("token", "elevations", "approvals", "job", "usage")


def _written(value: Any) -> Any:
    """A part of a request as JSON, without what is None."""
    if type(value) in _PLAIN:
        return value
    if type(value) in _SHAPES:
        value = {name: getattr(value, name) for name, _ in _SHAPES[type(value)]}
    if isinstance(value, _OBJECT):
        return {
            name: each if type(each) in _PLAIN else _written(each)
            for name, each in value.items()
            if each is not None
        }
    if isinstance(value, tuple):
        return [_written(each) for each in value]
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value


def _nested(part: Subject | Resource) -> dict[str, Any]:
    """The part with its properties apart from its type and id. A workload has no groups."""
    found = _written(part)
    if part.type == "workload" and found.get("groups") == []:
        del found["groups"]
    outer: dict[str, Any] = {name: found.pop(name) for name in ("type", "id") if name in found}
    return {**outer, "properties": found}


def _reordered(value: Any, last: tuple[str, ...]) -> Any:
    if isinstance(value, list):
        return [_reordered(each, last) for each in value]
    if not isinstance(value, dict):
        return value
    names = [*(n for n in value if n not in last), *(n for n in last if n in value)]
    return {name: _reordered(value[name], last) for name in names}
