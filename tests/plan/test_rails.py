"""A change that takes away too much stops, and says why."""

from __future__ import annotations

import pytest

from tests.plan.worlds import BASELINE, changed, plan_of

ATLAS, ORGANIZATION = "tenants/atlas.yaml", "qgov.yaml"
ADMINS = (
    '    - {group: admins, role: administrator, on: "*", eligible: {approvers: security, '
    "maxDuration: 4h, ticket: required}}\n"
)
DEPUTIES = ADMINS.replace("admins", "deputies").replace("4h", "2h")
NO_ATLAS = changed(BASELINE, {ATLAS: None, "budgets/atlas.yaml": None})


def test_a_tenant_removed_is_a_mass_removal() -> None:
    plan = plan_of(BASELINE, NO_ATLAS)

    assert {t.rail for t in plan.rails} == {"mass-removal"}
    assert plan.stopped_by == plan.rails
    assert [t.message for t in plan.rails] == [
        "removes 41 of 87 accesses of all that was compared (47 %), more than 25 %",
        "removes 41 of 41 accesses of `atlas` (100 %), more than 25 %",
    ]


def test_an_override_lets_a_mass_removal_pass_and_nothing_else() -> None:
    plan = plan_of(BASELINE, NO_ATLAS, overridden=("mass-removal",))

    assert plan.stopped_by == ()
    assert plan.rails
    assert plan_of(BASELINE, NO_ATLAS, overridden=("lock-out",)).stopped_by == plan.rails


def test_a_tenant_renamed_and_emptied_is_a_mass_removal_too() -> None:
    renamed = {path.replace("atlas", "altair"): text for path, text in BASELINE.items()}
    renamed["tenants/altair.yaml"] = (
        BASELINE[ATLAS]
        .replace("{name: atlas}", "{name: altair, previously: atlas}")
        .replace("    - {group: atlas-developers, role: developer, on: sandbox}\n", "")
        .replace("    - {group: atlas-developers, role: developer, on: test}\n", "")
    )
    renamed["budgets/altair.yaml"] = BASELINE["budgets/atlas.yaml"].replace(
        "scope: atlas", "scope: altair"
    )
    renamed["qgov.yaml"] = BASELINE["qgov.yaml"].replace("tenant: atlas}", "tenant: altair}")
    plan = plan_of(BASELINE, renamed)

    assert any("`altair`" in t.message for t in plan.rails)


def test_the_base_decides_how_much_is_too_much() -> None:
    loose = "  rails: {maxRemoved: 100%}\n  review:\n"
    before = changed(BASELINE, {ORGANIZATION: {"  review:\n": loose}})

    assert plan_of(before, NO_ATLAS | {ORGANIZATION: before[ORGANIZATION]}).rails == ()
    # Loosening the rail in the same change is of no use.
    assert plan_of(BASELINE, NO_ATLAS | {ORGANIZATION: before[ORGANIZATION]}).rails


@pytest.mark.parametrize(("share", "stops"), [("12%", True), ("12.2%", False)])
def test_a_share_is_counted_exactly(share: str, stops: bool) -> None:
    # 5 of a tenant's 41 accesses are 12.195 %.
    before = changed(
        BASELINE, {ORGANIZATION: {"  review:\n": f"  rails: {{maxRemoved: {share}}}\n  review:\n"}}
    )
    edited = changed(before, {"roles/developer.yaml": {"    - job:read\n": ""}})

    assert bool(plan_of(before, edited).rails) is stops


def test_few_accesses_have_no_shares() -> None:
    before = changed(
        BASELINE, {ORGANIZATION: {"  review:\n": "  rails: {minAccesses: 1000}\n  review:\n"}}
    )

    assert plan_of(before, NO_ATLAS | {ORGANIZATION: before[ORGANIZATION]}).rails == ()


def test_no_more_than_six_places_are_listed() -> None:
    many = dict(BASELINE)
    for number in range(9):
        many[f"tenants/t{number}.yaml"] = (
            BASELINE[ATLAS]
            .replace("atlas", f"t{number}")
            .replace(f"t{number}-data", "atlas-data")
            .replace("410000000101", f"41000000020{number}")
        )
    plan = plan_of(many, BASELINE)

    assert len(plan.rails) == 6
    assert plan.rails[-1].message == "and 5 more tenants likewise"


def test_nobody_left_to_undo_it_is_a_lock_out() -> None:
    plan = plan_of(BASELINE, changed(BASELINE, {ORGANIZATION: {ADMINS: "", DEPUTIES: ""}}))

    assert [t.message for t in plan.rails if t.rail == "lock-out"] == [
        "leaves 0 people who hold `policy:write` and could undo this, fewer than 2"
    ]


def test_one_group_that_is_large_enough_may_remain() -> None:
    assert plan_of(BASELINE, changed(BASELINE, {ORGANIZATION: {ADMINS: ""}})).rails == ()
    small = changed(
        BASELINE, {ORGANIZATION: {ADMINS: "", "deputies: {members: 2}": "deputies: {members: 1}"}}
    )
    assert {t.rail for t in plan_of(BASELINE, small).rails} == {"lock-out"}


def test_what_was_locked_out_already_may_be_mended_in_steps() -> None:
    alone = changed(BASELINE, {ORGANIZATION: {ADMINS: "", DEPUTIES: ""}})
    one = changed(
        BASELINE, {ORGANIZATION: {ADMINS: "", "deputies: {members: 2}": "deputies: {members: 1}"}}
    )

    assert plan_of(alone, one).rails == ()
    assert plan_of(alone, alone).rails == ()
