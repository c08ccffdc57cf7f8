"""YAML is read with positions, by the core schema of YAML 1.2, and within limits."""

from __future__ import annotations

import math
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from qgov.language.documents import read_documents
from qgov.language.places import place
from qgov.language.reader import (
    MAX_DEPTH,
    MAX_FINDINGS,
    MAX_INT,
    MAX_NODES,
    MAX_SCALAR,
    read,
)
from qgov.language.text import MAX_BYTES


def value(text: str) -> Any:
    """The only value of a text."""
    documents, findings = read("a.yaml", text.encode())
    assert findings == []
    ((found, _),) = documents
    return found


def codes(text: str | bytes) -> list[tuple[str, int, int]]:
    """What is refused in a text, and where."""
    data = text if isinstance(text, bytes) else text.encode()
    documents, findings = read("a.yaml", data)
    assert documents == []
    return [(f.code, f.origin.line, f.origin.column) for f in findings]


# https://yaml.org/spec/1.2.2/#103-core-schema, and what YAML 1.1 made of the same text.
CORE_SCHEMA: list[tuple[str, Any]] = [
    ("~", None),
    ("null", None),
    ("Null", None),
    ("NULL", None),
    ("", None),
    ("nUll", "nUll"),
    ("none", "none"),
    ("true", True),
    ("True", True),
    ("TRUE", True),
    ("false", False),
    ("False", False),
    ("FALSE", False),
    ("tRUE", "tRUE"),
    *((word, word) for word in ("y", "n", "yes", "no", "on", "off", "Yes", "No", "ON", "OFF")),
    ("0", 0),
    ("-0", 0),
    ("+12", 12),
    ("-19", -19),
    ("017", 17),
    ("0o7", 7),
    ("0o17", 15),
    ("0x3A", 58),
    ("0xff", 255),
    ("9007199254740991", MAX_INT),
    ("-9007199254740991", -MAX_INT),
    ("0o8", "0o8"),
    ("0xg", "0xg"),
    ("-0x1", "-0x1"),
    ("0b11", "0b11"),
    ("1_000", "1_000"),
    ("1:30", "1:30"),
    ("190:20:30", "190:20:30"),
    ("1.2.3", "1.2.3"),
    ("+", "+"),
    ("0.", 0.0),
    (".5", 0.5),
    ("-0.5", -0.5),
    ("12e03", 12000.0),
    ("-2E+05", -200000.0),
    ("1e3", 1000.0),
    ("1e", "1e"),
    (".", "."),
    ("..", ".."),
    (".info", ".info"),
    ("2026-11-23", "2026-11-23"),
    ("2026-11-23T08:00:00Z", "2026-11-23T08:00:00Z"),
    ("=", "="),
    ("8h", "8h"),
    ("80%", "80%"),
    ("٣", "٣"),
]


@pytest.mark.parametrize(("text", "meant"), CORE_SCHEMA, ids=[repr(t) for t, _ in CORE_SCHEMA])
def test_a_plain_scalar_is_what_the_core_schema_says(text: str, meant: object) -> None:
    found = value(f"a: {text}")["a"]

    assert found == meant
    assert type(found) is type(meant)


@pytest.mark.parametrize("text", ["null", "true", "12", ".inf", "~", "0x1", "<<", ""])
@pytest.mark.parametrize("quote", ["'", '"'])
def test_a_quoted_scalar_is_a_text(text: str, quote: str) -> None:
    assert value(f"[{quote}{text}{quote}]") == [text]


def test_block_scalars_are_texts() -> None:
    assert value("a: |\n  12\n  13\nb: >-\n  12\n  13\n") == {"a": "12\n13\n", "b": "12 13"}


def test_a_float_of_the_text_is_finite() -> None:
    assert math.isclose(value("[1.5e3]")[0], 1500.0)
    assert codes("[1, .nan, 1e400]") == [("QG111", 1, 5), ("QG111", 1, 11)]


PLACES = """\
a: 1
b:
  - x
  -   {c: 2, "d" :  [e, f]}
g: |
  several
  lines
h: "two
  lines"
? i
: j
"""


@pytest.mark.parametrize(
    ("path", "key", "meant"),
    [
        ((), False, None),
        (("a",), False, (1, 4)),
        (("a",), True, (1, 1)),
        (("b", 0), False, (3, 5)),
        (("b", 1), False, (4, 7)),
        (("b", 1, "c"), False, (4, 11)),
        (("b", 1, "d"), True, (4, 14)),
        (("b", 1, "d"), False, (4, 21)),
        (("b", 1, "d", 1), False, (4, 25)),
        (("g",), False, (5, 4)),
        (("h",), False, (8, 4)),
        (("h",), True, (8, 1)),
        (("i",), True, (10, 3)),
        (("i",), False, (11, 3)),
        (("b", 7), False, (2 + 1, 3)),
        (("b", "x"), False, (3, 3)),
        (("a", "deeper"), False, (1, 4)),
        (("nothing",), False, None),
    ],
)
def test_place_finds_the_value_or_the_nearest_that_is_there(
    path: tuple[str | int, ...], key: bool, meant: tuple[int, int] | None
) -> None:
    assert place(value(PLACES), path, key=key) == meant


@pytest.mark.parametrize("line_break", ["\n", "\r\n"])
def test_positions_do_not_depend_on_the_line_break(line_break: str) -> None:
    text = line_break.join(["a: 1", "b: [x,", "  {c: é💥, d: 2}]"])

    assert place(value(text), ("b", 1, "d")) == (3, 14)


def test_a_document_says_where_it_starts() -> None:
    documents, _ = read("a.yaml", b"# first\na: 1\n---\n\n  b: 2\n--- [c]\n")

    assert [str(start) for _, start in documents] == ["a.yaml:2:1", "a.yaml:5:3", "a.yaml:6:5"]


def test_the_limits_hold_exactly() -> None:
    assert value("[" * MAX_DEPTH + "a" + "]" * MAX_DEPTH)
    assert codes("[" * (MAX_DEPTH + 1)) == [("QG101", 1, MAX_DEPTH + 1)]
    assert codes("{a: " * 10_000) == [("QG101", 1, 4 * MAX_DEPTH + 1)]
    assert value(f"- {'x' * MAX_SCALAR}\n")
    assert codes(f"- {'x' * (MAX_SCALAR + 1)}\n") == [("QG106", 1, 3)]
    assert codes(f"{'k' * (MAX_SCALAR + 1)}") == [("QG106", 1, 1)]
    assert codes(b"#" * (MAX_BYTES + 1)) == [("QG101", 1, 1)]


@pytest.mark.no_cover
def test_too_many_values_are_refused_without_a_container_among_them() -> None:
    text = "[" + "a," * MAX_NODES + "]"

    assert codes(text) == [("QG101", 1, 2 * MAX_NODES)]


def test_a_flood_of_problems_is_cut_short() -> None:
    found = codes("[" + "*a, " * 5000 + "]")

    assert len(found) == MAX_FINDINGS + 1
    assert found[-1][0] == "QG113"


def test_a_flood_of_unknown_fields_is_cut_short() -> None:
    head = (
        "apiVersion: qgov/v1\nkind: Role\nmetadata: {name: a}\nspec:\n  permissions: [job:read]\n"
    )
    text = head + "".join(f"  field{n}: 1\n" for n in range(100_000))
    _, findings = read_documents({"a.yaml": text.encode()})

    assert len(findings) == MAX_FINDINGS + 1
    assert findings[-1].message == f"{100_000 - MAX_FINDINGS:d} more problems"


_PLAIN = st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S", "Zs"]), max_size=60)
_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-MAX_INT, MAX_INT),
    _PLAIN,
    st.floats(-1e15, 1e15, allow_nan=False).filter(lambda x: x != int(x)),
)
_NESTED = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(_PLAIN, inner, max_size=5),
    max_leaves=30,
)


class _Quoting(yaml.SafeDumper):
    """Writes every text in quotes: YAML 1.1 and 1.2 differ on which plain ones are texts."""


_Quoting.add_representer(
    str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
)


@given(_NESTED)
def test_what_was_written_is_what_is_read(content: object) -> None:
    text = yaml.dump(content, Dumper=_Quoting, allow_unicode=True)
    documents, findings = read("a.yaml", text.encode())

    assert findings == []
    assert [found for found, _ in documents] == [content]


@given(st.binary(max_size=400))
def test_no_bytes_raise(data: bytes) -> None:
    documents, findings = read("a.yaml", data)

    assert bool(documents) != bool(findings)
    assert all(f.origin.line >= 1 and f.origin.column >= 1 for f in findings)


_YAMLISH = st.text(
    st.sampled_from("ab01:-?[]{},\"'|>&*!%#@`~<\\.\n\r\t \0é\u202e\ufeff"), max_size=80
)


@given(st.one_of(st.text(max_size=200), _YAMLISH))
def test_no_text_raises(text: str) -> None:
    documents, findings = read_documents({"a.yaml": text.encode("utf-8", "surrogatepass")})

    assert documents.valid == ()
    assert findings
    assert all(f.message.isprintable() and f.remedy for f in findings)


_HEAD = {"apiVersion": "qgov/v1", "metadata": {"name": "a"}}


@given(st.sampled_from(["Role", "Organization", "Tenant", "Budget", "AccessTest"]), _NESTED)
def test_no_content_of_a_known_kind_raises(kind: str, content: object) -> None:
    text = yaml.safe_dump({**_HEAD, "kind": kind, "spec": content}, allow_unicode=True)
    documents, findings = read_documents({"a.yaml": text.encode()})

    assert bool(documents.valid) != bool(findings)
