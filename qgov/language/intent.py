"""The intent of a change, from a YAML file or from the text of a pull request.

The text is hostile and Markdown: what counts is the block that a reader of the rendered
text sees, so a Markdown parser finds it, and nothing else of the text is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from math import prod
from typing import Final, NamedTuple

from pydantic import ValidationError

from qgov.finding import Finding, Origin
from qgov.language.explain import explain, without_unfit
from qgov.language.kinds.intent import IntentDocument, Statement
from qgov.language.mapping import read_mapping
from qgov.language.places import place
from qgov.language.reader import Value
from qgov.records import replace

__all__ = ["FENCE", "MAX_TEXT_BYTES", "Intent", "Wanted", "read_intent"]

FENCE: Final = "qgov-intent"
"""The language of the fenced block."""

MAX_TEXT_BYTES: Final = 256 * 1024
"""GitHub's pull requests have at most 65,536 characters of four bytes."""

MOST_WANTED: Final = 2_000

_LINE = re.compile(rb"\r\n|\r|\n")


class Wanted(NamedTuple):
    """One thing that an intent says, of one pattern each. `verb` is `gain` or `lose`,
    `origin` is its statement's."""

    verb: str
    principal: str
    permission: str
    scope: str
    backend: str
    origin: Origin

    @property
    def own_only(self) -> bool:
        """Whether it is about what somebody submitted themselves."""
        return self.permission.endswith(":own")


@dataclass(frozen=True, slots=True)
class Intent:
    """What a change means to do, and where that is written; `fields` are patterns of what it
    means to change beside access."""

    path: str
    statements: tuple[Statement, ...]
    written: Value = field(default=None, compare=False, repr=False)
    fields: tuple[str, ...] = ()

    def at(self, *steps: str | int) -> Origin:
        """The place of a value inside the list of statements."""
        found = place(self.written, ("intent", *steps))
        return Origin(self.path, *found) if found else Origin(self.path)

    def wanted(self) -> Iterator[Wanted]:
        """The statements, taken apart."""
        for index, said in enumerate(self.statements):
            origin = self.at(index)
            for verb, permissions in (("gain", said.gain), ("lose", said.lose)):
                for permission, principal, scope, backend in product(
                    permissions, said.principals, said.scopes, said.backends or ["*"]
                ):
                    yield Wanted(verb, principal, permission, scope, backend, origin)


def read_intent(path: str, data: bytes) -> tuple[Intent | None, list[Finding]]:
    """The intent that a file declares. A name that ends in .yaml or .yml is YAML; any other
    file is a text, of which the first block fenced as `qgov-intent` counts. Neither intent
    nor findings: a text without such a block. With findings, the intent is what they leave of
    it, to look its names up. Never raises on bad input."""
    if path.endswith((".yaml", ".yml")):
        return _intent(path, data)
    if len(data) > MAX_TEXT_BYTES:
        message = f"the text has {len(data)} bytes, more than {MAX_TEXT_BYTES}"
        return None, [Finding("QG101", message, Origin(path), "shorten the text")]
    lines = _LINE.split(data)
    blocks = _blocks(data.decode("utf-8", "replace"))
    if not blocks:
        return None, []
    begin, end = blocks[0]
    if len(blocks) > 1:
        return None, _refused(
            path,
            blocks[1][0],
            f"a second block of {FENCE} (first at line {begin + 1})",
            "put all of the intent into one block",
        )
    if end is None:
        return None, _refused(
            path, begin, f"the block of {FENCE} does not end", "close it with its backticks"
        )
    inside = b"\n".join(lines[begin + 1 : end])
    if not inside.strip():
        return None, _refused(
            path, begin, f"the block of {FENCE} is empty", "write the intent, or remove the block"
        )
    # Empty lines stand for those before, so that places are those of the file.
    intent, findings = _intent(path, b"\n" * (begin + 1) + inside)
    return intent, [_after(begin + 1, finding) for finding in findings]


def _blocks(text: str) -> list[tuple[int, int | None]]:
    """The 0-based line of each block's opening fence, and of its closing one if there is."""
    from markdown_it import MarkdownIt  # noqa: PLC0415 - slow, for intents in Markdown alone

    markdown = MarkdownIt("commonmark")
    markdown.core.ruler.enableOnly(["normalize", "block"])
    lines = re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff"))
    found: list[tuple[int, int | None]] = []
    for token in markdown.parse("\n".join(lines)):
        if token.type == "fence" and token.level == 0 and token.info.split()[:1] == [FENCE]:
            assert token.map is not None
            begin, after = token.map
            last = lines[after - 1].strip(" \t")
            closed = (
                after - begin > 1
                and len(last) >= len(token.markup)
                and set(last) == {token.markup[0]}
            )
            found.append((begin, after - 1 if closed else None))
    return found


def _refused(path: str, line: int, message: str, remedy: str) -> list[Finding]:
    return [Finding("QG130", message, Origin(path, line + 1), remedy)]


def _after(first: int, finding: Finding) -> Finding:
    """The finding, not before the block's first line (what is about all of it)."""
    if finding.origin.line > first:
        return finding
    return replace(finding, origin=Origin(finding.origin.path, first + 1))


def _intent(path: str, data: bytes) -> tuple[Intent | None, list[Finding]]:
    message = "an intent is one mapping with the list `intent`"
    remedy = "write `intent:` and its statements"
    value, start, findings = read_mapping(path, data, message, remedy)
    if findings:
        return None, findings
    try:
        typed = IntentDocument.model_validate(value)
    except ValidationError as error:
        findings = explain(error, "Intent", path, value, start)
        rest = without_unfit(IntentDocument, value, error)
        if rest is None:
            return None, findings
        typed = rest[0]
    intent = Intent(path, tuple(typed.intent), value, tuple(typed.fields))
    count = sum(
        prod(map(len, ([*s.gain, *s.lose], s.principals, s.scopes, s.backends or ["*"])))
        for s in intent.statements
    )
    if count > MOST_WANTED:
        message = f"the intent names {count:,} combinations, more than {MOST_WANTED:,}"
        remedy = "use `*`, or split the change"
        return None, [*findings, Finding("QG101", message, intent.at(), remedy)]
    return intent, findings
