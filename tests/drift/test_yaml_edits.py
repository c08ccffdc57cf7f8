"""Changes of YAML: only the lines that say them differ, in whatever style the file is."""

from __future__ import annotations

import difflib
from typing import Any

import pytest

from qgov.drift.adopt.yaml_edits import EditError, Edits, scalar
from qgov.finding import Origin
from qgov.language.documents import Document, Text
from qgov.language.reader import read

ITEM = {"group": "b", "role": "r", "on": "*"}


def document(text: str, line: int = 1) -> Document:
    start = Origin("f.yaml", line, 1)
    return Document("Tenant", "t", "f.yaml", None, None, {}, start, Text("f.yaml", text.encode()))


def edited(text: str, edits: Edits) -> str:
    return edits.files({"f.yaml": text.encode()})["f.yaml"].decode()


def said(text: str) -> Any:
    documents, findings = read("f.yaml", text.encode())
    assert findings == []
    return documents[0][0]


def differs(before: str, after: str) -> list[str]:
    lines = difflib.ndiff(before.splitlines(keepends=True), after.splitlines(keepends=True))
    return [line for line in lines if line[0] in "+-"]


BLOCK_OF_FLOW = "s:\n  bindings:\n    # one\n    - {group: a, role:  'r', on: x}   # why\n    - {group: c, role: r, on: y}\n  # after\n\n  z: 1\n"


def test_an_item_is_added_below_the_last_in_its_style() -> None:
    edits = Edits()
    edits.add(document(BLOCK_OF_FLOW), ("s", "bindings"), ITEM)
    edits.add(document(BLOCK_OF_FLOW), ("s", "bindings"), ITEM)
    after = edited(BLOCK_OF_FLOW, edits)
    assert differs(BLOCK_OF_FLOW, after) == ['+     - {group: b, role: r, on: "*"}\n']
    assert said(after)["s"]["bindings"][-1] == ITEM


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("s:\n  - group: a\n    on: x  # why\n# z\n", "s:\n  - group: a\n    on: x  # why\n  - group: b\n    role: r\n    on: \"*\"\n# z\n"),
        ("s:\n-   group: a", "s:\n-   group: a\n-   group: b\n    role: r\n    on: \"*\""),
        ("s:\r\n- {group: a}\r\n", "s:\r\n- {group: a}\r\n- {group: b, role: r, on: \"*\"}\r\n"),
        ("s: [{group: a}]\n", "s: [{group: a}, {group: b, role: r, on: \"*\"}]\n"),
        ("s: [\n  {group: a},  # why\n]\n", "s: [\n  {group: a}, {group: b, role: r, on: \"*\"}  # why\n]\n"),
        ("s: [ ]  # none\n", "s: [{group: b, role: r, on: \"*\"}]  # none\n"),
        ("z:  1\n", "z:  1\ns: [{group: b, role: r, on: \"*\"}]\n"),
        ("{z:  1}\n", "{z:  1, s: [{group: b, role: r, on: \"*\"}]}\n"),
    ],
    ids=["block", "dash", "crlf", "flow", "lines", "empty", "absent", "absent in flow"],
)  # fmt: skip
def test_an_item_is_added(before: str, after: str) -> None:
    edits = Edits()
    edits.add(document(before), ("s",), ITEM)
    assert edited(before, edits) == after
    assert said(after)["s"][-1] == ITEM


@pytest.mark.parametrize(
    ("before", "indexes", "after"),
    [
        ("s:\n- a: 1 # x\n  b: 2\n- a: 2\n# z\nq: 1\n", [0], "s:\n- a: 2\n# z\nq: 1\n"),
        ("s:\n- a: 1\n- a: 2\n\n# z\nq: 1\n", [1], "s:\n- a: 1\n\n# z\nq: 1\n"),
        ("s:\n  - {a: 1}\n  - {a: 2}\nq: 1\n", [0, 1], "s: []\nq: 1\n"),
        ("s: [{a: 1}, {a: 2}, {a: 3}]\n", [0], "s: [{a: 2}, {a: 3}]\n"),
        ("s: [{a: 1}, {a: 2}, {a: 3}]\n", [1, 2], "s: [{a: 1}]\n"),
        ("s: [{a: 1}, {a: 2}, {a: 3}]\n", [0, 2], "s: [{a: 2}]\n"),
        ("s: [{a: 1}, {a: 2}]\n", [0, 1], "s: []\n"),
    ],
)
def test_items_are_removed(before: str, indexes: list[int], after: str) -> None:
    edits = Edits()
    for index in indexes:
        edits.remove(document(before), ("s",), index)
    assert edited(before, edits) == after
    kept = [one for n, one in enumerate(said(before)["s"]) if n not in indexes]
    assert said(after)["s"] == kept


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("s:\n  k:  8h # why\n  z: 1\n", "s:\n  k:  9h # why\n  z: 1\n"),
        ("s: {z: 1, k: '8h'}\n", "s: {z: 1, k: '9h'}\n"),
        ("s:\n  z: {a: 1}\n\nq: 1\n", "s:\n  z: {a: 1}\n  k: 9h\n\nq: 1\n"),
        ("s: {z: 1}\n", "s: {z: 1, k: 9h}\n"),
        ("s: {}\n", "s: {k: 9h}\n"),
    ],
)
def test_a_field_is_set(before: str, after: str) -> None:
    edits = Edits()
    edits.set(document(before), ("s",), "k", "9h")
    assert edited(before, edits) == after


def test_the_second_document_of_a_file_is_the_one_that_is_meant() -> None:
    text = "s: [{a: 1}]\n---\ns: [{a: 2}]  # ü\n"
    edits = Edits()
    edits.add(document(text, 3), ("s",), ITEM)
    assert (
        edited(text, edits) == 's: [{a: 1}]\n---\ns: [{a: 2}, {group: b, role: r, on: "*"}]  # ü\n'
    )


@pytest.mark.parametrize(
    "text",
    ["12", "null", "no", "true", "1e3", "2026-11-28", "~", "a: b", "a #", "*", "", "- x", "'\"$(x)`", "a\nb", "0x1"],
)  # fmt: skip
def test_a_text_is_read_as_it_was(text: str) -> None:
    written = scalar(text)
    assert said(f"[{written}]") == [text]
    assert written.startswith('"')
    assert "\n" not in written


def test_what_cannot_be_changed_in_place_is_an_error() -> None:
    for text in ("s:\n-\n  a: 1\n- a: 2\n", "s:\n# why\n- a: 1\n"):
        edits = Edits()
        edits.remove(document(text), ("s",), 0)
        with pytest.raises(EditError, match=r"f\.yaml"):
            edited(text, edits)
