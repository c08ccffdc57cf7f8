"""A value is told as its contract says: field by field, and nothing that is not required."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, NotRequired

import pytest
from typing_extensions import TypedDict

from qgov.contracts.conditions import Conditions as Told
from qgov.contracts.telling import NOT_EMPTY, From, document_text, tell
from qgov.model.conditions import (
    NONE,
    ApprovalRule,
    Conditions,
    ElevationWindow,
    Eligibility,
    JobLimits,
)
from qgov.plan.risk import Risk
from qgov.records import replace

START = datetime(2026, 11, 23, tzinfo=UTC)


class Part(TypedDict):
    name: str


class Whole(TypedDict):
    schema: Literal["qgov/whole/v1"]
    risk: str
    line: Annotated[int, From("part.line")]
    longest: Annotated[int, From(lambda value: len(value.part.name))]
    parts: list[Part]
    perhaps: Part | None
    counted: dict[str, int]
    absent: NotRequired[str]
    said: NotRequired[list[str]]
    empty: NotRequired[Annotated[str, NOT_EMPTY]]
    none: Annotated[str | None, NOT_EMPTY]


@dataclass(frozen=True)
class AnyPart:
    name: str = "a\ud800"
    line: int = 3


@dataclass(frozen=True)
class AnyWhole:
    risk: Risk = Risk.HIGH
    part: AnyPart = AnyPart()
    parts: tuple[Any, ...] = (AnyPart(), {"name": "told", "already": True})
    perhaps: AnyPart | None = None
    counted: dict[str, int] = field(default_factory=lambda: {"b": 1, "a": 2})
    absent: str | None = None
    said: tuple[str, ...] = ()
    empty: str = ""
    none: str = ""
    more: str = "which no contract names"


def test_a_value_is_told_in_the_order_of_its_contract() -> None:
    assert list(tell(Whole, AnyWhole()).items()) == [
        ("schema", "qgov/whole/v1"),
        ("risk", "high"),
        ("line", 3),
        ("longest", 2),
        ("parts", [{"name": "a\ud800"}, {"name": "told", "already": True}]),
        ("perhaps", None),
        ("counted", {"b": 1, "a": 2}),
        ("said", []),
        ("none", None),
    ]


def test_what_is_there_is_told() -> None:
    told = tell(Whole, AnyWhole(perhaps=AnyPart("x"), absent="", empty="e", none="n"))

    assert (told["perhaps"], told["absent"]) == ({"name": "x"}, "")
    assert (told["empty"], told["none"]) == ("e", "n")


def test_what_is_told_shares_nothing_with_the_value() -> None:
    value = AnyWhole()
    tell(Whole, value)["counted"]["c"] = 3

    assert value.counted == {"b": 1, "a": 2}


def test_a_value_without_a_field_is_a_bug() -> None:
    with pytest.raises(AttributeError, match="risk"):
        tell(Whole, AnyPart())


def test_a_document_is_printed_as_it_is_written() -> None:
    assert document_text({"a": [1], "é": None}) == '{\n  "a": [\n    1\n  ],\n  "é": null\n}\n'


def test_conditions_leave_out_what_is_not_required() -> None:
    every = Conditions(
        mfa=True,
        managed_device=True,
        max_token_age_s=60,
        countries=("DE",),
        own_only=True,
        eligible=Eligibility("leads", 3600, ticket=True),
        elevation=ElevationWindow(START, START, "ines@northwind.example"),
        job=JobLimits(shots=5, cost_micros=7),
        budgets=("a",),
        approvals=(ApprovalRule(9, "finance", 60, "a"),),
    )

    assert tell(Told, NONE) == {}
    assert tell(Told, Conditions(countries=(), max_token_age_s=0)) == {
        "max_token_age_s": 0,
        "countries": [],
    }
    assert list(tell(Told, every).items()) == [
        ("mfa", True),
        ("managed_device", True),
        ("max_token_age_s", 60),
        ("countries", ["DE"]),
        ("own_only", True),
        ("job", {"shots": 5, "cost_micros": 7}),
        ("budgets", ["a"]),
        ("eligible", {"approvers": "leads", "max_duration_s": 3600, "ticket": True}),
        (
            "elevation",
            {
                "not_before": "2026-11-23T00:00:00Z",
                "expires": "2026-11-23T00:00:00Z",
                "approved_by": "ines@northwind.example",
            },
        ),
        (
            "approval",
            {"above_micros": 9, "approvers": "finance", "valid_for_s": 60, "budget": "a"},
        ),
    ]
    always = replace(every, elevation=ElevationWindow(None, START, None))
    assert json.loads(document_text(tell(Told, always)))["elevation"] == {
        "expires": "2026-11-23T00:00:00Z",
        "approved_by": None,
    }
