"""What a text must look like is told in words, with an example, wherever a pattern asks for it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from qgov.finding import Origin
from qgov.language.explain import explain
from qgov.language.forms import BY_PATTERN, FORMS, form
from qgov.language.kinds import KINDS
from qgov.language.kinds.decisions import DecisionsDocument
from qgov.language.kinds.intent import IntentDocument
from qgov.render.reference import language_markdown
from qgov.render.schema import schemas

MODELS: dict[str, type[BaseModel]] = {
    **KINDS,
    "Decisions": DecisionsDocument,
    "Intent": IntentDocument,
}
REGEX = re.compile(r"\[\^?[A-Za-z0-9]-[A-Za-z0-9]|\{\d+,\d*\}|\(\?:|^\^|\$$")
NO_TEXT = "\N{SNOWMAN}\n"  # of no form


def nodes(node: Any) -> Iterator[dict[str, Any]]:
    """Every mapping of a schema."""
    if isinstance(node, dict):
        yield node
    for part in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from nodes(part)


def patterns(kind: str) -> set[str]:
    """The patterns that a document of a kind is held to, its keys included."""
    schema = MODELS[kind].model_json_schema(by_alias=True)
    found = {node["pattern"] for node in nodes(schema) if isinstance(node.get("pattern"), str)}
    for node in nodes(schema):
        found |= {*node.get("patternProperties", {})}
    # The scalars that are values in the model say what they are by themselves.
    return {each for each in found if not each.startswith("^(?:") or each in BY_PATTERN}


@pytest.mark.parametrize("kind", MODELS)
def test_every_pattern_of_every_kind_is_of_a_form(kind: str) -> None:
    assert patterns(kind)
    assert patterns(kind) <= {*BY_PATTERN}


def test_every_form_is_used() -> None:
    assert set().union(*map(patterns, MODELS)) == {*BY_PATTERN}


@pytest.mark.parametrize("name", FORMS)
def test_what_is_refused_says_in_words_what_is_expected(name: str) -> None:
    asked = FORMS[name]
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(dict[str, Annotated[str, form(name)]]).validate_python({"field": NO_TEXT})
    (found,) = explain(refused.value, "Role", "a.yaml", {"field": NO_TEXT}, Origin("a.yaml"))
    assert found.code == "QG126"
    assert found.remedy == f"write {asked.words}, such as `{asked.example}`"
    assert not REGEX.search(found.remedy)
    assert not REGEX.search(found.message)


@pytest.mark.parametrize("name", FORMS)
def test_an_example_is_of_its_form(name: str) -> None:
    text = json.loads(asked) if (asked := FORMS[name].example).startswith('"') else asked
    assert re.fullmatch(FORMS[name].pattern, text)


def test_schemas_say_in_words_what_a_pattern_asks_for() -> None:
    told = 0
    for schema in schemas().values():
        for node in nodes(schema):
            if node.get("pattern") in BY_PATTERN:
                form_ = BY_PATTERN[node["pattern"]]
                assert node["description"].endswith(f"{form_.words[1:]}, such as {form_.example}.")
                told += 1
            elif isinstance(node.get("pattern"), str):
                assert re.search(r"Written like \S[^.]*(\.\d+)?[^.]*\.$", node["description"])
    assert told > 100


def test_the_page_of_the_language_has_no_pattern() -> None:
    assert not [line for line in language_markdown().splitlines() if REGEX.search(line)]
