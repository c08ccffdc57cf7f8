"""`moved` blocks: what is renamed keeps its resources."""

from __future__ import annotations

from collections.abc import Iterable

from qgov.targets.hcl import Block, Ref

__all__ = ["moved"]


def moved(resources: Iterable[tuple[Ref, Ref]]) -> list[Block]:
    """A `moved` block for each resource that had another address, of (what it was, what it
    is). Terraform takes neither a source that is still declared nor one that is given twice."""
    pairs = list(resources)
    declared = {new for _, new in pairs}
    found: dict[Ref, Ref] = {}
    for old, new in pairs:
        if old not in declared:
            found.setdefault(old, new)
    return [Block("moved", (), {"from": old, "to": found[old]}) for old in sorted(found, key=str)]
