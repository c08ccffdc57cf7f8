"""`qgov elevate` on the command line: what it prints, and what it ends with."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from unittest.mock import patch

import pytest
from jsonschema import Draft7Validator

from qgov.cli import run
from qgov.contracts.schema import output_schemas
from qgov.elevate.realm import NEEDS
from qgov.model.access_model import AccessModel
from tests.drift.changes import DEVELOPERS, JIT
from tests.drift.conftest import ROOT
from tests.drift.loopback import Reply
from tests.elevate.fake import Fake

NOW = "2026-11-23T10:00:00Z"
OVER = "2027-01-23T10:00:00Z"
MEI = "mei@northwind.example"
HOSTILE = "eve\x1b[31m::error::@northwind.example"


@pytest.fixture
def root(tmp_path: Path, files: Mapping[str, bytes]) -> Path:
    for path, data in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    return tmp_path


@pytest.fixture
def fake(own: AccessModel) -> Iterator[Fake]:
    """Everybody whose elevation is open is there, but Mei is not elevated yet."""
    found = Fake(own)
    found.person(MEI, DEVELOPERS)
    found.person("noor@northwind.example", "helix-scientists")
    with found.serving() as environment, patch.dict(os.environ, environment):
        yield found


def elevate(root: Path, *arguments: str, now: str = NOW) -> int:
    source = ("--source", "keycloak:workforce")
    return run(["elevate", "--root", str(root), "--now", now, *source, *arguments])


def test_a_plan_is_printed_and_nothing_is_done(
    root: Path, fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    assert elevate(root) == 0
    assert elevate(root, "--detailed-exitcode") == 2
    out = capsys.readouterr().out
    assert out.startswith("TO DO: 2 to add, 0 to remove, 0 kept\n")
    assert f"add  keycloak:workforce  {JIT}\n" in out
    assert "`aurora-2026-11-mei` says so until 2026-11-23T11:00:00Z" in " ".join(out.split())
    assert "tenants/aurora/elevations/aurora-2026-11-mei.yaml:" in out
    assert "mei@" not in out
    assert fake.written == []


def test_it_is_done_when_asked_and_once(
    root: Path, fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    assert elevate(root, "--apply", "--detailed-exitcode", "--people") == 2
    out = capsys.readouterr().out
    assert out.index("TO DO: 2 to add") < out.index("DONE: 2 changes, read again")
    assert MEI in out
    assert fake.inside[JIT] == {MEI}
    assert elevate(root, "--apply", "--detailed-exitcode") == 0
    assert capsys.readouterr().out.startswith("NOTHING TO DO: 2 kept\n")
    assert elevate(root, "--apply", now=OVER) == 0
    assert fake.inside[JIT] == set()
    assert len(fake.written) == 4


def test_what_was_not_done_or_cannot_be_is_an_error(
    root: Path, fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.failing = lambda _method, _person: Reply(status=403)
    assert elevate(root, "--apply", "--detailed-exitcode") == 1
    out = " ".join(capsys.readouterr().out.split())
    assert "NOT DONE: 2 of 2" in out
    assert "forbidden; the right `manage-users` is needed" in out
    fake.people[MEI]["enabled"] = False
    assert elevate(root) == 1
    out = " ".join(capsys.readouterr().out.split())
    assert "; 1 elevation cannot be carried out" in out
    assert "`aurora-2026-11-mei` says so, and the person's account is disabled" in out


def test_an_unreadable_realm_prints_nothing(
    root: Path, fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.instead = {"/groups": Reply(status=403)}
    assert elevate(root, "--apply") == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "ELEVATIONS UNKNOWN: nothing was changed" in printed.err
    assert "the right `view-users` is needed" in printed.err
    assert "hunter2" not in printed.err
    assert fake.written == []


@pytest.mark.parametrize("apply", [(), ("--apply",)], ids=["planned", "applied"])
def test_the_document_keeps_its_contract(
    root: Path, fake: Fake, capsys: pytest.CaptureFixture[str], apply: tuple[str, ...]
) -> None:
    fake.people[MEI]["enabled"] = False
    fake.person(HOSTILE, JIT)
    fake.failing = lambda method, _person: Reply(status=500) if method == "DELETE" else None
    assert elevate(root, "--format", "json", "--people", *apply) == 1
    found = json.loads(capsys.readouterr().out)
    Draft7Validator(output_schemas()["qgov/elevate/v1"]).validate(found)
    assert found["applied"] is bool(apply)
    assert found["summary"] == {
        "add": 1,
        "remove": 1,
        "keep": 0,
        "refused": 1,
        "not_done": 1 if apply else 2,
    }
    first = found["steps"][0]
    assert (first["action"], first["why"], first["elevation"]) == ("remove", "absent", None)
    assert first["person"] == f"user:{HOSTILE}"
    assert first.get("failure") == ("answered with status 500" if apply else None)
    assert found["refusals"][0]["elevation"] == "aurora-2026-11-mei"


def test_a_name_is_shown_and_not_obeyed(
    root: Path, fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.person(HOSTILE, JIT)
    fake.failing = lambda _method, _person: Reply(status=500)
    assert elevate(root, "--people", "--apply") == 1
    out = capsys.readouterr().out
    assert "northwind.example: no reviewed elevation says so" in out
    assert "\x1b" not in out
    assert not [line for line in out.splitlines() if line.lstrip().startswith("::")]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--source", "opa"), "`opa` is not one of keycloak"),
        (("--source", "keycloak:nowhere"), "no identity provider `nowhere`"),
        (("--at", "nowhere"), "nowhere"),
    ],
)
def test_what_is_asked_of_nothing_is_refused(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], reason: str
) -> None:
    assert run(["elevate", "--root", str(ROOT), "--now", NOW, *arguments]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert reason in printed.err


def test_the_page_has_what_is_read_and_written() -> None:
    page = (ROOT / "docs/drift.md").read_text(encoding="utf-8")
    for need in NEEDS:
        assert f"| {need.read} | {need.right} | {need.purpose} |" in page
