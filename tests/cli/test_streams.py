"""Results go to standard output, everything else beside it, whatever stands at the other end."""

from __future__ import annotations

import gc
import io
import json
import os
import pty
import runpy
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

import qgov.cli
import qgov.targets
from qgov.repository import RepositoryError
from qgov.targets import Target
from tests.cli.conftest import Call
from tests.cli.process import ENVIRONMENT, ROOT, spawn, spawn_once

EXPLAIN = (
    "explain",
    "--subject",
    "group:aurora-developers",
    "--action",
    "job:submit",
    "--resource",
    "aurora/sandbox/chemistry",
)
RESULTS: list[tuple[Sequence[str], str]] = [
    (("validate", "--format", "json"), "qgov/findings/v1"),
    (("plan", "--base", "empty", "--format", "json"), "qgov/plan/v1"),
    (("who-can", "job:submit", "--format", "json"), "qgov/who-can/v1"),
    ((*EXPLAIN, "--format", "json"), "qgov/explanation/v1"),
]
WIDE = ("who-can", "job:submit")


def on_terminal(*arguments: str, **environment: str) -> str:
    """What the command prints on a terminal."""
    main, side = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "qgov", *arguments],
        cwd=ROOT,
        stdout=side,
        stderr=side,
        env={**ENVIRONMENT, "TERM": "xterm", **environment},
    ):
        os.close(side)
        found = b""
        try:
            while block := os.read(main, 65536):
                found += block
        except OSError:
            pass  # the other side was closed
    os.close(main)
    return found.decode()


def in_a_shell(command: str) -> subprocess.CompletedProcess[bytes]:
    """Run `qgov …` with redirections and pipes."""
    return subprocess.run(
        ["sh", "-c", f'"$0" -m qgov {command}', sys.executable],
        cwd=ROOT,
        env=ENVIRONMENT,
        capture_output=True,
        check=False,
    )


# -------------------------------------------------------------------------------------- documents


@pytest.mark.parametrize(("arguments", "schema"), RESULTS, ids=[a[0] for a, _ in RESULTS])
def test_json_is_one_document_with_its_schema_and_nothing_else(
    call: Call, arguments: Sequence[str], schema: str
) -> None:
    result = call(*arguments, "--root", ROOT)

    assert result.status == 0
    assert result.err == ""
    assert json.loads(result.out)["schema"] == schema
    assert result.out.endswith("}\n")


@pytest.mark.no_cover
def test_a_schema_is_one_document(call: Call) -> None:
    names = call("schema").out.split()

    assert "Tenant" in names
    for name in names:
        assert json.loads(call("schema", name).out)
        assert call("schema", name).err == ""


@pytest.mark.parametrize(
    "arguments", [a for a, _ in RESULTS if a[0] != "validate"], ids=lambda arguments: arguments[0]
)
def test_what_cannot_be_understood_leaves_standard_output_empty(
    call: Call, arguments: Sequence[str], tmp_path: Path
) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / "qgov.yaml").write_text("kind: {{\n::error::x")
    result = call(*arguments, "--root", tmp_path)

    assert result.status == 1
    assert result.out == ""
    assert "QG1" in result.err
    assert not any(line.startswith("::") for line in result.err.splitlines())


def test_compile_has_no_result_and_says_on_standard_error_what_it_did(
    call: Call, tmp_path: Path
) -> None:
    result = call("compile", "--root", ROOT, "--out", tmp_path / "out")

    assert (result.status, result.out) == (0, "")
    assert result.err.splitlines()[-1] == (
        f"wrote {sum(p.is_file() for p in (tmp_path / 'out').rglob('*')) - 1} files "
        f"to {tmp_path / 'out'}"
    )


# --------------------------------------------------------------------------------------- readers


@pytest.mark.parametrize("both", [True, False])
def test_a_reader_that_goes_early_is_no_reason_to_complain(both: bool) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "qgov", *WIDE],
        cwd=ROOT,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if both else subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        said = b"" if both or process.stderr is None else process.stderr.read()
        status = process.wait()

    assert said == b""
    assert status == 1


def test_who_reads_a_line_and_goes_sees_that_line_only() -> None:
    run = in_a_shell("who-can job:submit --format json | head -1")

    assert run.stdout == b"{\n"
    assert run.stderr == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux only")
@pytest.mark.parametrize(
    "arguments",
    [WIDE, ("--help",), ("validate", "--format", "json")],
    ids=lambda arguments: arguments[0],
)
def test_a_result_that_cannot_be_written_is_an_error(arguments: Sequence[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        run = subprocess.run(
            [sys.executable, "-m", "qgov", *arguments],
            cwd=ROOT,
            env=ENVIRONMENT,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )

    assert run.returncode == 1
    assert run.stderr == b"error: standard output: No space left on device\n"


@pytest.mark.parametrize(
    ("redirection", "status", "stderr"),
    [
        (">&-", 1, b"error: standard output: Bad file descriptor\n"),
        (">/dev/null 2>&-", 0, b""),
        (">&- 2>&-", 1, b""),
    ],
)
def test_closed_streams_are_no_bug(redirection: str, status: int, stderr: bytes) -> None:
    run = in_a_shell(f"who-can job:submit {redirection}")

    assert (run.returncode, run.stdout, run.stderr) == (status, b"", stderr)


def test_streams_that_are_not_there_are_no_bug_in_this_process_either(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    assert qgov.cli.run(["schema"]) == 1
    monkeypatch.setattr(sys, "stderr", None)
    assert qgov.cli.run(["schema"]) == 1


def test_the_console_script_speaks_utf_8_and_ends_with_the_status(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    streams = [io.TextIOWrapper(io.BytesIO(), encoding="ascii") for _ in range(2)]
    monkeypatch.setattr(sys, "stdout", streams[0])
    monkeypatch.setattr(sys, "stderr", streams[1])
    monkeypatch.setattr(sys, "argv", ["qgov", "validate", "--root", str(tmp_path / "é")])
    monkeypatch.setattr(gc, "disable", lambda: None)
    monkeypatch.setenv("GIT_DIR", "elsewhere")
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("qgov", run_name="__main__")

    assert ended.value.code == 1
    assert [stream.encoding for stream in streams] == ["utf-8"] * 2
    assert "GIT_DIR" not in os.environ


def test_a_diagnostic_never_lands_in_the_result(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "theirs").touch()
    run = in_a_shell(f"compile --out '{tmp_path / 'out'}' 2>&-")

    assert (run.returncode, run.stdout) == (1, b"")


def test_an_interruption_is_one_line() -> None:
    script = (
        "import signal, sys, qgov.pipeline\n"
        "from qgov.cli import main\n"
        # A shell lets what it starts in the background ignore the signal.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "def interrupted(*_): signal.raise_signal(signal.SIGINT)\n"
        "qgov.pipeline.check = interrupted\n"
        "sys.argv = ['qgov', 'validate']\n"
        "main()\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=ENVIRONMENT, capture_output=True, check=False
    )

    assert (run.returncode, run.stdout, run.stderr) == (1, b"", b"error: interrupted\n")


# ------------------------------------------------------------------------------ locale and colour


SPOKEN: list[Sequence[str]] = [
    WIDE,
    ("explain", "--help"),
    ("validate",),
    ("plan", "--base", "empty"),
    (*EXPLAIN,),
    ("validate", "--format", "nonsense"),
    ("compile", "--out", "qgov.yaml"),
    ("--help",),
    ("schema", "Tenant"),
]
Answer = tuple[int, bytes, bytes]


@pytest.fixture(scope="module")
def expected() -> list[Answer]:
    return spawn_once(SPOKEN, env={**ENVIRONMENT, "LC_ALL": "C.UTF-8"})


@pytest.mark.parametrize(
    "environment",
    [
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"LC_ALL": "POSIX", "PYTHONIOENCODING": "latin-1:strict"},
        {"PYTHONIOENCODING": "utf-16"},
        {"LC_ALL": "tr_TR.UTF-8", "PYTHONHASHSEED": "7"},
    ],
    ids=["ascii", "c", "latin-1", "utf-16", "turkish"],
)
@pytest.mark.no_cover
def test_the_locale_changes_nothing(expected: list[Answer], environment: dict[str, str]) -> None:
    for arguments, found, wanted in zip(
        SPOKEN, spawn_once(SPOKEN, env={**ENVIRONMENT, **environment}), expected, strict=True
    ):
        assert found == wanted, arguments
        assert b"internal error" not in found[2]


@pytest.mark.parametrize(
    "arguments", [("validate",), ("plan", "--base", "empty")], ids=lambda arguments: arguments[0]
)
@pytest.mark.no_cover
def test_a_terminal_gets_colours_unless_it_does_not_want_them(arguments: Sequence[str]) -> None:
    assert "\x1b[" in on_terminal(*arguments)
    assert "\x1b[" in on_terminal(*arguments, NO_COLOR="")
    for environment in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert "\x1b" not in on_terminal(*arguments, **environment)
    assert b"\x1b" not in spawn(*arguments).stdout


@pytest.mark.parametrize(
    "arguments",
    [
        WIDE,
        EXPLAIN,
        ("--help",),
        ("validate", "--format", "json"),
        ("validate", "--format", "github"),
        ("plan", "--base", "empty", "--format", "markdown"),
        ("validate", "--nonsense"),
    ],
    ids=lambda arguments: "-".join(arguments[:3]).strip("-"),
)
def test_other_results_are_plain_on_a_terminal_too(arguments: Sequence[str]) -> None:
    assert "\x1b" not in on_terminal(*arguments)


# -------------------------------------------------------------------------------- what goes wrong


def test_a_bug_is_one_line_and_says_how_to_see_more(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> Any:
        raise KeyError("first\nsecond\x1b[2J")

    monkeypatch.setattr(qgov.targets, "targets", lambda: {"acme": Target("acme", broken)})
    result = call("compile", "--root", ROOT, "--out", tmp_path / "out")

    assert result.status == 1
    assert result.out == ""
    *_, last = result.err.splitlines()
    assert last == (
        r"error: internal error: KeyError: 'first\nsecond\x1b[2J'; this is a bug of "
        "qgov, QGOV_DEBUG=1 shows where"
    )
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setenv("QGOV_DEBUG", "1")
    with pytest.raises(KeyError):
        call("compile", "--root", ROOT, "--out", tmp_path / "out")


def test_a_target_of_another_package_that_cannot_be_loaded_is_one_line(tmp_path: Path) -> None:
    package = tmp_path / "acme-1.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1\n")
    (package / "entry_points.txt").write_text("[qgov.targets]\nacme = acme.missing:TARGET\n")
    result = spawn(
        "compile", "--out", tmp_path / "out", env={"PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"}
    )

    assert result.returncode == 1
    assert result.stdout == b""
    assert b"ModuleNotFoundError: No module named 'acme'" in result.stderr.splitlines()[-1]
    assert b"Traceback" not in result.stderr
    assert not (tmp_path / "out").exists()


def test_a_target_of_another_package_is_one_of_the_targets(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("acme", "qgov.targets.matrix:TARGET", "qgov.targets")
    monkeypatch.setattr(qgov.targets, "entry_points", lambda **_: [point])
    found = qgov.targets.targets.__wrapped__()

    assert found["acme"] is found["matrix"]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (RepositoryError("a\nb"), "error: a b\n"),
        (RecursionError("deep"), "error: internal error: RecursionError: deep; "),
        (MemoryError(), "error: internal error: MemoryError: ; "),
        (PermissionError(13, "Permission denied", "/x"), "error: /x: Permission denied\n"),
        (
            OSError(28, "No space left on device"),
            "error: standard output: No space left on device\n",
        ),
        (BrokenPipeError(32, "Broken pipe"), ""),
        (KeyboardInterrupt(), "error: interrupted\n"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_each_way_to_fail_has_its_words(
    call: Call, monkeypatch: pytest.MonkeyPatch, error: BaseException, expected: str
) -> None:
    def fail(_: Sequence[str]) -> int:
        raise error

    monkeypatch.setattr(qgov.cli, "_run", fail)
    # Nothing of this process may be closed.
    monkeypatch.setattr(qgov.cli, "_silence", lambda: None)
    result = call("validate")

    assert (result.status, result.out) == (1, "")
    assert result.err.startswith(expected)
    assert (result.err == "") == (expected == "")


def test_git_s_own_variables_do_not_choose_another_repository(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path / "other"], check=True)
    variables = {
        "GIT_DIR": str(tmp_path / "other" / ".git"),
        "GIT_WORK_TREE": str(tmp_path / "other"),
        "GIT_INDEX_FILE": str(tmp_path / "index"),
    }
    expected = spawn("plan", "--base", "empty", "--format", "json")

    assert expected.returncode == 0
    assert spawn("plan", "--base", "empty", "--format", "json", env=variables).stdout == (
        expected.stdout
    )
    assert not (tmp_path / "index").exists()


def test_without_git_only_what_needs_it_fails(tmp_path: Path) -> None:
    environment = {"PATH": str(tmp_path)}

    assert spawn("plan", env=environment).stderr == (
        b"error: the program `git` is needed and was not found\n"
    )
    assert spawn("validate", env=environment).returncode == 0
    compiled = spawn("compile", "--out", tmp_path / "out", env=environment)
    assert compiled.returncode == 0
    assert json.loads((tmp_path / "out" / "manifest.json").read_bytes())["commit"] is None


def test_what_is_buffered_for_a_reader_that_has_gone_is_dropped(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with (tmp_path / "gone").open("w") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        qgov.cli._silence()
        stream.write("lost")
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    qgov.cli._silence()

    assert (tmp_path / "gone").read_text() == ""
