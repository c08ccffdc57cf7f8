"""The program as Typer sees it: its commands are their names and a line of help until one is
called."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from keyword import iskeyword
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.exceptions import TyperException

from qgov import __version__
from qgov.cli.commands import ABOUT, COMMANDS, MOST_COLUMNS, overview
from qgov.cli.common import application
from qgov.errors import QgovError
from qgov.lazy import named

__all__ = ["call", "loaded"]


def loaded(name: str) -> Any:
    """The command of this name as Typer runs it, from its module."""
    module = f"{name}_" if iskeyword(name) else name.replace("-", "_")
    found = named(f"qgov.cli.{module}:command")
    if isinstance(found, typer.Typer):
        return typer.main.get_command(found)
    alone = application()
    alone.command(name)(found)
    return typer.main.get_command(alone)


class _Commands(TyperGroup):
    """Loads the module of the command that is called, and no other."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = {name: TyperCommand(name=name, help=COMMANDS[name]) for name in COMMANDS}

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that the first argument names, and the others."""
        name, found, rest = super().resolve_command(ctx, args)
        return name, None if found is None else loaded(str(name)), rest

    def get_help(self, ctx: Any) -> str:  # noqa: ARG002 - how Typer calls it
        """As it is printed where Typer is not loaded."""
        return overview(shutil.get_terminal_size().columns).rstrip("\n")


_app = application(
    ABOUT,
    cls=_Commands,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "max_content_width": MOST_COLUMNS,
    },
)


@_app.callback(invoke_without_command=True)
def _top(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        typer.echo(f"qgov {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit


def call(arguments: Sequence[str]) -> int:
    """Run the command that the arguments name and return its exit status. Raises QgovError
    for arguments that it does not take."""
    try:
        with typer.main.get_command(_app).make_context("qgov", list(arguments)) as context:
            return int(context.command.invoke(context) or 0)
    except typer.Exit as stop:
        return stop.exit_code
    except TyperException as error:
        used = getattr(error, "ctx", None)
        where = f" (see `{used.command_path} --help`)" if used else ""
        raise QgovError(f"{error.format_message()}{where}") from error
