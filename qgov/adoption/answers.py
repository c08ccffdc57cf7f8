"""What somebody answered about a new tenant: names, texts and lists of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from msgspec import Struct

from qgov.finding import Finding, Origin, closest, in_order
from qgov.language.mapping import read_mapping
from qgov.language.places import place
from qgov.language.quote import quoted
from qgov.language.reader import Value

__all__ = ["Answer", "Answers", "FreeText", "Item", "read_answers", "unmet"]

MAX_ITEMS: Final = 100
MAX_TEXT: Final = 1_000

_PLAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 .+%/-]{0,198}[A-Za-z0-9%])?")
"""What means itself wherever it is written, in YAML and in Markdown."""


class FreeText(Struct, frozen=True):
    """An answer that may hold markup: a template writes it through a filter that escapes,
    or not at all. `name` is the answer's, for the message."""

    name: str
    text: str


Item = str | int | FreeText
Answer = Item | tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers by name, and where they are written."""

    path: str
    values: Mapping[str, Answer]
    written: Value = field(default=None, compare=False, repr=False)

    def at(self, name: str) -> Origin:
        """Where the answer stands; the beginning of the file when there is none."""
        return Origin(self.path, *(place(self.written, (name,)) or (1, 1)))


def read_answers(path: str, data: bytes) -> tuple[Answers | None, list[Finding]]:
    """The answers of a YAML file: one mapping of names to texts, whole numbers, or lists of
    these. `path` is how messages call the file. Never raises on bad input."""
    message, remedy = "answers are one mapping of names to values", "write `name: value` lines"
    value, _, findings = read_mapping(path, data, message, remedy)
    if findings:
        return None, findings
    answers = Answers(path, {name: _answer(name, given) for name, given in value.items()}, value)
    findings = [
        Finding("QG125", f"the answer {quoted(name)} {why}", answers.at(name), remedy)
        for name, given in value.items()
        for why, remedy in _refused(given)
    ]
    return (None, findings) if findings else (answers, [])


def unmet(
    answers: Answers, asked: Mapping[str, Iterable[str]], given: Iterable[str]
) -> list[Finding]:
    """What is missing, and what nobody asked for. `asked` is name → the templates that ask;
    `given` are the names that are known already and not to be answered."""
    known = set(given)
    found = [
        Finding(
            "QG124",
            f"no answer for {quoted(name)}, which {', '.join(sorted(templates))} asks for",
            Origin(answers.path),
            f"add `{name}:`; the template's head says what it is",
        )
        for name, templates in asked.items()
        if name not in answers.values and name not in known
    ]
    for name in answers.values:
        if name in known:
            remedy = "remove it; it is given on the command line"
        elif name not in asked:
            remedy = "remove it; no template asks for it"
        else:
            continue
        hint = closest(name[:64], asked.keys() - known - answers.values.keys())
        message = f"{quoted(name)} is not an answer{hint}"
        found.append(Finding("QG123", message, answers.at(name), remedy))
    return in_order(found)


def _answer(name: str, given: Value) -> Answer:
    if isinstance(given, list):
        return tuple(_item(name, item) for item in given)
    return _item(name, given)


def _item(name: str, given: object) -> Item:
    if isinstance(given, int):
        return given
    text = str(given)
    return text if _PLAIN.fullmatch(text) else FreeText(name, text)


def _refused(given: Value) -> list[tuple[str, str]]:
    """Why a value is no answer, and what to do."""
    items = given if isinstance(given, list) else [given]
    if len(items) > MAX_ITEMS:
        return [(f"has {len(items):,} items, more than {MAX_ITEMS}", "shorten the list")]
    if not items:
        return [("is an empty list", "name at least one")]
    if any(isinstance(item, bool) or not isinstance(item, str | int) for item in items):
        return [("is neither text, nor a whole number, nor a list of these", "put it in quotes")]
    if any(isinstance(item, str) and len(item) > MAX_TEXT for item in items):
        return [(f"has a text of more than {MAX_TEXT:,} characters", "shorten it")]
    return []
