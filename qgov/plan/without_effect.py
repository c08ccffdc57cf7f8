"""Changes of conditions that change no decision, and why.

A plan compares conditions one by one. Some differ without a request that is decided
differently: a budget that only warns, an approval above a cost that no job may have, a limit
beside a stricter one, an access that nobody can use. Such a change has no witness, and what
is said here is found without looking for one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from qgov.decision.request_parts import FIRST_TIME, LAST_TIME, MAX_COUNT
from qgov.model.access_model import Budget
from qgov.model.accesses import Cell, Path
from qgov.model.conditions import ApprovalRule, Conditions, JobLimits
from qgov.model.measures import JOBS, MEASURES
from qgov.plan.changes import Change, ChangedCell
from qgov.plan.renamed_side import RenamedSide
from qgov.records import replace

__all__ = ["can_be_used", "without_effect"]

NOBODY: Final = "no request is allowed by it: no country, no job, or no time, is left"
ALIKE: Final = "no request is decided otherwise: other bounds are as strict, or it stops nothing"


@dataclass(frozen=True, slots=True)
class _Effect:
    """What one way comes to: `conditions` with every bound of a job in its limits, the budgets
    that can stop a job by what was used before, and the rules that can ask for an approval.
    `counted` are the budgets whose use must be known, of all that it is `under`."""

    conditions: Conditions
    budgets: frozenset[str]
    rules: tuple[ApprovalRule, ...]
    counted: frozenset[str]
    under: frozenset[str] = field(compare=False)

    def implies(self, other: _Effect) -> bool:
        """Whether every request that this allows the other allows."""
        return (
            self.conditions.implies(other.conditions)
            and self.budgets >= other.budgets
            and self.under >= other.counted
            and all(any(mine.implies(rule) for mine in self.rules) for rule in other.rules)
        )


def without_effect(item: ChangedCell, base: RenamedSide, head: RenamedSide) -> str:
    """Why the change of a cell changes no decision in the direction that it names (what is
    widened may be narrower by something that no condition tells); empty when it may."""
    before = _effects(item.cell, item.base, base)
    after = _effects(item.cell, item.head, head)
    if not before and not after:
        return NOBODY
    gains = item.change not in (Change.REVOKED, Change.NARROWED)
    loses = item.change not in (Change.GRANTED, Change.WIDENED)
    alike = (not gains or _covers(before, after)) and (not loses or _covers(after, before))
    return ALIKE if alike else ""


def can_be_used(cell: Cell, path: Path, view: RenamedSide) -> bool:
    """Whether some request is allowed by a way to an access."""
    return next(_effect(cell, path, view), None) is not None


def _covers(wide: Collection[_Effect], narrow: Collection[_Effect]) -> bool:
    return all(any(mine.implies(other) for other in wide) for mine in narrow)


def _effects(cell: Cell, paths: Collection[Path], view: RenamedSide) -> list[_Effect]:
    together: dict[_Effect, list[Conditions]] = defaultdict(list)
    for effect in (found for path in paths for found in _effect(cell, path, view)):
        anywhere = replace(effect.conditions, countries=None)
        together[replace(effect, conditions=anywhere)].append(effect.conditions)
    # Ways that differ in the country alone are one, from any of the countries.
    return [
        replace(effect, conditions=replace(effect.conditions, countries=_either(ways)))
        for effect, ways in together.items()
    ]


def _either(ways: Collection[Conditions]) -> tuple[str, ...] | None:
    if any(way.countries is None for way in ways):
        return None
    return tuple(sorted({country for way in ways for country in way.countries or ()}))


def _effect(cell: Cell, path: Path, view: RenamedSide) -> Iterator[_Effect]:
    """The effect of a way, if it has any."""
    budgets = view.budgets_of(cell, path.binding.principal)
    quotas = [quota for budget in budgets.values() for quota in budget.quotas]
    if path.conditions.countries == () or any(q.measure == JOBS and q.limit == 0 for q in quotas):
        return
    if (end := path.conditions.expires) is not None and end <= _beginning(path.conditions):
        return
    job = path.conditions.job
    for bound in _bounds(cell, view, budgets.values()):
        job &= bound
    rules = [
        rule
        for rule in view.rules_of(cell, path.binding.principal)
        if job.cost_micros is None or rule.above_micros < job.cost_micros
    ]
    yield _Effect(
        replace(
            path.conditions,
            job=job,
            budgets=(),
            approvals=(),
            expires=None if end is None or end > LAST_TIME else end,
        ),
        frozenset(name for name, budget in budgets.items() if _stops(budget)),
        tuple(rules),
        frozenset(name for name, budget in budgets.items() if _counts(budget)),
        frozenset(budgets),
    )


def _beginning(conditions: Conditions) -> datetime:
    """The first moment of a way, if it has any."""
    held = conditions.elevation
    return max(FIRST_TIME, (held and held.not_before) or FIRST_TIME)


_LIMITS: Final = {measure.quota: measure.limit for measure in MEASURES if measure.quota}
"""A quota's measure → the limit of a single job that it is as well; empty where it is none."""


def _bounds(cell: Cell, view: RenamedSide, budgets: Collection[Budget]) -> Iterator[JobLimits]:
    """The bounds of a single job that follow from the backend and the budgets."""
    assert view.model is not None, "an access that exists has a model"
    if (fact := view.model.organization.backends.get(cell.backend)) is not None:
        yield JobLimits(qubits=fact.value.qubits)
    for budget in budgets:
        if budget.stop_micros is not None:
            yield JobLimits(cost_micros=budget.stop_micros + budget.raised_micros)
        for quota in budget.quotas:
            if limit := _LIMITS.get(quota.measure):
                yield JobLimits(**{limit: quota.limit})


def _stops(budget: Budget) -> bool:
    """Whether a job may be too much for a budget beside its own size. What was spent and what
    a job costs are each at most the greatest number of a request."""
    stop = budget.stop_micros
    return (stop is not None and stop < 2 * MAX_COUNT) or any(
        quota.window != "job" or _LIMITS.get(quota.measure) == "" for quota in budget.quotas
    )


def _counts(budget: Budget) -> bool:
    """Whether a job is denied while nobody knows what was used of the budget."""
    return budget.stop_micros is not None or any(q.window != "job" for q in budget.quotas)
