"""A JSON value is written in one way, whichever encoder writes it."""

from __future__ import annotations

import json
from collections.abc import Callable
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qgov.gateway.chain import canonical, parse, written
from tests.gateway.facts import event


class Word(StrEnum):
    """A text that is more than one."""

    ONE = "one"


PLAIN = st.none() | st.booleans() | st.integers() | st.text()
ODD = (
    st.floats()
    | st.sampled_from([Word.ONE, b"bytes", {1}, 10**40, "\ud800", 1e16, 1e-7, -0.0])
    | st.datetimes()
    | st.decimals()
)
NAMES = st.text() | st.sampled_from(
    [1, 1.5, None, True, Word.ONE, "\uffff", "\U0001f600", "\ud800"]
)


def trees(leaves: st.SearchStrategy[Any], names: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner) | st.dictionaries(names, inner) | st.tuples(inner, inner),
    )


def as_json_says(value: Any) -> bytes:
    """The standard library's encoder: what a log has been written with from the first day."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def told(write: Callable[[Any], bytes], value: Any) -> bytes | str:
    """The bytes, or as what it is refused."""
    try:
        return write(value)
    except (ValueError, TypeError) as error:
        return "no value" if isinstance(error, ValueError) else "no type"


@given(trees(PLAIN, st.text()))
@example("".join(map(chr, [*range(0x2100), *range(0xFFF0, 0x10010)])))
@example({"é": 1, "z": 2, "\U0001f600": 3, "\uffff": 4, "": {}})
def test_what_is_plain_is_written_as_it_always_was(value: Any) -> None:
    assert canonical(value) == as_json_says(value)


@given(trees(PLAIN | ODD, NAMES))
@example({"a": [1.0, 1e16, 1e-7]})
@example({"a": [{1: "b"}]})
@example({Word.ONE: Word.ONE})
@example([float("nan")])
def test_what_is_odd_is_written_or_refused_as_it_always_was(value: Any) -> None:
    assert told(canonical, value) == told(as_json_says, value)


@pytest.mark.parametrize("name", ["event", "recovered"])
def test_a_line_is_canonical_itself(name: str) -> None:
    line, hashed = written(7, "0" * 64, name, canonical(event()))

    found = json.loads(line)
    assert line == as_json_says(found) + b"\n"
    assert (found[name], found["seq"], found["hash"]) == (event(), 7, hashed)
    assert parse(line).hash == hashed
