"""Budgets with their quotas and approval rules, in the organization's currency."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from qgov.language.documents import Document
from qgov.language.periods import is_window, period
from qgov.language.persons import approved_by_another
from qgov.model.access_model import Budget, Quota, Raise, Tenant
from qgov.model.conditions import ApprovalRule
from qgov.model.fact import Fact
from qgov.model.resolve import Resolver
from qgov.model.scope import EVERYWHERE
from qgov.model.tenants import scope_defined
from qgov.records import replace

__all__ = ["is_open", "link_budgets", "most_at", "soft_threshold", "windows_of"]


def soft_threshold(limit: int, warn_at: tuple[int, ...]) -> int | None:
    """From which amount on there is a warning: the lowest share of the limit, rounded up;
    `warn_at` in basis points. None: never."""
    return -(-limit * min(warn_at) // 10_000) if warn_at else None


def windows_of(budget: Budget) -> tuple[str, ...]:
    """Over what a budget's quotas count that is neither a single job nor a day or month."""
    return tuple(sorted({quota.window for quota in budget.quotas if is_window(quota.window)}))


def is_open(budget: Budget, moment: datetime) -> bool:
    """Whether there is money at a moment: outside of a campaign there is none."""
    return budget.period is None or not period(budget.period).closed(moment)


def most_at(budget: Budget, moment: datetime) -> int | None:
    """The most that may be spent at a moment, with the exceptions that are in force; None: no
    hard stop. An exception adds to a campaign, and opens none."""
    stop = budget.stop_micros
    if stop is None or not is_open(budget, moment):
        return None if stop is None else 0
    return stop + sum(
        r.increase_micros
        for r in budget.raises
        if (r.not_before is None or r.not_before <= moment) and moment < r.expires
    )


def link_budgets(
    documents: Iterable[Document],
    exceptions: Iterable[Document],
    tenants: Mapping[str, Tenant],
    names: Resolver,
) -> dict[str, Budget]:
    """Every budget by name, with what its exceptions add."""
    found = {d.name: _budget(d, tenants, names) for d in documents}
    for document in exceptions:
        spec = document.spec
        known = names.defined("budget", spec.budget, found, document, "spec", "budget")
        more = names.micros(spec.increase, document, "spec", "increase")
        if known and approved_by_another(spec.approved_by, spec.requested_by):
            budget = found[spec.budget]
            added = Raise(more, spec.not_before, spec.expires)
            found[spec.budget] = replace(budget, raises=(*budget.raises, added))
    return found


def _budget(document: Document, tenants: Mapping[str, Tenant], names: Resolver) -> Budget:
    spec = document.spec
    if spec.scope != EVERYWHERE:
        scope_defined(spec.scope, tenants, names, document, "spec", "scope")
    spend = spec.budget
    return Budget(
        name=document.name,
        scope=spec.scope,
        group=spec.group,
        owner=spec.owner,
        period=spend.period if spend else None,
        limit_micros=names.micros(spend.limit, document, "spec", "budget", "limit")
        if spend
        else None,
        warn_at=tuple(sorted(spend.warn_at)) if spend else (),
        stop_at=spend.stop_at if spend else None,
        quotas=tuple(
            sorted(Quota(q.measure, q.per, q.limit, tuple(sorted(q.warn_at))) for q in spec.quotas)
        ),
        approval=_approval(document, names),
        approval_classes=tuple(sorted(spec.approval.for_classes)) if spec.approval else (),
        raises=(),
        source=Fact(document.name, spec, document, ("spec",)),
        formerly=document.metadata.previously or (),
        backends=tuple(sorted(set(spec.backends or ()))),
    )


def _approval(document: Document, names: Resolver) -> ApprovalRule | None:
    rule = document.spec.approval
    if rule is None:
        return None
    above = names.micros(rule.above, document, "spec", "approval", "above")
    return ApprovalRule(above, rule.approvers, rule.valid_for, document.name)
