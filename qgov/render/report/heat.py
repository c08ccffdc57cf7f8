"""The access matrix as a heat map: principals × environments, before and after in a cell.

How warm a cell is, is the strongest thing that the principal may do there; how many
accesses that are, is its number.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from qgov.language.permissions import CATALOGUE
from qgov.model.access_model import AccessModel
from qgov.model.accesses import Cell, accesses
from qgov.model.principal import Principal, user
from qgov.model.scope import EVERYWHERE, tenant_of
from qgov.plan.changes import Change
from qgov.plan.plan import AccessChange, Plan
from qgov.plan.renaming import SCOPES, renamed, renamed_principal
from qgov.render.report.filters import Tags, tags_of

__all__ = ["HEAT", "SIGNS", "HeatCell", "HeatMap", "HeatRow", "heat_map"]

HEAT: Final = (
    "no access",
    "reads",
    "writes",
    "runs jobs on simulators",
    "runs jobs on quantum hardware",
    "holds a high-risk permission",
)
"""What each degree means."""

SIGNS: Final = {
    Change.GRANTED: "+",
    Change.WIDENED: "▲",
    Change.CHANGED: "◆",
    Change.NARROWED: "▼",
    Change.REVOKED: "−",
}
MOST_ROWS: Final = 40
MOST_COLUMNS: Final = 16
"""Above either, only what changes is shown; of that, the most dangerous."""

_Change = tuple[Change, int]


class HeatCell(Struct, frozen=True):
    """How many accesses before and after, how strong, and how many of them change how."""

    before: int
    after: int
    heat_before: int
    heat_after: int
    changes: tuple[_Change, ...]


class HeatRow(Struct, frozen=True):
    """Principals whose cells are alike."""

    principals: tuple[str, ...]
    cells: tuple[HeatCell | None, ...]
    tags: Tags


class HeatMap(Struct, frozen=True):
    """Columns are (tenant, environment), either empty at a wider level. `unchanged` are the
    principals left out because nothing changes for them; `rows_left` and `columns_left` are
    left out for size."""

    columns: tuple[tuple[str, str], ...]
    rows: tuple[HeatRow, ...]
    unchanged: int
    rows_left: int
    columns_left: int

    @property
    def groups(self) -> list[tuple[str, int]]:
        """Tenants with the number of their columns."""
        return list(Counter(tenant for tenant, _ in self.columns).items())


def heat_map(
    plan: Plan,
    before: AccessModel | None,
    after: AccessModel | None,
    filters: Mapping[str, Mapping[str, int]],
) -> HeatMap:
    """The matrix of a plan."""
    tenants = _renames(plan, "Tenant/")
    touched = _touched(plan.access)
    everybody = {renamed_principal(p, tenants) for p in _everybody(before)} | _everybody(after)
    rows = list(dict.fromkeys(principal for principal, _ in touched))
    columns = list(dict.fromkeys(column for _, column in touched))
    hardware = _hardware(before) | _hardware(after)
    small = len(everybody) <= MOST_ROWS // 2
    wanted = everybody | {*rows} if small else {*rows}
    sides = [_sums(side, hardware) for side in _tables(plan, before, after, wanted)]
    everywhere = {column for side in sides for _, column in side}
    if small and len(everywhere) <= MOST_COLUMNS:
        rows += sorted(everybody - {*rows})
        columns += sorted(everywhere - {*columns})
    shown = _ordered(columns[:MOST_COLUMNS], {column for _, column in touched})
    alike: dict[tuple[HeatCell | None, ...], list[str]] = defaultdict(list)
    for principal in rows:
        alike[tuple(_cell(sides, touched, (principal, c)) for c in shown)].append(principal)
    hidden = alike.pop((None,) * len(shown), [])
    found = _rows(alike, plan, filters)
    named = {principal for principal, _ in touched}
    return HeatMap(
        tuple(_split(column) for column in shown),
        tuple(found[:MOST_ROWS]),
        len(everybody - {*rows}),
        len(named & {*hidden}) + sum(len(row.principals) for row in found[MOST_ROWS:]),
        len(columns) - len(shown),
    )


def _ordered(columns: Iterable[str], moved: Collection[str]) -> list[str]:
    """Tenants in which something changes first, and in each the environments where it does: a
    phone shows two or three columns."""
    tenants = {tenant_of(column) for column in moved}
    return sorted(
        columns,
        key=lambda column: (
            tenant_of(column) not in tenants,
            column != EVERYWHERE,
            tenant_of(column),
            column not in moved,
            column,
        ),
    )


def _rows(
    alike: Mapping[tuple[HeatCell | None, ...], Sequence[str]],
    plan: Plan,
    filters: Mapping[str, Mapping[str, int]],
) -> list[HeatRow]:
    changes: dict[str, list[AccessChange]] = defaultdict(list)
    for change in plan.access:
        changes[change.row.principal].append(change)
    return [
        HeatRow(
            tuple(names),
            cells,
            tags_of([c for name in names for c in changes[name]], filters),
        )
        for cells, names in alike.items()
    ]


def _everybody(model: AccessModel | None) -> set[Principal]:
    """The principals of a model; the table of accesses need not be made to know them."""
    if model is None:
        return set()
    return {b.principal for b in model.bindings} | {user(e.subject) for e in model.elevations}


def _hardware(model: AccessModel | None) -> set[str]:
    backends = model.organization.backends.items() if model is not None else ()
    return {name for name, backend in backends if backend.value.backend_class == "qpu"}


def _tables(
    plan: Plan, before: AccessModel | None, after: AccessModel | None, wanted: Collection[str]
) -> tuple[Iterable[Cell], Iterable[Cell]]:
    """The accesses of some principals on both sides, under the names of the head."""
    scopes = {old: new for kind in SCOPES for old, new in _renames(plan, f"{kind}/").items()}
    old = renamed(accesses(before), scopes, _renames(plan, "Budget/")) if before else {}
    new = accesses(after) if after else {}
    return (c for c in old if c.principal in wanted), (c for c in new if c.principal in wanted)


def _renames(plan: Plan, kind: str) -> dict[str, str]:
    return {
        old.removeprefix(kind): new.removeprefix(kind)
        for old, new in plan.renames
        if old.startswith(kind)
    }


def _column(scope: str) -> str:
    """Where an access counts: a project with its environment."""
    return "/".join(scope.split("/", 2)[:2])


def _touched(changes: Iterable[AccessChange]) -> dict[tuple[str, str], Counter[Change]]:
    """What changes at each place, the most dangerous first."""
    found: dict[tuple[str, str], Counter[Change]] = defaultdict(Counter)
    for change in changes:
        for item in change.row.cells:
            found[item.cell.principal, _column(item.cell.scope)][change.row.change] += 1
    return found


def _sums(
    cells: Iterable[Cell], hardware: Collection[str]
) -> dict[tuple[str, str], tuple[int, int]]:
    """(how many, how strong) at each place."""
    columns: dict[str, str] = {}
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for cell in cells:
        if (column := columns.get(cell.scope)) is None:
            column = columns[cell.scope] = _column(cell.scope)
        number, heat = found.get((cell.principal, column), (0, 0))
        found[cell.principal, column] = number + 1, max(heat, _heat(cell, hardware))
    return found


def _heat(cell: Cell, hardware: Collection[str]) -> int:
    permission = CATALOGUE[cell.permission]
    if permission.high_risk:
        return 5
    if permission.executes:
        return 4 if cell.backend in hardware else 3
    return 1 if cell.permission.endswith(":read") else 2


def _cell(
    sides: list[dict[tuple[str, str], tuple[int, int]]],
    touched: Mapping[tuple[str, str], Counter[Change]],
    place: tuple[str, str],
) -> HeatCell | None:
    (before, cold), (after, warm) = (side.get(place, (0, 0)) for side in sides)
    changes = touched.get(place, Counter())
    if not before and not after and not changes:
        return None
    told = tuple((kind, changes[kind]) for kind in SIGNS if changes[kind])
    return HeatCell(before, after, cold, warm, told)


def _split(column: str) -> tuple[str, str]:
    return tenant_of(column) or "organization", column.partition("/")[2]
