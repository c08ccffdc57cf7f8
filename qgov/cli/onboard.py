"""`qgov onboard`: what is new, written from the repository's templates."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qgov.cli.common import Now, Root, clock, say, write
from qgov.cli.naming import named

if TYPE_CHECKING:
    from qgov.adoption.answers import Answers

__all__ = ["onboard"]

onboard = typer.Typer(
    help="Write a new tenant from the repository's templates.",
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=False,
)


@onboard.callback()
def _top() -> None:
    """Makes `tenant` a command of its own, though there is no other yet."""


@onboard.command("tenant")
def tenant(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The new tenant.")],
    answers: Annotated[
        Path,
        typer.Option(
            "--answers", metavar="FILE", help="YAML: what the heads of the templates ask for."
        ),
    ],
    root: Root = Path(),
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Write nothing; show what would be written.")
    ] = False,
    now: Now = None,
) -> int:
    """Write tenant, budget, access tests and welcome page of NAME; all of them or nothing."""
    from qgov.adoption.additions import add_files
    from qgov.adoption.messages import onboarded, shown
    from qgov.adoption.onboarding import onboard, read_templates
    from qgov.finding import has_errors
    from qgov.render.findings import as_text
    from qgov.repository import read_work_tree

    named(name, "NAME")
    given = _answers(answers)
    if given is None:
        return 1
    files, findings = read_work_tree(root)
    if findings:
        say(as_text(findings).rstrip())
        return 1
    made = onboard(files, read_templates(root), name, given, clock(now))
    if made.findings:
        say(as_text(made.findings).rstrip())
    if dry_run:
        write(shown(made.files))
    elif has_errors(made.findings):
        say("nothing was written; --dry-run shows the lines")
    if dry_run or has_errors(made.findings):
        return int(has_errors(made.findings))
    add_files(root, made.files)
    write(onboarded(name, list(made.files)))
    return 0


def _answers(file: Path) -> Answers | None:
    """The answers; None, with the findings on standard error, when they are none. Raises
    typer.BadParameter for a file that cannot be read."""
    from qgov.adoption.answers import read_answers
    from qgov.language.reader import MAX_BYTES
    from qgov.render.findings import as_text

    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}", param_hint="--answers") from error
    answers, findings = read_answers(str(file), data)
    if answers is None:
        say(as_text(findings).rstrip())
    return answers
