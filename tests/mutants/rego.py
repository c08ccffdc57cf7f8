"""Mutants of the policy's text: one condition dropped or inverted, one number changed.

OPA's own parser says where each rule, expression and constant stands; a mutant that OPA
refuses to compile is none.
"""

from __future__ import annotations

import base64
import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

__all__ = ["Mutant", "mutants"]

SWAPPED: Final = {
    "<": "<=",
    "<=": "<",
    ">": ">=",
    ">=": ">",
    "==": "!=",
    "!=": "==",
    "+": "-",
    "-": "+",
}
"""Each operator with its neighbour."""


class Mutant(NamedTuple):
    """A changed policy. `id` names the rule and the expression, never a line."""

    id: str
    kind: str
    text: str


class _Edit(NamedTuple):
    kind: str
    what: str
    start: int
    end: int
    text: str


def mutants(opa: str, path: Path) -> list[Mutant]:
    """Every mutant of the file, in the order of the text."""
    source = path.read_text()
    assert source.isascii(), "OPA counts bytes"
    arguments = ["parse", "--format", "json", "--json-include", "locations,-comments", str(path)]
    done = subprocess.run([opa, *arguments], capture_output=True, check=True)
    rules = json.loads(done.stdout)["rules"]
    text = _Text(source)
    names = _names(text, rules)
    seen: Counter[str] = Counter()
    found = []
    for name, rule in zip(names, rules, strict=True):
        for edit in _edits(text, rule):
            base = f"{name}: {edit.kind}: {_short(edit.what)}"
            seen[base] += 1
            unique = base if seen[base] == 1 else f"{base} #{seen[base]}"
            changed = source[: edit.start] + edit.text + source[edit.end :]
            found.append(Mutant(unique, edit.kind, changed))
    return found


class _Text:
    def __init__(self, source: str) -> None:
        self.source = source
        self._lines = [0]
        for line in source.splitlines(keepends=True):
            self._lines.append(self._lines[-1] + len(line))

    def span(self, node: dict[str, Any]) -> tuple[int, int]:
        """Where a node stands."""
        at = node["location"]
        start = self._lines[at["row"] - 1] + at["col"] - 1
        text = base64.b64decode(at["text"]).decode()
        assert self.source.startswith(text, start), at
        return start, start + len(text)

    def of(self, node: dict[str, Any]) -> str:
        start, end = self.span(node)
        return self.source[start:end]


def _short(text: str, most: int = 90) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= most else f"{flat[:most]}…"


def _names(text: _Text, rules: list[dict[str, Any]]) -> list[str]:
    """What each rule is called: its head, with as much of its body as tells it from others."""
    longer = []
    for rule in rules:
        head = _short(text.of(rule["head"]).partition(" :=")[0], 70)
        body = [_short(text.of(e), 60) for e in rule["body"] if not e.get("generated")]
        default = "default " if rule.get("default") else ""
        longer.append([f"{default}{head}", *body])
    names = []
    for parts in longer:
        known = 1
        while known < len(parts) and sum(p[:known] == parts[:known] for p in longer) > 1:
            known += 1
        names.append(" if ".join([parts[0], *["; ".join(parts[1:known])][: known > 1]]))
    return names


def _edits(text: _Text, rule: dict[str, Any]) -> Iterator[_Edit]:
    start, end = text.span(rule)
    if rule.get("default"):
        end = text.span(rule["head"])[1]
    yield _Edit("rule dropped", "", start, end, "")
    yield from _inside(text, rule)


def _inside(text: _Text, node: Any) -> Iterator[_Edit]:
    if isinstance(node, list):
        for child in node:
            yield from _inside(text, child)
    if not isinstance(node, dict) or node.get("generated"):
        return
    if "terms" in node:
        yield from _expression(text, node)
    if node.get("type") == "call":
        yield from _operator(text, node["value"])
    if "location" in node and "type" in node and not isinstance(node.get("value"), list):
        yield from _constant(text, node)
    if node.get("type") in ("object", "set") and node.get("value") == []:
        start, end = text.span(node)
        if text.source[start:end] == "{}":
            yield _Edit("constant changed", "{} to an object", start, end, '{"other": true}')
    for name, child in node.items():
        if name not in ("location", "annotations", "ref"):
            yield from _inside(text, child)


def _expression(text: _Text, node: dict[str, Any]) -> Iterator[_Edit]:
    start, end = text.span(node)
    written = text.source[start:end]
    yield _Edit("condition dropped", written, start, end, "true")
    assigns = isinstance(node["terms"], list) and text.of(node["terms"][0]) == ":="
    if isinstance(node["terms"], dict) and "symbols" in node["terms"]:
        return
    if not assigns:
        negated = written.removeprefix("not ") if node.get("negated") else f"not {written}"
        yield _Edit("condition negated", written, start, end, negated)
    if isinstance(node["terms"], list):
        yield from _operator(text, node["terms"])


def _operator(text: _Text, terms: list[dict[str, Any]]) -> Iterator[_Edit]:
    start, end = text.span(terms[0])
    operator = text.source[start:end]
    if operator in SWAPPED and len(terms) == 3:
        a, b = text.of(terms[1]), text.of(terms[2])
        new = SWAPPED[operator]
        yield _Edit("operator changed", f"{a} {operator} {b}", start, end, new)


def _constant(text: _Text, node: dict[str, Any]) -> Iterator[_Edit]:
    start, end = text.span(node)
    kind, value = node["type"], node["value"]
    others: tuple[str, ...] = ()
    if kind == "number":
        end = start + len(str(value))  # the parser forgets what follows a minus
        others = (str(value + 1), str(value - 1))
    elif kind == "boolean":
        others = ("false" if value else "true",)
    elif kind == "null":
        others = ("false",)
    elif kind == "string" and text.source[start] == '"':
        others = (f'{text.source[start : end - 1]}~"',)
    line = text.source[text.source.rfind("\n", 0, start) + 1 : end]
    for other in others:
        yield _Edit("constant changed", f"{_short(line, 60)} to {other}", start, end, other)
