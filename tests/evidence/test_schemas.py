"""What is said of a document and its schema is what jsonschema, another library, says."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any, Final

import pytest
from jsonschema import Draft7Validator, ValidationError

from qgov.contracts.conformance import Conformance
from qgov.contracts.schema import schema_of
from qgov.evidence.compressed import text_of
from qgov.evidence.schemas import broken
from qgov.evidence.verify import TYPED
from tests.evidence.conftest import PROVEN, Made
from tests.evidence.test_pack import loaded

SCHEMA: Final = schema_of(Conformance)
OTHERS: Final[tuple[Any, ...]] = (None, True, 0, 1, 1.0, -1, "", "allow", [], [1], {}, {"a": 1})


@pytest.fixture(scope="module")
def document(made: Made) -> dict[str, Any]:
    """A few cases of each kind of the pack."""
    proven: dict[str, Any] = loaded(made, PROVEN)
    return {**proven, "cases": proven["cases"][::40] + proven["cases"][-5:]}


def told(errors: Iterator[ValidationError]) -> list[tuple[str, str]]:
    return sorted(("/".join(map(str, error.absolute_path)), error.message) for error in errors)


def places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield above
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from places(value[key], (*above, key))


def test_a_changed_document_is_judged_alike_at_every_kind_of_place(
    document: dict[str, Any],
) -> None:
    chance = random.Random(1)  # noqa: S311 - the same in every run
    text, count = json.dumps(document), 0
    everywhere = [place for place in places(document) if place]
    for place in chance.sample(everywhere, 150):
        changed = json.loads(text)
        for _ in range(2):
            inside = changed
            for key in place[:-1]:
                inside = inside[key]
            inside[place[-1]] = chance.choice(OTHERS)
        wrong = told(Draft7Validator(SCHEMA).iter_errors(changed))
        assert bool(broken(SCHEMA, changed)) is bool(wrong), place
        count += bool(wrong)
    assert count > 20


def test_every_file_of_a_pack_is_judged_alike(made: Made) -> None:
    for path, contract in TYPED.items():
        value = json.loads(text_of(path, made.files[path]))
        assert broken(schema_of(contract), value) == "", path
        assert Draft7Validator(schema_of(contract)).is_valid(value), path


WRITTEN: Final[tuple[tuple[Any, Any], ...]] = (
    ({"type": "integer"}, True),
    ({"type": "boolean"}, 1),
    ({"const": 1}, True),
    ({"const": True}, 1),
    ({"const": "a"}, "b"),
    ({"enum": ["a", 1]}, True),
    ({"enum": ["a", None]}, "b"),
    ({"minimum": 1}, 0),
    ({"minimum": 1}, 0.5),
    ({"minItems": 1}, []),
    ({"items": [{"type": "string"}]}, [1]),
    ({"items": {"type": "string"}}, ["a", 1]),
    ({"pattern": "^a$"}, "b"),
    ({"required": ["a"]}, {}),
    ({"additionalProperties": False, "properties": {"a": {}}}, {"b": 1}),
    ({"additionalProperties": {"type": "string"}}, {"b": 1}),
    ({"properties": {"a": {"type": "string"}}}, {"a": 1}),
    ({"anyOf": [{"type": "string"}, {"type": "null"}]}, 1),
    ({"allOf": [{"type": "string"}, {"pattern": "^a"}]}, "b"),
    ({"type": ["string", "null"]}, 1),
    ({"maximum": 1}, 2),
    ({"not": {"type": "string"}}, "a"),
    (False, "a"),
    ({"$ref": "#/definitions/A", "type": "integer"}, 1),
)
"""A schema and what breaks it. `A` is a text."""


@pytest.mark.parametrize(("schema", "value"), WRITTEN, ids=map(str, range(len(WRITTEN))))
def test_each_keyword_is_judged_alike(schema: Any, value: Any) -> None:
    whole = {"properties": {"x": schema}, "definitions": {"A": {"type": "string"}}}
    assert not Draft7Validator(whole).is_valid({"x": value})
    assert broken(whole, {"x": value}).startswith(("x", "the document"))


@pytest.mark.parametrize("value", ["\ud800", {"\ud800": 1}, {"a": "\udfff"}])
def test_half_a_character_follows_no_schema(value: Any) -> None:
    wrong = broken({"properties": {"x": {"enum": ["a"]}}}, {"x": value})
    assert wrong


def test_what_is_nested_too_deeply_is_told() -> None:
    value: Any = 1
    for _ in range(400):
        value = [value]
    assert "nested too deeply" in broken({"type": "integer"}, value)
