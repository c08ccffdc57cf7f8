"""Who holds a permission, as text and JSON."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from qgov.contracts.answers import WhoCan
from qgov.contracts.telling import document_text, tell
from qgov.model.access_model import AccessModel
from qgov.model.accesses import Path, accesses
from qgov.model.scope import matches
from qgov.render.conditions import in_words
from qgov.render.text import count, page, plain, wrapped

__all__ = ["Held", "answer", "as_json", "as_text"]


@dataclass(frozen=True, slots=True)
class Held:
    """One principal's way to a permission: where, on which backends, on which conditions."""

    principal: str
    path: Path
    scopes: tuple[str, ...]
    backends: tuple[str, ...]


def answer(
    model: AccessModel, permission: str, on: str | None = None, backend: str | None = None
) -> list[Held]:
    """Everybody who holds a permission at or below a scope (which may have `*` labels)."""
    found: dict[tuple[str, Path], tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    for cell, paths in accesses(model, permissions=(permission,)).items():
        if (on is None or matches(on, cell.scope)) and backend in (None, cell.backend):
            for path in paths:
                scopes, backends = found[cell.principal, path]
                scopes.add(cell.scope)
                backends.add(cell.backend)
    return sorted(
        (
            Held(who, path, tuple(sorted(scopes)), tuple(sorted(backends - {""})))
            for (who, path), (scopes, backends) in found.items()
        ),
        key=lambda h: (h.principal, h.scopes, h.backends, h.path.binding.origin),
    )


def as_text(model: AccessModel, held: list[Held]) -> str:
    """A paragraph for each way."""
    currency = model.organization.spec.currency
    lines: list[str] = []
    for item in held:
        where = f"on {', '.join(item.scopes)}"
        if item.backends:
            where += f" ({', '.join(item.backends)})"
        lines += wrapped(f"{item.principal} {where}", 0, 4)
        words = " · ".join(in_words(item.path.conditions, currency)) or "no condition"
        lines += wrapped(f"when {words}", 4, 9)
        binding = item.path.binding
        lines.append(f"    through {plain(binding.role)}  {plain(str(binding.origin))}")
    principals = {item.principal for item in held}
    lines.append(count(len(principals), "principal"))
    return page(lines)


def as_json(permission: str, held: list[Held]) -> str:
    """The document `qgov/who-can/v1`."""
    return document_text(tell(WhoCan, (permission, held)))
