"""The document, its views, and shards that are put together."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft7Validator

from qgov.conformance.case import Case, Jobs, Result, Submission, shard_of
from qgov.conformance.content import Difference
from qgov.conformance.report import MergeError, failed, merged, report
from qgov.conformance.submissions import submissions
from qgov.contracts.conformance import Conformance
from qgov.contracts.schema import output_schemas
from qgov.decision.decision import Decision
from qgov.decision.engines import engines
from qgov.render.conformance import as_json, as_junit, as_text
from tests.conformance.harness import cases_of, run, subject_of, table_of

ROLES, BACKENDS = ["auditor", "developer", "pipeline"], ["forte", "iqm-garnet", "local-simulator"]
HOSTILE = 'x</testcase>]]>&"\x1b[31m\x00\ufffe\ud800 ::error::no'


def part(index: int, of: int) -> Conformance:
    asked = [*cases_of(True), *submissions(table_of(True))]
    asked = [case for case in asked if shard_of(case.id, of) == index]
    results = run(subject_of(True), engines()["reference"], asked)
    return report(
        "reference", "sha256:1", results, roles=ROLES, backends=BACKENDS, shard=(index, of)
    )


@pytest.fixture(scope="module")
def whole() -> Conformance:
    return part(1, 1)


@pytest.fixture(scope="module")
def parts() -> list[dict[str, Any]]:
    return [json.loads(as_json(part(index, 3))) for index in (1, 2, 3)]


def result(**changes: Any) -> Result:
    fields = {
        "id": "binding:aurora/developers/developer@sandbox/near/no-mfa/job:submit",
        "name": "developer: group:developers asks without a second factor",
        "request": {"action": {"name": "job:submit"}},
        "expect": "deny",
        "reasons": ("mfa-missing",),
        "role": "developer",
        "scope": "aurora/sandbox/chemistry",
        "principal": "group:developers",
        "origin": "tenants/aurora.yaml:12",
    }
    problems = ("expected deny (mfa-missing), got allow",)
    return Result(Case(**{**fields, **changes}), "rego", Decision(True), problems)


def document(*results: Result, **more: Any) -> Conformance:
    return report("rego", "sha256:1", results, roles=ROLES, backends=BACKENDS, **more)


def test_the_document_is_what_its_schema_says(whole: Conformance) -> None:
    schema = Draft7Validator(output_schemas()["qgov/conformance/v1"])

    for given in (whole, document(result(), differences=[Difference("roles/x", None, 1)])):
        assert [e.message for e in schema.iter_errors(json.loads(as_json(given)))] == []


def test_counts_add_up(whole: Conformance) -> None:
    summary, found = whole["summary"], whole["cases"]
    submitted = [case for case in found if case["submitted"]]

    assert summary["failed"] == 0 == failed(whole)
    assert summary["passed"] == len(found)
    assert summary["submitted"] == len(submitted)
    assert summary["refused"] == sum(case["expect"] == "deny" for case in submitted)
    assert all(case["engine_jobs"] for case in submitted)


def test_shards_add_up_to_the_whole(whole: Conformance, parts: list[dict[str, Any]]) -> None:
    for order in (parts, parts[::-1]):
        assert as_json(merged(order)) == as_json(whole)


def changed(parts: list[dict[str, Any]], **fields: Any) -> list[Any]:
    found: list[Any] = deepcopy(parts)
    found[1].update(fields)
    return found


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"revision": "sha256:2"}, "of the revision 'sha256:2'"),
        ({"engine": "opa"}, "of the engine 'opa'"),
        ({"shard": {"index": 1, "of": 3}}, "of 3 shards 2 is missing"),
        ({"shard": {"index": 2, "of": 4}}, "runs of 3, 4 shards"),
        ({"bundle": {"differences": [1]}}, "differ in their bundle"),
        ({"schema": "qgov/plan/v1"}, "report 2 is no qgov/conformance/v1"),
        ({"cases": None}, "report 2 is no qgov/conformance/v1"),
        ({"cases": [{}]}, "report 2 is no qgov/conformance/v1"),
        ({"shard": {"index": "2", "of": 3}}, "report 2 is no qgov/conformance/v1"),
    ],
)
def test_what_does_not_belong_together_is_not_merged(
    parts: list[dict[str, Any]], fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(MergeError, match=message):
        merged(changed(parts, **fields))


def test_every_shard_is_there_once(parts: list[dict[str, Any]]) -> None:
    for given, message in (
        (parts[:2], "3 is missing"),
        ([*parts, parts[1]], "shard 2 is given more than once"),
        ([*parts, {**parts[1], "shard": {"index": 9, "of": 3}}], "no shard 9 of 3"),
        ([[]], "report 1 is no"),
    ):
        with pytest.raises(MergeError, match=message):
            merged(given)


def test_text_has_the_verdict_first_and_fits(whole: Conformance) -> None:
    text = as_text(whole)
    lines = text.splitlines()

    assert lines[0] == f"PASSED: {len(whole['cases']):,} cases"
    assert max(map(len, lines)) <= 80
    row = next(line for line in lines if line.strip().startswith("developer "))
    assert row.split() == ["developer", "-/1", "1/1", "1/1"]
    row = next(line for line in lines if line.strip().startswith("auditor "))
    assert row.split() == ["auditor", "-/1", "-/1", "-/1"]


def test_text_names_role_scope_case_and_line() -> None:
    lines = as_text(document(result())).splitlines()

    assert lines[0] == "FAILED: 1 of 1 case"
    told = "\n".join(lines)
    for part_ in (
        "developer on aurora/sandbox/chemistry",
        "binding:aurora/developers/developer@sandbox/near/no-mfa/job:submit",
        "expected deny (mfa-missing), got allow",
        "tenants/aurora.yaml:12",
    ):
        assert part_ in told


def test_many_failures_are_counted_by_role_and_scope() -> None:
    many = [result(id=f"cell:{n}") for n in range(30)]
    text = as_text(document(*many))

    assert "and 10 more:" in text
    assert "10  developer on aurora/sandbox/chemistry" in text


def test_many_backends_are_shown_in_blocks() -> None:
    names = [f"backend-{n:02}" for n in range(40)]
    runs = [
        Result(
            Case(
                f"submission:developer/{name}/ran",
                "x",
                {},
                "allow",
                role="developer",
                backend=name,
                submission=Submission("developer", name, 1, 2),
            ),
            "rego",
            Decision(True),
            jobs=Jobs(0, 1),
        )
        for name in names
    ]
    lines = as_text(report("rego", "r", runs, roles=["developer"], backends=names)).splitlines()

    assert max(map(len, lines)) <= 80
    assert " ".join(lines).count("1/-") == 40
    assert any("an backend-39" in line for line in lines)


def test_nothing_asked_is_no_pass() -> None:
    assert failed(document())
    assert as_text(document()).startswith("FAILED: there was nothing to ask")


def test_hostile_names_are_shown_and_not_obeyed() -> None:
    text = as_text(document(result(name=HOSTILE, scope=HOSTILE, role=HOSTILE)))

    assert "\x1b" not in text
    assert "\x00" not in text
    assert not any(line.lstrip().startswith("::") for line in text.splitlines())


def test_junit_is_well_formed_whatever_the_names_are() -> None:
    found = document(result(name=HOSTILE, id=f"cell:{HOSTILE}", origin=HOSTILE))
    root = ET.fromstring(as_junit(found).encode())  # noqa: S314 - our own text

    (case,) = root.iter("testcase")
    assert case.get("name", "").startswith('cell:x</testcase>]]>&"\\x1b[31m\\x00')


ATTRIBUTES = {
    "testsuites": {"name", "tests", "failures", "errors"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped"},
    "properties": set(),
    "property": {"name", "value"},
    "testcase": {"name", "classname"},
    "failure": {"message", "type"},
}
CHILDREN = {
    "testsuites": ["testsuite"],
    "testsuite": ["properties", "testcase"],
    "properties": ["property"],
    "testcase": ["failure"],
}


def test_junit_has_the_usual_shape(whole: Conformance) -> None:
    extra = [Difference("roles/x/requires/mfa", True, None)]
    for given in (whole, document(result(), differences=extra)):
        root = ET.fromstring(as_junit(given).encode())  # noqa: S314 - our own text
        for element in root.iter():
            assert set(element.attrib) == ATTRIBUTES[element.tag]
            order = [CHILDREN[element.tag].index(child.tag) for child in element]
            assert order == sorted(order)
        for suite in root:
            assert int(suite.get("tests", "")) == len(suite.findall("testcase"))
            assert int(suite.get("failures", "")) == len(suite.findall("testcase/failure"))
        assert int(root.get("tests", "")) == len(root.findall(".//testcase"))
        assert int(root.get("failures", "")) == len(root.findall(".//failure"))


def test_junit_tells_a_failure_in_full() -> None:
    root = ET.fromstring(as_junit(document(result())).encode())  # noqa: S314 - our own text
    failure = root.find(".//failure")

    assert failure is not None
    assert failure.get("message") == "expected deny (mfa-missing), got allow"
    for told in ("developer on aurora/sandbox/chemistry", "tenants/aurora.yaml:12"):
        assert told in (failure.text or "")
