"""`qgov init`: a new configuration repository."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qgov.cli.common import Now, clock, say, write
from qgov.cli.naming import named

__all__ = ["init"]


def init(
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
    from qgov.adoption.additions import new_folder
    from qgov.adoption.messages import initialized
    from qgov.adoption.starter import PROGRAMS, starter
    from qgov.finding import has_errors
    from qgov.render.findings import as_text

    organization = named(directory.resolve().name if name is None else name, "--name")
    made = starter(organization, named(tenant, "--tenant"), clock(now))
    if has_errors(made.findings):
        say(as_text(made.findings).rstrip())
        return 1
    new_folder(directory, made.files, PROGRAMS)
    write(initialized(str(directory), organization, tenant, len(made.files)))
    return 0
