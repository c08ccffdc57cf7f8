"""The decision about a change: who approved what, as `qgov/decision-record/v1` and in words.

A plan is named by its digest, which covers all that it says; with the two commits, anybody
can make it again and see that it is the one that was approved.
"""

from __future__ import annotations

from typing import Final

from qgov.contracts.decision_record import Approval, DecisionRecord, Review
from qgov.contracts.plan import Side
from qgov.contracts.telling import document_text, tell
from qgov.plan.gates import gates
from qgov.plan.plan import Plan
from qgov.plan.reviews import Approvals, Outcome
from qgov.plan.risk import Risk
from qgov.render.plan_json import as_value
from qgov.render.text import page, wrapped

__all__ = ["as_record", "as_text"]

_UNBOUND: Final = (
    "GitLab does not say which commit was approved: that it is this one rests on the "
    "project's setting to remove approvals when commits are added"
)


def as_record(
    plan: Plan, judged: Approvals, fail_on: Risk | None = None, evidence: str | None = None
) -> str:
    """The record as text. `fail_on` is the risk that may not be reached; `evidence` is the
    digest (`sha256:…`) of the evidence pack that the reviewers had before them."""
    found = gates(plan, judged, fail_on)
    record: DecisionRecord = {
        "schema": "qgov/decision-record/v1",
        "decision": "refused" if "failed" in found.values() else "approved",
        "plan": {
            "digest": as_value(plan)["digest"],
            "verdict": plan.verdict,
            "risk": None if plan.risk is None else str(plan.risk),
        },
        "evidence": evidence,
        "base": tell(Side, plan.base),
        "head": tell(Side, plan.head),
        "reviewed": judged.commit,
        "platform": judged.platform,
        "author": judged.author,
        "approvals": [tell(Approval, each) for each in judged.required],
        "passed_over": [{**tell(Review, r), "why": why} for r, why in judged.passed_over],
        "gates": [{"gate": gate, "state": state} for gate, state in found.items()],
        "overridden": list(plan.overridden),
    }
    return document_text(record)


def as_text(judged: Approvals) -> str:
    """The required approvals and what became of each, missing ones first."""
    order = (Outcome.REFUSED, Outcome.MISSING, Outcome.GIVEN)
    lines = ["APPROVALS" if judged.required else "APPROVALS: none is needed"]
    for each in sorted(judged.required, key=lambda r: order.index(r.outcome)):
        by = {
            Outcome.GIVEN: f", by {', '.join(review.by for review in each.reviews)}",
            Outcome.REFUSED: f": {', '.join(each.refused_by)} asked for changes",
        }.get(each.outcome, "")
        lines += wrapped(f"{each.outcome}  {each.by}{by}", 2, 4)
        lines += wrapped("; ".join(each.because), 6)
    for review, why in judged.passed_over:
        lines += wrapped(f"not counted: the approval of {review.by}, {why}", 2, 4)
    if judged.platform == "gitlab":
        lines += wrapped(_UNBOUND, 2, 4)
    return page(lines)
