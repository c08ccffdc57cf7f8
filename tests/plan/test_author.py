"""What the author of a change gains, and that somebody else must then approve."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from qgov.plan.author import Author
from qgov.plan.plan import Plan
from qgov.render.plan_markdown import as_markdown
from qgov.render.plan_text import as_text
from tests.plan.test_approvals import ELEVATION
from tests.plan.worlds import BASELINE, changed, plan_of

ATLAS, ORGANIZATION = "tenants/atlas.yaml", "qgov.yaml"
SOMEBODY = "somebody other than mei@acme.example, who wrote the change and gains"
STANDING = changed(
    BASELINE,
    {
        ATLAS: {
            "on: production, eligible: {approvers: atlas-leads, maxDuration: 4h, ticket: required}": "on: production"
        }
    },
)


def planned(after: Mapping[str, str], author: Author, before: Mapping[str, str] = BASELINE) -> Plan:
    return plan_of(before, after, author=author)


def gained(plan: Plan) -> set[tuple[str, str]]:
    assert plan.author is not None
    return {(c.row.principal, str(c.row.change)) for c in plan.author.gains}


def asked(plan: Plan) -> set[str]:
    return {a.by for a in plan.approvals if a.because.startswith("somebody other than ")}


def test_without_an_author_nothing_is_said() -> None:
    plan = plan_of(BASELINE, STANDING)

    assert plan.author is None
    assert "AUTHOR" not in as_text(plan)
    assert "author" not in as_markdown(plan)


def test_what_a_group_of_the_author_gains_the_author_gains() -> None:
    plan = planned(STANDING, Author("mei@acme.example", ("atlas-developers", "staff")))

    assert gained(plan) == {("group:atlas-developers", "widened")}
    assert asked(plan) == {"admins"}
    assert any(
        a.because == f"{SOMEBODY} job:submit and 3 more by it" and a.by == "admins"
        for a in plan.approvals
    )


def test_an_elevation_of_the_author_is_known_by_the_id_alone() -> None:
    elevated = BASELINE | {"tenants/up.yaml": ELEVATION}

    for id_ in ("mei@acme.example", "Mei@ACME.example"):
        assert gained(planned(elevated, Author(id_))) == {("user:mei@acme.example", "granted")}
    assert gained(planned(elevated, Author("ines@acme.example", ("mei@acme.example",)))) == set()


def test_what_others_gain_and_what_the_author_loses_is_no_gain() -> None:
    developer = Author("mei@acme.example", ("atlas-developers",))
    for plan in (
        planned(STANDING, Author("mei@acme.example", ("borealis-developers",))),
        planned(BASELINE, developer, before=STANDING),
        planned(BASELINE, developer),
    ):
        assert gained(plan) == set()
        assert asked(plan) == set()
        assert ": nothing\n" in as_text(plan)
        assert ": nothing\n" in as_markdown(plan)


def test_other_conditions_may_be_a_gain() -> None:
    other = changed(BASELINE, {ORGANIZATION: {"[DE, FI, FR]": "[DE, FI, NL]"}})

    assert gained(planned(other, Author("m", ("atlas-leads",)))) == {
        ("group:atlas-leads", "changed")
    }


def test_a_group_is_not_known_by_a_name_of_another_kind() -> None:
    export = {"roles/developer.yaml": {"- result:read": "- result:read\n    - result:export"}}
    plan = planned(changed(BASELINE, export), Author("atlas-developers", ("atlas/nightly",)))

    assert "workload:atlas/nightly" in {c.row.principal for c in plan.access}
    assert gained(plan) == set()


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        ({}, {"admins"}),
        ({"    high: [admins]\n": ""}, {"atlas-leads"}),
    ],
)
def test_the_review_of_the_risk_approves_else_the_owner(
    edit: dict[str, str], expected: set[str]
) -> None:
    before = changed(BASELINE, {ORGANIZATION: edit})
    after = changed(STANDING, {ORGANIZATION: edit})

    assert (
        asked(planned(after, Author("mei@acme.example", ("atlas-developers",)), before)) == expected
    )


def test_the_first_tenant_of_an_author_is_approved_by_anybody_else() -> None:
    """By the base's rules, in which the new tenant has no owner to ask."""
    edit = {
        ORGANIZATION: {
            "    critical: [admins, security]\n": "",
            "    high: [admins]\n": "",
            "    medium: [security]\n": "",
            "    low: [operators]\n": "",
        }
    }
    before = changed({p: t for p, t in BASELINE.items() if "borealis" not in p}, edit)
    after = changed(BASELINE, edit)
    before[ORGANIZATION] = before[ORGANIZATION].replace("    borealis-data:", "    #")
    plan = planned(after, Author("mei@acme.example", ("borealis-developers",)), before)

    assert asked(plan) == {"*"}


def test_the_author_stands_behind_the_gains() -> None:
    both = changed(
        STANDING,
        {"tenants/borealis.yaml": {'    - {group: borealis-leads, role: reader, on: "*"}\n': ""}},
    )
    plan = planned(both, Author("mei@acme.example", ("atlas-developers",)))
    text, markdown = as_text(plan), as_markdown(plan)

    order = [
        text.index(t)
        for t in ("\nGAINS\n", "\nWHAT THE AUTHOR GAINS\n", "\nLOSSES\n", "\nAPPROVALS NEEDED\n")
    ]
    assert order == sorted(order)
    order = [markdown.index(t) for t in ("#### Gains", "#### What the author gains", "#### Losses")]
    assert order == sorted(order)
    assert "`mei@acme.example` (`atlas-developers`)" in markdown
