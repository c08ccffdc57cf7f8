"""What templates make is found out without trusting them."""

from __future__ import annotations

import pytest

from qgov.assess.templates import made_by
from qgov.language.templates import MAX_TEMPLATE
from tests.assess.cases import TEMPLATES


def _made(path: str, text: str) -> tuple[frozenset[str], str]:
    (made,) = made_by({path: text.encode()})
    return made.makes, made.why


def test_each_template_makes_its_kind() -> None:
    assert [sorted(made.makes) for made in made_by(TEMPLATES)] == [
        ["AccessTest"],
        ["Budget"],
        ["Tenant"],
        ["page"],
    ]


def test_several_documents_of_one_template_all_count() -> None:
    text = "kind: Tenant\n---\nkind: Budget\n---\nkind: Nothing\n"
    assert _made("templates/all.yaml.j2", text) == (frozenset({"Tenant", "Budget"}), "")


@pytest.mark.parametrize(
    "text",
    [
        "{% for a in range(99999999) %}{% endfor %}",
        "{% for a in t %}{% for b in t %}{% for c in t %}{% endfor %}{% endfor %}{% endfor %}",
        "{% for a in 'abc' %}{% endfor %}",
        "{% for a in t recursive %}{{ loop(a) }}{% endfor %}",
        "{% macro f(n) %}{{ f(n) }}{{ f(n) }}{% endmacro %}{{ f(1) }}",
        "{% set a = [a, a] %}",
        "{{ 'x' * 999999999 }}",
        "{{ 9 ** 9 ** 9 }}",
        "{{ ''.__class__.__mro__ }}",
        "{% include 'qgov.yaml' %}",
        "{{ t | replace('s', t) }}",
    ],
    ids=range(11),
)
def test_a_program_is_refused_before_it_runs(text: str) -> None:
    makes, why = _made("templates/t.yaml.j2", f"kind: Tenant\nx: {text}\n")
    assert makes == frozenset()
    assert "not judged here" in why


@pytest.mark.parametrize(
    "text",
    [
        "{% for %}",
        "{{ t | nothing }}",
        "{% if a %}" * 150 + "{% endif %}" * 150,
        "{{ " + "(" * 5000 + "a" + ")" * 5000 + " }}",
    ],
    ids=("syntax", "filter", "nested", "parentheses"),
)
def test_what_cannot_be_rendered_says_so(text: str) -> None:
    makes, why = _made("templates/t.yaml.j2", text)
    assert makes == frozenset()
    assert why
    assert "\n" not in why


def test_bytes_that_are_no_template_are_refused() -> None:
    found = made_by({"templates/a.md.j2": b"\xff", "templates/b.md.j2": b"a" * (MAX_TEMPLATE + 1)})
    assert [made.why for made in found] == ["is not UTF-8", f"has more than {MAX_TEMPLATE} bytes"]
    assert all(not made.makes for made in found)


def test_yaml_that_is_no_document_makes_nothing() -> None:
    for text in ("- a", "kind: [", "kind: 1", "kind: Tenantt", ""):
        assert _made("templates/t.yaml.j2", text)[0] == frozenset()


def test_answers_may_be_texts_and_lists() -> None:
    text = "kind: Tenant\na: [{{ l | join(', ') }}]\nb: {{ t | tojson }}\nc: {{ l[0] }}\n{% for p in l %}\n{{ p }}: 1\n{% endfor %}"
    assert _made("templates/t.yaml.j2", text) == (frozenset({"Tenant"}), "")
