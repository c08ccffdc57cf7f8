"""`qgov validate`: language, links and checks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from qgov.cli.common import Now, Root, clock, one_of
from qgov.cli.streams import wants_colour, write
from qgov.finding import has_errors
from qgov.pipeline import check, load
from qgov.render.findings import FORMATS, as_text
from qgov.render.gitlab import as_gitlab
from qgov.repository import read_work_tree

__all__ = ["command"]

_FORMATS = {**FORMATS, "gitlab": as_gitlab}


def command(
    root: Root = Path(),
    format_: Annotated[str, one_of("--format", *_FORMATS, help_="How to print.")] = "text",
    now: Now = None,
) -> int:
    """Check the configuration in the work tree."""
    files, refused = read_work_tree(root)
    findings = refused or list(check(load(files), clock(now)).findings)
    if format_ == "text":
        write(as_text(findings, wants_colour()))
    else:
        write(_FORMATS[format_](findings))
    return 1 if has_errors(findings) else 0
