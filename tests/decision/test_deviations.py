"""What the catalogue of deviations changes, and that it changes nothing else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from qgov.decision.deviations import (
    NO_ELEVATION,
    NO_MFA,
    NO_TICKET,
    Change,
    elevated,
    elevated_for,
    having,
    moved_to,
    overspent,
    token_aged,
    unaccounted,
    using,
)
from qgov.decision.made_up import CONFORMANCE, SOME_TIME, approval, asked, asker, elevation
from qgov.decision.request import Request
from qgov.records import replace
from tests.decision.harness import MODEL


def sound() -> Request:
    """Somebody's job, with an elevation and an approval."""
    who = asker(MODEL, "group:developers", ("developers",), CONFORMANCE)
    scope = "aurora/sandbox/chemistry"
    request = asked(MODEL, who, "job:submit", scope, "local-simulator", CONFORMANCE)
    held = elevation(
        request, CONFORMANCE, role="developer", scope=scope, approvers=["leads"], duration_s=60
    )
    given = approval(request, CONFORMANCE, scope=scope, approvers=["leads"], cost=7, age_s=5)
    return replace(request, elevations=(held,), approvals=(given,))


def flat(value: Any, place: str = "") -> dict[str, Any]:
    """JSON by dotted paths."""
    if not isinstance(value, dict | list) or not value:
        return {place: value}
    items = value.items() if isinstance(value, dict) else enumerate(value)
    return {k: v for n, child in items for k, v in flat(child, f"{place}.{n}").items()}


def changes(change: Change) -> dict[str, Any]:
    """What is different afterwards; None for what is gone. The request stays as it was."""
    request = sound()
    before, after = flat(request.to_json()), flat(change(request).to_json())
    assert request == sound()
    names = sorted({*before, *after})
    return {name: after.get(name) for name in names if before.get(name) != after.get(name)}


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        (NO_MFA.change, {".context.mfa": False}),
        (having(context={"mfa": None}, token={"kind": "x"}), {".context.mfa": None, ".context.token.kind": "x"}),
        (token_aged(60), {".context.token.issued_at": "2026-01-01T11:59:00+00:00"}),
        (elevated(role="x"), {".context.elevations.0.role": "x"}),
        (NO_TICKET.change, {".context.elevations.0.ticket": None}),
        (elevated_for(3600).change, {".context.elevations.0.expires": "2026-01-01T13:00:00+00:00"}),
        (using("chemistry", {"jobs/day": 2}), {".context.usage.chemistry.jobs/day": 2}),
        (using("chemistry", {"jobs/day": None}), {".context.usage.chemistry.jobs/day": None}),
        (overspent("chemistry", 9).change, {".context.usage.chemistry.spent_micros": 9}),
        (
            moved_to(SOME_TIME + timedelta(hours=1)),
            {
                ".context.time": "2026-01-01T13:00:00+00:00",
                ".context.token.issued_at": "2026-01-01T13:00:00+00:00",
                ".context.elevations.0.not_before": "2026-01-01T13:00:00+00:00",
                ".context.elevations.0.expires": "2026-01-01T13:01:00+00:00",
                ".context.approvals.0.approved_at": "2026-01-01T12:59:55+00:00",
            },
        ),
    ],
)  # fmt: skip
def test_a_deviation_changes_just_that(change: Change, changed: dict[str, Any]) -> None:
    assert changes(change) == changed


def test_what_is_not_said_is_not_written() -> None:
    assert NO_ELEVATION.change(sound()).to_json()["context"]["elevations"] == []
    assert "chemistry" in sound().to_json()["context"]["usage"]
    assert "chemistry" not in unaccounted("chemistry")(sound()).to_json()["context"]["usage"]
