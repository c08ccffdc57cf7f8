"""Which row of a plan tells of which field: what an artifact's part that differs is held to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, takewhile
from typing import Any, Final, NamedTuple

from msgspec import Struct

from qgov.finding import Origin
from qgov.language.concerns import Concern
from qgov.language.documents import Document
from qgov.model.principal import Principal, group, workload
from qgov.plan.concerns import ConcernRow, lines_of
from qgov.plan.documents import DocumentChange
from qgov.plan.fields import FieldChange, Place, field_changes
from qgov.plan.plan import AccessChange
from qgov.targets.parts import Difference, Field, Key, Origins, Parts, steps_of

__all__ = ["Rows", "Tellings"]


class Rows(Struct, frozen=True):
    """What a plan tells, in its order: the documents that differ (`touched`: both versions of
    each, in any order), its rows of access with what caused them, its rows beside access, and the
    (old, new) names of renamed documents."""

    touched: Sequence[tuple[Document | None, Document | None]]
    documents: Sequence[DocumentChange]
    access: Sequence[AccessChange]
    concerns: Sequence[ConcernRow]
    renames: Sequence[tuple[str, str]]


_NEAR: Final = 3
"""How many names of a way are looked up: `spec`, the collection and its entry."""


class _Told(NamedTuple):
    """A changed field that has its place in the plan: the rows that tell it, by pointer."""

    name: str
    change: FieldChange
    steps: Key
    whole: Key
    row: str
    of: Mapping[Principal, str]
    """Principal → the row of its accesses, where these tell it."""


class Tellings:
    """Every changed field that a plan tells, found by the document that it is of."""

    def __init__(self, rows: Rows) -> None:
        # By the kind and name of the document, `*` for any; by the first names of the way to it
        # as well; and by the whole of one that is shorter.
        self._of: dict[Key, list[_Told]] = defaultdict(list)
        self._under: dict[Key, list[_Told]] = defaultdict(list)
        self._short: dict[Key, list[_Told]] = defaultdict(list)
        self._known: dict[tuple[Field, bool], list[_Told]] = {}
        self._rows: dict[tuple[Field, bool, Principal], frozenset[str]] = {}
        self._renamed: dict[str, str] = {}
        for number, names in enumerate(rows.renames):
            self._renamed |= dict.fromkeys(names, f"/renames/{number}")
        self.place = next(
            (d.start for pair in rows.touched for d in reversed(pair) if d), Origin(".")
        )
        for told in _told(rows):
            kind = told.change.document.partition("/")[0]
            for of in ((kind, told.name), (kind, "*")):
                self._of[of].append(told)
                for length in range(1, _NEAR + 1):
                    if length <= len(told.steps):
                        self._under[*of, *told.steps[:length]].append(told)
                if len(told.steps) < _NEAR:
                    self._short[*of, *told.steps].append(told)

    def of(self, parts: Parts, difference: Difference) -> set[str] | None:
        """The rows that say why a part differs; None where none does."""
        origins = parts.origins(difference.key)
        if origins is None:
            return None
        found: set[str] = set()
        principal = _principal(origins.names)
        for fields, words in ((origins.fields, False), (origins.words, True)):
            for field in fields:
                found |= self._telling(field, words, principal)
        if not found and (difference.before is None or difference.after is None):
            found = self._bringing(origins)
        return found or self._renaming(origins, difference)

    def _bringing(self, origins: Origins) -> set[str]:
        """The rows of what a part comes or goes with, where that says none of its fields."""
        own = [
            (told, field)
            for field in (*origins.fields, *origins.words)
            for told in self._matching(field)
            if _holds(told, field)
        ]
        if any(_is_said(told, field) for told, field in own if field not in origins.words):
            return set()
        near = [told for told, _ in own]
        around = [
            told
            for field in origins.around
            for told in self._matching(field)
            if _tells(told, field) or _holds(told, field)
        ]
        principal = _principal(origins.names)
        return {_row(told, principal) for told in (near or around)}

    def _renaming(self, origins: Origins, difference: Difference) -> set[str] | None:
        """The renames of documents that a part is of, or whose names are in it."""
        of = {f"{field.kind}/{field.name}" for field in (*origins.fields, *origins.words)}
        text = f"{difference}"
        return {
            pointer
            for document, pointer in self._renamed.items()
            if document in of or document.partition("/")[2] in text
        } or None

    def _telling(self, field: Field, words: bool, principal: Principal) -> frozenset[str]:
        """The rows that tell a field, where there are several for each principal those of one."""
        key = (field, words, principal)
        if key not in self._rows:
            self._rows[key] = frozenset(_row(each, principal) for each in self._tell(field, words))
        return self._rows[key]

    def _tell(self, field: Field, words: bool) -> list[_Told]:
        if (field, words) not in self._known:
            self._known[field, words] = [
                each
                for each in self._near(field)
                if words == (each.change.concern is Concern.WORDS) and _tells(each, field)
            ]
        return self._known[field, words]

    def _near(self, field: Field) -> Iterable[_Told]:
        """What may tell a field: by the names at the beginning of its path."""
        of = (field.kind, field.name)
        key = (*of, *takewhile(lambda step: "*" not in step, field.steps[:_NEAR]))
        if key == of:
            return self._matching(field)
        shorter = (self._short.get(key[:length], ()) for length in range(2, len(key)))
        return chain(self._under.get(key, ()), *shorter)

    def _matching(self, field: Field) -> Iterable[_Told]:
        return self._of.get((field.kind, field.name), ())


def _told(rows: Rows) -> Iterator[_Told]:
    """Each changed field with the row that tells it: of words, the document's."""
    documents = {each.document: n for n, each in enumerate(rows.documents)}
    beside = {_id(row.change): n for n, row in enumerate(rows.concerns)}
    by_line: dict[tuple[str, str, int], list[int]] = defaultdict(list)
    by_role: dict[str, list[int]] = defaultdict(list)
    for number, change in enumerate(rows.access):
        for cause in change.causes:
            by_line[cause.path, cause.side, cause.line].append(number)
        for role in {p.binding.role for item in change.row.cells for p in (*item.base, *item.head)}:
            by_role[f"Role/{role}"].append(number)
    for field in (found for pair in rows.touched for found in field_changes(*pair)):
        numbers: list[int] = []
        if field.concern is Concern.WORDS:
            first = f"/documents/{documents[field.document]}"
        elif _id(field) in beside:
            first = f"/concerns/{beside[_id(field)]}"
        else:
            numbers = [n for line in lines_of(field) for n in by_line.get(line, ())]
            numbers = numbers or (by_role[field.document] if field.whole == "spec" else [])
            if not numbers or field.concern is not Concern.ACCESS:
                continue
            first = f"/access/{min(numbers)}"
        moved = {
            rows.access[n].row.principal: f"/access/{n}" for n in sorted(numbers, reverse=True)
        }
        name = field.document.partition("/")[2]
        yield _Told(name, field, steps_of(field.field), steps_of(field.whole), first, moved)


def _id(change: FieldChange) -> tuple[str, str, str]:
    return change.concern, change.document, change.field


def _principal(names: Mapping[str, str]) -> Principal:
    """Whom a part is about, by the names in its key; empty where it is about nobody."""
    if "workload" in names:
        return workload(f"{names.get('tenant')}/{names['workload']}")
    if "group" in names:
        return group(names["group"])
    return Principal(names.get("principal", ""))


def _row(told: _Told, principal: Principal) -> str:
    """The row of a telling that is about a principal, or else the first."""
    return told.of.get(principal, told.row)


def _tells(told: _Told, field: Field) -> bool:
    """Whether a telling is of a field, of something in it, or of a whole that says it."""
    if not field.steps:
        return told.whole == ("spec",)
    if not _alike(told.steps, field.steps):
        return False
    rest = field.steps[len(told.steps) :]
    return not rest or _says(told.change.after, rest) or _says(told.change.before, rest)


def _holds(told: _Told, field: Field) -> bool:
    """Whether what came or went as a whole is what a field would be in."""
    return told.whole == ("spec",) or (bool(told.whole) and _alike(told.whole, field.steps))


def _is_said(told: _Told, field: Field) -> bool:
    """Whether it says a field that `_holds` finds it to be around."""
    if told.whole[:1] != field.steps[:1]:
        return any(_says(place.document.raw, field.steps) for place in told.change.places)
    rest = field.steps[len(told.whole) :]
    return any(_says(_at(place), rest) for place in told.change.places)


def _at(place: Place) -> Any:
    """What is at a place; None where that side has nothing there."""
    value: Any = place.document.raw
    for step in place.path:
        if isinstance(value, dict):
            value = value.get(str(step))
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def _alike(one: Key, other: Key) -> bool:
    """Whether one path begins with the other."""
    return all(
        wanted in ("*", step) or (wanted == "[*]" and step.startswith("["))
        for step, wanted in zip(one, other, strict=False)
    )


def _says(value: Any, steps: Key) -> bool:
    """Whether a value of a document has something at a path; `[name]` is an entry of a list with
    that name, or any where they have none."""
    if not steps:
        return value not in (None, [], {})
    first, *rest = steps
    if isinstance(value, list):
        wanted = [each for each in value if _is_named(each, first)]
        return any(_says(each, tuple(rest)) for each in wanted)
    if not isinstance(value, dict):
        return False
    inner = value.values() if first == "*" else [value.get(first)]
    return any(_says(each, tuple(rest)) for each in inner)


def _is_named(entry: Any, step: str) -> bool:
    return (
        step == "[*]" or not isinstance(entry, dict) or f"[{entry.get('name')}]" in (step, "[None]")
    )
