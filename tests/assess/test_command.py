"""`qgov assess`, as it is called."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from qgov.cli import run
from qgov.contracts.schema import output_schemas
from tests.assess.cases import TEMPLATES
from tests.checks.overlay import laid

NOW = "2026-11-23T10:00:00Z"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The baseline as a repository's work tree."""
    files, _ = laid()
    for path, data in files.items():
        kind, _, name = path.partition("/")
        place = {"Organization": "qgov.yaml", "Role": f"roles/{name}"}.get(
            kind, f"tenants/{kind}-{name}"
        )
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).write_bytes(data)
    return tmp_path


def _with(root: Path, templates: dict[str, bytes]) -> None:
    (root / "templates").mkdir()
    for path, data in templates.items():
        (root / path).write_bytes(data)


def _items(root: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> dict[str, str]:
    assert run(["assess", "--root", str(root), "--format", "json", "--now", NOW]) == 0
    document = json.loads(capsysbinary.readouterr().out)
    return {item["id"]: item["state"] for item in document["items"]}


def test_a_scorecard_is_printed(root: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run(["assess", "--root", str(root), "--now", NOW]) == 0
    text = capsysbinary.readouterr().out.decode()
    assert text.startswith("30-day foundation: 5 of 6 done, 1 partly\n")
    assert "MISSING  Automated onboarding" in text

    assert run(["assess", "--root", str(root), "--format", "markdown", "--now", NOW]) == 0
    assert capsysbinary.readouterr().out.startswith(b"### Scorecard\n")


def test_templates_beside_the_configuration_count(
    root: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert _items(root, capsysbinary)["onboarding"] == "missing"
    _with(root, TEMPLATES)
    assert _items(root, capsysbinary)["onboarding"] == "done"


def test_a_template_that_leads_elsewhere_is_not_read(
    root: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    _with(root, TEMPLATES)
    (root / "templates" / "welcome.md.j2").rename(root / "elsewhere")
    (root / "templates" / "welcome.md.j2").symlink_to(root / "elsewhere")
    os.mkfifo(root / "templates" / "pipe.md.j2")
    (root / "templates" / "folder.md.j2").mkdir()
    assert _items(root, capsysbinary)["onboarding"] == "partly"

    (root / "templates").rename(root / "other")
    (root / "templates").symlink_to(root / "other")
    assert _items(root, capsysbinary)["onboarding"] == "missing"


@pytest.mark.parametrize(
    ("templates", "gate", "status"),
    [
        ({}, None, 0),
        ({}, "missing", 3),
        ({}, "partly", 3),
        (TEMPLATES, "missing", 0),
        (TEMPLATES, "partly", 3),
    ],
    ids=range(5),
)
def test_a_gate_is_reached_by_what_is_as_far_behind(
    root: Path, templates: dict[str, bytes], gate: str | None, status: int
) -> None:
    _with(root, templates)
    arguments = ["assess", "--root", str(root), "--now", NOW]
    assert run(arguments + (["--fail-on", gate] if gate else [])) == status


@pytest.mark.parametrize(
    "arguments",
    [("--fail-on", "done"), ("--format", "html"), ("--now", "yesterday"), ("--root", "/nowhere")],
    ids=" ".join,
)
def test_wrong_use_is_an_error(
    root: Path, arguments: tuple[str, str], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert run(["assess", "--root", str(root), *arguments]) == 1
    out, err = capsysbinary.readouterr()
    assert out == b""
    assert err.startswith(b"error: ")


def test_what_cannot_be_understood_has_no_score(
    root: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    (root / "roles" / "broken.yaml").write_text("kind: Role\nmetadata: {", encoding="utf-8")
    assert run(["assess", "--root", str(root)]) == 1
    out, err = capsysbinary.readouterr()
    assert out == b""
    assert b"roles/broken.yaml" in err


def test_the_schema_can_be_asked_for(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run(["schema", "qgov/assessment/v1"]) == 0
    printed = json.loads(capsysbinary.readouterr().out)
    assert printed == output_schemas()["qgov/assessment/v1"]
