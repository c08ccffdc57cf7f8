"""Changes of YAML that leave every other byte as it is.

A round trip through a YAML library lays a file out anew: flow style, alignment and comments move.
So the text is composed for its places alone, and cut and filled there.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeAlias

import yaml

from qgov.errors import QgovError
from qgov.language.documents import Document
from qgov.language.reader import read

__all__ = ["EditError", "Edits", "Item", "scalar"]

Item: TypeAlias = Mapping[str, str]
"""A new item of a list: fields, in their order."""
_Place: TypeAlias = tuple[str, tuple[int, int], tuple[str | int, ...]]
"""A file, where the document starts (1-based line and column), and the path of a value in it."""

_TEXT: Final = "tag:yaml.org,2002:str"
_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*")


class EditError(QgovError):
    """A file is laid out in a way that cannot be changed in place."""


class _Span(NamedTuple):
    """What is put in the place of a part of the text."""

    start: int
    end: int
    text: str


@dataclass
class Edits:
    """Changes that are collected first, and then made of each file at once."""

    _added: dict[_Place, dict[tuple[tuple[str, str], ...], None]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    _removed: dict[_Place, set[int]] = field(default_factory=lambda: defaultdict(set))
    _set: dict[_Place, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))

    def add(self, document: Document, path: tuple[str | int, ...], item: Item) -> None:
        """One item more at the end of the list at `path`, once."""
        self._added[_place(document, path)][tuple(item.items())] = None

    def remove(self, document: Document, path: tuple[str | int, ...], index: int) -> None:
        """Without an item of the list at `path`."""
        self._removed[_place(document, path)].add(index)

    def set(self, document: Document, path: tuple[str | int, ...], key: str, value: str) -> None:
        """A field of the mapping at `path`: `value` is YAML on one line."""
        self._set[_place(document, path)][key] = value

    def files(self, files: Mapping[str, bytes]) -> dict[str, bytes]:
        """The files that differ, changed. Raises EditError."""
        places = {*self._added, *self._removed, *self._set}
        found: dict[str, bytes] = {}
        for path in sorted({place[0] for place in places}):
            text = files[path].decode()
            spans = self._spans(text, sorted((p for p in places if p[0] == path), key=repr))
            found[path] = _applied(path, text, spans).encode()
        return found

    def _spans(self, text: str, places: Sequence[_Place]) -> list[_Span]:
        page = _Page(places[0][0], text)
        spans: list[_Span] = []
        roots = {
            (node.start_mark.line + 1, node.start_mark.column + 1): node
            for node in yaml.compose_all(text, Loader=yaml.CSafeLoader)
        }
        for place in places:
            _, start, path = place
            at, last = _walk(roots[start], path)
            fields = self._set[place]
            items = [dict(item) for item in self._added[place]]
            if last is not None and isinstance(at, yaml.MappingNode):  # is not there yet
                flow = [f"{{{_fields(item)}}}" for item in items]
                value = f"[{', '.join(flow)}]" if items else f"{{{_joined(fields)}}}"
                spans += page.with_fields(at, {last: value})
            elif isinstance(at, yaml.SequenceNode):
                spans += page.with_items(at, self._removed[place], items)
            elif isinstance(at, yaml.MappingNode):
                spans += page.with_fields(at, fields)
            else:
                raise EditError(f"{places[0][0]}: {'.'.join(map(str, path))} cannot be changed")
        return spans


def _place(document: Document, path: tuple[str | int, ...]) -> _Place:
    return document.path, (document.start.line, document.start.column), path


def scalar(text: str) -> str:
    """A text as YAML that is read as this text, by readers of YAML 1.1 as well."""
    if _PLAIN.fullmatch(text):
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
        documents, findings = read("", text.encode())
        if not findings and documents[0][0] == text and node and node.tag == _TEXT:
            return text
    return json.dumps(text)


def _fields(item: Mapping[str, str]) -> str:
    return _joined({key: scalar(value) for key, value in item.items()})


def _joined(fields: Mapping[str, str]) -> str:
    return ", ".join(f"{key}: {value}" for key, value in fields.items())


def _walk(root: yaml.Node, path: tuple[str | int, ...]) -> tuple[yaml.Node, str | None]:
    """The node at `path`; where its last step is not there, the one above it, and that step."""
    at = root
    for index, step in enumerate(path):
        if isinstance(at, yaml.SequenceNode) and isinstance(step, int):
            at = at.value[step]
        elif isinstance(at, yaml.MappingNode):
            values = {key.value: value for key, value in at.value}
            if step not in values and index == len(path) - 1:
                return at, str(step)
            at = values[step]
    return at, None


def _applied(path: str, text: str, spans: Iterable[_Span]) -> str:
    parts: list[str] = []
    done = 0
    for span in sorted(spans, key=lambda each: (each.start, each.end)):
        if span.start < done:
            raise EditError(f"{path}: two changes meet in one place; make one by hand first")
        parts += [text[done : span.start], span.text]
        done = span.end
    return "".join([*parts, text[done:]])


@dataclass(frozen=True)
class _Page:
    """The text of a file, and where its lines are."""

    path: str
    text: str

    @property
    def newline(self) -> str:
        return "\r\n" if "\r\n" in self.text else "\n"

    # -------------------------------------------------------------------------------- lists

    def with_items(
        self, node: yaml.SequenceNode, removed: set[int], added: Sequence[Item]
    ) -> list[_Span]:
        """A list without some items, and with some more at its end."""
        if not node.value:
            flow = ", ".join(f"{{{_fields(item)}}}" for item in added)
            return [_Span(node.start_mark.index, node.end_mark.index, f"[{flow}]")]
        if node.flow_style:
            return self._flow_items(node, removed, added)
        return self._block_items(node, removed, added)

    def _flow_items(
        self, node: yaml.SequenceNode, removed: set[int], added: Sequence[Item]
    ) -> list[_Span]:
        ends = [(one.start_mark.index, one.end_mark.index) for one in node.value]
        spans: list[_Span] = []
        kept = False
        for index, (start, end) in enumerate(ends):
            if index not in removed:
                kept = True
            elif kept:
                spans.append(_Span(ends[index - 1][1], end, ""))
            elif index + 1 < len(ends):
                spans.append(_Span(start, ends[index + 1][0], ""))
            else:
                spans.append(_Span(start, end, ""))
        new = [f"{{{_fields(item)}}}" for item in added]
        if new:
            comma = ", " if kept else ""
            after = self._after_comma(ends[-1][1])
            if after is not None:
                spans.append(_Span(after, after, " " + ", ".join(new)))
            else:
                spans.append(_Span(ends[-1][1], ends[-1][1], comma + ", ".join(new)))
        return spans

    def _after_comma(self, index: int) -> int | None:
        """Where a comma that ends a list ends."""
        found = re.compile(r"\s*,").match(self.text, index)
        return found.end() if found else None

    def _block_items(
        self, node: yaml.SequenceNode, removed: set[int], added: Sequence[Item]
    ) -> list[_Span]:
        column = node.start_mark.column
        spans = [self._lines(node.value[index], column) for index in sorted(removed)]
        last = node.value[-1]
        new = "".join(self._block_item(item, column, last) for item in added)
        if len(removed) == len(node.value) and not added:
            # A key without a value would be null.
            colon = self._before(spans[0].start)
            spans.append(_Span(colon, colon, " []"))
        if new:
            spans.append(self._new_lines(_end(last), new))
        return spans

    def _before(self, index: int) -> int:
        """The end of the key whose list begins at `index`."""
        head = self.text[:index].rstrip()
        if not head.endswith(":"):
            raise EditError(
                f"{self.path}: a comment stands before a list that would be empty; remove the list "
                "by hand"
            )
        return len(head)

    def _lines(self, item: yaml.Node, column: int) -> _Span:
        """The whole lines of an item, from its dash."""
        start = self._line_start(item.start_mark.index)
        head = self.text[start : item.start_mark.index]
        if not re.fullmatch(f" {{{column}}}- +", head):
            raise EditError(
                f"{self.path}:{item.start_mark.line + 1}: an item that does not begin beside its "
                "dash is not changed"
            )
        return _Span(start, self._line_end(_end(item)), "")

    def _block_item(self, item: Item, column: int, like: yaml.Node) -> str:
        if isinstance(like, yaml.MappingNode) and not like.flow_style:
            inner = like.start_mark.column
            fields = [f"{key}: {scalar(value)}" for key, value in item.items()]
            lines = [f"{' ' * column}-{' ' * (inner - column - 1)}{fields[0]}"]
            lines += [" " * inner + each for each in fields[1:]]
        else:
            lines = [f"{' ' * column}- {{{_fields(item)}}}"]
        return "".join(line + self.newline for line in lines)

    # ----------------------------------------------------------------------------- mappings

    def with_fields(self, node: yaml.MappingNode, fields: Mapping[str, str]) -> list[_Span]:
        """A mapping with other fields, or some more."""
        there = {key.value: value for key, value in node.value}
        spans = [self._replaced(there[key], value) for key, value in fields.items() if key in there]
        new = {scalar(key): value for key, value in fields.items() if key not in there}
        if not new:
            return spans
        if not node.value:
            return [
                *spans,
                _Span(node.start_mark.index, node.end_mark.index, f"{{{_joined(new)}}}"),
            ]
        last = node.value[-1][1]
        if node.flow_style:
            end = last.end_mark.index
            after = self._after_comma(end)
            text = _joined(new)
            at = (end, f", {text}") if after is None else (after, f" {text}")
            return [*spans, _Span(at[0], at[0], at[1])]
        indent = " " * node.value[0][0].start_mark.column
        lines = "".join(f"{indent}{key}: {value}{self.newline}" for key, value in new.items())
        return [*spans, self._new_lines(_end(last), lines)]

    def _replaced(self, node: yaml.Node, value: str) -> _Span:
        if not isinstance(node, yaml.ScalarNode) or node.style in ("|", ">"):
            raise EditError(f"{self.path}:{node.start_mark.line + 1}: is not a value on one line")
        if node.style in ("'", '"'):
            value = f"{node.style}{value}{node.style}"
        return _Span(node.start_mark.index, node.end_mark.index, value)

    # -------------------------------------------------------------------------------- lines

    def _new_lines(self, after: int, lines: str) -> _Span:
        """Lines below the one that `after` is in."""
        at = self._line_end(after)
        if at and self.text[at - 1] != "\n":
            return _Span(at, at, self.newline + lines.removesuffix(self.newline))
        return _Span(at, at, lines)

    def _line_start(self, index: int) -> int:
        return self.text.rfind("\n", 0, index) + 1

    def _line_end(self, index: int) -> int:
        """After the line break of the line that the text before `index` ends in."""
        found = self.text.find("\n", index)
        return len(self.text) if found < 0 else found + 1


def _end(node: yaml.Node) -> int:
    """Where the text of a node ends: a block's mark stands after the comments that follow it."""
    if not isinstance(node, yaml.CollectionNode) or node.flow_style or not node.value:
        return int(node.end_mark.index)
    last = node.value[-1]
    return _end(last[1] if isinstance(last, tuple) else last)
