"""Every rule of the risk table has a change that it fits."""

from __future__ import annotations

import pytest

from qgov.model.principal import group
from qgov.plan.changes import Change, Row
from qgov.plan.risk import RULES, Risk, assess
from tests.plan.worlds import BASELINE, changed, plan_of

ATLAS, ORGANIZATION, ROLE = "tenants/atlas.yaml", "qgov.yaml", "roles/developer.yaml"
Edits = dict[str, dict[str, str] | str | None]
STANDING = "role: developer, on: test}"
JUST_IN_TIME = ", eligible: {approvers: atlas-leads, maxDuration: 4h, ticket: required}}"

CASES: dict[str, tuple[str, Edits, Edits]] = {
    # rule: (risk, edits of the base, edits of the head)
    "standing-high-risk": ("critical", {}, {ROLE: {"- job:read\n": "- result:export\n"}}),
    "mfa-dropped-high-risk": (
        "critical",
        {},
        {ORGANIZATION: {"    mfa: true\n": ""}, "roles/administrator.yaml": {"mfa: true, ": ""}},
    ),
    "everywhere": (
        "critical",
        {},
        {
            ORGANIZATION: {
                "  bindings:\n": '  bindings:\n    - {group: finance, role: developer, on: "*"}\n',
                ", maxTokenAge: 8h, job: {circuits: 100}}": "}",
            },
            ROLE: {"  requires:\n    maxTokenAge: 10h\n": ""},
        },
    ),
    "principal-moved": ("critical", {}, {ATLAS: {"repo:acme/atlas:": "repo:mallory/atlas:"}}),
    "mfa-dropped": ("high", {}, {ORGANIZATION: {"    mfa: true\n": ""}}),
    "just-in-time-dropped": ("high", {}, {ATLAS: {JUST_IN_TIME: "}"}}),
    "spending-unbounded": ("high", {}, {"budgets/atlas.yaml": None}),
    "approval-dropped": (
        "high",
        {},
        {
            "budgets/atlas.yaml": {
                "  approval: {above: 50.00 EUR, approvers: finance, validFor: 7d}\n": ""
            }
        },
    ),
    "just-in-time-high-risk": (
        "high",
        {},
        {"roles/administrator.yaml": {"secret:rotate]": "secret:rotate, audit:write]"}},
    ),
    "production-qpu": (
        "high",
        {
            ATLAS: {
                "backends: [simulator, garnet]\n      projects: [chemistry]\n      queue": "backends: [simulator]\n      projects: [chemistry]\n      queue"
            }
        },
        {},
    ),
    "device-dropped": (
        "high",
        {},
        {
            ORGANIZATION: {
                "floors: {managedDevice: true, maxTokenAge: 8h, job": "floors: {maxTokenAge: 8h, job"
            }
        },
    ),
    "production": ("medium", {}, {"roles/reader.yaml": {"log:read]": "log:read, result:read]"}}),
    "qpu": (
        "medium",
        {
            ATLAS: {
                "backends: [simulator, garnet]\n      projects: [chemistry]\n      floors": "backends: [simulator]\n      projects: [chemistry]\n      floors"
            }
        },
        {},
    ),
    "whole-tenant": ("medium", {}, {"roles/reader.yaml": {"log:read]": "log:read, audit:read]"}}),
    "oversight-lost": ("medium", {}, {"roles/auditor.yaml": {"[audit:read, ": "["}}),
    "conditions-weaker": (
        "medium",
        {},
        {ATLAS: {"{managedDevice: true, maxTokenAge: 8h}": "{maxTokenAge: 8h}"}},
    ),
    "non-production": ("low", {ATLAS: {"[chemistry, optimisation]": "[chemistry]"}}, {}),
    "access-reduced": ("low", {}, {ROLE: {"    - result:read\n": ""}}),
}


def test_every_rule_has_a_case() -> None:
    assert set(CASES) == {rule.id for rule in RULES}


@pytest.mark.parametrize("rule", CASES)
def test_the_rule_that_fits_sets_the_risk(rule: str) -> None:
    risk, base, head = CASES[rule]
    plan = plan_of(changed(BASELINE, base), changed(BASELINE, head))

    found = {change.rule.id: change.rule for change in plan.access}
    assert rule in found, sorted(found)
    assert str(found[rule].risk) == risk
    assert found[rule].reason
    assert plan.risk == max(r.risk for r in found.values())


def test_the_table_goes_from_the_most_dangerous_to_the_least() -> None:
    assert [rule.risk for rule in RULES] == sorted((r.risk for r in RULES), reverse=True)
    assert [str(risk) for risk in Risk] == ["low", "medium", "high", "critical"]


def test_a_change_cannot_lower_its_risk_by_renaming_the_tier() -> None:
    # Production is called a sandbox in the commit that lets unmanaged devices in.
    plan = plan_of(
        BASELINE, changed(BASELINE, {ATLAS: {"      tier: production\n": "      tier: sandbox\n"}})
    )

    assert "device-dropped" in {change.rule.id for change in plan.access}
    assert plan.risk is Risk.HIGH


def test_a_change_cannot_lower_its_risk_by_renaming_the_class() -> None:
    plan = plan_of(
        BASELINE,
        changed(
            BASELINE,
            {
                ORGANIZATION: {
                    "vendor: iqm\n      class: qpu": "vendor: iqm\n      class: simulator"
                },
                "budgets/atlas.yaml": None,
            },
        ),
    )

    assert "spending-unbounded" in {change.rule.id for change in plan.access}


def test_what_exists_on_no_side_still_has_a_risk() -> None:
    row = Row(group("g"), "job:read", "atlas/sandbox", (), Change.REVOKED, (), (), ())

    assert assess(row, None, None).id == "access-reduced"
