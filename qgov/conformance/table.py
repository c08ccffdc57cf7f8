"""The table of accesses as cases are derived from it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

from msgspec import Struct

from qgov.conformance.access_path import AccessPath
from qgov.conformance.case import Assertion, Case
from qgov.language.permissions import CATALOGUE
from qgov.model.access_model import AccessModel, Binding
from qgov.model.accesses import Cell, Path, accesses, scopes_at
from qgov.model.principal import is_user
from qgov.records import replace

__all__ = ["Draft", "Table", "in_force", "line_of", "place_of", "table", "what"]


class Table(Struct, frozen=True):
    """The table of accesses with what the derivation looks up in it: the scopes where a
    principal holds a permission (`bound`: where a binding says so, whether or not there is a
    backend to use it on), and its paths to a cell."""

    model: AccessModel
    cells: Mapping[Cell, tuple[Path, ...]]
    reach: dict[tuple[str, str], frozenset[str]]
    bound: dict[tuple[str, str], frozenset[str]]

    def paths(self, cell: Cell) -> tuple[AccessPath, ...]:
        """The paths to a cell, in the order of the bindings."""
        group = self.cells[cell][0].binding.principal
        through = {
            id(path.binding)
            for who in {cell.principal, group}
            for path in self.cells.get(cell._replace(principal=who), ())
        }
        reach = frozenset(
            scope
            for known in (self.reach, self.bound)
            for who in (cell.principal, group)
            for scope in known.get((who, cell.permission), ())
        )
        return tuple(
            AccessPath(self.model, *cell, path, len(through) == 1, reach)
            for path in self.cells[cell]
        )


def in_force(model: AccessModel) -> AccessModel:
    """The model without bindings of single accounts, which validation refuses and every
    engine ignores: they give nothing."""
    kept = tuple(b for b in model.bindings if not is_user(b.principal))
    return replace(model, bindings=kept)


def table(model: AccessModel) -> Table:
    """The table of a model."""
    cells = accesses(model)
    reach: dict[tuple[str, str], set[str]] = defaultdict(set)
    for cell in cells:
        reach[cell.principal, cell.permission].add(cell.scope)
    bound: dict[tuple[str, str], set[str]] = defaultdict(set)
    for binding in model.bindings:
        for name in model.roles[binding.role].permissions:
            scopes = scopes_at(model, binding.scope, CATALOGUE[name].level.depth)
            bound[binding.principal, name].update(scopes)
    return Table(model, cells, _frozen(reach), _frozen(bound))


def _frozen(found: Mapping[tuple[str, str], set[str]]) -> dict[tuple[str, str], frozenset[str]]:
    return {key: frozenset(scopes) for key, scopes in found.items()}


class Draft(NamedTuple):
    """A case before the specification was asked what it expects; `path` when it is a near
    miss of one. What reviewers wrote has no assertion: it says itself what is expected."""

    case: Case
    assertion: Assertion | None
    path: AccessPath | None = None


def what(cell: Cell) -> str:
    """What a cell gives, in words."""
    return f"{cell.permission} on {cell.scope}" + (f" on {cell.backend}" if cell.backend else "")


def line_of(binding: Binding) -> str:
    """Where a binding is written."""
    return place_of(binding.origin)


def place_of(origin: tuple[str, int, int]) -> str:
    """A place as `PATH:LINE`."""
    return f"{origin[0]}:{origin[1]}"
