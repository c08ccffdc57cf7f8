"""A new repository is whole, passes its own CI, and takes nobody's place."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import pytest

from qgov.adoption.starter import starter
from qgov.finding import Severity
from qgov.pipeline import check, emit, load
from qgov.repository import read_work_tree
from tests.adoption.worlds import NOW, contents
from tests.cli.conftest import Call
from tests.cli.process import ENVIRONMENT, ROOT
from tests.repository.repo import git

PIN = re.compile(r"uses: (\S+@[0-9a-f]{40} # v\S+)")


@pytest.mark.no_cover
def test_its_ci_fails_when_an_expectation_does(tmp_path: Path, call: Call) -> None:
    call("init", tmp_path / "acme")
    test = tmp_path / "acme/tests/access/pilot.yaml"
    test.write_text(test.read_text().replace("expect: allow", "expect: deny"))
    run = subprocess.run(
        [tmp_path / "acme/.ci/run"],
        env={
            **ENVIRONMENT,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "QGOV_ENGINE": "reference",
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 1
    assert "FAILED: 1 of " in run.stdout
    assert "all well" not in run.stdout


def test_it_compiles_without_a_warning_for_years(repository: Path) -> None:
    found, refused = read_work_tree(repository)
    compiled = emit(check(load(found), NOW))

    assert refused == []
    assert compiled.artifacts.keys() > {"policy/opa/bundle.tar.gz", "docs/access-matrix.md"}
    assert [f for f in compiled.findings if f.severity is not Severity.INFO] == []
    later = emit(check(load(found), datetime(2029, 1, 1, tzinfo=UTC))).findings
    assert {f.code for f in later if f.severity is not Severity.INFO} == {"QG754", "QG911"}, (
        "reviews become due, and nothing else"
    )


def test_the_same_names_on_the_same_day_give_the_same_bytes() -> None:
    morning = starter("acme", "pilot", NOW.replace(hour=1)).files

    assert morning == starter("acme", "pilot", NOW.replace(hour=23)).files
    assert not any(
        b"2026" in data
        for path, data in morning.items()
        if "review" not in path and path != "qgov.yaml" and not path.startswith("docs/schema/")
    )


def test_the_first_tenant_is_what_its_answers_make(repository: Path, call: Call) -> None:
    written = contents(repository)
    made = {path for path in written if "pilot" in path and not path.startswith("onboarding/")}
    for path in made:
        (repository / path).unlink()
    answers = repository / "onboarding/pilot.yaml"

    assert (
        call("onboard", "tenant", "pilot", "--answers", answers, "--root", repository).status == 0
    )
    assert contents(repository) == written
    assert len(made) == 4


def test_editors_find_the_schema_that_each_file_names(repository: Path) -> None:
    for path, data in contents(repository).items():
        if path.endswith(".yaml") and not path.startswith("onboarding/"):
            named = re.match(rb"# yaml-language-server: \$schema=(\S+)\n", data)
            assert named, path
            file = (repository / path).parent / named[1].decode()
            assert f"\nkind: {json.loads(file.read_bytes())['title']}\n".encode() in data


def test_the_templates_are_those_of_the_worked_repository() -> None:
    carried = files("qgov.adoption").joinpath("files", "templates")
    ours = {path.name: path.read_bytes() for path in (ROOT / "templates").iterdir()}

    assert {path.name: path.read_bytes() for path in carried.iterdir()} == ours, (
        "copy templates/ to qgov/adoption/files/templates/"
    )


def test_its_workflow_uses_the_actions_that_ours_do(repository: Path) -> None:
    text = (repository / ".github/workflows/qgov.yml").read_text()
    ours = "".join(file.read_text() for file in (ROOT / ".github/workflows").glob("*.yml"))

    assert set(PIN.findall(text)) == set(re.findall(r"uses: (.*)", text))
    assert set(PIN.findall(text)) <= set(PIN.findall(ours))
    assert "\npermissions: {}\n" in text
    assert "secrets." not in text
    assert "pull_request_target" not in text


def test_only_the_script_can_be_run(repository: Path) -> None:
    runs = [p for p in repository.rglob("*") if p.is_file() and p.stat().st_mode & stat.S_IXUSR]

    assert runs == [repository / ".ci/run"]


def test_an_empty_folder_and_a_fresh_clone_are_filled_and_keep_what_they_have(
    tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "clone").mkdir()
    git(tmp_path / "clone", "init", "-q", "-b", "main")
    monkeypatch.chdir(tmp_path / "clone")

    assert call("init", ".", "--name", "acme").status == 0
    assert call("plan").status == 0
    assert git(tmp_path / "clone", "branch", "--show-current") == "main"
    assert contents(tmp_path / "clone") == starter("acme", "pilot", NOW).files


@pytest.mark.parametrize("there", ["README.md", ".ci/run", ".hidden", "tenants/x.yaml"])
def test_a_folder_with_anything_in_it_is_left_alone(tmp_path: Path, call: Call, there: str) -> None:
    file = tmp_path / "acme" / there
    file.parent.mkdir(parents=True)
    file.write_text("mine")
    found = call("init", tmp_path / "acme")

    assert found.status == 1
    assert "is not empty" in found.err
    assert contents(tmp_path) == {f"acme/{there}": b"mine"}


def test_a_second_init_is_refused(repository: Path, call: Call) -> None:
    before = contents(repository)

    assert "is not empty" in call("init", repository).err
    assert contents(repository) == before


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "Missing argument"),
        (["."], "is not a name"),
        (["x", "--name", "Acme"], "`Acme` is not a name; write lower-case letters"),
        (["x", "--name", ""], "`` is not a name"),
        (["x", "--name", "a\nb"], r"`a\nb` is not a name"),
        (["x", "--name", "x" * 64], "is not a name"),
        (["x", "--name", "acme: [evil]"], "is not a name"),
        (["x", "--tenant", "../up"], "--tenant: `../up` is not a name"),
        (["x", "--tenant", "$(jndi)"], "is not a name"),
        (["x", "--tenant", "organization"], "choose another name"),
        (["x", "--name", "null"], "`null` is not a name"),
        (["x", "--tenant", "12"], "`12` is not a name"),
        (["/dev/null", "--name", "x"], "is not a folder"),
        (["/dev/null/x", "--name", "x"], "/dev/null is there already"),
        (["x", "--now", "soon"], "write an instant"),
    ],
    ids=lambda value: None if isinstance(value, str) else "-".join(value)[:30],
)
def test_a_mistake_is_one_line_and_writes_nothing(
    tmp_path: Path,
    call: Call,
    arguments: list[str],
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "Not A Name").mkdir()
    monkeypatch.chdir(tmp_path / "Not A Name")
    found = call("init", *arguments)

    assert found.status == 1
    assert found.out == ""
    assert expected in found.err
    assert "internal error" not in found.err
    assert len(found.err.splitlines()) == 1
    assert list(tmp_path.rglob("*")) == [tmp_path / "Not A Name"]


def test_names_that_leave_no_room_are_refused_with_their_places(tmp_path: Path, call: Call) -> None:
    found = call("init", tmp_path / "x", "--tenant", "x" * 60)

    assert found.status == 1
    assert f"onboarding/{'x' * 60}.yaml" in found.err or f"tenants/{'x' * 60}/" in found.err
    assert list(tmp_path.iterdir()) == []
