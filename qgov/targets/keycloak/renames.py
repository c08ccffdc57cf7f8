"""`moved` blocks: a renamed role or tenant keeps its resources."""

from __future__ import annotations

from collections.abc import Iterable

from qgov.targets.hcl import Block, Ref, address
from qgov.targets.keycloak.module import Module

__all__ = ["Key", "moved"]

Key = tuple[str, str, tuple[str, ...]]
"""A resource: its type, and the kind and names of its address."""


def moved(module: Module, keys: Iterable[Key]) -> list[Block]:
    """A `moved` block for each address that a renamed role or tenant is part of. Terraform
    takes neither a source that is still declared nor one that is given twice."""
    if not module.former:
        return []
    targets = {(kind, address(prefix, *key)): (prefix, key) for kind, prefix, key in keys}
    found: dict[tuple[str, str], str] = {}
    for (kind, new), (prefix, key) in targets.items():
        old = address(prefix, *_before(module, prefix, key))
        if (kind, old) not in targets:
            found.setdefault((kind, old), new)
    return [
        Block("moved", (), {"from": Ref(f"{kind}.{old}"), "to": Ref(f"{kind}.{new}")})
        for (kind, old), new in sorted(found.items())
    ]


def _before(module: Module, prefix: str, key: tuple[str, ...]) -> tuple[str, ...]:
    """The key as it was before renames: `(role, scope)`, after `(tenant, account)` when it is a
    workload's."""
    former = module.former

    def tenant(scope: str) -> str:
        name, slash, rest = scope.partition("/")
        return former.get(("Tenant", name), name) + slash + rest

    if prefix == "workload":
        return (tenant(key[0]), key[1], *(_before(module, "role", key[2:]) if key[2:] else ()))
    return (former.get(("Role", key[0]), key[0]), tenant(key[1]))
