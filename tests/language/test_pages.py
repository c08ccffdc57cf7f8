"""The schemas and the page of the language are what the models say, and fit for use."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from qgov.language.codes import CODES
from qgov.language.documents import read_documents
from qgov.language.kinds import KINDS
from qgov.language.permissions import NAMES
from qgov.language.reader import read
from qgov.render.reference import language_markdown
from qgov.render.schema import path_of, schemas, written
from tests.bad.corpus import BASE, cases

ROOT = Path(__file__).parents[2]
SCHEMAS = schemas()
WORKED = [
    "qgov.yaml",
    *(f"{folder}/**/*.yaml" for folder in ("roles", "tenants", "budgets", "tests/access")),
]


def documents(data: bytes) -> list[dict[str, Any]]:
    """The plain values of a file."""
    found, findings = read("a.yaml", data)
    assert findings == []
    return [json.loads(json.dumps(value)) for value, _ in found]


def problems(document: dict[str, Any]) -> list[str]:
    """What the schema of its kind refuses in a document."""
    validator = Draft7Validator(SCHEMAS[document["kind"]])
    return [error.message for error in validator.iter_errors(document)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_is_draft_7_and_kept_current(kind: str) -> None:
    Draft7Validator.check_schema(SCHEMAS[kind])

    assert "$defs" not in json.dumps(SCHEMAS[kind])
    assert (ROOT / path_of(kind)).read_bytes() == written(SCHEMAS[kind]), "run `make docs`"


def test_the_page_is_kept_current() -> None:
    page = (ROOT / "docs/language.md").read_text(encoding="utf-8")

    assert page == language_markdown(), "run `make docs`"


@pytest.mark.parametrize("path", BASE)
def test_the_schemas_accept_what_the_language_accepts(path: str) -> None:
    assert [problems(document) for document in documents(BASE[path])] == [
        [] for _ in documents(BASE[path])
    ]


def test_the_schemas_accept_the_worked_repository() -> None:
    paths = [path for pattern in WORKED for path in sorted(ROOT.glob(pattern))]
    found = {
        path.relative_to(ROOT).as_posix(): problems(document)
        for path in paths
        for document in documents(path.read_bytes())
    }

    assert {path: wrong for path, wrong in found.items() if wrong} == {}


def test_the_schemas_refuse_most_of_what_the_language_refuses_by_form() -> None:
    formal = {"QG123", "QG124", "QG125", "QG126", "QG127", "QG128"}
    calendar = {
        "the thirtieth of February",
        "an instant before time",
        "the year nought",
        "a day that does not exist",
        "duration longer than a century",
        "an exchange rate of zero",
        # Python's `$` also matches before a last line break, and editors never write one.
        "a line break behind money",
        # To JSON Schema 2e2 is the integer 200.
        "a fraction for a whole number",
    }
    accepted = {
        case.name
        for case in cases()
        if case.expected
        and {e.code for e in case.expected} <= formal
        and not any(
            problems(document)
            for path in {e.path for e in case.expected}
            for document in documents(case.files[path])
        )
    }

    assert accepted == calendar


def nodes(schema: Any, at: str = "") -> list[tuple[str, dict[str, Any]]]:
    """Every mapping of a schema, with its path."""
    if isinstance(schema, list):
        return [n for i, part in enumerate(schema) for n in nodes(part, f"{at}/{i}")]
    if not isinstance(schema, dict):
        return []
    return [(at, schema), *(n for key, part in schema.items() for n in nodes(part, f"{at}/{key}"))]


@pytest.mark.parametrize("kind", KINDS)
def test_every_part_of_a_document_is_closed(kind: str) -> None:
    document = next(d for data in BASE.values() for d in documents(data) if d["kind"] == kind)
    for place in ("", "metadata", "spec"):
        changed = json.loads(json.dumps(document))
        (changed[place] if place else changed)["unknown"] = 1
        assert problems(changed), place
    open_parts = [
        at
        for at, node in nodes(SCHEMAS[kind])
        if "properties" in node
        and node.get("type") == "object"
        and node.get("additionalProperties") is not False
    ]
    assert open_parts == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_default_has_the_form_that_it_is_written_in(kind: str) -> None:
    for at, node in nodes(SCHEMAS[kind]):
        if "default" in node:
            assert Draft7Validator({**node, "definitions": SCHEMAS[kind]["definitions"]}).is_valid(
                node["default"]
            ), at


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_is_described(kind: str) -> None:
    fields = [
        (at, name, field)
        for at, node in nodes(SCHEMAS[kind])
        for name, field in node.get("properties", {}).items()
        if isinstance(field, dict) and at != "/properties"
    ]

    assert [
        f"{at}/{name}"
        for at, name, field in fields
        if "description" not in field and "$ref" not in field
    ] == []


def test_the_page_lists_every_kind_permission_and_code() -> None:
    page = language_markdown()

    assert [kind for kind in KINDS if f"### {kind}\n" not in page] == []
    assert [name for name in NAMES if f"`{name.removesuffix(':own')}`" not in page] == []
    assert [code for code in CODES if f"| {code} |" not in page] == []
    assert re.findall(r"\]\(#([a-z0-9]+)\)", page)
    anchors = {heading.lower() for heading in re.findall(r"^#+ (\w+)$", page, re.MULTILINE)}
    assert set(re.findall(r"\]\(#([a-z0-9]+)\)", page)) <= anchors


def test_the_codes_of_the_page_are_the_codes_of_the_source() -> None:
    sources = [
        path
        for folder in ("language", "model")
        for path in (ROOT / "qgov" / folder).rglob("*.py")
        if path.name != "codes.py"
    ]
    used = {
        code
        for path in sources
        for code in re.findall(r'"(QG[12]\d\d)"', path.read_text(encoding="utf-8"))
    }

    assert used == set(CODES)


def test_the_base_has_every_field() -> None:
    """So that everything proven over the base is proven for the whole language."""
    found = [document for data in BASE.values() for document in documents(data)]
    keys = {key for document in found for key in _keys(document)}
    known = {
        name
        for schema in SCHEMAS.values()
        for at, node in nodes(schema)
        for name in node.get("properties", {})
        if not at.endswith("/properties")
    }

    assert known - keys == set()


def _keys(value: Any) -> set[str]:
    if isinstance(value, list):
        return {key for item in value for key in _keys(item)}
    if not isinstance(value, dict):
        return set()
    return {*value, *(key for item in value.values() for key in _keys(item))}


def test_the_base_is_sound() -> None:
    found, findings = read_documents(BASE)

    assert findings == []
    assert {document.kind for document in found.valid} == set(KINDS)
