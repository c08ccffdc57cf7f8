"""A command loads what it uses: help and validation start fast."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from qgov.cli.app import _app
from qgov.cli.app import loaded as loaded_command
from qgov.cli.commands import COMMANDS, overview
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
    "wasmtime",
    "rich",
}
SCRIPT = """
import sys
from qgov.cli import run
status = run(sys.argv[1:])
print(*sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
sys.exit(status)
"""


def loaded(*arguments: str, script: str = SCRIPT) -> set[str]:
    """The packages that a command has loaded when it ends."""
    run = subprocess.run(
        [sys.executable, "-c", script, *arguments],
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


@pytest.mark.parametrize("arguments", [(), ("--help",), ("-h",)], ids=str)
def test_the_list_of_commands_is_printed_without_loading_any(arguments: Sequence[str]) -> None:
    script = SCRIPT.replace('name.partition(".")[0]', "name")
    found = loaded(*arguments, script=script)

    assert {name.partition(".")[0] for name in found} & {"pydantic", "typer", "yaml"} == set()
    assert {name for name in found if name.startswith("qgov.cli.")} == {
        "qgov.cli.commands",
        "qgov.cli.streams",
    }


def test_only_the_command_that_is_called_is_loaded() -> None:
    script = SCRIPT.replace('name.partition(".")[0]', "name")
    found = loaded("schema", "--help", script=script)

    commands = {f"qgov.cli.{name.replace('-', '_')}" for name in COMMANDS}
    assert found & commands == {"qgov.cli.schema"}


@pytest.mark.parametrize("width", [20, 51, 52, 53, 80, 101, 102, 103, 300])
def test_the_list_of_commands_looks_as_typer_would_print_it(
    width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    commands = {name: loaded_command(name) for name in COMMANDS}
    command = get_command(_app)
    assert isinstance(command, TyperGroup)
    command.commands = commands
    context = command.make_context("qgov", [], resilient_parsing=True)

    assert overview(width) == f"{TyperGroup.get_help(command, context)}\n"
    assert command.get_help(context) == TyperGroup.get_help(command, context)


@pytest.mark.parametrize("arguments", [("plan",), ("plan", "--base", "empty")], ids="-".join)
def test_a_plan_loads_neither_an_engine_nor_a_circuit(arguments: Sequence[str]) -> None:
    assert loaded(*arguments) & (HEAVY - {"deepdiff"}) == set()


def test_a_list_that_differs_is_compared_without_what_that_does_not_touch() -> None:
    """It takes longer to import than the rest of a plan, and is there when somebody uses it."""
    script = (
        "import sys; from qgov.language.kinds import KINDS\n"
        "from qgov.plan.documents import _differences\n"
        "assert _differences(KINDS['Role'], [{'a': 1}], [{'a': 2}])[0]['after'] == 2\n"
        "assert 'deepdiff' in sys.modules and not {'_ssl', 'numpy', 'pandas'} & {*sys.modules}\n"
        "import asyncio, cachebox.utils, numpy, pandas\n"
        "assert cachebox.utils.asyncio.Lock is asyncio.Lock\n"
        "asyncio.run(asyncio.sleep(0))"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=ENVIRONMENT, capture_output=True, check=False
    )

    assert (run.returncode, run.stderr) == (0, b"")


def test_pandas_is_hidden_for_a_moment_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "pandas", raising=False)

    assert _deepdiff().__name__ == "DeepDiff"
    assert "pandas" not in sys.modules


ENDS = """
import atexit, gc, sys
atexit.register(lambda: print("frozen" if gc.get_freeze_count() else "thawed", file=sys.stderr))
from qgov.cli import main
main()
"""


def test_the_end_of_the_process_looks_for_no_cycles() -> None:
    assert loaded("validate", script=ENDS) == {"frozen"}


def test_nothing_else_that_is_installed_takes_part_in_reading(tmp_path: Path) -> None:
    about = tmp_path / "spy-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: spy\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[pydantic]\nspy = spy:plugin\n")
    (tmp_path / "spy.py").write_text("raise SystemExit('loaded')\n")
    command = "import sys; from qgov.cli import main; sys.argv[1:] = ['validate']; main()"
    run = subprocess.run(
        [sys.executable, "-c", command],
        cwd=ROOT,
        env={**ENVIRONMENT, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")
