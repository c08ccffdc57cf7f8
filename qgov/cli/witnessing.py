"""`--witness`: each change of a plan shown by a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from qgov.cli.common import say

if TYPE_CHECKING:
    from qgov.plan.plan import Plan
    from qgov.plan.sides import Side

__all__ = ["Proofs", "Witnesses", "proven", "witnessed"]

Witnesses = Annotated[
    bool,
    typer.Option(
        "--witness",
        help="Show each change by a request that both policies decide; off by default.",
    ),
]

Proofs = Annotated[
    bool,
    typer.Option(
        "--prove",
        help="Submit the circuits of witnesses of jobs, through the gateways of both sides, to "
        "simulated devices. Implies --witness.",
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


def proven(found: Plan, before: Side, after: Side) -> Plan | None:
    """The plan with the circuits of its witnesses run; None, and the reason on standard
    error, where Cirq or the engine is missing or failed."""
    from importlib.util import find_spec

    from qgov.decision.engine import EngineError
    from qgov.render.text import plain

    if find_spec("cirq_google") is None:
        say("PLAN FAILED: nothing can be proven\nerror: Cirq is not installed: qgov[conform]")
        return None
    from qgov.cli.conform import progress
    from qgov.conformance.proofs import with_proofs

    try:
        return with_proofs(found, before.model, after.model, progress("circuits"))
    except EngineError as error:
        say(f"PLAN FAILED: nothing could be proven\nerror: {plain(str(error))}")
        return None
