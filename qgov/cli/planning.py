"""Making a plan of two sides of a repository: what `qgov plan` and `qgov verify` share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import typer

from qgov.cli.common import clock, progress
from qgov.cli.declared import unfit
from qgov.errors import FindingsError, QgovError, Report, under
from qgov.finding import Severity
from qgov.language.intent import Intent
from qgov.language.scalars import parse_duration
from qgov.lazy import lazy
from qgov.model.access_model import AccessModel
from qgov.plan.author import Author
from qgov.plan.intent import undefined
from qgov.plan.make import make_plan
from qgov.plan.plan import Plan
from qgov.plan.sides import Side, load_cached, time_of
from qgov.repository import EMPTY, Snapshot, at_ref, at_work_tree, default_base, open_repository

__all__ = ["Asked", "Planned", "planned"]

_Model = AccessModel | None
_witnessed: Callable[[Plan, _Model, _Model], Plan] = lazy("qgov.plan.witness_search:with_witnesses")
_proven: Callable[[Plan, _Model, _Model, Callable[[int, int], None]], Plan] = lazy(
    "qgov.conformance.proofs:with_proofs"
)
_has_library: Callable[[str], bool] = lazy("qgov.conformance.subject:has_library")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a plan is asked: the options of `qgov plan`, as they were given. `base` None is
    the merge-base with the default branch, `head` None the work tree."""

    root: Path
    base: str | None = None
    head: str | None = None
    horizon: str | None = None
    overrides: tuple[str, ...] = ()
    now: str | None = None
    intent: Intent | None = None
    author: Author | None = None
    witness: bool = False
    prove: bool = False


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, the sides that it compares, and the time by which they were judged."""

    plan: Plan
    before: Side
    after: Side
    time: datetime


def planned(asked: Asked) -> Planned:
    """The plan. Raises QgovError where there is none, and typer.BadParameter."""
    within, intent = _duration(asked.horizon), asked.intent
    old, new = _snapshots(asked)
    committed = time_of(old, new) if asked.now is None else None
    time = committed or clock(asked.now)
    cache = Path(open_repository(asked.root).common_dir) / "qgov" / "index.json"
    # What will change by itself may lie in a tenant that this change does not touch.
    before, after, reach = load_cached(cache, old, new, time, intent, whole=within is not None)
    _require_readable(before, after)
    if intent and (unknown := undefined(intent, (before.model, after.model))):
        raise unfit(intent.path, unknown)
    made = make_plan(
        before,
        after,
        reach,
        now=time,
        overridden=asked.overrides,
        horizon_s=within,
        intent=intent,
        author=asked.author,
    )
    if asked.witness:
        with under("PLAN FAILED: no witness could be decided"):
            made = _witnessed(made, before.model, after.model)
    if asked.prove:
        made = _with_proofs(made, before, after)
    return Planned(made, before, after, time)


def _with_proofs(made: Plan, before: Side, after: Side) -> Plan:
    with under("PLAN FAILED: nothing can be proven"):
        if not _has_library("cirq_google"):
            raise QgovError("Cirq is not installed: qgov[conform]")
    with under("PLAN FAILED: nothing could be proven"):
        return _proven(made, before.model, after.model, progress("circuits"))


def _snapshots(asked: Asked) -> tuple[Snapshot, Snapshot]:
    root, head = asked.root, asked.head
    repository = open_repository(root)
    new = at_work_tree(repository, root) if head is None else at_ref(repository, root, head)
    began = asked.base if asked.base is not None else default_base(repository, head)
    old = EMPTY if began in (None, "empty") else at_ref(repository, root, str(began))
    return old, new


def _duration(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return parse_duration(text)
    except ValueError as error:
        raise typer.BadParameter("write a duration like 30d", param_hint="--horizon") from error


def _require_readable(before: Side, after: Side) -> None:
    """A plan that failed is no plan: raises FindingsError with the errors of both sides."""
    failed = [
        Report(
            [f for f in side.findings if f.severity is Severity.ERROR],
            f"PLAN FAILED: {name} ({side.snapshot.ref}) cannot be understood",
        )
        for name, side in (("base", before), ("head", after))
        if not side.readable
    ]
    if failed:
        raise FindingsError(*failed)
