"""`qgov drift`: what runs and is not as it was reviewed."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Final

import typer

from qgov.cli.common import Now, Root, clock, one_of
from qgov.cli.loading import model_at
from qgov.cli.streams import wants_colour, write
from qgov.drift.drift import Report
from qgov.drift.observe import chosen, observe
from qgov.plan.risk import Risk
from qgov.render.drift import as_html, as_json, as_markdown, as_sarif, as_text

__all__ = ["command"]

_VIEWS: Final[Mapping[str, Callable[[Report], str]]] = {
    "text": lambda report: as_text(report, wants_colour()),
    "markdown": as_markdown,
    "json": as_json,
    "html": as_html,
    "sarif": as_sarif,
}


def command(
    root: Root = Path(),
    source: Annotated[
        list[str] | None,
        typer.Option(
            "--source",
            metavar="NAME[:WHAT]",
            show_default="those that the environment is set up for",
            help="What to read: keycloak, scim, opa, terraform or aws; again for more. WHAT is an "
            "identity provider, a file or an address. Secrets come from the environment.",
        ),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(metavar="REF", show_default="the work tree", help="What was reviewed."),
    ] = None,
    format_: Annotated[str, one_of("--format", *_VIEWS, help_="How to print.")] = "text",
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit 2 when there is drift.")
    ] = False,
    fail_on: Annotated[
        str | None,
        one_of("--fail-on", *map(str, Risk), help_="Exit 3 at this risk or above."),
    ] = None,
    people: Annotated[bool, typer.Option("--people", help="Name people; off by default.")] = False,
    now: Now = None,
) -> int:
    """Show what runs and is not as it was reviewed."""
    time = clock(now)
    model = model_at(root, at)
    sources = chosen(source or (), os.environ)
    report = observe(model, sources, os.environ, time, people=people)
    write(_VIEWS[format_](report))
    most = None if fail_on is None else Risk[fail_on.upper()]
    return report.exit_status(detailed=detailed_exitcode, fail_on=most)
