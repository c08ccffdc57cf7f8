"""`qgov plan`: what a change does to effective access."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qgov.cli.common import Now, Root, choose, clock, say, wants_colour, write
from qgov.cli.declared import AuthorGroups, AuthorId, IntentFile, author_of, intent_of, refuse
from qgov.cli.witnessing import Witnesses, witnessed

if TYPE_CHECKING:
    from qgov.language.intent import Intent
    from qgov.plan.author import Author
    from qgov.plan.plan import Plan
    from qgov.plan.sides import Side

__all__ = ["plan"]

GATE = 3
CHANGES = 2


def plan(
    root: Root = Path(),
    base: Annotated[
        str | None,
        typer.Option(
            metavar="REF",
            show_default="merge-base with the default branch",
            help="Compare from this commit; `empty` is the empty repository.",
        ),
    ] = None,
    head: Annotated[
        str | None,
        typer.Option(metavar="REF", show_default="the work tree", help="Compare to this commit."),
    ] = None,
    format_: Annotated[
        str, typer.Option("--format", metavar="text|markdown|json", help="How to print.")
    ] = "text",
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit 2 when there are changes.")
    ] = False,
    fail_on: Annotated[
        str | None,
        typer.Option(metavar="low|medium|high|critical", help="Exit 3 at this risk or above."),
    ] = None,
    horizon: Annotated[
        str | None, typer.Option(metavar="DURATION", help="Add what will change by itself.")
    ] = None,
    override: Annotated[
        list[str] | None,
        typer.Option(metavar="RAIL", help="Let a change pass mass-removal or lock-out."),
    ] = None,
    intent: IntentFile = None,
    author: AuthorId = None,
    author_group: AuthorGroups = None,
    witness: Witnesses = False,
    now: Now = None,
) -> int:
    """Show what a change does to effective access."""
    from qgov.plan.rails import RAILS

    choose(format_, ("text", "markdown", "json"), "--format")
    for rail in override or ():
        choose(rail, RAILS, "--override")
    if fail_on is not None:
        choose(fail_on, ("low", "medium", "high", "critical"), "--fail-on")
    by = author_of(author, author_group)
    declared, wrong = intent_of(intent)
    found = None
    if not wrong:
        found = _plan(root, base, head, horizon, override or [], now, declared, by, witness)
    if found is None:
        return 1
    write(_rendered(found, format_))
    return _status(found, fail_on, detailed_exitcode)


def _plan(
    root: Path,
    base: str | None,
    head: str | None,
    horizon: str | None,
    override: list[str],
    now: str | None,
    intent: Intent | None,
    author: Author | None,
    witness: bool,
) -> Plan | None:
    from qgov.plan.index import load_index, save_index
    from qgov.plan.intent import reaches_all, undefined
    from qgov.plan.plan import make_plan
    from qgov.plan.sides import load_sides
    from qgov.repository import EMPTY, at_ref, at_work_tree, default_base, open_repository

    within = _duration(horizon)
    repository = open_repository(root)
    new = at_work_tree(repository, root) if head is None else at_ref(repository, root, head)
    began = base if base is not None else default_base(repository, head)
    old = EMPTY if began in (None, "empty") else at_ref(repository, root, str(began))
    # Rules judge both sides at one time: the head's own, so that two commits always give
    # the same plan, or the clock for what is not committed yet. The author of a change
    # chooses its date, so it counts only if it is later than what was merged.
    times = [side.time for side in (old, new) if side.time is not None]
    time = max(times) if new.time is not None and now is None else clock(now)
    cache = Path(repository.common_dir) / "qgov" / "index.json"
    index = load_index(cache)
    known = len(index)
    # What will change by itself may lie in a tenant that this change does not touch, and so
    # may what an intent speaks of.
    whole = within is not None or (intent is not None and reaches_all(intent))
    before, after, reach = load_sides(old, new, index, time, whole=whole)
    if intent and reach.tenants is not None and undefined(intent, (before.model, after.model)):
        before, after, reach = load_sides(old, new, index, time, whole=True)
    if len(index) != known:
        save_index(cache, {blob: index[blob] for s in (old, new) for blob in s.blobs.values()})
    if not (before.readable and after.readable):
        _failed(before, after)
        return None
    if intent and (unknown := undefined(intent, (before.model, after.model))):
        refuse(intent.path, unknown)
        return None
    made = make_plan(
        before,
        after,
        reach,
        now=time,
        overridden=override,
        horizon_s=within,
        intent=intent,
        author=author,
    )
    return witnessed(made, before, after) if witness else made


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


def _rendered(found: Plan, format_: str) -> str:
    if format_ == "json":
        from qgov.render.plan_json import as_json

        return as_json(found)
    if format_ == "markdown":
        from qgov.render.plan_markdown import as_markdown

        return as_markdown(found)
    from qgov.render.plan_text import as_text

    return as_text(found, wants_colour())


def _status(found: Plan, fail_on: str | None, detailed: bool) -> int:
    from qgov.finding import has_errors
    from qgov.plan.risk import Risk

    if found.stopped_by or found.overrun or found.unintended or has_errors(found.new_findings):
        return 1
    if fail_on is not None and found.risk is not None and found.risk >= Risk[fail_on.upper()]:
        return GATE
    return CHANGES if detailed and found.has_changes else 0
