"""Why a request is allowed or denied: each way, the backend and each budget with its line."""

from __future__ import annotations

import json
from typing import Any

import pytest

from qgov.decision.explanation import explanation
from qgov.render.explain import as_json, as_text
from tests.decision.harness import DEVELOPER, MODEL, asking
from tests.decision.jobs import EXPENSIVE


def test_what_stops_a_job_is_named_with_its_line() -> None:
    found = explanation(MODEL, asking(EXPENSIVE, qubits=21, used={"jobs/day": 10}))
    text = as_text(MODEL, found)
    assert text.startswith("DENY: approval-required, job-too-large, quota-exceeded\n")
    lines = text.splitlines()
    (at,) = (i for i, line in enumerate(lines) if line.startswith("✗ the backend iqm-garnet  "))
    assert lines[at + 1] == "    lacks job-too-large"
    assert "✓ the budget everything  budgets/everything.yaml:1:1" in lines
    at = lines.index("✗ the budget chemistry  budgets/chemistry.yaml:1:1")
    assert lines[at + 1] == "    lacks approval-required, quota-exceeded"
    bounds = json.loads(as_json(found))["bounds"]
    assert [(b["kind"], b["name"], b["lacks"]) for b in bounds] == [
        ("backend", "iqm-garnet", ["job-too-large"]),
        ("budget", "chemistry", ["approval-required", "quota-exceeded"]),
        ("budget", "devices", []),
        ("budget", "everything", []),
    ]


def test_what_runs_nothing_has_no_bounds() -> None:
    found = explanation(MODEL, asking(DEVELOPER, name="job:read"))
    assert found.bounds == ()
    assert "budget" not in as_text(MODEL, found)


@pytest.mark.parametrize(
    "subject",
    [
        {"type": "user", "id": "x", "properties": {"groups": [None, [], "leads"]}},
        {"type": "user", "id": 5, "properties": []},
        {"id": None, "properties": {"groups": "leads"}},
        {},
    ],
)
def test_a_request_of_any_shape_is_told(subject: dict[str, Any]) -> None:
    request = {**asking(EXPENSIVE), "subject": subject}

    assert as_text(MODEL, explanation(MODEL, request)).startswith("DENY: ")
