"""What is asked of a job, whoever submits it: its backend, its size, quotas, budgets and
approvals. A part of the specification; see `qgov.decision.reference`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final

from qgov.decision.question import Question
from qgov.decision.request_parts import GivenApproval, seconds
from qgov.model.conditions import ApprovalRule, JobLimits
from qgov.model.measures import LIMITED
from qgov.model.scope import contains

__all__ = ["BACKEND_RULES", "BUDGET_RULES", "JOB_RULES", "JOB_WARNINGS", "too_large"]

ON_PREMISES: Final = "on-premises"


def _backend(asked: Question) -> Iterator[str]:
    backend = asked.request.resource.backend
    environment = asked.place.environment if asked.place else None
    if backend is None:
        yield "context-missing"
    elif environment is not None and backend not in environment.backends:
        yield "backend-not-entitled"


def _residency(asked: Question) -> Iterator[str]:
    fact = asked.model.organization.backends.get(asked.request.resource.backend or "")
    if fact is None or asked.place is None:
        return
    jurisdiction = fact.value.jurisdiction
    if jurisdiction != ON_PREMISES and jurisdiction not in asked.place.residency:
        yield "residency"


def _device(asked: Question) -> Iterator[str]:
    """A job within the backend's own bounds."""
    yield from too_large(asked, asked.names.device(asked.request.resource.backend or ""))


def too_large(asked: Question, limits: JobLimits) -> Iterator[str]:
    """Why the job does not keep to the limits."""
    for attribute, bound in _bounds(limits):
        if over := _excess(getattr(asked.job, attribute), 0, bound, "job-too-large"):
            yield over


@lru_cache(maxsize=4096)
def _bounds(limits: JobLimits) -> tuple[tuple[str, int], ...]:
    """Which attributes of a job are bounded, and by what."""
    found = ((attribute, getattr(limits, limit)) for limit, attribute in LIMITED.items())
    return tuple((attribute, bound) for attribute, bound in found if bound is not None)


def _excess(more: int | None, used: int | None, bound: int, reason: str) -> str:
    """The reason where there is more than the bound, or nobody knows; else empty."""
    if more is None or used is None:
        return "context-missing"
    return reason if used + more > bound else ""


def _counts(asked: Question) -> Iterator[tuple[int | None, int | None, int, int | None]]:
    """Every quota: what the job adds, what was used, the hard and the soft threshold."""
    for budget in asked.budgets:
        used = asked.usage.get(budget.name, {})
        for attribute, counter, stop, warn in asked.names.terms(budget.name).counts:
            more = 1 if attribute is None else getattr(asked.job, attribute)
            yield more, 0 if counter is None else used.get(counter), stop, warn


def _quotas(asked: Question) -> Iterator[str]:
    for more, used, limit, _ in _counts(asked):
        if over := _excess(more, used, limit, "quota-exceeded"):
            yield over


def _money(asked: Question) -> Iterator[tuple[int | None, int | None, int | None, int | None]]:
    """Every budget: what the job costs, what was spent, the hard and the soft threshold.
    An exception that is in force moves both. Outside of a campaign there is no money: whatever
    was spent in it, a job that costs anything is too much."""
    cost = asked.job.estimated_cost_micros
    for budget in asked.budgets:
        money = asked.names.terms(budget.name).money
        if money is None:
            continue
        stop, warn, campaign, raises = money
        if campaign is not None and not _lies_in(asked.now, *campaign):
            yield cost, 0, None if stop is None else 0, None if warn is None else 1
            continue
        raised = 0
        for more, begins, ends in raises:
            raised += more if _lies_in(asked.now, begins, ends) else 0
        yield (
            cost,
            asked.usage.get(budget.name, {}).get("spent_micros"),
            None if stop is None else stop + raised,
            None if warn is None else warn + raised,
        )


def _lies_in(now: int | None, begins: int | None, ends: int) -> bool:
    return now is not None and (begins is None or begins <= now) and now < ends


def _budgets(asked: Question) -> Iterator[str]:
    for cost, spent, stop, _ in _money(asked):
        if stop is not None and (over := _excess(cost, spent, stop, "budget-exceeded")):
            yield over


def _approval(asked: Question) -> Iterator[str]:
    """An expensive job has a sound approval by each budget's approvers."""
    cost = asked.job.estimated_cost_micros
    for rule in _approval_rules(asked):
        if cost is None:
            yield "context-missing"
        elif cost > rule.above_micros:
            named = [given for given in asked.request.approvals or () if _names(asked, given)]
            if not named:
                yield "approval-required"
            elif not any(_sound(asked, given, rule, cost) for given in named):
                yield "approval-invalid"


def _approval_rules(asked: Question) -> Iterator[ApprovalRule]:
    fact = asked.model.organization.backends.get(asked.request.resource.backend or "")
    for budget in asked.budgets:
        if fact and budget.approval and fact.value.backend_class in budget.approval_classes:
            yield budget.approval


def _names(asked: Question, given: GivenApproval) -> bool:
    """Whether an approval is for this subject, place and backend."""
    return (
        given.subject in (None, asked.request.subject.id)
        and contains(given.scope or "", asked.scope or "")
        and given.backend in (None, asked.request.resource.backend)
    )


def _sound(asked: Question, given: GivenApproval, rule: ApprovalRule, cost: int) -> bool:
    """Whether an approval was given by an approver, not the subject or who asked, covers
    the cost and holds: from when it was given, at the longest for as long as the rule says."""
    by, begins, now = given.approved_by, given.approved_at, asked.now
    if by is None or begins is None or now is None:
        return False
    began = seconds(begins)
    ends = [began + rule.valid_for_s]
    ends += [seconds(given.expires)] if given.expires is not None else []
    return (
        rule.approvers in given.approver_groups
        and by not in (asked.request.subject.id, given.requested_by)
        and given.max_cost_micros is not None
        and cost <= given.max_cost_micros
        and began <= now < min(ends)
    )


BACKEND_RULES: Final[tuple[Callable[[Question], Iterator[str]], ...]] = (
    _backend,
    _residency,
    _device,
)
"""What is asked of the backend that the job is for."""

BUDGET_RULES: Final[tuple[Callable[[Question], Iterator[str]], ...]] = (
    _quotas,
    _budgets,
    _approval,
)
"""What is asked of each budget that the job falls under."""

JOB_RULES: Final[tuple[Callable[[Question], Iterator[str]], ...]] = (
    *BACKEND_RULES,
    *BUDGET_RULES,
)
"""What is asked of everything that executes."""


def _near(thresholds: Iterator[tuple[int | None, int | None, int | None, int | None]]) -> bool:
    for more, used, _, warn in thresholds:
        if more is not None and used is not None and warn is not None and used + more >= warn:
            return True
    return False


def _quota_near(asked: Question) -> Iterator[str]:
    if _near(_counts(asked)):
        yield "quota-near"


def _budget_near(asked: Question) -> Iterator[str]:
    if _near(_money(asked)):
        yield "budget-near"


JOB_WARNINGS: Final[tuple[Callable[[Question], Iterator[str]], ...]] = (_quota_near, _budget_near)
"""What an allowed job is told."""
