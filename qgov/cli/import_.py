"""`qgov import`: a configuration repository of what exists."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from qgov.adoption.additions import new_folder, require_free
from qgov.adoption.onboarding import require_name
from qgov.adoption.starter import PROGRAMS, machinery
from qgov.cli.common import Now, about, clock, one_of
from qgov.cli.streams import write
from qgov.drift.imports.directory import KINDS, asked_for, keycloak, managed_by, other
from qgov.drift.imports.importing import import_from
from qgov.drift.imports.said import Leave, Wishes
from qgov.drift.imports.source import of_observer, of_state, state_of
from qgov.drift.observe import chosen
from qgov.errors import QgovError, under
from qgov.records import replace
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
            help="What to read: keycloak, scim or terraform. WHAT is the "
            "realm, what the identity provider is to be called, or a file. Secrets come from the "
            "environment, as for `qgov drift`.",
        ),
    ],
    realm: Annotated[
        str | None, typer.Option(metavar="NAME", help="The realm, where it is called otherwise.")
    ] = None,
    provider: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            show_default="WHAT, or the realm",
            help="What the configuration calls the identity provider.",
        ),
    ] = None,
    type_: Annotated[
        str | None,
        one_of("--type", *KINDS, help_="The product behind a SCIM service, or in a state."),
    ] = None,
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
    requested_by: Annotated[
        str | None,
        typer.Option(
            metavar="PERSON",
            help="Who asks to waive, for 90 days, what a rule refuses; else that is left out.",
        ),
    ] = None,
    approved_by: Annotated[
        str | None, typer.Option(metavar="PERSON", help="Who approved these waivers.")
    ] = None,
    ticket: Annotated[
        str | None, typer.Option(metavar="TICKET", help="The ticket of these waivers.")
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
    leave = _leave(requested_by, approved_by, ticket)
    wishes = Wishes(organization, admins, approvers, leave)
    ((observer, what),) = chosen([source], os.environ)
    with under(_UNKNOWN):
        if observer.name == "keycloak":
            directory = keycloak(provider or what, realm or what, issuer, wishes, os.environ, time)
            read = of_observer(observer, asked_for(directory, wishes, os.environ, time))
            what = directory.name
        elif observer.name == "scim":
            directory = other(provider or what, type_ or "okta", issuer, wishes)
            read = of_observer(observer, asked_for(directory, wishes, os.environ, time))
            what = directory.name
        elif observer.name == "terraform" and what is not None:
            document, managed = state_of(what, type_)
            directory = managed_by(managed, provider, issuer, wishes)
            read = of_state(document, managed)
        else:
            raise QgovError("--source: give keycloak[:REALM], scim[:NAME] or terraform:FILE")
        found = import_from(observer, what, read, directory, wishes, os.environ, time)
    found = replace(found, files={**machinery(), LIST: as_list(found).encode(), **found.files})
    new_folder(out, found.files, PROGRAMS)
    if format_ == "json":
        write(as_json(found))
    else:
        write(as_markdown(found, str(out)) if format_ == "markdown" else as_text(found, str(out)))
    return 0


def _leave(requested_by: str | None, approved_by: str | None, ticket: str | None) -> Leave | None:
    if requested_by is None and approved_by is None and ticket is None:
        return None
    if requested_by is None or approved_by is None or ticket is None:
        raise typer.BadParameter(
            "a waiver needs who asked, who approved, and a ticket: give all three",
            param_hint="--requested-by, --approved-by, --ticket",
        )
    return Leave(requested_by, approved_by, ticket)
