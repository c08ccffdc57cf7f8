"""Every item can be done, partly done and missing, and says why."""

from __future__ import annotations

import pytest

from qgov.assess.item import Plan, State
from qgov.assess.scorecard import ITEMS, Scorecard, assess
from qgov.checks.guide import SECTIONS
from tests.assess.cases import CASES, NOW, TEMPLATES, Case, result_of
from tests.checks.overlay import laid, model_of


def test_every_item_has_its_three_cases() -> None:
    assert list(CASES) == [item.id for item in ITEMS]
    assert all(set(states) == set(State) for states in CASES.values())


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("id_", CASES)
def test_an_item_is_in_the_state_that_the_repository_shows(id_: str, state: State) -> None:
    assert result_of(id_, CASES[id_][state]).state is state


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("id_", CASES)
def test_a_verdict_follows_from_its_numbers(id_: str, state: State) -> None:
    result = result_of(id_, CASES[id_][state])
    assert result.measures
    for measure in result.measures:
        assert 0 <= measure.held <= measure.total
        assert bool([e for e in measure.evidence if not e.holds]) is (
            0 < measure.total != measure.held
        )
    assert all(measure.full for measure in result.measures) is (state is State.DONE)
    assert bool(result.next_steps) is (state is not State.DONE)
    assert all(result.next_steps)


def test_the_items_are_the_guide_s() -> None:
    parts = {part for parts in SECTIONS.values() for part in parts}
    assert {item.guide for item in ITEMS} <= parts
    assert [sum(i.plan is plan for i in ITEMS) for plan in Plan] == [6, 5, 4]


def test_evidence_names_the_line() -> None:
    result = result_of("mfa-enforcement", CASES["mfa-enforcement"][State.PARTLY])
    files, _ = laid(CASES["mfa-enforcement"][State.PARTLY].overlay)
    production = result.measures[0]
    assert (production.held, production.total) == (0, 1)
    found = production.evidence[0]
    assert found.origin is not None
    line = files[found.origin.path].decode().splitlines()[found.origin.line - 1]
    assert line.strip() == '"production": {'
    assert found.says == "`atlas/production` asks nobody for a second factor"


def test_a_default_that_nobody_wrote_is_not_seen() -> None:
    providers = result_of("mfa-enforcement", CASES["mfa-enforcement"][State.PARTLY]).measures[2]
    assert [(e.holds, e.says) for e in providers.evidence] == [
        (False, "no floor asks, and `partners` does not say: not seen here"),
        (True, "`corporate` asks everyone"),
    ]


def test_three_of_four_is_counted() -> None:
    roles = result_of("role-definitions", Case()).measures[0]
    assert (roles.held, roles.total) == (3, 4)
    assert [e.says for e in roles.evidence if not e.holds] == [
        "researchers: no role, not seen here"
    ]


def test_a_role_stands_for_one_category_only() -> None:
    # Two groups hold the developers' role, and still nobody is a researcher.
    case = Case("""
kind: Tenant
metadata: {name: borealis}
spec: {bindings: [{group: borealis-lab, role: developer, on: sandbox}, {group: borealis-two, role: developer, on: sandbox}]}
""")
    assert result_of("role-definitions", case).measures[0].held == 3


def test_a_role_that_nobody_holds_is_no_category() -> None:
    case = Case(
        'kind: Role\nmetadata: {name: researcher}\nspec: {permissions: [job:submit, "result:read:own"]}\n'
    )
    lacking = [
        e.says for e in result_of("role-definitions", case).measures[0].evidence if not e.holds
    ]
    assert lacking == ["researchers: nobody holds `researcher`"]


def test_a_reader_who_must_first_be_elevated_sees_no_dashboard() -> None:
    case = Case("""
kind: Organization
metadata: {name: acme}
spec: {bindings: [{group: platform-auditors, role: auditor, on: "*", eligible: {approvers: security-leads, maxDuration: 4h}}]}
""")
    audit = result_of("dashboard", case).measures[2]
    assert (audit.held, audit.total) == (0, 2)


def test_an_overdue_review_is_no_review() -> None:
    case = Case("kind: AccessReview\nmetadata: {name: everything}\nspec: {completed: 2026-09-01}\n")
    due = result_of("review", case).measures[1]
    assert (due.held, due.total) == (0, 1)


def test_a_quota_of_a_shared_group_is_not_the_leads_own() -> None:
    leads, _ = result_of("quotas", CASES["quotas"][State.PARTLY]).measures
    assert (leads.held, leads.total) == (4, 5)
    assert [e.says for e in leads.evidence if not e.holds] == [
        "`borealis/sandbox/demo` is counted by `borealis-all` of `finance-approvers` only"
    ]


def test_a_scorecard_is_reached_by_what_is_further_behind() -> None:
    model = model_of(laid()[0])
    card = assess(model, NOW, TEMPLATES)
    assert card.reached(State.PARTLY)
    assert not card.reached(State.MISSING)
    card = assess(model, NOW, {})
    assert card.reached(State.MISSING)
    missing = Scorecard(tuple(r for r in card.results if r.state is State.MISSING))
    assert missing.reached(State.PARTLY)
    assert not Scorecard(()).reached(State.PARTLY)


def test_a_place_that_fails_is_never_shown_as_an_example() -> None:
    case = Case(
        "kind: Organization\nmetadata: {name: acme}\nspec: {identityProviders: {corporate: {login: local}}}\n"
    )
    providers = result_of("identity-federation", case).measures[0]

    assert (providers.held, providers.total) == (1, 2)
    assert [evidence.holds for evidence in providers.evidence] == [False]


def test_an_auditor_who_runs_jobs_is_none() -> None:
    case = Case(
        "kind: Role\nmetadata: {name: auditor}\nspec: {permissions: [audit:read, log:read, job:submit]}\n"
    )
    categories, readers = result_of("role-definitions", case).measures

    assert "auditors: no role, not seen here" in [e.says for e in categories.evidence]
    assert (readers.held, readers.total) == (0, 1)


def test_a_quarterly_review_is_not_monthly() -> None:
    case = Case("kind: AccessReview\nmetadata: {name: everything}\nspec: {every: 90d}\n")
    monthly = result_of("review", case).measures[2]

    assert (monthly.held, monthly.total) == (0, 2)
    assert monthly.evidence[0].says == "`*` is reviewed every 90 days"


def test_only_people_are_elevated() -> None:
    case = Case(
        "kind: Role\nmetadata: {name: pipeline}\nspec: {permissions: [job:submit, result:export]}\n"
    )
    high, *_ = result_of("just-in-time", case).measures

    assert high.total == result_of("just-in-time", Case()).measures[0].total == 2


@pytest.mark.parametrize(("approvers", "held"), [("leads", 1), ("staff", 0)])
def test_requests_to_be_in_a_group_are_counted_with_elevations(approvers: str, held: int) -> None:
    asked = f"requests: {{approvers: {approvers}, maxDuration: 9d}}"
    overlay = f"""
kind: Organization
metadata: {{name: acme}}
spec:
  groups:
    leads: {{identityProvider: corporate}}
    staff: {{identityProvider: corporate, {asked}}}
"""
    before = result_of("just-in-time", Case()).measures[1]
    after = result_of("just-in-time", Case(overlay)).measures[1]
    assert (after.held - before.held, after.total - before.total) == (held, 1)
