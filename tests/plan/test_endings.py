"""Bindings and groups that end by themselves: what a plan says of an end, and shows."""

from __future__ import annotations

import pytest

from qgov.contracts.conditions import Conditions
from qgov.contracts.telling import tell
from qgov.plan.changes import Change
from qgov.plan.plan import Plan
from qgov.plan.risk import Risk
from qgov.render.plan_text import as_text
from tests.plan.test_witness import witnessed
from tests.plan.worlds import BASELINE, changed, plan_of

ATLAS = "tenants/atlas.yaml"
BOUND = "group: atlas-developers, role: developer, on: sandbox"
ELEVATION = """\
apiVersion: qgov/v1
kind: Elevation
metadata: {name: atlas-mei}
spec:
  subject: mei@acme.example
  role: developer
  on: atlas/production
  reason: calibration
  ticket: Q-1
  approvedBy: ines@acme.example
  notBefore: 2026-11-23T08:00:00Z
  expires: 2026-11-23T12:00:00Z
"""


def ending(when: str, bound: str = BOUND) -> dict[str, str]:
    return changed(BASELINE, {ATLAS: {bound: f"{bound}, expires: {when}"}})


def of_group(when: str) -> dict[str, str]:
    group = f"  groups:\n    atlas-developers: {{identityProvider: corporate, expires: {when}}}\n"
    return changed(BASELINE, {"qgov.yaml": {"  groups:\n": group}})


def changes(plan: Plan) -> set[Change]:
    return {change.row.change for change in plan.access}


def shown(plan: Plan) -> set[str]:
    found = [change.witness for change in plan.access]
    assert all(found), [change.unwitnessed for change in plan.access]
    return {each.request["context"]["time"] for each in found if each}


@pytest.mark.parametrize("made", [ending, of_group])
def test_an_end_narrows_and_is_shown_at_that_moment(made: object) -> None:
    files = made("2026-12-31T22:00:00Z")  # type: ignore[operator]
    there = witnessed(BASELINE, files)
    back = witnessed(files, BASELINE)

    assert changes(there) == {Change.NARROWED}
    assert changes(back) == {Change.WIDENED}
    assert "conditions-weaker" in {change.rule.id for change in back.access}
    assert min(change.rule.risk for change in back.access) == Risk.MEDIUM
    for plan in (there, back):
        assert shown(plan) == {"2026-12-31T22:00:00+00:00"}
    (after,) = {conditions.expires for c in there.access for conditions in c.row.after}
    assert after is not None
    told = [tell(Conditions, conditions) for c in there.access for conditions in c.row.after]
    assert {conditions["expires"] for conditions in told} == {"2026-12-31T22:00:00Z"}
    assert "until 2026-12-31T22:00:00Z" in as_text(there)


def test_later_is_looser() -> None:
    early, late = ending("2026-12-01T00:00:00Z"), ending("2026-12-02T00:00:00Z")

    assert changes(plan_of(early, late)) == {Change.WIDENED}
    assert shown(witnessed(early, late)) == {"2026-12-01T00:00:00+00:00"}
    assert changes(plan_of(late, early)) == {Change.NARROWED}


def test_of_two_ends_the_earlier_holds() -> None:
    both = changed(
        of_group("2026-12-01T00:00:00Z"),
        {ATLAS: {BOUND: f"{BOUND}, expires: 2026-12-02T00:00:00Z"}},
    )
    plan = plan_of(of_group("2026-12-01T00:00:00Z"), both)

    assert plan.access == ()
    (row,) = plan.concerns
    assert (row.change.field, row.rule.id) == (
        "spec.bindings[atlas-developers developer sandbox].expires",
        "access-unmoved",
    )


def test_a_binding_that_ended_long_ago_is_shown_before_its_end() -> None:
    text = BASELINE[ATLAS].replace(
        "  bindings:\n",
        "  bindings:\n    - {group: temps, role: "
        "developer, on: sandbox, expires: 2025-06-01T00:00:00Z}\n",
        1,
    )
    plan = witnessed(BASELINE, BASELINE | {ATLAS: text})

    assert changes(plan) == {Change.GRANTED}
    assert shown(plan) == {"2025-05-31T23:59:59+00:00"}


@pytest.mark.parametrize("when", ["1969-01-01T00:00:00Z", "1970-01-01T00:00:00Z"])
def test_an_end_before_all_time_grants_nothing(when: str) -> None:
    plan = witnessed(ending("2026-12-01T00:00:00Z"), ending(when))

    assert changes(plan) == {Change.NARROWED}
    assert all(change.witness for change in plan.access)
    back = witnessed(ending("1969-05-01T00:00:00Z"), ending(when))
    assert {change.unwitnessed for change in back.access} == {
        "no request is allowed by it: no country, no job, or no time, is left"
    }


def test_an_end_after_all_time_is_none() -> None:
    plan = witnessed(BASELINE, ending("2300-01-01T00:00:00Z"))

    assert {change.unwitnessed for change in plan.access} == {
        "no request is decided otherwise: other bounds are as strict, or it stops nothing"
    }


@pytest.mark.parametrize(
    ("when", "principals", "moments"),
    [
        ("2026-11-23T12:00:00Z", {"group:atlas-developers"}, {"2026-11-23T12:00:00+00:00"}),
        (
            "2026-11-23T11:00:00Z",
            {"group:atlas-developers", "user:mei@acme.example"},
            {"2026-11-23T11:00:00+00:00"},
        ),
    ],
)
def test_an_elevation_ends_with_its_binding(
    when: str, principals: set[str], moments: set[str]
) -> None:
    ticket = "ticket: required}"
    bound = f"role: developer, on: production, eligible: {{approvers: atlas-leads, maxDuration: 4h, {ticket}"
    before = BASELINE | {"tenants/mei.yaml": ELEVATION}
    after = changed(before, {ATLAS: {bound: f"{bound}, expires: {when}"}})
    plan = witnessed(before, after)

    assert {change.row.principal for change in plan.access} == principals
    assert shown(plan) == moments


def test_whether_a_binding_is_external_is_a_rule() -> None:
    before = ending("2026-12-01T00:00:00Z, external: true")
    plan = plan_of(before, ending("2026-12-01T00:00:00Z"))

    assert plan.access == ()
    (row,) = plan.concerns
    assert (str(row.change.concern), str(row.change.direction)) == ("rules", "looser")
    assert row.rule.id == "rules-changed"
    new = plan_of(BASELINE, before).concerns
    assert {row.rule.id for row in new} == {"rules-stricter"}
