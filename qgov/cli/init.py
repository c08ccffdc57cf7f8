"""`qgov init`: a new configuration repository."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qgov.adoption.additions import new_folder
from qgov.adoption.messages import initialized
from qgov.adoption.onboarding import require_name
from qgov.adoption.starter import PROGRAMS, starter
from qgov.cli.common import Now, about, clock
from qgov.cli.streams import write
from qgov.errors import FindingsError, Report
from qgov.finding import has_errors

__all__ = ["command"]


def command(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="A new folder, or an empty one.")
    ],
    name: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The organization.", show_default="the folder's name"),
    ] = None,
    tenant: Annotated[str, typer.Option(metavar="NAME", help="The first tenant.")] = "pilot",
    now: Now = None,
) -> int:
    """Write a new configuration repository that passes its own CI."""
    with about("--name"):
        organization = require_name(directory.resolve().name if name is None else name)
    with about("--tenant"):
        require_name(tenant)
    made = starter(organization, tenant, clock(now))
    if has_errors(made.findings):
        raise FindingsError(Report(made.findings))
    new_folder(directory, made.files, PROGRAMS)
    write(initialized(str(directory), organization, tenant, len(made.files)))
    return 0
