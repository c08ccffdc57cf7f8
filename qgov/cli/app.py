"""The commands, registered; each is one file that imports what it needs when it runs."""

from __future__ import annotations

from typing import Annotated

import typer

from qgov import __version__
from qgov.cli import assess as assess_command
from qgov.cli import compile as compile_command
from qgov.cli import conform, explain, init, plan, schema, validate, who_can
from qgov.cli.audit import audit
from qgov.cli.onboard import onboard
from qgov.cli.verify import verify

__all__ = ["app"]

app = typer.Typer(
    name="qgov",
    help="Access to quantum clouds as a reviewed change.",
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


@app.callback(invoke_without_command=True)
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


app.command("validate")(validate.validate)
app.command("compile")(compile_command.compile_)
app.command("plan")(plan.plan)
app.command("explain")(explain.explain)
app.command("who-can")(who_can.who_can)
app.command("conform")(conform.conform)
app.command("verify")(verify)
app.command("schema")(schema.schema)
app.command("assess")(assess_command.assess)
app.command("init")(init.init)
app.add_typer(audit, name="audit")
app.add_typer(onboard, name="onboard")
