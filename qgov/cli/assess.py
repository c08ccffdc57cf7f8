"""`qgov assess`: how far the repository is on the guide's 30-day and 90-day plans."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from qgov.assess.item import State
from qgov.assess.scorecard import assess
from qgov.assess.templates import templates_of
from qgov.cli.common import Now, Root, clock, one_of, together
from qgov.cli.loading import model_at
from qgov.cli.streams import wants_colour, write
from qgov.errors import ExitStatus
from qgov.render.assess import as_json, as_markdown, as_text

__all__ = ["command"]


def command(
    root: Root = Path(),
    format_: Annotated[
        str, one_of("--format", "text", "markdown", "json", help_="How to print.")
    ] = "text",
    fail_on: Annotated[
        str | None,
        one_of(
            "--fail-on",
            "missing",
            "partly",
            help_="Exit 3 when an item is as far behind, or further.",
        ),
    ] = None,
    now: Now = None,
) -> int:
    """Show what of the 30-day and 90-day plans is done, partly done, and missing."""
    with together() as each:
        with each():
            time = clock(now)
        with each():
            model = model_at(root)
        with each():
            templates = templates_of(root)
    card = assess(model, time, templates)
    if format_ == "text":
        write(as_text(card, wants_colour()))
    else:
        write(as_json(card) if format_ == "json" else as_markdown(card))
    return ExitStatus.GATE if fail_on is not None and card.reached(State(fail_on)) else 0
