"""A document knows where its parts stand, and what could not be read is known by name."""

from __future__ import annotations

import pytest

from qgov.finding import Origin
from qgov.language.documents import read_documents

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
