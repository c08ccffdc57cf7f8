"""Making a plan of two sides of a repository: what `qgov plan` and `qgov verify` share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

import typer
from msgspec import Struct

from qgov.cli.common import clock, progress, together, wall_clock
from qgov.cli.streams import say
from qgov.errors import FindingsError, QgovError, Report, under
from qgov.finding import Finding, Severity, has_errors, in_order
from qgov.language.intent import Intent
from qgov.language.scalars import parse_duration
from qgov.lazy import lazy
from qgov.model.access_model import AccessModel
from qgov.pipeline import load
from qgov.plan.author import Author
from qgov.plan.intent import undefined
from qgov.plan.make import make_plan
from qgov.plan.plan import Plan
from qgov.plan.reach import Reach
from qgov.plan.sides import Side, load_cached, time_of
from qgov.render.escaping import plain
from qgov.repository import (
    EMPTY,
    Repository,
    Snapshot,
    at_base,
    at_last,
    at_ref,
    at_work_tree,
    default_base,
    open_repository,
)

__all__ = ["Asked", "Planned", "Sides", "plan_of", "planned", "sides_of"]

_Model = AccessModel | None
_witnessed: Callable[[Plan, _Model, _Model], Plan] = lazy("qgov.plan.witness_search:with_witnesses")
_proven: Callable[[Plan, _Model, _Model, Callable[[int, int], None]], Plan] = lazy(
    "qgov.conformance.proofs:with_proofs"
)
_has_library: Callable[[str], bool] = lazy("qgov.conformance.subject:has_library")


_OTHER_BASE: Final = "; give a commit that can be with --base, or `--base empty`"


class Asked(Struct, frozen=True):
    """What a plan is asked: the options of `qgov plan`, as they were given. `base` None is
    the merge-base with the default branch, `head` None the work tree."""

    root: Path
    base: str | None = None
    head: str | None = None
    horizon: str | None = None
    overrides: tuple[str, ...] = ()
    now: str | None = None
    intent: Intent | None = None
    amiss: tuple[Finding, ...] = ()
    """What is wrong with the intent by itself."""
    author: Author | None = None
    witness: bool = False
    prove: bool = False


class Planned(Struct, frozen=True):
    """A plan, the sides that it compares, and the time by which they were judged."""

    plan: Plan
    before: Side
    after: Side
    time: datetime


class Sides(Struct, frozen=True):
    """The two sides of a plan, both readable, how far the change between them reaches, the
    time by which they are judged, and for how long to look ahead."""

    before: Side
    after: Side
    reach: Reach
    time: datetime
    within_s: int | None


def planned(asked: Asked) -> Planned:
    """The plan. Raises QgovError where there is none."""
    return plan_of(asked, sides_of(asked))


def sides_of(asked: Asked) -> Sides:
    """What is to be compared. Raises QgovError with all that is wrong with it, and with what
    the intent says of it."""
    with together() as each:
        with each():
            within = _duration(asked.horizon)
        with each():
            if asked.now is not None:
                clock(asked.now)
        with each():
            repository = open_repository(asked.root)
            old, new = _snapshots(repository, asked)
    if not old.blobs and not new.blobs:
        say(f"no file below {asked.root} is one of a configuration, on either side: see --root")
    cache = Path(repository.common_dir) / "qgov"

    def loaded(old: Snapshot) -> tuple[datetime, tuple[Side, Side, Reach]]:
        committed = time_of(old, new, wall_clock()) if asked.now is None else None
        time = committed or clock(asked.now)
        # What will change by itself may lie in a tenant that this change does not touch.
        whole = within is not None
        return time, load_cached(cache, old, new, time, asked.intent, whole=whole)

    time, (before, after, reach) = loaded(old)
    if after.readable and not before.readable:
        found = at_last(repository, asked.root, old, _can_be_read)
        if found is not None:
            say(_passed_over(before, found))
            time, (before, after, reach) = loaded(found)
    with together() as each:
        with each():
            _require_readable(before, after)
        with each():
            _require_fit(asked, before, after)
    return Sides(before, after, reach, time, within)


def plan_of(asked: Asked, sides: Sides) -> Planned:
    """The plan of two sides. Raises QgovError where it cannot be shown or proven as asked."""
    before, after = sides.before, sides.after
    made = make_plan(
        before,
        after,
        sides.reach,
        now=sides.time,
        overridden=asked.overrides,
        horizon_s=sides.within_s,
        intent=asked.intent,
        author=asked.author,
    )
    if asked.witness:
        with under("PLAN FAILED: no witness could be decided"):
            made = _witnessed(made, before.model, after.model)
    if asked.prove:
        made = _with_proofs(made, before, after)
    return Planned(made, before, after, sides.time)


def _with_proofs(made: Plan, before: Side, after: Side) -> Plan:
    with under("PLAN FAILED: nothing can be proven"):
        if not _has_library("cirq_google"):
            raise QgovError("Cirq is not installed: qgov[conform]")
    with under("PLAN FAILED: nothing could be proven"):
        return _proven(made, before.model, after.model, progress("circuits"))


def _snapshots(repository: Repository, asked: Asked) -> tuple[Snapshot, Snapshot]:
    root, head = asked.root, asked.head
    new = at_work_tree(repository, root) if head is None else at_ref(repository, root, head)
    if asked.base is None:
        began = default_base(repository, head)
        return EMPTY if began is None else at_ref(repository, root, began), new
    if asked.base == "empty":
        return EMPTY, new
    old = at_base(repository, root, asked.base, head)
    if old.ref != asked.base:
        say(
            f"--base {asked.base} has commits that {head or 'HEAD'} was not made on: "
            f"compared with {old.ref} ({str(old.commit)[:12]})"
        )
    return old, new


def _can_be_read(snapshot: Snapshot) -> bool:
    # Without a document it would be the empty repository, in which everything is a gain.
    if has_errors(snapshot.findings) or not snapshot.blobs:
        return False
    return load(snapshot.read(snapshot.blobs)).model is not None


def _passed_over(base: Side, found: Snapshot) -> str:
    """Which side cannot be read, where, and what it is compared with instead."""
    first = next(f for f in base.findings if f.severity is Severity.ERROR)
    at = f" ({base.snapshot.commit[:12]})" if base.snapshot.commit else ""
    return (
        f"the base, {base.snapshot.ref}{at}, cannot be understood: "
        f"{plain(str(first.origin))} {first.code} {plain(first.message)}\n"
        f"compared with the last commit before it that can be: {str(found.commit)[:12]}"
    )


def _duration(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return parse_duration(text)
    except ValueError as error:
        raise typer.BadParameter("write a duration like 30d", param_hint="--horizon") from error


def _require_fit(asked: Asked, before: Side, after: Side) -> None:
    """Nothing is planned on half of an intent: raises FindingsError with all that is wrong
    with it, as far as the sides can tell."""
    wrong, intent = [*asked.amiss], asked.intent
    if intent is not None and before.readable and after.readable:
        wrong += undefined(intent, (before.model, after.model))
    if wrong:
        path = wrong[0].origin.path
        raise FindingsError(
            Report(in_order(wrong), f"PLAN FAILED: the intent ({path}) cannot be followed")
        )


def _require_readable(before: Side, after: Side) -> None:
    """A plan that failed is no plan: raises FindingsError with the errors of both sides."""
    failed = [
        Report(
            [f for f in side.findings if f.severity is Severity.ERROR],
            f"PLAN FAILED: {name} ({side.snapshot.ref}) cannot be understood{remedy}",
        )
        for name, side, remedy in (("base", before, _OTHER_BASE), ("head", after, ""))
        if not side.readable
    ]
    if failed:
        raise FindingsError(*failed)
