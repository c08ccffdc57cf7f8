"""The comment: what a run left is posted once, and only where it belongs."""

from __future__ import annotations

import importlib.util
import io
import json
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from qgov.render.plan_markdown import MARKER

SCRIPT = Path(__file__).parents[2] / ".github" / "post_plan.py"
SHA, OTHER = "a" * 40, "b" * 40
API = "repos/acme/access"
PLAN = f"{MARKER}\n### EQUIVALENT @acme/security\n"


def _loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("post_plan", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


post_plan = _loaded()


def packed(**files: bytes | str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("_md", ".md"), content)
    return data.getvalue()


class GitHub:
    """GitHub's side: what it answers, and what it was told to write."""

    def __init__(self) -> None:
        self.zip = packed(number="7\n", plan_md=PLAN, digest="sha256:x")
        self.artifacts: list[dict[str, Any]] = [
            {"id": 3, "size_in_bytes": 400, "expired": False},
            {"id": 2, "size_in_bytes": 10**9, "expired": False},
            {"id": 4, "size_in_bytes": 400, "expired": True},
        ]
        self.pull = {"state": "open", "head": {"sha": SHA}, "changed_files": 2}
        self.files: list[dict[str, str]] = [{"filename": "qgov.yaml"}]
        self.comments: list[dict[str, Any]] = []
        self.written: list[tuple[str, str, str]] = []

    def __call__(self, path: str, *arguments: str, body: Any = None) -> bytes:
        if body is not None:
            self.written.append((arguments[-1], path, body["body"]))
            return b"{}"
        answers: dict[str, Any] = {
            f"{API}/actions/runs/5/artifacts?name=qgov-plan-comment": {"artifacts": self.artifacts},
            f"{API}/pulls/7": self.pull,
            f"{API}/pulls/7/files?per_page=100": [self.files[:1], self.files[1:]],
            f"{API}/issues/7/comments?per_page=100": [self.comments],
        }
        if path == f"{API}/actions/artifacts/3/zip":
            return self.zip
        if path not in answers:
            raise subprocess.CalledProcessError(1, ["gh", "api", path])
        return json.dumps(answers[path]).encode()


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> GitHub:
    github = GitHub()
    monkeypatch.setattr(post_plan, "gh", github)
    return github


def posted(run: str = "5", commit: str = SHA) -> str:
    said: str = post_plan.run("https://github.example", "acme/access", run, commit)
    return said


def test_the_first_plan_is_posted(github: GitHub) -> None:
    assert posted() == "posted to pull request 7"
    ((method, path, body),) = github.written
    assert (method, path) == ("POST", f"{API}/issues/7/comments")
    assert body.startswith(MARKER)
    assert "@acme" not in body, "nobody is called"
    assert "@\u2060acme/security" in body
    assert "https://github.example/acme/access/actions/runs/5" in body


def test_the_next_takes_its_place_and_no_other_s(github: GitHub) -> None:
    github.comments = [
        {"id": 1, "user": {"login": "mallory"}, "body": PLAN},
        {"id": 2, "user": None, "body": PLAN},
        {"id": 8, "user": {"login": "github-actions[bot]"}, "body": "hello"},
        {"id": 9, "user": {"login": "github-actions[bot]"}, "body": PLAN},
    ]

    assert posted() == "updated comment 9 of pull request 7"
    assert [(m, p) for m, p, _ in github.written] == [("PATCH", f"{API}/issues/comments/9")]


@pytest.mark.parametrize(
    "pull",
    [
        {"state": "open", "head": {"sha": OTHER}, "changed_files": 2},
        {"state": "closed", "head": {"sha": SHA}, "changed_files": 2},
    ],
)
def test_another_pull_request_is_left_alone(github: GitHub, pull: dict[str, Any]) -> None:
    github.pull = pull
    with pytest.raises(post_plan.Skipped):
        posted()
    assert github.written == []


@pytest.mark.parametrize(
    "files",
    [
        [{"filename": "qgov.yaml"}, {"filename": ".github/workflows/plan.yml"}],
        [{"filename": "x", "previous_filename": ".github/workflows/plan.yml"}],
    ],
)
def test_a_plan_by_changed_workflows_is_not_posted(
    github: GitHub, files: list[dict[str, str]]
) -> None:
    github.files = files
    posted()
    assert "EQUIVALENT" not in github.written[0][2]
    assert "NOT PLANNED" in github.written[0][2]


def test_nor_one_of_more_files_than_are_listed(github: GitHub) -> None:
    github.pull["changed_files"] = 3_001
    posted()
    assert "NOT PLANNED" in github.written[0][2]


WRONG: dict[str, Callable[[], bytes]] = {
    "no archive": lambda: b"no archive",
    "no plan": lambda: packed(number="7"),
    "no number": lambda: packed(plan_md=PLAN),
    "an empty number": lambda: packed(number="", plan_md=PLAN),
    "a negative number": lambda: packed(number="-7", plan_md=PLAN),
    "a command": lambda: packed(number="7; rm", plan_md=PLAN),
    "a path": lambda: packed(number="7/../8", plan_md=PLAN),
    "another script's digit": lambda: packed(number="\u0667", plan_md=PLAN),
    "a long number": lambda: packed(number="9" * 30, plan_md=PLAN),
    "no Unicode": lambda: packed(number="7", plan_md=b"\xff"),
    "no marker": lambda: packed(number="7", plan_md="### EQUIVALENT\n"),
    "half a marker": lambda: packed(number="7", plan_md=f"{MARKER} x\n"),
    "many bytes": lambda: packed(number="7", plan_md=f"{MARKER}\n" + "x" * 262_144),
    "many characters": lambda: packed(number="7", plan_md=f"{MARKER}\n" + "x" * 65_530),
    "many emoji": lambda: packed(number="7", plan_md=f"{MARKER}\n" + "😀" * 32_768),
    "a bomb": lambda: packed(number="7", plan_md=PLAN + "0" * 30_000_000),
    "a broken directory": lambda: packed(number="7", plan_md=PLAN).replace(b"PK\1\2", b"PK\1\3"),
    "broken data": lambda: damaged(packed(number="7", plan_md=PLAN * 9)),
}


def damaged(data: bytes) -> bytes:
    middle = data.index(b"plan.md") + len("plan.md") + 3
    return data[:middle] + b"\xff" * 20 + data[middle + 20 :]


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_plan_is_refused(github: GitHub, name: str) -> None:
    github.zip = WRONG[name]()
    with pytest.raises(post_plan.Refused):
        posted()
    assert github.written == []


def test_a_large_artifact_is_not_fetched(github: GitHub) -> None:
    github.artifacts = [{"id": 3, "size_in_bytes": 1_000_001, "expired": False}]
    with pytest.raises(post_plan.Refused, match="1000001 bytes"):
        posted()


def test_a_run_without_a_plan_posts_nothing(github: GitHub) -> None:
    github.artifacts = []
    with pytest.raises(post_plan.Skipped):
        posted()


@pytest.mark.parametrize(("run", "commit"), [("5/../6", SHA), ("", SHA), ("5", "main"), ("5", "")])
def test_the_run_is_named_by_its_numbers(github: GitHub, run: str, commit: str) -> None:
    with pytest.raises(post_plan.Refused):
        posted(run, commit)
    assert github.written == []


def test_an_api_that_refuses_is_a_failure_and_not_an_empty_answer(github: GitHub) -> None:
    github.zip = packed(number="8", plan_md=PLAN)
    with pytest.raises(subprocess.CalledProcessError):
        posted()


@pytest.mark.parametrize(
    ("broken", "expected"), [(False, 0), (True, "nothing posted: the artifact is no archive")]
)
def test_the_step_ends_with_a_status(
    github: GitHub, monkeypatch: pytest.MonkeyPatch, broken: bool, expected: object
) -> None:
    for name, value in (
        ("GITHUB_SERVER_URL", "https://github.example"),
        ("GITHUB_REPOSITORY", "acme/access"),
        ("RUN_ID", "5"),
        ("HEAD_SHA", SHA),
    ):
        monkeypatch.setenv(name, value)
    if broken:
        github.zip = b"x"
    with pytest.raises(SystemExit) as ended:
        post_plan.main()
    assert ended.value.code == expected


def test_the_marker_is_the_renderer_s_own() -> None:
    assert post_plan.MARKER == MARKER
