"""`qgov validate`: language, links and checks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from qgov.cli.common import Now, Root, clock, one_of
from qgov.cli.streams import wants_colour, write
from qgov.finding import has_errors, in_order
from qgov.pipeline import check, load
from qgov.render.findings import FORMATS, as_text, moved_below
from qgov.render.gitlab import as_gitlab
from qgov.repository import at_hand, prefix_at

__all__ = ["command"]

_FORMATS = {**FORMATS, "gitlab": as_gitlab}
_OF_PLATFORMS = ("github", "gitlab", "sarif")
"""What is shown beside the lines of a change; the other formats are for whoever is in the root."""


def command(
    root: Root = Path(),
    format_: Annotated[str, one_of("--format", *_FORMATS, help_="How to print.")] = "text",
    now: Now = None,
) -> int:
    """Check the configuration in the work tree."""
    files, found = at_hand(root)
    # What is missing in what was refused says nothing.
    checked = () if has_errors(found) else check(load(files), clock(now)).findings
    findings = in_order([*found, *checked])
    if format_ == "text":
        write(as_text(findings, wants_colour()))
    else:
        shown = moved_below(prefix_at(root), findings) if format_ in _OF_PLATFORMS else findings
        write(_FORMATS[format_](shown))
    return 1 if has_errors(findings) else 0
