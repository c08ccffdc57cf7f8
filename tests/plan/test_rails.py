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


def lock_outs(before: dict[str, str], after: dict[str, str]) -> list[str]:
    return [t.message for t in plan_of(before, after).rails if t.rail == "lock-out"]


def test_an_approver_group_that_becomes_too_small_is_a_lock_out() -> None:
    one = changed(BASELINE, {ORGANIZATION: {"security: {members: 2}": "security: {members: 1}"}})
    plan = plan_of(BASELINE, one)

    assert [t.message for t in plan.rails] == [
        (
            "leaves `security` with 1 person, fewer than the 2 that an approval needs: it approves "
            "changes of medium risk, changes of critical risk, elevations to administrator on *"
        )
    ]
    assert plan.stopped_by == plan.rails
    assert plan_of(BASELINE, one, overridden=("lock-out",)).stopped_by == ()
    # What was too small may stay so, and become smaller by no step that nobody sees.
    assert lock_outs(one, one) == []
    none = changed(one, {ORGANIZATION: {"security: {members: 1}": "security: {members: 0}"}})
    assert "`security` with 0 people" in "".join(lock_outs(one, none))


@pytest.mark.parametrize(
    ("edits", "group", "what"),
    [
        ({ORGANIZATION: {"    admins: {members: 3}\n": ""}}, "admins", "changes of high risk"),
        (
            {ORGANIZATION: {"exposure: [finance]": "exposure: [strangers]"}},
            "strangers",
            "more exposure",
        ),
        (
            {ORGANIZATION: {"high: [admins]": "high: [nobody]"}},
            "nobody",
            "changes of high risk",
        ),
        (
            {"budgets/atlas.yaml": {"approvers: finance": "approvers: atlas-leads"}},
            "atlas-leads",
            "jobs of the budget atlas",
        ),
        (
            {
                ORGANIZATION: {
                    ADMINS: ADMINS.replace("approvers: security", "approvers: logs-keepers")
                }
            },
            "logs-keepers",
            "elevations to administrator on *",
        ),
    ],
    ids=[
        "undeclared",
        "another reviewer",
        "no group",
        "another approver of jobs",
        "another of elevations",
    ],
)
def test_an_approval_moves_to_no_smaller_group(
    edits: dict[str, dict[str, str]], group: str, what: str
) -> None:
    known = "    strangers: {members: 1}\n    logs-keepers: {members: 1}\n"
    before = changed(BASELINE, {ORGANIZATION: {"  floors:\n    mfa": f"{known}  floors:\n    mfa"}})
    (found,) = lock_outs(before, changed(before, edits))

    assert f"leaves `{group}` with {'0 people' if group == 'nobody' else '1 person'}" in found
    assert what in found


def test_an_owner_is_an_approver_too() -> None:
    known = "    atlas-leads: {members: 3}\n"
    before = changed(BASELINE, {ORGANIZATION: {"  floors:\n    mfa": f"{known}  floors:\n    mfa"}})
    (found,) = lock_outs(before, BASELINE)

    assert "changes of the budget atlas" in found
    assert "changes of the tenant atlas" in found
    assert (
        lock_outs(
            before, changed(before, {ORGANIZATION: {"leads: {members: 3": "leads: {members: 2"}})
        )
        == []
    )


def test_who_undoes_needs_as_many_as_the_rail_says() -> None:
    rail = {ORGANIZATION: {"  review:\n": "  rails: {minPeople: 3}\n  review:\n"}}
    before = changed(BASELINE, rail)
    fewer = {ORGANIZATION: {"admins: {members: 3}": "admins: {members: 2}"}}

    (found,) = lock_outs(before, changed(before, fewer))
    assert found == (
        "leaves `admins` with 2 people, fewer than the 3 that an approval needs: it approves "
        "changes of critical risk"
    )
    assert lock_outs(BASELINE, changed(BASELINE, fewer)) == []


def test_a_group_under_its_new_name_is_as_large_as_it_was() -> None:
    renamed = BASELINE | {
        path: text.replace("security: {members: 2}", "guards: {members: 1, previously: security}")
        .replace("[security]", "[guards]")
        .replace(", security]", ", guards]")
        .replace("approvers: security", "approvers: guards")
        for path, text in BASELINE.items()
    }
    (found,) = lock_outs(BASELINE, renamed)

    assert "leaves `guards` with 1 person" in found
