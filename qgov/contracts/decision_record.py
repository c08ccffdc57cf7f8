"""`qgov/decision-record/v1`: who approved which plan."""

from __future__ import annotations

from typing import Annotated, Literal

from typing_extensions import TypedDict

from qgov.contracts.plan import RailName, RiskName, Side
from qgov.contracts.terms import Commit, Digest, one_of, said
from qgov.plan.reviews import Outcome

__all__ = ["Approval", "DecisionRecord", "Review"]


class PlanName(TypedDict):
    """The plan by its digest, which covers all that it says."""

    digest: Digest
    verdict: str
    risk: RiskName | None


class Review(TypedDict):
    """An approval; the platform may say neither its commit nor its time."""

    by: str
    commit: Commit | None
    at: str | None


class PassedOver(Review):
    """An approval that counts for nobody."""

    why: str


class Approval(TypedDict):
    """A group whose approval is needed, why, and what became of that."""

    by: str
    because: list[str]
    outcome: Outcome
    reviews: list[Review]
    refused_by: list[str]


class Gate(TypedDict):
    """What a gate said; `off` where nobody asked it."""

    gate: str
    state: Annotated[str, one_of(("passed", "failed", "off"))]


class DecisionRecord(TypedDict):
    """Who approved which plan, and what the gates said."""

    schema: Literal["qgov/decision-record/v1"]
    decision: Annotated[str, one_of(("approved", "refused"))]
    plan: PlanName
    evidence: Annotated[Digest | None, said("Of the evidence pack.")]
    base: Side
    head: Side
    reviewed: Commit
    platform: Annotated[str, one_of(("github", "gitlab"))]
    author: str
    approvals: list[Approval]
    passed_over: list[PassedOver]
    gates: list[Gate]
    overridden: list[RailName]
