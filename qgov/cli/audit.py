"""`qgov audit`: whether an audit log is as it was written."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qgov.cli.common import choose, say, write

__all__ = ["audit"]

audit = typer.Typer(
    help="Check audit logs.", rich_markup_mode=None, add_completion=False, no_args_is_help=False
)

_Log = Annotated[Path, typer.Argument(metavar="FILE", help="An audit log.")]


@audit.command("verify")
def verify(
    file: _Log,
    checkpoint: Annotated[
        Path | None,
        typer.Option("--checkpoint", metavar="FILE", help="A checkpoint that was kept elsewhere."),
    ] = None,
    stream: Annotated[
        str | None, typer.Option("--stream", metavar="jobs|admin", help="The stream it must be of.")
    ] = None,
    format_: Annotated[
        str, typer.Option("--format", metavar="text|json", help="How to print.")
    ] = "text",
) -> int:
    """Find any edit, removal, insertion or reordering in FILE."""
    from qgov.gateway.audit import verify as verify_log
    from qgov.gateway.chain import STREAMS
    from qgov.render.audit import as_json, as_text

    choose(format_, ("text", "json"), "--format")
    if stream is not None:
        choose(stream, STREAMS, "--stream")
    found = verify_log(file, stream, checkpoint)
    write(as_json(str(file), found) if format_ == "json" else as_text(str(file), found))
    return 0 if found.sound else 1


@audit.command("checkpoint")
def checkpoint(file: _Log) -> int:
    """Print the checkpoint of FILE, to be kept elsewhere."""
    from qgov.gateway.audit import AuditError
    from qgov.gateway.audit import checkpoint as checkpoint_of
    from qgov.render.text import plain

    try:
        point = checkpoint_of(file)
    except AuditError as error:
        say(f"error: {plain(str(error))}")
        return 1
    write(point.encode().decode())
    return 0
