"""A document knows where its parts stand, and what could not be read is known by name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import pytest

from qgov.beside import beside
from qgov.finding import Origin
from qgov.language.documents import _values, read_documents, read_files
from tests.bad.corpus import BASE, cases
from tests.forked import forked

ROLE = "apiVersion: qgov/v1\nkind: Role\nmetadata: {name: a}\nspec:\n  permissions: [job:read]\n"


def test_a_document_knows_where_its_values_and_keys_stand() -> None:
    documents, _ = read_documents({"a.yaml": b"# first\n" + ROLE.encode()})
    (role,) = documents.valid

    assert role.id == "Role/a"
    assert role.at("spec", "permissions", 0) == Origin("a.yaml", 6, 17)
    assert role.key("spec", "permissions") == Origin("a.yaml", 6, 3)
    assert role.at() == role.key() == role.at("nothing") == Origin("a.yaml", 2, 1)


def test_a_document_knows_the_lines_of_a_value_and_of_all_in_it() -> None:
    text = ROLE + "  requires:\n    mfa: true\n    job:\n      shots:\n        9\n"
    documents, _ = read_documents({"a.yaml": text.encode()})
    (role,) = documents.valid

    assert [*role.lines(("spec", "permissions"))] == [5, 5]
    assert {*role.lines(("spec",))} == {5, 6, 7, 8, 9, 10}
    assert [*role.lines(("spec", "requires", "job"))] == [9, 9, 10]
    assert [*role.lines(("spec", "requires", "countries"))] == [7]  # of what is there
    assert [*role.lines(("spec", "permissions", 1))] == [5]


@pytest.mark.parametrize(
    "text",
    [
        ROLE + "  x: 1\n",
        ROLE + "  x: *y\n",
        ROLE + "\tx\n",
        ROLE.replace("{name: a}", '\n  title: x\n  name: "a"') + "  x: *y\n",
        ROLE.replace("\n", "\r\n") + "  x: *y\r\n",
        f"--- # one\n{ROLE}---\nx: *y\n",
    ],
)
def test_a_broken_document_is_known_by_kind_and_name(text: str) -> None:
    documents, findings = read_documents({"a.yaml": text.encode()})

    assert findings
    assert documents.valid == ()
    assert documents.broken == {("Role", "a")}


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("[]", ("", "")),
        ("kind: [Role]", ("['Role']", "")),
        ("kind: Role\nmetadata: {}", ("Role", "None")),
        ("kind: Role\nx: *y", ("Role", "")),
    ],
)
def test_a_broken_document_without_a_name_has_none(text: str, broken: tuple[str, str]) -> None:
    documents, _ = read_documents({"a.yaml": text.encode()})

    assert documents.broken == {broken}


def test_documents_stand_in_the_order_of_their_paths() -> None:
    files = {
        path: ROLE.replace("name: a", f"name: {path[0]}").encode()
        for path in ("c.yaml", "a.yaml", "b.yaml")
    }
    documents, _ = read_documents(files)

    assert [document.name for document in documents.valid] == ["a", "b", "c"]


def _said(files: Mapping[str, bytes]) -> str:
    """All that is read of some files, each by itself, with the types of its values."""
    return repr(
        [
            (path, found.valid, found.partial, sorted(found.broken), findings)
            for path, (found, findings) in read_files(files).items()
        ]
    )


def test_what_is_read_beside_is_what_is_read_here() -> None:
    """Of every broken file."""
    files = {
        f"{case.name}/{path}": data
        for case in cases()
        for path, data in case.files.items()
        if BASE.get(path) != data
    }
    here = _said(files)

    with forked() as children:
        assert _said(files) == here
    assert len(children) == 1


ODD = """\
- [0x1F, -0.0, 1.5e-300, 9007199254740991, 1.0, 2026-01-01, 12:30:45, ~, 'yes', yes]
- {'': 1, 'true': true, b: [{}, []], '1e3': ''}
- "a\\t\\u20AC\\U0001F600\\xe9"
- |+
  text

"""


def test_so_are_odd_values() -> None:
    files = {"odd.yaml": ODD.encode(), "deep.yaml": b"[" * 23 + b"]" * 23, "empty.yaml": b""}
    files["deeper.yaml"] = b"[" * 1000

    with forked() as children, beside(partial(_values, files, files)) as (there,):
        assert repr(there()) == repr(_values(files, files))
    assert len(children) == 1
