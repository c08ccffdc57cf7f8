"""What budgets allow the projects of one cloud account together, for clouds that know no more of
budgets than one sum."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from qgov.language.periods import CALENDAR, campaign_of
from qgov.model.access_model import AccessModel, Budget
from qgov.model.accesses import backends_of
from qgov.model.scope import matches

__all__ = [
    "Cap",
    "Place",
    "budgets_near",
    "cap",
    "counts_at",
    "device_cap",
    "mixed",
    "places",
    "uncounted",
    "worth",
]


Place = tuple[str, str | None]
"""A project (scope), and a backend that it may use; None: whichever."""


class Cap(NamedTuple):
    """The most that may be spent in each `period` (its name), in micros of the organization's
    currency, down from what was reviewed; `warn_at` are shares of it in percent, ascending."""

    micros: int
    period: str
    warn_at: tuple[int, ...]


def budgets_near(model: AccessModel, tenant: str) -> tuple[Budget, ...]:
    """The budgets that jobs of a tenant may fall under."""
    return (*model.budgets_in.get(tenant, ()), *model.budgets_in.get("", ()))


def places(
    budgets: Iterable[Budget], model: AccessModel, projects: Iterable[str], backends: Container[str]
) -> list[Place]:
    """Where jobs of some projects may run on some backends, in order; apart only where one of the
    budgets tells backends apart."""
    if not any(budget.backends for budget in budgets):
        return [(project, None) for project in sorted(projects)]
    return [
        (project, backend)
        for project in sorted(projects)
        if (environment := model.environment(project)) is not None
        for backend in backends_of(model, environment, project)
        if backend in backends
    ]


def counts_at(budget: Budget, place: Place) -> bool:
    """Whether jobs there count under a budget."""
    project, backend = place
    return matches(budget.scope, project) and budget.counts_on(backend)


def cap(
    model: AccessModel,
    tenant: str,
    accounts: Sequence[Collection[str]],
    backends: Collection[str],
    *,
    campaigns: bool = False,
) -> Cap | None:
    """What the budgets with a hard stop allow an account of a tenant on some backends, in the
    shortest period of the calendar that bounds all of its projects there, or (with `campaigns`) in
    a campaign that does and allows no more in all; None when none does. No cloud counts money over
    a window that rolls on, or once.

    `accounts` are the projects (scopes) of the account and then of each other one of the tenant
    in the same cloud: a budget of projects in several accounts is divided evenly among these.
    Budgets of single groups and exceptions with an end are for the gateway: no cloud sees either.
    """
    share = _shares(model, tenant, accounts)
    near = [model.budgets[name] for name in share]
    inside = places(near, model, accounts[0], backends)
    near = [b for b in near if not b.backends or any(counts_at(b, place) for place in inside)]
    calendar = next((c for each in CALENDAR if (c := _cap_of(each, near, inside, share))), None)
    spans = {b.period for b in near if b.period and campaigns and campaign_of(b.period)}
    some = [c for each in spans if (c := _cap_of(each, near, inside, share))]
    campaign = min(some, default=None)
    if campaign is None or (calendar is not None and calendar.micros < campaign.micros):
        return calendar
    return campaign


def _cap_of(
    name: str, near: Iterable[Budget], inside: Collection[Place], share: Mapping[str, int]
) -> Cap | None:
    """What the budgets of a period allow in all of some places; None where one has none."""
    some = [budget for budget in near if budget.period == name]
    if not inside or not all(any(counts_at(b, place) for b in some) for place in inside):
        return None
    tightest = {
        min((b for b in some if counts_at(b, place)), key=lambda b: (share[b.name], b.name)).name
        for place in inside
    }
    whole = [b for b in some if all(counts_at(b, place) for place in inside)]
    micros = min([sum(share[each] for each in tightest), *(share[b.name] for b in whole)])
    warn_at = {max(1, w // 100) for budget in whole or some for w in budget.warn_at}
    return Cap(micros, name, tuple(sorted(warn_at)))


def device_cap(
    model: AccessModel,
    tenant: str,
    accounts: Sequence[Collection[str]],
    backend: str,
    among: Collection[str],
    period: str,
) -> int | None:
    """The micros that budgets of some backends allow all projects of an account on one of them in
    a period, each divided evenly among those of `among` that it is of; None when none does."""
    share = _shares(model, tenant, accounts)
    own = [b for b in (model.budgets[name] for name in share) if b.backends and b.period == period]
    inside = places(own, model, accounts[0], {backend})
    return min(
        (
            share[budget.name] // len([each for each in among if each in budget.backends])
            for budget in own
            if inside and all(counts_at(budget, place) for place in inside)
        ),
        default=None,
    )


def mixed(model: AccessModel, budget: Budget, cloud: str) -> bool:
    """Whether a budget is of devices in a cloud and of some elsewhere. No cloud knows what was
    spent at another, so that each has all of it."""
    backends = model.organization.backends
    return len({backends[name].value.cloud == cloud for name in budget.backends}) > 1


def _shares(model: AccessModel, tenant: str, accounts: Sequence[Collection[str]]) -> dict[str, int]:
    """Budget with a hard stop → what it leaves to each account."""
    found = {}
    for budget in budgets_near(model, tenant):
        if budget.group is None and budget.stop_micros is not None:
            used = sum(any(_counts_in(model, budget, each) for each in some) for some in accounts)
            found[budget.name] = budget.stop_micros // max(1, used)
    return found


def uncounted(
    model: AccessModel,
    tenant: str,
    projects: Iterable[str],
    allowed: Cap | None,
    *,
    campaigns: bool = False,
) -> list[Budget]:
    """The budgets of everybody with a hard stop that no `cap` is made of: over a window, once, and
    (but with `campaigns`) for a campaign. Beside what is `allowed`, those of all projects that
    allow less."""
    known = [*projects]
    return [
        budget
        for budget in budgets_near(model, tenant)
        if budget.group is None
        and budget.stop_micros is not None
        and budget.period not in CALENDAR
        and not (campaigns and campaign_of(budget.period))
        and (allowed is None or _is_less(budget, known, allowed))
    ]


def _is_less(budget: Budget, projects: Iterable[str], allowed: Cap) -> bool:
    """Whether a budget allows all jobs of some projects less than a cap."""
    whole = not budget.backends and all(matches(budget.scope, each) for each in projects)
    return whole and (budget.stop_micros or 0) < allowed.micros


def _counts_in(model: AccessModel, budget: Budget, project: str) -> bool:
    """Whether jobs of a project may count under a budget."""
    environment = model.environment(project)
    return matches(budget.scope, project) and (
        not budget.backends
        or environment is None
        or not {*budget.backends}.isdisjoint(backends_of(model, environment, project))
    )


def worth(model: AccessModel, currency: str) -> Decimal | None:
    """What one unit of a currency is worth in the organization's; None where it has no rate."""
    spec = model.organization.spec
    if spec.currency == currency:
        return Decimal(1)
    known = spec.exchange_rates.get(currency)
    return None if known is None else known.rate
