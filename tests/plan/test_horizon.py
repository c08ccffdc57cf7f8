"""What will change by itself, in order of time and within the bound."""

from __future__ import annotations

import pytest

from tests.plan.worlds import BASELINE, plan_of

HOUR = 3_600
DAY = 24 * HOUR
WHO = "requestedBy: mei@acme.example, approvedBy: ines@acme.example"
DOCUMENTS = f"""\
apiVersion: qgov/v1
kind: Elevation
metadata: {{name: up}}
spec: {{subject: mei@acme.example, role: developer, on: atlas/production, reason: r, ticket: Q-1, {WHO}, notBefore: 2026-11-24T08:00:00+01:00, expires: 2026-11-24T12:00:00+01:00}}
---
apiVersion: qgov/v1
kind: Waiver
metadata: {{name: later}}
spec: {{rule: QG913, document: Tenant/atlas, reason: r, ticket: Q-1, {WHO}, expires: 2026-12-01T00:00:00Z}}
---
apiVersion: qgov/v1
kind: BudgetException
metadata: {{name: more}}
spec: {{budget: atlas, increase: 1.00 EUR, reason: r, ticket: Q-1, {WHO}, expires: 2026-12-02T00:00:00Z}}
---
apiVersion: qgov/v1
kind: AccessReview
metadata: {{name: all}}
spec: {{scope: "*", reviewers: auditors, every: 90d, completed: 2026-09-10, completedBy: ines@acme.example}}
"""
FILES = BASELINE | {"tenants/exceptions.yaml": DOCUMENTS}


def _events(seconds: int) -> list[tuple[str, str]]:
    events = plan_of(FILES, FILES, horizon_s=seconds).horizon
    assert events is not None
    return [(event.what, event.document) for event in events]


def test_everything_that_begins_or_ends_is_told_in_order() -> None:
    assert _events(60 * DAY) == [
        ("mei@acme.example gains developer on atlas/production", "Elevation/up"),
        ("mei@acme.example loses developer on atlas/production", "Elevation/up"),
        ("QG913 is no longer waived for Tenant/atlas", "Waiver/later"),
        ("the budget atlas falls back to its limit", "BudgetException/more"),
        ("the access review of * is due", "AccessReview/all"),
    ]


def test_groups_and_bindings_end() -> None:
    files = {
        **BASELINE,
        "qgov.yaml": BASELINE["qgov.yaml"].replace(
            "  groups:\n",
            "  groups:\n    temps: {identityProvider: corporate, external: true, "
            "expires: 2026-12-31T22:00:00Z}\n",
            1,
        ),
        "tenants/atlas.yaml": BASELINE["tenants/atlas.yaml"].replace(
            "  bindings:\n",
            "  bindings:\n    - {group: temps, role: developer, on: sandbox}\n"
            "    - {group: temps, role: developer, on: test, expires: 2026-12-01T00:00:00Z}\n",
            1,
        ),
    }
    events = plan_of(files, files, horizon_s=60 * DAY).horizon
    assert events is not None
    assert [(event.what, event.document) for event in events] == [
        ("group:temps loses developer on atlas/test", "Tenant/atlas"),
        ("all bindings of group:temps end", "Organization/acme"),
    ]


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, 0),
        (20 * HOUR, 0),
        (21 * HOUR - 1, 0),
        (21 * HOUR, 1),
        (25 * HOUR - 1, 1),
        (25 * HOUR, 2),
        (8 * DAY, 3),
    ],
)
def test_what_lies_beyond_the_bound_is_not_told(seconds: int, told: int) -> None:
    # The elevation runs from 21 to 25 hours after the plan's clock.
    assert len(_events(seconds)) == told


def test_what_is_over_is_not_told() -> None:
    over = {path: text.replace("2026-11-24", "2026-11-22") for path, text in FILES.items()}

    assert plan_of(over, over, horizon_s=DAY).horizon == ()


def test_without_a_horizon_or_a_head_nothing_is_said() -> None:
    assert plan_of(FILES, FILES).horizon is None
    assert plan_of(FILES, None, horizon_s=DAY).horizon is None


@pytest.mark.parametrize(
    ("ends", "begins", "gained", "document"),
    [
        (
            "expires: 2026-12-01T00",
            "notBefore: 2026-11-25T00:00:00Z, ",
            "QG913 is waived for Tenant/atlas",
            "Waiver/later",
        ),
        (
            "expires: 2026-12-02T00",
            "notBefore: 2026-11-26T00:00:00Z, ",
            "the budget atlas rises by 1.00 EUR",
            "BudgetException/more",
        ),
    ],
    ids=["waiver", "budget exception"],
)
def test_an_exception_that_begins_later_is_told(
    ends: str, begins: str, gained: str, document: str
) -> None:
    later = {path: text.replace(ends, begins + ends) for path, text in FILES.items()}
    events = plan_of(later, later, horizon_s=4 * DAY).horizon
    assert events is not None

    assert (gained, document) in [(event.what, event.document) for event in events]
    assert (gained, document) not in _events(4 * DAY)
    assert events == tuple(sorted(events))
