"""What periods of budgets and quotas mean for each other: QG345 to QG347."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from itertools import combinations

from qgov.checks import guide
from qgov.checks.facts import found_at
from qgov.checks.rule import Found, rule
from qgov.finding import Severity
from qgov.language.periods import campaign_of, per_words, period
from qgov.model.access_model import AccessModel, Budget, Tenant
from qgov.model.scope import matches, tenant_of


@rule("QG345", Severity.WARNING, "cost", guide=guide.BUDGETS)
def quota_twice(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A budget has two quotas for one measure and period.

    The tighter one decides, and who reads the other is wrong about what may be used.

    Remedy: remove one of them.
    """
    for name, budget in model.budgets.items():
        seen: Counter[tuple[str, str]] = Counter()
        for index, quota in enumerate(budget.source.value.quotas):
            what = (quota.measure, quota.per)
            seen[what] += 1
            if seen[what] > 1:
                message = f"`{name}` has two quotas of {quota.measure} {per_words(quota.per)}"
                yield found_at(budget.source, message, "quotas", index, "per")


@rule("QG346", Severity.WARNING, "cost", guide=guide.BUDGETS)
def campaign_over(model: AccessModel, now: datetime) -> Iterator[Found]:
    """The campaign that a budget is for has ended, and the budget still stops its projects.

    Outside of a campaign there is no money: every job there that costs anything is denied.

    Remedy: write a later `until` or another period, or remove the document.
    """
    for name, budget in _campaigns(model):
        campaign = campaign_of(budget.period)
        if campaign is not None and campaign[1] <= now:
            closed = period(budget.period or "").closed(now)
            message = f"nothing can be spent under `{name}`: {closed}"
            yield found_at(budget.source, message, "budget", "period")


@rule("QG347", Severity.ERROR, "cost", guide=guide.BUDGETS)
def campaigns_apart(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A project lies under the budgets of two campaigns that never go at the same time.

    A job has to fit into every budget around it, and outside of a campaign there is no money: so
    nothing can ever be spent there.

    Remedy: write one budget for both, or give them scopes that have no project in common.
    """
    for (one, first), (other, second) in combinations(_campaigns(model), 2):
        spans = campaign_of(first.period), campaign_of(second.period)
        if None in spans or max(s[0] for s in spans if s) < min(s[1] for s in spans if s):
            continue
        shared = next(_shared(model, first, second), None)
        if shared is not None:
            message = (
                f"nothing can ever be spent in `{shared}`: the campaigns of `{one}` and `{other}` "
                "never go at the same time"
            )
            yield found_at(second.source, message, "budget", "period")


def _campaigns(model: AccessModel) -> list[tuple[str, Budget]]:
    """The budgets of campaigns that stop everybody."""
    return [
        (name, budget)
        for name, budget in model.budgets.items()
        if budget.group is None
        and budget.stop_micros is not None
        and campaign_of(budget.period) is not None
    ]


def _shared(model: AccessModel, one: Budget, other: Budget) -> Iterator[str]:
    """The projects under both."""
    for tenant in _tenants(model, one):
        for environment in tenant.environments.values():
            for project in environment.projects:
                scope = f"{environment.scope}/{project}"
                if matches(one.scope, scope) and matches(other.scope, scope):
                    yield scope


def _tenants(model: AccessModel, budget: Budget) -> list[Tenant]:
    name = tenant_of(budget.scope)
    if not name:
        return [*model.tenants.values()]
    return [model.tenants[name]] if name in model.tenants else []
