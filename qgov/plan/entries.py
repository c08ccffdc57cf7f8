"""Which entries of a collection are the same on both sides of a change."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

__all__ = ["keyed", "kin", "renamed_entries", "renamed_keys"]


def keyed(
    fields: Sequence[str], entries: Sequence[Any], without: Collection[int] = ()
) -> dict[tuple[str, ...], list[int]]:
    """The entries of a list (their places), but for some, by what the language declares to make
    them the same."""
    found: dict[tuple[str, ...], list[int]] = {}
    for index, entry in enumerate(entries):
        if index not in without:
            values = (getattr(entry, field) for field in fields)
            found.setdefault(tuple(str(v) for v in values if v is not None), []).append(index)
    return found


def kin(
    fields: Sequence[str],
    before: Sequence[Any],
    after: Sequence[Any],
    lost: Collection[int],
    found: Collection[int],
) -> list[tuple[int, int]]:
    """The entries (their places) of each side alone that are each other's by some fields, where
    there is one on each side."""
    if not fields:
        return []
    old = keyed(fields, before, {*range(len(before))} - {*lost})
    new = keyed(fields, after, {*range(len(after))} - {*found})
    return [
        (old[key][0], new[key][0]) for key in old if len(old[key]) == len(new.get(key, ())) == 1
    ]


def renamed_keys(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The entries of a mapping that say that they had a name which is gone (`previously`), by
    (old name, new name)."""
    found: dict[str, str] = {}
    for name, entry in sorted(after.items()) if before else ():
        former = () if name in before else getattr(entry, "previously", None) or ()
        was = next((n for n in former if n in before and n not in after and n not in found), None)
        if was is not None:
            found[was] = name
    return sorted(found.items())


def renamed_entries(
    fields: Sequence[str], before: Sequence[Any], after: Sequence[Any]
) -> list[tuple[int, int]]:
    """The same of a list of entries with names, by their places."""
    if tuple(fields) != ("name",):
        return []
    old, new = ({entry.name: i for i, entry in enumerate(side)} for side in (before, after))
    known = {name: before[i] for name, i in old.items()}
    pairs = renamed_keys(known, {name: after[i] for name, i in new.items()})
    return [(old[was], new[name]) for was, name in pairs]
