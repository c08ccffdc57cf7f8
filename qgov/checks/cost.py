"""What jobs cost and who is shown it: QG351, QG805, QG807 to QG809, QG817, QG818."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from qgov.checks import guide
from qgov.checks.facts import found_at, spending
from qgov.checks.rule import Found, rule
from qgov.finding import Severity
from qgov.language.currencies import CURRENCIES
from qgov.model.access_model import AccessModel
from qgov.model.price import Price

_YEAR_DAYS: Final = 365
_QUARTER_DAYS: Final = 92


@rule("QG805", Severity.WARNING, "cost", guide=guide.SHOWBACK)
def no_cost_center(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A tenant that spends money has no cost center.

    Showback makes each team aware of its consumption, long before anybody is charged.

    Remedy: set `costCenter`.
    """
    costly = spending(model)
    for tenant in model.tenants.values():
        if tenant.spec.cost_center is None and any(
            not costly.isdisjoint(e.backends) for e in tenant.environments.values()
        ):
            yield found_at(tenant.source, f"nobody is shown the cost of `{tenant.name}`", "owner")


@rule("QG807", Severity.WARNING, "cost", guide=guide.COSTS)
def stale_price(model: AccessModel, now: datetime) -> Iterator[Found]:
    """A price is older than a year, or dated in the future.

    Estimates decide what is denied; a stale price denies the wrong jobs.

    Remedy: look the price up again, and write source and day beside it.
    """
    today = now.date()
    for name, backend in model.organization.backends.items():
        price = backend.value.price
        if price is not None and not 0 <= (today - price.as_of).days <= _YEAR_DAYS:
            yield found_at(
                backend, f"the price of `{name}` was read on {price.as_of}", "price", "asOf"
            )


@rule("QG808", Severity.WARNING, "cost", guide=guide.COSTS)
def stale_exchange_rate(model: AccessModel, now: datetime) -> Iterator[Found]:
    """An exchange rate, or the worth of a credit, is older than a quarter or dated in the future.

    Clouds bill in dollars; the budget in another currency drifts with the rate.

    Remedy: look the rate up again, and write source and day beside it.
    """
    today = now.date()
    for currency, rate in sorted(model.organization.spec.exchange_rates.items()):
        if not 0 <= (today - rate.as_of).days <= _QUARTER_DAYS:
            message = f"the exchange rate of {currency} is of {rate.as_of}"
            yield found_at(model.organization.source, message, "exchangeRates", currency, "asOf")
    for name, credit in sorted(model.organization.spec.credits.items()):
        if not 0 <= (today - credit.as_of).days <= _QUARTER_DAYS:
            message = f"the worth of the credit {name} is of {credit.as_of}"
            yield found_at(model.organization.source, message, "credits", name, "asOf")


@rule("QG351", Severity.ERROR, "cost", guide=guide.COSTS)
def credit_named_like_a_currency(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A credit has the name of a currency.

    An amount in it could be read as money, by people and by what is added later.

    Remedy: give the credit a name that is no code of ISO 4217 and no key of `exchangeRates`.
    """
    spec = model.organization.spec
    for name in sorted(spec.credits):
        if name in CURRENCIES or name in (spec.currency, *spec.exchange_rates):
            message = f"`{name}` is the code of a currency, and no name for a credit"
            yield found_at(model.organization.source, message, "credits", name)


@rule("QG809", Severity.WARNING, "cost", guide=guide.COSTS)
def qpu_without_price(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A QPU of a commercial cloud has no price.

    Its jobs are estimated at nothing, so no budget and no approval ever applies.

    Remedy: add `price` with its source and day.
    """
    for name, backend in model.organization.backends.items():
        spec = backend.value
        if (
            spec.backend_class == "qpu"
            and spec.price is None
            and spec.cloud not in ("local", "google")
        ):
            yield found_at(backend, f"the QPU `{name}` has no price, so its jobs count as free")


@rule("QG818", Severity.WARNING, "cost", guide=guide.COSTS)
def price_that_cannot_be(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A price of parts that do not go together.

    A part that is missing or swapped makes jobs look cheaper than they are billed, and budgets
    and approvals let them pass.

    Remedy: compare the price with its source, part by part.
    """
    for name, price in model.organization.prices.items():
        backend = model.organization.backends[name]
        for wrong, part in _contradictions(price):
            yield found_at(backend, f"the price of `{name}` {wrong}", "price", *part)


def _contradictions(price: Price) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What of a price cannot be right, and the part that says it."""
    one, two = price.per_one_qubit_gate_micros, price.per_two_qubit_gate_micros
    if not any(price):
        yield "names no amount, so its jobs count as free", ()
    if two < one:
        yield "lets a gate on two qubits cost less than one on one", ("perOneQubitGate",)
    if price.two_qubit_gates_per_control is not None and not two:
        yield "counts controls as two-qubit gates, which have none", ("twoQubitGatesPerControl",)
    if 0 < price.minimum_micros <= price.per_task_micros:
        yield "has a minimum that the fixed part of each task reaches already", ("minimum",)


@rule("QG817", Severity.WARNING, "cost", guide=guide.SHOWBACK)
def no_showback(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """Cost is not shown by tenant and by project.

    Exploratory research and recurring production value look the same in one sum.

    Remedy: write `by: [tenant, project]` in `showback`.
    """
    for word in ("tenant", "project"):
        if word not in model.organization.spec.showback.by:
            message = f"cost is not shown by `{word}`"
            yield found_at(model.organization.source, message, "showback", "by")
