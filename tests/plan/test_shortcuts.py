"""A plan says the same to the byte whatever is shared, skipped or kept to make it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path as Folder
from typing import Any, Final
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qgov import pipeline, targets
from qgov.language.permissions import CATALOGUE
from qgov.model import because
from qgov.model.accesses import AccessTable, Cell, Path
from qgov.model.because import Differing, Grounds, _parts
from qgov.plan import changes
from qgov.plan.changes import _compared, _Comparison
from qgov.plan.make import make_plan
from qgov.plan.sides import load_cached, load_sides
from qgov.render.plan_json import as_json
from qgov.targets.sections import Section, View
from tests.forked import forked
from tests.plan.worlds import BASELINE, NOW, changed, snapshot
from tests.strategies import floors, repositories

pytestmark = pytest.mark.no_cover  # measuring it would double its time

Files = Mapping[str, str]


@contextmanager
def _the_long_way() -> Iterator[None]:
    """Each side is linked, folded and outlined by itself, whole, and compared cell by cell."""
    with (
        patch.object(pipeline, "link_roles", lambda *_: None),
        patch.object(AccessTable, "share", lambda *_: None),
        patch.object(AccessTable, "__len__", lambda table: len([*table])),
        patch.object(_Comparison, "__call__", lambda _, old, new: _compared(old, new)),
        patch.object(changes, "_to_compare", lambda base, head, _: {*base, *head}),
        patch.object(View, "__call__", lambda view, *_, **__: view._model),
        patch.object(targets, "_made", _made_whole),
        patch.object(Grounds, "differing", _compared_afresh),
        patch.object(because, "_READS", dict.fromkeys(because._READS, ("_derived",))),
        patch.object(because, "_OF_TENANT", frozenset()),
    ):
        yield


def _made_whole(section: Section, views: Sequence[View | None], whole: Sequence[bool]) -> list[Any]:
    """What a section makes of both models, without a look at how these differ."""
    return [
        section.of(view._model) if view is not None and compiled else {}
        for view, compiled in zip(views, whole, strict=True)
    ]


def _compared_afresh(grounds: Grounds, cell: Cell, paths: Iterable[Path]) -> list[Differing]:
    """The parts of what an access rests on, each compared anew, so that no two are one object."""
    found = [grounds._compared(*part) for part in _parts(cell, paths)]
    _ALIVE.extend(found)
    return [part for part in found if part]


_ALIVE: Final[list[Differing]] = []
"""Causes are known by the objects that they come from, which must not be freed."""


def _plan(before: Files, after: Files, kept: Folder | None = None) -> str:
    """The plan of a change that reaches everything, as JSON."""
    sides = snapshot(before), snapshot(after)
    if kept is None:
        base, head, reach = load_sides(*sides, {}, NOW, whole=True)
    else:
        base, head, reach = load_cached(kept, *sides, NOW, whole=True)
    if not (base.readable and head.readable):
        return repr((base.findings, head.findings))
    return as_json(make_plan(base, head, reach, now=NOW))


def _is_the_same(before: Files, after: Files) -> None:
    with _the_long_way():
        expected = _plan(before, after)
        _ALIVE.clear()
    with tempfile.TemporaryDirectory() as folder:
        kept = Folder(folder)
        assert _plan(before, after, kept) == expected
        assert _plan(before, after, kept) == expected  # from what is kept now
        assert {path.name for path in kept.iterdir()} == {"index.json", "values.json"}
    with forked() as children:
        assert _plan(before, after) == expected
    # At least one for what is read of each side.
    assert len(children) >= 2


@st.composite
def _far_changes(draw: st.DrawFn) -> tuple[Files, Files]:
    """A repository, and the same with a permission of a role more or less, with the roles or the
    organization of another, or with other floors of its organization."""
    before = {path: data.decode() for path, data in draw(repositories()).items()}
    other = {path: data.decode() for path, data in draw(repositories()).items()}
    roles = sorted(path for path in before if path.startswith("roles/"))
    path = draw(st.sampled_from([*roles, "qgov.yaml"]))
    if path in other and draw(st.booleans()):
        return before, {**before, path: other[path]}
    if path == "qgov.yaml":
        organization = json.loads(before[path])
        organization["spec"]["floors"] = draw(floors())
        organization["spec"]["tiers"]["production"]["floors"] = draw(floors())
        return before, {**before, path: json.dumps(organization)}
    path, permission = draw(st.sampled_from(roles)), draw(st.sampled_from(sorted(CATALOGUE)))
    return before, {**before, path: before[path].replace('"job:submit"', f'"{permission}"')}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_far_changes())
def test_a_plan_is_the_same_whatever_is_shared(pair: tuple[Files, Files]) -> None:
    _is_the_same(*pair)


@pytest.mark.parametrize(
    "edit",
    [
        {"qgov.yaml": {"maxTokenAge: 12h": "maxTokenAge: 10h"}},
        {"qgov.yaml": {"maxTokenAge: 12h": "maxTokenAge: 5m"}},
        {"qgov.yaml": {"realms/quantum,": "realms/others,"}},
        {"roles/developer.yaml": {"metadata: {": "metadata: {title: Other, "}},
    ],
    ids=["a floor", "a floor below all others", "an issuer", "a title"],
)
def test_so_is_the_plan_of_the_small_company(edit: dict[str, dict[str, str]]) -> None:
    _is_the_same(BASELINE, changed(BASELINE, edit))
