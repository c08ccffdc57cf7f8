"""Why one request is allowed or denied: every way and every bound that was looked at."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator

from msgspec import Struct

from qgov.decision.decision import Decision
from qgov.decision.job_rules import BACKEND_RULES, BUDGET_RULES
from qgov.decision.question import Candidate, Question, bound, in_force, question
from qgov.decision.reference import CONDITIONS, decide
from qgov.decision.request_parts import RequestJson
from qgov.finding import Origin
from qgov.language.periods import period
from qgov.model.access_model import AccessModel, Budget
from qgov.records import replace

__all__ = ["Bound", "Explanation", "Way", "explanation"]


class Way(Struct, frozen=True):
    """A binding that the subject could act through, and what it lacks for that; one that has
    ended lacks being a grant."""

    candidate: Candidate
    lacks: tuple[str, ...]


class Bound(Struct, frozen=True):
    """What bounds the job (its backend, a budget), where it is written, and why it stops
    the job; `why` is words for a reason that its code does not tell, None elsewhere."""

    kind: str
    name: str
    origin: Origin
    lacks: tuple[str, ...]
    why: str | None = None


class Explanation(Struct, frozen=True):
    """The request, the decision, every way that was considered and every bound of the job."""

    request: RequestJson
    decision: Decision
    ways: tuple[Way, ...]
    bounds: tuple[Bound, ...]


def explanation(model: AccessModel, request: RequestJson) -> Explanation:
    """Ask the reference, and keep what it looked at."""
    asked = question(model, request)
    ways = tuple(_way(asked, candidate) for candidate in bound(asked))
    return Explanation(request, decide(model, request), ways, tuple(_bounds(asked)))


def _way(asked: Question, candidate: Candidate) -> Way:
    if not in_force(asked, candidate.binding):
        return Way(candidate, ("no-grant",))
    lacks = {reason for condition in CONDITIONS for reason in condition(asked, candidate)}
    return Way(candidate, tuple(sorted(lacks)))


def _bounds(asked: Question) -> Iterator[Bound]:
    if asked.permission is None or not asked.permission.executes:
        return
    backend = asked.model.organization.backends.get(asked.request.resource.backend or "")
    if backend is not None:
        yield Bound("backend", backend.name, backend.origin, _lacks(BACKEND_RULES, asked))
    for budget in asked.budgets:
        alone = replace(asked, budgets=(budget,))
        origin = budget.source.source.start
        lacks = _lacks(BUDGET_RULES, alone)
        yield Bound("budget", budget.name, origin, lacks, _why(asked, budget, lacks))


def _why(asked: Question, budget: Budget, lacks: Collection[str]) -> str | None:
    now = asked.request.context.time
    if "budget-exceeded" not in lacks or budget.period is None or now is None:
        return None
    return period(budget.period).closed(now) or None


def _lacks(
    rules: Iterable[Callable[[Question], Iterator[str]]], asked: Question
) -> tuple[str, ...]:
    return tuple(sorted({reason for rule in rules for reason in rule(asked)}))
