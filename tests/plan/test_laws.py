"""The algebra of the plan: comparing with itself, both ways round, and in wider scopes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qgov.language.permissions import CATALOGUE
from qgov.model.access_model import Binding, Fact
from qgov.model.accesses import Path, accesses, scopes_at
from qgov.model.conditions import (
    NONE,
    ApprovalRule,
    Conditions,
    ElevationWindow,
    Eligibility,
    JobLimits,
)
from qgov.model.scope import contains
from qgov.plan.changes import Change, classify, difference, options, rows
from tests.strategies import linked, models, repositories

pytestmark = pytest.mark.no_cover  # measuring it would double its time

_TIME = datetime(2026, 11, 23, tzinfo=UTC)
_BINDING = Binding("group:g", "r", "*", None, NONE, Fact("r", None, None))  # type: ignore[arg-type]

PARTS: tuple[dict[str, Any], ...] = (
    {"mfa": True},
    {"managed_device": True},
    {"max_token_age_s": 900},
    {"max_token_age_s": 3600},
    {"countries": ("DE",)},
    {"countries": ("DE", "FR")},
    {"eligible": Eligibility("a", 1, True)},
    {"eligible": Eligibility("a", 2, True)},
    {"eligible": Eligibility("b", 2, False)},
    {"elevation": ElevationWindow(_TIME, _TIME + timedelta(hours=1), "ines")},
    {"elevation": ElevationWindow(_TIME, _TIME + timedelta(hours=1), "tom")},
    {"elevation": ElevationWindow(None, _TIME + timedelta(hours=2), None)},
    {"own_only": True},
    {"job": JobLimits(shots=10)},
    {"job": JobLimits(shots=20)},
    {"budgets": ("a",)},
    {"budgets": ("a", "b")},
    {"approvals": (ApprovalRule(1, "a", 60, "a"),)},
    {"approvals": (ApprovalRule(2, "a", 60, "b"),)},
)
"""Conditions that differ in little, so that one often implies another."""

conditions = st.lists(st.sampled_from(PARTS), max_size=2).map(
    lambda parts: Conditions(**{k: v for part in parts for k, v in part.items()})
)
ways = st.lists(conditions, max_size=4).map(lambda found: tuple(Path(c, _BINDING) for c in found))

_MIRROR = {
    None: None,
    Change.GRANTED: Change.REVOKED,
    Change.REVOKED: Change.GRANTED,
    Change.WIDENED: Change.NARROWED,
    Change.NARROWED: Change.WIDENED,
    Change.CHANGED: Change.CHANGED,
}


@given(ways)
def test_options_are_the_least_strict_ways_and_stand_for_all(paths: tuple[Path, ...]) -> None:
    kept = options(paths)

    assert set(kept) <= {path.conditions for path in paths}
    assert all(any(path.conditions.implies(mine) for mine in kept) for path in paths)
    assert not any(a.implies(b) for a in kept for b in kept if a is not b)
    assert options(tuple(reversed(paths))) == kept, "the order of bindings means nothing"


@given(ways, ways)
def test_a_change_seen_from_the_other_side_is_its_mirror(
    before: tuple[Path, ...], after: tuple[Path, ...]
) -> None:
    old, new = options(before), options(after)

    assert classify(new, old) == _MIRROR[classify(old, new)]
    assert classify(old, old) is None


@given(ways, conditions)
def test_one_more_way_never_narrows_and_one_more_condition_never_widens(
    paths: tuple[Path, ...], more: Conditions
) -> None:
    wider = options((*paths, Path(more, _BINDING)))
    assert classify(options(paths), wider) in (None, Change.GRANTED, Change.WIDENED)

    stricter = options(
        tuple(Path(Conditions(mfa=True, own_only=True) & p.conditions, _BINDING) for p in paths)
    )
    assert classify(options(paths), stricter) in (None, Change.NARROWED)


@settings(max_examples=40, deadline=None)
@given(repositories())
def test_a_repository_does_not_differ_from_itself(files: dict[str, bytes]) -> None:
    assert difference(accesses(linked(files)), accesses(linked(files))) == []


@settings(max_examples=40, deadline=None)
@given(st.data(), st.booleans())
def test_rows_stand_for_exactly_the_accesses_that_differ(data: st.DataObject, whole: bool) -> None:
    base, head = data.draw(models()), data.draw(models())
    changed = difference(accesses(base), accesses(head))
    found = rows(changed, base, head, whole=whole)

    told = [item for row in found for item in row.cells]
    assert sorted(told, key=lambda i: i.cell) == sorted(changed, key=lambda i: i.cell)
    for row in found:
        assert {item.cell.backend for item in row.cells} - {""} == set(row.backends)
        for item in row.cells:
            assert contains(row.scope, item.cell.scope)
            assert (item.cell.principal, item.cell.permission) == (row.principal, row.permission)
            assert (item.change, item.before, item.after) == (row.change, row.before, row.after)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_row_of_a_wider_scope_covers_every_place_below_it(data: st.DataObject) -> None:
    base, head = data.draw(models()), data.draw(models())

    for row in rows(difference(accesses(base), accesses(head)), base, head, whole=True):
        model = base if row.change is Change.REVOKED else head
        places = {item.cell.scope for item in row.cells}
        if row.scope not in places:
            level = CATALOGUE[row.permission].level.depth
            assert places == set(scopes_at(model, row.scope, level))
            assert len(row.cells) == len(places) * max(1, len(row.backends))
