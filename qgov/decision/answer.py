"""What a policy answered, as a decision: an answer that is not understood allows nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qgov.decision.decision import REASONS, WARNINGS, Decision
from qgov.decision.engine import EngineError

__all__ = ["as_decision"]


def as_decision(answer: Any) -> Decision:
    """A policy's answer as a decision. Raises EngineError unless it is one: an answer that
    is not understood allows nothing."""
    fields = {"allow", "reasons", "warnings", "obligations", "revision"}
    if not isinstance(answer, dict) or set(answer) != fields:
        raise EngineError("the policy's answer is no decision")
    allow, obligations, revision = answer["allow"], answer["obligations"], answer["revision"]
    reasons = _codes(answer["reasons"], REASONS)
    warnings = _codes(answer["warnings"], WARNINGS)
    sound = (
        isinstance(allow, bool)
        and allow == (not reasons)
        and isinstance(obligations, dict)
        and isinstance(revision, str)
    )
    if not sound:
        raise EngineError("the policy's answer contradicts itself")
    return Decision(allow, reasons, warnings, obligations, revision)


def _codes(given: Any, known: Sequence[str]) -> tuple[str, ...]:
    if not isinstance(given, list) or not all(isinstance(g, str) and g in known for g in given):
        raise EngineError("the policy's answer has an unknown reason or warning")
    return tuple(sorted(set(given)))
