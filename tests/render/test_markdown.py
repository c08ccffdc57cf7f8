"""What is written to Markdown stays what it is, whatever it says."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from qgov.records import replace
from qgov.render.markdown import code, details, escape, table
from qgov.render.plan_markdown import MARKER, as_markdown
from tests.render.hostile import HOSTILE, hostile_plan

MARKDOWN = MarkdownIt("gfm-like", {"html": True, "linkify": False}).disable("linkify")
ALLOWED = ("<br>", "<details>", "</details>", "<summary>", "</summary>", "<sub>", "</sub>", MARKER)
WORDS = st.text(st.sampled_from("ab`\\|<>@[]()!#*_~&:/. \n-=$w\x1b\u202e"), max_size=12)


def _kinds(text: str) -> set[str]:
    """The kinds of every inline token, and the HTML that is none of ours."""
    found: set[str] = set()
    for token in MARKDOWN.parse(text):
        for inner in [token, *(token.children or ())]:
            if inner.type in ("html_inline", "html_block"):
                rest = inner.content
                for tag in ALLOWED:
                    rest = rest.replace(tag, "")
                if "<" in rest:
                    found.add(f"html {rest}")
            else:
                found.add(inner.type)
    return found


ACTIVE = {
    "link_open",
    "image",
    "em_open",
    "strong_open",
    "s_open",
    "heading_open",
    "fence",
    "code_block",
    "blockquote_open",
    "hr",
    "bullet_list_open",
    "ordered_list_open",
}


@pytest.mark.parametrize("text", HOSTILE, ids=map(ascii, HOSTILE))
def test_free_text_is_only_text(text: str) -> None:
    for found in (escape(text), f"before {escape(text)} after"):
        kinds = _kinds(f"| a |\n| --- |\n| {found} |\n")
        assert not kinds & ACTIVE
        assert not [kind for kind in kinds if kind.startswith("html")]
    assert "\n" not in escape(text)
    assert not re.search(r"@\w", escape(text)), "no mention"
    assert not re.search(r":[a-z]+:", escape(text)), "no emoji"
    assert not re.search(r"(?i)https?://|\bwww\.", escape(text)), "no autolink"


@given(WORDS)
def test_any_text_in_a_cell_is_one_cell_of_text(text: str) -> None:
    tokens = MARKDOWN.parse("\n".join(table(("a", "b"), [(escape(text), "end")])))
    cells = [token for token in tokens if token.type == "inline"]

    assert len(cells) == 4
    assert not {c.type for cell in cells for c in cell.children or ()} & (ACTIVE | {"html_inline"})
    assert cells[3].content == "end"


@pytest.mark.parametrize("text", HOSTILE, ids=map(ascii, HOSTILE))
def test_a_name_is_one_code_span(text: str) -> None:
    tokens = MARKDOWN.parse(f"| a | b |\n| --- | --- |\n| x {code(text)} y | end |\n")
    cells = [token for token in tokens if token.type == "inline"]

    assert [c.type for c in cells[2].children or ()] == ["text", "code_inline", "text"]
    assert cells[3].content == "end"


@given(WORDS, WORDS)
def test_two_names_are_two_code_spans(one: str, other: str) -> None:
    (_, inline, _) = MARKDOWN.parse(f"x {code(one)} → {code(other)} y")

    assert [c.type for c in inline.children or ()] == [
        "text",
        "code_inline",
        "text",
        "code_inline",
        "text",
    ]


def test_plain_words_stay_as_they_are() -> None:
    assert escape("the group is bound in two tenants") == "the group is bound in two tenants"
    assert code("atlas/sandbox") == "`atlas/sandbox`"
    assert code("a`b") == "``a`b``"
    assert code("`a") == "`` `a ``"
    assert code("a|b") == "`a\u2502b`"


def test_a_table_without_rows_is_nothing() -> None:
    assert table(("a",), []) == []
    assert table(("a",), [("b",)]) == ["| a |", "| --- |", "| b |"]
    assert details("more", ["body"])[0] == "<details><summary>more</summary>"


@pytest.mark.no_cover
@pytest.mark.parametrize("text", HOSTILE, ids=map(ascii, HOSTILE))
def test_a_hostile_plan_is_still_our_markdown(text: str) -> None:
    found = as_markdown(hostile_plan(text))

    found.encode()
    kinds = _kinds(found)
    assert not [kind for kind in kinds if kind.startswith("html")], text
    assert not kinds & {"link_open", "image", "s_open", "fence", "hr", "bullet_list_open"}
    assert found.startswith(f"{MARKER}\n")
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", found)
    outside = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", found)
    assert not re.search(r"@\w", outside), "nobody is called"
    assert not re.search(r"(?i)https?://|\bwww\.", outside), "nothing is linked"


@pytest.mark.no_cover
def test_a_comment_fits_what_github_holds() -> None:
    plan = hostile_plan("é" * 60)
    large = replace(plan, documents=plan.documents * 20_000, artifacts=plan.artifacts * 20_000)
    larger = replace(
        large,
        access=plan.access * 20_000,
        new_findings=tuple(
            replace(finding, code=f"QG{n}") for n in range(900) for finding in plan.new_findings
        ),
    )

    found = as_markdown(replace(plan, artifacts=plan.artifacts * 20_000))
    assert "and 19,900 more" in found
    for huge in (large, larger):
        found = as_markdown(huge)
        assert len(found) < 65_536
        assert "The rest does not fit here" in found
        assert found.count("<details>") == found.count("</details>")
        assert found.splitlines()[-1].startswith("<sub>compared")


def test_rules_with_many_findings_are_counted() -> None:
    plan = hostile_plan("x")
    many = tuple(replace(plan.new_findings[0], message=f"m{n}") for n in range(9))

    assert "| error QG999 | and 3 more |  |" in as_markdown(replace(plan, new_findings=many))
