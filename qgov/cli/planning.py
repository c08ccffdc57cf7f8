"""Making a plan of two sides of a repository: what `qgov plan` and `qgov verify` share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from qgov.cli.common import clock, say
from qgov.cli.declared import refuse
from qgov.cli.witnessing import proven, witnessed

if TYPE_CHECKING:
    from datetime import datetime

    from qgov.language.intent import Intent
    from qgov.plan.author import Author
    from qgov.plan.plan import Plan
    from qgov.plan.sides import Reach, Side
    from qgov.repository import Snapshot

__all__ = ["Asked", "Planned", "planned"]


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


def planned(asked: Asked) -> Planned | None:
    """The plan; None, with the reasons on standard error, where there is none. Raises
    RepositoryError and typer.BadParameter."""
    from qgov.plan.intent import undefined
    from qgov.plan.plan import make_plan

    within = _duration(asked.horizon)
    old, new = _snapshots(asked)
    # Rules judge both sides at one time: the head's own, so that two commits always give
    # the same plan, or the clock for what is not committed yet. The author of a change
    # chooses its date, so it counts only if it is later than what was merged.
    times = [side.time for side in (old, new) if side.time is not None]
    time = max(times) if new.time is not None and asked.now is None else clock(asked.now)
    before, after, reach = _sides(asked, old, new, time, within is not None)
    if not (before.readable and after.readable):
        _failed(before, after)
        return None
    intent = asked.intent
    if intent and (unknown := undefined(intent, (before.model, after.model))):
        refuse(intent.path, unknown)
        return None
    made: Plan | None = make_plan(
        before,
        after,
        reach,
        now=time,
        overridden=asked.overrides,
        horizon_s=within,
        intent=intent,
        author=asked.author,
    )
    if asked.witness and made is not None:
        made = witnessed(made, before, after)
    if asked.prove and made is not None:
        made = proven(made, before, after)
    return None if made is None else Planned(made, before, after, time)


def _snapshots(asked: Asked) -> tuple[Snapshot, Snapshot]:
    from qgov.repository import EMPTY, at_ref, at_work_tree, default_base, open_repository

    root, head = asked.root, asked.head
    repository = open_repository(root)
    new = at_work_tree(repository, root) if head is None else at_ref(repository, root, head)
    began = asked.base if asked.base is not None else default_base(repository, head)
    old = EMPTY if began in (None, "empty") else at_ref(repository, root, str(began))
    return old, new


def _sides(
    asked: Asked, old: Snapshot, new: Snapshot, time: datetime, whole: bool
) -> tuple[Side, Side, Reach]:
    from qgov.plan.index import load_index, save_index
    from qgov.plan.intent import reaches_all, undefined
    from qgov.plan.sides import load_sides
    from qgov.repository import open_repository

    cache = Path(open_repository(asked.root).common_dir) / "qgov" / "index.json"
    index = load_index(cache)
    known = len(index)
    intent = asked.intent
    # What will change by itself may lie in a tenant that this change does not touch, and so
    # may what an intent speaks of.
    whole = whole or (intent is not None and reaches_all(intent))
    before, after, reach = load_sides(old, new, index, time, whole=whole)
    if intent and reach.tenants is not None and undefined(intent, (before.model, after.model)):
        before, after, reach = load_sides(old, new, index, time, whole=True)
    if len(index) != known:
        save_index(cache, {blob: index[blob] for s in (old, new) for blob in s.blobs.values()})
    return before, after, reach


def _duration(text: str | None) -> int | None:
    from pydantic_core import PydanticCustomError

    from qgov.language.scalars import parse_duration

    if text is None:
        return None
    try:
        return parse_duration(text)
    except PydanticCustomError as error:
        raise typer.BadParameter("write a duration like 30d", param_hint="--horizon") from error


def _failed(before: Side, after: Side) -> None:
    """A plan that failed is no plan: nothing on standard output, the reasons beside it."""
    from qgov.finding import Severity
    from qgov.render.findings import as_text

    for name, side in (("base", before), ("head", after)):
        errors = [f for f in side.findings if f.severity is Severity.ERROR]
        if not side.readable:
            say(
                f"PLAN FAILED: {name} ({side.snapshot.ref}) cannot be understood\n"
                + as_text(errors).rstrip()
            )
