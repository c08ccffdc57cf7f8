"""The how-to pages do what they say."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from qgov.cli import run
from tests.docs.pages import BASE, FOLDER, NOW, PAGES, perform

pytestmark = pytest.mark.no_cover  # measuring it would double its time

# The guide's comparison table: page → its row.
GUIDE = {
    "shared-login.md": "Shared login | Very early demos only | Low | Low initially, high later | Poor",
    "sso-and-groups.md": "Individual SSO + groups | Most enterprise pilots | High | Moderate | Strong",
    "just-in-time.md": "SSO + JIT elevation | Privileged admin workflows | Very high | Moderate | Strong",
    "tenant-isolation.md": "Multi-tenant isolation | Regulated or multi-business orgs | Very high | High | Strong",
    "workload-identity.md": "Service accounts with workload identity | CI/CD and scheduled automation | High | Moderate | Very strong",
    "quotas-and-approvals.md": "Hard quotas + approval gates | Budget-sensitive teams | High | Moderate | Strong",
}
# What each page has to show beside that its repository is valid.
SHOWN = {
    "shared-login.md": ("error QG301", "\nALLOW\n", "\nDENY: static-credential\n"),
    "sso-and-groups.md": ("\n2 principals\n", "\nDENY: mfa-missing\n", "\nDENY: no-grant\n"),
    "just-in-time.md": ("\nDENY: elevation-required\n", "\nALLOW\n", "\nDENY: elevation-expired\n"),
    "tenant-isolation.md": ("\n1 principal\n", "\nDENY: no-grant\n", "error QG220"),
    "workload-identity.md": (
        "\nALLOW\n",
        "\nDENY: federation-mismatch\n",
        "\nDENY: static-credential\n",
    ),
    "quotas-and-approvals.md": (
        "\nDENY: approval-required\n",
        "\nALLOW\n",
        "\nwarning: quota-near\n",
        "\nDENY: quota-exceeded\n",
    ),
}


def _findings(root: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> dict[str, int]:
    capsysbinary.readouterr()
    run(["validate", "--root", str(root), "--format", "json"])
    summary: dict[str, int] = json.loads(capsysbinary.readouterr().out)["summary"]
    return summary


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", NOW)


def test_there_is_a_page_for_each_pattern() -> None:
    assert sorted(GUIDE) == PAGES


def test_the_base_is_sound(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert _findings(BASE, capsysbinary) == {"error": 0, "warning": 0, "info": 0}


@pytest.mark.parametrize("page", PAGES)
def test_commands_print_what_the_page_says(
    page: str, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    said = (FOLDER / page).read_text(encoding="utf-8")
    done = perform(page, tmp_path)

    assert done.text == said, "run `python -m tests.docs.pages` and read what changed"
    assert done.written
    assert {"qgov validate", "qgov explain"} <= set(done.commands)
    assert [words for words in SHOWN[page] if words not in said] == []
    assert _findings(tmp_path, capsysbinary) == {"error": 0, "warning": 0, "info": 0}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_says_what_the_guide_says_of_its_pattern(page: str) -> None:
    pattern, _, rest = GUIDE[page].partition(" | ")
    index = (FOLDER / "README.md").read_text(encoding="utf-8")

    assert f"\n| {rest} |\n" in (FOLDER / page).read_text(encoding="utf-8")
    assert f"\n| [{pattern}]({page}) | {rest} |\n" in index


@pytest.mark.parametrize("page", [*PAGES, "README.md"])
def test_links_lead_somewhere(page: str) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", (FOLDER / page).read_text(encoding="utf-8"))

    assert [link for link in links if not (FOLDER / link).exists()] == []


def test_a_page_that_says_something_else_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (FOLDER / "shared-login.md").read_text(encoding="utf-8")
    (tmp_path / "page.md").write_text(page.replace("ALLOW", "DENY"), encoding="utf-8")
    monkeypatch.setattr("tests.docs.pages.FOLDER", tmp_path)

    assert perform("page.md", tmp_path / "root").text == page
