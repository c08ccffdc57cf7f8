"""Findings in every format say the same, and what a document says commands nothing."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from qgov.finding import Finding, Origin, Severity
from qgov.pipeline import check, load
from qgov.render.findings import FORMATS, as_github, as_json, as_sarif, as_text
from qgov.repository.files import is_configuration
from tests.bad.corpus import BASE, Case, cases
from tests.cli.conftest import Call
from tests.cli.process import ROOT
from tests.repository.repo import write

HOSTILE = [
    Finding(
        "QG001",
        "a\n::error file=x::100%\r\n`##[error]` ::stop-commands::x \x1b[2J\u202e",
        Origin("roles/a,b: c%\n.yaml", 3, 7),
        "::set-output name=x::y\n::warning::z",
        Severity.WARNING,
        ("soc2:CC6.1",),
        "Role/a",
    ),
    Finding("QG002", "plain", Origin("qgov.yaml"), "", Severity.ERROR),
    Finding("QG001", "again", Origin("tenants/a b#?é.yaml", 2, 1), "do it", Severity.INFO),
]
NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
WORKFLOW_COMMAND = re.compile(r"^\s*::|##\[", re.MULTILINE)


# ------------------------------------------------------------------------------------ each format


def test_json_has_every_field() -> None:
    found = json.loads(as_json(HOSTILE))

    assert found["summary"] == {"error": 1, "warning": 1, "info": 1}
    assert found["findings"][0] == {
        "code": "QG001",
        "severity": "warning",
        "message": HOSTILE[0].message,
        "path": HOSTILE[0].origin.path,
        "line": 3,
        "column": 7,
        "remedy": HOSTILE[0].remedy,
        "controls": ["soc2:CC6.1"],
        "document": "Role/a",
    }


def test_text_has_the_worst_first_and_nothing_that_a_terminal_or_a_ci_log_obeys() -> None:
    text = as_text(HOSTILE)

    assert text.splitlines()[0] == "qgov.yaml:1:1: error QG002"
    assert text.splitlines()[-1] == "1 error, 1 warning, 1 for information"
    assert WORKFLOW_COMMAND.search(text) is None
    assert not set(re.findall(r"[^\x20-\x7e\n]", text)) - set("é→–…")
    assert "\\x3a:error file=x::100%" in text
    assert as_text([]) == "0 errors, 0 warnings, 0 for information\n"


def test_colours_change_nothing_but_the_colour() -> None:
    assert re.sub(r"\x1b\[[0-9;]*m", "", as_text(HOSTILE, colour=True)) == as_text(HOSTILE)


def test_a_github_annotation_is_one_line_whose_parts_cannot_leak() -> None:
    lines = as_github(HOSTILE).splitlines()

    assert lines[0] == "::error file=qgov.yaml,line=1,col=1,title=QG002::plain"
    assert [line.split(" ")[0] for line in lines] == ["::error", "::warning", "::notice"]
    assert lines[1].startswith(
        "::warning file=roles/a%2Cb%3A c%25%0A.yaml,line=3,col=7,title=QG001::a%0A::error file=x"
    )
    assert "\r" not in as_github(HOSTILE)
    assert as_github([]) == ""


def sarif_faults(log: Any) -> list[str]:
    """What of SARIF 2.1.0 does not hold, as far as GitHub's code scanning depends on it."""
    faults = (
        [] if log["version"] == "2.1.0" and log["$schema"].startswith("https:") else ["version"]
    )
    [run] = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    faults += [] if run["tool"]["driver"]["name"] == "qgov" else ["name"]
    ids = [rule["id"] for rule in rules]
    faults += [] if ids == sorted(set(ids)) else ["rules are not unique and sorted"]
    faults += [rule["id"] for rule in rules if not rule["shortDescription"]["text"]]
    for result in run["results"]:
        [location] = result["locations"]
        place = location["physicalLocation"]
        uri = place["artifactLocation"]["uri"]
        split = urlsplit(uri)
        sound = (
            ids[result["ruleIndex"]] == result["ruleId"]
            and result["level"] in ("error", "warning", "note")
            and result["message"]["text"]
            and split.path == uri
            and not split.scheme
            and not uri.startswith("/")
            and re.fullmatch(r"[A-Za-z0-9._~/%@+=,-]*", uri)
            and place["region"]["startLine"] >= 1
            and place["region"]["startColumn"] >= 1
        )
        faults += [] if sound else [str(result)]
    return faults


def test_sarif_is_valid_and_names_files_by_uri() -> None:
    log = json.loads(as_sarif(HOSTILE))

    assert sarif_faults(log) == []
    assert [
        unquote(r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])
        for r in log["runs"][0]["results"]
    ] == [f.origin.path for f in HOSTILE]
    assert sarif_faults(json.loads(as_sarif([]))) == []


def test_formats_are_chosen_by_name(call: Call) -> None:
    for name, render in FORMATS.items():
        result = call("validate", "--root", ROOT, "--format", name, "--now", "2026-11-23T10:00:00Z")

        assert (result.status, result.err) == (0, "")
        assert result.out
        assert type(render(HOSTILE)) is str


# --------------------------------------------------------------------------- hostile repositories


def conforms(text: str) -> dict[str, Any]:
    """The document `qgov/findings/v1`, after a look at every field."""
    found: dict[str, Any] = json.loads(text)
    counted = dict.fromkeys(("error", "warning", "info"), 0)
    assert set(found) == {"schema", "findings", "summary"}
    assert found["schema"] == "qgov/findings/v1"
    for finding in found["findings"]:
        assert list(finding) == [
            "code",
            "severity",
            "message",
            "path",
            "line",
            "column",
            "remedy",
            "controls",
            "document",
        ]
        assert re.fullmatch(r"QG\d{3}", finding["code"])
        assert finding["message"].isprintable()
        assert finding["path"].isprintable()
        assert finding["remedy"].isprintable()
        assert finding["line"] >= 1
        assert finding["column"] >= 1
        assert all(isinstance(control, str) for control in finding["controls"])
        assert re.fullmatch(r"|[A-Z][A-Za-z]+/\S+", finding["document"])
        counted[finding["severity"]] += 1
    assert found["summary"] == counted
    return found


BAD = list(cases())
ONE_OF_EACH = {case.expected[0].code: case for case in BAD}
"""A case of each code of the corpus."""


@pytest.mark.no_cover
@pytest.mark.parametrize("case", BAD, ids=[case.name for case in BAD])
def test_what_is_found_in_a_broken_repository_is_well_formed_in_every_format(case: Case) -> None:
    read = {path: data for path, data in case.files.items() if is_configuration(path)}
    findings = check(load(read), NOW).findings
    shown = {name: render(findings) for name, render in FORMATS.items()}

    found = conforms(shown["json"])
    assert found["summary"]["error"] >= 1
    assert {tuple(expected) for expected in case.expected if is_configuration(expected.path)} <= {
        (f["code"], f["path"], f["line"], f["column"]) for f in found["findings"]
    }
    assert sarif_faults(json.loads(shown["sarif"])) == []
    assert len(shown["github"].splitlines()) == len(found["findings"])
    assert all(
        re.match(r"::(error|warning|notice) file=", line)
        for line in shown["github"].split("\n")[:-1]
    )
    assert WORKFLOW_COMMAND.search(shown["text"]) is None
    assert re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e]", shown["text"]) is None


@pytest.mark.parametrize(("code", "format_"), [*zip(ONE_OF_EACH, cycle(FORMATS), strict=False)])
def test_a_broken_repository_is_refused_and_left_as_it_is(
    call: Call, code: str, format_: str, tmp_path: Path
) -> None:
    case = ONE_OF_EACH[code]
    write(tmp_path, case.files)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    result = call("validate", "--root", tmp_path, "--format", format_, "--now", NOW.isoformat())

    read = {path: data for path, data in case.files.items() if is_configuration(path)}
    assert (result.status, result.err) == (1, "")
    assert result.out == FORMATS[format_](check(load(read), NOW).findings)
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


def test_the_sound_base_is_not_refused_for_its_form(call: Call, tmp_path: Path) -> None:
    write(tmp_path, BASE)
    result = call(
        "validate", "--root", tmp_path, "--format", "json", "--now", "2026-11-23T10:00:00Z"
    )

    assert not [f for f in conforms(result.out)["findings"] if f["code"] < "QG3"]


@pytest.mark.parametrize("command", ["validate", "compile"])
def test_the_shared_login_is_refused(call: Call, command: str, tmp_path: Path) -> None:
    root = ROOT / "tests" / "fixtures" / "shared-login"
    if command == "validate":
        result = call("validate", "--root", root, "--format", "json")
        assert conforms(result.out)["summary"]["error"] >= 1
        assert result.err == ""
    else:
        result = call("compile", "--root", root, "--out", tmp_path / "out")
        assert result.out == ""
        assert "error QG" in result.err
    assert result.status == 1
    assert list(tmp_path.iterdir()) == []


def test_files_that_are_refused_are_findings_too(call: Call, tmp_path: Path) -> None:
    write(tmp_path, BASE)
    (tmp_path / "roles" / "a\n::error::b.yaml").symlink_to("/etc/passwd")
    result = call("validate", "--root", tmp_path, "--format", "json")

    assert result.status == 1
    assert [f["code"] for f in conforms(result.out)["findings"]] == ["QG141"]
    assert call("compile", "--root", tmp_path, "--out", tmp_path / "out").status == 1
    assert call("who-can", "job:submit", "--root", tmp_path).err.count("QG141") == 1
