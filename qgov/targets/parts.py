"""What the files of a target are made of, part by part, and which fields each part comes from.

A part is a value at a path of names: `tenant atlas environment test queue` of a bundle,
`keycloak_realm realm display_name` of Terraform. Beside each target stands one table of its parts:
a pattern of names → the fields of documents that can change it. In a pattern `{tenant}` stands for
a name and gives it to the fields; what lies deeper than a pattern is part of it, and the longest
pattern that fits decides. `Tenant/{tenant} spec.residency` is a field, with all that is in it;
`*` stands for any name. Of `Tenant/* spec.owner = {group}` only documents count that name the
group.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache, cached_property, lru_cache
from string import Formatter
from typing import Any, Final, NamedTuple

from msgspec import Struct
from msgspec import field as struct_field

from qgov.model.scope import tenant_of

__all__ = ["Difference", "Field", "Key", "Origins", "Parts", "Table", "differences", "steps_of"]

Key = tuple[str, ...]
"""The names that lead to a part."""

Table = Mapping[str, Sequence[str]]
"""A pattern of parts → the fields that they come from."""

_STEP: Final = re.compile(r"\[(?:.*?)\](?=[.\[]|$)|[^.\[]+")
_ANY: Final = "*"


class Field(NamedTuple):
    """A field of documents: their kind and name (`*`: any), the steps to it, and what the document
    has to name (`*`: anything)."""

    kind: str
    name: str
    steps: Key
    named: str = _ANY


class Origins(NamedTuple):
    """Where a part comes from: the fields that can change what it does, those that can change
    its words for people, and the names in its key."""

    fields: tuple[Field, ...]
    words: tuple[Field, ...]
    names: Mapping[str, str]


class Difference(NamedTuple):
    """A part that differs; None where a side has none."""

    key: Key
    before: Any
    after: Any


class _Node(Struct, frozen=True):
    """What begins with some names of patterns: what follows a name, or any (`{variable}`)."""

    named: dict[str, _Node] = struct_field(default_factory=dict)
    free: dict[str, _Node] = struct_field(default_factory=dict)
    patterns: list[str] = struct_field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Parts:
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
        fields, words = (
            _fields(each.get(longest, ()), names) for each in (self.fields, self.words)
        )
        return Origins(fields, words, names)

    def around(self, key: Key) -> Iterator[Field]:
        """The fields with which a part comes or goes besides: those of what it is in."""
        if (origins := self.origins(key)) is not None:
            for pattern, _ in self._fitting(key)[1:]:
                yield from _fields(self.fields.get(pattern, ()), origins.names)

    def patterns(self, key: Key) -> list[str]:
        """The patterns that fit a part, the longest first."""
        return [pattern for pattern, _ in self._fitting(key)]

    def _fitting(self, key: Key) -> list[tuple[str, Mapping[str, str]]]:
        found = _fitting(self._tree, key, {})
        return sorted(found, key=lambda each: -len(each[0].split()))

    @cached_property
    def _tree(self) -> _Node:
        return _tree((*self.fields, *self.words))


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


def _tree(patterns: Iterable[str]) -> _Node:
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


def _fields(texts: Sequence[str], names: Mapping[str, str]) -> tuple[Field, ...]:
    known = tuple(texts)
    return _filled(known, tuple((name, names.get(name, _ANY)) for name in _variables(known)))


@cache
def _variables(texts: tuple[str, ...]) -> tuple[str, ...]:
    parsed = (name for text in texts for _, name, _, _ in Formatter().parse(text))
    return tuple(sorted({name for name in parsed if name is not None}))


@lru_cache(maxsize=1 << 14)
def _filled(texts: tuple[str, ...], names: tuple[tuple[str, str], ...]) -> tuple[Field, ...]:
    """The fields of a pattern, where names stand for its variables: many parts have the same."""
    return tuple(_field(text.format_map(dict(names))) for text in texts)


def _field(text: str) -> Field:
    document, _, rest = text.partition(" ")
    kind, _, name = document.partition("/")
    label, _, named = rest.partition(" = ")
    return Field(kind, name, steps_of(label), named or _ANY)
