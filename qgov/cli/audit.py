"""`qgov audit`: whether an audit log is as it was written."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qgov.cli.common import Format, application, one_of
from qgov.cli.streams import write
from qgov.gateway.audit import checkpoint, verify
from qgov.gateway.chain import STREAMS
from qgov.render.audit import as_json, as_text

__all__ = ["command"]

command = application("Check audit logs.")

_Log = Annotated[Path, typer.Argument(metavar="FILE", help="An audit log.")]


@command.command("verify")
def _verify(
    file: _Log,
    checkpoint: Annotated[
        Path | None,
        typer.Option("--checkpoint", metavar="FILE", help="A checkpoint that was kept elsewhere."),
    ] = None,
    stream: Annotated[
        str | None, one_of("--stream", *STREAMS, help_="The stream it must be of.")
    ] = None,
    format_: Format = "text",
) -> int:
    """Find any edit, removal, insertion or reordering in FILE."""
    found = verify(file, stream, checkpoint)
    write(as_json(str(file), found) if format_ == "json" else as_text(str(file), found))
    return 0 if found.sound else 1


@command.command("checkpoint")
def _checkpoint(file: _Log) -> int:
    """Print the checkpoint of FILE, to be kept elsewhere."""
    write(checkpoint(file).encode().decode())
    return 0
