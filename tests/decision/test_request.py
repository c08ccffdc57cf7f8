"""How a request is read, and written again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from qgov.decision.request import (
    MAX_COUNT,
    GivenApproval,
    GivenElevation,
    JobSize,
    Request,
    Resource,
    Subject,
)
from tests.decision.harness import DEVELOPER, PIPELINE, approval, asking, elevation


@pytest.mark.parametrize(
    ("place", "given", "read"),
    [
        ("mfa", 1, None),
        ("country", "", None),
        ("country", "x" * 1001, None),
        ("country", "D\u200bE", None),
        ("time", "2026-01-01T13:00:00.9+01:00", "2026-01-01T12:00:00+00:00"),
        ("time", "1969-12-31T23:59:59Z", None),
        ("time", "2262-01-01T00:00:00Z", None),
        ("job", {"shots": -1, "circuits": True, "qubits": 2.0, "estimated_cost_micros": "1"}, {}),
        ("job", {"shots": MAX_COUNT, "qubits": MAX_COUNT + 1}, {"shots": MAX_COUNT}),
        ("job", {"estimated_qpu_seconds": 0.1}, {"estimated_qpu_seconds": 1}),
        ("usage", {"": {}, "b": {"shots/day": 0.5, "qpuSeconds/day": 0.5}, "c": 3}, None),
        ("token", {"kind": "oidc", "secret": "s", "issued_at": 3}, {"kind": "oidc"}),
    ],
)
def test_a_field_of_another_type_is_left_out(place: str, given: Any, read: Any) -> None:
    context = Request.from_json({"context": {place: given}}).to_json()["context"]

    wanted = {"b": {"qpuSeconds/day": 1}, "c": {}} if place == "usage" else read
    assert context.get(place) == wanted


def test_what_nobody_knows_is_left_out() -> None:
    odd = {"subject": {"id": "x", "properties": {"id": "y", "admin": True}}, "root": True}

    assert Request.from_json(odd) == Request.from_json({"subject": {"id": "x"}})


@pytest.mark.parametrize("given", [None, [], "x", {"subject": []}, {"context": {"job": "x"}}])
def test_nothing_is_too_odd_to_be_read(given: Any) -> None:
    assert Request.from_json(given) == Request(elevations=(), approvals=(), job=JobSize(), usage={})


def test_an_elevation_or_approval_with_a_spoilt_field_is_left_out_whole() -> None:
    held = [elevation(), {**elevation(), "ticket": ""}, {**elevation(), "ticket": None}]
    given = [approval(), {**approval(), "max_cost_micros": -1}]
    read = Request.from_json(asking(DEVELOPER, elevations=held, approvals=given))

    assert read.elevations is not None
    assert [each.ticket for each in read.elevations] == [elevation()["ticket"], None]
    assert read.approvals is not None
    assert len(read.approvals) == 1


@pytest.mark.parametrize("asked", [DEVELOPER, PIPELINE], ids=["developer", "pipeline"])
def test_what_was_read_is_read_the_same_again(asked: dict[str, Any]) -> None:
    read = Request.from_json(asked)

    assert Request.from_json(read.to_json()) == read


def test_a_part_that_is_not_said_is_not_written() -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    said = Request(
        Subject("workload", "a/b"),
        "job:read",
        Resource(tenant="a"),
        elevations=(GivenElevation(expires=moment),),
    )

    assert said.to_json() == {
        "subject": {"type": "workload", "id": "a/b", "properties": {}},
        "action": {"name": "job:read"},
        "resource": {"properties": {"tenant": "a"}},
        "context": {
            "token": {},
            "elevations": [{"approver_groups": [], "expires": "2026-01-01T00:00:00+00:00"}],
        },
    }
    assert replace(said, approvals=(GivenApproval(),)).to_json()["context"]["approvals"] == [
        {"approver_groups": []}
    ]


def test_fields_can_be_written_last() -> None:
    written = Request.from_json(DEVELOPER).to_json(("tenant", "mfa", "shots"))

    assert written == Request.from_json(DEVELOPER).to_json()
    assert list(written["resource"]["properties"])[-1] == "tenant"
    assert list(written["context"])[-1] == "mfa"
    assert list(written["context"]["job"])[-1] == "shots"
