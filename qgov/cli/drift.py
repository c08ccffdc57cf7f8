"""`qgov drift`: what runs and is not as it was reviewed."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Final

import typer

from qgov.adoption.additions import new_folder
from qgov.cli.common import Now, People, Reviewed, Root, about, clock, detailed, one_of, sources
from qgov.cli.loading import files_at, model_of
from qgov.cli.streams import say, wants_colour, write
from qgov.drift.adopt.adopt import adopt, adopted
from qgov.drift.drift import Report
from qgov.drift.observe import chosen, observe
from qgov.model.access_model import AccessModel
from qgov.output.one_file import put_file
from qgov.plan.risk import Risk
from qgov.render.adopted import as_patch, summary
from qgov.render.drift import as_html, as_json, as_markdown, as_sarif, as_text
from qgov.render.revert import as_script

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
        sources(
            "What to read: keycloak, scim, opa, terraform or aws; again for more. WHAT is an "
            "identity provider, a file or an address. Secrets come from the environment."
        ),
    ] = None,
    at: Reviewed = None,
    format_: Annotated[str, one_of("--format", *_VIEWS, help_="How to print.")] = "text",
    detailed_exitcode: Annotated[bool, detailed("there is drift")] = False,
    fail_on: Annotated[
        str | None,
        one_of("--fail-on", *map(str, Risk), help_="Exit 3 at this risk or above."),
    ] = None,
    people: People = False,
    adopt_in: Annotated[
        Path | None,
        typer.Option(
            "--adopt",
            metavar="DIR",
            help="Write the YAML files that say what runs, and adopt.patch, into a new folder.",
        ),
    ] = None,
    revert: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write the steps back as a shell script to be reviewed; it is never run.",
        ),
    ] = None,
    now: Now = None,
) -> int:
    """Show what runs and is not as it was reviewed."""
    time = clock(now)
    files = files_at(root, at)
    model = model_of(files)
    sources = chosen(source or (), os.environ)

    def differing(model: AccessModel) -> Report:
        return observe(model, sources, os.environ, time, people=people)

    report = differing(model)
    write(_VIEWS[format_](report))
    if revert is not None:
        with about("--revert"):
            put_file(revert, as_script(report).encode())
    if adopt_in is not None:
        adoption = adopt(model, files, report.drift, time)
        done = adopted(files, adoption, report.drift, differing(adoption.model).drift)
        if done.files:
            new_folder(adopt_in, {**done.files, "adopt.patch": as_patch(done).encode()})
        say(summary(done, str(adopt_in)))
    most = None if fail_on is None else Risk[fail_on.upper()]
    return report.exit_status(detailed=detailed_exitcode, fail_on=most)
