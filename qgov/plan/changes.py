"""The difference of two tables of accesses, and its grouping into rows for people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

from msgspec import Struct

from qgov.language.permissions import CATALOGUE
from qgov.model.access_model import AccessModel
from qgov.model.accesses import AccessTable, Cell, Path
from qgov.model.conditions import Conditions
from qgov.model.known_by import KnownBy
from qgov.model.principal import Principal, is_user
from qgov.model.scope import EVERYWHERE, contains, depth
from qgov.plan.moved import Moved

__all__ = [
    "Change",
    "ChangedCell",
    "Row",
    "classify",
    "difference",
    "options",
    "rows",
]


class Change(StrEnum):
    """How an access changes."""

    GRANTED = "granted"
    REVOKED = "revoked"
    WIDENED = "widened"
    NARROWED = "narrowed"
    CHANGED = "changed"


Options = tuple[Conditions, ...]
"""Alternative conditions, any of which suffices: the least strict ways to an access."""


class ChangedCell(Struct, frozen=True):
    """One access that differs, with the ways to it on both sides. Where it is granted to whom
    its principal is now known by, or revoked from whom it was, `moved` says so, and `as_before`
    that it takes the same of both."""

    cell: Cell
    change: Change
    before: Options
    after: Options
    base: tuple[Path, ...]
    head: tuple[Path, ...]
    moved: Moved | None = None
    as_before: bool = False


class Row(Struct, frozen=True):
    """Accesses that change alike: one principal and permission, the widest scope that the
    change covers whole, and the backends. `cells` are the accesses it stands for, `moved` and
    `as_before` are theirs."""

    principal: Principal
    permission: str
    scope: str
    backends: tuple[str, ...]
    change: Change
    before: Options
    after: Options
    cells: tuple[ChangedCell, ...]
    moved: Moved | None = None
    as_before: bool = False

    @property
    def known_by(self) -> KnownBy | None:
        """Whom it is granted to or revoked from, where that is what moves it: of two tokens that
        count, the one that moves."""
        if self.moved is None:
            return None
        mine, other = self.moved.after, self.moved.before
        if self.change is not Change.GRANTED:
            mine, other = other, mine
        if mine.client == other.client:
            return mine.own
        return mine.client if mine.client is not None and mine.own == other.own else mine


def options(paths: Sequence[Path]) -> Options:
    """The least strict of several ways; one that implies another adds nothing."""
    if len(paths) == 1:
        return (paths[0].conditions,)
    kept: list[Conditions] = []
    for mine in sorted({path.conditions for path in paths}, key=repr):
        # Two may imply each other (windows that differ in who approved): the first stands
        # for both.
        if not any(mine.implies(other) for other in kept):
            kept = [other for other in kept if not other.implies(mine)] + [mine]
    return tuple(kept)


def classify(before: Options, after: Options) -> Change | None:
    """How an access changes, or None when what it takes stays the same."""
    if before == after:
        return None
    if not before:
        return Change.GRANTED
    if not after:
        return Change.REVOKED
    wider, narrower = _covers(after, before), _covers(before, after)
    if wider and narrower:
        return None
    return Change.WIDENED if wider else Change.NARROWED if narrower else Change.CHANGED


def _covers(wide: Options, narrow: Options) -> bool:
    """Whether whoever meets one of `narrow` meets one of `wide`."""
    return all(any(mine.implies(other) for other in wide) for mine in narrow)


_NOBODY: Final[Mapping[Principal, Moved]] = {}


def difference(
    base: Mapping[Cell, tuple[Path, ...]],
    head: Mapping[Cell, tuple[Path, ...]],
    moved: Mapping[Principal, Moved] = _NOBODY,
) -> list[ChangedCell]:
    """Every access that differs, sorted. One of a principal that is known by something else
    is revoked from the one and granted to the other."""
    found: list[ChangedCell] = []
    compared = _Comparison()
    for cell in sorted(_to_compare(base, head, moved)):
        old, new = base.get(cell, ()), head.get(cell, ())
        if is_user(cell.principal):
            old, new = (*old, *_held(base, cell, old + new)), (*new, *_held(head, cell, old + new))
        if moved:
            apart, old, new = _apart(cell, old, new, moved)
            found += apart
        before, after, change = compared(old, new)
        if change is not None:
            found.append(ChangedCell(cell, change, before, after, old, new))
    return found


def _to_compare(
    base: Mapping[Cell, Any], head: Mapping[Cell, Any], moved: Collection[Principal]
) -> set[Cell]:
    """The cells of both tables; what they share is the same, whoever it is given to."""
    if moved or not (isinstance(base, AccessTable) and isinstance(head, AccessTable)):
        return {*base, *head}
    return {
        cell
        for permission in CATALOGUE
        if not head.is_shared(permission)
        for cell in (*base.of(permission), *head.of(permission))
    }


class _Comparison:
    """How an access changes by the ways to it. Most have one way on each side, and few conditions
    are shared by many, so each two of them are compared once."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], tuple[Options, Options, Change | None]] = {}

    def __call__(
        self, old: tuple[Path, ...], new: tuple[Path, ...]
    ) -> tuple[Options, Options, Change | None]:
        if len(old) > 1 or len(new) > 1:
            return _compared(old, new)
        # The tables keep the conditions, so that none is another at the same address.
        key = (_way(old), _way(new))
        if (found := self._known.get(key)) is None:
            found = self._known[key] = _compared(old, new)
        return found


def _way(paths: tuple[Path, ...]) -> int:
    return id(paths[0].conditions) if paths else 0


def _compared(
    old: tuple[Path, ...], new: tuple[Path, ...]
) -> tuple[Options, Options, Change | None]:
    before, after = options(old), options(new)
    return before, after, classify(before, after)


def _apart(
    cell: Cell, old: tuple[Path, ...], new: tuple[Path, ...], moved: Mapping[Principal, Moved]
) -> tuple[list[ChangedCell], tuple[Path, ...], tuple[Path, ...]]:
    """What is revoked from and granted to those who are known by something else, and the ways
    that are left to compare: those of the others, and of whoever is known by both."""

    def holder(path: Path) -> Principal:
        return path.binding.principal if is_user(cell.principal) else cell.principal

    found: list[ChangedCell] = []
    for who in sorted({holder(path) for path in (*old, *new)} & moved.keys()):
        was, now = (tuple(p for p in paths if holder(p) == who) for paths in (old, new))
        if not was or not now:
            continue
        known, before, after = moved[who], options(was), options(now)
        same = before == after
        if known.shuts_out:
            found.append(ChangedCell(cell, Change.REVOKED, before, (), was, (), known, same))
        if known.lets_in:
            found.append(ChangedCell(cell, Change.GRANTED, (), after, (), now, known, same))
        if not known.before.meets(known.after):
            old, new = (tuple(p for p in paths if holder(p) != who) for paths in (old, new))
    return found, old, new


def _held(
    table: Mapping[Cell, tuple[Path, ...]], cell: Cell, paths: Iterable[Path]
) -> tuple[Path, ...]:
    """What an elevated person holds all the time, by the groups that the elevation runs
    through: losing an elevation to what one holds anyway is no loss."""
    return tuple(
        path
        for group in dict.fromkeys(path.binding.principal for path in paths)
        for path in table.get(cell._replace(principal=group), ())
        if path.conditions.eligible is None
    )


_ORDER: Final = tuple(Change)
_Alike = tuple[Principal, str, Change, int, Moved | None, bool]


def rows(
    changed: Iterable[ChangedCell],
    base: AccessModel | None,
    head: AccessModel | None,
    *,
    whole: bool,
) -> list[Row]:
    """Cells grouped: same principal, permission, change and conditions are one row a
    scope; a scope that is covered whole stands for what is inside it. `whole` says that
    every tenant was compared, so that `*` may stand for all of them."""
    by_scope: dict[tuple[_Alike, str], list[ChangedCell]] = defaultdict(list)
    terms: dict[tuple[Options, Options], int] = {}
    known: dict[tuple[int, int], int] = {}  # by the objects: hashing conditions takes long
    for item in changed:
        cell, key = item.cell, (id(item.before), id(item.after))
        if (number := known.get(key)) is None:
            number = known[key] = terms.setdefault((item.before, item.after), len(terms))
        what = (cell.principal, cell.permission, item.change)
        by_scope[(*what, number, item.moved, item.as_before), cell.scope].append(item)
    groups: dict[tuple[_Alike, tuple[str, ...]], dict[str, list[ChangedCell]]]
    groups = defaultdict(dict)
    for (alike, scope), items in by_scope.items():
        groups[alike, tuple(sorted({item.cell.backend for item in items} - {""}))][scope] = items
    found: list[Row] = []
    for (_, backends), scopes in groups.items():
        first = next(iter(scopes.values()))[0]
        model = base if first.change is Change.REVOKED else head
        for scope, inside in _rolled_up(scopes, model, whole).items():
            cells = tuple(item for leaf in inside for item in scopes[leaf])
            found.append(
                Row(
                    first.cell.principal,
                    first.cell.permission,
                    scope,
                    backends,
                    first.change,
                    first.before,
                    first.after,
                    cells,
                    first.moved,
                    first.as_before,
                )
            )
    return sorted(
        found,
        key=lambda r: (r.principal, r.scope, r.permission, r.backends, _ORDER.index(r.change)),
    )


def _rolled_up(
    scopes: Mapping[str, list[ChangedCell]], model: AccessModel | None, whole: bool
) -> dict[str, list[str]]:
    """Widest scopes that are covered whole and that a binding names → leaves."""
    found = {scope: [scope] for scope in sorted(scopes)}
    if model is None or EVERYWHERE in found:
        return found
    bound = {
        path.binding.scope if path.elevation is None else path.elevation.scope
        for items in scopes.values()
        for item in items
        for path in (item.head or item.base)
    }
    for level in (3, 2, 1):
        if level == 1 and not whole:
            break
        found = _lifted(found, model, level, bound)
    return found


def _lifted(
    found: dict[str, list[str]], model: AccessModel, level: int, bound: Collection[str]
) -> dict[str, list[str]]:
    parents: dict[str, list[str]] = defaultdict(list)
    for scope in found:
        if depth(scope) == level:
            parents[scope.rpartition("/")[0] or EVERYWHERE].append(scope)
    lifted = dict(found)
    for parent, children in parents.items():
        if set(children) == _children(model, parent) and any(contains(b, parent) for b in bound):
            leaves = [leaf for child in children for leaf in lifted.pop(child)]
            lifted[parent] = leaves
    return dict(sorted(lifted.items()))


def _children(model: AccessModel, parent: str) -> set[str]:
    if parent == EVERYWHERE:
        return set(model.tenants)
    tenant, _, environment = parent.partition("/")
    if tenant not in model.tenants:
        return set()
    environments = model.tenants[tenant].environments
    if not environment:
        return {e.scope for e in environments.values()}
    return {f"{parent}/{p}" for p in environments[environment].projects}
