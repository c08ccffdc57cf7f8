"""`qgov review` on the command line: what it prints, writes and ends with, and bad sources."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest
from jsonschema import Draft7Validator

from qgov.cli import run
from qgov.contracts.schema import output_schemas
from qgov.drift.facts import Facts, Held, Person
from qgov.drift.observer import Effect, Observation
from qgov.language.scalars import parse_instant
from qgov.model.access_model import AccessModel
from qgov.model.principal import group
from qgov.plan.risk import Risk
from qgov.render.review_sheet import sheet
from qgov.review.campaign import campaigns, meets
from tests.drift.conftest import ROOT
from tests.drift.loopback import Reply, as_json
from tests.review.directory import LIST, Directory

NOW = "2026-11-28T10:00:00Z"
HOSTILE = "eve\x1b[31m|`<script>::error::\n- person: x"


@pytest.fixture
def there() -> Iterator[Directory]:
    found = Directory(
        {
            "aurora-developers": [HOSTILE, "mei@northwind.example"],
            "security-reviewers": ["adele@northwind.example"],
        }
    )
    with found.serving() as environment, patch.dict(os.environ, environment):
        yield found


def review(*arguments: str, source: str = "scim:workforce") -> int:
    return run(["review", "--root", str(ROOT), "--now", NOW, "--source", source, *arguments])


@pytest.mark.parametrize("people", [(), ("--people",)], ids=["labels", "names"])
@pytest.mark.usefixtures("there")
def test_the_document_keeps_its_contract(
    capsys: pytest.CaptureFixture[str], people: tuple[str, ...]
) -> None:
    assert review("aurora", "borealis", "--format", "json", *people) == 0
    found = json.loads(capsys.readouterr().out)
    Draft7Validator(output_schemas()["qgov/review/v1"]).validate(found)
    assert found["summary"] == {
        "reviews": 2,
        "overdue": 0,
        "keep": 0,
        "revoke": 0,
        "undecided": 4,
    }
    assert [one["due"] for one in found["reviews"]] == ["2027-05-09", "2027-05-10"]
    assert {one["able"] for one in found["reviews"]} == {1}
    mine = [m for m in found["members"] if m["group"] == "aurora-developers"]
    assert {a["scope"] for a in mine[0]["access"]} == {
        "aurora/production",
        "aurora/sandbox",
        "aurora/test",
    }
    names = {m["person"] for m in mine}
    if people:
        assert names == {f"user:{HOSTILE}", "user:mei@northwind.example"}
    else:
        assert all(name.startswith("user:~") for name in names)
        assert "mei@" not in json.dumps(found)


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_a_name_is_shown_and_not_obeyed(
    there: Directory, capsys: pytest.CaptureFixture[str], tmp_path: Path, form: str
) -> None:
    assert review("aurora", "--out", str(tmp_path / "out")) == 0
    sheet = tmp_path / "out" / "aurora.yaml"
    text = sheet.read_text(encoding="utf-8")
    assert text.count("  - person: ") == 3
    text = text.replace("by: # your id", "by: adele@northwind.example")
    text = text.replace("at: # when", f"at: {NOW} #")
    text = text.replace("decision:\n    reason:", 'decision: revoke\n    reason: "\\e[31m::x"', 1)
    sheet.write_text(text, encoding="utf-8")
    assert review("aurora", "--decisions", str(sheet), "--people", "--format", form) == 1
    assert "QG105" in capsys.readouterr().err
    text = text.replace('"\\e[31m::x"', '"<script> | `x` @all"')
    text = text.replace("decision:\n", "decision: keep\n")
    text = text.replace(
        'person: "adele@northwind.example"\n    decision: keep',
        'person: "adele@northwind.example"\n    decision: keep\n    by: mei@northwind.example',
    )
    there.members["security-reviewers"].append("mei@northwind.example")
    text += '  - person: "mei@northwind.example"\n    decision: keep\n'
    sheet.write_text(text, encoding="utf-8")
    assert review("aurora", "--decisions", str(sheet), "--people", "--format", form) == 0
    out = capsys.readouterr().out
    assert "eve" in out
    assert "\x1b" not in out
    assert "<script>" not in out or form == "text"
    assert not [line for line in out.splitlines() if line.lstrip().startswith("::")]


@pytest.mark.usefixtures("there")
def test_a_folder_with_something_in_it_is_left_alone(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "mine").write_text("x")
    assert review("--out", str(tmp_path), "aurora") == 1
    assert [file.name for file in tmp_path.iterdir()] == ["mine"]
    assert "is not empty" in capsys.readouterr().err


BAD = {
    "truncated": ({"/Groups": Reply(b'{"schemas": [')}, "cut off or broken"),
    "HTML": ({"/Users": Reply(b"<html>", kind="text/html")}, "`text/html` in place of JSON"),
    "forbidden": ({"/Groups": Reply(status=403)}, "forbidden"),
    "elsewhere": (
        {"/Users": Reply(status=302, headers={"Location": "https://evil.example/"})},
        "redirects to evil.example; not followed",
    ),
    "a million announced": (
        {"/Groups": as_json({"schemas": [LIST], "totalResults": 10**6, "Resources": []})},
        "1000000 announced, 0 sent",
    ),
    "half announced": (
        {"/Users": as_json({"schemas": [LIST], "totalResults": 2, "Resources": [{"id": "x"}]})},
        "came twice",
    ),
    "cut off": ({"/Users": Reply(b"{}", length=10**6)}, "peer closed connection"),
}


@pytest.mark.parametrize("kind", BAD)
def test_an_unreadable_directory_is_never_reviewed(
    there: Directory, capsys: pytest.CaptureFixture[str], tmp_path: Path, kind: str
) -> None:
    there.instead, reason = BAD[kind]
    assert review("aurora", "--out", str(tmp_path / "out")) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("REVIEW UNKNOWN: a source could not be read\n")
    assert reason in printed.err
    assert "hunter2" not in printed.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "source", "reason"),
    [
        (("nowhere",), "scim:workforce", "`nowhere` is not one of academy, aurora"),
        (("aurora",), "opa:https://x.example", "opa tells nothing of people"),
        (("aurora",), "scim:nowhere", "say whose groups these are"),
        (("meridian",), "scim:workforce", "`meridian` needs partners"),
        (("meridian", "aurora"), "scim:workforce", "aurora can be reviewed without"),
        (("aurora", "--revert", "x"), "scim:workforce", "give the decisions as well"),
        (("aurora", "--decisions", "nowhere.yaml"), "scim:workforce", "nowhere.yaml"),
    ],
)
@pytest.mark.usefixtures("there")
def test_what_cannot_be_reviewed_is_refused(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], source: str, reason: str
) -> None:
    assert review(*arguments, source=source) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert reason in " ".join(printed.err.split())


def test_the_page_has_every_code() -> None:
    page = (ROOT / "docs/reviews.md").read_text(encoding="utf-8")
    sources = "".join(p.read_text(encoding="utf-8") for p in (ROOT / "qgov/review").glob("*.py"))
    used = set(re.findall(r'"(QG9\d\d)"', sources))
    assert used == set(re.findall(r"^\| (QG9\d\d) \|", page, re.MULTILINE))
    assert len(used) == 11


@pytest.mark.parametrize(
    ("scope", "other", "so"),
    [
        ("*", "aurora/test", True),
        ("aurora", "*", True),
        ("aurora", "aurora/test/chemistry", True),
        ("aurora/test", "aurora", True),
        ("aurora/test", "aurora/sandbox", False),
        ("aurora", "auror", False),
        ("*/production", "aurora/production/chemistry", True),
        ("*/production", "aurora", True),
        ("*/production", "aurora/test", False),
        ("aurora/*/chemistry", "aurora/test/chemistry", True),
        ("aurora/*/chemistry", "aurora/test/other", False),
    ],
)
def test_a_review_is_about_what_holds_somewhere_in_its_scope(
    scope: str, other: str, so: bool
) -> None:
    assert meets(scope, other) is so
    assert meets(other, scope) is so


def test_a_person_who_is_known_by_an_id_is_listed_with_a_name(model: AccessModel) -> None:
    person = Person("mei", id="7f1c-2")
    held = Held(group("aurora-developers"), "quantum-developer", "aurora/sandbox")
    facts = Facts(held=(held,), groups={"aurora-developers": (person,)})
    seen = [
        Observation(f"x:{name}", "x", Facts(), facts, lambda *_: Effect(Risk.LOW, ""))
        for name in model.organization.providers
    ]
    found = campaigns(model, seen, ["aurora"], parse_instant(NOW))[0]
    lines = sheet(found, parse_instant(NOW)).splitlines()
    at = lines.index('  - person: "7f1c-2"')
    assert lines[at + 1 : at + 3] == ['    # called "mei"', "    decision:"]
