"""`qgov plan`: what a change does to effective access."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qgov.cli.common import GATE, Now, Root, choose, wants_colour, write
from qgov.cli.declared import AuthorGroups, AuthorId, IntentFile, author_of, intent_of
from qgov.cli.packing import EvidencePath, committed, evidence_key, packed, write_pack
from qgov.cli.planning import Asked, Planned, planned
from qgov.cli.reviewing import (
    AuthorLogin,
    MembersFile,
    RecordFile,
    ReviewedCommit,
    ReviewsFile,
    decided,
    given_of,
    judged_of,
)
from qgov.cli.witnessing import Proofs, Witnesses

if TYPE_CHECKING:
    from qgov.plan.plan import Plan

__all__ = ["plan"]

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
        str, typer.Option("--format", metavar="text|markdown|json|html", help="How to print.")
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
    prove: Proofs = False,
    evidence: EvidencePath = None,
    reviews: ReviewsFile = None,
    members: MembersFile = None,
    author_login: AuthorLogin = None,
    reviewed: ReviewedCommit = None,
    record: RecordFile = None,
    now: Now = None,
) -> int:
    """Show what a change does to effective access."""
    from qgov.plan.rails import RAILS

    choose(format_, ("text", "markdown", "json", "html"), "--format")
    for rail in override or ():
        choose(rail, RAILS, "--override")
    if fail_on is not None:
        choose(fail_on, ("low", "medium", "high", "critical"), "--fail-on")
    by = author_of(author, author_group)
    declared, text, wrong = intent_of(intent)
    given, unread = given_of(reviews, members, author_login or author, record)
    if wrong or unread:
        return 1
    asked = Asked(
        root=root,
        base=base,
        head=head,
        horizon=horizon,
        overrides=tuple(override or ()),
        now=now,
        intent=declared,
        author=by,
        witness=witness or prove or evidence is not None,
        prove=prove or evidence is not None,
    )
    key = None
    if evidence is not None:
        asked, key = committed(asked), evidence_key()
    found = planned(asked)
    if found is None:
        return 1
    judged = judged_of(found.plan, given, root, reviewed)
    digest = None
    if evidence is not None:
        made = packed(asked, found, text, key)
        digest = None if made is None else write_pack(evidence, *made)
        if digest is None:
            return 1
    write(_rendered(found, format_))
    status = _status(found.plan, fail_on, detailed_exitcode)
    return decided(status, found.plan, judged, record, fail_on, digest)


def _rendered(found: Planned, format_: str) -> str:
    plan = found.plan
    if format_ == "json":
        from qgov.render.plan_json import as_json

        return as_json(plan)
    if format_ == "html":
        from qgov.render.report import as_html

        return as_html(plan, found.before.model, found.after.model)
    if format_ == "markdown":
        from qgov.render.plan_markdown import as_markdown

        return as_markdown(plan)
    from qgov.render.plan_text import as_text

    return as_text(plan, wants_colour())


def _status(found: Plan, fail_on: str | None, detailed: bool) -> int:
    from qgov.finding import has_errors
    from qgov.plan.risk import Risk

    if found.stopped_by or found.overrun or found.unintended or has_errors(found.new_findings):
        return 1
    if fail_on is not None and found.risk is not None and found.risk >= Risk[fail_on.upper()]:
        return GATE
    return CHANGES if detailed and found.has_changes else 0
