"""`qgov who-can`: everybody who holds a permission, and through which lines."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qgov.cli.common import Format, Now, Root, at_commit, choose, clock, together
from qgov.cli.loading import choose_scope, model_at
from qgov.cli.streams import write
from qgov.decision.who_can import who_can
from qgov.language.permissions import CATALOGUE
from qgov.render.who_can import as_json, as_text

__all__ = ["command"]


def command(
    permission: Annotated[str, typer.Argument(help="A permission, such as job:submit.")],
    on: Annotated[str | None, typer.Option(metavar="SCOPE", help="Only at or below.")] = None,
    backend: Annotated[str | None, typer.Option(metavar="NAME", help="Only on a backend.")] = None,
    at: Annotated[str | None, at_commit("When.")] = None,
    now: Now = None,
    root: Root = Path(),
    format_: Format = "text",
) -> int:
    """Show who holds PERMISSION, where, on which conditions and why."""
    with together() as each:
        with each():
            time = clock(now)
        with each():
            choose(permission, tuple(CATALOGUE), "PERMISSION")
        with each():
            model = model_at(root, at)
            with together() as every:
                with every():
                    if backend is not None:
                        choose(backend, tuple(model.organization.backends), "--backend")
                with every():
                    if on is not None:
                        choose_scope(model, on, "--on")
    held = who_can(model, permission, time, on, backend)
    write(as_json(permission, held) if format_ == "json" else as_text(model, held))
    return 0
