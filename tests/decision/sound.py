"""Requests that meet everything that one way to an access asks for: written from the table
of accesses, without the specification, so that the two can be held against each other."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from qgov.language.permissions import CATALOGUE
from qgov.model.access_model import AccessModel, Budget
from qgov.model.accesses import Cell, Path, budgets_around
from qgov.model.conditions import ApprovalRule, Conditions, JobLimits
from qgov.model.measures import COUNTED, LIMITED
from tests.strategies import NOW

__all__ = ["SOMEBODY", "approval_rules", "budgets_of", "dear", "lenient", "sound"]

SOMEBODY: Final = "nobody@northwind.example"
BOSS: Final = "boss@northwind.example"
COUNTRY: Final = "DE"
JOB: Final = (*LIMITED.values(), "estimated_simulator_seconds")


def sound(model: AccessModel, cell: Cell, path: Path) -> dict[str, Any] | None:
    """A small job, or another action, that the path allows. None where nothing can: no
    country is left, a quota of no job at all, or a binding that ends before its elevation."""
    conditions, held = path.conditions, path.elevation
    budgets = budgets_of(model, cell, path.binding.principal)
    if conditions.countries == () or any(
        measure == "jobs" and limit == 0 for b in budgets for measure, _, limit, _ in b.quotas
    ):
        return None
    end = path.binding.expires
    if held is None:
        now = NOW if end is None else min(NOW, end - timedelta(seconds=1))
        return lenient(model, cell, conditions, now=now)
    assert held.not_before is not None
    if end is not None and end <= held.not_before:
        return None
    group = cell._replace(principal=path.binding.principal)
    return lenient(model, group, conditions, held.subject, held.not_before)


def lenient(
    model: AccessModel,
    cell: Cell,
    conditions: Conditions,
    person: str = SOMEBODY,
    now: datetime = NOW,
) -> dict[str, Any]:
    """A request about the cell that is as good as the conditions ask, whether or not the
    cell's principal holds anything there."""
    subject, audience = _subject(model, cell.principal, person)
    labels = [] if cell.scope == "*" else cell.scope.split("/")
    properties = dict(zip(("tenant", "environment", "project"), labels, strict=False))
    context = {
        "time": now.isoformat(),
        "mfa": True,
        "managed_device": True,
        "country": (conditions.countries or (COUNTRY,))[0],
        "token": {"kind": "oidc", "issued_at": now.isoformat(), "audience": audience},
        "elevations": _elevations(model, cell, conditions, now),
    }
    if CATALOGUE[cell.permission].executes:
        properties["backend"] = cell.backend
        budgets = budgets_of(model, cell, cell.principal)
        context["job"] = _smallest(conditions.job, budgets, now)
        context["usage"] = {b.name: _nothing_used(b) for b in budgets}
        context["approvals"] = []
    return {
        "subject": subject,
        "action": {"name": cell.permission},
        "resource": {
            "type": cell.permission.partition(":")[0],
            "id": "1",
            "properties": {**properties, "owner": subject["id"]},
        },
        "context": context,
    }


def dear(model: AccessModel, cell: Cell, path: Path) -> dict[str, Any] | None:
    """The sound request for a job that every approval rule of the path asks an approval for,
    with one that satisfies them all. None where there is no rule or no such job."""
    request, rules = sound(model, cell, path), approval_rules(model, cell, path)
    if request is None or not rules:
        return None
    cost = max(rule.above_micros for rule in rules) + 1
    budgets = budgets_of(model, cell, path.binding.principal)
    now = datetime.fromisoformat(request["context"]["time"])
    stops = (
        None if b.stop_micros is None else 0 if closed(b, now) else b.stop_micros for b in budgets
    )
    bounds = [path.conditions.job.cost_micros, *stops]
    if any(bound is not None and cost > bound for bound in bounds):
        return None
    context = request["context"]
    context["job"]["estimated_cost_micros"] = cost
    context["approvals"] = [
        {
            "subject": request["subject"]["id"],
            "scope": cell.scope,
            "backend": cell.backend,
            "max_cost_micros": cost,
            "requested_by": request["subject"]["id"],
            "approved_by": BOSS,
            "approver_groups": sorted({rule.approvers for rule in rules}),
            "approved_at": context["time"],
        }
    ]
    return request


def budgets_of(model: AccessModel, cell: Cell, principal: str) -> list[Budget]:
    """The budgets that the cell's job falls under; none for what runs nothing."""
    if not CATALOGUE[cell.permission].executes:
        return []
    around = budgets_around(model, cell.scope)
    mine = [b for b in around if b.group is None or f"group:{b.group}" == principal]
    return [b for b in mine if not b.backends or cell.backend in b.backends]


def approval_rules(model: AccessModel, cell: Cell, path: Path) -> list[ApprovalRule]:
    """The rules that ask an approval for a dear job of the cell."""
    if cell.backend not in model.organization.backends:
        return []
    kind = model.organization.backends[cell.backend].value.backend_class
    return [
        b.approval
        for b in budgets_of(model, cell, path.binding.principal)
        if b.approval is not None and kind in b.approval_classes
    ]


def _subject(model: AccessModel, principal: str, person: str) -> tuple[dict[str, Any], str | None]:
    kind, _, name = principal.partition(":")
    if kind == "workload":
        workload = model.workloads[name]
        claims = {"issuer": workload.issuer, "subject": (workload.subject or "").replace("*", "x")}
        return {"type": "workload", "id": name, "properties": claims}, workload.audience
    provider = model.organization.providers[model.groups[name].provider].value
    properties = {"groups": [name], "issuer": provider.issuer}
    return {"type": "user", "id": person, "properties": properties}, provider.audience


def _elevations(
    model: AccessModel, cell: Cell, conditions: Conditions, now: datetime
) -> list[dict[str, Any]]:
    eligible = conditions.eligible
    if eligible is None:
        return []
    ends = now + timedelta(seconds=min(1200, eligible.max_duration_s))
    return [
        {
            "role": role,
            "scope": cell.scope,
            "approved_by": BOSS,
            "approver_groups": [eligible.approvers],
            "ticket": "QGOV-1",
            "not_before": now.isoformat(),
            "expires": ends.isoformat(),
        }
        for role in sorted(model.roles)
        if cell.permission in model.roles[role].permissions
    ]


def closed(budget: Budget, now: datetime) -> bool:
    """Whether it is for a campaign that does not run."""
    begins, slash, ends = (budget.period or "").partition("/")
    return bool(slash) and not (
        datetime.fromisoformat(begins) <= now < datetime.fromisoformat(ends)
    )


def _smallest(limits: JobLimits, budgets: Iterable[Budget], now: datetime) -> dict[str, int]:
    """One of everything, or none where a limit or quota says none."""
    bounds = {attribute: getattr(limits, limit) for limit, attribute in LIMITED.items()}
    job = {name: 1 if bounds.get(name) is None else min(1, bounds[name]) for name in JOB}
    for budget in budgets:
        for measure, _, limit, _ in budget.quotas:
            if measure != "jobs":
                job[COUNTED[measure]] = min(job[COUNTED[measure]], limit)
        if (stop := budget.stop_micros) is not None:
            stop = 0 if closed(budget, now) else stop
            job["estimated_cost_micros"] = min(job["estimated_cost_micros"], stop)
    return job


def _nothing_used(budget: Budget) -> dict[str, int]:
    return {
        "spent_micros": 0,
        **{f"{measure}/{window}": 0 for measure, window, _, _ in budget.quotas if window != "job"},
    }
