"""Nothing changes unseen: every field of the worked repository, edited, has its place in the
plan.

Each leaf of each document gets other valid values, one edit at a time; of the leaves of one
field the first few. An edit that is more than words is never `equivalent`, and exactly one row
beside access, or rows of access, tell it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, get_args, get_origin

import pytest
import yaml
from pydantic import BaseModel, ValidationError

from qgov.language.concerns import Concern, declared, parts_of
from qgov.language.documents import Document, read_documents
from qgov.language.kinds import KINDS
from qgov.plan import make
from qgov.plan.concerns import concern_rows
from qgov.plan.plan import Plan
from tests.plan.worlds import NOW, sides_of

pytestmark = pytest.mark.no_cover  # measuring it would double its time

ROOT = Path(__file__).parents[2]
FOLDERS = ("budgets", "roles", "tenants", "findings")
FEWEST: Final = 300
EACH: Final = 2
"""Edits of one field of one kind."""

GENERIC: Final = ("2h", "45d", "7.00 EUR", "12%", "3000", "https://other.example", "XX", "other")
Step = str | int


class Leaf(NamedTuple):
    """A value in a document: where it is, which field that is, what it is about."""

    document: Document
    path: tuple[Step, ...]
    field: str
    concern: Concern
    is_key: bool
    annotation: Any


class Edit(NamedTuple):
    """A leaf with another value, and the plan of that."""

    leaf: Leaf
    after: Any
    plan: Plan

    def __str__(self) -> str:
        where = ".".join(map(str, self.leaf.path))
        return f"{self.leaf.document.id} {where} → {self.after!r}"


@cache
def _documents() -> tuple[Document, ...]:
    paths = [ROOT / "qgov.yaml", *(p for f in FOLDERS for p in sorted((ROOT / f).rglob("*.yaml")))]
    documents, findings = read_documents({str(p): p.read_bytes() for p in paths})
    assert not findings
    return documents.valid


def _written(raw: Mapping[str, Any]) -> str:
    """The document with one value a line."""
    return yaml.safe_dump(dict(raw), sort_keys=False, default_flow_style=False, width=1_000)


@cache
def _files() -> Mapping[str, str]:
    return {f"{d.kind}/{d.name}.yaml": _written(d.raw) for d in _documents()}


def _values(value: Any, path: tuple[Step, ...]) -> Iterator[tuple[tuple[Step, ...], Any]]:
    steps = (
        value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    )
    for step in steps:
        yield from _values(value[step], (*path, step))
    if not isinstance(value, dict | list):
        yield path, value


def _leaf(document: Document, path: tuple[Step, ...]) -> Leaf:
    part: type[BaseModel] = KINDS[document.kind]
    names = list[str]()
    concern: Concern | None = None
    key: tuple[str, ...] = ()
    is_key = False
    annotation: Any = None
    rest = list(path)
    while rest:
        alias = rest.pop(0)
        name = next(n for n, i in part.model_fields.items() if alias in (i.alias, n))
        said, annotation = declared(part, name), part.model_fields[name].annotation
        is_key, key = name in key, said.key
        concern = said.concern or concern
        names.append(str(alias))
        if rest and _collects(annotation):
            rest.pop(0)
        part = next(parts_of(annotation), part)
    assert concern is not None
    return Leaf(document, path, ".".join(names), concern, is_key, annotation)


def _collects(annotation: Any) -> bool:
    if get_origin(annotation) in (dict, list):
        return True
    return any(_collects(argument) for argument in get_args(annotation))


@cache
def _leaves() -> tuple[Leaf, ...]:
    return tuple(
        _leaf(document, path)
        for document in _documents()
        for top in ("metadata", "spec")
        for path, _ in _values(document.raw[top], (top,))
        if path != ("metadata", "name")
    )


def _at(value: Any, path: tuple[Step, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


def _words(annotation: Any) -> list[Any]:
    """The words of a closed list."""
    if get_origin(annotation) is Literal:
        return list(get_args(annotation))
    return [word for each in get_args(annotation) for word in _words(each)]


def _others(leaf: Leaf) -> Iterator[Any]:
    """Values that the leaf may have instead."""
    value = _at(leaf.document.raw, leaf.path)
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (value + 1, value - 1, value * 2)
    else:
        alike = (
            o for o in _leaves() if (o.document.kind, o.field) == (leaf.document.kind, leaf.field)
        )
        known = dict.fromkeys(str(_at(o.document.raw, o.path)) for o in alike)
        yield from (
            w for w in (*_words(leaf.annotation), *known, f"{value}x", *GENERIC) if w != value
        )


def _edited(leaf: Leaf) -> Edit | None:
    """The first edit of a leaf that is valid and readable."""
    document = leaf.document
    for after in list(_others(leaf))[:12]:
        raw = deepcopy(document.raw)
        _at(raw, leaf.path[:-1])[leaf.path[-1]] = after
        content = {name: raw[name] for name in ("metadata", "spec")}
        try:
            typed: Any = KINDS[document.kind].model_validate(content)
        except ValidationError:
            continue
        if (typed.metadata, typed.spec) == (document.metadata, document.spec):
            continue
        path = f"{document.kind}/{document.name}.yaml"
        base, head, reach = sides_of(_files(), {**_files(), path: _written(raw)})
        if head.readable:
            return Edit(leaf, after, make.make_plan(base, head, reach, now=NOW))
    return None


def _fault(edit: Edit) -> str:
    """What is wrong with the plan of an edit; empty when it is told as it must be."""
    leaf, plan = edit.leaf, edit.plan
    if leaf.concern is Concern.WORDS:
        return "words have a row" if plan.concerns or plan.access else ""
    if plan.verdict == "equivalent":
        return f"{leaf.concern} is equivalent"
    if any(not row.approvers for row in plan.concerns) or not plan.approvals:
        return "nobody is asked"
    # An entry under another name is one that goes and one that comes, for each concern of it.
    most = 2 * len({row.change.concern for row in plan.concerns}) if leaf.is_key else 1
    fewest = 0 if leaf.concern is Concern.ACCESS and plan.access else 1
    if not fewest <= len(plan.concerns) <= most:
        fields = [row.change.field for row in plan.concerns]
        return f"{len(fields)} rows: {fields}"
    return "" if plan.concerns or plan.access else "no row"


@cache
def _edits() -> tuple[Edit, ...]:
    chosen: dict[tuple[str, str], list[Edit]] = defaultdict(list)
    tried: Counter[tuple[str, str]] = Counter()
    for leaf in _leaves():
        field = (leaf.document.kind, leaf.field)
        if len(chosen[field]) < EACH and tried[field] < 2 * EACH:
            tried[field] += 1
            if (edit := _edited(leaf)) is not None:
                chosen[field].append(edit)
    return tuple(edit for edits in chosen.values() for edit in edits)


def test_every_edit_of_a_field_has_its_place_in_the_plan() -> None:
    edits = _edits()
    counted = Counter(str(edit.leaf.concern) for edit in edits)
    print(f"{len(edits)} edits: {dict(counted)}")  # noqa: T201 - how much was tried

    assert [f"{edit}: {fault}" for edit in edits if (fault := _fault(edit))] == []
    assert len(edits) >= FEWEST
    assert set(counted) == set(map(str, Concern))


@pytest.mark.parametrize("omitted", [c for c in Concern if c is not Concern.WORDS])
def test_a_concern_that_is_left_out_is_found(omitted: Concern, monkeypatch: Any) -> None:
    """The test above sees an omission."""
    edits = (_edited(leaf) for leaf in _leaves() if leaf.concern is omitted and not leaf.is_key)
    first = next(e for e in edits if e and not e.plan.access and len(e.plan.concerns) == 1)
    honest = concern_rows
    monkeypatch.setattr(
        make,
        "concern_rows",
        lambda *given: [row for row in honest(*given) if row.change.concern is not omitted],
    )
    found = _edited(first.leaf)

    assert found is not None
    assert _fault(found)
