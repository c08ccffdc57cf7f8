"""`qgov elevate`: elevations arrive at the identity provider, and end there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from qgov.cli.common import Format, Now, People, Reviewed, Root, choose, clock, detailed
from qgov.cli.loading import model_at
from qgov.cli.streams import wants_colour, write
from qgov.drift.observer import Asked
from qgov.elevate.elevate import carried_out, plan
from qgov.render.elevate import as_json, as_text, outcome

__all__ = ["command"]


def command(
    root: Root = Path(),
    source: Annotated[
        str,
        typer.Option(
            "--source",
            metavar="keycloak[:WHAT]",
            help="Where: all identity providers of type keycloak, or WHAT. Addresses and secrets "
            "come from the environment, as for drift.",
        ),
    ] = "keycloak",
    at: Reviewed = None,
    apply_: Annotated[
        bool, typer.Option("--apply", help="Do it; without this, only say what is to be done.")
    ] = False,
    format_: Format = "text",
    detailed_exitcode: Annotated[bool, detailed("there are changes")] = False,
    people: People = False,
    now: Now = None,
) -> int:
    """Put those who are elevated now into their groups, and take the others out."""
    time = clock(now)
    name, _, what = source.partition(":")
    choose(name, ["keycloak"], "--source")
    asked = Asked(model_at(root, at), what or None, os.environ, time)
    report = plan(asked, people=people)
    text = format_ == "text"
    if text:
        write(as_text(report, wants_colour()))
    if apply_:
        report = carried_out(asked, report)
    if text and apply_ and report.changes:
        write(outcome(report, wants_colour()))
    if not text:
        write(as_json(report))
    return report.exit_status(detailed=detailed_exitcode)
