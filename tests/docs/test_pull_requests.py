"""The five example pull requests: the important thing first, and nothing too wide."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from tests.cli.process import ENVIRONMENT, spawn_once

pytestmark = pytest.mark.no_cover  # measuring it would double its time

pytest.importorskip("cedarpy")

ROOT = Path(__file__).parents[2]
FIRST = {
    "researchers-in-production": "MORE PERMISSIVE: 1 group gains 7 permissions such as job:submit on aurora/production",
    "without-a-second-factor": "MORE PERMISSIVE: 4 groups and 1 person gain 6 permissions such as job:submit on 26 scopes such as academy/bootcamp; 4 new errors",
    "without-meridian": "TRUST CHANGES: the group meridian-leads goes; 5 fields in all · RULES CHANGE: 18 fields of 7 documents, 6 looser · LESS PERMISSIVE: 8 groups, 1 workload and 1 person lose 24 permissions such as audit:read on 9 scopes such as meridian · GROUPS DELETED: 3 directory groups such as meridian-leads and their memberships are deleted · MONEY CHANGES: 14 fields of 4 documents, 13 looser · RECORDS CHANGE: 9 fields of 2 documents · OPERATIONS CHANGE: 9 fields of 2 documents; cost exposure falls",
    "three-times-the-budget": "MONEY CHANGES: 2 fields of 2 documents, 2 looser; cost exposure rises",
    "reformatted": "EQUIVALENT: no access changes",
}
SAID = {
    "researchers-in-production": ("security-reviewers", "high"),
    "without-a-second-factor": ("QG507", "no MFA"),
    "without-meridian": ("mass-removal", "meridian-sponsors"),
    "three-times-the-budget": ("84,800.00 EUR", "128,300.00 EUR", "finance-approvers"),
    "reformatted": ("0 skipped",),
}


def script() -> Any:
    spec = importlib.util.spec_from_file_location(
        "pull_requests", ROOT / "docs" / "examples" / "pull_requests.py"
    )
    assert spec is not None
    assert spec.loader is not None
    found: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("examples") / "northwind"
    script().branches(ROOT, folder)
    return folder


Rendered = dict[tuple[str, str], str]


@pytest.fixture(scope="module")
def rendered(clone: Path) -> Rendered:
    """Each branch in each format, by one process."""
    asked = [(branch, format_) for branch in FIRST for format_ in ("text", "markdown", "html")]
    plan = ("plan", "--root", clone, "--witness", "--base", "main")
    answers = spawn_once(
        [(*plan, "--head", branch, "--format", format_) for branch, format_ in asked],
        env=ENVIRONMENT,
    )
    return {each: out.decode() for each, (_, out, _) in zip(asked, answers, strict=True)}


def test_the_script_renders_what_the_command_prints(clone: Path, rendered: Rendered) -> None:
    branch = "researchers-in-production"

    assert script().rendered(clone, branch, "text").decode() == rendered[branch, "text"]


def test_there_are_these_five() -> None:
    assert [request.branch for request in script().PULL_REQUESTS] == list(FIRST)


def flat(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("branch", FIRST)
def test_the_text_says_the_important_thing_first_and_fits(rendered: Rendered, branch: str) -> None:
    text = rendered[branch, "text"]

    assert flat(text).startswith(f"{FIRST[branch]} main (")
    # A name that is longer than a line is kept whole.
    assert all(len(line) <= 80 or len(line.split()[-1]) > 40 for line in text.splitlines())
    for said in SAID[branch]:
        assert said.lower() in flat(text).lower()


@pytest.mark.parametrize("branch", FIRST)
def test_the_comment_says_the_same_and_fits(rendered: Rendered, branch: str) -> None:
    text = rendered[branch, "markdown"]

    marker, heading = text.splitlines()[:2]
    assert marker == "<!-- qgov-plan -->"
    assert FIRST[branch].partition(":")[0] in heading
    assert len(text.encode("utf-16-le")) // 2 < 65_536
    for said in SAID[branch]:
        assert said.lower() in text.replace("\u2060", "").replace("\\", "").lower()


@pytest.mark.parametrize("branch", FIRST)
def test_the_report_says_the_same(rendered: Rendered, branch: str) -> None:
    text = rendered[branch, "html"]

    assert text.startswith("<!doctype html>")
    assert FIRST[branch].partition(":")[0].lower() in text.lower()
    for said in SAID[branch]:
        assert said.lower() in text.lower()


def test_a_harmless_change_asks_for_nothing(rendered: Rendered) -> None:
    text = rendered["reformatted", "text"]

    assert "text changed, meaning did not: 1 document" in text
    for heading in ("APPROVALS", "FINDINGS", "GAINS", "LOSSES", "ARTIFACTS", "COST"):
        assert heading not in text
