"""The tables of a configuration, before and after: what changed is marked, the rest folded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Final, NamedTuple

from msgspec import Struct

from qgov.model.access_model import AccessModel
from qgov.records import replace
from qgov.render.tables import Row, Table, tables

__all__ = ["CONTROLS", "FactCell", "FactRow", "FactTable", "compared_tables", "controls"]

KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "quotas": ("budget", "scope", "measure", "period"),
    "retention": ("tenant", "records"),
    "residency": ("scope", "backend"),
}
"""The tables that the page shows, with the columns that say what a row is about."""

CONTROLS: Final = "controls"
_SOURCE: Final = "source"
"""Where a row is written; a moved line is no change."""


class FactCell(NamedTuple):
    """A cell on both sides; None where the row does not exist."""

    before: str | None
    after: str | None

    @property
    def text(self) -> str:
        """What stands there, where only one thing does."""
        return (self.before if self.after is None else self.after) or ""

    @property
    def differs(self) -> bool:
        """Whether both sides have the row, and another cell."""
        return None not in self and self.before != self.after


class FactRow(Struct, frozen=True):
    """A row and how it changes: `added`, `removed`, `changed` or nothing."""

    change: str
    cells: tuple[FactCell, ...]
    source: str


class FactTable(Struct, frozen=True):
    """A table with what changed and what did not."""

    name: str
    title: str
    columns: tuple[str, ...]
    changed: tuple[FactRow, ...]
    unchanged: tuple[FactRow, ...]


def compared_tables(
    before: AccessModel | None, after: AccessModel | None
) -> tuple[dict[str, FactTable], Table]:
    """The tables by name, and the control map."""
    old, new = ({table.name: table for table in tables(_unbound(side))} for side in (before, after))
    mapped = new if after is not None else old
    return {name: _compared(old[name], new[name]) for name in KEYS}, mapped[CONTROLS]


def _unbound(model: AccessModel | None) -> AccessModel | None:
    # Without bindings the table of accesses, which is large and not shown here, is empty.
    return replace(model, bindings=()) if model is not None else None


def _compared(old: Table, new: Table) -> FactTable:
    rows = sorted(_rows(old, new).items())
    shown = [n for n, column in enumerate(new.columns) if column != _SOURCE]
    found = [_row(a, b, shown, new.columns.index(_SOURCE)) for _, (a, b) in rows]
    return FactTable(
        new.name,
        new.title,
        tuple(new.columns[n] for n in shown),
        tuple(row for row in found if row.change),
        tuple(row for row in found if not row.change),
    )


def _rows(old: Table, new: Table) -> dict[tuple[str, ...], tuple[Row | None, Row | None]]:
    before, after = dict(_keyed(old)), dict(_keyed(new))
    return {key: (before.get(key), after.get(key)) for key in {*before, *after}}


def _keyed(table: Table) -> Iterator[tuple[tuple[str, ...], Row]]:
    """Rows by what they are about; of several about the same, each by which one it is."""
    columns = [table.columns.index(name) for name in KEYS[table.name]]
    seen: Counter[tuple[str, ...]] = Counter()
    for row in table.rows:
        key = tuple(row[n] for n in columns)
        yield (*key, f"{seen[key]:06}"), row
        seen[key] += 1


def _row(old: Row | None, new: Row | None, shown: Collection[int], source: int) -> FactRow:
    cells = tuple(FactCell(old[n] if old else None, new[n] if new else None) for n in shown)
    change = (
        "added"
        if old is None
        else "removed"
        if new is None
        else "changed"
        if any(cell.differs for cell in cells)
        else ""
    )
    return FactRow(change, cells, (new or old or ())[source])


def controls(table: Table) -> list[tuple[str, list[Row]]]:
    """The rows of the control map under their framework, without its name."""
    found: dict[str, list[Row]] = {}
    for framework, *row in table.rows:
        found.setdefault(framework, []).append(tuple(row))
    return list(found.items())
