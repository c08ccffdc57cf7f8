"""Witnesses of what changes beside access: of trust, those of the accesses that change hands;
of money, a job for which one side has room and the other has not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from qgov.language.concerns import Concern
from qgov.model.accesses import Cell, accesses
from qgov.model.principal import is_user, is_workload, name_of, workload
from qgov.plan.attempts import Attempt, Direction, deviating
from qgov.plan.changes import Change, ChangedCell, options
from qgov.plan.concerns import ConcernRow
from qgov.plan.directions import Direction as Way
from qgov.plan.money_misses import money_misses
from qgov.plan.plan import AccessChange
from qgov.plan.rates import bounded_by
from qgov.plan.renamed_side import RenamedSide
from qgov.plan.witness import Witness
from qgov.records import replace

__all__ = ["AT_SIGN_IN", "searches_beside", "witnessed_beside"]

AT_SIGN_IN: Final = "it is decided at sign-in, and no request tells it"
PERIOD: Final = "when a budget starts afresh the ledger counts, and no request tells it"
WARNS: Final = "it only warns"
ESTIMATED: Final = "what a job costs is estimated before it is asked for, and no request tells it"
SHOWN: Final = "it is about how cost is shown, and nothing is decided by it"
NONE_FOUND: Final = "none was found: other bounds are as strict, or it stops nothing"

MOST_CELLS: Final = 12
"""How many accesses a witness is sought with; of any two backends, one of each comes first."""

_SUBMIT: Final = "job:submit"
_RATES: Final = ("spec.exchangeRates.", "spec.credits.")


def searches_beside(
    row: ConcernRow, base: RenamedSide, head: RenamedSide
) -> Iterator[tuple[Direction, Iterator[Attempt]]]:
    """For each direction in which a budget's field may change decisions, requests to try."""
    if row.change.concern is not Concern.MONEY or _told_by_none(row):
        return
    gains, loses = Direction(head, base, True), Direction(base, head, False)
    ways = {Way.LOOSER: [gains], Way.STRICTER: [loses], Way.DIFFERENT: [gains, loses]}
    for direction in ways[row.change.direction]:
        yield direction, _attempts(row, direction)


def witnessed_beside(
    row: ConcernRow, found: Iterable[Witness], access: Iterable[AccessChange]
) -> ConcernRow:
    """The row with its witness, or why it has none. `found` are those that were sought."""
    if row.change.concern is Concern.TRUST and not row.rule.accompanies:
        moving = (c for c in access if c.row.moved is not None and row.cause in c.causes)
        witness = next((c.witness for c in moving if c.witness is not None), None)
        return replace(row, witness=witness, unwitnessed="" if witness else AT_SIGN_IN)
    if row.change.concern is not Concern.MONEY:
        return row
    witness = next(iter(found), None)
    return replace(row, witness=witness, unwitnessed="" if witness else _why_none(row))


def _told_by_none(row: ConcernRow) -> str:
    """Why no request can tell that the field is another; empty where one may."""
    field, document = row.change.field, row.change.document
    if document.startswith("Organization/"):
        moves_bounds = row.change.direction is Way.DIFFERENT and field.startswith(_RATES)
        told = SHOWN if field.startswith("spec.showback") else ESTIMATED
        return "" if moves_bounds else told
    if field == "spec.budget.period" and not any(map(_is_campaign, _sides(row))):
        return PERIOD
    return WARNS if field.endswith(".warnAt") else ""


def _sides(row: ConcernRow) -> tuple[object, object]:
    return row.change.before, row.change.after


def _is_campaign(written: object) -> bool:
    """Whether a period, as the language writes it, is one of which a request tells the time."""
    return isinstance(written, dict)


def _why_none(row: ConcernRow) -> str:
    return _told_by_none(row) or NONE_FOUND


def _attempts(row: ConcernRow, direction: Direction) -> Iterator[Attempt]:
    if direction.denies.model is None or direction.allows.model is None:
        return
    field = row.change.field if row.change.document.startswith("Budget/") else ""
    for name in _budgets_of(row, direction):
        misses = money_misses(name, field)
        for item in islice(_bounded(name, direction), MOST_CELLS):
            yield from deviating(item, direction, misses)


def _budgets_of(row: ConcernRow, direction: Direction) -> list[str]:
    """The budgets that a field is about, as the head calls them."""
    kind, _, name = row.change.document.partition("/")
    if kind == "Budget":
        return [name]
    place = row.change.places[-1]
    # What the field stands in is the base's, where it is gone.
    side = direction.allows if (place.side == "base") is not direction.gained else direction.denies
    names = [place.document.spec.budget] if kind == "BudgetException" else []
    if kind == "Organization" and side.model is not None:
        names = bounded_by(row, side.model)
    at_head = {own: name for name, own in side.budgets.items()}
    return [at_head.get(name, name) for name in names]


def _bounded(name: str, direction: Direction) -> Iterator[ChangedCell]:
    """The accesses on both sides whose jobs fall under a budget where they shall be denied."""
    base, head = direction.denies, direction.allows
    if not direction.gained:
        base, head = head, base
    assert base.model is not None
    assert head.model is not None
    before, after = (accesses(side.model).of(_SUBMIT) for side in (base, head) if side.model)
    seen: set[str] = set()
    later: list[ChangedCell] = []
    for cell, new in after.items():
        old = before.get(_own(cell, base), ())
        if is_user(cell.principal) or not old:
            continue
        if name in direction.denies.budgets_of(cell, cell.principal):
            item = ChangedCell(cell, Change.WIDENED, options(old), options(new), old, new)
            if cell.backend in seen:
                later.append(item)
            else:
                seen.add(cell.backend)
                yield item
    yield from later


def _own(cell: Cell, side: RenamedSide) -> Cell:
    principal = cell.principal
    if is_workload(principal):
        principal = workload(side.own_id(name_of(principal)))
    return cell._replace(principal=principal, scope=side.own(cell.scope))
