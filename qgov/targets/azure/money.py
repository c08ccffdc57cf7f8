"""`budgets.tf`: what Azure warns of.

A budget of Azure knows a resource group, in the currency of the invoice and hours late, and stops
nothing. Devices are billed by the Azure Marketplace: a budget without a filter counts that too.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Final

from qgov.model import caps
from qgov.targets.azure.module import Module, resource
from qgov.targets.hcl import Block, Ref

__all__ = ["MOST_WARNINGS", "PERIODS", "amount", "budgets", "currency", "warnings"]

MOST_WARNINGS: Final = 5
"""How many thresholds a budget has."""

PERIODS: Final = {"monthly": "Monthly", "quarterly": "Quarterly", "yearly": "Annually"}
_MICROS: Final = 1_000_000
_WHOLE: Final = 100  # percent


@lru_cache(maxsize=1)
def _cap(module: Module) -> caps.Cap | None:
    return caps.cap(module.model, module.tenant.name, module.projects, module.devices)


def currency(module: Module) -> str:
    """What the subscription is billed in."""
    return module.workspace.billing_currency or module.model.organization.spec.currency


def amount(module: Module) -> tuple[int, caps.Cap] | None:
    """The most that may be spent, in whole units of the invoice's currency and never more than
    was reviewed; None when no budget bounds it, or the currency has no rate."""
    allowed, unit = _cap(module), caps.worth(module.model, currency(module))
    if allowed is None or unit is None:
        return None
    return int(Decimal(allowed.micros) / _MICROS / unit), allowed


def warnings(allowed: caps.Cap) -> tuple[int, ...]:
    """The shares of a budget, in percent, at which it warns."""
    return tuple(sorted({*allowed.warn_at, _WHOLE}))


def budgets(module: Module) -> list[Block]:
    """A budget of what the resource group costs, which warns the owner."""
    known = amount(module)
    if known is None or not known[0]:
        return []
    most, allowed = known
    contact = module.tenant.spec.owner.contact
    return [
        resource(
            "consumption_budget_resource_group",
            "quantum",
            {
                "name": "qgov-quantum",
                "resource_group_id": module.group,
                "amount": most,
                "time_grain": PERIODS[allowed.period],
            },
            Block("time_period", (), {"start_date": Ref("var.budget_start")}),
            *(
                Block(
                    "notification",
                    (),
                    {
                        "operator": "GreaterThanOrEqualTo",
                        "threshold": share,
                        "threshold_type": "Actual",
                        "contact_emails": [contact],
                    },
                )
                for share in warnings(allowed)
            ),
        )
    ]
