"""`qgov import`: a configuration repository of what exists."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from qgov.adoption.additions import new_folder, require_free
from qgov.adoption.onboarding import require_name
from qgov.cli.common import Now, about, clock, one_of
from qgov.cli.streams import write
from qgov.drift.imports.directory import KINDS, keycloak, other
from qgov.drift.imports.importing import import_from
from qgov.drift.imports.said import Directory, Wishes
from qgov.drift.observe import chosen
from qgov.errors import QgovError, under
from qgov.render.imported import LIST, as_json, as_list, as_markdown, as_text

__all__ = ["command"]

_UNKNOWN = "NOT IMPORTED: the source could not be read; nothing is written"


def command(
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="A new folder, or an empty one.")
    ],
    source: Annotated[
        str,
        typer.Option(
            metavar="NAME[:WHAT]",
            help="What to read: keycloak, scim or terraform. WHAT is what the identity provider is "
            "to be called (of a Keycloak also its realm), or a file. Secrets come from the "
            "environment, as for `qgov drift`.",
        ),
    ],
    realm: Annotated[
        str | None, typer.Option(metavar="NAME", help="The realm, where it is called otherwise.")
    ] = None,
    type_: Annotated[
        str, one_of("--type", *KINDS, help_="The product behind a SCIM service.")
    ] = "okta",
    issuer: Annotated[
        str | None,
        typer.Option(
            metavar="URL", show_default="what the realm says", help="Who issues people's tokens."
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The organization.", show_default="the folder's name"),
    ] = None,
    admins: Annotated[
        str | None,
        typer.Option(
            metavar="GROUP",
            help="Who administers the platform, where nobody does yet.",
            show_default="platform-admins",
        ),
    ] = None,
    approvers: Annotated[
        str | None,
        typer.Option(metavar="GROUP", help="Who approves that.", show_default="security-reviewers"),
    ] = None,
    format_: Annotated[
        str, one_of("--format", "text", "markdown", "json", help_="How to print.")
    ] = "text",
    now: Now = None,
) -> int:
    """Write a configuration repository of what exists.

    It reads a directory or a state of Terraform, and never writes to it. What cannot be said is
    listed. `qgov drift` of the result then tells how it differs from the source.
    """
    time = clock(now)
    with about("--out"):
        require_free(out)
    with about("--name"):
        organization = require_name(out.resolve().name if name is None else name)
    for option, group in (("--admins", admins), ("--approvers", approvers)):
        if group is not None:
            with about(option):
                require_name(group)
    wishes = Wishes(organization, admins, approvers)
    ((observer, what),) = chosen([source], os.environ)
    with under(_UNKNOWN):
        directory: Directory
        if observer.name == "keycloak":
            directory = keycloak(what, realm, issuer, wishes, os.environ, time)
        elif observer.name == "scim":
            directory = other(what, type_, issuer, wishes)
        else:
            raise QgovError(f"--source: `{observer.name}` cannot be imported")
        found = import_from(observer, directory.name, directory, wishes, os.environ, time)
    new_folder(out, {**found.files, LIST: as_list(found).encode()})
    if format_ == "json":
        write(as_json(found))
    else:
        write(as_markdown(found, str(out)) if format_ == "markdown" else as_text(found, str(out)))
    return 0
