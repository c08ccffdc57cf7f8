"""explain and who-can answer for the work tree and for a commit, in words and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from qgov.repository import FOLDERS
from tests.cli.conftest import Call
from tests.cli.process import ROOT
from tests.repository.repo import commit, git, new, write

SUBJECTS = [
    "group:aurora-developers",
    "group:aurora-developers,aurora-researchers",
    "user:mei@northwind.example=aurora-developers",
    "user:mei@northwind.example",
    "workload:aurora/aurora-nightly",
    '{"type": "user", "id": "mei"}',
]
RESOURCES = [
    "aurora/sandbox/chemistry",
    "aurora/sandbox/chemistry@local-simulator",
    '{"properties": {"tenant": "aurora", "environment": "sandbox", "project": "chemistry"}}',
    '{"tenant": "aurora", "environment": "sandbox", "project": "chemistry"}',
]


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The worked configuration at HEAD~1, one with a renamed file at HEAD, and one with a
    link at `linked`."""
    folder = new(tmp_path_factory.mktemp("worked"))
    for path in ("qgov.yaml", *FOLDERS):
        for file in (ROOT / path, *(ROOT / path).rglob("*.yaml")):
            if file.is_file():
                write(folder, {file.relative_to(ROOT).as_posix(): file.read_bytes()})
    commit(folder)
    (folder / "link").symlink_to(".")
    git(folder, "mv", "roles/auditor.yaml", "roles/renamed.yaml")
    commit(folder)
    git(folder, "checkout", "-q", "-b", "linked")
    (folder / "roles" / "auditor.yaml").symlink_to("renamed.yaml")
    commit(folder)
    git(folder, "checkout", "-q", "main")
    return folder


@pytest.mark.parametrize(
    "subject", SUBJECTS, ids=["group", "groups", "member", "user", "workload", "json"]
)
@pytest.mark.parametrize("resource", RESOURCES, ids=["scope", "backend", "json", "properties"])
def test_each_way_to_ask_is_answered(
    call: Call, repository: Path, subject: str, resource: str
) -> None:
    question = (
        "explain",
        "--root",
        repository,
        "--subject",
        subject,
        "--action",
        "job:submit",
        "--resource",
        resource,
        "--context",
        '{"mfa": true}',
    )
    text, found = call(*question), call(*question, "--format", "json")

    assert (text.status, text.err, found.status, found.err) == (0, "", 0, "")
    assert text.out
    assert json.loads(found.out)["schema"] == "qgov/explanation/v1"
    assert call(*question, "--at", "HEAD~1", "--format", "json").status == 0


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--on", "aurora"),
        ("--backend", "local-simulator"),
        ("--format", "json"),
        ("--at", "HEAD~1"),
        ("--at", "HEAD^{tree}"),
    ],
    ids=lambda options: "-".join(options).strip("-") or "all",
)
def test_who_can_is_answered(call: Call, repository: Path, options: Sequence[str]) -> None:
    result = call("who-can", "job:submit", "--root", repository, *options)

    assert (result.status, result.err) == (0, "")
    assert "aurora-developers" in result.out


@pytest.mark.parametrize(
    ("now", "holds"), [("2026-11-01T00:00:00Z", True), ("2036-11-01T00:00:00Z", False)]
)
def test_who_can_leaves_out_who_could(call: Call, repository: Path, now: str, holds: bool) -> None:
    result = call("who-can", "job:submit", "--root", repository, "--now", now)

    assert (result.status, result.err) == (0, "")
    assert ("user:" in result.out) is holds


@pytest.mark.parametrize(
    ("shots", "options", "status"),
    [(1, (), 0), (10**9, (), 0), (1, ("--exit-code",), 0), (10**9, ("--exit-code",), 3)],
)
def test_a_script_is_told_by_the_status_when_it_asks(
    call: Call, repository: Path, shots: int, options: Sequence[str], status: int
) -> None:
    result = call(
        *("explain", "--root", repository, "--subject", "group:aurora-developers"),
        *("--action", "job:submit", "--resource", "aurora/sandbox/chemistry@local-simulator"),
        *("--context", json.dumps({"job": {"shots": shots}}), *options),
    )

    assert result.out.startswith("ALLOW\n" if shots == 1 else "DENY: ")
    assert (result.status, result.err) == (status, "")


@pytest.mark.parametrize("resource", ["*", "no such scope", "a/b/c/d", "aurora/nowhere"])
def test_a_scope_that_is_none_is_a_mistake_or_a_refusal(
    call: Call, repository: Path, resource: str
) -> None:
    result = call(
        "explain",
        "--root",
        repository,
        "--subject",
        "group:aurora-developers",
        "--action",
        "job:submit",
        "--resource",
        resource,
    )

    assert "internal error" not in result.err
    assert (result.status, result.err) == (0, "") or result.out == ""


def test_a_commit_that_cannot_be_understood_is_an_error_with_its_findings(
    call: Call, repository: Path
) -> None:
    result = call("who-can", "job:submit", "--root", repository, "--at", "linked")

    assert (result.status, result.out) == (1, "")
    assert "QG140" in result.err


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ((), 0),
        (("--detailed-exitcode",), 2),
        (("--fail-on", "low"), 3),
        (("--fail-on", "high"), 3),
        (("--fail-on", "critical", "--detailed-exitcode"), 2),
        (("--horizon", "30d"), 0),
        (("--format", "markdown"), 0),
        (("--override", "lock-out"), 0),
    ],
    ids=lambda value: "-".join(value).strip("-") or "none" if isinstance(value, tuple) else "",
)
def test_a_plan_ends_with_the_status_that_was_asked_for(
    call: Call, repository: Path, options: Sequence[str], status: int
) -> None:
    result = call(
        "plan",
        "--root",
        repository,
        "--base",
        "empty",
        "--head",
        "HEAD~1",
        "--now",
        "2026-11-23T10:00:00Z",
        *options,
    )

    assert (result.status, result.err) == (status, "")
    assert result.out


def test_a_plan_of_what_cannot_be_understood_is_no_plan(call: Call, repository: Path) -> None:
    result = call("plan", "--root", repository, "--base", "HEAD~1", "--head", "linked")

    assert (result.status, result.out) == (1, "")
    assert result.err.startswith("PLAN FAILED: head (linked) cannot be understood\n")
