"""Whatever a repository says, its scorecard adds up."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from qgov.assess.item import State
from qgov.assess.scorecard import ITEMS, assess
from qgov.contracts.schema import output_schemas
from qgov.model.access_model import AccessModel
from qgov.render.assess import as_json, as_markdown, as_text
from tests.assess.cases import TEMPLATES
from tests.strategies import NOW, models

pytestmark = pytest.mark.no_cover  # measuring it would double its time

SCHEMA = Draft7Validator(output_schemas()["qgov/assessment/v1"])
ORDER = list(State)


@given(models())
@settings(max_examples=60, deadline=None)
def test_every_model_has_a_score_that_adds_up(model: AccessModel) -> None:
    card = assess(model, NOW, TEMPLATES)

    assert [result.item for result in card.results] == list(ITEMS)
    for result in card.results:
        assert result.measures
        for measure in result.measures:
            lacking = [evidence for evidence in measure.evidence if not evidence.holds]
            assert len(lacking) == measure.total - measure.held, (result.item.id, measure)
    document = json.loads(as_json(card))
    assert list(SCHEMA.iter_errors(document)) == []
    assert sum(document["summary"].values()) == len(ITEMS)
    assert as_text(card).count("\n  ") >= len(ITEMS)
    assert as_markdown(card).count("\n| ") == len(ITEMS) + 6


@given(models(), st.sets(st.sampled_from(sorted(TEMPLATES))))
@settings(max_examples=30, deadline=None)
def test_a_template_more_never_makes_a_score_worse(model: AccessModel, some: set[str]) -> None:
    fewer = assess(model, NOW, {path: TEMPLATES[path] for path in some})
    more = assess(model, NOW, TEMPLATES)

    for before, after in zip(fewer.results, more.results, strict=True):
        assert ORDER.index(before.state) <= ORDER.index(after.state)
