"""YAML text to plain values that remember their place.

Built straight from libyaml's events, because a loader that composes nodes has
already followed aliases and tags by the time it could refuse them. Scalars
follow the YAML 1.2 core schema (https://yaml.org/spec/1.2.2/#103-core-schema).
Everything that is unsafe, ambiguous or invisible is refused with a position.
"""

from __future__ import annotations

import re
import unicodedata
from sys import intern
from typing import Any, Final

import yaml
from yaml.cyaml import CParser  # type: ignore[attr-defined]

from qgov.finding import Finding, Origin
from qgov.language.quote import quoted
from qgov.language.text import decode, named, unsafe_character

__all__ = [
    "MAX_DEPTH",
    "MAX_FINDINGS",
    "MAX_INT",
    "MAX_NODES",
    "MAX_SCALAR",
    "Mapping",
    "Sequence",
    "Value",
    "read",
]

MAX_DEPTH: Final = 24
MAX_NODES: Final = 400_000
MAX_SCALAR: Final = 16 * 1024
MAX_FINDINGS: Final = 100
"""The most problems reported for one file or document."""
MAX_INT: Final = 2**53 - 1
"""The largest number that every JSON reader keeps exactly (RFC 8259, section 6)."""


Mark = tuple[int, int, int, int]
"""Where a key and its value stand: line and column of each, 0-based."""


class Mapping(dict[str, Any]):
    """A mapping of the text; `marks[key]` says where key and value stand."""

    __slots__ = ("marks",)

    def __init__(self) -> None:
        super().__init__()
        self.marks: dict[str, Mark] = {}


class Sequence(list[Any]):
    """A sequence of the text; `marks[i]` is (line, column) of item i, 0-based."""

    __slots__ = ("marks",)

    def __init__(self) -> None:
        super().__init__()
        self.marks: list[tuple[int, int]] = []


Value = dict[str, Any] | list[Any] | str | int | float | bool | None

_NULL: Final = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL: Final = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INT = re.compile(r"[-+]?[0-9]+")
_OCTAL_OR_HEX = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_MAYBE_NUMBER = frozenset("0123456789+-.")
_MAYBE_NOT_TEXT = _MAYBE_NUMBER | frozenset("~nNtTfF")


def read(
    path: str, data: bytes, *, marked: bool = True
) -> tuple[list[tuple[Value, Origin]], list[Finding]]:
    """Read every document of one file.

    `path` is the repository path (POSIX) used in origins and `data` the raw
    bytes. Unless `marked`, values are plain dicts and lists that do not know
    their place, which takes a third less time. Returns the documents, each with the
    place where it starts, and the findings; a file with a finding of this stage
    yields no documents, so that nothing is ever decided on half a file. Never raises on bad input.
    """
    text, findings = decode(path, data)
    if text is None:
        return [], findings
    builder = _Builder(path, marked)
    try:
        documents = builder.build(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        builder.note(
            "QG110", f"not YAML: {error.problem}", line, column, "correct the syntax at this place"
        )
        return [], builder.findings
    except _TooMuchError:
        return [], builder.findings
    if not documents:
        builder.note(
            "QG104", "the file has only comments", 0, 0, "write a document or remove the file"
        )
    return ([], builder.findings) if builder.findings else (documents, [])


class _TooMuchError(Exception):
    """The text is larger or deeper than the language allows."""


def _scalar(text: str) -> str | int | float | bool | None:
    """A plain scalar by the core schema; raises ValueError for infinities, NaN and numbers
    too large for JSON to carry exactly."""
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    if text[0] not in _MAYBE_NUMBER:
        return text
    number: int | float
    if _INT.fullmatch(text):
        number = int(text)
    elif _OCTAL_OR_HEX.fullmatch(text):
        number = int(text, 0)
    elif _FLOAT.fullmatch(text):
        number = float(text)
    elif _NOT_FINITE.fullmatch(text):
        raise ValueError(text)
    else:
        return text
    if abs(number) > MAX_INT:
        raise ValueError(text)
    return number


class _Builder:
    """One file's events to values; collects refusals instead of raising."""

    def __init__(self, path: str, marked: bool) -> None:
        self.path = path
        self.marked = marked
        self.findings: list[Finding] = []

    def note(self, code: str, message: str, line: int, column: int, remedy: str) -> None:
        origin = Origin(self.path, line + 1, column + 1)
        self.findings.append(Finding(code, message, origin, remedy))

    def refuse(self, code: str, message: str, line: int, column: int, remedy: str) -> None:
        self.note(code, message, line, column, remedy)
        if len(self.findings) >= MAX_FINDINGS:
            self.note(
                "QG113",
                f"more than {MAX_FINDINGS} problems",
                line,
                column,
                "correct these first; the rest of the file was not read",
            )
            raise _TooMuchError

    def build(self, text: str) -> list[tuple[Value, Origin]]:
        documents: list[tuple[Value, Origin]] = []
        parser = CParser(text)
        try:
            self._events(parser, documents)
        finally:
            parser.dispose()
        return documents

    def _events(  # noqa: C901, PLR0912, PLR0915 - one flat loop: the hot path of every command
        self, parser: Any, documents: list[tuple[Value, Origin]]
    ) -> None:
        next_event = parser.get_event
        scalar_event, mapping_start, mapping_end = (
            yaml.ScalarEvent,
            yaml.MappingStartEvent,
            yaml.MappingEndEvent,
        )
        sequence_start, sequence_end = yaml.SequenceStartEvent, yaml.SequenceEndEvent
        new_mapping, new_sequence = (Mapping, Sequence) if self.marked else (dict, list)
        marked = self.marked
        stack: list[tuple[Any, bool, tuple[str, int, int] | None]] = []
        node: Any = None
        in_mapping = False
        key: tuple[str, int, int] | None = None
        count = 0
        while True:
            event = next_event()
            kind = type(event)
            value: Value
            if kind is scalar_event:
                value = text = event.value
                mark = event.start_mark
                line, column = mark.line, mark.column
                if event.tag is not None or event.anchor is not None:
                    self._unsafe(event)
                elif event.implicit[0] and (not text or text[0] in _MAYBE_NOT_TEXT):
                    value = self._plain(text, line, column)
                if event.style == '"' or len(text) > 64 or not text.isascii():
                    self._text(text, line, column)
                if in_mapping and key is None:
                    if value is not text or text in node or text == "<<":
                        self._key(node, value, event, line, column)
                    key = (intern(text), line, column)
                    continue
                is_leaf = True
            elif kind is mapping_start or kind is sequence_start:
                mark = event.start_mark
                line, column = mark.line, mark.column
                if event.tag is not None or event.anchor is not None:
                    self._unsafe(event)
                if in_mapping and key is None:
                    self.refuse(
                        "QG109",
                        "a key that is not text",
                        line,
                        column,
                        "use a plain text as the key",
                    )
                    raise _TooMuchError
                value = new_mapping() if kind is mapping_start else new_sequence()
                is_leaf = False
            elif kind is mapping_end or kind is sequence_end:
                node, in_mapping, key = stack.pop()
                continue
            elif kind is yaml.AliasEvent:
                self._unsafe(event)
                mark = event.start_mark
                line, column, value, is_leaf = mark.line, mark.column, None, True
                if in_mapping and key is None:
                    key = ("", line, column)
                    continue
            elif kind is yaml.StreamEndEvent:
                return
            else:
                if kind is yaml.DocumentStartEvent:
                    self._directives(event)
                continue

            count += 1
            if len(stack) >= MAX_DEPTH or count > MAX_NODES:
                self._bounded(is_leaf, count, line, column)
            if node is None:
                documents.append((value, Origin(self.path, line + 1, column + 1)))
            elif in_mapping:
                assert key is not None
                node[key[0]] = value
                if marked:
                    node.marks[key[0]] = (key[1], key[2], line, column)
                key = None
            else:
                node.append(value)
                if marked:
                    node.marks.append((line, column))
            if not is_leaf:
                stack.append((node, in_mapping, key))
                node, in_mapping, key = value, kind is mapping_start, None

    def _bounded(self, is_leaf: bool, count: int, line: int, column: int) -> None:
        if count > MAX_NODES or not is_leaf:
            self.refuse(
                "QG101",
                "nested too deep or too many values",
                line,
                column,
                f"keep to {MAX_DEPTH} levels and {MAX_NODES} values a file",
            )
            raise _TooMuchError

    def _directives(self, event: Any) -> None:
        mark = event.start_mark
        if event.tags:
            self.refuse("QG108", "a %TAG directive", mark.line, mark.column, "remove the directive")
        if event.version not in (None, (1, 2)):
            self.refuse(
                "QG108",
                "a %YAML directive of another version than 1.2",
                mark.line,
                mark.column,
                "remove the directive",
            )

    def _plain(self, text: str, line: int, column: int) -> str | int | float | bool | None:
        try:
            return _scalar(text)
        except ValueError:
            self.refuse(
                "QG111",
                f"{quoted(text)} is not a number to compute with",
                line,
                column,
                f"write a finite number up to {MAX_INT}, or quote the text",
            )
            return text

    def _key(self, node: dict[str, Any], value: Value, event: Any, line: int, column: int) -> None:
        if event.implicit[0] and event.value == "<<":
            self.refuse("QG108", "a merge key `<<`", line, column, "write the fields out")
        elif not isinstance(value, str):
            self.refuse(
                "QG109", f"the key {quoted(event.value)} is not text", line, column, "quote the key"
            )
        if event.value in node:
            where = ""
            if isinstance(node, Mapping):
                where = f" (first at line {node.marks[event.value][0] + 1})"
            self.refuse(
                "QG107",
                f"the key {quoted(event.value)} appears twice{where}",
                line,
                column,
                "keep one of the two",
            )

    def _text(self, text: str, line: int, column: int) -> None:
        # Again after unescaping: a double-quoted "\x1b" is a control character too.
        if len(text) > MAX_SCALAR:
            self.refuse(
                "QG106",
                f"a text of {len(text)} characters",
                line,
                column,
                f"keep texts under {MAX_SCALAR} characters",
            )
        if (bad := unsafe_character(text)) is not None:
            self.refuse(
                "QG105",
                f"{named(bad)} is not allowed",
                line,
                column,
                "remove it; text must show what it says",
            )
        elif not unicodedata.is_normalized("NFC", text):
            self.refuse(
                "QG112",
                "the text is not in Unicode normalization form C",
                line,
                column,
                "normalize the text to NFC",
            )

    def _unsafe(self, event: Any) -> None:
        mark = event.start_mark
        if isinstance(event, yaml.AliasEvent):
            what = f"an alias {quoted(f'*{event.anchor}')}"
        elif event.anchor is not None:
            what = f"an anchor {quoted(f'&{event.anchor}')}"
        else:
            what = f"a tag {quoted(event.tag)}"
        self.refuse(
            "QG108",
            f"{what} is not part of the language",
            mark.line,
            mark.column,
            "write the value out",
        )
