"""What budgets allow the projects of one cloud account together, for clouds that know no more of
budgets than one sum."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import NamedTuple

from qgov.language.periods import CALENDAR, campaign_of
from qgov.model.access_model import AccessModel, Budget
from qgov.model.scope import matches

__all__ = ["Cap", "budgets_near", "cap", "uncounted", "worth"]


class Cap(NamedTuple):
    """The most that may be spent in each `period` (its name), in micros of the organization's
    currency, down from what was reviewed; `warn_at` are shares of it in percent, ascending."""

    micros: int
    period: str
    warn_at: tuple[int, ...]


def budgets_near(model: AccessModel, tenant: str) -> tuple[Budget, ...]:
    """The budgets that jobs of a tenant may fall under."""
    return (*model.budgets_in.get(tenant, ()), *model.budgets_in.get("", ()))


def cap(
    model: AccessModel, tenant: str, accounts: Sequence[Collection[str]], *, campaigns: bool = False
) -> Cap | None:
    """What the budgets with a hard stop allow an account of a tenant, in the shortest period of
    the calendar that bounds all of its projects, else (with `campaigns`) in the first campaign
    that does; None when none does. No cloud counts money over a window that rolls on, or once.

    `accounts` are the projects (scopes) of the account and then of each other one of the tenant
    in the same cloud: a budget of projects in several accounts is divided evenly among these.
    Budgets of single groups and exceptions with an end are for the gateway: no cloud sees either.
    """
    projects, near, share = sorted(accounts[0]), [], {}
    for budget in budgets_near(model, tenant):
        if budget.group is None and budget.stop_micros is not None:
            near.append(budget)
            used = sum(any(matches(budget.scope, project) for project in some) for some in accounts)
            share[budget.name] = budget.stop_micros // max(1, used)
    periods = [*CALENDAR]
    periods += sorted({b.period for b in near if b.period and campaigns and campaign_of(b.period)})
    for period in periods:
        some = [budget for budget in near if budget.period == period]
        tightest = {
            min(around, key=lambda b: (share[b.name], b.name)).name
            for project in projects
            if (around := [b for b in some if matches(b.scope, project)])
        }
        covered = all(any(matches(b.scope, p) for b in some) for p in projects)
        if projects and covered:
            micros = sum(share[name] for name in tightest)
            whole = [b for b in some if all(matches(b.scope, p) for p in projects)]
            micros = min([micros, *(share[b.name] for b in whole)])
            warn_at = {max(1, each // 100) for budget in whole or some for each in budget.warn_at}
            return Cap(micros, period, tuple(sorted(warn_at)))
    return None


def uncounted(model: AccessModel, tenant: str, *, campaigns: bool = False) -> list[Budget]:
    """The budgets of everybody with a hard stop that no `cap` is made of: over a window, once, and
    (but with `campaigns`) for a campaign."""
    return [
        budget
        for budget in budgets_near(model, tenant)
        if budget.group is None
        and budget.stop_micros is not None
        and budget.period not in CALENDAR
        and not (campaigns and campaign_of(budget.period))
    ]


def worth(model: AccessModel, currency: str) -> Decimal | None:
    """What one unit of a currency is worth in the organization's; None where it has no rate."""
    spec = model.organization.spec
    if spec.currency == currency:
        return Decimal(1)
    known = spec.exchange_rates.get(currency)
    return None if known is None else known.rate
