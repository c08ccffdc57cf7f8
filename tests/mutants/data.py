"""Mutants of the policy's data: one field removed, changed or widened."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from copy import deepcopy
from hashlib import sha256
from typing import Any, Final, NamedTuple

__all__ = ["DataMutant", "applied", "field_of", "mutants"]

NAMED: Final = frozenset(
    {
        *("actions", "at", "backends", "budgets", "classes", "countries", "elevations"),
        *("environments", "grants", "identity", "permissions", "projects", "residency"),
        *("retention", "roles", "workloads"),
    }
)
"""Objects whose names are the repository's own, not the format's."""

Step = str | int


class DataMutant(NamedTuple):
    """One change at a path. `value` is put there; None removes."""

    id: str
    kind: str
    path: tuple[Step, ...]
    value: Any


def mutants(name: str, data: Any, most: int | None = None) -> list[DataMutant]:
    """Every mutant of the data; of each field and change at most so many, always the same."""
    alike: dict[str, list[Any]] = defaultdict(list)
    for path, value in _walk((), data):
        alike[field_of(path)].append(value)
    groups: dict[tuple[str, str], list[DataMutant]] = defaultdict(list)
    for path, value in _walk((), data):
        for kind, at, new in _changes(path, value, alike[field_of(path)]):
            where = "/".join(map(str, path))
            added = f" ({at[-1]})" if len(at) > len(path) else ""
            mutant = DataMutant(f"{name} /{where}: {kind}{added}", kind, at, new)
            groups[field_of(path), kind].append(mutant)
    return [
        mutant
        for group in groups.values()
        for mutant in sorted(group, key=lambda m: sha256(m.id.encode()).digest())[:most]
    ]


def applied(data: Any, mutant: DataMutant) -> Any:
    """The data with the change."""
    changed = deepcopy(data)
    place = changed
    for step in mutant.path[:-1]:
        place = place[step]
    last = mutant.path[-1]
    if mutant.value is None:
        del place[last]
    elif isinstance(place, list) and last == len(place):
        place.append(mutant.value)
    else:
        place[last] = mutant.value
    return changed


def field_of(path: tuple[Step, ...]) -> str:
    """The path with every name of the repository's own as `*`: the kind of field."""
    steps: list[str] = []
    for index, step in enumerate(path):
        before = path[index - 1] if index else ""
        named = (
            before in NAMED
            or str(before).startswith("QGov::")
            or "tenants" in path[max(0, index - 2) : index]
        )
        named = named or "issuers" in path[max(0, index - 2) : index]
        steps.append("[]" if isinstance(step, int) else "*" if named else step)
    return "/".join(steps)


def _walk(path: tuple[Step, ...], value: Any) -> Iterator[tuple[tuple[Step, ...], Any]]:
    if path:
        yield path, value
    children: Any = ()
    if isinstance(value, dict):
        children = value.items()
    elif isinstance(value, list):
        children = enumerate(value)
    for step, child in children:
        yield from _walk((*path, step), child)


def _changes(
    path: tuple[Step, ...], value: Any, alike: list[Any]
) -> Iterator[tuple[str, tuple[Step, ...], Any]]:
    yield "removed", path, None
    if isinstance(value, bool):
        yield "flipped", path, not value
    elif isinstance(value, int):
        yield "one more", path, value + 1
        yield "one less", path, value - 1
    elif isinstance(value, str):
        yield "replaced", path, f"{value}~"
    elif isinstance(value, dict):
        for key, child in sorted({k: v for like in alike for k, v in like.items()}.items()):
            if key not in value:
                yield "an entry more", (*path, key), child
    elif isinstance(value, list):
        others = [child for like in alike for child in like if child not in value]
        if others:
            yield "an entry more", (*path, len(value)), others[0]
