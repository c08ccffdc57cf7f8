"""The rows of what changes beside access: each changed field that is more than words, once.

A field about access has no row where the lines that caused a row of access are its own; all
others have theirs always, so that a plan is total.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from msgspec import Struct

from qgov.language.concerns import Concern
from qgov.language.documents import Document
from qgov.model.principal import Principal
from qgov.plan.afresh import spent_afresh
from qgov.plan.causes import Cause
from qgov.plan.changes import Change, Row
from qgov.plan.concern_risk import ConcernRule, assess_field
from qgov.plan.directions import Direction
from qgov.plan.fields import FieldChange, Place, field_changes
from qgov.plan.risk import Risk
from qgov.plan.witness import Witness

__all__ = ["ConcernRow", "Reached", "concern_rows", "lines_of", "unaccounted"]

_ORDER: Final = tuple(Concern)
_ENTRY: Final = 3
"""The steps to the first entry that a document names: `spec`, a collection, a name."""

Lines = Mapping[str, Collection[tuple[str, int]]]
"""A file → the (side, line)s in it that caused rows of access."""


_MONEY: Final = {
    Direction.LOOSER: Change.WIDENED,
    Direction.STRICTER: Change.NARROWED,
    Direction.DIFFERENT: Change.CHANGED,
}


class Reached(NamedTuple):
    """How many accesses rest on a field, and the principals that hold them."""

    accesses: int
    principals: tuple[Principal, ...]


class ConcernRow(Struct, frozen=True):
    """A field that changes beside the table of accesses, with its risk, and the groups that
    its change asks. `reached` are the accesses of whom a field of trust identifies. Where
    witnesses were asked for, `witness` shows the change, or `unwitnessed` says why none does.
    """

    change: FieldChange
    rule: ConcernRule
    approvers: tuple[str, ...] = ()
    reached: Reached | None = None
    witness: Witness | None = None
    unwitnessed: str = ""

    @property
    def cause(self) -> Cause:
        """The field's line."""
        origin = self.change.origin
        return Cause(self.change.side, origin.path, origin.line)

    @property
    def loosens(self) -> bool:
        """Whether it may let more through: what is just different may."""
        return self.change.direction is not Direction.STRICTER

    @property
    def tightens(self) -> bool:
        """Whether it may let less through."""
        return self.change.direction is not Direction.LOOSER

    @property
    def money(self) -> Change | None:
        """How it changes what can be spent or used, if it is about that."""
        return _MONEY[self.change.direction] if self.change.concern is Concern.MONEY else None

    @property
    def moves_trust(self) -> bool:
        """Whether somebody else may count as a principal, and has the accesses of it."""
        return self.change.concern is Concern.TRUST and self.is_gain

    @property
    def is_gain(self) -> bool:
        """Whether more is let through by it than an intent may leave unsaid."""
        return self.loosens and not self.rule.accompanies and self.rule.risk > Risk.LOW


def concern_rows(
    documents: Iterable[tuple[Document | None, Document | None]],
    access: Iterable[tuple[Row, Sequence[Cause]]],
) -> list[ConcernRow]:
    """The rows of documents that differ (before, after), given the rows of access with what
    caused them; by concern, most dangerous first."""
    documents = list(documents)
    found = [
        ConcernRow(change, assess_field(change))
        for change in (*unaccounted(documents, access), *spent_afresh(documents))
        if change.concern is not Concern.WORDS
    ]
    return sorted(
        found,
        key=lambda r: (
            _ORDER.index(r.change.concern),
            -r.rule.risk,
            r.change.document,
            r.change.field,
        ),
    )


def unaccounted(
    documents: Iterable[tuple[Document | None, Document | None]],
    access: Iterable[tuple[Row, Sequence[Cause]]],
) -> Iterator[FieldChange]:
    """Every changed field that no row of access names."""
    causing: dict[str, set[tuple[str, int]]] = {}
    roles: set[str] = set()
    for row, causes in access:
        for cause in causes:
            causing.setdefault(cause.path, set()).add((cause.side, cause.line))
        roles |= {p.binding.role for item in row.cells for p in (*item.base, *item.head)}
    for old, new in documents:
        for change in field_changes(old, new):
            if change.concern is not Concern.ACCESS or not (
                _causes(change, causing) or _comes_with_binding(old, new, roles)
            ):
                yield change


def _comes_with_binding(old: Document | None, new: Document | None, moved: Collection[str]) -> bool:
    """Whether a role comes or goes with the bindings that carry it: those are the cause."""
    document = new or old
    whole = old is None or new is None
    return whole and document is not None and document.kind == "Role" and document.name in moved


def _causes(change: FieldChange, causing: Lines) -> bool:
    """Whether a line of the field, of an entry around it, or of an element of it caused a row
    of access."""
    return any(
        place.document.path in causing
        and any((place.side, line) in causing[place.document.path] for line in _lines(_unit(place)))
        for place in change.places
    )


def lines_of(change: FieldChange) -> Iterator[tuple[str, str, int]]:
    """The lines (path, side, number) by which a row of access can be of a field."""
    for place in change.places:
        for line in _lines(_unit(place)):
            yield place.document.path, place.side, line


def _unit(place: Place) -> Place:
    """What is judged as one: an elevation, whatever of it changes, or the field."""
    if place.document.kind == "Elevation":
        return Place(place.side, place.document, ("spec",))
    return place


def _lines(place: Place) -> Iterator[int]:
    document, path = place.document, place.path
    if len(path) == 1:
        yield document.at("metadata", "name").line
    for end in range(min(_ENTRY, len(path)), len(path) + 1):
        yield document.key(*path[:end]).line
    value: Any = document.raw
    for step in path:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            # A default that nobody wrote.
            return
    yield from _inside(document, path, value)


def _inside(document: Document, path: tuple[str | int, ...], value: Any) -> Iterator[int]:
    yield document.at(*path).line
    steps: Iterable[Any] = ()
    if isinstance(value, dict):
        steps = value
    elif isinstance(value, list):
        steps = range(len(value))
    for step in steps:
        yield document.key(*path, step).line
        yield from _inside(document, (*path, step), value[step])
