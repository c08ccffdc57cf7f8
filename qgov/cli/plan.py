"""`qgov plan`: what a change does to effective access."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Final

import typer

from qgov.cli.common import Now, Root, at_commit, choose, detailed, one_of, together
from qgov.cli.declared import (
    AuthorGroups,
    AuthorId,
    Declared,
    IntentFile,
    author_of,
    intent_of,
)
from qgov.cli.planning import Asked, Planned, plan_of, sides_of
from qgov.cli.reviewing import (
    AuthorLogin,
    MembersFile,
    RecordFile,
    ReviewedCommit,
    ReviewsFile,
    given_of,
    judged_of,
    tell,
)
from qgov.cli.streams import wants_colour, write
from qgov.lazy import lazy
from qgov.plan.gates import exit_status
from qgov.plan.rails import RAILS
from qgov.plan.risk import Risk
from qgov.records import replace
from qgov.render.plan_text import as_text

__all__ = ["command"]

_as_markdown = lazy("qgov.render.plan_markdown:as_markdown")
_as_json = lazy("qgov.render.plan_json:as_json")
_as_html = lazy("qgov.render.report:as_html")
_VIEWS: Final[Mapping[str, Callable[[Planned], str]]] = {
    "text": lambda found: as_text(found.plan, wants_colour()),
    "markdown": lambda found: _as_markdown(found.plan),
    "json": lambda found: _as_json(found.plan),
    "html": lambda found: _as_html(found.plan, found.before.model, found.after.model),
}

_committed: Callable[[Asked], Asked] = lazy("qgov.cli.packing:committed")
_evidence_key: Callable[[], bytes | None] = lazy("qgov.cli.packing:evidence_key")
_pack: Callable[[Path, Asked, Planned, bytes, bytes | None], str] = lazy("qgov.cli.packing:pack")


def command(
    root: Root = Path(),
    base: Annotated[
        str | None,
        typer.Option(
            metavar="REF",
            show_default="merge-base with the default branch",
            help="Compare from this commit; `empty` is the empty repository.",
        ),
    ] = None,
    head: Annotated[str | None, at_commit("Compare to this commit.")] = None,
    format_: Annotated[str, one_of("--format", *_VIEWS, help_="How to print.")] = "text",
    detailed_exitcode: Annotated[bool, detailed("there are changes")] = False,
    fail_on: Annotated[
        str | None,
        one_of("--fail-on", *map(str, Risk), help_="Exit 3 at this risk or above."),
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
    witness: Annotated[
        bool,
        typer.Option(
            "--witness",
            help="Show each change by a request that both policies decide; off by default.",
        ),
    ] = False,
    prove: Annotated[
        bool,
        typer.Option(
            "--prove",
            help="Submit the circuits of witnesses of jobs, through the gateways of both sides, "
            "to simulated devices. Implies --witness.",
        ),
    ] = False,
    evidence: Annotated[
        Path | None,
        typer.Option(
            "--evidence",
            metavar="PATH",
            help="Write the evidence pack: a folder, or a zip when the name ends in .zip. Signed "
            "with the Ed25519 key (PEM) in QGOV_EVIDENCE_KEY. Implies --prove.",
        ),
    ] = None,
    reviews: ReviewsFile = None,
    members: MembersFile = None,
    author_login: AuthorLogin = None,
    reviewed: ReviewedCommit = None,
    record: RecordFile = None,
    now: Now = None,
) -> int:
    """Show what a change does to effective access."""
    most = None if fail_on is None else Risk[fail_on.upper()]
    asked = Asked(
        root=root,
        base=base,
        head=head,
        horizon=horizon,
        overrides=tuple(override or ()),
        now=now,
        witness=witness or prove or evidence is not None,
        prove=prove or evidence is not None,
    )
    key, declared = None, Declared()
    with together() as each:
        for rail in asked.overrides:
            with each():
                choose(rail, RAILS, "--override")
        with each():
            asked = replace(asked, author=author_of(author, author_group))
        with each():
            declared = intent_of(intent)
            asked = replace(asked, intent=declared.intent, amiss=declared.findings)
        with each():
            given = given_of(reviews, members, author_login or author, record)
        with each():
            key = _evidence_key() if evidence is not None else None
        with each():
            asked = _committed(asked) if evidence is not None else asked
            sides = sides_of(asked)
    found = plan_of(asked, sides)
    judged = judged_of(found.plan, given, root, reviewed)
    digest = None if evidence is None else _pack(evidence, asked, found, declared.data, key)
    write(_VIEWS[format_](found))
    if judged is not None:
        tell(found.plan, judged, most, record, digest)
    return exit_status(found.plan, judged, most, detailed=detailed_exitcode)
