"""`qgov review`: who has what through which group, and what its reviewers decided."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Final

import typer

from qgov.adoption.additions import new_folder
from qgov.cli.common import (
    Now,
    People,
    Reviewed,
    Root,
    about,
    choose,
    clock,
    detailed,
    one_of,
    read,
    sources,
)
from qgov.cli.loading import model_at
from qgov.cli.streams import say, wants_colour, write
from qgov.drift.observe import chosen, observed
from qgov.drift.observer import Observer
from qgov.errors import FindingsError, QgovError, under
from qgov.errors import Report as Findings
from qgov.finding import Finding
from qgov.language.decisions import Decisions, read_decisions
from qgov.language.text import MAX_BYTES
from qgov.output.one_file import put_file
from qgov.render.review import as_json, as_markdown, as_script, as_text
from qgov.render.review_sheet import sheet
from qgov.review.report import Report
from qgov.review.review import hold

__all__ = ["command"]

_VIEWS: Final[Mapping[str, Callable[[Report], str]]] = {
    "text": lambda report: as_text(report, wants_colour()),
    "markdown": as_markdown,
    "json": as_json,
}


def command(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="REVIEW", help="The reviews to hold.", show_default="all"),
    ] = None,
    root: Root = Path(),
    source: Annotated[
        list[str] | None,
        sources(
            "Where people are: keycloak or scim; again for more. Addresses and secrets come from "
            "the environment, as for drift."
        ),
    ] = None,
    at: Reviewed = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Write a file for the reviewers of each review into a new folder. It names "
            "people.",
        ),
    ] = None,
    decisions: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Such a file, filled in; again for more. An error unless everything is decided.",
        ),
    ] = None,
    revert: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write the steps that carry revocations out as a shell script to be reviewed; it "
            "is never run.",
        ),
    ] = None,
    format_: Annotated[str, one_of("--format", *_VIEWS, help_="How to print.")] = "text",
    detailed_exitcode: Annotated[
        bool, detailed("a review is overdue, or somebody is still to leave a group")
    ] = False,
    people: People = False,
    now: Now = None,
) -> int:
    """Show who has what through which group, and hold reviewers' decisions to it."""
    time = clock(now)
    if revert is not None and not decisions:
        raise typer.BadParameter("give the decisions as well", param_hint="--revert")
    model = model_at(root, at)
    known = [review.name for review in model.reviews]
    if not known:
        raise QgovError("the configuration has no `AccessReview`, so that nobody reviews access")
    for name in names or ():
        choose(name, known, "REVIEW")
    said = _decided(decisions or ())
    with under("REVIEW UNKNOWN: a source could not be read"):
        seen = observed(model, _sources(source or ()), os.environ, time)
        report = hold(model, seen, names or known, said, time, people=people)
    write(_VIEWS[format_](report))
    if revert is not None:
        with about("--revert"):
            put_file(revert, as_script(report).encode())
    if out is not None:
        sheets = {f"{one.name}.yaml": sheet(one, time).encode() for one in report.campaigns}
        new_folder(out, sheets)
        say(f"{out}: {', '.join(sheets)}, each for its reviewers alone")
    return report.exit_status(detailed=detailed_exitcode)


def _sources(named: list[str] | tuple[str, ...]) -> list[tuple[Observer, str | None]]:
    """The sources that tell who is in groups. Raises QgovError for others, and for none."""
    found = chosen(named, os.environ)
    able = [(each, what) for each, what in found if each.knows_members]
    if not able or (named and len(able) < len(found)):
        others = ", ".join(each.name for each, _ in found if not each.knows_members)
        raise QgovError(f"--source: {others} tells nothing of people; name keycloak or scim")
    return able


def _decided(files: list[Path] | tuple[()]) -> list[Decisions]:
    """What the files say. Raises FindingsError, of all of them, where one is not well formed."""
    found: list[Decisions] = []
    findings: list[Finding] = []
    for file in files:
        with about("--decisions"):
            data = read(file, MAX_BYTES)
        said, wrong = read_decisions(str(file), data)
        findings += wrong
        if said is not None:
            found.append(said)
    if findings:
        raise FindingsError(Findings(findings))
    return found
