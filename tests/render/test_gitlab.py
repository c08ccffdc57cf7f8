"""GitLab's Code Quality report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from qgov.cli import run
from qgov.finding import Finding, Origin, Severity
from qgov.records import replace
from qgov.render.gitlab import as_gitlab
from tests.plan.worlds import BASELINE, changed
from tests.render.hostile import HOSTILE

SCHEMA = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1, "pattern": "^[^\\n\\r\\u001b]*$"},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": "^(?!\\./|/)"},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}
FINDING = Finding("QG999", "it is wrong", Origin("roles/a.yaml", 3, 5), "mend it")


def report(*findings: Finding) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(as_gitlab(findings))
    Draft7Validator(SCHEMA).validate(found)
    return found


def test_a_finding_has_its_place_and_severity() -> None:
    (found,) = report(FINDING)

    assert found == {
        "description": "it is wrong; mend it",
        "check_name": "QG999",
        "fingerprint": found["fingerprint"],
        "severity": "critical",
        "location": {"path": "roles/a.yaml", "lines": {"begin": 3}},
    }
    assert report() == []


def test_the_worst_come_first() -> None:
    every = [replace(FINDING, severity=s, message=s) for s in reversed(Severity)]

    assert [f["severity"] for f in report(*every)] == ["critical", "minor", "info"]


def test_a_fingerprint_is_unique_and_stays_when_the_line_moves() -> None:
    moved = replace(FINDING, origin=Origin("roles/a.yaml", 9))
    one, two = report(FINDING, moved)

    assert one["fingerprint"] != two["fingerprint"]
    assert report(moved)[0]["fingerprint"] == one["fingerprint"]
    assert report(replace(FINDING, message="other"))[0]["fingerprint"] != one["fingerprint"]


@pytest.mark.parametrize("text", HOSTILE, ids=map(ascii, HOSTILE))
def test_hostile_words_are_one_line_of_text(text: str) -> None:
    report(replace(FINDING, message=f"x {text}", remedy=text))


def test_the_command_prints_it_with_the_status_of_the_findings(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    broken = changed(BASELINE, {"roles/reader.yaml": {"usage:read": "usage:raed"}})
    for path, text in broken.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)

    assert run(["validate", "--root", str(tmp_path), "--format", "gitlab"]) == 1
    found = json.loads(capsysbinary.readouterr().out)
    Draft7Validator(SCHEMA).validate(found)
    assert ("QG128", "roles/reader.yaml") in {
        (f["check_name"], f["location"]["path"]) for f in found
    }
