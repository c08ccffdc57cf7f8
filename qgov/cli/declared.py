"""What is said of a change beside the repository: its intent, and who wrote it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from qgov.cli.common import read
from qgov.cli.streams import say
from qgov.errors import FindingsError, Report
from qgov.finding import Finding
from qgov.language.intent import FENCE, Intent, read_intent
from qgov.language.text import MAX_BYTES
from qgov.plan.author import Author
from qgov.render.text import plain

__all__ = ["AuthorGroups", "AuthorId", "IntentFile", "author_of", "intent_of", "unfit"]

IntentFile = Annotated[
    Path | None,
    typer.Option(
        "--intent",
        metavar="FILE",
        help="Who shall gain or lose what: YAML, or a text with a `qgov-intent` block. "
        "Any other gain is an error.",
    ),
]
AuthorId = Annotated[
    str | None,
    typer.Option(
        "--author",
        metavar="ID",
        help="Who wrote the change, by directory id as the platform says: show what they gain.",
    ),
]
AuthorGroups = Annotated[
    list[str] | None,
    typer.Option("--author-group", metavar="NAME", help="A directory group of the author."),
]


def intent_of(file: Path | None) -> tuple[Intent | None, bytes]:
    """The intent that a file declares, and the file's bytes (it may be a pipe, which is read
    but once). Raises OSError when the file cannot be read, FindingsError when something is
    wrong with the intent."""
    if file is None:
        return None, b""
    data = read(file, MAX_BYTES)
    intent, findings = read_intent(str(file), data)
    if findings:
        raise unfit(str(file), findings)
    if intent is None:
        say(plain(f"no intent: {file} has no block of {FENCE}"))
    return intent, data


def unfit(path: str, findings: Sequence[Finding]) -> FindingsError:
    """What is wrong with an intent; nothing is planned on half of one."""
    return FindingsError(Report(findings, f"PLAN FAILED: the intent ({path}) cannot be followed"))


def author_of(id_: str | None, groups: Sequence[str] | None) -> Author | None:
    """The author, where one is named. Raises typer.BadParameter for groups of nobody."""
    if id_ is None:
        if groups:
            raise typer.BadParameter("name the author as well", param_hint="--author")
        return None
    if not id_.strip():
        raise typer.BadParameter("name the author by directory id", param_hint="--author")
    names = {name.removeprefix("group:") for name in groups or ()}
    return Author(id_.strip(), tuple(sorted(names)))
