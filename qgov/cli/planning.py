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
    from qgov.plan.sides import Side
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
    from qgov.plan.make import make_plan
    from qgov.plan.sides import load_cached, time_of
    from qgov.repository import open_repository

    within, intent = _duration(asked.horizon), asked.intent
    old, new = _snapshots(asked)
    committed = time_of(old, new) if asked.now is None else None
    time = committed or clock(asked.now)
    cache = Path(open_repository(asked.root).common_dir) / "qgov" / "index.json"
    # What will change by itself may lie in a tenant that this change does not touch.
    before, after, reach = load_cached(cache, old, new, time, intent, whole=within is not None)
    if not (before.readable and after.readable):
        _failed(before, after)
        return None
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
