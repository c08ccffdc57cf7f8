"""The scorecard reads well, agrees with itself, and lets no name be more than a name."""

from __future__ import annotations

import json
import re
from functools import partial

import pytest
from jsonschema import Draft7Validator
from markdown_it import MarkdownIt

from qgov.assess.item import Evidence, Result, State
from qgov.assess.scorecard import Scorecard, assess
from qgov.contracts.schema import output_schemas
from qgov.finding import Origin
from qgov.records import replace
from qgov.render.assess import as_json, as_markdown, as_text
from qgov.render.text import WIDTH
from tests.assess.cases import CASES, NOW, TEMPLATES, result_of
from tests.checks.overlay import laid, model_of
from tests.render.hostile import HOSTILE


def _card() -> Scorecard:
    return assess(model_of(laid()[0]), NOW, TEMPLATES)


def _of(state: State) -> Scorecard:
    return Scorecard(tuple(result_of(id_, states[state]) for id_, states in CASES.items()))


def _saying(text: str) -> Scorecard:
    """A scorecard that says a text wherever a repository says anything."""

    def changed(result: Result) -> Result:
        place = partial(Origin, text, 1, 1)
        evidence = (Evidence(False, text, place), Evidence(False, f"`{text}`", place))
        return replace(
            result,
            measures=tuple(replace(m, evidence=evidence, held=0, total=2) for m in result.measures),
        )

    return Scorecard(tuple(changed(result) for result in _card().results))


def test_the_score_comes_first() -> None:
    assert as_text(_card()).splitlines()[:3] == [
        "30-day foundation: 5 of 6 done, 1 partly",
        "90-day maturity: 3 of 5 done, 2 partly",
        "After the pilot: 2 of 4 done, 2 partly",
    ]


def test_what_is_missing_comes_before_what_is_done() -> None:
    order = [str(state).upper() for state in State]
    text = as_text(assess(model_of(laid()[0]), NOW, {}))
    for plan in text.split("\n\n")[1:]:
        states = re.findall(r"^  (MISSING|PARTLY|DONE) ", plan, re.MULTILINE)
        assert states
        assert states == sorted(states, key=order.index)


@pytest.mark.parametrize("state", State)
def test_text_fits_80_columns(state: State) -> None:
    for line in as_text(_of(state)).splitlines():
        assert len(line) <= WIDTH


def test_what_lacks_is_named_with_its_line_and_a_next_step() -> None:
    text = as_text(_of(State.PARTLY))
    assert (
        "  PARTLY   MFA enforcement\n"
        "           ✗ 0 of 1 production environments ask for a second factor\n"
        "             `atlas/production` asks nobody for a second factor\n"
        "               Tenant/atlas.yaml:44\n"
    ) in text
    assert "           → set `mfa: true` in the floors of the tier, the tenant or the\n" in text


def test_more_places_than_fit_are_counted() -> None:
    card = _card()
    first = card.results[0]
    many = tuple(Evidence(False, f"place {n}") for n in range(5))
    measure = replace(first.measures[0], evidence=many, held=0, total=5)
    text = as_text(Scorecard((replace(first, state=State.MISSING, measures=(measure,)),)))
    assert "place 2" in text
    assert "place 3" not in text
    assert "and 2 more" in text


@pytest.mark.parametrize("state", State)
def test_json_is_what_its_schema_says(state: State) -> None:
    card = _of(state)
    document = json.loads(as_json(card))
    validator = Draft7Validator(output_schemas()["qgov/assessment/v1"])
    assert [e.message for e in validator.iter_errors(document)] == []
    assert document["summary"][str(state)] == len(document["items"]) == 15
    assert sum(p["summary"][str(state)] for p in document["plans"]) == 15


def test_markdown_is_three_tables_that_say_what_the_text_says() -> None:
    html = MarkdownIt("commonmark").enable("table").render(as_markdown(_card()))
    assert html.count("<table>") == 3
    assert html.count("<tr>") == 15 + 3
    assert "<li><strong>30-day foundation</strong>: 5 of 6 done, 1 partly</li>" in html
    assert "<code>atlas/sandbox/opt</code> <code>Tenant/atlas.yaml:30</code>" in html


WORDS = (*HOSTILE, "`<img src=x onerror=alert(1)>", "`` ` | <br><b>x</b>")


@pytest.mark.parametrize("text", WORDS, ids=range(len(WORDS)))
def test_a_hostile_name_stays_a_name(text: str) -> None:
    card = _saying(text)
    shown = as_text(card)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", shown)
    assert not re.search(r"(?m)(^|\s)::|##\[", shown)

    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(as_markdown(card))
    tags = set(re.findall(r"<(/?\w+)", re.sub(r"<code>.*?</code>", "", html, flags=re.DOTALL)))
    assert tags <= {
        *("h3", "h4", "ul", "li", "strong", "table", "thead", "tbody", "tr", "th", "td", "br"),
        *("/h3", "/h4", "/ul", "/li", "/strong", "/table", "/thead", "/tbody", "/tr", "/th"),
        "/td",
    }
    assert html.count("<tr>") == 15 + 3
    json.loads(as_json(card))
