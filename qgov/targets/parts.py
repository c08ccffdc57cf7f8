"""What the files of a target are made of, part by part, and which fields each part comes from.

A part is a value at a path of names: `tenant atlas environment test queue` of a bundle,
`keycloak_realm realm display_name` of Terraform. Beside each target stands one table of its parts:
a pattern of names → the fields of documents that can change it. In a pattern `{tenant}` stands for
a name and gives it to the fields; what lies deeper than a pattern is part of it, and the longest
pattern that fits decides. `Tenant/{tenant} spec.residency` is a field, with all that is in it;
`*` stands for any name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from string import Formatter
from typing import Any, Final, NamedTuple

from msgspec import Struct, field

from qgov.model.scope import tenant_of

__all__ = ["Difference", "Field", "Key", "Origins", "Parts", "Table", "differences", "steps_of"]

Key = tuple[str, ...]
"""The names that lead to a part."""

Table = Mapping[str, Sequence[str]]
"""A pattern of parts → the fields that they come from."""

_STEP: Final = re.compile(r"\[(?:.*?)\](?=[.\[]|$)|[^.\[]+")
_ANY: Final = "*"


class Field(NamedTuple):
    """A field of documents: their kind and name (`*`: any), and the steps to it."""

    kind: str
    name: str
    steps: Key


class Origins(NamedTuple):
    """Where a part comes from: the fields that can change what it does, those that can change
    its words for people, those with which it comes or goes besides, and the names in its key."""

    fields: tuple[Field, ...]
    words: tuple[Field, ...]
    around: tuple[Field, ...]
    names: Mapping[str, str]


class Difference(NamedTuple):
    """A part that differs; None where a side has none."""

    key: Key
    before: Any
    after: Any


class _Node(Struct, frozen=True):
    """What begins with some names of patterns: what follows a name, or any (`{variable}`)."""

    named: dict[str, _Node] = field(default_factory=dict)
    free: dict[str, _Node] = field(default_factory=dict)
    patterns: list[str] = field(default_factory=list)


class Parts(Struct, frozen=True):
    """The parts of the files of a target, which match one of the patterns in `files`.

    `read` gives those of one (its path, its outline or content) as nested mappings. `fields`
    are the origins of parts, `words` those of texts for people alone. `resource` names the thing
    that a part belongs to, where each is told by itself.
    """

    files: tuple[str, ...]
    read: Callable[[str, Any], Mapping[str, Any]]
    fields: Table
    words: Table = field(default_factory=dict)
    resource: Callable[[Key], str] | None = None

    def holds(self, path: str) -> bool:
        """Whether these are the parts of a file."""
        return any(fnmatchcase(path, pattern) for pattern in self.files)

    def origins(self, key: Key) -> Origins | None:
        """Where a part comes from; None where no pattern fits."""
        fitting = self._fitting(key)
        if not fitting:
            return None
        longest, names = fitting[0]
        if (scope := names.get("scope")) is not None:
            names = {"tenant": tenant_of(scope) or _ANY, **names}

        def fields(table: Table, *patterns: str) -> tuple[Field, ...]:
            return tuple(_field(text, names) for each in patterns for text in table.get(each, ()))

        shorter = (pattern for pattern, _ in fitting[1:])
        around = fields(self.fields, *shorter)
        return Origins(fields(self.fields, longest), fields(self.words, longest), around, names)

    def patterns(self, key: Key) -> list[str]:
        """The patterns that fit a part, the longest first."""
        return [pattern for pattern, _ in self._fitting(key)]

    def _fitting(self, key: Key) -> list[tuple[str, Mapping[str, str]]]:
        found = _fitting(_tree((*self.fields, *self.words)), key, {})
        return sorted(found, key=lambda each: -len(each[0].split()))


def differences(old: Any, new: Any, key: Key = ()) -> Iterator[Difference]:
    """The parts that differ, as deep as both sides are mappings."""
    if old == new:
        return
    if isinstance(old, Mapping | None) and isinstance(new, Mapping | None) and (old or new):
        before, after = old or {}, new or {}
        for name in sorted({*before, *after}):
            yield from differences(before.get(name), after.get(name), (*key, name))
    else:
        yield Difference(key, old, new)


def steps_of(label: str) -> Key:
    """The steps of a field's name: `spec.quotas[shots job].limit` has four."""
    return tuple(_STEP.findall(label))


@cache
def _tree(patterns: tuple[str, ...]) -> _Node:
    root = _Node()
    for pattern in patterns:
        node = root
        for name in pattern.split():
            variable = name.startswith("{")
            following = node.free if variable else node.named
            node = following.setdefault(name.strip("{}") if variable else name, _Node())
        if pattern not in node.patterns:
            node.patterns.append(pattern)
    return root


def _fitting(
    node: _Node, key: Key, names: Mapping[str, str]
) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Each pattern that a key begins with, and what its variables stand for; names before
    variables."""
    if key:
        first, rest = key[0], key[1:]
        if first in node.named:
            yield from _fitting(node.named[first], rest, names)
        for variable, following in node.free.items():
            yield from _fitting(following, rest, {**names, variable: first})
    for pattern in node.patterns:
        yield pattern, names


def _field(text: str, names: Mapping[str, str]) -> Field:
    return _filled(text, tuple((name, names.get(name, _ANY)) for name in _variables(text)))


@cache
def _variables(text: str) -> tuple[str, ...]:
    return tuple(name for _, name, _, _ in Formatter().parse(text) if name is not None)


@lru_cache(maxsize=1 << 14)
def _filled(text: str, names: tuple[tuple[str, str], ...]) -> Field:
    document, _, label = text.format_map(dict(names)).partition(" ")
    kind, _, name = document.partition("/")
    return Field(kind, name, steps_of(label))
