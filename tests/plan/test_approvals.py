"""Who must approve follows from the base's rules."""

from __future__ import annotations

import pytest

from qgov.language.concerns import Concern
from tests.plan.worlds import BASELINE, changed, plan_of

ATLAS, ORGANIZATION = "tenants/atlas.yaml", "qgov.yaml"
ELEVATION = """\
apiVersion: qgov/v1
kind: Elevation
metadata: {name: up}
spec: {subject: mei@acme.example, role: developer, on: atlas/production, reason: r, ticket: Q-1, approvedBy: ines@acme.example, notBefore: 2026-11-23T08:00:00Z, expires: 2026-11-23T12:00:00Z}
"""


def _by(before: dict[str, str], after: dict[str, str]) -> set[tuple[str, str]]:
    return {(a.by, a.because) for a in plan_of(before, after).approvals}


def test_the_risk_and_the_owner_decide() -> None:
    low = changed(
        BASELINE, {ATLAS: {"[chemistry, optimisation]": "[chemistry, optimisation, other]"}}
    )
    assert _by(BASELINE, low) == {
        ("operators", "the change is of low risk"),
        ("atlas-leads", "owner of the tenant atlas"),
    }
    critical = changed(BASELINE, {"roles/developer.yaml": {"- job:read\n": "- result:export\n"}})
    assert _by(BASELINE, critical) == {
        ("admins", "the change is of critical risk"),
        ("security", "the change is of critical risk"),
    }


def test_a_change_cannot_choose_its_own_approvers() -> None:
    seized = changed(
        BASELINE,
        {
            ATLAS: {"owner: {group: atlas-leads,": "owner: {group: operators,"},
            "budgets/atlas.yaml": {"owner: atlas-leads": "owner: operators", "1000.00": "9000.00"},
            ORGANIZATION: {"    exposure: [finance]\n": "    exposure: [operators]\n"},
        },
    )

    assert _by(BASELINE, seized) == {
        ("admins", "the change is of critical risk"),
        ("security", "the change is of critical risk"),
        ("admins", "a change of rules is of high risk"),
        ("finance", "more money can be spent"),
        ("atlas-leads", "owner of the tenant atlas"),
        ("atlas-leads", "owner of the budget atlas"),
    }


def test_a_rename_asks_the_former_owner() -> None:
    before = changed(BASELINE, {"budgets/atlas.yaml": None})
    renamed = {path: text for path, text in before.items() if path != ATLAS}
    renamed["tenants/altair.yaml"] = (
        BASELINE[ATLAS]
        .replace("{name: atlas}", "{name: altair, previously: atlas}")
        .replace("group: atlas-leads, contact", "group: operators, contact")
    )
    renamed[ORGANIZATION] = BASELINE[ORGANIZATION].replace("tenant: atlas}", "tenant: altair}")

    assert ("atlas-leads", "owner of the tenant atlas") in _by(before, renamed)


def test_who_gives_a_budget_away_and_who_gets_it_are_both_asked() -> None:
    moved = changed(BASELINE, {"budgets/atlas.yaml": {"scope: atlas": "scope: borealis"}})
    found = _by(BASELINE, moved)

    assert ("atlas-leads", "owner of the tenant atlas") in found
    assert ("borealis-leads", "owner of the tenant borealis") in found


def test_a_document_removed_asks_its_owner() -> None:
    found = _by(BASELINE, changed(BASELINE, {"budgets/atlas.yaml": None}))

    assert ("atlas-leads", "owner of the budget atlas") in found


def test_an_elevation_asks_the_approvers_of_its_binding() -> None:
    found = _by(BASELINE, BASELINE | {"tenants/up.yaml": ELEVATION})
    assert ("atlas-leads", "approves elevations to developer on atlas/production") in found

    everywhere = ELEVATION.replace("developer", "administrator").replace(
        "atlas/production", "atlas"
    )
    found = _by(BASELINE, BASELINE | {"tenants/up.yaml": everywhere})
    assert ("security", "approves elevations to administrator on *") in found


def test_a_new_tenant_is_not_asked_about_itself() -> None:
    added = BASELINE | {
        "tenants/cygnus.yaml": BASELINE[ATLAS]
        .replace("atlas", "cygnus")
        .replace("cygnus-data", "atlas-data")
        .replace("410000000101", "410000000109")
    }

    assert "cygnus-leads" not in {by for by, _ in _by(BASELINE, added)}


def test_the_first_commit_is_judged_by_its_own_rules() -> None:
    found = {a.by for a in plan_of(None, BASELINE).approvals}

    assert found == {
        "admins",
        "security",
        "operators",
        "finance",
        "atlas-leads",
        "borealis-leads",
    }


def test_each_reason_to_be_asked_is_told_once() -> None:
    waiver = """\
apiVersion: qgov/v1
kind: Waiver
metadata: {name: one}
spec: {rule: QG903, document: Tenant/atlas, reason: r, ticket: Q-1, requestedBy: a@acme.example, approvedBy: b@acme.example, notBefore: 2026-11-23T08:00:00Z, expires: 2026-12-23T12:00:00Z}
"""
    found = [
        (a.by, a.because) for a in plan_of(BASELINE, BASELINE | {"one.yaml": waiver}).approvals
    ]

    assert ("atlas-leads", "owner of the tenant atlas") in found
    assert len(found) == len({*found})


def test_text_alone_needs_nobody() -> None:
    assert _by(BASELINE, changed(BASELINE, {ATLAS: f"# hello\n{BASELINE[ATLAS]}"})) == set()


CREW = {ORGANIZATION: {"    admins:": "    crew: {identityProvider: corporate}\n    admins:"}}
FREE = changed(BASELINE, CREW)
WIDER = {
    "a group in another": (
        "    admins:",
        "    atlas-leads: {identityProvider: corporate, includes: [crew]}\n    admins:",
        {"atlas"},
    ),
    "a group in one that several tenants bind": (
        "operators: {members: 4, shared: true}",
        "operators: {members: 4, shared: true, includes: [crew]}",
        {"atlas", "borealis"},
    ),
    "a binding of the organization's": (
        "    - {group: auditors,",
        "    - {group: crew, role: reader, on: borealis/sandbox}\n    - {group: auditors,",
        {"borealis"},
    ),
    "a binding everywhere": (
        "    - {group: auditors,",
        "    - {group: crew, role: reader, on: '*'}\n    - {group: auditors,",
        set(),
    ),
    "a weaker floor": ("maxTokenAge: 12h", "maxTokenAge: 13h", set()),
    "who is in a group, as its directory keeps it": (
        "    admins:",
        "    borealis-leads: {identityProvider: corporate, directoryName: Everybody}\n    admins:",
        {"borealis"},
    ),
}


@pytest.mark.parametrize("name", WIDER)
def test_the_owner_is_asked_of_who_gets_in_wherever_that_is_written(name: str) -> None:
    old, new, tenants = WIDER[name]
    plan = plan_of(FREE, changed(FREE, {ORGANIZATION: {old: new}}))

    assert plan.access or plan.concerns
    assert {a.because.split()[-1] for a in plan.approvals if "owner of" in a.because} == tenants
    assert {a.by for a in plan.approvals} > {f"{tenant}-leads" for tenant in tenants}


def test_who_approves_or_owns_with_others_is_no_small_matter() -> None:
    tenant = BASELINE[ATLAS].replace(
        "group: atlas-leads, role: reader", "group: crew, role: reader"
    )
    before = changed(FREE, {ATLAS: tenant})
    leads = "    atlas-leads: {identityProvider: corporate}\n    admins:"
    before = changed(before, {ORGANIZATION: {"    admins:": leads}})
    plan = plan_of(
        before,
        changed(
            before,
            {
                ORGANIZATION: {
                    "atlas-leads: {identityProvider: corporate}": "atlas-leads: {identityProvider: corporate, includes: [operators]}"
                }
            },
        ),
    )
    (row,) = plan.concerns

    assert plan.access == ()
    assert (row.rule.id, str(row.rule.risk)) == ("group-wider", "high")
    assert {*row.approvers} == {"admins", "atlas-leads"}


def test_the_owner_is_asked_when_people_of_a_group_stay_for_longer() -> None:
    ends = changed(
        FREE,
        {
            ORGANIZATION: {
                "    crew: {identityProvider: corporate}\n": (
                    "    atlas-developers: {identityProvider: corporate, expires: 2026-12-01T00:00:00Z}\n"
                )
            }
        },
    )
    stays = changed(ends, {ORGANIZATION: {"2026-12-01": "2027-12-01"}})

    assert ("atlas-leads", "owner of the tenant atlas") in _by(ends, stays)
    assert "atlas-leads" not in {by for by, _ in _by(stays, ends)}


def test_an_owner_who_is_asked_takes_nobody_elses_place() -> None:
    named = changed(
        FREE,
        {
            ORGANIZATION: {
                "crew: {identityProvider: corporate}": (
                    "atlas-leads: {identityProvider: corporate, directoryName: Everybody}"
                )
            }
        },
    )
    plan = plan_of(FREE, named)
    (row,) = [r for r in plan.concerns if r.change.concern is Concern.TRUST and r.change.after]

    assert {"admins", "security", "atlas-leads"} <= {*row.approvers}
