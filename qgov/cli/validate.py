"""`qgov validate`: language, links and checks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qgov.cli.common import Now, Root, choose, clock, wants_colour, write

__all__ = ["validate"]


def validate(
    root: Root = Path(),
    format_: Annotated[
        str,
        typer.Option("--format", metavar="text|json|sarif|github|gitlab", help="How to print."),
    ] = "text",
    now: Now = None,
) -> int:
    """Check the configuration in the work tree."""
    from qgov.finding import has_errors
    from qgov.pipeline import check, load
    from qgov.render.findings import FORMATS, as_text
    from qgov.render.gitlab import as_gitlab
    from qgov.repository import read_work_tree

    formats = {**FORMATS, "gitlab": as_gitlab}
    choose(format_, tuple(formats), "--format")
    files, refused = read_work_tree(root)
    findings = refused or list(check(load(files), clock(now)).findings)
    if format_ == "text":
        write(as_text(findings, wants_colour()))
    else:
        write(formats[format_](findings))
    return 1 if has_errors(findings) else 0
