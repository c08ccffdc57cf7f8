"""HCL: any text in any place stays a text, in the layout that Terraform itself keeps."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

import hcl2
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from qgov.targets.hcl import (
    Beside,
    Block,
    Ref,
    Value,
    address,
    outline,
    parse,
    quote,
    render,
    unquote,
)
from tests.terraform.harness import clean_env, fmt_check, need_terraform, terraform

HOSTILE = (
    '${file("/etc/passwd")}',
    "%{ if true }x%{ endif }",
    '"<<EOF\nresource "a" "b" {}\nEOF',
    "$${x}",
    "$$${x}",
    "$$$",
    "${",
    "%{",
    "%%{",
    "$%{",
    "%${",
    "}${",
    '${"}',
    "a${b}c}${d",
    '\\"',
    "\\",
    "\\\\n",
    "\\${x}",
    "\\u0024{x}",
    "\n\r\t",
    "\x00\x07\x1b[31m\x7f\x85",
    "\u2028",
    "\u202e",
    "\ufeff",
    "😀",
    "e\u0301",
    "n\u0303",
    "\ue000",
    "# x",
    "// x",
    "/* x",
    "__is_block__",
    "__comments__",
    "for",
    "null",
    "true",
    "a = b",
    "{",
    "[",
    "",
    " ",
    "a,",
    "=",
    "}",
    "1",
    '"',
    "'",
    "`",
    "~}",
    "${~ x ~}",
    "${x",
    '%{for x in "y"}',
)

texts = st.one_of(
    st.sampled_from(HOSTILE), st.text(max_size=12), st.text('${}%"\\n\n~#<E ', max_size=8)
)
nfc = texts.map(lambda text: unicodedata.normalize("NFC", text))
words = st.from_regex(r"[a-z][a-z0-9_-]{0,12}", fullmatch=True)
indices = st.none() | st.from_regex(r"[A-Za-z0-9._~!&()*+,;=:@%/-]{1,9}", fullmatch=True)
expressions = st.lists(words, min_size=2, max_size=3).map(".".join)
refs = (
    st.builds(Ref, expressions, indices)
    | st.just(Ref("map(string)"))
    | st.just(Beside("policies/a-b.json"))
)
leaves = nfc | refs | st.booleans() | st.integers(-(10**6), 10**6)
values: st.SearchStrategy[Any] = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(nfc, inner, max_size=4),
    max_leaves=8,
)
attributes = st.dictionaries(words.map("a_{}".format), values, max_size=6)
names = words.map("b_{}".format)


def _blocks(depth: int) -> st.SearchStrategy[Block]:
    inner = st.just([]) if depth == 0 else st.lists(_blocks(depth - 1), max_size=2)
    # python-hcl2 keeps blocks of one type together, so that is how they come back.
    together = inner.map(lambda found: tuple(sorted(found, key=lambda block: block.type)))
    labels = st.lists(words, max_size=2).map(tuple) if depth == 2 else st.just(())
    return st.builds(Block, names, labels, attributes, together)


blocks = st.lists(_blocks(2), max_size=3).map(lambda found: sorted(found, key=lambda b: b.type))


@given(blocks)
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=set(Phase) - {Phase.shrink},
)  # minutes, where the tests of one text take none
@pytest.mark.no_cover
def test_any_text_anywhere_comes_back_literally(written: list[Block]) -> None:
    assert list(parse(render(written))) == written


@given(texts)
def test_a_literal_is_one_line_of_printable_text_and_comes_back(text: str) -> None:
    literal = quote(text)
    assert literal.isprintable()
    assert unquote(literal) == unicodedata.normalize("NFC", text)


@given(nfc)
@pytest.mark.no_cover
def test_hcl2_reads_a_literal_as_one_literal(text: str) -> None:
    read = hcl2.loads(f"a = {quote(text)}\nb = 1\n")
    assert (unquote(read["a"]), read["b"]) == (text, 1)


@pytest.mark.real
def test_terraform_reads_the_texts_that_were_written(tmp_path: Path) -> None:
    need_terraform()
    found: list[str] = list(HOSTILE)

    @given(texts)
    @settings(max_examples=300, database=None)
    def collect(text: str) -> None:
        found.append(text)

    collect()
    output = Block("output", ("texts",), {"value": {"texts": found}})
    (tmp_path / "main.tf").write_bytes(render([output]))
    env = clean_env()
    done = terraform(tmp_path, env, "apply", "-auto-approve", "-no-color")
    assert done.returncode == 0, done.stderr
    read = json.loads(terraform(tmp_path, env, "output", "-json").stdout)
    assert read["texts"]["value"]["texts"] == [unicodedata.normalize("NFC", text) for text in found]


@pytest.mark.no_cover
@pytest.mark.real
def test_terraform_fmt_has_nothing_to_change(tmp_path: Path) -> None:
    need_terraform()
    found: list[Block] = []

    @given(blocks)
    @settings(
        max_examples=40, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    def collect(some: list[Block]) -> None:
        found.extend(some)

    collect()
    assert len(found) > 50
    (tmp_path / "main.tf").write_bytes(render(found, "One line.\nAnother."))
    assert fmt_check(tmp_path) == ""


def test_a_template_is_escaped_by_doubling_its_sign() -> None:
    assert quote("${x} %{ if y }") == '"$${x} %%{ if y }"'


def test_maps_of_values_are_laid_out_like_any_block() -> None:
    values: Value = {"long key": "1", "a": True, "b": {"c": "2"}, "d": [{"e": "3", "ff": "4"}]}
    inner = Block("c", (), {"x": {"yy": "5", "z": "6"}})
    assert (
        render([Block("a", (), {"m": values, "n": {"o": Ref("p.q")}}, (inner,))])
        == b"""\
a {
  m = {
    "long key" = "1"
    a          = true
    b = {
      c = "2"
    },
    d = [
      {
        e  = "3"
        ff = "4"
      },
    ],
  }
  n = {
    o = p.q
  }

  c {
    x = {
      yy = "5"
      z  = "6"
    }
  }
}
"""
    )


def test_instances_of_a_shape_differ_in_their_values_alone() -> None:
    one, two = (render([Block("a", (name,), {"long_name": name, "x": 1})]) for name in ("p", "q"))
    assert one == b'a "p" {\n  long_name = "p"\n  x         = 1\n}\n'
    assert two == one.replace(b'"p"', b'"q"')


@given(blocks, blocks)
def test_outlines_are_equal_exactly_when_the_texts_are(
    one: list[Block], other: list[Block]
) -> None:
    assert (outline(one) == outline(other)) == (render(one) == render(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": True}, {"a": Ref("true")}),
        ({"a": "true"}, {"a": True}),
        ({"a": "1"}, {"a": 1}),
        ({"a": ["x", "y"]}, {"a": ['x", "y']}),
        ({"a": {}}, {"a": []}),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({"a": "x", "b": "y"}, {"a": 'x"\nb = "y'}),
        ({"a": "\u00e9"}, {"a": "e\u0301"}),
    ],
)
def test_outlines_tell_apart_what_texts_tell_apart(
    one: dict[str, Value], other: dict[str, Value]
) -> None:
    first, second = [Block("x", (), one)], [Block("x", (), other)]

    assert (outline(first) == outline(second)) == (render(first) == render(second))


def test_the_order_of_blocks_of_two_types_is_no_difference_where_the_text_has_none() -> None:
    inner = [Block("a"), Block("b"), Block("a", ("z",))]
    first, second = (
        [Block("x", (), {}, tuple(inner))],
        [Block("x", (), {}, tuple(inner[::2] + inner[1:2]))],
    )

    assert outline(first) == outline(second)
    assert render(first) == render(second)


def test_a_comment_heads_the_file() -> None:
    assert render([Block("a")], "One.\nTwo.") == b"# One.\n# Two.\n\na {\n}\n"
    assert render([]) == b""


@pytest.mark.parametrize(
    "wrong", ["", "a.", ".a", "a b", "${a}", "a[b]", "a[0", "1a", "a.b()", "a\n", '"a"']
)
def test_only_a_reference_is_an_expression(wrong: str) -> None:
    with pytest.raises(ValueError, match="not a reference"):
        Ref(wrong)


@pytest.mark.parametrize("wrong", ["", "/a", "../a", "a/../b", "a b", '"', "${a}", "A", "a/"])
def test_a_file_beside_is_inside_the_module_and_needs_no_escapes(wrong: str) -> None:
    with pytest.raises(ValueError, match="not a path in a module"):
        Beside(wrong)


@pytest.mark.parametrize("wrong", ["", '"', 'a"]', "a b", "\\", "${a}", "%{a}", "a\n", "é"])
def test_an_index_needs_no_escapes(wrong: str) -> None:
    with pytest.raises(ValueError, match="not an index"):
        Ref("a.b", wrong)
    assert str(Ref("a.b", "https://x.example/~a%20")) == 'a.b["https://x.example/~a%20"]'


@pytest.mark.parametrize(
    "block",
    [
        Block("a b"),
        Block("a", (), {"b\n": 1}),
        Block("a", (), {"__is_block__": True}),
        Block("a", (), {}, (Block("${x}"),)),
        Block("a", ('x" {}',)),
    ],
    ids=["type", "attribute", "marker", "nested", "label"],
)
def test_names_are_identifiers(block: Block) -> None:
    with pytest.raises(ValueError, match="not an identifier"):
        render([block])


@pytest.mark.parametrize("value", [None, 1.5, {1, 2}], ids=str)
def test_other_values_are_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="not a value"):
        render([Block("a", (), {"b": value})])


@pytest.mark.parametrize("wrong", ["", '"', "a", '"a', 'a"'])
def test_what_is_not_quoted_is_no_literal(wrong: str) -> None:
    with pytest.raises(ValueError, match="not a literal"):
        unquote(wrong)


@pytest.mark.parametrize("text", ["a {\n b = 1.5\n}\n", "a {\n b = null\n c = f(1)\n}\n"])
def test_what_was_not_written_here_is_not_read(text: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        parse(text.encode())


labels = st.from_regex(r"[a-z0-9](?:[-a-z0-9]{0,4}[a-z0-9])?", fullmatch=True)
scopes = st.just("*") | st.lists(labels, min_size=1, max_size=3).map("/".join)


@given(st.lists(scopes, min_size=1, max_size=3), st.lists(scopes, min_size=1, max_size=3))
def test_addresses_are_names_and_never_collide(one: list[str], other: list[str]) -> None:
    assert Ref(f"x.{address('role', *one)}").expression.isascii()
    assert (address("role", *one) == address("role", *other)) == (one == other)


def test_addresses_read_well() -> None:
    assert address("role", "lead", "aurora/test") == "role_lead__aurora_test"
    assert address("role", "auditor", "*") == "role_auditor__ALL"


@pytest.mark.parametrize("wrong", ["", "A", "a_b", "a//b", "a-", "a b", "${x}", "a\n"])
def test_an_address_is_made_of_labels_only(wrong: str) -> None:
    with pytest.raises(ValueError, match="not a name"):
        address("role", wrong)


def test_values_keep_their_order() -> None:
    value: Value = {"z": "1", "a": ["2", "1"]}
    assert parse(render([Block("a", (), {"z": value, "b": 1})])) == (
        Block("a", (), {"z": value, "b": 1}),
    )
