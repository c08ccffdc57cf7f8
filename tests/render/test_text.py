"""What is written to a terminal is shown, not obeyed, and fits."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qgov.render.plan_text import as_text
from qgov.render.text import columns, count, paint, plain, wrapped
from tests.render.hostile import HOSTILE, hostile_plan

OBEYED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


@given(st.text())
def test_nothing_plain_is_obeyed_by_a_terminal(text: str) -> None:
    assert not OBEYED.search(plain(text))
    plain(text).encode()


def test_controls_are_shown() -> None:
    assert plain("\x1b[31m") == "\\x1b[31m"
    assert plain("a\u202eb") == "a\\x202eb"
    assert plain("\ud800") == "\\xd800"
    assert plain("grün → µ") == "grün → µ"


@pytest.mark.no_cover
@pytest.mark.parametrize("text", HOSTILE, ids=map(ascii, HOSTILE))
def test_a_hostile_plan_is_still_our_text(text: str) -> None:
    found = as_text(hostile_plan(text))

    found.encode()
    assert not OBEYED.search(found)
    for line in found.splitlines():
        assert len(line) <= 80 or " " not in line.strip(), line


@given(st.lists(st.tuples(*[st.text("ab -", min_size=1, max_size=70)] * 2), max_size=4))
def test_columns_fit_and_keep_every_word(rows: list[tuple[str, str]]) -> None:
    lines = columns(rows, width=60)

    assert " ".join(lines).split() == " ".join(" ".join(row) for row in rows).split()
    for line in lines:
        words = max(map(len, line.split()), default=0)
        left = max((len(row[0]) for row in rows), default=0)
        assert len(line) <= max(60, left + 4, words + 6)


def test_columns_are_aligned() -> None:
    assert columns([("a", "one"), ("long", "two words")]) == ["  a     one", "  long  two words"]
    assert columns([]) == []
    assert columns([("a", "x " * 10 + "y")], width=16) == ["  a  x x x x x x", "     x x x x y"]
    assert columns([("name", "a-path-that-is-long")], width=20) == [
        "  name",
        "      a-path-that-is-long",
    ]


def test_words_are_wrapped_and_never_broken() -> None:
    assert wrapped("one two three", 2, 4, 10) == ["  one two", "    three"]
    assert wrapped("x" * 90, 0) == ["x" * 90]
    assert wrapped("", 0) == [""]


def test_numbers_are_counted_and_words_painted() -> None:
    assert count(1, "group") == "1 group"
    assert count(1248, "access", "accesses") == "1,248 accesses"
    assert paint("x", "high", colour=True) == "\x1b[31mx\x1b[0m"
    assert paint("x", "high", colour=False) == "x"
    assert paint("x", "unknown", colour=True) == "x"
