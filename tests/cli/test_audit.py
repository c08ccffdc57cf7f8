"""qgov audit says whether a log is as it was written, and what to keep elsewhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from qgov.contracts.schema import output_schemas
from qgov.gateway.audit import AuditLog
from tests.cli.conftest import Call


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "jobs.jsonl"
    with AuditLog(path, "jobs") as written:
        for number in range(3):
            written.append({"metadata": {"uid": f"e-{number}"}})
    return path


def document(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    errors = list(
        Draft7Validator(output_schemas()["qgov/audit-verification/v1"]).iter_errors(found)
    )
    assert errors == []
    return found


def test_a_sound_log_is_well(call: Call, log: Path) -> None:
    text = call("audit", "verify", log)
    found = call("audit", "verify", log, "--stream", "jobs", "--format", "json")

    assert (text.status, text.err) == (0, "")
    assert text.out == f"{log}: sound, 3 entries of the stream `jobs`\n"
    assert (found.status, found.err) == (0, "")
    told = document(found.out)
    assert (told["sound"], told["entries"], told["problems"]) == (True, 3, [])
    assert told["bytes"] == log.stat().st_size


def test_every_problem_has_its_line(call: Call, log: Path) -> None:
    log.write_bytes(log.read_bytes().replace(b"e-1", b"e-9"))
    text = call("audit", "verify", log)
    found = call("audit", "verify", log, "--format", "json")

    assert text.status == found.status == 1
    assert f"{log}:2: line 2 was changed" in text.out
    assert text.out.endswith("NOT SOUND, 1 problem\n")
    assert [problem["line"] for problem in document(found.out)["problems"]] == [2]


def test_many_problems_are_counted(call: Call, log: Path) -> None:
    log.write_bytes(b"{}\n" * 1500)
    text = call("audit", "verify", log)
    told = document(call("audit", "verify", log, "--format", "json").out)

    assert len(text.out.splitlines()) == 102
    assert len(told["problems"]) == 100
    assert told["omitted"] + 100 >= 1500
    assert f"and {told['omitted']:,} problems more" in text.out


def test_a_checkpoint_kept_elsewhere_shows_that_the_end_is_missing(
    call: Call, log: Path, tmp_path: Path
) -> None:
    made = call("audit", "checkpoint", log)
    assert (made.status, made.err, json.loads(made.out)["size"]) == (0, "", 3)
    kept = tmp_path / "kept.json"
    kept.write_text(made.out, encoding="utf-8")
    assert call("audit", "verify", log, "--checkpoint", kept).status == 0

    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(lines[:2]))
    log.with_name("jobs.jsonl.checkpoint").unlink()
    assert call("audit", "verify", log).status == 0
    cut = call("audit", "verify", log, "--checkpoint", kept)
    assert (cut.status, "was cut off" in cut.out) == (1, True)


def test_no_checkpoint_is_made_of_a_log_that_does_not_verify(call: Call, log: Path) -> None:
    log.write_bytes(log.read_bytes()[:-1])
    result = call("audit", "checkpoint", log)

    assert (result.status, result.out) == (1, "")
    assert result.err.startswith(f"error: {log} does not verify: line 3 ")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("verify", "nowhere"), "cannot be read: No such file"),
        (("verify", "."), "not a regular file"),
        (("checkpoint", "nowhere"), "No such file"),
        (("verify", "x", "--stream", "job"), "did you mean `jobs`?"),
        (("verify", "x", "--format", "xml"), "--format"),
        (("verify",), "FILE"),
        (("nothing",), "nothing"),
        ((), "command"),
    ],
    ids=["missing", "folder", "no checkpoint", "stream", "format", "no file", "unknown", "bare"],
)
def test_a_mistake_is_told(call: Call, arguments: tuple[str, ...], says: str) -> None:
    result = call("audit", *arguments)

    assert result.status == 1
    assert says.casefold() in (result.out + result.err).casefold()
    assert "internal error" not in result.err


def test_content_cannot_command_the_terminal(call: Call, log: Path) -> None:
    log.rename(evil := log.with_name("a\x1b[31m\n::error::x"))
    result = call("audit", "verify", evil)

    assert "\x1b" not in result.out
    assert "\n::error" not in result.out
