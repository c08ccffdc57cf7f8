"""What each field of the language is about, and in which direction it is looser.

Both stand beside the field, as marks of its type: `Annotated[Duration | None, TRUST, MORE]`.
A part's class says what its fields are about unless they say otherwise; free text is words
wherever it stands. `declared` reads the marks, and the plan rests on them: a change of a field
has a place in it by its concern, and counts as looser or stricter by its direction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from types import UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin

from msgspec import Struct
from pydantic import BaseModel

__all__ = [
    "ABSENT",
    "ACCESS",
    "CONCERNS",
    "COVERED",
    "DIFFERENT",
    "EARLIER",
    "FEWER",
    "LATER",
    "LESS",
    "MEMBERS",
    "MONEY",
    "MORE",
    "OPERATIONS",
    "PRESENT",
    "RECORDS",
    "RULES",
    "SHORTER",
    "TRUST",
    "WORDS",
    "Concern",
    "Declared",
    "KeyedBy",
    "Looser",
    "concern_at",
    "declared",
    "leaves",
    "parts_of",
]


class Concern(StrEnum):
    """What a field is about, in the order in which a reviewer has to know of a change."""

    TRUST = "trust"
    RULES = "rules"
    ACCESS = "access"
    MONEY = "money"
    RECORDS = "records"
    OPERATIONS = "operations"
    WORDS = "words"


CONCERNS: Final = {
    Concern.TRUST: "who a principal is: issuers, audiences, claims, second factors, federation",
    Concern.RULES: "what judges a change: reviewers, guardrails, rails, waivers, frameworks, tests",
    Concern.ACCESS: "who may do what, where, on which conditions",
    Concern.MONEY: "budgets, quotas, approvals, prices, rates, showback",
    Concern.RECORDS: "retention, stores, residency, audit sinks",
    Concern.OPERATIONS: "queues, accounts at clouds, vendors, secrets managers, incidents",
    Concern.WORDS: "for people alone: nothing reads it",
}
"""What each concern is, for people."""


class Looser(StrEnum):
    """When a field's new value is looser than its old one. A bound that is absent is looser
    than any."""

    MORE = "more is looser"
    LESS = "less is looser"
    LATER = "the later word is looser"
    EARLIER = "the earlier word is looser"
    SHORTER = "the shorter period is looser"
    MEMBERS = "more members are looser"
    FEWER = "fewer members are looser"
    COVERED = "fewer members are looser, and every one when absent"
    PRESENT = "looser with it"
    ABSENT = "looser without it"
    DIFFERENT = ""
    """No value is looser than another; a change is just a change."""


TRUST: Final = Concern.TRUST
RULES: Final = Concern.RULES
ACCESS: Final = Concern.ACCESS
MONEY: Final = Concern.MONEY
RECORDS: Final = Concern.RECORDS
OPERATIONS: Final = Concern.OPERATIONS
WORDS: Final = Concern.WORDS

MORE: Final = Looser.MORE
LESS: Final = Looser.LESS
LATER: Final = Looser.LATER
EARLIER: Final = Looser.EARLIER
SHORTER: Final = Looser.SHORTER
MEMBERS: Final = Looser.MEMBERS
FEWER: Final = Looser.FEWER
COVERED: Final = Looser.COVERED
PRESENT: Final = Looser.PRESENT
ABSENT: Final = Looser.ABSENT
DIFFERENT: Final = Looser.DIFFERENT


class KeyedBy(Struct, frozen=True):
    """The fields (by their names in Python) by which an entry of a list is the same entry."""

    fields: tuple[str, ...]


class Declared(Struct, frozen=True):
    """What is declared of a field. `concern` is None where neither the field nor its class
    says it: then it is that of what contains it."""

    concern: Concern | None
    looser: Looser
    key: tuple[str, ...]


def declared(part: type[BaseModel], field: str) -> Declared:
    """The marks of a field, the nearest of each sort."""
    info = part.model_fields[field]
    marks = [*_marks(info.annotation), *info.metadata]
    own: Concern | None = getattr(part, "concern", None)
    concern = next((m for m in reversed(marks) if isinstance(m, Concern)), own)
    looser = next((m for m in reversed(marks) if isinstance(m, Looser)), DIFFERENT)
    key = next((m.fields for m in reversed(marks) if isinstance(m, KeyedBy)), ())
    return Declared(concern, looser, key)


def _marks(annotation: Any) -> Iterator[Any]:
    """The marks inside of a type: those of `Text` in `Text | None`, of `Name` in a list."""
    if get_origin(annotation) is Annotated:
        inner, *marks = get_args(annotation)
        yield from _marks(inner)
        yield from marks
    elif get_origin(annotation) in (Union, UnionType, list):
        for argument in get_args(annotation):
            yield from _marks(argument)


def parts_of(annotation: Any) -> Iterator[type[BaseModel]]:
    """The parts of the language (its classes) that a field's type contains."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    else:
        for argument in get_args(annotation):
            yield from parts_of(argument)


def concern_at(part: type[BaseModel], path: Iterable[str | int], value: object = None) -> Concern:
    """What the value at a path below a part is about; of a value with several, what a reviewer
    has to know of first. A part that is written as its name says nothing else."""
    concern: Concern | None = None
    parts, is_key = [part], False
    for step in path:
        fields = {(f.alias or n): (p, n, f) for p in parts for n, f in p.model_fields.items()}
        if is_key or step not in fields:
            is_key = False
            continue
        owner, name, info = fields[str(step)]
        concern = declared(owner, name).concern or concern
        parts = list(parts_of(info.annotation))
        is_key = _holds_entries(info.annotation)
    about = {
        found
        for each in parts
        for field, found, _ in leaves(each, concern)
        if found and (is_key or _is_said(field.partition(".")[0], value))
    }
    return min(about or {concern or Concern.WORDS}, key=lambda found: list(Concern).index(found))


def _is_said(field: str, value: object) -> bool:
    if isinstance(value, str):
        return field == "name"
    return field in value if isinstance(value, dict) else True


def _holds_entries(annotation: Any) -> bool:
    if get_origin(annotation) in (Annotated, Union, UnionType):
        return any(_holds_entries(argument) for argument in get_args(annotation))
    return get_origin(annotation) in (list, dict)


def leaves(
    part: type[BaseModel], concern: Concern | None = None, path: tuple[str, ...] = ()
) -> Iterator[tuple[str, Concern | None, Looser]]:
    """Every field that holds a value, as (`spec.floors.mfa`, its concern, when it is looser)."""
    for name, info in part.model_fields.items():
        said = declared(part, name)
        at, about = (*path, info.alias or name), said.concern or concern
        inner = list(parts_of(info.annotation))
        for each in inner:
            yield from leaves(each, about, at)
        if not inner:
            yield ".".join(at), about, said.looser
