"""The linters of workflows accept what is here, and find what is planted."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.real

ROOT = Path(__file__).parents[2]
BIN = ROOT / ".venv" / "bin"
PLAN, COMMENT = ".github/workflows/plan.yml", ".github/workflows/plan-comment.yml"
ACTION, GITLAB = ".github/actions/plan/action.yml", "docs/examples/gitlab-ci.yml"
INJECTION = "echo '${{ github.event.pull_request.title }}'"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """What is linted, to plant something in."""
    path = os.pathsep.join((os.environ.get("PATH", ""), str(BIN)))
    missing = [p for p in ("actionlint", "zizmor", "bash") if not shutil.which(p, path=path)]
    if missing:
        pytest.skip(f"missing: {', '.join(missing)}")
    shutil.copytree(ROOT / ".github", tmp_path / ".github")
    (tmp_path / "docs").mkdir()
    shutil.copytree(ROOT / "docs" / "examples", tmp_path / "docs" / "examples")
    return tmp_path


def lint(root: Path) -> tuple[int, str]:
    done = subprocess.run(
        [ROOT / ".ci" / "lint-workflows", root], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_what_is_here_is_clean(copy: Path) -> None:
    status, said = lint(copy)

    assert status == 0, said
    assert "3 workflows and 1 actions are clean" in said


@pytest.mark.parametrize(
    ("path", "right", "wrong", "complaint"),
    [
        (PLAN, "run: printf '%s\\n' \"$TEXT\" > pull-request.md", f"run: {INJECTION}", "template-inj"),
        (ACTION, 'make --silent -C "$GITHUB_ACTION_PATH/../../.." "$target"', INJECTION, "template-inj"),
        (ACTION, "run: '\"$GITHUB_ACTION_PATH/plan.sh\"'", 'run: plan "${{ inputs.root }}"', "template-inj"),
        (PLAN, "checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", "checkout@main", "unpinned-uses"),
        (PLAN, "    permissions:\n      contents: read\n", "    permissions: write-all\n", "excessive-permissions"),
        (PLAN, "  pull_request:\n", "  pull_request_target:\n", "dangerous-triggers"),
        (COMMENT, "          persist-credentials: false\n", "", "artipacked"),
        (COMMENT, "RUN_ID: ${{ github.", "RUN_ID: ${{ gihub.", "gihub"),
        (PLAN, "timeout-minutes: 10", "timeout-minutes: soon", "timeout-minutes"),
        (ACTION, "using: composite", "using: composit", "using"),
        (GITLAB, "  script:\n    - $QGOV validate", "  skript:\n    - $QGOV validate", "gitlab-ci.yml"),
        (".github/actions/plan/plan.sh", "case $status in", "case $status", "syntax error"),
    ],
)  # fmt: skip
def test_what_is_planted_is_found(
    copy: Path, path: str, right: str, wrong: str, complaint: str
) -> None:
    text = (copy / path).read_text()
    assert right in text
    (copy / path).write_text(text.replace(right, wrong, 1))
    status, said = lint(copy)

    assert status == 1
    assert complaint in said


def test_a_folder_without_workflows_is_not_clean(copy: Path) -> None:
    shutil.rmtree(copy / ".github" / "workflows")

    assert lint(copy)[0] == 1
