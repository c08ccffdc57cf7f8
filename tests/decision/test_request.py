"""How a request is read, and written again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from qgov.decision.request import Request
from qgov.decision.request_parts import (
    MAX_COUNT,
    GivenApproval,
    GivenElevation,
    JobSize,
    Resource,
    Subject,
)
from qgov.decision.request_reading import _by_fields, _in_one_go
from qgov.records import replace
from tests.decision.harness import DEVELOPER, PIPELINE, approval, asking, elevation
from tests.decision.raw import mutated, replaced


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
        ("time", "2026-01-01t12:00:00.123456789z", "2026-01-01T12:00:00+00:00"),
        ("time", "2026-01-01T12:00:00,5Z", None),
        ("time", "2026-01-01T1:00:00Z", None),
        ("time", "2261-12-31T23:59:59.999999999Z", "2261-12-31T23:59:59+00:00"),
        ("job", {"shots": -1, "circuits": True, "qubits": 2.5, "estimated_cost_micros": "1"}, {}),
        ("job", {"shots": 1000.0, "qubits": 1e16, "circuits": float("inf")}, {"shots": 1000}),
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


ODD: Final = asking(
    PIPELINE,
    used={"unknown/day": 3, "shots/28d": 5, "qpuSeconds/once": 2},
    elevations=[elevation()],
    approvals=[approval()],
)


@pytest.mark.parametrize(
    "requests",
    [replaced(DEVELOPER), replaced(ODD), mutated(3, 3000), [None, [], "", {}, {1: 2}, ODD]],
    ids=["a person", "a workload", "mutated", "nothing"],
)
def test_what_is_read_in_one_go_is_read_as_field_by_field(requests: Iterable[Any]) -> None:
    asked = list(requests)
    found = [(_in_one_go(request), _by_fields(request)) for request in asked]
    quick = [(repr(one), repr(other)) for one, other in found if one is not None]
    assert [one for one, other in quick if one != other] == []
    assert 0 < len(quick) < len(asked)


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("Mei@Northwind.example", "mei@northwind.example"),
        ("J\u00d6RG", r"j\xf6rg"),
        ("JO\u0308RG", r"j\xf6rg"),
        ("\u212aIM", "kim"),
        ("INE\u017f", "ines"),
        ("STRA\u00dfE", "strasse"),
        ("x" * 1001, None),
        ("\u00f6" * 1000, None),
        ("me\u200bi", None),
    ],
)
def test_an_id_is_read_as_directories_compare_it(given: str, read: str | None) -> None:
    asked = Request.from_json(
        asking(
            asking(DEVELOPER, id=given, owner=given),
            elevations=[elevation(subject=given, requested_by=given, approved_by=given)],
            approvals=[approval(subject=given, requested_by=given, approved_by=given)],
        )
    )

    assert (asked.subject.id, asked.resource.owner) == (read, read)
    assert asked.elevations is not None
    assert asked.approvals is not None
    held = [(e.subject, e.requested_by, e.approved_by) for e in asked.elevations]
    held += [(a.subject, a.requested_by, a.approved_by) for a in asked.approvals]
    assert held == ([] if read is None else 2 * [(read, read, read)])
    assert Request.from_json(asked.to_json()) == asked


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
