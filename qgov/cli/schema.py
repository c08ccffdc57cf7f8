"""`qgov schema`: JSON Schema of the kinds and of the output formats."""

from __future__ import annotations

from typing import Annotated

import typer

from qgov.cli.common import choose, write

__all__ = ["schema"]


def schema(
    kind: Annotated[
        str | None, typer.Argument(metavar="[KIND]", help="A kind, or a format like qgov/plan/v1.")
    ] = None,
) -> int:
    """Print the JSON Schema of KIND, or the names that have one."""
    import json

    from qgov.contracts.schema import output_schemas
    from qgov.render.schema import schemas

    known = {**schemas(), **output_schemas()}
    if kind is None:
        write("".join(f"{name}\n" for name in known))
        return 0
    choose(kind, tuple(known), "KIND")
    write(json.dumps(known[kind], indent=2, ensure_ascii=False) + "\n")
    return 0
