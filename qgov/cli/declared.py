"""What is said of a change beside the repository: its intent, and who wrote it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qgov.cli.common import say

if TYPE_CHECKING:
    from qgov.finding import Finding
    from qgov.language.intent import Intent
    from qgov.plan.author import Author

__all__ = ["AuthorGroups", "AuthorId", "IntentFile", "author_of", "intent_of", "refuse"]

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


def intent_of(file: Path | None) -> tuple[Intent | None, bytes, bool]:
    """The intent that a file declares, the file's bytes (it may be a pipe, which is read but
    once), and whether there is something wrong with it, which is then on standard error.
    Raises OSError when the file cannot be read."""
    from qgov.language.intent import FENCE, read_intent
    from qgov.language.reader import MAX_BYTES
    from qgov.render.text import plain

    if file is None:
        return None, b"", False
    with file.open("rb") as stream:
        data = stream.read(MAX_BYTES + 1)
    intent, findings = read_intent(str(file), data)
    if findings:
        refuse(str(file), findings)
    elif intent is None:
        say(plain(f"no intent: {file} has no block of {FENCE}"))
    return intent, data, bool(findings)


def refuse(path: str, findings: Sequence[Finding]) -> None:
    """Say what is wrong with an intent; nothing is planned on half of one."""
    from qgov.render.findings import as_text
    from qgov.render.text import plain

    say(f"PLAN FAILED: the intent ({plain(path)}) cannot be followed\n{as_text(findings).rstrip()}")


def author_of(id_: str | None, groups: Sequence[str] | None) -> Author | None:
    """The author, where one is named. Raises typer.BadParameter for groups of nobody."""
    from qgov.plan.author import Author

    if id_ is None:
        if groups:
            raise typer.BadParameter("name the author as well", param_hint="--author")
        return None
    if not id_.strip():
        raise typer.BadParameter("name the author by directory id", param_hint="--author")
    names = {name.removeprefix("group:") for name in groups or ()}
    return Author(id_.strip(), tuple(sorted(names)))
