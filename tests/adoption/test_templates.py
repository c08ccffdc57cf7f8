"""Templates are somebody else's program: they write answers, and can do nothing else."""

from __future__ import annotations

import pytest

from qgov.adoption.answers import Answer, Answers, FreeText
from qgov.adoption.templates import MAX_OUTPUT, TemplateError, read_template, render

ESCAPES = [
    "{{ ''.__class__.__mro__ }}",
    "{{ title.__class__ }}",
    "{{ title['__class__'] }}",
    "{{ title|attr('__class__') }}",
    "{{ title.format(title) }}",
    "{{ '%s'|format(title) }}",
    "{{ lipsum(n=9) }}",
    "{{ range(10) }}",
    "{{ self.__init__ }}",
    "{{ cycler.__init__.__globals__ }}",
    "{% include '/etc/passwd' %}",
    "{% extends 'x' %}",
    "{% import 'x' as y %}",
    "{% macro m() %}{% endmacro %}",
    "{% set x = title %}",
    "{% block b %}{% endblock %}",
    "{% with %}{% endwith %}",
    "{% filter tojson %}{% endfilter %}",
    "{{ 'x' * 10 ** 10 }}",
    "{{ 9 ** 9 ** 9 }}",
    "{{ title ~ title }}",
    "{{ title + title }}",
    "{{ [1, 2] }}",
    "{{ title if title }}",
    "{% for a in l %}{% for b in l %}{% for c in l %}{% endfor %}{% endfor %}{% endfor %}",
    "{% for a in l recursive %}{{ loop(l) }}{% endfor %}",
    "{{ " + "(" * 500 + "1" + ")" * 500 + " }}",
    "{% if a %}" * 150 + "{% endif %}" * 150,
    "{{ " + "9" * 5000 + " }}",
    "{{ title|no_such_filter }}",
    "{{ title is defined }}",
    "{{ title",
    "{% for %}",
    "\xff",
]


def rendered(text: str, **given: Answer) -> str:
    """What becomes of a template that nothing is wrong with."""
    answers = Answers("a.yaml", given)
    content, findings = render(read_template("t.j2", text.encode()), given, answers)
    assert findings == []
    return content.decode()


@pytest.mark.parametrize("text", ESCAPES, ids=range(len(ESCAPES)))
def test_what_is_no_template_of_answers_is_refused_before_it_runs(text: str) -> None:
    with pytest.raises(TemplateError, match=r"^t\.j2"):
        read_template("t.j2", text.encode("latin-1"))


def test_a_refusal_says_the_line_and_what_a_template_may() -> None:
    with pytest.raises(TemplateError) as refused:
        read_template("t.j2", b"one\ntwo {{ lipsum() }}\n")

    assert str(refused.value) == (
        "t.j2:2: `Call` is not for templates of a repository; a template writes answers, "
        "`for` each of a list, `if`, and the filters join, markdown, tojson"
    )


def test_a_template_writes_answers_lists_and_choices() -> None:
    text = (
        "{% for p in projects %}{% if p != 'b' %}{{ p }};{% endif %}{% endfor %}"
        "{{ projects | join(', ') }} {{ number }} {{ title | tojson }} {{ projects[0] }}\n"
    )

    assert (
        rendered(text, projects=("a", "b", "c"), number=3, title=FreeText("title", 'x: "y" {'))
        == 'a;c;a, b, c 3 "x: \\"y\\" {" a\n'
    )


def test_free_text_is_written_through_an_escape_or_not_at_all() -> None:
    markup = FreeText("title", "<b>[x](javascript:) @team")
    for text in (
        "{{ title }}",
        "{{ [title] }}",
        "{{ l | join }}",
        "{% for x in l %}{{ x }}{% endfor %}",
    ):
        if text == "{{ [title] }}":
            continue
        starter = read_template("t.j2", b"\n" + text.encode())
        content, findings = render(
            starter, {"title": markup, "l": ("a", markup)}, Answers("a.yaml", {})
        )
        assert content == b""
        assert [(f.code, f.message) for f in findings] == [
            (
                "QG127",
                "the answer `title` is `<b>[x](javascript:) @team`, and t.j2:2 writes it as a name",
            )
        ]
    written = rendered("{{ title | markdown }}", title=markup)
    assert "<b>" not in written
    assert "[x]" not in written
    assert "@team" not in written


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{{ projects }}", "a list is written item by item"),
        ("\n{{ projects[7] }}", r"^t\.j2:2: "),
        ("{{ projects | join(projects) }}", "a list is written item by item"),
        ("{% for p in number %}{% endfor %}", "not iterable"),
        ("{{ number[0] }}", r"^t\.j2:1: "),
        ("{{ number | join }}", None),
        ("{{ projects > number }}", r"^t\.j2:1: "),
    ],
)
def test_what_fails_while_it_runs_is_said_with_its_line(text: str, why: str | None) -> None:
    given: dict[str, Answer] = {"projects": ("a",), "number": 3}
    if why is None:
        assert rendered(text, **given) == "3"
        return
    with pytest.raises(TemplateError, match=why):
        rendered(text, **given)


def test_neither_a_template_nor_what_it_writes_has_no_end() -> None:
    with pytest.raises(TemplateError, match="more than 65536 bytes"):
        read_template("t.j2", b"x" * 65_537)
    loop = "{% for a in l %}{% for b in l %}" + "x" * 60 + "{% endfor %}{% endfor %}"
    with pytest.raises(TemplateError, match=f"more than {MAX_OUTPUT} characters"):
        rendered(loop, l=("a",) * 100)
