"""A project or an environment that is renamed is one change of its name, and what it is no
longer within is told as what it is."""

from __future__ import annotations

import pytest

from qgov.plan.changes import Change
from qgov.plan.plan import Plan
from qgov.plan.witness_search import with_witnesses
from qgov.render.plan_json import as_value
from qgov.render.plan_text import as_text
from tests.plan.worlds import BASELINE, changed, plan_of, sides_of

ATLAS = "tenants/atlas.yaml"
TUNING = {ATLAS: {"optimisation]": "{name: tuning, previously: optimisation}]"}}
LAB = {
    ATLAS: {
        "    sandbox:\n      tier: sandbox": "    lab:\n      previously: [bench, sandbox]\n      tier: sandbox",
        "on: sandbox}": "on: lab}",
        "on: sandbox/chemistry": "on: lab/chemistry",
    }
}


def _plan(edits: dict[str, dict[str, str]]) -> Plan:
    return plan_of(BASELINE, changed(BASELINE, edits))


def test_a_renamed_project_is_named_once_and_moves_no_access() -> None:
    plan = _plan(TUNING)

    assert plan.access == ()
    assert plan.renames == (("Project/atlas/sandbox/optimisation", "Project/atlas/sandbox/tuning"),)
    (row,) = plan.concerns
    assert (row.change.field, row.change.before, row.change.after) == (
        "spec.environments.sandbox.projects[tuning]",
        "optimisation",
        "tuning",
    )
    assert row.approvers == ("atlas-leads",)
    above, _, _ = as_text(plan).partition("\nDOCUMENTS")
    assert above.count("optimisation → tuning") == 1
    assert as_value(plan)["renames"]


def test_said_otherwise_it_is_another_project() -> None:
    plan = _plan({ATLAS: {"optimisation]": "{name: tuning, previously: nothing}]"}})

    assert {c.row.change for c in plan.access} == {Change.GRANTED, Change.REVOKED}
    assert plan.renames == ()
    kept = _plan({ATLAS: {"optimisation]": "optimisation, {name: tuning, previously: lost}]"}})
    assert {c.row.change for c in kept.access} == {Change.GRANTED}


def test_a_renamed_environment_keeps_what_is_in_it() -> None:
    plan = _plan(LAB)

    assert plan.access == ()
    assert ("Environment/atlas/sandbox", "Environment/atlas/lab") in plan.renames
    told = [(r.change.field, r.change.before, r.change.after) for r in plan.concerns]
    assert ("spec.environments.lab", "sandbox", "lab") in told


def test_what_else_changes_under_the_new_name_is_told() -> None:
    wider = {ATLAS: {**LAB[ATLAS], "backends: [simulator]": "backends: [simulator, garnet]"}}
    plan = _plan(wider)

    assert {c.row.change for c in plan.access} == {Change.GRANTED}
    assert {b for c in plan.access for b in c.row.backends} == {"garnet"}


@pytest.mark.parametrize("edits", [TUNING, LAB], ids=["project", "environment"])
def test_a_witness_is_asked_of_the_base_by_the_old_name(edits: dict[str, dict[str, str]]) -> None:
    head = changed(BASELINE, edits)
    head = changed(head, {"qgov.yaml": {"shots: 50000": "shots: 60000"}})
    base, new, _ = sides_of(BASELINE, head, whole=True)
    plan = with_witnesses(plan_of(BASELINE, head), base.model, new.model)

    mine = [c.witness for c in plan.access if "sandbox" in c.row.scope or "lab" in c.row.scope]
    assert mine
    assert all(mine), plan.new_findings
    names = {("lab", "sandbox"), ("sandbox", "sandbox")}
    for witness in mine:
        assert witness is not None
        asked = witness.at_base or witness.request
        places = [r["resource"]["properties"] for r in (witness.request, asked)]
        assert (places[0]["environment"], places[1]["environment"]) in names
        assert places[1]["project"] in ("chemistry", "optimisation")
