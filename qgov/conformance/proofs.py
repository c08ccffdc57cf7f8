"""Witnesses of `job:submit` proven with circuits: each goes through the gateways of both
sides to the stand-in of its backend, and ran on one and not on the other.

A gateway measures the job itself and counts in a ledger of its own. A witness that rests on what
was spent before, on a cost or on several circuits may be decided differently there; that shows
nothing, and the plan says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final

from qgov.conformance.case import Case, Result, Submission
from qgov.conformance.submissions import REPETITIONS
from qgov.decision.bundle import read_bundle
from qgov.decision.decision import Decision
from qgov.decision.engine import Settings
from qgov.decision.engines import engines
from qgov.language.permissions import CATALOGUE
from qgov.model.access_model import AccessModel
from qgov.plan.plan import AccessChange, Plan
from qgov.plan.witness import Submitted, Witness
from qgov.plan.witness_search import ENGINE
from qgov.records import replace
from qgov.targets import emit

if TYPE_CHECKING:
    from qgov.conformance.submit import Stand

__all__ = ["with_proofs"]

MOST_SHOTS: Final = 100_000
MOST_QUBITS: Final = 12
"""What a simulator can do while somebody waits for a plan."""

_BUNDLE: Final = "policy/opa/bundle.tar.gz"

Tell = Callable[[int, int], None]


def with_proofs(
    plan: Plan, base: AccessModel | None, head: AccessModel | None, tell: Tell = lambda _, __: None
) -> Plan:
    """The plan with its witnesses of jobs sent to the gateways. Raises EngineError when the
    engine is missing or does not answer."""
    wanted = [number for number, change in enumerate(plan.access) if _runs(change)]
    if not wanted:
        return plan
    changes = list(plan.access)
    with ExitStack() as stack:
        stands = [_stand(stack, model) for model in (base, head)]
        for done, number in enumerate(wanted, 1):
            changes[number] = _proven(changes[number], stands)
            tell(done, len(wanted))
    return replace(plan, access=tuple(changes))


def _runs(change: AccessChange) -> bool:
    witness = change.witness
    return witness is not None and witness.of is None and CATALOGUE[change.row.permission].executes


def _stand(stack: ExitStack, model: AccessModel | None) -> Stand | None:
    from qgov.conformance.submit import Stand  # noqa: PLC0415 - brings Cirq in

    if model is None:
        return None
    artifacts, _ = emit(model, ("opa", ENGINE))
    engine = stack.enter_context(engines()[ENGINE].start(model, artifacts, Settings()))
    return Stand(model, engine, read_bundle(artifacts[_BUNDLE]))


def _proven(change: AccessChange, stands: list[Stand | None]) -> AccessChange:
    witness, lost = change.witness, change.witness_lost
    assert witness is not None
    return replace(
        change,
        witness=_submitted(change, witness, stands),
        witness_lost=None if lost is None else _submitted(change, lost, stands),
    )


def _submitted(change: AccessChange, witness: Witness, stands: list[Stand | None]) -> Witness:
    from qgov.conformance.submit import submit  # noqa: PLC0415 - brings Cirq in

    sides = [
        (witness.at_base or witness.request, witness.base, stands[0]),
        (witness.request, witness.head, stands[1]),
    ]
    results: list[Result | None] = [None, None]
    shots = None
    # The side that allows it first: what it took is what the other is asked.
    for index in (1, 0) if witness.head.allow else (0, 1):
        request, decision, stand = sides[index]
        if stand is None:
            continue
        found = results[index] = submit(_case(change, request, decision, shots), stand)
        if why := _unlike(found, decision):
            return replace(witness, unsubmitted=why)
        shots = sum((found.histogram or {}).values())
    base, head = (None if result is None else _said(result) for result in results)
    return replace(witness, submitted=(base, head))


def _case(
    change: AccessChange, request: Mapping[str, Any], decision: Decision, shots: int | None
) -> Case:
    properties, job = request["resource"]["properties"], request["context"].get("job", {})
    names = (properties.get(name) for name in ("tenant", "environment", "project"))
    # A witness has one shot unless it is about shots; a histogram takes some more.
    wanted = min(max(job.get("shots", 1), REPETITIONS), MOST_SHOTS)
    qubits = min(max(job.get("qubits", 2), 2), MOST_QUBITS)
    return Case(
        id=f"witness:{change.row.principal}",
        name="the witness of a change",
        request=request,
        expect="allow" if decision.allow else "deny",
        reasons=decision.reasons,
        scope="/".join(filter(None, names)),
        backend=properties["backend"],
        submission=Submission("", properties["backend"], shots or wanted, qubits),
    )


def _unlike(result: Result, decision: Decision) -> str:
    """Why a submission does not show what the decision says; empty when it does."""
    if result.decision.allow != decision.allow:
        reasons = f" ({', '.join(result.decision.reasons)})" if result.decision.reasons else ""
        verdict = "allowed" if result.decision.allow else "denied"
        return f"as the gateway measures the job, it is {verdict}{reasons}"
    if result.problems and decision.allow:
        return result.problems[0]
    grown = result.jobs is not None and result.jobs.after > result.jobs.before
    return "" if grown is decision.allow else "the device's engine did not receive what it should"


def _said(result: Result) -> Submitted:
    jobs = result.jobs
    return Submitted(
        result.decision,
        result.circuit_sha256,
        result.histogram,
        (0, 0) if jobs is None else (jobs.before, jobs.after),
    )
