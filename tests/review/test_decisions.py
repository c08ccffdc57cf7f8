"""Decisions that count, and those that do not: each mistake with its code and its place."""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import pytest

from qgov.cli import run
from tests.drift.conftest import ROOT
from tests.review.directory import Directory

NOW = "2026-11-28T10:00:00Z"
MEI, EVE, INES = "mei@northwind.example", "eve o'neil: #1 \u202e", "ines@northwind.example"
ADELE, TOMAS = "adele@northwind.example", "tomas@northwind.example"
SPELLED = r"eve o'neil: #1 \u202e"


@pytest.fixture
def there() -> Directory:
    return Directory(
        {
            "aurora-developers": [MEI, EVE],
            "aurora-leads": [INES],
            "security-reviewers": [ADELE, TOMAS],
            "helix-developers": ["hana@northwind.example"],
        },
        {INES: {"active": False}},
    )


def review(there: Directory, *arguments: str, now: str = NOW) -> int:
    with there.serving() as environment, patch.dict(os.environ, environment):
        return run(
            ["review", "--root", str(ROOT), "--source", "scim:workforce", "--now", now, *arguments]
        )


@pytest.fixture
def sheet(there: Directory, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """The file of `aurora`, as its reviewers get it."""
    assert review(there, "aurora", "--out", str(tmp_path / "reviews")) == 0
    printed = capsys.readouterr()
    assert MEI not in printed.out + printed.err
    return tmp_path / "reviews" / "aurora.yaml"


def filled(sheet: Path, **verdicts: str) -> str:
    """All kept by Adele, who is herself kept by Tomas; `verdicts` by the beginning of a name."""
    text = sheet.read_text(encoding="utf-8")
    text = text.replace("by: # your id", f"by: {ADELE}")
    text = re.sub(r"(?m)^at: .*", "at: 2026-11-28T09:00:00Z", text)

    def entry(found: re.Match[str]) -> str:
        name = found[2]
        verdict = next((v for who, v in verdicts.items() if name.startswith(who)), "keep")
        own = f"\n    by: {TOMAS}" if name == ADELE else ""
        why = "left the project" if verdict == "revoke" else "on leave"
        return f"{found[1]}\n    decision: {verdict}\n    reason: {why}{own}"

    return re.sub(r'(  - person: "(.*)".*)\n    decision:\n    reason:', entry, text)


def decided(there: Directory, sheet: Path, text: str, *arguments: str, now: str = NOW) -> int:
    sheet.write_text(text, encoding="utf-8")
    return review(there, "aurora", "--decisions", str(sheet), *arguments, now=now)


def test_a_review_that_is_whole_counts(
    there: Directory, sheet: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert decided(there, sheet, filled(sheet), "--detailed-exitcode") == 0
    out = " ".join(capsys.readouterr().out.split())
    assert out.startswith("REVIEWS: 1; 5 memberships; 5 kept, 0 to end, 0 undecided decided aurora")
    assert "write `completed: 2026-11-28`, `completedBy` and `evidence`" in out
    assert "mei" not in out


def test_a_revocation_is_left_to_do_until_the_person_is_gone(
    there: Directory, sheet: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = filled(sheet, eve="revoke")
    back = tmp_path / "back.sh"
    flags = ("--detailed-exitcode", "--people", "--revert", str(back))
    assert decided(there, sheet, text, *flags) == 2
    out = " ".join(capsys.readouterr().out.split())
    assert "4 kept, 1 to end" in out
    assert "To leave eve o'neil: #1 \\x202e aurora-developers (scim:workforce) left the" in out
    script = back.read_text(encoding="utf-8")
    (step,) = (shlex.split(line) for line in script.splitlines() if line.startswith("scim http"))
    assert step[2:4] == ["PATCH", "/Groups/" + step[3].rpartition("/")[2]]
    (operation,) = json.loads(step[4])["Operations"]
    assert operation == {"op": "remove", "path": f"members[value eq {json.dumps(f'u-{EVE}')}]"}
    assert "\u202e" not in script
    there.members["aurora-developers"].remove(EVE)
    assert decided(there, sheet, text, *flags) == 0
    assert "4 kept, 0 to end" in " ".join(capsys.readouterr().out.split())
    assert "# nobody leaves" in back.read_text(encoding="utf-8")


def test_one_that_is_overdue_is_said(there: Directory, capsys: pytest.CaptureFixture[str]) -> None:
    assert review(there, "aurora", "--detailed-exitcode", now="2027-05-09T23:59:59Z") == 0
    assert "waiting  aurora" in capsys.readouterr().out
    assert review(there, "aurora", "--detailed-exitcode", now="2027-05-10T00:00:00Z") == 2
    out = capsys.readouterr().out
    assert out.startswith("REVIEWS: 1, 1 overdue; 5 memberships\n\noverdue  aurora\n")
    assert "due 1d ago" in out
    assert review(there, "aurora", now="2027-05-10T00:00:00Z") == 0


def joins(there: Directory) -> None:
    there.members["aurora-developers"].append("new@northwind.example")


def gives_more(there: Directory) -> None:
    """Another group is nested in it from now on."""
    there.members["aurora-researchers"] = []
    answer = there.answer

    def nested(path: str, query: str) -> object:
        reply = answer(path, query)
        return reply._replace(
            body=reply.body.replace(
                b'"displayName": "aurora-researchers", "members": []',
                b'"displayName": "aurora-researchers",'
                b' "members": [{"value": "g-aurora-developers"}]',
            )
        )

    there.answer = nested  # type: ignore[method-assign,assignment]


def no_reviewer(there: Directory) -> None:
    there.members["security-reviewers"] = [TOMAS]


def disabled_reviewer(there: Directory) -> None:
    there.fields[TOMAS] = {"active": False}


def replaced(was: str, becomes: str, count: int = 1) -> Callable[[str], str]:
    def change(text: str) -> str:
        assert was in text
        return text.replace(was, becomes, count)

    return change


AT = "at: 2026-11-28T09:00:00Z"
MEIS = f'- person: "{MEI}"\n    decision: keep'
NO_CHANGE: Callable[[str], str] = str
MISTAKES: dict[str, tuple[Callable[[str], str], Callable[[Directory], None] | None, str, str]] = {
    "undecided": (replaced(MEIS, MEIS[:-5]), None, "QG921", f"nobody decided on `{MEI}`"),
    "joined since": (NO_CHANGE, joins, "QG921", "nobody decided on `user:~"),
    "a group left out": (
        lambda text: re.sub(r'(?s)- group: "aurora-leads".*?(?=- group)', "", text),
        None,
        "QG921",
        "the group `aurora-leads` of `scim:workforce` is not decided on",
    ),
    "unknown person": (
        replaced(MEIS, MEIS.replace("mei", "may")),
        None,
        "QG922",
        "`may@northwind.example` is not in the group `aurora-developers`",
    ),
    "changed since": (
        NO_CHANGE,
        gives_more,
        "QG923",
        "`aurora-developers` gives more than was decided on: researcher on",
    ),
    "unknown group": (
        replaced('group: "aurora-leads"', 'group: "aurora-lads"'),
        None,
        "QG924",
        "`aurora-lads` of `scim:workforce` gives no access to aurora now; did you mean",
    ),
    "another source": (
        replaced('source: "scim:workforce"', 'source: "keycloak:workforce"'),
        None,
        "QG924",
        "gives no access to aurora now",
    ),
    "on oneself": (
        replaced(f"\n    by: {TOMAS}", ""),
        None,
        "QG925",
        f"`{ADELE}` decides on themself",
    ),
    "on oneself in other letters": (
        replaced(f"by: {TOMAS}", f"by: {ADELE.upper()}"),
        None,
        "QG925",
        "decides on themself",
    ),
    "by nobody": (replaced(f"by: {ADELE}", "by:"), None, "QG925", "nobody says who decided"),
    "too old": (
        replaced(AT, "at: 2026-05-28T09:00:00Z"),
        None,
        "QG926",
        "it was decided at 2026-05-28T09:00:00Z, longer ago than the 180d of the review",
    ),
    "of the future": (replaced(AT, "at: 2026-11-29T09:00:00Z"), None, "QG926", "in the future"),
    "without a time": (replaced(AT, "at:"), None, "QG926", "nobody says when"),
    "by another": (
        NO_CHANGE,
        no_reviewer,
        "QG927",
        f"`{ADELE}` is not in the group `security-reviewers`, which reviews",
    ),
    "by one who is disabled": (NO_CHANGE, disabled_reviewer, "QG927", f"`{TOMAS}` is not in"),
    "twice": (
        replaced(MEIS, f"{MEIS}\n  {MEIS}"),
        None,
        "QG928",
        f"`{MEI}` stands in `aurora-developers` twice",
    ),
    "without a reason": (
        lambda text: text.replace(
            f"{MEIS}\n    reason: on leave", f'- person: "{MEI}"\n    decision: revoke'
        ),
        None,
        "QG929",
        f"`{MEI}` is revoked, and nobody says why",
    ),
    "kept though disabled": (
        replaced("# disabled\n    decision: keep\n    reason: on leave", "\n    decision: keep"),
        None,
        "QG929",
        f"`{INES}` is kept and disabled, and nobody says why",
    ),
    "another review": (replaced("review: aurora", "review: auror"), None, "QG930", "`auror` is"),
    "another verdict": (replaced("decision: keep", "decision: maybe"), None, "QG126", "`maybe`"),
    "a field more": (replaced(AT, f"{AT}\nforce: true"), None, "QG123", "`force`"),
    "no instant": (replaced(AT, "at: yesterday"), None, "QG127", "expected an instant"),
    "no list": (lambda _: "review: aurora\ngroups: none\n", None, "QG125", "`groups`"),
    "nothing": (lambda _: "", None, "QG104", "empty"),
    "no YAML": (lambda _: "a: [", None, "QG110", ""),
    "two documents": (lambda text: f"{text}---\na: b\n", None, "QG120", "one mapping"),
    "an anchor": (lambda _: "a: &a b\nc: *a\n", None, "QG108", ""),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_said_at_its_place(
    there: Directory, sheet: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    change, happens, code, words = MISTAKES[name]
    text = change(filled(sheet))
    if happens:
        happens(there)
    back = sheet.with_name("back.sh")
    assert decided(there, sheet, text, "--revert", str(back)) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert not back.exists()
    said = " ".join(printed.err.split())
    assert re.search(rf"{re.escape(str(sheet))}:\d+:\d+\b", said), said
    assert code in said, said
    assert words in said, said
    assert "hunter2" not in said
    assert "new@northwind.example" not in said


def test_all_mistakes_are_said_at_once(
    there: Directory, sheet: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert decided(there, sheet, sheet.read_text(encoding="utf-8")) == 1
    said = capsys.readouterr().err
    assert said.startswith("NOT REVIEWED: the decisions do not count\n")
    assert said.count("QG921") == 5


def test_two_files_of_one_review_are_refused(
    there: Directory, sheet: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = sheet.with_name("other.yaml")
    other.write_text(filled(sheet), encoding="utf-8")
    assert decided(there, sheet, filled(sheet), "--decisions", str(other)) == 1
    assert "there are decisions of `aurora` already" in capsys.readouterr().err


def test_a_name_is_written_so_that_it_is_found_again(sheet: Path) -> None:
    assert rf'- person: "{SPELLED}"'.replace("\\", "\\\\") in sheet.read_text(encoding="utf-8")
