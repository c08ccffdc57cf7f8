"""`qgov onboard`: what is new, written from the repository's templates."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qgov.adoption.additions import add_files
from qgov.adoption.answers import Answers, read_answers
from qgov.adoption.messages import onboarded, shown
from qgov.adoption.onboarding import onboard, read_templates, require_name
from qgov.cli.common import Now, Root, about, application, clock, read, together
from qgov.cli.loading import files_at
from qgov.cli.streams import say, write
from qgov.errors import FindingsError, Report
from qgov.finding import has_errors
from qgov.language.text import MAX_BYTES
from qgov.render.findings import as_text

__all__ = ["command"]

command = application("Write a new tenant from the repository's templates.")


@command.callback()
def _top() -> None:
    """Makes `tenant` a command of its own, though there is no other yet."""


@command.command("tenant")
def _tenant(
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
    with together() as each:
        with each(), about("NAME"):
            require_name(name)
        with each():
            given = _answers(answers)
        with each():
            files = files_at(root)
        with each():
            templates = read_templates(root)
        with each():
            time = clock(now)
    made = onboard(files, templates, name, given, time)
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


def _answers(file: Path) -> Answers:
    with about("--answers"):
        data = read(file, MAX_BYTES)
    answers, findings = read_answers(str(file), data)
    if answers is None:
        raise FindingsError(Report(findings))
    return answers
