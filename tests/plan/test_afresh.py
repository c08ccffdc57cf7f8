"""A plan says when what was spent no longer counts, and asks whose money it is."""

from __future__ import annotations

import pytest

from qgov.plan.concerns import ConcernRow
from qgov.plan.plan import Plan
from qgov.render.plan_text import as_text
from tests.plan.worlds import BASELINE, plan_of

BUDGET = "budgets/atlas.yaml"
NEW = "budgets/new.yaml"


def _plan(text: str | None, base: str = BASELINE[BUDGET], **more: str) -> Plan:
    """From a budget to another text of it in another file, or none."""
    head = {**BASELINE, **({NEW: text} if text else {}), **more}
    del head[BUDGET]
    return plan_of({**BASELINE, BUDGET: base}, head)


def _named(metadata: str, text: str = BASELINE[BUDGET]) -> str:
    assert "metadata: {name: atlas}" in text
    return text.replace("metadata: {name: atlas}", f"metadata: {{{metadata}}}")


def _afresh(plan: Plan) -> list[ConcernRow]:
    return [row for row in plan.concerns if row.rule.id == "spend-afresh"]


def test_a_budget_in_the_place_of_another_starts_afresh_and_asks_its_owner_and_finance() -> None:
    plan = _plan(_named("name: fresh"))

    (row,) = _afresh(plan)
    assert (row.change.before, row.change.after) == (
        "as counted under Budget/atlas",
        "nothing, under Budget/fresh",
    )
    assert {"finance", "atlas-leads"} <= {*row.approvers} <= {a.by for a in plan.approvals}
    assert str(row.rule.risk) == "high"
    assert "spend starts afresh" in " ".join(as_text(plan).split())


@pytest.mark.parametrize(
    "metadata", ["name: fresh, previously: atlas", "name: fresh, previously: [lost, atlas]"]
)
def test_a_renamed_budget_goes_on(metadata: str) -> None:
    plan = _plan(_named(metadata))

    assert [row.rule.id for row in plan.concerns] == ["operations-changed"]
    assert [*plan.renames] == [("Budget/atlas", "Budget/fresh")]


@pytest.mark.parametrize(
    ("scope", "afresh"),
    [
        ("scope: '*'", True),
        ("scope: atlas/*/chemistry", True),
        ("scope: '*/production'", True),
        ("scope: borealis", False),
    ],
)
def test_what_counts_in_some_of_the_same_projects_takes_the_place(scope: str, afresh: bool) -> None:
    text = _named("name: fresh")
    assert "scope: atlas\n" in text
    assert bool(_afresh(_plan(text.replace("scope: atlas\n", f"{scope}\n")))) is afresh


def test_a_budget_that_only_goes_or_only_comes_starts_nothing_afresh() -> None:
    assert _afresh(_plan(None)) == []
    assert _afresh(plan_of(BASELINE, {**BASELINE, NEW: _named("name: fresh")})) == []


def test_to_forget_a_former_name_is_told() -> None:
    plan = _plan(_named("name: atlas"), _named("name: atlas, previously: [first, second]"))

    (row,) = plan.concerns
    assert (row.rule.id, str(row.rule.risk)) == ("former-name-gone", "high")
    more = _plan(
        _named("name: atlas, previously: [third, first]"), _named("name: atlas, previously: first")
    )
    assert [row.rule.id for row in more.concerns] == ["operations-changed"]


@pytest.mark.parametrize(
    ("before", "after", "afresh"),
    [
        (None, "garnet", True),
        ("garnet", None, True),
        ("garnet", "garnet, simulator", True),
        ("garnet", "simulator", False),
    ],
)
def test_a_budget_of_other_backends_takes_no_place(
    before: str | None, after: str | None, afresh: bool
) -> None:
    def of(backends: str | None, text: str) -> str:
        return text.replace("  owner:", f"  backends: [{backends}]\n  owner:") if backends else text

    plan = _plan(of(after, _named("name: fresh")), of(before, BASELINE[BUDGET]))
    assert bool(_afresh(plan)) is afresh
