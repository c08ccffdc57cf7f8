"""`--witness`: each change of a plan shown by a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from qgov.cli.common import say

if TYPE_CHECKING:
    from qgov.plan.plan import Plan
    from qgov.plan.sides import Side

__all__ = ["Witnesses", "witnessed"]

Witnesses = Annotated[
    bool,
    typer.Option(
        "--witness",
        help="Show each change by a request that both policies decide; off by default.",
    ),
]


def witnessed(found: Plan, before: Side, after: Side) -> Plan | None:
    """The plan with its witnesses; None, and the reason on standard error, where the engine
    is missing or failed."""
    from qgov.decision.engine import EngineError
    from qgov.plan.witnesses import with_witnesses
    from qgov.render.text import plain

    try:
        return with_witnesses(found, before.model, after.model)
    except EngineError as error:
        say(f"PLAN FAILED: no witness could be decided\nerror: {plain(str(error))}")
        return None
