"""The one question. The JSON shape is OpenID AuthZEN 1.0's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Self

from msgspec import Struct

from qgov.decision.request_parts import (
    Context,
    GivenApproval,
    GivenElevation,
    JobSize,
    RequestJson,
    Resource,
    Subject,
    Token,
    Used,
)
from qgov.decision.request_reading import SHAPES, read

__all__ = ["Request"]


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
        Never raises."""
        return cls(*read(given))

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


# -------------------------------------------------------------------------------- to JSON

_OBJECT: Final = (dict, Mapping)
"""The likeliest first: asking about an abstract type takes long."""

_PLAIN: Final = frozenset((str, int, bool))
"""Types that stand in JSON as they are."""

_IN_CONTEXT: Final = ("token", "elevations", "approvals", "job", "usage")


def _written(value: Any) -> Any:
    """A part of a request as JSON, without what is None."""
    if type(value) in _PLAIN:
        return value
    if type(value) in SHAPES:
        value = {name: getattr(value, name) for name, _ in SHAPES[type(value)]}
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
