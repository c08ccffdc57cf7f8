"""The access matrix: readable, whole, and nothing in it does anything."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from qgov.model.access_model import AccessModel
from qgov.targets.matrix import ONE_PAGE, TARGET, escape
from tests.targets.worked import (
    EVIL,
    federation,
    hostile,
    organization,
    repository,
    role,
    tenant,
    worked,
)

MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
PAGE = "docs/access-matrix.md"


def page(model: AccessModel, path: str = PAGE) -> str:
    """One page of the matrix."""
    return TARGET.emit(model)[path].decode()


def row(text: str, start: str) -> str:
    """The only line of a page that starts so."""
    (found,) = (line for line in text.splitlines() if line.startswith(start))
    return found


def shown(text: str) -> str:
    """What a reader of one line of Markdown sees; anything active fails."""
    (_, inline, _) = MARKDOWN.parse(f"x {text}")
    seen = ""
    for token in inline.children or ():
        assert token.type in {"text", "text_special", "html_inline"}, token
        assert token.type != "html_inline" or token.content == "<!-- -->"
        seen += "" if token.type == "html_inline" else token.content
    return seen[2:]


@given(st.text() | st.text("`*_[]()<>!|~&$\\@#:/.w-+=1 \n", max_size=12))
def test_escaped_text_is_shown_as_written_and_does_nothing(text: str) -> None:
    wanted = "".join(c if c.isprintable() else "\ufffd" for c in " ".join(text.split()))
    assert shown(escape(text)) == wanted
    assert "\n" not in escape(text)
    assert not re.search(r"(?<!\\)(?:\\\\)*\|", escape(text))


@pytest.mark.parametrize(
    ("text", "live"),
    [
        ("@northwind/team", r"@\w"),
        ("#12", r"#\d"),
        ("https://evil.example", "://"),
        ("www.evil.example", r"www\."),
        ("WWW.evil.example", r"WWW\."),
    ],
)
def test_what_github_links_by_itself_is_broken(text: str, live: str) -> None:
    assert re.search(live, text)
    assert not re.search(r"(?<!\\)" + live, escape(text).replace("\\.", ""))


def test_evil_titles_do_not_break_the_page() -> None:
    text = page(hostile())
    html = MARKDOWN.render(text)
    assert "<img" not in html
    assert "<a " not in html
    assert html.count("<table>") == text.count("| --- |\n")
    assert escape(EVIL) in text


@pytest.mark.parametrize("model", [worked, hostile], ids=["worked", "hostile"])
def test_every_row_of_a_table_has_its_columns(model: Any) -> None:
    width = 0
    for line in page(model()).splitlines():
        cells = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0
        assert not (cells and width) or cells == width
        width = cells


def small() -> AccessModel:
    """A tenant with a bit of everything."""
    eligible = {"approvers": "leads", "maxDuration": "4h", "ticket": "required"}
    limits = {"shots": 20000, "cost": "500.00 EUR"}
    return repository(
        organization(
            groups={"staff": {"title": "All staff"}},
            floors={"mfa": True, "maxTokenAge": "12h"},
            bindings=[{"group": "auditors", "role": "auditor", "on": "*"}],
        ),
        role("auditor", "audit:read"),
        role("researcher", "job:submit", "job:read:own", "result:export"),
        tenant(
            "aurora",
            environments={
                "live": {
                    "tier": "production",
                    "projects": ["chemistry"],
                    "floors": {"managedDevice": True, "countries": ["FI", "DE"]},
                },
                "play": {"tier": "sandbox", "projects": ["chemistry"]},
            },
            bindings=[
                {"group": "leads", "role": "auditor", "on": "*"},
                {"group": "staff", "role": "researcher", "on": "live", "eligible": eligible},
                {
                    "group": "staff",
                    "role": "researcher",
                    "on": "play/chemistry",
                    "requires": {"job": limits},
                },
            ],
            serviceAccounts=[
                {
                    "name": "nightly",
                    "owner": "leads",
                    "federation": federation(),
                    "bindings": [{"role": "researcher", "on": "play"}],
                }
            ],
        ),
        tenant("borealis"),
    )


def test_a_person_finds_who_holds_what_and_how() -> None:
    text = page(small())
    assert row(text, "| Who | Whole") == "| Who | Whole tenant | `play` | `live` |"
    assert row(text, "| `leads`") == "| `leads` | ● `auditor` | – | – |"
    assert row(text, "| `staff`") == (
        "| `staff`<br>All staff | – "
        "| ● `researcher` on `chemistry` (≤ 20,000 shots, ≤ 500.00 EUR a job) "
        "| ◐ `researcher` (≤ 4h, approved by `leads`, ticket) |"
    )
    assert row(text, "| workload") == "| workload `nightly` | – | ● `researcher` | – |"
    assert row(text, "| `auditors`") == "| `auditors` | ● `auditor` |"
    assert row(text, "Nobody") == "Nobody holds a role in this tenant alone."


def test_a_person_finds_what_an_environment_needs() -> None:
    assert row(page(small()), "| `live`") == (
        "| `live` | production | `chemistry` | – | MFA, managed device, token ≤ 12h, from DE/FI |"
    )


def test_a_person_finds_what_a_role_may_do() -> None:
    text = page(small())
    assert row(text, "| `job:read`") == "| `job:read` | – | own |"
    assert row(text, "| `result:export`") == "| `result:export` ⚠ | – | yes |"
    assert row(text, "| `audit:read`") == "| `audit:read` | yes | – |"
    assert "`quota:write`" not in text


def test_many_tenants_have_a_page_each_and_an_index() -> None:
    bindings = [{"group": "staff", "role": "lead", "on": "*"}]
    tenants = [tenant(f"t{n:02}", title=EVIL, bindings=bindings) for n in range(ONE_PAGE + 1)]
    declared = organization(groups={"staff": {"shared": True, "identityProvider": "workforce"}})
    model = repository(declared, role("lead", "job:read"), *tenants)
    files = TARGET.emit(model)
    assert set(files) == {PAGE, *(f"docs/access-matrix/t{n:02}.md" for n in range(ONE_PAGE + 1))}
    assert row(page(model), "| [`t07`]").startswith("| [`t07`](access-matrix/t07.md) | ")
    assert "● `lead`" in page(model, "docs/access-matrix/t07.md")
    assert "● `lead`" not in page(model)


def test_many_roles_are_compared_a_few_at_a_time() -> None:
    roles = [role(f"r{n:02}", "job:read") for n in range(10)]
    heads = [
        line
        for line in page(repository(organization(), *roles)).splitlines()
        if line.startswith("| Permission")
    ]
    assert [head.count("`") // 2 for head in heads] == [8, 2]
