"""What is looked at once is judged as what is looked at everywhere."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any, Final

import pytest
from jsonschema import Draft7Validator, ValidationError

from qgov.contracts.conformance import Conformance
from qgov.contracts.schema import schema_of
from qgov.evidence.schemas import errors_of
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
    text, broken = json.dumps(document), 0
    everywhere = [place for place in places(document) if place]
    for place in chance.sample(everywhere, 150):
        changed = json.loads(text)
        for _ in range(2):
            inside = changed
            for key in place[:-1]:
                inside = inside[key]
            inside[place[-1]] = chance.choice(OTHERS)
        found = told(errors_of(SCHEMA, changed))
        assert found == told(Draft7Validator(SCHEMA).iter_errors(changed)), place
        broken += bool(found)
    assert broken > 20


def test_the_same_value_is_judged_once(
    document: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: list[Any] = []
    plain = Draft7Validator.VALIDATORS["enum"]

    def counted(validator: Any, values: Any, instance: Any, schema: Any) -> Any:
        judged.append(instance)
        return plain(validator, values, instance, schema)

    monkeypatch.setitem(Draft7Validator.VALIDATORS, "enum", counted)
    assert list(errors_of(SCHEMA, document)) == []
    # Two values each of `expect`, `source` and `result`.
    assert 0 < len(judged) <= 6 < len(document["cases"])
