"""What is said of a change beside the repository: its intent, and who wrote it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from msgspec import Struct

from qgov.cli.common import read
from qgov.cli.streams import say
from qgov.finding import Finding
from qgov.language.intent import FENCE, Intent, read_intent
from qgov.language.text import MAX_BYTES
from qgov.plan.author import Author
from qgov.render.text import plain

__all__ = ["AuthorGroups", "AuthorId", "Declared", "IntentFile", "author_of", "intent_of"]

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


class Declared(Struct, frozen=True):
    """What a file declares: the intent, as far as it can be read, what is wrong with it, and
    the file's bytes (it may be a pipe, which is read but once)."""

    intent: Intent | None = None
    findings: tuple[Finding, ...] = ()
    data: bytes = b""


def intent_of(file: Path | None) -> Declared:
    """What a file declares. Raises OSError when it cannot be read."""
    if file is None:
        return Declared()
    data = read(file, MAX_BYTES)
    intent, findings = read_intent(str(file), data)
    if intent is None and not findings:
        say(plain(f"no intent: {file} has no block of {FENCE}"))
    return Declared(intent, tuple(findings), data)


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
