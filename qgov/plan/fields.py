"""What changed in the documents, field by field: each change once, with what it is about and
whether it is looser or stricter.

Two documents are compared by what they mean: a default written out, an order of names, a move
are no change. Entries of a list are matched by what the language declares to make them the same
(`KeyedBy`). What comes or goes whole is one change for as long as it is about one thing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from qgov.finding import Origin
from qgov.language.concerns import Concern, Declared, Looser, declared
from qgov.language.documents import Document
from qgov.language.kinds import KINDS
from qgov.language.written import plain, written
from qgov.plan.directions import Direction, direction_of, of_entry, of_presence
from qgov.plan.entries import keyed, renamed_entries, renamed_keys
from qgov.records import replace

__all__ = ["FieldChange", "Place", "field_changes"]


class FieldChange(Struct, frozen=True):
    """A field that means something other than before.

    `names` is the way to it, entries by what names them, and `field` says that for people
    (`spec.quotas[shots job].limit`); `before` and `after` are its values in the language's
    words, None where there is none; `origin` is its line at the head or, when it is gone
    (`side`), at the base.
    """

    concern: Concern
    document: str
    names: tuple[str, ...]
    field: str
    before: Any
    after: Any
    direction: Direction
    origin: Origin
    side: str
    whole: str = ""
    """The outermost part that comes or goes with it (`spec`: the document); empty where the
    field alone changes."""
    places: tuple[Place, ...] = ()
    """What changes as a whole, or the field, on the sides that have it."""


class Place(Struct, frozen=True):
    """Where a value of a document is, on one side."""

    side: str
    document: Document
    path: tuple[str | int, ...]


class _At(Struct, frozen=True):
    """Where the comparison is: in which documents, by which path on each side. `outer` is the
    part that came or went with all that is in it."""

    old: Document | None
    new: Document | None
    old_path: tuple[str | int, ...] = ()
    new_path: tuple[str | int, ...] = ()
    names: tuple[str, ...] = ()
    outer: _At | None = None

    @property
    def label(self) -> str:
        text = ""
        for name, step in zip(self.names, self.new_path, strict=True):
            text += f"[{name}]" if isinstance(step, int) else f".{name}" if text else name
        return text

    def field(self, alias: str) -> _At:
        return replace(
            self,
            old_path=(*self.old_path, alias),
            new_path=(*self.new_path, alias),
            names=(*self.names, alias),
        )

    def entry(self, name: str, old: int | str, new: int | str) -> _At:
        return replace(
            self,
            old_path=(*self.old_path, old),
            new_path=(*self.new_path, new),
            names=(*self.names, name),
        )

    def change(
        self, concern: Concern, before: Any, after: Any, direction: Direction
    ) -> FieldChange:
        gone = after is None and before is not None
        document = self.old if (gone and self.old) or self.new is None else self.new
        path = self.old_path if document is self.old else self.new_path
        assert document is not None
        return FieldChange(
            concern,
            (self.new or document).id,
            self.names,
            self.label,
            before,
            after,
            direction,
            document.at(*path),
            "base" if document is self.old else "head",
            self.outer.label if self.outer else "",
            self._places(gone=after is None),
        )

    def _places(self, *, gone: bool) -> tuple[Place, ...]:
        outer = self.outer or self
        sides = (("base", self.old, outer.old_path), ("head", self.new, outer.new_path))
        # An entry of a list that came or went has no place on the other side; the entry
        # around any other part has.
        alone = isinstance(outer.new_path[-1], int)
        only = ("base" if gone else "head") if self.outer is not None and alone else ""
        return tuple(
            Place(side, document, path)
            for side, document, path in sides
            if document is not None and only in ("", side)
        )


def field_changes(old: Document | None, new: Document | None) -> list[FieldChange]:
    """Every field that differs between two versions of a document; None: it is not there."""
    kind = KINDS[(new or old).kind]  # type: ignore[union-attr] # one of them is there
    at = _At(old, new)
    if old is None or new is None:
        presence: Looser = getattr(kind, "looser", Looser.DIFFERENT)
        direction = of_presence(presence, appears=old is None)
        spec = (new or old).spec  # type: ignore[union-attr]
        return list(_whole(spec, None, at.field("spec"), direction, gone=new is None))
    found = list(_parts(type(new.metadata), old.metadata, new.metadata, None, at.field("metadata")))
    # A document under another name is a rename, which the plan tells as one.
    found = [change for change in found if change.field != "metadata.name"]
    return [*found, *_parts(type(new.spec), old.spec, new.spec, None, at.field("spec"))]


def _parts(
    part: type[BaseModel], old: Any, new: Any, outer: Concern | None, at: _At
) -> Iterator[FieldChange]:
    """The fields of a part that is on both sides."""
    for name, info in part.model_fields.items():
        before, after = getattr(old, name), getattr(new, name)
        if before == after:
            continue
        said = declared(part, name)
        said = replace(said, concern=said.concern or outer)
        yield from _field(info, said, before, after, at.field(info.alias or name))


def _field(
    info: FieldInfo, said: Declared, before: Any, after: Any, at: _At
) -> Iterator[FieldChange]:
    one = before or after
    if isinstance(one, dict):
        yield from _mapping(info, said, before or {}, after or {}, at)
    elif isinstance(one, list) and any(isinstance(item, BaseModel) for item in one):
        yield from _entries(said, before, after, at)
    elif isinstance(one, BaseModel):
        if before is None or after is None:
            direction = of_presence(said.looser, appears=before is None)
            yield from _whole(one, said.concern, at, direction, gone=after is None)
        else:
            yield from _parts(type(one), before, after, said.concern, at)
    elif not isinstance(one, list) or before is None or after is None or {*before} != {*after}:
        direction = direction_of(said.looser, before, after, info.annotation)
        yield at.change(
            _concern(said.concern), written(before, info), written(after, info), direction
        )


def _mapping(
    info: FieldInfo, said: Declared, before: dict[str, Any], after: dict[str, Any], at: _At
) -> Iterator[FieldChange]:
    for was, key in renamed_keys(before, after):
        yield from _renamed(before[was], after[key], was, key, said, at.entry(key, was, key))
        before = {k: v for k, v in before.items() if k != was}
        after = {k: v for k, v in after.items() if k != key}
    for key in sorted({*before, *after}, key=str):
        old, new, here = before.get(key), after.get(key), at.entry(str(key), str(key), str(key))
        if old == new:
            continue
        one = old if old is not None else new
        if isinstance(one, BaseModel):
            entry = replace(said, looser=of_entry(said.looser))
            yield from _field(info, entry, old, new, here)
        else:
            yield from _field(info, replace(said, looser=Looser.DIFFERENT), old, new, here)


def _entries(said: Declared, before: list[Any], after: list[Any], at: _At) -> Iterator[FieldChange]:
    """Entries that are the same by their key, in order where several have one; then what is on
    one side alone."""
    pairs = renamed_entries(said.key, before, after)
    for i, j in pairs:
        name = after[j].name
        yield from _renamed(before[i], after[j], before[i].name, name, said, at.entry(name, i, j))
    old = keyed(said.key, before, {i for i, _ in pairs})
    new = keyed(said.key, after, {j for _, j in pairs})
    for key in sorted({*old, *new}):
        ours, theirs = old.get(key, []), new.get(key, [])
        common = [i for i in ours if any(before[i] == after[j] for j in theirs)]
        gone = [i for i in ours if i not in common]
        come = [j for j in theirs if not any(before[i] == after[j] for i in common)]
        name = " ".join(key)
        for i, j in zip(gone, come, strict=False):
            yield from _parts(
                type(after[j]), before[i], after[j], said.concern, at.entry(name, i, j)
            )
        for i in gone[len(come) :]:
            direction = of_presence(of_entry(said.looser), appears=False)
            here = at.entry(name, i, i)
            yield from _whole(before[i], said.concern, here, direction, gone=True)
        for j in come[len(gone) :]:
            direction = of_presence(of_entry(said.looser), appears=True)
            here = at.entry(name, j, j)
            yield from _whole(after[j], said.concern, here, direction, gone=False)


def _renamed(
    before: Any, after: Any, was: str, name: str, said: Declared, at: _At
) -> Iterator[FieldChange]:
    """An entry under another name: that, and what else is different."""
    yield at.change(Concern.OPERATIONS, was, name, Direction.DIFFERENT)
    same = {"previously": before.previously}
    same |= {"name": was} if hasattr(before, "name") else {}
    yield from _parts(type(after), before, after.model_copy(update=same), said.concern, at)


def _whole(
    part: BaseModel, outer: Concern | None, at: _At, direction: Direction, *, gone: bool
) -> Iterator[FieldChange]:
    """A part that comes or goes: one change for each thing that its fields are about."""
    at = at if at.outer else replace(at, outer=at)
    about = {*_about(part, outer)} - {Concern.WORDS}
    if len(about) <= 1:
        concern = about.pop() if about else Concern.WORDS
        yield at.change(concern, *_sides(plain(part), gone=gone), direction)
        return
    own: dict[Concern, dict[str, Any]] = {}
    for name, info, said, value in _said(part, outer):
        here = at.field(info.alias or name)
        inner = list(_inner(value, said, here))
        for each, there in inner:
            yield from _whole(each, said.concern, there, direction, gone=gone)
        if not inner:
            own.setdefault(_concern(said.concern), {})[info.alias or name] = written(value, info)
    for concern, values in own.items():
        yield at.change(concern, *_sides(values, gone=gone), direction)


def _sides(value: Any, *, gone: bool) -> tuple[Any, Any]:
    return (value, None) if gone else (None, value)


def _said(part: BaseModel, outer: Concern | None) -> Iterator[tuple[str, FieldInfo, Declared, Any]]:
    """The fields of a part that the document says, with what is declared of each."""
    for name, info in type(part).model_fields.items():
        if name in part.model_fields_set and (value := getattr(part, name)) not in (None, [], {}):
            said = declared(type(part), name)
            yield name, info, replace(said, concern=said.concern or outer), value


def _inner(value: Any, said: Declared, at: _At) -> Iterator[tuple[BaseModel, _At]]:
    """The parts inside of a field's value, and where each is."""
    if isinstance(value, BaseModel):
        yield value, at
    elif isinstance(value, dict):
        for key, each in value.items():
            if isinstance(each, BaseModel):
                yield each, at.entry(str(key), str(key), str(key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            if isinstance(each, BaseModel):
                name = " ".join(next(iter(keyed(said.key, [each])))) or str(index)
                yield each, at.entry(name, index, index)


def _about(part: BaseModel, outer: Concern | None) -> Iterator[Concern]:
    """What the fields that are said are about."""
    nowhere = _At(None, None)
    for _, _, said, value in _said(part, outer):
        inner = list(_inner(value, said, nowhere))
        for each, _ in inner:
            yield from _about(each, said.concern)
        if not inner:
            yield _concern(said.concern)


def _concern(concern: Concern | None) -> Concern:
    assert concern is not None, "every field has a concern (a test walks them all)"
    return concern
