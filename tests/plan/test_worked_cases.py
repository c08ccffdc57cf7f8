"""Changes of the worked repository that are easily missed: each is the first thing one reads."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import pytest

from qgov.plan.plan import Plan
from qgov.render.plan_text import as_text
from qgov.render.plan_view import verdict
from tests.plan.worlds import changed, plan_of

ROOT = Path(__file__).parents[2]
ORGANIZATION = "qgov.yaml"
SAFEGUARDS = {"platform-admins", "security-reviewers"}


@cache
def _files() -> Mapping[str, str]:
    folders = ("budgets", "roles", "tenants", "findings")
    paths = [ROOT / "qgov.yaml", *(p for f in folders for p in sorted((ROOT / f).rglob("*.yaml")))]
    return {str(p.relative_to(ROOT)): p.read_text(encoding="utf-8") for p in paths}


def _edited(path: str, *edits: tuple[str, str]) -> Callable[[], Mapping[str, str]]:
    return lambda: changed(_files(), {path: dict(edits)})


def _replaced(path: str, pattern: str, new: str) -> Callable[[], Mapping[str, str]]:
    return lambda: {**_files(), path: re.sub(pattern, new, _files()[path], flags=re.DOTALL)}


def _takeover() -> Mapping[str, str]:
    """An issuer inside of a commit that refreshes every price."""
    text = re.sub(r"asOf: 2026-\d\d-\d\d", "asOf: 2026-11-20", _files()[ORGANIZATION])
    return {
        **_files(),
        ORGANIZATION: text.replace(
            "id.northwind.example/realms/quantum\n", "id.northwlnd.example/realms/quantum\n"
        ),
    }


_QUBITS = "{measure: qpuSeconds, per: month, limit: 3600, warnAt: [80%]}"
_WIDER = _QUBITS.replace("3600", "900000000")
_CHEMISTRY = "budgets/aurora-chemistry.yaml"
CASES: Mapping[str, tuple[Callable[[], Mapping[str, str]], str, str, set[str]]] = {
    "group-provider": (
        _edited(
            ORGANIZATION,
            (
                "title: Quantum platform team, identityProvider: workforce",
                "title: Quantum platform team, identityProvider: partners",
            ),
        ),
        "TRUST CHANGES: platform-admins answer to another identity provider",
        "critical",
        SAFEGUARDS,
    ),
    "issuer-hidden-in-price-refresh": (
        _takeover,
        "TRUST CHANGES: identity provider workforce, issuer",
        "critical",
        {*SAFEGUARDS, "finance-approvers"},
    ),
    "federation-subject": (
        _edited(
            "tenants/borealis/tenant.yaml",
            ("repo:northwind/borealis:env", "repo:mallory/borealis:env"),
        ),
        "TRUST CHANGES: workload borealis/borealis-dispatch, federation.subject",
        "critical",
        {*SAFEGUARDS, "borealis-leads"},
    ),
    "review-emptied": (
        _replaced(ORGANIZATION, r"\n  review:\n(?:    [^\n]*\n)+", "\n"),
        "RULES CHANGE:",
        "critical",
        SAFEGUARDS,
    ),
    "quota-raised": (
        _edited("budgets/meridian-error-correction.yaml", (_QUBITS, _WIDER)),
        "MONEY CHANGES: 1 field of Budget/meridian-error-correction, 1 looser",
        "medium",
        {"finance-approvers", "meridian-sponsors"},
    ),
    "quotas-removed": (
        _replaced(_CHEMISTRY, r"  quotas:\n(?:    [^\n]*\n)+", ""),
        "MONEY CHANGES: 3 fields of Budget/aurora-chemistry, 3 looser",
        "high",
        {"finance-approvers", "aurora-leads", "security-reviewers"},
    ),
    "period-monthly": (
        _edited("budgets/northwind.yaml", ("period: yearly", "period: monthly")),
        "MONEY CHANGES: 1 field of Budget/northwind, 1 looser",
        "medium",
        {"finance-approvers", "finance-controllers"},
    ),
    "rate-lowered": (
        _edited(ORGANIZATION, ('rate: "0.92"', 'rate: "0.0092"')),
        "MONEY CHANGES: 1 field of Organization/northwind, 1 looser",
        "medium",
        {"finance-approvers", "platform-admins"},
    ),
    "timing-estimated": (
        _edited(ORGANIZATION, ("      timing: {overhead: 5s, shotsPerSecond: 1}\n", "")),
        "MONEY CHANGES:",
        "medium",
        {"finance-approvers", "platform-admins"},
    ),
    "budget-exception": (
        _edited("budgets/aurora-chemistry-2026-11.yaml", ("1500.00 EUR", "900000.00 EUR")),
        "MONEY CHANGES: 1 field of BudgetException/aurora-chemistry-2026-11, 1 looser",
        "medium",
        {"finance-approvers", "aurora-leads"},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_change_that_is_easily_missed_is_told_first(name: str) -> None:
    edit, said, risk, asked = CASES[name]
    plan = plan_of(_files(), edit())

    assert verdict(plan).startswith(said)
    assert as_text(plan).startswith(said[:60])
    assert str(plan.risk) == risk
    assert {a.by for a in plan.approvals} == asked
    assert plan.verdict != "equivalent"
    assert bool(plan.access) is said.startswith("TRUST")


def test_of_two_approval_rules_the_laxer_one_counts_as_well() -> None:
    rule = "  approval: {above: 1000.00 EUR, forClasses: [qpu], approvers: finance-controllers, validFor: 7d}\n"
    before = {**_files(), "budgets/aurora.yaml": _files()["budgets/aurora.yaml"] + rule}
    plan: Plan = plan_of(before, _files())

    (row,) = plan.concerns
    assert (row.change.field, row.change.direction, str(row.rule.risk)) == (
        "spec.approval",
        "looser",
        "high",
    )
    assert {"finance-approvers", "aurora-leads"} <= set(row.approvers)
