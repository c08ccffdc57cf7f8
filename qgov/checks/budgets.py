"""What bounds the spending of jobs: QG350, QG801 to QG804, QG806, QG810 to QG816."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime
from typing import Final

from qgov.checks import guide
from qgov.checks.facts import (
    are_in,
    at_project,
    found_at,
    of_workloads,
    spending,
    submitting,
    ticks,
)
from qgov.checks.rule import Found, rule
from qgov.finding import Severity
from qgov.language.periods import per_words
from qgov.language.scalars import format_duration
from qgov.model.access_model import AccessModel, Budget, Environment, Tenant
from qgov.model.accesses import backends_of
from qgov.model.scope import EVERYWHERE, matches, tenant_of

_LONGEST_APPROVAL_S: Final = 30 * 86_400


def _by_tenant(model: AccessModel) -> dict[str, list[Budget]]:
    """Budgets by the tenant of their scope; those of every tenant under an empty name."""
    found: dict[str, list[Budget]] = defaultdict(list)
    for budget in model.budgets.values():
        found[tenant_of(budget.scope)].append(budget)
    return found


def _unbounded(
    model: AccessModel, backends: frozenset[str], bounds: Callable[[Budget], bool]
) -> Iterator[tuple[Tenant, Environment, str, str]]:
    """Projects that reach one of the backends and lie in no budget that bounds them there; last,
    on which backends where it is not so on all."""
    by_tenant = _by_tenant(model)
    everywhere = [b for b in by_tenant.get("", ()) if b.group is None and bounds(b)]
    for tenant in model.tenants.values():
        budgets: list[Budget] | None = None
        for environment in tenant.environments.values():
            reached = backends.intersection(environment.backends)
            if not reached:
                continue
            if budgets is None:
                budgets = [
                    b for b in by_tenant.get(tenant.name, ()) if b.group is None and bounds(b)
                ] + everywhere
            whole = (tenant.name, environment.scope, EVERYWHERE)
            if not _open(reached, (b for b in budgets if b.scope in whole)):
                continue
            for project in environment.projects:
                scope = f"{environment.scope}/{project}"
                if left := _open(reached, (b for b in budgets if matches(b.scope, scope))):
                    where = f" on {ticks(left)}" if len(left) < len(reached) else ""
                    yield tenant, environment, project, where


def _open(backends: Collection[str], budgets: Iterable[Budget]) -> list[str]:
    """The backends on which no job counts under any of the budgets."""
    left = set(backends)
    for budget in budgets:
        left = {backend for backend in left if not budget.counts_on(backend)}
        if not left:
            break
    return sorted(left)


@rule("QG801", Severity.ERROR, "cost", guide=guide.BUDGETS)
def no_hard_stop(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A project reaches a priced backend or a QPU, and no budget stops it.

    A sweep over parameters consumes a budget far faster than a person at a notebook.

    Remedy: write a `Budget` whose scope contains the project, with `limit` and `stopAt`.
    """
    for tenant, environment, project, where in _unbounded(
        model, spending(model), lambda b: b.limit_micros is not None and b.stop_at is not None
    ):
        message = f"nothing stops the spending of `{environment.scope}/{project}`{where}"
        yield at_project(tenant, environment, project, message)


@rule("QG802", Severity.WARNING, "cost", "change-approval", guide=guide.BUDGETS)
def no_approval_threshold(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """Jobs of a project may run on a priced QPU without approval, whatever they cost.

    One job with ten times the intended shots is the accident that everybody fears.

    Remedy: add `approval: {above: …, approvers: …}` to a budget of the project.
    """
    priced = frozenset(
        n
        for n, b in model.organization.backends.items()
        if b.value.backend_class == "qpu" and b.value.price is not None
    )
    for tenant, environment, project, where in _unbounded(
        model, priced, lambda b: b.approval is not None and "qpu" in b.approval_classes
    ):
        scope = f"{environment.scope}/{project}"
        message = f"a job of `{scope}`{where} needs no approval, whatever it costs"
        yield at_project(tenant, environment, project, message)


@rule("QG803", Severity.WARNING, "cost", guide=guide.GOOD)
def no_soft_threshold(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A budget warns nobody.

    Budgets should be visible before they are exceeded.

    Remedy: add `warnAt` with one or two shares below `stopAt`.
    """
    for name, budget in model.budgets.items():
        if budget.limit_micros is not None and not budget.warn_at:
            yield found_at(budget.source, f"`{name}` warns nobody before it stops", "budget")


@rule("QG804", Severity.ERROR, "cost", guide=guide.BUDGETS)
def warning_after_stop(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A budget warns when it has already stopped.

    The warning never arrives, and the reviewer counted on it.

    Remedy: put every share of `warnAt` below `stopAt`.
    """
    for name, budget in model.budgets.items():
        stop = budget.stop_at
        if stop is not None and budget.warn_at and budget.warn_at[-1] >= stop:
            message = f"`{name}` warns at {_share(budget.warn_at[-1])} and stops at {_share(stop)}"
            yield found_at(budget.source, message, "budget", "warnAt")


def _share(basis_points: int) -> str:
    return f"{basis_points / 100:g}%"


@rule("QG806", Severity.WARNING, "cost", guide=guide.BUDGETS)
def stop_past_the_limit(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A budget stops only after its limit is exceeded.

    The limit that finance was told is not the most that can be spent.

    Remedy: raise `limit`, and stop at 100% or less.
    """
    for name, budget in model.budgets.items():
        if budget.stop_at is not None and budget.stop_at > 10_000:
            message = f"`{name}` stops at {_share(budget.stop_at)} of its limit"
            yield found_at(budget.source, message, "budget", "stopAt")


@rule("QG810", Severity.WARNING, "cost", "separation-of-duties", guide=guide.BUDGETS)
def owner_approves(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """The owner of a budget approves its expensive jobs.

    Whoever wants the result should not be alone in deciding what it may cost.

    Remedy: name another group in `approvers`.
    """
    for name, budget in model.budgets.items():
        if budget.approval is None:
            continue
        owner, approvers = budget.owner, budget.approval.approvers
        if are_in(model, owner, approvers) or are_in(model, approvers, owner):
            more = "" if owner == approvers else f" with `{approvers}`: one includes the other"
            message = f"`{owner}` owns `{name}` and approves its expensive jobs{more}"
            yield found_at(budget.source, message, "approval", "approvers")


@rule("QG811", Severity.INFO, "cost", guide=guide.COSTS)
def other_currency(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A budget is in another currency than the organization's.

    Its limit in the organization's currency changes whenever the rate is updated. Credits are no
    currency: a plan has so many of them.

    Remedy: write the amount in the organization's currency.
    """
    home, credits_ = model.organization.spec.currency, model.organization.spec.credits
    for name, budget in model.budgets.items():
        spec = budget.source.value
        amounts = (
            (spec.budget and spec.budget.limit, ("budget", "limit")),
            (spec.approval and spec.approval.above, ("approval", "above")),
        )
        for money, path in amounts:
            if money and money.currency not in (home, *credits_):
                message = f"`{name}` is in {money.currency}, so it moves with the rate to {home}"
                yield found_at(budget.source, message, *path)


@rule("QG812", Severity.WARNING, "cost", guide=guide.BUDGETS)
def empty_budget(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A budget bounds neither money nor counts, and asks for no approval.

    It looks like a control, and is none.

    Remedy: add `budget`, `quotas` or `approval`, or remove the document.
    """
    for name, budget in model.budgets.items():
        if budget.limit_micros is None and not budget.quotas and budget.approval is None:
            message = f"`{name}` has neither money nor quotas nor an approval rule"
            yield found_at(budget.source, message, "scope")


@rule("QG813", Severity.WARNING, "cost", guide=guide.BUDGETS)
def budget_of_no_project(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A budget's scope matches no project.

    A misspelled or removed project leaves its successor without a bound.

    Remedy: correct the scope, or remove the document.
    """
    for name, budget in model.budgets.items():
        if "*" not in budget.scope or budget.scope == EVERYWHERE:
            continue
        tenant = tenant_of(budget.scope)
        tenants = (
            [model.tenants[tenant]]
            if tenant in model.tenants
            else (() if tenant else model.tenants.values())
        )
        if tenant and not tenants:
            continue  # the tenant is not loaded or not defined, which is said elsewhere
        if not any(
            matches(budget.scope, f"{e.scope}/{p}")
            for t in tenants
            for e in t.environments.values()
            for p in e.projects
        ):
            message = f"there is no project in `{budget.scope}`, so `{name}` bounds nothing"
            yield found_at(budget.source, message, "scope")


@rule("QG350", Severity.WARNING, "cost", guide=guide.BUDGETS)
def budget_of_unreached_backends(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """No project in a budget's scope may use any of its backends.

    It looks like a control, and counts nothing: the jobs that it was written for run elsewhere.

    Remedy: name the backends that the environments in the scope name, or remove the document.
    """
    bounding = [budget for budget in model.budgets.values() if budget.backends]
    if not bounding:
        return
    reached = [
        (scope, frozenset(backends_of(model, environment, scope)))
        for tenant in model.tenants.values()
        for environment in tenant.environments.values()
        for scope in (f"{environment.scope}/{project}" for project in environment.projects)
    ]
    for budget in bounding:
        tenant, known = tenant_of(budget.scope), model.organization.backends
        if (tenant and tenant not in model.tenants) or not known.keys() >= {*budget.backends}:
            continue  # not loaded or not defined, which is said elsewhere
        if not any(
            matches(budget.scope, scope) and not backends.isdisjoint(budget.backends)
            for scope, backends in reached
        ):
            message = (
                f"no project in `{budget.scope}` may use {ticks(budget.backends)}, so "
                f"`{budget.name}` bounds nothing"
            )
            yield found_at(budget.source, message, "backends")


@rule("QG814", Severity.WARNING, "cost", "change-approval", guide=guide.BUDGETS)
def approval_for_ever(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """An approval holds for longer than 30 days.

    An approval is for one job or one class of jobs, not for a season.

    Remedy: set `validFor` to 30 days or less.
    """
    for name, budget in model.budgets.items():
        approval = budget.approval
        if approval is not None and approval.valid_for_s > _LONGEST_APPROVAL_S:
            lasts = format_duration(approval.valid_for_s)
            message = f"an approval under `{name}` holds for {lasts}"
            yield found_at(budget.source, message, "approval", "validFor")


@rule("QG815", Severity.WARNING, "cost", "workload-identity", guide=guide.MATURITY)
def workload_without_quota(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A service account runs jobs that no daily or monthly quota counts.

    A runaway script should not become a runaway bill, nor fill the queue of everybody else.

    Remedy: add a quota per day or month to a budget whose scope contains the service
    account's.
    """
    roles = submitting(model)
    by_tenant = _by_tenant(model) if model.workloads else {}
    for binding in of_workloads(model):
        if binding.role not in roles:
            continue
        budgets = (*by_tenant.get(tenant_of(binding.scope), ()), *by_tenant.get("", ()))
        if not any(
            b.group is None
            and not b.backends
            and matches(b.scope, binding.scope)
            and any(quota.window != "job" for quota in b.quotas)
            for b in budgets
        ):
            yield found_at(
                binding.source,
                f"nothing counts how many jobs `{binding.principal}` runs on `{binding.scope}`",
                "on",
            )


@rule("QG816", Severity.INFO, "cost", guide=guide.BUDGETS)
def quota_without_warning(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A quota warns nobody before it stops.

    Soft quotas warn teams that they are nearing a threshold.

    Remedy: add `warnAt` to the quota.
    """
    for name, budget in model.budgets.items():
        for index, quota in enumerate(budget.source.value.quotas):
            if quota.per != "job" and not quota.warn_at:
                per = per_words(quota.per)
                message = f"the quota {quota.measure} {per} of `{name}` warns nobody"
                yield found_at(budget.source, message, "quotas", index)
