"""A directory group that goes is named in the plan: its memberships go with it."""

from __future__ import annotations

import pytest

from qgov.plan.plan import Plan
from qgov.plan.unretired import REVIVED, UNRETIRED
from qgov.render.plan_json import as_value
from qgov.render.plan_markdown import as_markdown
from qgov.render.plan_text import as_text
from qgov.render.plan_view import verdict
from qgov.render.report import as_html
from tests.plan.worlds import BASELINE, changed, line_of, plan_of, sides_of

ATLAS, ORGANIZATION = "tenants/atlas.yaml", "qgov.yaml"
NIGHT = "    - {group: atlas-night, role: reader, on: sandbox}\n"
FIRST = "    - {group: atlas-developers, role: developer, on: sandbox}\n"
BOUND = changed(BASELINE, {ATLAS: {FIRST: FIRST + NIGHT}})
DECLARED = {
    ORGANIZATION: {
        "    admins: {members: 3}\n": "    admins: {members: 3}\n    atlas-night: {members: 7}\n"
    }
}
MESSAGE = "the directory group atlas-night and its memberships are deleted"


def gone(plan: Plan) -> list[tuple[str, str, tuple[str, ...]]]:
    return [
        (group.name, f"{group.cause.side} {group.cause.path}:{group.cause.line}", group.approvers)
        for group in plan.groups
    ]


def test_a_group_that_nothing_names_any_more_is_deleted() -> None:
    plan = plan_of(BOUND, BASELINE)

    cause = line_of(BOUND, ATLAS, "atlas-night")
    assert gone(plan) == [("atlas-night", f"base {cause}", ("atlas-leads",))]
    assert plan.groups[0].message == MESSAGE
    assert str(plan.risk) == "medium"
    assert plan.verdict == "less permissive"
    assert f"GROUPS DELETED: {MESSAGE}" in verdict(plan)


def test_a_group_that_is_declared_stays_and_goes_with_its_declaration() -> None:
    before = changed(BOUND, DECLARED)
    unbound = changed(BASELINE, DECLARED)

    assert gone(plan_of(before, unbound)) == []
    plan = plan_of(unbound, BASELINE)
    assert gone(plan) == [
        ("atlas-night", f"base {line_of(unbound, ORGANIZATION, 'atlas-night')}", ("security",))
    ]
    assert plan.access == ()
    assert plan.has_changes
    assert "security" in {approval.by for approval in plan.approvals}


def test_a_group_that_another_tenant_names_stays() -> None:
    owner = {
        "tenants/borealis.yaml": {"      owner: borealis-leads\n": "      owner: atlas-night\n"}
    }
    before, after = changed(BOUND, owner), changed(BASELINE, owner)

    # The other tenant is looked at, though the change does not touch it.
    assert gone(plan_of(before, after)) == []
    assert gone(plan_of(before, BASELINE)) != []


def test_a_renamed_group_stays_and_one_of_another_provider_goes() -> None:
    before = changed(BOUND, DECLARED)
    renamed = {
        path: text.replace(
            "atlas-night: {members: 7}", "night: {members: 7, previously: atlas-night}"
        ).replace("{group: atlas-night", "{group: night")
        for path, text in before.items()
    }
    assert gone(plan_of(before, renamed)) == []
    assert gone(
        plan_of(before, {p: t.replace(", previously: atlas-night", "") for p, t in renamed.items()})
    )


def test_a_tenant_takes_the_groups_that_it_alone_named_with_it() -> None:
    plan = plan_of(BASELINE, changed(BASELINE, {ATLAS: None, "budgets/atlas.yaml": None}))

    # Its leads still own a store.
    assert [group.name for group in plan.groups] == ["atlas-developers"]
    (approvers,) = {group.approvers for group in plan.groups}
    assert approvers == ("atlas-leads",)


RETIRED = {ORGANIZATION: {"sessionLifetime: 8h}": "sessionLifetime: 8h, retired: [atlas-night]}"}}


def told(plan: Plan, code: str) -> list[str]:
    return [f"{f.origin.path}:{f.origin.line}" for f in plan.new_findings if f.code == code]


def test_a_group_that_goes_without_a_word_is_told_with_the_line_that_lets_it() -> None:
    plan = plan_of(BOUND, BASELINE)

    assert told(plan, UNRETIRED) == [line_of(BASELINE, ORGANIZATION, "corporate:")]
    (finding,) = (f for f in plan.new_findings if f.code == UNRETIRED)
    assert finding.severity == "info"
    assert "retired: [atlas-night]" in finding.remedy


def test_a_group_that_is_retired_stays_with_its_memberships() -> None:
    plan = plan_of(BOUND, changed(BASELINE, RETIRED))

    assert gone(plan) == []
    assert told(plan, UNRETIRED) == []
    (row,) = plan.concerns
    assert row.change.field == "spec.identityProviders.corporate.retired"
    assert str(row.change.direction) == "looser"
    assert row.approvers
    assert {each.row.principal for each in plan.access} == {"group:atlas-night"}


def test_a_group_that_takes_a_retired_name_up_again_is_told() -> None:
    plan = plan_of(changed(BASELINE, RETIRED), BOUND)

    assert told(plan, REVIVED) == [line_of(BOUND, ATLAS, "atlas-night")]
    assert told(plan_of(changed(BASELINE, RETIRED), BASELINE), REVIVED) == []


def test_every_form_names_it() -> None:
    plan = plan_of(BOUND, BASELINE)
    base, head, _ = sides_of(BOUND, BASELINE)
    text, markdown, html = as_text(plan), as_markdown(plan), as_html(plan, base.model, head.model)

    assert "GROUPS DELETED\n  MEDIUM  " + MESSAGE in text
    assert "      approve atlas-leads\n" in text
    assert f"      cause   {line_of(BOUND, ATLAS, 'atlas-night')} (before)\n" in text
    assert "#### Groups deleted" in markdown
    assert MESSAGE in markdown.split("#### Groups deleted")[1]
    assert MESSAGE in html.split('<section id="groups">')[1]
    (told,) = as_value(plan)["groups"]
    line = int(line_of(BOUND, ATLAS, "atlas-night").rpartition(":")[2])
    assert told == {
        "group": "atlas-night",
        "provider": "corporate",
        "message": MESSAGE,
        "risk": "medium",
        "rule": "group-deleted",
        "causes": [{"path": ATLAS, "line": line, "side": "base"}],
        "approvers": ["atlas-leads"],
    }


@pytest.mark.parametrize("number", [2, 300])
def test_many_are_counted_in_the_verdict_and_told_each(number: int) -> None:
    many = "".join(NIGHT.replace("night", f"n{n}") for n in range(number))
    plan = plan_of(changed(BASELINE, {ATLAS: {FIRST: FIRST + many}}), BASELINE)

    told = f"{number} directory groups such as atlas-n0 and their memberships are deleted"
    assert told in verdict(plan)
    assert as_text(plan).count("and its memberships are deleted") == number
