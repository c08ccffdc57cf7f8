"""What a change has to pass before it is merged, and the status that a plan ends with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from qgov.errors import ExitStatus
from qgov.finding import has_errors
from qgov.plan.plan import Plan
from qgov.plan.reviews import Approvals
from qgov.plan.risk import Risk

__all__ = ["State", "exit_status", "gates"]

State = Literal["passed", "failed", "off"]

_OF_THE_CALLER: Final = {"approvals", "risk"}
"""Gates that a caller opens and closes; a change that fails another is in error."""


def gates(plan: Plan, judged: Approvals | None, fail_on: Risk | None) -> Mapping[str, State]:
    """Each gate by name, `off` where nobody asked for it. `judged` are the approvals, where
    reviews were given; `fail_on` is the risk that may not be reached."""
    reached = fail_on is not None and plan.risk is not None and plan.risk >= fail_on
    passed = {
        "approvals": None if judged is None else judged.passed,
        "findings": not has_errors(plan.new_findings),
        "guardrails": not plan.overrun,
        "intent": None if plan.intent is None else not plan.unintended,
        "rails": not plan.stopped_by,
        "risk": None if fail_on is None else not reached,
    }
    return {
        gate: "off" if state is None else "passed" if state else "failed"
        for gate, state in passed.items()
    }


def exit_status(
    plan: Plan, judged: Approvals | None, fail_on: Risk | None, *, detailed: bool
) -> ExitStatus:
    """The status of `qgov plan`. Where it is `detailed`, changes are told from none."""
    failed = {gate for gate, state in gates(plan, judged, fail_on).items() if state == "failed"}
    if failed - _OF_THE_CALLER:
        return ExitStatus.ERROR
    if failed:
        return ExitStatus.GATE
    return ExitStatus.CHANGES if detailed and plan.has_changes else ExitStatus.WELL
