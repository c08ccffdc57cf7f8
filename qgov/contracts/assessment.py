"""`qgov/assessment/v1`: the scorecard."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from operator import itemgetter
from typing import Annotated, Literal

from typing_extensions import TypedDict

from qgov.assess import item
from qgov.contracts.telling import From
from qgov.contracts.terms import Count, Line, counts, said

__all__ = ["Assessment"]


Summary = Annotated[dict[str, int], counts(reversed(item.State))]


def _summary(results: Iterable[item.Result]) -> Summary:
    found = Counter(result.state for result in results)
    return {str(state): found[state] for state in reversed(item.State)}


class Evidence(TypedDict):
    holds: bool
    says: str
    path: Annotated[str | None, From(lambda e: e.origin and e.origin.path)]
    line: Annotated[Line | None, From(lambda e: e.origin and e.origin.line)]


class Measure(TypedDict):
    """How much of one thing there is; a total of 0 is nothing to judge by."""

    what: str
    held: Count
    total: Count
    evidence: list[Evidence]


class Item(TypedDict):
    """An item of the checklist, and what the repository shows of it."""

    id: Annotated[str, From("item.id")]
    title: Annotated[str, From("item.title")]
    plan: Annotated[item.Plan, From("item.plan")]
    guide: Annotated[str, From("item.guide")]
    state: item.State
    measures: list[Measure]
    next_steps: list[str]
    not_seen: Annotated[str, said("What no repository can show."), From("item.not_seen")]


class PlanScore(TypedDict):
    """One of the checklist's plans."""

    plan: Annotated[item.Plan, From(itemgetter(0))]
    title: Annotated[str, From(itemgetter(1))]
    summary: Annotated[Summary, From(lambda told: _summary(told[2]))]


class Assessment(TypedDict):
    """The scorecard of the 30-day and 90-day plans."""

    schema: Literal["qgov/assessment/v1"]
    plans: Annotated[list[PlanScore], From(itemgetter(0))]
    items: Annotated[list[Item], From(itemgetter(1))]
    summary: Annotated[Summary, From(lambda told: _summary(told[1]))]
