"""What a change was meant to do against what it does: achieved, not achieved, outside.

A gain that nobody declared is an error, whoever wrote it; a loss is shown. An access whose
conditions become others, neither more nor fewer, needs both a `gain` and a `lose`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from qgov.checks.guardrails import globs, told
from qgov.finding import Finding, closest
from qgov.language.intent import Intent, Wanted
from qgov.language.permissions import CATALOGUE
from qgov.model.access_model import AccessModel
from qgov.model.accesses import Cell
from qgov.model.principal import kind_of, name_of
from qgov.model.resolve import UNDEFINED
from qgov.model.scope import EVERYWHERE, matches, tenant_of
from qgov.plan.changes import Change, ChangedCell
from qgov.plan.concerns import ConcernRow

__all__ = ["OUTSIDE", "Parted", "Unmet", "parted", "reaches_all", "undefined", "unnamed"]

OUTSIDE: Final = "QG150"
"""The code of a gain outside the intent."""

MOST_HINTS: Final = 10
"""Names that a known one is sought for: an intent of thousands must not stall the run."""

_GAINS: Final = frozenset({Change.GRANTED, Change.WIDENED, Change.CHANGED})
_LOSES: Final = frozenset({Change.REVOKED, Change.NARROWED, Change.CHANGED})


class Unmet(Struct, frozen=True):
    """Something intended that the change does not do, or not everywhere, and why not."""

    wanted: Wanted
    why: str


class Parted(Struct, frozen=True):
    """The accesses that change, by whether they were meant to. `gained` and `lost` are
    those outside the intent; only the former are an error."""

    achieved: tuple[ChangedCell, ...]
    gained: tuple[ChangedCell, ...]
    lost: tuple[ChangedCell, ...]
    unmet: tuple[Unmet, ...]


def parted(
    intent: Intent,
    changed: Iterable[ChangedCell],
    before: Iterable[Cell],
    after: Iterable[Cell],
) -> Parted:
    """The three parts of a change. `before` and `after` are all accesses of both sides,
    from which it is told why something was not achieved."""
    wanted = list(intent.wanted())
    covering = _Covering(wanted)
    parts: dict[str, list[ChangedCell]] = {"achieved": [], "gained": [], "lost": []}
    met, lessened = 0, set()
    for item in changed:
        gain, lose = covering.gain(item), covering.lose(item)
        gains, loses = item.change in _GAINS, item.change in _LOSES
        part = "gained" if gains and not gain else "lost" if loses and not lose else "achieved"
        parts[part].append(item)
        met |= (gain if gains else 0) | (lose if loses else 0)
        if loses:
            lessened.add(item.cell)
    held_before, held_after, told_of, kept = 0, 0, 0, dict[int, Cell]()
    for cell in before:
        held_before |= covering(cell)
    for cell in after:
        mask = covering(cell)
        held_after |= mask
        if cell not in lessened and (fresh := mask & covering.loses & ~told_of):
            told_of |= fresh
            kept |= dict.fromkeys(_bits(fresh), cell)
    unmet = [
        Unmet(said, why)
        for bit, said in enumerate(wanted)
        if (
            why := _why(
                said,
                bool(met >> bit & 1),
                bool(held_before >> bit & 1),
                bool(held_after >> bit & 1),
                kept.get(bit),
            )
        )
    ]
    return Parted(
        tuple(parts["achieved"]), tuple(parts["gained"]), tuple(parts["lost"]), tuple(unmet)
    )


def _why(said: Wanted, met: bool, before: bool, after: bool, kept: Cell | None) -> str:
    """Why a part of the intent is not achieved; empty when it is."""
    if kept is not None:
        return f"{'in part: ' if met else ''}still held: {told(kept)}"
    if met:
        return ""
    named = globs((said.permission.removesuffix(":own"),))
    runs = any(p.executes for p in CATALOGUE.values() if named(p.name))
    if not runs and not globs((said.backend,))(""):
        return f"`{said.permission}` runs nothing: leave `backends` out"
    # Held there and then, and yet not meant: more than `:own` says.
    if said.verb == "gain":
        if not after:
            return "not held afterwards"
        return "held before" if before else "more than their own is gained"
    return "more than their own is lost" if before else "not held before"


class _Covering:
    """Which parts of an intent speak of an access, as bits: bit i is the i-th part. What is
    the same for many accesses is matched once."""

    def __init__(self, wanted: Sequence[Wanted]) -> None:
        self._principals = _Field((w.principal for w in wanted), _glob)
        self._permissions = _Field((w.permission.removesuffix(":own") for w in wanted), _glob)
        self._scopes = _Field((w.scope for w in wanted), _scope)
        self._backends = _Field((w.backend for w in wanted), _glob)
        self._own = sum(1 << bit for bit, w in enumerate(wanted) if w.own_only)
        self._gains = sum(1 << bit for bit, w in enumerate(wanted) if w.verb == "gain")
        self.loses = sum(1 << bit for bit, w in enumerate(wanted) if w.verb == "lose")

    def __call__(self, cell: Cell) -> int:
        return (
            self._principals(cell.principal)
            & self._permissions(cell.permission)
            & self._scopes(cell.scope)
            & self._backends(cell.backend)
        )

    def gain(self, item: ChangedCell) -> int:
        """The parts that mean this gain; `:own` does not mean everybody's."""
        return self._owned(item.after) & self._gains & self(item.cell)

    def lose(self, item: ChangedCell) -> int:
        """The parts that mean this loss."""
        return self._owned(item.before) & self.loses & self(item.cell)

    def _owned(self, options: Sequence[Any]) -> int:
        return -1 if all(found.own_only for found in options) else ~self._own


class _Field:
    """One field of an access against the patterns of all parts."""

    def __init__(
        self, patterns: Iterable[str], matcher: Callable[[str], Callable[[str], bool]]
    ) -> None:
        bits: dict[str, int] = {}
        for bit, pattern in enumerate(patterns):
            bits[pattern] = bits.get(pattern, 0) | 1 << bit
        self._matchers = [(matcher(pattern), mask) for pattern, mask in bits.items()]
        self._known: dict[str, int] = {}

    def __call__(self, value: str) -> int:
        if (found := self._known.get(value)) is None:
            found = 0
            for match, mask in self._matchers:
                found |= mask if match(value) else 0
            self._known[value] = found
        return found


def _glob(pattern: str) -> Callable[[str], bool]:
    return globs((pattern,))


def _scope(pattern: str) -> Callable[[str], bool]:
    return lambda scope: matches(pattern, scope)


def _bits(mask: int) -> Iterator[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def unnamed(intent: Intent, rows: Iterable[ConcernRow]) -> tuple[ConcernRow, ...]:
    """The fields that become looser or others without the intent naming them."""
    patterns = (p if " " in p else f"{p} *" for p in intent.fields)
    named = globs(tuple(patterns))
    return tuple(
        row
        for row in rows
        if row.is_gain and not named(f"{row.change.document} {row.change.field}")
    )


def reaches_all(intent: Intent) -> bool:
    """Whether it takes every tenant to tell if the intent is achieved: what is lost
    everywhere must be held nowhere."""
    return any(w.verb == "lose" and not tenant_of(w.scope) for w in intent.wanted())


def undefined(intent: Intent, models: Iterable[AccessModel | None]) -> list[Finding]:
    """An error for each name of the intent that none of the models has."""
    sides = [model for model in models if model is not None]
    findings: list[Finding] = []

    def require(missing: _Missing | None, *steps: str | int) -> None:
        if missing is None:
            return
        what, name, known = missing
        hint = closest(name, known) if len(findings) < MOST_HINTS else ""
        findings.append(
            Finding(
                UNDEFINED[what],
                f"there is no {what} `{name}`{hint}",
                intent.at(*steps),
                f"use a {what} that exists before or after the change",
            )
        )

    known = {
        "group": {name for m in sides for name in m.groups},
        "workload": {name for m in sides for name in m.workloads},
        "backend": {name for m in sides for name in m.organization.backends},
    }
    for index, said in enumerate(intent.statements):
        for place, who in enumerate(said.principals):
            require(_absent(kind_of(who), name_of(who), known), index, "principals", place)
        for place, scope in enumerate(said.scopes):
            require(_no_scope(scope, sides), index, "scopes", place)
        for place, backend in enumerate(said.backends):
            require(_absent("backend", backend, known), index, "backends", place)
    return findings


_Missing = tuple[str, str, Iterable[str]]
"""What sort of name is missing, the name, and those that exist."""


def _absent(kind: str, name: str, known: Mapping[str, set[str]]) -> _Missing | None:
    # A person is known by elevations alone; who has none, gains nothing, and that is told.
    if kind not in known or "*" in name or name in known[kind]:
        return None
    return kind, name, sorted(known[kind])


def _no_scope(pattern: str, models: Sequence[AccessModel]) -> _Missing | None:
    tenant, environment, project = [*pattern.split("/"), EVERYWHERE, EVERYWHERE][:3]
    tenants = [t for m in models for t in m.tenants.values()]
    if tenant == EVERYWHERE == environment == project:
        return None
    inside = [t for t in tenants if matches(tenant, t.name)]
    if not inside:
        return "tenant", tenant, sorted({t.name for t in tenants})
    environments = [e for t in inside for e in t.environments.values()]
    within = [e for e in environments if environment in (EVERYWHERE, e.name)]
    if not within and environment != EVERYWHERE:
        return "environment", environment, sorted({e.name for e in environments})
    projects = {p for e in within for p in e.projects}
    if project not in (EVERYWHERE, *projects):
        return "project", project, sorted(projects)
    return None
