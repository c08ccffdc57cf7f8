"""The tutorial's commands are run as they are printed, and print what it says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.adoption.pages import Step, agrees, steps
from tests.cli.process import ENVIRONMENT, ROOT
from tests.repository.repo import ENVIRONMENT as GIT

pytestmark = pytest.mark.no_cover  # measuring it would double its time

PAGE = ROOT / "docs" / "tutorial.md"
SCRIPT = """{{ {command}
}} 2>&1
status=$?
pwd >"$AT"
exit $status"""
"""Standard output and error in the order in which a terminal shows them."""


def environment(folder: Path) -> dict[str, str]:
    """That of somebody who has installed qgov and told git who they are."""
    return {
        **ENVIRONMENT,
        **{name: value for name, value in GIT.items() if name.startswith("GIT_")},
        "PATH": f"{Path(sys.executable).parent}:{ENVIRONMENT['PATH']}",
        "AT": str(folder / "at"),
    }


def test_every_command_is_run_and_prints_what_the_page_says(tmp_path: Path) -> None:
    at = tmp_path / "somewhere"
    at.mkdir()
    wrong: list[str] = []
    for step in steps(PAGE):
        run = subprocess.run(
            ["bash", "-c", SCRIPT.format(command=step.command)],
            cwd=at,
            env=environment(tmp_path),
            capture_output=True,
            text=True,
            check=False,
        )
        if run.returncode != 0 or not agrees(run.stdout, step):
            wrong.append(
                f"{PAGE.name}:{step.line}: {step.command}\nended with {run.returncode} "
                f"and printed\n{run.stdout}{run.stderr}"
            )
        at = Path((tmp_path / "at").read_text().strip())

    assert wrong == [], "\n\n".join(wrong)


def test_the_page_shows_that_a_new_repository_passes_its_own_ci() -> None:
    (ci,) = (step for step in steps(PAGE) if step.command == ".ci/run")
    (valid, *_) = (step for step in steps(PAGE) if step.command == "qgov validate")

    assert ci.prints[1:3] == ("PASSED: … cases", "1 circuit ran, 6 were refused")
    assert ci.prints[-1] == "all well"
    assert valid.prints[-1].startswith("0 errors, 0 warnings, ")


def test_the_page_shows_each_command_of_a_first_day() -> None:
    shown = "\n".join(step.command for step in steps(PAGE))

    assert [
        name
        for name in ("init", "validate", "onboard tenant", "plan", "explain", "who-can", "conform")
        if f"qgov {name}" not in shown
    ] == []


@pytest.mark.parametrize(
    ("prints", "printed", "right"),
    [
        ((), "", True),
        ((), "more\n", False),
        (("a",), "a\n", True),
        (("a",), "a\nb\n", False),
        (("a", "…"), "a\nb\nc\n", True),
        (("…", "c"), "a\nb\nc\n", True),
        (("…", "b"), "a\nb\nc\n", False),
        (("a … c",), "a x y c\n", True),
        (("a … c",), "a x\ny c\n", False),
        (("a.c",), "abc\n", False),
    ],
)
def test_what_is_left_out_is_what_the_dots_stand_for(
    prints: tuple[str, ...], printed: str, right: bool
) -> None:
    assert agrees(printed, Step(1, "", prints)) is right
