"""The evidence pack of a plan: both sides whole, the head's policy proven, a signed statement."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from qgov.conformance.run import Progress
from qgov.conformance.subject import has_library
from qgov.contracts.evidence import Options
from qgov.decision.engine import EngineError
from qgov.errors import QgovError
from qgov.evidence.contents import Evidence, contents, predicate
from qgov.evidence.pack import STATEMENT
from qgov.evidence.proof import proof_of
from qgov.evidence.statement import enveloped, statement
from qgov.finding import Finding
from qgov.model.access_model import AccessModel
from qgov.pipeline import check, load
from qgov.plan.plan import Plan
from qgov.records import replace
from qgov.repository import Snapshot

__all__ = ["intent_name", "pack_of"]

_NEEDED: Final = {
    "cirq_google": "conform",
    "cedarpy": "engines",
    "securesystemslib": "evidence",
}
"""Library → the extra that installs it."""


def pack_of(
    plan: Plan,
    time: datetime,
    options: Options,
    intent: bytes | None,
    key: bytes | None,
    tell: Callable[[str], Progress],
) -> dict[str, bytes]:
    """The files of the pack, its manifest apart. `time` is what the sides were judged by,
    `options` what the plan was asked besides the commits, `intent` the declared one as it was
    given, `key` what signs (PEM); `tell` gives the progress of the proof. Raises QgovError
    where something cannot be made."""
    for library, extra in _NEEDED.items():
        if not has_library(library):
            raise QgovError(f"{library} is not installed; install qgov[{extra}]")
    kept = None
    if plan.intent is not None and intent is not None:
        kept = (intent_name(plan.intent.path), intent)
    plan = _anywhere(plan)
    before, _ = _whole(plan.base, time)
    after, findings = _whole(plan.head, time)
    assert after is not None
    try:
        proof = proof_of(after, tell)
    except EngineError as error:
        raise QgovError(f"the bundle could not be proven: {error}") from error
    evidence = Evidence(plan, before, after, findings, proof, time, options, kept)
    files = contents(evidence)
    files[STATEMENT] = enveloped(statement(files, predicate(evidence)), key)
    return files


def intent_name(path: str) -> str:
    """What a pack calls the intent that was read from `path`."""
    return "intent.yaml" if path.endswith((".yaml", ".yml")) else "intent.md"


def _anywhere(plan: Plan) -> Plan:
    """The plan without what differs from clone to clone: what the sides are called there, and
    where the intent lies."""
    intent = plan.intent
    return replace(
        plan,
        base=_named(plan.base),
        head=_named(plan.head),
        intent=None if intent is None else replace(intent, path=intent_name(intent.path)),
    )


def _named(side: Snapshot) -> Snapshot:
    return replace(side, ref=side.commit or side.ref)


def _whole(side: Snapshot, time: datetime) -> tuple[AccessModel | None, tuple[Finding, ...]]:
    """Everything that a commit says, its access tests included, and what the rules find."""
    if not side.blobs:
        return None, ()
    checked = check(load(side.read(side.blobs)), time)
    return checked.model, checked.findings
