"""An intent is found where a reader of the text sees it, and read as strictly as the language."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qgov.language.intent import MAX_TEXT_BYTES, MOST_WANTED, Intent, read_intent
from qgov.language.text import MAX_BYTES

YAML = "intent:\n  - {gain: job:submit, principals: ['group:a']}\n"
BLOCK = f"```qgov-intent\n{YAML}```\n"


def intent_of(text: str, path: str = "pull-request.md") -> Intent:
    intent, findings = read_intent(path, text.encode())
    assert findings == []
    assert intent is not None
    return intent


def refused(text: str | bytes, path: str = "pull-request.md") -> list[tuple[str, int, int]]:
    """(code, line, column) of every finding."""
    data = text if isinstance(text, bytes) else text.encode()
    _, findings = read_intent(path, data)
    assert findings
    assert {f.origin.path for f in findings} == {path}
    assert all(f.message and f.remedy for f in findings)
    return [(f.code, f.origin.line, f.origin.column) for f in findings]


def test_a_statement_is_taken_apart() -> None:
    intent = intent_of(
        "intent:\n"
        "  - {gain: ['job:*', job:cancel:own], lose: log:read, principals: ['group:a', 'user:m@x.example'],\n"
        "     scopes: ['*/production'], backends: [garnet]}\n",
        "x.yaml",
    )
    found = list(intent.wanted())

    assert len(found) == 6
    assert {w.verb for w in found} == {"gain", "lose"}
    assert {(w.principal, w.scope, w.backend) for w in found} == {
        ("group:a", "*/production", "garnet"),
        ("user:m@x.example", "*/production", "garnet"),
    }
    assert {w.permission for w in found if w.own_only} == {"job:cancel:own"}
    assert {str(w.origin) for w in found} == {"x.yaml:2:5"}


def test_what_is_left_out_means_any() -> None:
    (found,) = intent_of(YAML, "x.yml").wanted()

    assert (found.scope, found.backend) == ("*", "*")


def test_nothing_may_be_intended() -> None:
    assert list(intent_of("intent: []\n", "x.yaml").wanted()) == []


@pytest.mark.parametrize(
    "text",
    [
        BLOCK,
        f"Hello @acme/security\n\n{BLOCK}\n[x](javascript:alert(1)) \u202e\x00\n",
        f"~~~~ qgov-intent and more\n{YAML}```\n~~~\n~~~~\n".replace("```\n~~~\n", ""),
        f"`````qgov-intent\n{YAML}`````\n",
        f"```yaml\n{YAML}```\n{BLOCK}",
        f"- ```\n  x\n  ```\n\n{BLOCK}",
        f"<!-- ```qgov-intent -->\n{BLOCK}",
        f"\ufeff{BLOCK}",
        BLOCK.replace("\n", "\r\n"),
        f"a\rb\r{BLOCK}",
    ],
    ids=[
        "alone",
        "in hostile text",
        "tildes",
        "five",
        "after another",
        "after a list",
        "after a comment",
        "byte order mark",
        "CRLF",
        "CR before",
    ],
)
def test_the_block_is_found(text: str) -> None:
    assert len(intent_of(text).statements) == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "just words\n",
        YAML,
        f"```yaml\n{YAML}```\n",
        f"```qgov-intents\n{YAML}```\n",
        f"````markdown\n{BLOCK}````\n",
        f"~~~\n{BLOCK}~~~\n",
        f"<!--\n{BLOCK}-->\n",
        f"- <!--\n  {BLOCK.replace(chr(10), chr(10) + '  ')}\n  -->\n",
        "".join(f"> {line}\n" for line in BLOCK.splitlines()),
        "".join(f"    {line}\n" for line in BLOCK.splitlines()),
        f"<pre>\n{BLOCK}</pre>\n",
        f"`qgov-intent` {YAML}",
        "\xff\xfe",
    ],
)
def test_what_no_reader_sees_as_a_block_is_none(text: str) -> None:
    assert read_intent("pull-request.md", text.encode("latin-1")) == (None, [])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{BLOCK}\n{BLOCK}", ("QG130", 6, 1)),
        (f"x\n```qgov-intent\n{YAML}", ("QG130", 2, 1)),
        ("x\n```qgov-intent\n\n \n```\n", ("QG130", 2, 1)),
        ("```qgov-intent\n```", ("QG130", 1, 1)),
        ("x\n\n```qgov-intent\n# soon\n```\n", ("QG104", 4, 1)),
        ("x\n\n```qgov-intent\nintent: [\n```\n", ("QG110", 5, 1)),
        (f"x\r\n\r\n```qgov-intent\r\n{YAML}more: 1\r\n```\r\n", ("QG123", 6, 1)),
        ("x\ry\r```qgov-intent\rno: 1\r```\r", ("QG124", 4, 1)),
        (b"\xff\xff\n```qgov-intent\n\xff\n```\n", ("QG102", 3, 1)),
        ("```qgov-intent\nintent: [\u202e]\n```\n", ("QG105", 2, 10)),
        (f"```qgov-intent\n{YAML}---\n{YAML}```\n", ("QG120", 5, 1)),
        ("```qgov-intent\n- 1\n```\n", ("QG120", 2, 1)),
        ("x" * (MAX_TEXT_BYTES + 1), ("QG101", 1, 1)),
    ],
)
def test_places_are_those_of_the_file(text: str | bytes, expected: tuple[str, int, int]) -> None:
    assert expected in refused(text)


STATEMENT = "intent:\n  - {%s}\n"
WHO = "principals: ['group:a']"


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        (f"gian: job:submit, {WHO}", "QG123"),
        ("gain: job:submit", "QG124"),
        (WHO, "QG126"),
        (f"gain: [], {WHO}", "QG126"),
        (f"gain: job:sumbit, {WHO}", "QG128"),
        (f"gain: 'jbo:*', {WHO}", "QG128"),
        (f"gain: '[a-z]*', {WHO}", "QG128"),
        (f"gain: '?*', {WHO}", "QG128"),
        (f"gain: 1, {WHO}", "QG125"),
        (f"gain: [1], {WHO}", "QG125"),
        (f"gain: {{a: 1}}, {WHO}", "QG125"),
        ("gain: job:submit, principals: []", "QG126"),
        ("gain: job:submit, principals: [a]", "QG126"),
        ("gain: job:submit, principals: ['group:[ab]']", "QG126"),
        ('gain: job:submit, principals: ["group:a\\nb"]', "QG126"),
        (f"gain: job:submit, {WHO}, scopes: []", "QG126"),
        (f"gain: job:submit, {WHO}, scopes: [a/b/c/d]", "QG126"),
        (f"gain: job:submit, {WHO}, scopes: ['a*/b']", "QG126"),
        (f"gain: job:submit, {WHO}, backends: ['A']", "QG126"),
        (f"gain: job:submit, {WHO}, backends: garnet", "QG125"),
        (f"gain: job:submit, {WHO}, standing: true", "QG123"),
        (f"gain: &a job:submit, lose: *a, {WHO}", "QG108"),
        (f"gain: !!str job:submit, {WHO}", "QG108"),
        (f"gain: job:submit, gain: job:read, {WHO}", "QG107"),
    ],
)
def test_a_statement_is_read_strictly(statement: str, code: str) -> None:
    found = refused(STATEMENT % statement, "x.yaml")

    assert code in {found_code for found_code, _, _ in found}
    assert {line for _, line, _ in found} == {2}


def test_a_wrong_name_is_met_with_the_right_one() -> None:
    _, findings = read_intent("x.yaml", (STATEMENT % f"gian: job:sumbit, {WHO}").encode())
    assert "did you mean `gain`?" in findings[0].message
    _, findings = read_intent("x.yaml", (STATEMENT % f"gain: job:sumbit, {WHO}").encode())
    assert "did you mean `job:submit`?" in findings[0].message
    _, findings = read_intent("x.yaml", (STATEMENT % WHO).encode())
    assert findings[0].remedy == "see docs/intent.md for the field"


@pytest.mark.no_cover
@pytest.mark.parametrize(
    "bomb",
    [
        b"x" * (MAX_BYTES + 1),
        b"[" * 100_000,
        b"{a: " * 100_000,
        b"a: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
        b"intent:\n" + b"  - 1\n" * 50_000,
        b"intent: [" + b"{}," * 100_000 + b"]",
        b"\x00" * 1000,
        b"%YAML 1.1\n---\nintent: []\n",
        b"intent: []\n---\n" * 10_000,
    ],
    ids=["large", "lists", "maps", "aliases", "numbers", "empty", "nul", "directive", "many"],
)
def test_bombs_are_findings_in_yaml_and_in_a_text(bomb: bytes) -> None:
    refused(bomb, "x.yaml")
    inside = b"a text\n\n```qgov-intent\n" + bomb + b"\n```\n"
    assert all(line > 3 or code == "QG101" for code, line, _ in refused(inside))


def test_combinations_are_bounded() -> None:
    many = "[" + ", ".join(f"'group:g{n}'" for n in range(50)) + "]"
    scopes = "[" + ", ".join(f"t{n}" for n in range(50)) + "]"
    assert MOST_WANTED < 50 * 50
    assert refused(
        f"intent:\n- {{gain: job:submit, principals: {many}, scopes: {scopes}}}", "x.yaml"
    ) == [("QG101", 2, 1)]


LINES = st.lists(
    st.sampled_from(
        [
            "```qgov-intent",
            "```",
            "````",
            "~~~",
            "<!--",
            "-->",
            "intent: []",
            "- x",
            "> ```",
            "",
            "\r",
            "  ```qgov-intent",
            "\x00",
            "\u2028",
        ]
    ),
    max_size=12,
).map("\n".join)


@given(LINES)
def test_any_text_is_an_intent_or_findings_or_neither(text: str) -> None:
    intent, findings = read_intent("pull-request.md", text.encode())

    assert not (intent and findings)
    lines = text.count("\n") + text.count("\r") + 1
    assert all(1 <= f.origin.line <= lines for f in findings)
