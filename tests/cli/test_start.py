"""A command loads what it uses: help and validation start fast."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

import pytest

from qgov.plan.documents import _deepdiff
from tests.cli.process import ENVIRONMENT, ROOT

HEAVY = {
    "cedarpy",
    "cirq",
    "cirq_google",
    "deepdiff",
    "git",
    "hcl2",
    "jinja2",
    "lark",
    "numpy",
    "regopy",
    "rich",
}
SCRIPT = """
import sys
from qgov.cli import run
status = run(sys.argv[1:])
print(*sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
sys.exit(status)
"""


def loaded(*arguments: str) -> set[str]:
    """The packages that a command has loaded when it ends."""
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments],
        cwd=ROOT,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(run.stderr.splitlines()[-1].split())


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("--version",),
        ("compile", "--help"),
        ("validate",),
        ("validate", "--format", "sarif"),
        ("schema", "Tenant"),
        ("who-can", "job:submit"),
        (
            "explain",
            "--subject",
            "group:aurora-developers",
            "--action",
            "job:submit",
            "--resource",
            "aurora/sandbox/chemistry",
        ),
    ],
    ids=lambda arguments: "-".join(arguments[:3]).strip("-"),
)
def test_what_needs_no_history_and_no_engine_loads_none(arguments: Sequence[str]) -> None:
    assert loaded(*arguments) & HEAVY == set()


def test_help_reads_no_yaml_and_builds_no_model() -> None:
    assert loaded("--help") & {"pydantic", "yaml"} == set()
    # Typer itself loads pydantic to read any option.
    assert loaded("plan", "--help") & {"yaml"} == set()


@pytest.mark.parametrize("arguments", [("plan",), ("plan", "--base", "empty")], ids="-".join)
def test_a_plan_loads_git_and_neither_an_engine_nor_a_circuit(arguments: Sequence[str]) -> None:
    found = loaded(*arguments)

    assert "git" in found
    assert found & (HEAVY - {"git", "hcl2", "lark", "deepdiff"}) == set()


def test_a_list_that_differs_is_compared_without_pandas() -> None:
    """It takes longer to import than the rest of a plan, and is there wherever Cirq is."""
    script = (
        "import sys; from qgov.plan.documents import _differences\n"
        "assert _differences([{'a': 1}], [{'a': 2}])[0]['after'] == 2\n"
        "assert 'deepdiff' in sys.modules and 'pandas' not in sys.modules\n"
        "import pandas"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=ENVIRONMENT, capture_output=True, check=False
    )

    assert (run.returncode, run.stderr) == (0, b"")


def test_pandas_is_hidden_for_a_moment_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "pandas", raising=False)

    assert _deepdiff().__name__ == "DeepDiff"
    assert "pandas" not in sys.modules
