"""Whatever is typed, the answer is one line that helps, and never a traceback."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from qgov import __version__
from qgov.repository import FOLDERS
from tests.cli.conftest import Call, Result
from tests.cli.process import ROOT, spawn
from tests.repository.repo import commit, git, new, write

COMMANDS = ("validate", "compile", "plan", "explain", "who-can", "schema")
EXPLAIN = (
    "explain",
    "--subject",
    "group:aurora-developers",
    "--action",
    "job:submit",
    "--resource",
    "aurora/sandbox/chemistry",
)


def failed(result: Result) -> str:
    """The one line of an error, which a compiler's warnings may go before."""
    *before, error = result.err.splitlines()
    assert result.status == 1
    assert result.out == ""
    assert not before or before[-1].startswith("0 errors, ")
    assert error.startswith("error: ")
    assert error.isprintable()
    assert "internal error" not in error
    return error


MISTAKES: list[tuple[list[str], str]] = [
    (["nonsense"], "No such command 'nonsense'"),
    (["vaildate"], "Did you mean 'validate'?"),
    (["--nonsense"], "No such option: --nonsense"),
    (["-x"], "No such option: -x"),
    (["validate", "--fromat", "json"], "--format"),
    (["validate", "extra"], "unexpected extra argument"),
    (
        ["validate", "--format", "jsn"],
        "one of text, json, sarif, github, gitlab; did you mean `json`?",
    ),
    (["validate", "--format", ""], "is not one of"),
    (["validate", "--format"], "requires an argument"),
    (["validate", "--now", "tomorrow"], "write an instant with an offset"),
    (["validate", "--now", "2026-11-23T08:00:00"], "write an instant with an offset"),
    (["validate", "--now", "2026-02-30T08:00:00Z"], "write an instant with an offset"),
    (["validate", "--now", "0001-01-01T00:00:00+14:00"], "write an instant with an offset"),
    (["validate", "--now", ""], "write an instant with an offset"),
    (["compile"], "Missing option '--out'"),
    (["compile", "--out"], "requires an argument"),
    (["compile", "--out", "x", "--target", "ipd"], "did you mean `idp`?"),
    (["compile", "--out", "x", "--target", "nonsense"], "`nonsense` is not one of"),
    (["compile", "--out", "x", "--now", "x"], "write an instant"),
    (["compile", "--out", "."], "was not written by qgov"),
    (["compile", "--out", ""], "was not written by qgov"),
    (["compile", "--out", "/"], "cannot be an output folder"),
    (["compile", "--out", "qgov.yaml"], "is not a folder"),
    (["compile", "--out", ".", "--check"], "was not written by qgov"),
    (["plan", "--format", "makrdown"], "did you mean `markdown`?"),
    (["plan", "--format", "sarif"], "is not one of text, markdown, json"),
    (["plan", "--fail-on", "hihg"], "did you mean `high`?"),
    (["plan", "--fail-on", "HIGH"], "is not one of low, medium, high, critical"),
    (["plan", "--horizon", "soon"], "write a duration like 30d"),
    (["plan", "--horizon", "-1d"], "write a duration like 30d"),
    (["plan", "--horizon", ""], "write a duration like 30d"),
    (["plan", "--override", "mass-remvoal"], "did you mean `mass-removal`?"),
    (["plan", "--now", "x"], "write an instant"),
    (["plan", "--base", "nonsense"], "there is no commit `nonsense`"),
    (["plan", "--base", "--upload-pack=x"], "there is no commit `--upload-pack=x`"),
    (["plan", "--head", "nonsense"], "there is no commit `nonsense`"),
    (["plan", "--head", "a\nerror: b\x1b[2J"], "there is no commit"),
    (["explain"], "Missing option '--subject'"),
    (["explain", "--subject", "group:x", "--action", "job:submit"], "Missing option '--resource'"),
    ([*EXPLAIN, "--format", "markdown"], "is not one of text, json"),
    ([*EXPLAIN, "--at", "nonsense"], "there is no commit `nonsense`"),
    ([*EXPLAIN, "--context", "{"], "not JSON"),
    ([*EXPLAIN, "--context", "[]"], "write a JSON object"),
    ([*EXPLAIN, "--subject", "aurora-developers"], "write group:NAME, user:ID"),
    ([*EXPLAIN, "--subject", "group:aurora-developer"], "did you mean `aurora-developers`?"),
    ([*EXPLAIN, "--subject", "workload:aurora/aurora-nigthly"], "`aurora/aurora-nightly`?"),
    ([*EXPLAIN, "--subject", "{"], "not JSON"),
    ([*EXPLAIN, "--action", "job:submitt"], "did you mean `job:submit`?"),
    ([*EXPLAIN, "--resource", "aurora@iqm-garnett"], "did you mean `iqm-garnet`?"),
    ([*EXPLAIN, "--resource", "no such scope"], "--resource"),
    ([*EXPLAIN, "--resource", "aurora/sandbox/chemistri"], "`aurora/sandbox/chemistry`?"),
    ([*EXPLAIN, "--resource", "aurora/sandbox/nothing-like-it"], "is not one of the"),
    ([*EXPLAIN, "--subject", "user:a@b.example=aurora-developer"], "`aurora-developers`?"),
    (["who-can"], "Missing argument"),
    (["who-can", "job:submit", "--on", "aurorra"], "did you mean `aurora`?"),
    (["who-can", "job:submit", "--on", "aurora/*/nothing"], "is not one of the"),
    (["who-can", "job:submit", "--on", "aurora/sandbx/*"], "did you mean `aurora/sandbox"),
    (["who-can", "job:submit", "--on", ""], "is not one of the"),
    (["who-can", "job:submti"], "did you mean `job:submit`?"),
    (["who-can", "job:submit", "--format", "yaml"], "is not one of text, json"),
    (["who-can", "job:submit", "--backend", "iqm-garnett"], "did you mean `iqm-garnet`?"),
    (["who-can", "job:submit", "--at", "nonsense"], "there is no commit `nonsense`"),
    (["schema", "Tenat"], "did you mean `Tenant`?"),
    (["schema", "x" * 10_000], "is not one of"),
]


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The worked configuration in a repository with one commit."""
    folder = new(tmp_path_factory.mktemp("worked"))
    for path in ("qgov.yaml", *FOLDERS):
        for file in (ROOT / path, *(ROOT / path).rglob("*.yaml")):
            if file.is_file():
                write(folder, {file.relative_to(ROOT).as_posix(): file.read_bytes()})
    commit(folder)
    return folder


@pytest.mark.parametrize(
    ("arguments", "expected"), MISTAKES, ids=[f"{i}-{a[0]}" for i, (a, _) in enumerate(MISTAKES)]
)
def test_a_mistake_is_one_line_that_says_what_to_do(
    call: Call,
    repository: Path,
    arguments: list[str],
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(repository)

    assert expected in failed(call(*arguments))
    assert git(repository, "status", "--porcelain") == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ["validate"],
        ["compile", "--out", "out"],
        ["plan"],
        ["who-can", "job:submit"],
        EXPLAIN,
    ],
    ids=lambda arguments: arguments[0],
)
@pytest.mark.parametrize("root", ["missing", "file", "file/below", "$HOME/x", "a\nb"])
def test_a_root_that_is_no_folder_is_named(
    call: Call, arguments: list[str], root: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()

    assert f"there is no folder {' '.join(root.split())}" in failed(
        call(*arguments, "--root", root)
    )
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["validate"],
        ["compile", "--out", "out"],
        ["who-can", "job:submit"],
        EXPLAIN,
    ],
    ids=lambda arguments: arguments[0],
)
@pytest.mark.parametrize(
    "files",
    [{}, {"roles/a.yaml": b""}, {"README.md": b"x"}],
    ids=["empty", "no organization", "nothing of ours"],
)
def test_a_folder_without_an_organization_is_an_error(
    call: Call,
    arguments: list[str],
    files: dict[str, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, files)
    result = call(*arguments)

    assert result.status == 1
    assert "error" in result.out + result.err
    assert "Traceback" not in result.err
    assert not (tmp_path / "out").exists()
    assert (result.out == "") == (arguments[0] != "validate")


def test_a_plan_outside_of_a_repository_is_an_error(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert failed(call("plan")) == (
        "error: . is not in a git repository; run git init, or give another --root"
    )


@pytest.mark.parametrize("epoch", ["x", "1.5", "²", "9" * 30, "-99999999999999"])
def test_a_clock_that_is_none_is_an_error(
    call: Call, monkeypatch: pytest.MonkeyPatch, epoch: str
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)

    assert "SOURCE_DATE_EPOCH: write whole seconds since 1970" in failed(
        call("validate", "--root", ROOT)
    )
    assert call("validate", "--root", ROOT, "--now", "2026-11-23T08:00:00Z").err == ""


def test_the_version_and_the_help_are_results(call: Call) -> None:
    assert call("--version") == (0, f"qgov {__version__}\n", "")
    assert call() == call("--help") == call("-h")
    assert call().err == ""
    assert call().status == 0
    for command in COMMANDS:
        assert f"  {command} " in call().out


@pytest.mark.parametrize("command", ["", *COMMANDS])
@pytest.mark.parametrize("width", ["20", "80", "300"])
def test_help_is_at_most_a_hundred_columns_wide_and_names_the_program(
    command: str, width: str
) -> None:
    result = spawn(*command.split(), "--help", env={"COLUMNS": width})
    lines = result.stdout.decode().splitlines()

    assert result.returncode == 0
    assert result.stderr == b""
    assert lines[0].startswith(f"Usage: qgov {command}".rstrip())
    assert max(map(len, lines)) <= 100
    assert "\x1b" not in result.stdout.decode()


def test_help_says_what_each_option_means(call: Call) -> None:
    for command in COMMANDS:
        text = call(command, "--help").out
        for option in ("--root", "--format", "--now", "--at"):
            assert f"{option} " not in text or text.split(f"{option} ")[1].split("\n")[0].strip()


def test_a_file_name_that_is_no_text_is_shown(tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff")
    result = spawn("validate", "--root", tmp_path / name)

    assert result.returncode == 1
    assert result.stderr.decode() == (
        f"error: there is no folder {tmp_path}/\\xdcff; give another --root\n"
    )
