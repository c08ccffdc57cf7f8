"""Near misses of the job: one shot too many, one cent too many, a missing approval."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from qgov.conformance.case import Claim
from qgov.conformance.near_misses import NOBODY, Deviation, Variant, all_but
from qgov.conformance.ways import APPROVER, Changes, Way, altered, instant, sound
from qgov.decision.request import MAX_COUNT
from qgov.model.access_model import Budget
from qgov.model.conditions import ApprovalRule, JobLimits

__all__ = ["ABOUT_BACKENDS", "ABOUT_JOBS", "ABOUT_MONEY", "ABOUT_TERMS", "approval"]

SIZES: Final = (
    # the limit, the quota's measure, the job's attribute, and words for one more
    ("shots", "shots", "shots", "shots"),
    ("circuits", "circuits", "circuits", "circuits"),
    ("qubits", "", "qubits", "qubits"),
    ("qpu_seconds", "qpuSeconds", "estimated_qpu_seconds", "seconds of QPU time"),
    ("", "simulatorSeconds", "estimated_simulator_seconds", "seconds of simulator time"),
    ("cost_micros", "", "estimated_cost_micros", "micros of estimated cost"),
)

SECOND: Final = timedelta(seconds=1)


def _job(way: Way, key: str, says: str, changes: dict[str, Any], claim: Claim) -> Variant:
    places: Changes = {("context", "job", name): value for name, value in changes.items()}
    return Variant(key, says, altered(sound(way), places), claim)


def _size(way: Way) -> Iterator[Variant]:
    """Each bound of a single job, from the floors to the budgets: at it, and one more."""
    width = JobLimits(qubits=way.model.organization.backends[way.backend].value.qubits)
    limits = width & way.conditions.job
    for limit, measure, attribute, unit in SIZES:
        bounds = [(getattr(limits, limit), "job-too-large", "limit")] if limit else []
        bounds += [
            (most, "quota-exceeded", f"quota-{budget.name}")
            for budget in way.budgets
            for measured, per, most, _ in budget.quotas
            if per == "job" and measured == measure
        ]
        found = [bound for bound in bounds if bound[0] is not None and bound[0] < MAX_COUNT]
        for most, code, source in found:
            tighter = any(other < most for other, same, _ in found if same == code)
            at = Claim(code) if tighter else Claim(spares=code)
            key = f"{limit or measure}-{source}"
            yield _job(way, f"{key}-at", f"{most:,} {unit}", {attribute: most}, at)
            more = {attribute: most + 1}
            yield _job(way, f"{key}-over", f"{most + 1:,} {unit}, one too many", more, Claim(code))


def _unsized(way: Way) -> Iterator[Variant]:
    for attribute, bound in (
        ("shots", way.conditions.job.shots),
        ("circuits", way.conditions.job.circuits),
    ):
        if bound is not None:
            says, claim = f"an unknown number of {attribute}", Claim("context-missing")
            yield _job(way, f"{attribute}-unknown", says, {attribute: ...}, claim)


def _backend(way: Way) -> Iterator[Variant]:
    place = ("resource", "properties", "backend")
    environment = way.model.environment(way.scope)
    assert environment is not None
    # One in each jurisdiction: a denial for residency must not stand for the other.
    facts = way.model.organization.backends
    foreign = {
        facts[name].value.jurisdiction: name
        for name in sorted(set(facts) - set(environment.backends), reverse=True)
    }
    for name in sorted(foreign.values()):
        request = altered(sound(way), {place: name})
        claim = Claim("backend-not-entitled")
        yield Variant(f"backend-{name}", f"{name}, which is not here", request, claim)
    missing = altered(sound(way), {place: ...})
    yield Variant("backend-unknown", "no backend", missing, Claim("context-missing"))


def _used(
    way: Way, budget: Budget, counter: str, used: Any, more: dict[str, Any], now: datetime | None
) -> dict[str, Any]:
    places: Changes = {("context", "job", name): value for name, value in more.items()}
    places["context", "usage", budget.name, counter] = used
    return altered(sound(way, now), places)


def _spending(way: Way) -> Iterator[Variant]:
    """Each budget's stop: to the last micro, and one more."""
    for budget in way.budgets:
        yield from _at_stop(way, budget, "", way.time)


def _at_stop(way: Way, budget: Budget, label: str, moment: datetime) -> Iterator[Variant]:
    if budget.stop_micros is None or not 1 <= (stop := _stop(budget, moment)) < MAX_COUNT:
        return
    counter, cost = "spent_micros", {"estimated_cost_micros": 1}
    key, exceeded = f"budget-{budget.name}", "budget-exceeded"
    at = Claim(spares=exceeded) if _affords(way, budget) else Claim(exceeded)
    request = _used(way, budget, counter, stop - 1, cost, moment)
    suffix = label.replace(" ", "-")
    yield Variant(f"{key}-at{suffix}", f"the last micro of {budget.name}{label}", request, at)
    request = _used(way, budget, counter, stop, cost, moment)
    says = f"one micro more than {budget.name}{label}"
    yield Variant(f"{key}-over{suffix}", says, request, Claim(exceeded))


def _exceptions(way: Way) -> Iterator[Variant]:
    """Each budget around the window of each of its exceptions."""
    for budget in way.budgets if way.path.elevation is None else ():
        for index, raised in enumerate(budget.raises, 1):
            begins, ends = raised.not_before, raised.expires
            if begins is not None and begins < ends:
                before = begins - SECOND
                yield from _at_stop(way, budget, f" before exception {index}", before)
                yield from _at_stop(way, budget, f" as exception {index} begins", begins)
            yield from _at_stop(way, budget, f" as exception {index} ends", ends - SECOND)
            yield from _at_stop(way, budget, f" after exception {index}", ends)


def _unstopped(way: Way) -> Iterator[Variant]:
    """Budgets that only warn, and what is denied because nobody counted."""
    cost = {"estimated_cost_micros": 1}
    affordable = all(b.stop_micros is None or b.stop_micros >= 1 for b in way.budgets)
    for budget in way.budgets:
        key, place = f"budget-{budget.name}", "spent_micros"
        if budget.stop_micros is not None:
            request = _used(way, budget, place, ..., cost, None)
            says = f"an unknown amount spent of {budget.name}"
            yield Variant(f"{key}-unknown", says, request, Claim("context-missing"))
        elif budget.limit_micros is not None and affordable:
            request = _used(way, budget, place, MAX_COUNT - 1, cost, None)
            says = f"{budget.name} overspent, which only warns"
            yield Variant(f"{key}-overspent", says, request, Claim(spares="budget-exceeded"))


def _affords(way: Way, budget: Budget) -> bool:
    """Whether all other budgets have a micro left."""
    return all(b is budget or b.stop_micros is None or b.stop_micros >= 1 for b in way.budgets)


def _stop(budget: Budget, now: datetime) -> int:
    raised = (
        r.increase_micros
        for r in budget.raises
        if (r.not_before is None or r.not_before <= now) and now < r.expires
    )
    return (budget.stop_micros or 0) + sum(raised)


def _counting(way: Way) -> Iterator[Variant]:
    """Each daily and monthly quota: to the last unit, and one more."""
    attributes = {measure: attribute for _, measure, attribute, _ in SIZES if measure}
    for budget in way.budgets:
        for measure, per, limit, _ in budget.quotas:
            if per == "job" or not 1 <= limit < MAX_COUNT:
                continue
            counter, key = f"{measure}/{per}", f"quota-{budget.name}-{measure}-{per}"
            more = {} if measure == "jobs" else {attributes[measure]: 1}
            tighter = any(
                other < limit
                for m, p, other, _ in budget.quotas
                if (m, p) == (measure, per) and other != limit
            )
            at = Claim("quota-exceeded") if tighter else Claim(spares="quota-exceeded")
            last = _used(way, budget, counter, limit - 1, more, None)
            yield Variant(
                f"{key}-at", f"the last of {limit:,} {counter} of {budget.name}", last, at
            )
            over = _used(way, budget, counter, limit, more, None)
            says, claim = f"one {counter} more than {budget.name} has", Claim("quota-exceeded")
            yield Variant(f"{key}-over", says, over, claim)


def _uncounted(way: Way) -> Iterator[Variant]:
    for budget in way.budgets:
        for measure, per, limit, _ in budget.quotas:
            if per != "job" and limit >= 1:
                counter = f"{measure}/{per}"
                request = _used(way, budget, counter, ..., {}, None)
                says = f"an unknown number of {counter} of {budget.name}"
                key = f"quota-{budget.name}-{measure}-{per}-unknown"
                yield Variant(key, says, request, Claim("context-missing"))


def approval(way: Way, cost: int, now: datetime) -> dict[str, Any]:
    """An approval that every budget accepts."""
    return {
        "subject": way.subject,
        "scope": way.scope,
        "backend": way.backend,
        "max_cost_micros": cost,
        "requested_by": way.subject,
        "approved_by": APPROVER,
        "approver_groups": sorted({rule.approvers for rule in way.approval_rules}),
        "approved_at": instant(now),
    }


def _approvals(way: Way) -> Iterator[Variant]:
    """Each rule about expensive jobs: at its threshold, and above it with and without a
    sound approval."""
    required = "approval-required"
    least = min((rule.above_micros for rule in way.approval_rules), default=0)
    for rule in _expensive(way):
        key, above = f"approval-{rule.budget}", rule.above_micros
        at = Claim(spares=required) if above == least else Claim(required)
        says = f"a job of {above:,} micros, which needs no leave of {rule.budget}"
        yield _job(way, f"{key}-at", says, {"estimated_cost_micros": above}, at)
        says = f"one micro more than {rule.budget} gives unasked, unapproved"
        dear = {"estimated_cost_micros": above + 1}
        yield _job(way, f"{key}-missing", says, dear, Claim(required))
        invalid = Claim("approval-invalid")
        yield _approved(way, rule, "given", "approved", Claim(spares="approval-invalid"))
        says = "approved by somebody in every group but its approvers'"
        foreign = all_but(way, rule.approvers)
        yield _approved(way, rule, "foreign-approver", says, invalid, approver_groups=foreign)
        says = "approved by oneself"
        yield _approved(way, rule, "self-approved", says, invalid, approved_by=way.subject)


def _faulty_approvals(way: Way) -> Iterator[Variant]:
    """Each rule about expensive jobs, with approvals that are faulty in one way."""
    for rule in _expensive(way):
        now, valid = way.time, timedelta(seconds=rule.valid_for_s)
        cost = rule.above_micros + 1
        if _longest(way, rule):
            oldest = instant(now - valid + SECOND)
            says, fine = "in the approval's last second", Claim(spares="approval-invalid")
            yield _approved(way, rule, "last-second", says, fine, approved_at=oldest)
        for key, says, changes in (
            ("insufficient", "approved for a micro less", {"max_cost_micros": cost - 1}),
            ("requester-approved", "approved by who asked", {"requested_by": APPROVER}),
            ("unapproved", "approved by nobody", {"approved_by": ...}),
            ("expired", "approved too long ago", {"approved_at": instant(now - valid)}),
            ("ended", "when the approval has ended", {"expires": instant(now)}),
            ("not-begun", "approved a second later", {"approved_at": instant(now + SECOND)}),
            ("undated", "approved at no known time", {"approved_at": ...}),
        ):
            yield _approved(way, rule, key, says, Claim("approval-invalid"), **changes)
        for key, says, changes in (
            ("other-person", "approved for somebody else", {"subject": NOBODY}),
            ("other-backend", "approved for another backend", {"backend": "another"}),
            ("other-scope", "approved for another project", {"scope": "another"}),
        ):
            yield _approved(way, rule, key, says, Claim("approval-required"), **changes)


def _expensive(way: Way) -> Iterator[ApprovalRule]:
    return (rule for rule in way.approval_rules if rule.above_micros < MAX_COUNT)


def _longest(way: Way, rule: ApprovalRule) -> bool:
    """Whether no other rule about such a job wants a younger approval."""
    cost = rule.above_micros + 1
    others = (other for other in way.approval_rules if other.above_micros < cost)
    return all(other.valid_for_s >= rule.valid_for_s for other in others)


def _approved(
    way: Way, rule: ApprovalRule, name: str, says: str, claim: Claim, **changes: Any
) -> Variant:
    cost = rule.above_micros + 1
    base = {**approval(way, cost, way.time), **changes}
    given = {field: value for field, value in base.items() if value is not ...}
    places: Changes = {
        ("context", "job", "estimated_cost_micros"): cost,
        ("context", "approvals"): [given],
    }
    says = f"one micro more than {rule.budget} gives unasked, {says}"
    return Variant(f"approval-{rule.budget}-{name}", says, altered(sound(way), places), claim)


ABOUT_JOBS: Final[tuple[Deviation, ...]] = (_size,)
"""What is changed of a job's size, which floors, roles and the backend decide on."""

ABOUT_BACKENDS: Final[tuple[Deviation, ...]] = (_backend, _unsized)
"""What else is changed of a job."""

ABOUT_MONEY: Final[tuple[Deviation, ...]] = (_spending, _counting, _approvals)
"""What is changed of what was used of the budgets around a project, and of approvals."""

ABOUT_TERMS: Final[tuple[Deviation, ...]] = (
    _exceptions,
    _unstopped,
    _uncounted,
    _faulty_approvals,
)
"""What else is changed about budgets, once for those that are alike."""
