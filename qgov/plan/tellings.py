"""Which row of a plan tells of which field: what an artifact's part that differs is held to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import product, takewhile
from typing import Any, Final, NamedTuple, TypeVar

from msgspec import Struct

from qgov.finding import Origin
from qgov.language.concerns import Concern
from qgov.language.documents import Document
from qgov.model.principal import Principal, group, workload
from qgov.model.scope import tenant_of
from qgov.plan.concerns import ConcernRow, lines_of
from qgov.plan.documents import DocumentChange
from qgov.plan.fields import FieldChange, Place, field_changes
from qgov.plan.plan import AccessChange
from qgov.plan.said import alike, says, texts
from qgov.targets.parts import Difference, Field, Key, Origins, Parts, steps_of

__all__ = ["Rows", "Tellings"]


N = TypeVar("N")


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
    tenants: frozenset[str]
    """The tenants that the document is about; none where it may be about any."""


class _Rows(NamedTuple):
    """The rows that tell a field: all of them, those about no principal, each principal's, and
    those about no principal by what their documents name."""

    all: frozenset[str]
    general: frozenset[str]
    own: Mapping[Principal, frozenset[str]]
    naming: Mapping[str, frozenset[str]]

    def about(self, principal: Principal, named: str) -> frozenset[str]:
        """Those that may say why a part differs that is about a principal, or about nobody."""
        if not principal:
            return self.all
        general = self.general if named == _ANY else self.naming.get(named, frozenset())
        return general | self.own.get(principal, frozenset())


_ANY: Final = "*"


class Tellings:
    """Every changed field that a plan tells, found by the document that it is of."""

    def __init__(self, rows: Rows) -> None:
        # By the tenant that the document is about, `*` for all, and its kind and name, `*` for any;
        # by the first names of the way to it as well; and by the whole of one that is shorter.
        self._of: dict[Key, list[_Told]] = defaultdict(list)
        self._under: dict[Key, list[_Told]] = defaultdict(list)
        self._short: dict[Key, list[_Told]] = defaultdict(list)
        self._known: dict[tuple[Field, bool, tuple[str, ...]], _Rows] = {}
        self._texts: dict[int, frozenset[str]] = {}
        self._renamed: dict[str, str] = {}
        for number, names in enumerate(rows.renames):
            self._renamed |= dict.fromkeys(names, f"/renames/{number}")
        self.place = next(
            (d.start for pair in rows.touched for d in reversed(pair) if d), Origin(".")
        )
        for told in _told(rows):
            kind = told.change.document.partition("/")[0]
            for of in product((_ANY, *(told.tenants or ("",))), (kind,), (told.name, _ANY)):
                self._of[of].append(told)
                for length in range(1, _NEAR + 1):
                    if length <= len(told.steps):
                        self._under[*of, *told.steps[:length]].append(told)
                if len(told.steps) < _NEAR:
                    self._short[*of, *told.steps].append(told)
        self._by_tenant = {kind for tenant, kind, *_ in self._of if tenant not in ("", _ANY)}

    def of(self, parts: Parts, difference: Difference) -> set[str] | None:
        """The rows that say why a part differs, where there are several those about the principal
        and the tenant in its key; None where none does."""
        origins = parts.origins(difference.key)
        if origins is None:
            return None
        principal = _principal(origins.names)
        tenant = origins.names.get("tenant", _ANY)
        found = self._telling(origins, tenant, principal) or self._telling(origins, _ANY, _NOBODY)
        if not found and (difference.before is None or difference.after is None):
            around = tuple(parts.around(difference.key))
            found = self._bringing(origins, around, tenant) or self._bringing(origins, around, _ANY)
        return found or self._renaming(origins, difference)

    def _bringing(self, origins: Origins, around: Iterable[Field], tenant: str) -> set[str]:
        """The rows of what a part comes or goes with, where that says none of its fields."""
        own = [
            (told, field)
            for field in (*origins.fields, *origins.words)
            for told in self._matching(field, tenant)
            if _holds(told, field)
        ]
        if any(_is_said(told, field) for told, field in own if field not in origins.words):
            return set()
        near = [told for told, _ in own]
        near = near or [
            told
            for field in around
            for told in self._matching(field, tenant)
            if _tells(told, field) or _holds(told, field)
        ]
        principal = _principal(origins.names)
        return {told.of.get(principal, told.row) for told in near}

    def _renaming(self, origins: Origins, difference: Difference) -> set[str] | None:
        """The renames of documents that a part is of, or whose names are in it."""
        of = {f"{field.kind}/{field.name}" for field in (*origins.fields, *origins.words)}
        text = f"{difference}"
        return {
            pointer
            for document, pointer in self._renamed.items()
            if document in of or document.partition("/")[2] in text
        } or None

    def _telling(self, origins: Origins, tenant: str, principal: Principal) -> set[str]:
        """The rows that tell the fields of a part, and may be about a tenant and a principal."""
        found: set[str] = set()
        for fields, words in ((origins.fields, False), (origins.words, True)):
            for field in fields:
                rows = self._tell(field, words, self._filed(field, tenant))
                found |= rows.about(principal, field.named)
        return found

    def _filed(self, field: Field, tenant: str) -> tuple[str, ...]:
        """Under which tenants what may tell a field of some tenant is filed."""
        return ("", tenant) if tenant != _ANY and field.kind in self._by_tenant else (_ANY,)

    def _tell(self, field: Field, words: bool, filed: tuple[str, ...]) -> _Rows:
        key = (field, words, filed)
        if (found := self._known.get(key)) is None:
            if field.named not in (_ANY, ""):  # one for whatever is named
                found = self._tell(field._replace(named=""), words, filed)
            else:
                tellings = [
                    each
                    for each in self._near(field, filed)
                    if words == (each.change.concern is Concern.WORDS) and _tells(each, field)
                ]
                found = _rows(tellings, None if field.named == _ANY else self._names)
            self._known[key] = found
        return found

    def _names(self, told: _Told) -> frozenset[str]:
        """The texts in the documents of a telling, on both sides: names are among them."""
        found: frozenset[str] = frozenset()
        for document in (place.document for place in told.change.places):
            if id(document) not in self._texts:
                self._texts[id(document)] = frozenset(texts(document.raw))
            found |= self._texts[id(document)]
        return found

    def _near(self, field: Field, filed: tuple[str, ...]) -> Iterator[_Told]:
        """What may tell a field: by the names at the beginning of its path."""
        names = tuple(takewhile(lambda step: "*" not in step, field.steps[:_NEAR]))
        for tenant in filed:
            of = (tenant, field.kind, field.name)
            if not names:
                yield from self._of.get(of, ())
            else:
                yield from self._under.get((*of, *names), ())
            for length in range(len(names)):
                yield from self._short.get((*of, *names[:length]), ())

    def _matching(self, field: Field, tenant: str) -> Iterator[_Told]:
        for filed in self._filed(field, tenant):
            yield from self._of.get((filed, field.kind, field.name), ())


_NOBODY: Final = Principal("")


def _rows(tellings: Iterable[_Told], names: Callable[[_Told], Iterable[str]] | None) -> _Rows:
    """The rows of tellings; with what gives the names in their documents, by these too."""
    all_: set[str] = set()
    general: set[str] = set()
    own: dict[Principal, set[str]] = defaultdict(set)
    naming: dict[str, set[str]] = defaultdict(set)
    for told in tellings:
        all_.add(told.row)
        for principal, row in told.of.items():
            own[principal].add(row)
        if not told.of:
            general.add(told.row)
            for name in names(told) if names else ():
                naming[name].add(told.row)
    return _Rows(frozenset(all_), frozenset(general), _frozen(own), _frozen(naming))


def _frozen(sets: Mapping[N, set[str]]) -> Mapping[N, frozenset[str]]:
    return {name: frozenset(rows) for name, rows in sets.items()}


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
        steps, whole = steps_of(field.field), steps_of(field.whole)
        yield _Told(name, field, steps, whole, first, moved, _tenants(field))


def _tenants(change: FieldChange) -> frozenset[str]:
    """The tenants of the scopes that a document has on both sides; none where one may be any."""
    specs = (place.document.raw.get("spec") for place in change.places)
    scopes = [spec.get("scope") if isinstance(spec, dict) else None for spec in specs]
    found = {tenant_of(scope) if isinstance(scope, str) else "" for scope in scopes}
    return frozenset() if "" in found else frozenset(found)


def _id(change: FieldChange) -> tuple[str, str, str]:
    return change.concern, change.document, change.field


def _principal(names: Mapping[str, str]) -> Principal:
    """Whom a part is about, by the names in its key; empty where it is about nobody."""
    if "workload" in names:
        return workload(f"{names.get('tenant')}/{names['workload']}")
    if "group" in names:
        return group(names["group"])
    return Principal(names["principal"]) if "principal" in names else _NOBODY


def _tells(told: _Told, field: Field) -> bool:
    """Whether a telling is of a field, of something in it, or of a whole that says it."""
    if not field.steps:
        return told.whole == ("spec",)
    if not alike(told.steps, field.steps):
        return False
    rest = field.steps[len(told.steps) :]
    return not rest or says(told.change.after, rest) or says(told.change.before, rest)


def _holds(told: _Told, field: Field) -> bool:
    """Whether what came or went as a whole is what a field would be in."""
    return told.whole == ("spec",) or (bool(told.whole) and alike(told.whole, field.steps))


def _is_said(told: _Told, field: Field) -> bool:
    """Whether it says a field that `_holds` finds it to be around."""
    if told.whole[:1] != field.steps[:1]:
        return any(says(place.document.raw, field.steps) for place in told.change.places)
    rest = field.steps[len(told.whole) :]
    return any(says(_at(place), rest) for place in told.change.places)


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
