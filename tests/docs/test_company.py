"""The example company is sound, and its page says what a reader sees."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from fractions import Fraction
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import cirq
import pytest

from qgov.checks import check
from qgov.cli import run
from qgov.decision.access_tests import run as run_tests
from qgov.decision.engines.reference import ReferenceEngine
from qgov.finding import Severity
from qgov.gateway.circuits import submission
from qgov.gateway.estimate import amounts_of
from qgov.gateway.terms import terms_of
from qgov.model.access_model import AccessModel
from qgov.pipeline import load
from qgov.render.tables import tables
from qgov.repository import read_work_tree
from qgov.targets import emit
from tests.docs.pages import COMPANY, COMPANY_PAGE, ROOT, perform_company
from tests.identity.directory_tokens import ENTRA_V1, HEADERS, OKTA, SHIBBOLETH
from tests.identity.issuer import NOW as SIGNED_IN
from tests.identity.issuer import accepted, bundle_of, issuing, verifier
from tests.targets.worked import worked

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
PAGE = COMPANY_PAGE.read_text(encoding="utf-8")
FILES = read_work_tree(ROOT / COMPANY)[0]


def understood(files: Mapping[str, bytes]) -> AccessModel:
    loaded = load(files)
    assert loaded.findings == ()
    assert loaded.model is not None
    return loaded.model


@cache
def company() -> AccessModel:
    return understood(FILES)


def test_commands_print_what_the_page_says(tmp_path: Path) -> None:
    done = perform_company(tmp_path)
    assert done.text == PAGE, "run `python -m tests.docs.pages` and read what changed"
    assert {"qgov validate", "qgov who-can", "qgov explain", "qgov plan"} <= set(done.commands)


def test_no_rule_finds_an_error_or_warns() -> None:
    assert [f for f in check(company(), NOW) if f.severity is not Severity.INFO] == []


def test_its_expectations_are_met() -> None:
    results = run_tests(company(), ReferenceEngine(company()))
    assert [(r.test.case.name, r.decision.reasons) for r in results if not r.passed] == []
    assert {r.test.case.resource.scope.partition("/")[0] for r in results} >= {*company().tenants}


def test_it_is_unlike_the_worked_company() -> None:
    model = company()
    types = {fact.value.type for fact in model.organization.providers.values()}
    clouds = {fact.value.cloud for fact in model.organization.backends.values()}
    assert types == {"entra", "okta", "generic"}
    assert clouds == {"local", "azure", "braket"}
    assert {t.isolation for t in model.tenants.values()} == {"shared", "dedicated"}
    external = [group for group in model.groups.values() if group.external]
    assert len(external) == 2
    assert all(group.expires for group in external)


@pytest.mark.parametrize(
    ("path", "old", "new", "guardrail"),
    [
        (
            "tenants/rail/tenant.yaml",
            "role: researcher, on: sandbox/crew,",
            "role: researcher, on: production,",
            "outsiders-never-in-production",
        ),
        (
            "qgov.yaml",
            '{group: finance, role: finance-approver, on: "*"}',
            '{group: rail-leads, role: lead, on: "*"}',
            "the-insurer-is-alone",
        ),
    ],
)
def test_its_guardrails_hold(path: str, old: str, new: str, guardrail: str) -> None:
    text = FILES[path].decode()
    assert text.count(old) == 1
    model = understood({**FILES, path: text.replace(old, new).encode()})
    errors = [f.message for f in check(model, NOW) if f.severity is Severity.ERROR]
    assert any(guardrail in message for message in errors), errors


@pytest.mark.parametrize(
    ("provider", "base", "changes", "header", "group"),
    [
        (
            "entra",
            ENTRA_V1,
            {
                "aud": "api://caldera-quantum",
                "appid": "9d3a5c77-1f4e-4b8e-8a60-52c4e9b7d013",
                "groups": ["0D5B7C1E-3A34-4A0B-93D5-6C1F0A520012"],
            },
            HEADERS["entra-v1"],
            "rail-planners",
        ),
        (
            "okta",
            OKTA,
            {
                "aud": "api://caldera-quantum",
                "cid": "0oa8k2f1hQxWc7VnT5d7",
                "groups": ["Everyone", "Actuarial Modelling"],
            },
            HEADERS["okta"],
            "insure-actuaries",
        ),
        (
            "halden",
            SHIBBOLETH,
            {
                "aud": "https://quantum.caldera.example",
                "client_id": "caldera_quantum",
                "edumember_is_member_of": ["urn:mace:halden.example:physics:quantum"],
            },
            HEADERS["shibboleth"],
            "halden-group",
        ),
    ],
)
def test_a_token_of_each_directory_is_somebody_of_the_company(
    provider: str, base: Mapping[str, Any], changes: Any, header: Mapping[str, Any], group: str
) -> None:
    with issuing(company().organization.providers[provider].value.issuer) as issuer:
        verify = verifier(issuer, bundle=bundle_of(company))
        token = issuer.token(changes, base=base, header=header)
        found = accepted(verify.identify(token, now=SIGNED_IN))
    assert found.subject["properties"]["groups"] == [group]
    assert found.context["mfa"] is True


def test_its_regulated_project_stays_where_it_may_be() -> None:
    path = "tenants/materials/tenant.yaml"
    text = FILES[path].decode()
    old = "backends: [fresnel], "
    assert text.count(old) == 1
    model = understood({**FILES, path: text.replace(old, "backends: [fresnel, h2], ").encode()})
    (asked,) = (
        r.decision
        for r in run_tests(model, ReferenceEngine(model))
        if r.test.case.name == "what makes cells burn stays in the EU"
    )
    assert not asked.allow
    assert "residency" in asked.reasons


def test_a_job_costs_the_credits_that_the_page_says() -> None:
    qubits = cirq.LineQubit.range(10)
    circuit = cirq.Circuit(
        [cirq.rz(0.1)(q) for q in qubits * 2],
        [cirq.CZ(a, b) for a, b in pairwise(qubits)],
        cirq.measure(*qubits, key="m"),
    )
    terms = terms_of(bundle_of(company)).backends["h2"]
    job = submission(circuit, repetitions=1000)
    amounts = amounts_of(terms, job.work, job.device_ms, job.gates)
    assert amounts.cost_micros == 425_500_000
    assert "37 credits, 425.50 EUR" in PAGE


def test_a_budget_in_credits_shows_them_and_their_worth() -> None:
    budgets = next(table for table in tables(company()) if table.name == "quotas")
    rows = [dict(zip(budgets.columns, row, strict=True)) for row in budgets.rows]
    (found,) = (r for r in rows if (r["budget"], r["measure"]) == ("materials", "money"))
    assert found["limit"] == "46,000.00 EUR (4,000.00 HQC)"
    assert found["backends"] == "h2"


def test_the_prices_in_credits_are_those_that_were_money() -> None:
    exact = company().organization.prices["h2"]
    assert exact.per_task_micros == Fraction("62.50") * Fraction("0.92") * 10**6
    assert exact.per_one_qubit_gate_micros == Fraction("0.0025") * Fraction("0.92") * 10**6
    assert exact.per_two_qubit_gate_micros == Fraction("0.025") * Fraction("0.92") * 10**6
    assert exact.per_measurement_micros == Fraction("0.0125") * Fraction("0.92") * 10**6
    assert exact == worked().organization.prices["quantinuum-h2"]


def test_it_compiles_for_each_directory_and_cloud() -> None:
    paths, findings = emit(company())
    assert [f for f in findings if f.severity is Severity.ERROR] == []
    assert "terraform/identity/entra/entra-just-in-time.tf" in paths
    assert "terraform/identity/okta/okta-sign-in.tf" in paths
    assert b"urn:mace:halden.example:physics:quantum" in paths["idp/halden/setup.md"]
    for tenant, cloud in (("rail", "braket"), ("materials", "azure"), ("insure", "azure")):
        assert any(path.startswith(f"terraform/tenants/{tenant}/{cloud}/") for path in paths)


@pytest.mark.no_cover
def test_it_conforms(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    pytest.importorskip("cirq_google")
    root = str(ROOT / COMPANY)
    status = run(["conform", "--root", root, "--engine", "reference", "--format", "json"])
    summary: dict[str, int] = json.loads(capsysbinary.readouterr().out)["summary"]
    assert (status, summary["failed"]) == (0, 0)
    assert summary["passed"] > 1000
    assert 0 < summary["refused"] < summary["submitted"]
