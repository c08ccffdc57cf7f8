"""OSCAL: what the reference library reads, is what was meant."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from qgov.checks import rules
from qgov.checks.controls import FRAMEWORKS, controls_of
from qgov.evidence.oscal import Assessment, assessment_results, component_definition
from qgov.finding import Finding, Origin, Severity

TIME = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
PASSED = {"passed": 10, "failed": 0, "submitted": 3, "refused": 2}


def assessed(*codes: str, **more: Any) -> dict[str, Any]:
    findings = [Finding(code, "it is wrong", Origin("qgov.yaml", 7)) for code in codes]
    given = {"conformance": PASSED, "findings": findings, **more}
    found = assessment_results(Assessment("acme", "0" * 40, TIME, **given))
    return dict(found["assessment-results"]["results"][0])


def states(result: dict[str, Any]) -> dict[str, str]:
    return {f["title"]: f["target"]["status"]["state"] for f in result["findings"]}


@pytest.mark.filterwarnings("default")  # the library's own
def test_the_reference_library_reads_both_back(tmp_path: Path) -> None:
    from trestle.oscal.assessment_results import AssessmentResults
    from trestle.oscal.component import ComponentDefinition

    definition, results = tmp_path / "component.json", tmp_path / "results.json"
    definition.write_text(json.dumps(component_definition("acme", TIME)))
    given = Assessment(
        "acme", "0" * 40, TIME, [Finding("QG651", "it is wrong", Origin("qgov.yaml"))], PASSED
    )
    results.write_text(json.dumps(assessment_results(given)))

    component: Any = ComponentDefinition.oscal_read(definition)
    assessment: Any = AssessmentResults.oscal_read(results)
    implemented = component.components[0].control_implementations
    assert len(implemented) == len(FRAMEWORKS)
    controls = {control for rule in rules() for control in rule.controls}
    assert sum(len(each.implemented_requirements) for each in implemented) == len(controls)
    assert len(assessment.results[0].findings) == len(controls)
    assert component.metadata.oscal_version.root.root == "1.2.1"
    written = json.loads(component.oscal_serialize_json())
    read = json.loads(definition.read_text())
    assert (
        written["component-definition"]["components"]
        == (read["component-definition"]["components"])
    )


def test_a_control_is_not_satisfied_when_a_rule_of_it_finds_an_error() -> None:
    rule = next(rule for rule in rules() if rule.severity is Severity.ERROR)
    served = {control.partition(":")[2] for control in controls_of(rule.topics)}
    found = states(assessed(rule.code))

    broken = {title for title, state in found.items() if state == "not-satisfied"}
    assert {title.rpartition(" ")[2] for title in broken} == served
    assert set(states(assessed()).values()) == {"satisfied"}


def test_a_warning_breaks_no_control() -> None:
    warned = Finding("QG651", "so so", Origin("qgov.yaml"), severity=Severity.WARNING)

    assert set(states(assessed(findings=[warned])).values()) == {"satisfied"}


def test_a_failed_conformance_run_satisfies_nothing() -> None:
    failed = assessed(conformance={**PASSED, "failed": 1})

    assert set(states(failed).values()) == {"not-satisfied"}


def test_every_observation_that_a_finding_cites_is_there() -> None:
    for result in (assessed(), assessed(conformance=None)):
        there = {observation["uuid"] for observation in result["observations"]}
        cited = {
            r["observation-uuid"] for f in result["findings"] for r in f["related-observations"]
        }
        assert cited == there
        assert len(there) == len(result["observations"])


def test_an_observation_says_where() -> None:
    (said,) = (
        o["description"] for o in assessed("QG651")["observations"] if o["title"][:5] == "QG651"
    )
    assert "it is wrong (qgov.yaml:7:1)" in said


def test_two_commits_have_other_identifiers_and_one_the_same() -> None:
    def ids(commit: str) -> str:
        given = Assessment("acme", commit, TIME, [], None)
        return str(assessment_results(given)["assessment-results"]["uuid"])

    assert ids("a" * 40) == ids("a" * 40) != ids("b" * 40)
