"""Looking for the witness of each access change, by asking the policies of both sides.

Both sides are compiled as far as the plan loaded them, so that the cost is in proportion to
the change, and every decision is Cedar's on what was compiled. A change that no request shows
is an error of qgov and a finding, unless it changes no decision (`qgov.plan.without_effect`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from itertools import islice
from typing import Any, Final

from msgspec import Struct

from qgov.decision.decision import Decision
from qgov.decision.engine import UNANSWERED, Engine, EngineError, Settings
from qgov.decision.engines import engines
from qgov.decision.made_up import WITNESS
from qgov.finding import Finding, Origin
from qgov.model.access_model import AccessModel
from qgov.model.conditions import Conditions
from qgov.model.principal import kind_of
from qgov.plan.attempts import Attempt, Direction, attempts
from qgov.plan.beside_witness import AT_SIGN_IN, searches_beside, witnessed_beside
from qgov.plan.changes import Change, ChangedCell, Row
from qgov.plan.plan import AccessChange, Plan
from qgov.plan.renamed_side import RenamedSide
from qgov.plan.renaming import SCOPES
from qgov.plan.without_effect import without_effect
from qgov.plan.witness import Witness
from qgov.records import replace
from qgov.targets import emit

__all__ = ["ENGINE", "MISSING", "with_witnesses"]

MISSING: Final = "QG160"
"""The code of a change that no request shows."""

ENGINE: Final = "cedar"
"""Of the engines that need nothing but a Python package, the one that starts and answers
fastest; the conformance tests hold it to the same answers as the others."""

MOST_ALIKE: Final = 100
"""How many changes that differ in nothing but who and where have a witness of their own; the
others are shown by the first one's, so that a role that reaches everybody is planned in time
that grows with the plan and not with the decisions of an engine."""

MOST_CELLS: Final = 12
"""How many of a row's accesses are tried. They have the same conditions, and nearly always
the first one shows the change."""


def with_witnesses(plan: Plan, base: AccessModel | None, head: AccessModel | None) -> Plan:
    """The plan with a witness at each access change. Raises EngineError when the engine is
    missing or does not answer."""
    old, new = _views(plan, base, head)
    leaders = _leaders(plan.access)
    searches = [
        _Search(number, direction, _attempts(change.row, direction))
        for number, change in enumerate(plan.access)
        if leaders[number] == number
        for direction in _directions(change.row.change, old, new)
    ]
    many = len(plan.access)
    searches += [
        _Search(many + number, direction, tries)
        for number, row in enumerate(plan.concerns)
        for direction, tries in searches_beside(row, old, new)
    ]
    found: dict[tuple[int, bool], Witness] = {}
    with ExitStack() as stack:
        asked = (
            []
            if not searches
            else [stack.enter_context(_engine(view.model)) for view in (old, new)]
        )
        while searches:
            searches = list(_round(searches, old, asked, found))
    changes = [
        _witnessed(change, _shown(found, plan.access, leaders[number], number), old, new)
        for number, change in enumerate(plan.access)
    ]
    missing = [_missing(c) for c in changes if c.witness is None and not c.unwitnessed]
    beside = (
        witnessed_beside(
            row,
            [found[key] for key in ((many + n, True), (many + n, False)) if key in found],
            changes,
        )
        for n, row in enumerate(plan.concerns)
    )
    return replace(
        plan,
        access=tuple(changes),
        concerns=tuple(beside),
        new_findings=(*missing, *plan.new_findings),
    )


def _views(
    plan: Plan, base: AccessModel | None, head: AccessModel | None
) -> tuple[RenamedSide, RenamedSide]:
    scopes: dict[str, str] = {}
    budgets: dict[str, str] = {}
    for old, new in plan.renames:
        kind, _, name = new.partition("/")
        names = scopes if kind in SCOPES else budgets if kind == "Budget" else {}
        names[name] = old.partition("/")[2]
    return RenamedSide(base, scopes, budgets), RenamedSide(head)


class _Search(Struct, frozen=True):
    """The change that a witness is sought for, and what is still to be tried."""

    number: int
    direction: Direction
    attempts: Iterator[Attempt]


_ALLOWED_AT: Final = {
    Change.GRANTED: (True,),
    Change.REVOKED: (False,),
    Change.WIDENED: (True,),
    Change.NARROWED: (False,),
    Change.CHANGED: (True, False),
}
"""Whether the head allows what the base denies, or the reverse."""


def _directions(change: Change, base: RenamedSide, head: RenamedSide) -> list[Direction]:
    return [
        Direction(head, base, True) if gained else Direction(base, head, False)
        for gained in _ALLOWED_AT[change]
    ]


def _attempts(row: Row, direction: Direction) -> Iterator[Attempt]:
    for item in islice(_cells(row), MOST_CELLS):
        yield from attempts(item, direction)


def _cells(row: Row) -> Iterator[ChangedCell]:
    """The row's accesses, those of different backends first."""
    first = {item.cell.backend: item for item in reversed(row.cells)}
    yield from (item for item in row.cells if first[item.cell.backend] is item)
    yield from (item for item in row.cells if first[item.cell.backend] is not item)


def _engine(model: AccessModel | None) -> AbstractContextManager[Engine | None]:
    """The engine with a side's compiled policy; None for the empty repository."""
    if model is None:
        return nullcontext()
    kind = engines()[ENGINE]
    files, findings = emit(model, (ENGINE,))
    if not files:
        raise EngineError(f"the policy cannot be compiled: {findings[0].told}")
    return kind.start(model, files, Settings())


def _round(
    searches: Sequence[_Search],
    base: RenamedSide,
    asked: Sequence[Engine | None],
    found: dict[tuple[int, bool], Witness],
) -> Iterator[_Search]:
    """Makes one attempt of each search; those that found nothing go on."""
    tried = [(search, next(search.attempts, None)) for search in searches]
    open_ = [(search, attempt) for search, attempt in tried if attempt is not None]
    requests = [WITNESS.json(attempt.request) for _, attempt in open_]
    at_base = [WITNESS.json(base.request(attempt.request)) for _, attempt in open_]
    old, new = _decisions(asked[0], at_base), _decisions(asked[1], requests)
    for (search, attempt), request, former, before, after in zip(
        open_, requests, at_base, old, new, strict=True
    ):
        gained = search.direction.gained
        if before.allow is not gained and after.allow is gained:
            other = former if former != request else None
            found[search.number, gained] = Witness(request, before, after, attempt.says, other)
        else:
            yield search


def _decisions(engine: Engine | None, requests: Sequence[Mapping[str, Any]]) -> list[Decision]:
    # Where nothing is compiled, nobody answers, and whoever asks denies.
    return engine.decide(requests) if engine is not None else [UNANSWERED] * len(requests)


def _leaders(changes: Sequence[AccessChange]) -> list[int]:
    """For each change, the number of the one whose witness shows it: mostly itself."""
    alike: dict[object, list[int]] = defaultdict(list)
    leaders: list[int] = []
    for number, change in enumerate(changes):
        row = change.row
        kind = kind_of(row.principal)
        shapes = tuple(tuple(map(_shape, options)) for options in (row.before, row.after))
        group = alike[kind, row.permission, row.backends, row.change, change.causes, shapes]
        group.append(number)
        leaders.append(number if len(group) <= MOST_ALIKE else group[0])
    return leaders


def _shape(conditions: Conditions) -> Conditions:
    """The conditions without the names that every tenant has its own of."""
    eligible = conditions.eligible
    return replace(
        conditions,
        eligible=replace(eligible, approvers="") if eligible else None,
        approvals=tuple(replace(r, approvers="", budget="") for r in conditions.approvals),
        budgets=("",) * len(conditions.budgets),
    )


def _shown(
    found: Mapping[tuple[int, bool], Witness],
    changes: Sequence[AccessChange],
    leader: int,
    number: int,
) -> list[Witness]:
    """The witnesses of a change, of what is gained first."""
    row = changes[leader].row
    of = None if leader == number else (row.principal, row.scope)
    shown = [found[leader, gained] for gained in (True, False) if (leader, gained) in found]
    return [replace(witness, of=of) for witness in shown]


def _witnessed(
    change: AccessChange, witnesses: Sequence[Witness], base: RenamedSide, head: RenamedSide
) -> AccessChange:
    reasons: set[str] = set()
    row = change.row
    if not witnesses and row.moved and row.moved.before.in_request == row.moved.after.in_request:
        reasons = {AT_SIGN_IN}
    elif not witnesses:
        reasons = {without_effect(item, base, head) for item in row.cells}
    return replace(
        change,
        witness=witnesses[0] if witnesses else None,
        witness_lost=witnesses[1] if witnesses[1:] else None,
        unwitnessed="" if "" in reasons else "; ".join(sorted(reasons)),
    )


def _missing(change: AccessChange) -> Finding:
    row, cause = change.row, change.causes[0]
    return Finding(
        MISSING,
        f"no request shows that `{row.principal}` is {row.change} `{row.permission}` on "
        f"`{row.scope}`",
        Origin(cause.path, cause.line),
        "this is an error of qgov: report it with the two commits, and review this change by hand",
    )
