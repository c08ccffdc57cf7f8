"""An account that goes before it is closed leaves everybody in it, and a plan says so."""

from __future__ import annotations

from qgov.plan.plan import Plan
from qgov.plan.unclosed import UNCLOSED
from tests.plan.worlds import BASELINE, changed, line_of, plan_of

ATLAS = "tenants/atlas.yaml"
(ACCOUNT,) = (line for line in BASELINE[ATLAS].splitlines() if "braket: {account:" in line)
CLOSED = changed(BASELINE, {ATLAS: {ACCOUNT: ACCOUNT.replace("}", ", closed: true}")}})
WITHOUT = changed(BASELINE, {ATLAS: {f"  clouds:\n{ACCOUNT}\n": ""}})
IBM = (
    "    ibm: {instance: 'crn:v1:bluemix:public:quantum-computing:eu-de:a/"
    "00000000000000000000000000000000:00000000-0000-4000-8000-000000000000::', "
    "plan: flex, region: eu-de}"
)
AZURE = (
    "    azure: {subscription: 00000000-0000-0000-0000-000000000001, resourceGroup: atlas, "
    "workspace: atlas, location: westeurope}"
)


def told(plan: Plan) -> list[str]:
    return [f"{f.origin.path}:{f.origin.line}" for f in plan.new_findings if f.code == UNCLOSED]


def test_an_account_that_goes_open_is_told_where_it_was() -> None:
    plan = plan_of(BASELINE, WITHOUT)

    assert told(plan) == [line_of(BASELINE, ATLAS, "braket: {account")]
    (finding,) = (f for f in plan.new_findings if f.code == UNCLOSED)
    assert finding.severity == "warning"
    assert "`clouds.braket` of `atlas`" in finding.message
    assert "`closed: true`" in finding.remedy


def test_each_cloud_of_a_tenant_is_told_of() -> None:
    """Those with modules of their own."""
    for line, name in ((IBM, "ibm"), (AZURE, "azure")):
        with_it = changed(BASELINE, {ATLAS: {ACCOUNT: f"{ACCOUNT}\n{line}"}})
        (finding,) = (f for f in plan_of(with_it, BASELINE).new_findings if f.code == UNCLOSED)
        assert f"`clouds.{name}` of `atlas`" in finding.message
        closed = line.replace("}", ", closed: true}")
        without = changed(BASELINE, {ATLAS: {ACCOUNT: f"{ACCOUNT}\n{closed}"}})
        assert told(plan_of(with_it, without)) == []
        assert told(plan_of(without, BASELINE)) == []


def test_one_that_was_closed_before_goes_without_a_word() -> None:
    assert told(plan_of(BASELINE, CLOSED)) == []
    assert told(plan_of(CLOSED, WITHOUT)) == []


def test_closing_takes_the_native_accesses_and_the_artifacts_say_so() -> None:
    plan = plan_of(BASELINE, CLOSED)

    assert not [f for f in plan.new_findings if f.severity == "error"]
    (row,) = (c for c in plan.concerns if c.change.field == "spec.clouds.braket.closed")
    assert row.approvers
    changed_files = {a.path: a.change for a in plan.artifacts if "/atlas/braket/" in a.path}
    assert changed_files["terraform/tenants/atlas/braket/kept.tf"] == "changed"
    assert changed_files["terraform/tenants/atlas/braket/trail.tf"] == "removed"
