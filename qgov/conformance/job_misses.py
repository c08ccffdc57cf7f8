"""Near misses of the job: one shot too many, one cent too many, a missing approval."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from qgov.conformance.access_path import SECOND, AccessPath
from qgov.conformance.near_misses import NOBODY, Deviations, all_but
from qgov.decision.deviations import (
    CONTEXT_MISSING,
    Change,
    Deviation,
    having,
    lacking,
    moved_to,
    overspent,
    sized,
    together,
    unsized,
    used_up,
    using,
)
from qgov.decision.made_up import CONFORMANCE, approval
from qgov.decision.request import Request
from qgov.decision.request_parts import MAX_COUNT, GivenApproval
from qgov.language.periods import campaign_of
from qgov.model.access_model import Budget
from qgov.model.budgets import is_open, most_at
from qgov.model.conditions import ApprovalRule, JobLimits
from qgov.model.measures import COST, COUNTED, JOBS, MEASURES
from qgov.records import replace

__all__ = ["ABOUT_BACKENDS", "ABOUT_JOBS", "ABOUT_MONEY", "ABOUT_TERMS", "approved"]


def _size(path: AccessPath) -> Iterator[Deviation]:
    """Each bound of a single job, from the floors to the budgets: at it, and one more."""
    width = JobLimits(qubits=path.model.organization.backends[path.backend].value.qubits)
    limits = width & path.conditions.job
    for measure in MEASURES:
        bounds = []
        if measure.limit:
            bounds.append((getattr(limits, measure.limit), "job-too-large", "limit"))
        bounds += [
            (quota.limit, "quota-exceeded", f"quota-{budget.name}")
            for budget in path.budgets
            for quota in budget.quotas
            if quota.window == "job" and quota.measure == measure.quota
        ]
        found = [bound for bound in bounds if bound[0] is not None and bound[0] < MAX_COUNT]
        for most, code, source in found:
            key = f"{measure.limit or measure.quota}-{source}"
            tighter = any(other < most for other, same, _ in found if same == code)
            at, over = sized(measure, most), sized(measure, most + 1)
            yield _at(at._replace(key=f"{key}-at"), code, denied=tighter)
            says = f"{over.says}, one too many"
            yield over._replace(key=f"{key}-over", says=says, denies=code)


def _at(deviation: Deviation, code: str, *, denied: bool) -> Deviation:
    """What is just at a bound: denied for it only where another one is tighter."""
    return deviation._replace(denies=code) if denied else deviation._replace(spares=code)


def _unsized(path: AccessPath) -> Iterator[Deviation]:
    for measure in MEASURES:
        bounded = measure.limit and getattr(path.conditions.job, measure.limit) is not None
        if bounded and measure.attribute in ("shots", "circuits"):
            yield unsized(measure)


def _backend(path: AccessPath) -> Iterator[Deviation]:
    environment = path.model.environment(path.scope)
    assert environment is not None
    # One in each jurisdiction: a denial for residency must not stand for the other.
    facts = path.model.organization.backends
    foreign = {
        facts[name].value.jurisdiction: name
        for name in sorted(set(facts) - set(environment.backends), reverse=True)
    }
    for name in sorted(foreign.values()):
        says, denies = f"{name}, which is not here", "backend-not-entitled"
        yield lacking(f"backend-{name}", says, denies, resource={"backend": name})
    yield lacking("backend-unknown", "no backend", CONTEXT_MISSING, resource={"backend": None})


def _spending(path: AccessPath) -> Iterator[Deviation]:
    """Each budget's stop: to the last micro, and one more."""
    for budget in path.budgets:
        yield from _at_stop(path, budget, "", path.time)


def _at_stop(path: AccessPath, budget: Budget, label: str, moment: datetime) -> Iterator[Deviation]:
    end = path.conditions.expires
    if budget.stop_micros is None or (end is not None and moment >= end):
        return
    if not is_open(budget, moment):
        yield _closed(budget, label, moment)
        return
    if not 1 <= (stop := most_at(budget, moment) or 0) < MAX_COUNT:
        return
    last = Deviation(
        f"budget-{budget.name}-at{label.replace(' ', '-')}",
        f"the last micro of {budget.name}{label}",
        together(moved_to(moment), _spent(budget, stop - 1)),
    )
    yield _at(last, "budget-exceeded", denied=not _affords(path, budget, moment))
    over = overspent(budget.name, stop)
    yield over._replace(
        key=f"{over.key}{label.replace(' ', '-')}",
        says=f"{over.says}{label}",
        change=together(moved_to(moment), _cost(1), over.change),
    )


def _closed(budget: Budget, label: str, moment: datetime) -> Deviation:
    """A job that costs anything, outside of a campaign."""
    return Deviation(
        f"budget-{budget.name}-closed{label.replace(' ', '-')}",
        f"a job of a micro when {budget.name} has no money{label}",
        together(moved_to(moment), _cost(1)),
        "budget-exceeded",
    )


def _campaigns(path: AccessPath) -> Iterator[Deviation]:
    """Each campaign around its beginning and its end; a free job passes outside of it."""
    for budget in path.budgets if path.elevation is None else ():
        campaign = campaign_of(budget.period)
        if campaign is None or budget.stop_micros is None:
            continue
        begins, ends = campaign
        yield from _at_stop(path, budget, " before the campaign", begins - SECOND)
        yield from _at_stop(path, budget, " as the campaign begins", begins)
        yield from _at_stop(path, budget, " as the campaign ends", ends - SECOND)
        yield from _at_stop(path, budget, " after the campaign", ends)


def _cost(micros: int) -> Change:
    return having(job={COST.attribute: micros})


def _spent(budget: Budget, spent: int | None) -> Change:
    """A job of one micro, when so much was spent."""
    return together(_cost(1), using(budget.name, {"spent_micros": spent}))


def _exceptions(path: AccessPath) -> Iterator[Deviation]:
    """Each budget around the window of each of its exceptions."""
    for budget in path.budgets if path.elevation is None else ():
        for index, raised in enumerate(budget.raises, 1):
            begins, ends = raised.not_before, raised.expires
            if begins is not None and begins < ends:
                before = begins - SECOND
                yield from _at_stop(path, budget, f" before exception {index}", before)
                yield from _at_stop(path, budget, f" as exception {index} begins", begins)
            yield from _at_stop(path, budget, f" as exception {index} ends", ends - SECOND)
            yield from _at_stop(path, budget, f" after exception {index}", ends)


def _unstopped(path: AccessPath) -> Iterator[Deviation]:
    """Budgets that only warn, and what is denied because nobody counted."""
    affordable = _affords(path, None, path.time)
    for budget in path.budgets:
        key = f"budget-{budget.name}"
        if budget.stop_micros is not None and is_open(budget, path.time):
            says = f"an unknown amount spent of {budget.name}"
            yield Deviation(f"{key}-unknown", says, _spent(budget, None), CONTEXT_MISSING)
        elif budget.stop_micros is None and budget.limit_micros is not None and affordable:
            says, change = (
                f"{budget.name} overspent, which only warns",
                _spent(budget, MAX_COUNT - 1),
            )
            yield Deviation(f"{key}-overspent", says, change, spares="budget-exceeded")


def _affords(path: AccessPath, budget: Budget | None, moment: datetime) -> bool:
    """Whether all (other) budgets have a micro left."""
    stops = (most_at(b, moment) for b in path.budgets if b is not budget)
    return all(stop is None or stop >= 1 for stop in stops)


def _counting(path: AccessPath) -> Iterator[Deviation]:
    """Each quota that counts over some time: to the last unit, and one more."""
    for budget in path.budgets:
        for quota in budget.quotas:
            if quota.window == "job" or not 1 <= quota.limit < MAX_COUNT:
                continue
            one = {} if quota.measure == JOBS else {COUNTED[quota.measure]: 1}
            counter = f"{quota.measure}/{quota.window}"
            tighter = any(
                other.limit < quota.limit
                for other in budget.quotas
                if (other.measure, other.window) == (quota.measure, quota.window)
            )
            last = Deviation(
                f"quota-{budget.name}-{quota.measure}-{quota.window}-at",
                f"the last of {quota.limit:,} {counter} of {budget.name}",
                together(having(job=one), using(budget.name, {counter: quota.limit - 1})),
            )
            yield _at(last, "quota-exceeded", denied=tighter)
            over = used_up(budget.name, quota, quota.limit)
            yield over._replace(change=together(having(job=one), over.change))


def _uncounted(path: AccessPath) -> Iterator[Deviation]:
    for budget in path.budgets:
        for quota in budget.quotas:
            if quota.window != "job" and quota.limit >= 1:
                counter = f"{quota.measure}/{quota.window}"
                yield Deviation(
                    f"quota-{budget.name}-{quota.measure}-{quota.window}-unknown",
                    f"an unknown number of {counter} of {budget.name}",
                    using(budget.name, {counter: None}),
                    CONTEXT_MISSING,
                )


def approved(path: AccessPath, request: Request, cost: int) -> GivenApproval:
    """An approval of the request that every budget accepts."""
    approvers = sorted({rule.approvers for rule in path.approval_rules})
    return approval(request, CONFORMANCE, scope=path.scope, approvers=approvers, cost=cost)


def _approvals(path: AccessPath) -> Iterator[Deviation]:
    """Each rule about expensive jobs: at its threshold, and above it with and without a
    sound approval."""
    required, invalid = "approval-required", "approval-invalid"
    least = min((rule.above_micros for rule in path.approval_rules), default=0)
    for rule in _expensive(path):
        above = rule.above_micros
        at = Deviation(
            f"approval-{rule.budget}-at",
            f"a job of {above:,} micros, which needs no leave of {rule.budget}",
            _cost(above),
        )
        yield _at(at, required, denied=above != least)
        yield _dear(rule, "missing", "unapproved", _cost(above + 1), required)
        given = _approved(path, rule, "given", "approved", "")
        yield given._replace(spares=invalid)
        says = "approved by somebody in every group but its approvers'"
        foreign = all_but(path, rule.approvers)
        yield _approved(path, rule, "foreign-approver", says, invalid, approver_groups=foreign)
        says = "approved by oneself"
        yield _approved(path, rule, "self-approved", says, invalid, approved_by=path.subject)


def _faulty_approvals(path: AccessPath) -> Iterator[Deviation]:
    """Each rule about expensive jobs, with approvals that are faulty in one way."""
    for rule in _expensive(path):
        now, valid = path.time, timedelta(seconds=rule.valid_for_s)
        if _longest(path, rule):
            oldest, says = now - valid + SECOND, "in the approval's last second"
            last = _approved(path, rule, "last-second", says, "", approved_at=oldest)
            yield last._replace(spares="approval-invalid")
        insufficient: dict[str, Any] = {"max_cost_micros": rule.above_micros}
        for key, says, fields in (
            ("insufficient", "approved for a micro less", insufficient),
            ("requester-approved", "approved by who asked", {"requested_by": CONFORMANCE.approver}),
            ("unapproved", "approved by nobody", {"approved_by": None}),
            ("expired", "approved too long ago", {"approved_at": now - valid}),
            ("ended", "when the approval has ended", {"expires": now}),
            ("not-begun", "approved a second later", {"approved_at": now + SECOND}),
            ("undated", "approved at no known time", {"approved_at": None}),
        ):
            yield _approved(path, rule, key, says, "approval-invalid", **fields)
        for key, says, fields in (
            ("other-person", "approved for somebody else", {"subject": NOBODY}),
            ("other-backend", "approved for another backend", {"backend": "another"}),
            ("other-scope", "approved for another project", {"scope": "another"}),
        ):
            yield _approved(path, rule, key, says, "approval-required", **fields)


def _expensive(path: AccessPath) -> Iterator[ApprovalRule]:
    return (rule for rule in path.approval_rules if rule.above_micros < MAX_COUNT)


def _longest(path: AccessPath, rule: ApprovalRule) -> bool:
    """Whether no other rule about such a job asks for a more recent approval."""
    cost = rule.above_micros + 1
    others = (other for other in path.approval_rules if other.above_micros < cost)
    return all(other.valid_for_s >= rule.valid_for_s for other in others)


def _approved(
    path: AccessPath, rule: ApprovalRule, key: str, says: str, denies: str, **fields: Any
) -> Deviation:
    """A job that a rule calls expensive, with an approval that differs from a sound one."""
    cost = rule.above_micros + 1

    def change(request: Request) -> Request:
        given = replace(approved(path, request, cost), **fields)
        return replace(_cost(cost)(request), approvals=(given,))

    return _dear(rule, key, says, change, denies)


def _dear(rule: ApprovalRule, key: str, says: str, change: Change, denies: str) -> Deviation:
    says = f"one micro more than {rule.budget} gives unasked, {says}"
    return Deviation(f"approval-{rule.budget}-{key}", says, change, denies)


ABOUT_JOBS: Final[tuple[Deviations, ...]] = (_size,)
"""Changes to a job's size, which floors, roles and the backend decide on."""

ABOUT_BACKENDS: Final[tuple[Deviations, ...]] = (_backend, _unsized)
"""Other changes to a job."""

ABOUT_MONEY: Final[tuple[Deviations, ...]] = (_spending, _counting, _approvals)
"""Changes to what was used of the budgets around a project, and to approvals."""

ABOUT_TERMS: Final[tuple[Deviations, ...]] = (
    _exceptions,
    _campaigns,
    _unstopped,
    _uncounted,
    _faulty_approvals,
)
"""Other changes to budgets, once for those that are alike."""
