"""`qgov schema`: JSON Schema of the kinds and of the output formats."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from qgov.cli.common import choose
from qgov.cli.streams import write
from qgov.contracts.schema import output_schemas
from qgov.render.schema import schemas

__all__ = ["command"]


def command(
    kind: Annotated[
        str | None, typer.Argument(metavar="[KIND]", help="A kind, or a format like qgov/plan/v1.")
    ] = None,
) -> int:
    """Print the JSON Schema of KIND, or the names that have one."""
    known = {**schemas(), **output_schemas()}
    if kind is None:
        write("".join(f"{name}\n" for name in known))
        return 0
    choose(kind, tuple(known), "KIND")
    write(json.dumps(known[kind], indent=2, ensure_ascii=False) + "\n")
    return 0
