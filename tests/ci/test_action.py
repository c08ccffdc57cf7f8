"""The step of the action, run as GitHub runs it."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from qgov.language.reader import read
from qgov.render.plan_markdown import MARKER
from tests.plan.worlds import BASELINE, World, changed

ROOT = Path(__file__).parents[2]
STEP = ROOT / ".github" / "actions" / "plan" / "plan.sh"
ATLAS = "tenants/atlas.yaml"
PROJECT = {ATLAS: {"[chemistry, optimisation]": "[chemistry, optimisation, other]"}}


REAL = f'exec {shlex.quote(sys.executable)} -m qgov "$@"'


class Ran(NamedTuple):
    status: int
    log: str
    outputs: dict[str, str]
    summary: str


def step(here: Path, qgov: str = REAL, **inputs: str) -> Ran:
    """The step with its inputs, in the folder that holds the checkout."""
    (here / "qgov").write_text(f"#!/bin/sh\n{qgov}\n")
    (here / "qgov").chmod(0o755)
    (here / "output").write_text("")
    (here / "summary").write_text("")
    done = subprocess.run(
        [STEP],
        cwd=here,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "SOURCE_DATE_EPOCH": "1795428000",
            "GITHUB_ACTION_PATH": str(STEP.parent),
            "GITHUB_OUTPUT": str(here / "output"),
            "GITHUB_STEP_SUMMARY": str(here / "summary"),
            "RUNNER_TEMP": str(here / "temp"),
            "QGOV": str(here / "qgov"),
            "QGOV_ROOT": "change",
            **{f"QGOV_{name.upper()}": value for name, value in inputs.items()},
        },
        capture_output=True,
        text=True,
        check=False,
    )
    lines = (here / "output").read_text().splitlines()
    return Ran(
        done.returncode,
        done.stdout + done.stderr,
        dict(line.split("=", 1) for line in lines),
        (here / "summary").read_text(),
    )


# ---------------------------------------------------------------------------- with qgov itself


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder with a checkout, which has a project more than its commit."""
    world = World.at(tmp_path / "change", BASELINE)
    world.write(changed(BASELINE, PROJECT))
    return tmp_path


def test_a_change_is_planned_in_every_form_and_is_no_failure(here: Path) -> None:
    ran = step(here)
    plan = json.loads(Path(ran.outputs["json"]).read_text())

    assert ran.status == 0, ran.log
    assert ran.outputs["status"] == "2"
    assert ran.outputs["digest"] == plan["digest"]
    assert Path(ran.outputs["markdown"]).read_text() == ran.summary
    assert Path(ran.outputs["html"]).read_text().startswith("<!doctype html>")
    assert ran.summary.startswith(MARKER)
    assert "MORE PERMISSIVE" in ran.log
    assert ran.outputs["record"] == ""


def test_a_gate_fails_the_step_and_shows_the_plan(here: Path) -> None:
    ran = step(here, fail_on="low", format="none")

    assert (ran.status, ran.outputs["status"]) == (3, "3")
    assert ran.outputs["digest"]
    assert ran.summary.startswith("> [!WARNING]")
    assert "#### Gains" in ran.summary
    assert "MORE PERMISSIVE" not in ran.log


def test_a_plan_that_failed_looks_like_one_and_a_finding_stands_beside_its_line(
    here: Path,
) -> None:
    (here / "change" / ATLAS).write_text("kind: [")
    ran = step(here)

    assert (ran.status, ran.outputs["status"], ran.outputs["digest"]) == (1, "1", "")
    said = Path(ran.outputs["markdown"]).read_text()
    assert said.startswith(f"{MARKER}\n### PLAN FAILED")
    assert said in ran.summary
    assert f"::error file={ATLAS},line=" in ran.log


# --------------------------------------------------------------- with another in its place

DIGEST = f"sha256:{'a' * 64}"
STUB = rf"""printf '%s\0' "$@" >> arguments; printf '\n' >> arguments
case "$*" in
  *json*) printf '{{\n  "digest": "{DIGEST}",\n}}\n' ;;
  *validate*) echo '::error::found' ;;
  *) printf '{MARKER}\n::error::planted\n' ;;
esac
case "$*" in *record=*) echo '{{}}' > temp/qgov-plan/decision-record.json ;; esac
"""


def calls(here: Path) -> list[list[str]]:
    return [c.split("\0")[:-1] for c in (here / "arguments").read_text().split("\n")[:-1]]


def test_nothing_that_the_plan_prints_is_a_command(tmp_path: Path) -> None:
    ran = step(tmp_path, STUB, format="markdown")
    log = ran.log.splitlines()
    token = log[0].removeprefix("::stop-commands::")

    assert re.fullmatch("[0-9a-f]{32}", token)
    assert log[1:] == [MARKER, "::error::planted", f"::{token}::", "::error::found"]
    assert log[0] not in step(tmp_path, STUB).log, "another token each time"
    assert "::error" not in step(tmp_path, STUB, annotations="false", format="none").log
    assert step(tmp_path, STUB, summary="false").summary == ""


@pytest.mark.parametrize("status", [0, 1, 2, 3])
def test_the_status_is_the_plan_s(tmp_path: Path, status: int) -> None:
    ran = step(tmp_path, f"{STUB}\nexit {status}")

    assert ran.outputs["status"] == str(status)
    assert ran.status == (0 if status == 2 else status)
    assert ran.outputs["digest"] == DIGEST


@pytest.mark.parametrize("qgov", ["exit 0", "exit 2", "exit 127", "echo '{}'"])
def test_what_is_no_plan_is_never_one_without_changes(tmp_path: Path, qgov: str) -> None:
    ran = step(tmp_path, qgov)

    assert (ran.status, ran.outputs["digest"]) == (1, "")
    assert "PLAN FAILED" in ran.summary


VALUES = ("$(touch pwned)", "`touch pwned`", "; touch pwned", "--help", "a b\tc*")


@pytest.mark.parametrize("value", VALUES)
def test_no_input_is_code_or_an_option(tmp_path: Path, value: str) -> None:
    options = ("base", "head", "fail_on", "intent", "reviews", "members", "author_login")
    step(tmp_path, STUB, root=value, **dict.fromkeys(options, value))
    first, *others = calls(tmp_path)

    assert first == [
        "plan",
        f"--root={value}",
        "--detailed-exitcode",
        *(f"--{name.replace('_', '-')}={value}" for name in options),
        f"--record={tmp_path}/temp/qgov-plan/decision-record.json",
        "--format=json",
    ]
    assert all(argument.startswith("--") for call in others for argument in call[1:])
    assert not list(tmp_path.rglob("pwned"))


def test_only_one_run_writes_what_is_kept(tmp_path: Path) -> None:
    ran = step(tmp_path, STUB, evidence="pack.zip", reviews="r.json", members="m.json")
    plans = [c for c in calls(tmp_path) if c[0] == "plan"]

    assert ran.outputs["record"] == f"{tmp_path}/temp/qgov-plan/decision-record.json"
    assert [("--evidence=pack.zip" in c, "--format=json" in c) for c in plans] == [
        (True, True),
        (False, False),
        (False, False),
        (False, False),
    ]
    assert all("--prove" in c for c in plans), "one plan, one digest"
    assert not any("--prove" in c for c in calls(tmp_path) if c[0] != "plan")


@pytest.mark.parametrize(("witness", "shown"), [("true", True), ("false", False), ("yes", False)])
def test_witnesses_are_in_every_form_or_in_none(tmp_path: Path, witness: str, shown: bool) -> None:
    step(tmp_path, STUB, witness=witness)

    assert {"--witness" in c for c in calls(tmp_path) if c[0] == "plan"} == {shown}


# ---------------------------------------------------------------------------------- as written


def test_every_input_reaches_the_step_through_the_environment() -> None:
    ((value, _),), refused = read("action.yml", (STEP.parent / "action.yml").read_bytes())
    assert not refused
    action: Any = value
    run = action["runs"]["steps"][-1]
    text = STEP.read_text()

    assert "${{" not in text
    assert all("${{" not in each.get("run", "") for each in action["runs"]["steps"])
    assert set(run["env"]) == {
        f"QGOV_{name.upper().replace('-', '_')}"
        for name in set(action["inputs"]) - {"python-version"}
    }
    for name in run["env"]:
        option = name.removeprefix("QGOV_").lower().replace("_", "-")
        assert name in text or f" {option}" in text
    assert set(action["outputs"]) == {*("status", "digest", "markdown", "json", "html", "record")}
