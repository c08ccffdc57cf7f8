"""The plan as `qgov/plan/v1`: the contract of which every other form is a view."""

from __future__ import annotations

from qgov.contracts import plan as contract
from qgov.contracts.telling import document_text, tell
from qgov.plan.plan import Plan, digest

__all__ = ["as_json", "as_value"]


def as_json(plan: Plan) -> str:
    """The document as text."""
    return document_text(as_value(plan))


def as_value(plan: Plan) -> contract.Plan:
    """The document. `digest` covers everything but the names of the refs."""
    document = tell(contract.Plan, plan)
    document["digest"] = digest(contract.content_of(document))
    return document
