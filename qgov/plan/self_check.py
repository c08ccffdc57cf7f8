"""The plan against what is compiled: each part of an artifact that changes must have a row.

The rows of a plan come from the documents; what enforces them comes from the artifacts. Both
sides' are compared here, part by part, and the tables beside the targets (`qgov.targets.parts`)
say which fields a part comes from. A part that changes while no row tells of any of its fields is
an error of qgov. Only what differs is looked at, so that the work is in proportion to the change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from qgov.finding import Finding, Origin, has_errors
from qgov.model.access_model import AccessModel
from qgov.plan.plan import UNACCOUNTED, ArtifactChange, ResourceChange
from qgov.plan.tellings import Rows, Tellings
from qgov.targets import Unsupported, outlined, targets
from qgov.targets.parts import Difference, Key, Parts, differences

__all__ = ["artifact_changes"]


def artifact_changes(
    base: AccessModel | None,
    head: AccessModel | None,
    rows: Rows,
    unsupported: Unsupported | None = None,
) -> tuple[tuple[ArtifactChange, ...], tuple[list[Finding], list[Finding]]]:
    """The artifacts that differ, with the rows that say why; and what is wrong with those of each
    side: what the targets cannot express, and at the head what changes without a row. From the
    loaded part of both models: what an unchanged tenant adds to a file is the same on both.
    `unsupported` is what the targets cannot express, where that is known."""
    (old, refused), (new, found) = outlined(base, head, unsupported)
    if has_errors([*refused, *found]):
        # A side that cannot be compiled has no artifacts, and an error that says so.
        return (), (refused, found)
    differing = [path for path in sorted({*old, *new}) if old.get(path) != new.get(path)]
    if not differing:
        return (), (refused, found)
    told = Tellings(rows)
    seen: dict[tuple[int, ...], _Accounted] = {}
    changes = [_change(path, old, new, told, seen) for path in differing]
    missing = [finding for _, inner in changes for finding in inner]
    return tuple(change for change, _ in changes), (refused, [*missing, *found])


class _Accounted(NamedTuple):
    """The rows that say why the parts of a file differ, what of it these make, and the parts of
    which none does."""

    because: tuple[str, ...]
    resources: tuple[ResourceChange, ...]
    missing: Sequence[Key]


def _change(
    path: str,
    old: Mapping[str, object],
    new: Mapping[str, object],
    told: Tellings,
    seen: dict[tuple[int, ...], _Accounted],
) -> tuple[ArtifactChange, list[Finding]]:
    """A file that differs, and the finding where nothing says why. `seen` are those of files that
    are made from the same values: a bundle and what is in it."""
    how = "removed" if path not in new else "added" if path not in old else "changed"
    parts = next((t.parts for t in targets().values() if t.parts and t.parts.holds(path)), None)
    if parts is None:
        return ArtifactChange(path, how), []
    sides = [side.get(path) for side in (old, new)]
    made = (id(parts), *map(id, sides))
    if (found := seen.get(made)) is None:
        before, after = (None if s is None else parts.read(path, s) for s in sides)
        found = _accounted(parts, before, after, told)
        if parts.resource is None:  # or else the path may be in the names of resources
            seen[made] = found
    change = ArtifactChange(path, how, found.because, found.resources)
    return change, [_missing(path, found.missing, told.place)] if found.missing else []


def _accounted(
    parts: Parts,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    told: Tellings,
) -> _Accounted:
    because: set[str] = set()
    resources: dict[str, tuple[set[str], set[str]]] = {}
    missing: list[Key] = []
    for difference in differences(before, after):
        rows = told.of(parts, difference)
        if rows is None:
            missing.append(difference.key)
            continue
        because.update(rows)
        if parts.resource is not None:
            ways, why = resources.setdefault(parts.resource(difference.key), (set(), set()))
            ways.add(_way(difference))
            why.update(rows)
    changed = tuple(
        ResourceChange(name, ways.pop() if len(ways) == 1 else "changed", _sorted(why))
        for name, (ways, why) in sorted(resources.items())
    )
    return _Accounted(_sorted(because), changed, missing)


def _way(difference: Difference) -> str:
    if difference.before is None:
        return "added"
    return "removed" if difference.after is None else "changed"


def _sorted(pointers: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(pointers, key=_order))


@cache
def _order(pointer: str) -> tuple[str, int]:
    _, part, number = pointer.split("/")
    return part, int(number)


def _missing(path: str, keys: Sequence[Key], place: Origin) -> Finding:
    more = f" and {len(keys) - 1} more" if len(keys) > 1 else ""
    return Finding(
        UNACCOUNTED,
        f"`{path}` changes at `{' '.join(keys[0])}`{more}, and nothing in the plan says why",
        place,
        "this is an error of qgov: report it with the two commits, and review this change by hand",
    )
