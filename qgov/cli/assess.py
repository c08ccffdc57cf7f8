"""`qgov assess`: how far the repository is on the guide's 30-day and 90-day plans."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Final

import typer

from qgov.cli.common import GATE, Now, Root, choose, clock, wants_colour, write

__all__ = ["assess"]

_MOST_TEMPLATES: Final = 200


def assess(
    root: Root = Path(),
    format_: Annotated[
        str, typer.Option("--format", metavar="text|markdown|json", help="How to print.")
    ] = "text",
    fail_on: Annotated[
        str | None,
        typer.Option(
            metavar="missing|partly", help="Exit 3 when an item is as far behind, or further."
        ),
    ] = None,
    now: Now = None,
) -> int:
    """Show what of the 30-day and 90-day plans is done, partly done, and missing."""
    from qgov.assess.item import State
    from qgov.assess.scorecard import assess as judge
    from qgov.cli.loading import model_at
    from qgov.render.assess import as_json, as_markdown, as_text

    choose(format_, ("text", "markdown", "json"), "--format")
    if fail_on is not None:
        choose(fail_on, ("missing", "partly"), "--fail-on")
    time = clock(now)
    model = model_at(root, None)
    if model is None:
        return 1
    card = judge(model, time, _templates(root))
    if format_ == "text":
        write(as_text(card, wants_colour()))
    else:
        write(as_json(card) if format_ == "json" else as_markdown(card))
    return GATE if fail_on is not None and card.reached(State(fail_on)) else 0


def _templates(root: Path) -> dict[str, bytes]:
    """The starter templates of the work tree, read no further than one may be long. Raises
    RepositoryError when one cannot be read."""
    from qgov.language.templates import MAX_TEMPLATE
    from qgov.repository.files import link_on, unreadable

    if link_on(root, "templates") is not None or not (root / "templates").is_dir():
        return {}
    found: dict[str, bytes] = {}
    try:
        for path in sorted((root / "templates").glob("*.j2"))[:_MOST_TEMPLATES]:
            if path.is_file() and not path.is_symlink():
                handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
                with os.fdopen(handle, "rb") as stream:
                    found[f"templates/{path.name}"] = stream.read(MAX_TEMPLATE + 1)
    except OSError as error:
        raise unreadable(error, root) from error
    return found
