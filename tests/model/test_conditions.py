"""Conditions only ever add up, in any order, and implication orders them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qgov.model.conditions import (
    NONE,
    ApprovalRule,
    Conditions,
    ElevationWindow,
    Eligibility,
    JobLimits,
)
from qgov.records import replace

_BOUND = st.none() | st.integers(1, 3)
_LIMITS = st.builds(JobLimits, _BOUND, _BOUND, _BOUND, _BOUND, _BOUND)
_COUNTRIES = st.none() | st.sets(st.sampled_from(["DE", "FI", "FR"])).map(
    lambda found: tuple(sorted(found))
)
_BUDGETS = st.sets(st.sampled_from(["a", "b", "c"])).map(lambda found: tuple(sorted(found)))

FLOORS = st.builds(
    Conditions,
    mfa=st.booleans(),
    managed_device=st.booleans(),
    max_token_age_s=_BOUND,
    countries=_COUNTRIES,
    own_only=st.booleans(),
    job=_LIMITS,
    budgets=_BUDGETS,
)
"""What floors, roles and bindings say; the rest is set once, by the fold."""

_START = datetime(2026, 11, 23, tzinfo=UTC)
_INSTANT = st.integers(0, 2).map(lambda hours: _START + timedelta(hours=hours))
FULL = st.builds(
    replace,
    FLOORS,
    eligible=st.none()
    | st.builds(Eligibility, st.sampled_from(["x", "y"]), st.integers(1, 3), st.booleans()),
    elevation=st.none()
    | st.builds(ElevationWindow, st.none() | _INSTANT, _INSTANT, st.just("ines@northwind.example")),
    approvals=st.lists(
        st.builds(
            ApprovalRule,
            st.integers(0, 2),
            st.sampled_from(["x", "y"]),
            st.integers(1, 2),
            st.just("budget"),
        ),
        unique_by=lambda rule: rule.approvers,
    ).map(lambda rules: tuple(sorted(rules, key=lambda rule: rule.approvers))),
)
"""Everything, with one rule of each group of approvers, in an order: none implies another."""


@given(FLOORS, FLOORS, FLOORS)
def test_the_fold_has_no_order(a: Conditions, b: Conditions, c: Conditions) -> None:
    assert a & b == b & a
    assert (a & b) & c == a & (b & c)


@given(FULL)
def test_the_fold_of_the_same_is_the_same(a: Conditions) -> None:
    assert a & a == a
    assert a & NONE == NONE & a == a


@given(FULL, FLOORS)
def test_both_together_are_as_strict_as_each(a: Conditions, b: Conditions) -> None:
    assert (a & b).implies(a)
    assert (a & b).implies(b)


@given(FLOORS, FLOORS, FLOORS)
def test_both_together_are_no_stricter_than_needed(
    a: Conditions, b: Conditions, c: Conditions
) -> None:
    assert (c.implies(a) and c.implies(b)) == c.implies(a & b)


@given(FULL)
def test_everything_implies_itself_and_nothing_required(a: Conditions) -> None:
    assert a.implies(a)
    assert a.implies(NONE)
    assert NONE.implies(a) == (a == NONE)


@given(FULL, FULL)
def test_two_that_imply_each_other_are_equal(a: Conditions, b: Conditions) -> None:
    if a.implies(b) and b.implies(a):
        assert a == b


@given(FULL, FULL, FLOORS, FLOORS)
def test_implication_is_transitive(
    a: Conditions, b: Conditions, f: Conditions, g: Conditions
) -> None:
    found = [a, a & f, a & f & g, b, NONE]

    for x, y, z in product(found, repeat=3):
        if x.implies(y) and y.implies(z):
            assert x.implies(z)


@given(FLOORS, FLOORS)
def test_implication_is_what_the_fold_leaves_as_it_is(a: Conditions, b: Conditions) -> None:
    assert a.implies(b) == (a & b == a)


@pytest.mark.parametrize(
    ("stricter", "weaker"),
    [
        (Conditions(mfa=True), NONE),
        (Conditions(managed_device=True), NONE),
        (Conditions(own_only=True), NONE),
        (Conditions(max_token_age_s=1), Conditions(max_token_age_s=2)),
        (Conditions(max_token_age_s=1), NONE),
        (Conditions(countries=()), Conditions(countries=("DE",))),
        (Conditions(countries=("DE",)), Conditions(countries=("DE", "FI"))),
        (Conditions(job=JobLimits(shots=1)), Conditions(job=JobLimits(shots=2))),
        (Conditions(job=JobLimits(cost_micros=1)), NONE),
        (Conditions(budgets=("a", "b")), Conditions(budgets=("a",))),
        (
            Conditions(eligible=Eligibility("x", 1, ticket=True)),
            Conditions(eligible=Eligibility("x", 1, ticket=False)),
        ),
        (Conditions(eligible=Eligibility("x", 1, ticket=True)), NONE),
        (
            Conditions(elevation=ElevationWindow(_START, _START, None)),
            Conditions(elevation=ElevationWindow(None, _START, None)),
        ),
        (
            Conditions(elevation=ElevationWindow(_START, _START, None)),
            Conditions(elevation=ElevationWindow(_START, _START + timedelta(hours=1), None)),
        ),
        (
            Conditions(approvals=(ApprovalRule(1, "x", 1, "b"),)),
            Conditions(approvals=(ApprovalRule(2, "x", 1, "b"),)),
        ),
    ],
)
def test_each_condition_counts(stricter: Conditions, weaker: Conditions) -> None:
    assert stricter.implies(weaker)
    assert not weaker.implies(stricter)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Conditions(mfa=True), Conditions(managed_device=True)),
        (Conditions(countries=("DE",)), Conditions(countries=("FI",))),
        (
            Conditions(eligible=Eligibility("x", 1, ticket=True)),
            Conditions(eligible=Eligibility("y", 1, ticket=True)),
        ),
        (
            Conditions(approvals=(ApprovalRule(1, "x", 1, "b"),)),
            Conditions(approvals=(ApprovalRule(1, "y", 1, "b"),)),
        ),
    ],
)
def test_what_cannot_be_compared_is_not_ordered(one: Conditions, other: Conditions) -> None:
    assert not one.implies(other)
    assert not other.implies(one)
