"""Conditions in words: each said once, in the order that a reader asks."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from qgov.model.conditions import (
    NONE,
    ApprovalRule,
    Conditions,
    ElevationWindow,
    Eligibility,
    JobLimits,
)
from qgov.render.conditions import alternatives, in_words, what_differs, what_holds

START, END = datetime(2026, 11, 23, 8, tzinfo=UTC), datetime(2026, 11, 23, 12, tzinfo=UTC)
EACH: dict[str, tuple[Conditions, str]] = {
    "elevation": (
        Conditions(elevation=ElevationWindow(START, END, "ines@acme.example")),
        "elevation 2026-11-23T08:00:00Z to 2026-11-23T12:00:00Z, approved by ines@acme.example",
    ),
    "eligible": (
        Conditions(eligible=Eligibility("leads", 14_400, True)),
        "just in time, approved by leads with a ticket, at most 4h",
    ),
    "own_only": (Conditions(own_only=True), "own jobs only"),
    "mfa": (Conditions(mfa=True), "MFA"),
    "managed_device": (Conditions(managed_device=True), "managed device"),
    "max_token_age_s": (Conditions(max_token_age_s=900), "token at most 15m old"),
    "countries": (Conditions(countries=("DE", "FR")), "from DE, FR"),
    "expires": (Conditions(expires=END), "until 2026-11-23T12:00:00Z"),
    "job": (
        Conditions(job=JobLimits(1000, 2, 3, 4, 5_000_000)),
        "jobs up to 1,000 shots, 2 circuits, 3 qubits, 4 QPU seconds, 5.00 EUR",
    ),
    "budgets": (Conditions(budgets=("a", "b")), "within the budgets a, b"),
    "approvals": (
        Conditions(approvals=(ApprovalRule(50_000_000, "finance", 60, "a"),)),
        "approval by finance above 50.00 EUR",
    ),
}


def test_every_condition_has_its_words() -> None:
    assert set(EACH) == set(Conditions.__struct_fields__)


@pytest.mark.parametrize("name", EACH)
def test_a_condition_is_said_and_so_is_its_end(name: str) -> None:
    conditions, words = EACH[name]

    assert in_words(conditions, "EUR") == [words]
    ((before, gone),) = what_differs((conditions,), (NONE,), "EUR")
    assert before == words
    assert gone not in ("", words)
    assert what_differs((NONE,), (conditions,), "EUR") == [(gone, words)]
    assert what_differs((conditions,), (conditions,), "EUR") == []


@pytest.mark.parametrize(
    ("conditions", "words"),
    [
        (
            Conditions(elevation=ElevationWindow(None, END, None)),
            "elevation until 2026-11-23T12:00:00Z, approved by nobody",
        ),
        (
            Conditions(eligible=Eligibility("leads", 60, False)),
            "just in time, approved by leads, at most 1m",
        ),
        (Conditions(countries=()), "from nowhere"),
        (Conditions(budgets=("a",)), "within the budget a"),
    ],
)
def test_what_is_missing_is_said(conditions: Conditions, words: str) -> None:
    assert in_words(conditions, "EUR") == [words]


def test_several_ways_are_told_whole() -> None:
    one, other = Conditions(mfa=True), Conditions(countries=("DE",))

    assert alternatives((one, NONE), "EUR") == "MFA  or  no condition"
    assert what_holds((one, other), "EUR") == ["MFA  or  from DE"]
    assert what_holds((one & other,), "EUR") == ["MFA", "from DE"]
    assert what_differs((one,), (one, other), "EUR") == [("MFA", "MFA  or  from DE")]


def test_what_several_ways_all_ask_for_is_not_told_as_different() -> None:
    device, short, long = (
        Conditions(managed_device=True),
        Conditions(max_token_age_s=60),
        Conditions(max_token_age_s=120, mfa=True),
    )

    assert what_differs((short & device,), (short & device, long & device), "EUR") == [
        ("token at most 1m old", "token at most 1m old  or  MFA · token at most 2m old")
    ]
    assert what_differs((device & long, device & short), (device,), "EUR") == [
        ("MFA · token at most 2m old  or  token at most 1m old", "no other condition")
    ]
