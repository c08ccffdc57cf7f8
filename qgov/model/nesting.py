"""Nested teams: the groups whose people are in another group too, at any depth.

Membership flows up: whoever is in a group is in those that include it. No two directories tell that
alike (Entra's tokens list groups of groups, but its app roles reach the direct members alone; Okta
has none; a member of a Keycloak subgroup is not one of its parent), so that none is asked to: what
a group is bound to, those that it includes are bound to as well, each by its own name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from qgov.language.kinds.directory import Group

__all__ = ["DEPTH", "included", "is_deeper", "steps_between"]

DEPTH: Final = 5
"""The most levels of groups in a group; what lies deeper is not looked for."""


def included(declared: Mapping[str, Group]) -> dict[str, tuple[str, ...]]:
    """Each group that includes others → all that it includes, itself apart, sorted."""
    return {
        name: tuple(sorted(_walk(declared, name)[0] - {name}))
        for name, spec in declared.items()
        if spec.includes
    }


def is_deeper(declared: Mapping[str, Group], name: str) -> bool:
    """Whether a group includes one that is more than `DEPTH` levels below it."""
    return bool(_walk(declared, name)[1])


def _walk(declared: Mapping[str, Group], name: str) -> tuple[set[str], set[str]]:
    """The groups down to `DEPTH`, and those one level below."""
    found, level = set[str](), {name}
    for _ in range(DEPTH):
        found |= (level := _below(declared, level) - found)
    return found, _below(declared, level) - found


def _below(declared: Mapping[str, Group], names: set[str]) -> set[str]:
    return {each for name in names if name in declared for each in declared[name].includes}


def steps_between(
    declared: Mapping[str, Group], upper: str, lower: str
) -> Iterator[tuple[str, int, str]]:
    """Each (group, place in its list, included group) by which one group includes another."""
    for name in (upper, *sorted(_walk(declared, upper)[0] - {upper})):
        for index, inner in enumerate(declared[name].includes if name in declared else ()):
            if inner == lower or lower in _walk(declared, inner)[0]:
                yield name, index, inner
