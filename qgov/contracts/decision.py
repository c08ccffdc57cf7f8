"""The answer to a request, in plans, explanations and conformance."""

from __future__ import annotations

from operator import itemgetter
from typing import Annotated

from typing_extensions import TypedDict

from qgov.contracts.telling import From
from qgov.contracts.terms import Count, Object

__all__ = ["Decision", "EngineJobs", "Histogram"]

Histogram = dict[str, Count]
"""What was measured → how often."""


class Decision(TypedDict):
    """What was decided of a request, and why."""

    allow: bool
    reasons: list[str]
    warnings: list[str]
    obligations: Object
    revision: str


class EngineJobs(TypedDict):
    """How many jobs the device's engine listed before and after."""

    before: Annotated[Count, From(itemgetter(0))]
    after: Annotated[Count, From(itemgetter(1))]
