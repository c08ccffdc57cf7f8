"""The reviewers' expectations hold, and a wrong expectation fails."""

from __future__ import annotations

import json
from typing import Any

import pytest

from qgov.decision.access_tests import AccessTestResult, run
from qgov.decision.engines.reference import ReferenceEngine
from qgov.decision.engines.rego import RegoEngine
from qgov.model.access_model import AccessModel
from qgov.targets.opa import TARGET
from tests.decision.harness import FILES
from tests.strategies import linked
from tests.targets.worked import worked_with_expectations


@pytest.fixture(scope="module")
def worked() -> AccessModel:
    """The configuration at the root of the repository."""
    return worked_with_expectations()


def test_every_expectation_of_the_repository_holds_in_the_bundle(worked: AccessModel) -> None:
    with RegoEngine(TARGET.emit(worked)["policy/opa/bundle.tar.gz"]) as engine:
        results = run(worked, engine)
        reference = run(worked, ReferenceEngine(worked, engine.revision))
    assert results == reference
    failed = [
        (r.test.document, r.test.case.name, r.decision.reasons) for r in results if not r.passed
    ]
    assert failed == []
    assert {r.test.case.expect for r in results} == {"allow", "deny"}


def outcome(**case: Any) -> AccessTestResult:
    """The result of one case in the small repository."""
    spec = {
        "cases": [
            {
                "name": "it",
                "action": "job:submit",
                "expect": "allow",
                "subject": {"groups": ["developers"]},
                "resource": {"scope": "aurora/sandbox/chemistry"},
                **case,
            }
        ]
    }
    document = {
        "apiVersion": "qgov/v1",
        "kind": "AccessTest",
        "metadata": {"name": "t"},
        "spec": spec,
    }
    model = linked({**FILES, "tests/access/t.yaml": json.dumps(document).encode()})
    (result,) = run(model, ReferenceEngine(model))
    return result


PRODUCTION = {"scope": "aurora/production/chemistry"}


@pytest.mark.parametrize(
    "case",
    [
        {},
        {"action": "job:cancel:own"},
        {
            "action": "job:cancel",
            "resource": {
                "scope": "aurora/sandbox/chemistry",
                "owner": "somebody@access-test.example",
            },
        },
        {"subject": {"groups": ["auditors"]}, "action": "policy:read", "resource": {"scope": "*"}},
        {"subject": {"workload": "aurora/nightly"}, "resource": PRODUCTION},
        {
            "subject": {"groups": ["developers"], "user": "tom@northwind.example"},
            "resource": PRODUCTION,
        },
    ],
    ids=["plain", "own", "owner", "organization", "workload", "elevation"],
)
def test_what_a_case_leaves_out_is_as_good_as_required(case: dict[str, Any]) -> None:
    result = outcome(**case)
    assert result.decision.reasons == ()
    assert result.passed


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ({"context": {"mfa": False}}, "mfa-missing"),
        ({"context": {"country": "US"}}, "country-blocked"),
        ({"context": {"credential": "api-key"}}, "static-credential"),
        ({"resource": PRODUCTION}, "elevation-required"),
        ({"resource": {"scope": "aurora/sandbox/chemistry", "backend": "forte"}}, "residency"),
        ({"subject": {"groups": ["guests"]}}, "tenant-mismatch"),
        ({"subject": {"groups": []}}, "no-grant"),
        (
            {
                "action": "job:cancel",
                "resource": {
                    "scope": "aurora/sandbox/chemistry",
                    "owner": "ines@northwind.example",
                },
            },
            "not-owner",
        ),
        (
            {
                "subject": {"workload": "aurora/nightly"},
                "resource": PRODUCTION,
                "context": {"tokenAge": "16m"},
            },
            "token-stale",
        ),
        ({"subject": {"workload": "aurora/legacy"}}, "federation-mismatch"),
        (
            {
                "subject": {"groups": ["developers"], "user": "tom@northwind.example"},
                "resource": PRODUCTION,
                "context": {"time": "2026-11-23T12:00:00Z"},
            },
            "elevation-expired",
        ),
        (
            {
                "subject": {"groups": ["developers"], "user": "tom@northwind.example"},
                "resource": PRODUCTION,
                "context": {"managedDevice": False},
            },
            "device-unmanaged",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_a_case_says_decides_it(case: dict[str, Any], reason: str) -> None:
    assert outcome(**case, expect="deny", reasons=[reason]).decision.reasons == (reason,)
    assert outcome(**case, expect="deny", reasons=[reason]).passed
    assert not outcome(**case, expect="allow").passed


def test_an_expected_reason_that_is_not_given_fails_the_case() -> None:
    case = {"context": {"mfa": False}, "expect": "deny"}
    assert outcome(**case).passed
    assert not outcome(**case, reasons=["token-stale"]).passed
    assert not outcome(**case, reasons=["mfa-missing", "token-stale"]).passed
