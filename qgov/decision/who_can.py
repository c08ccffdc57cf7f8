"""Who holds a permission, where, on which conditions and through which lines."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from msgspec import Struct

from qgov.model.access_model import AccessModel
from qgov.model.accesses import Path, accesses
from qgov.model.scope import matches

__all__ = ["Held", "who_can"]


class Held(Struct, frozen=True):
    """One principal's way to a permission: where, on which backends, on which conditions."""

    principal: str
    path: Path
    scopes: tuple[str, ...]
    backends: tuple[str, ...]


def who_can(
    model: AccessModel,
    permission: str,
    now: datetime,
    on: str | None = None,
    backend: str | None = None,
) -> list[Held]:
    """Everybody who holds a permission at or below a scope (which may have `*` labels), or is to
    hold it: what has ended by `now` is left out."""
    found: dict[tuple[str, int, Path], tuple[set[str], set[str]]]
    found = defaultdict(lambda: (set(), set()))
    for cell, paths in accesses(model).of(permission).items():
        if (on is None or matches(on, cell.scope)) and backend in (None, cell.backend):
            for path in (path for path in paths if not path.has_ended(now)):
                scopes, backends = found[cell.principal, id(path.binding), path]
                scopes.add(cell.scope)
                backends.add(cell.backend)
    return sorted(
        (
            Held(who, path, tuple(sorted(scopes)), tuple(sorted(backends - {""})))
            for (who, _, path), (scopes, backends) in found.items()
        ),
        key=lambda h: (h.principal, h.scopes, h.backends, h.path.binding.origin),
    )
