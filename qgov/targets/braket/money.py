"""`limits.tf` and `budgets.tf`: what AWS itself stops at.

A spending limit of Braket rejects a task when it is submitted, but knows one device of one
account and a window of time. A budget of AWS knows the whole account, hours late; its action
attaches a policy that denies everything.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final

from msgspec import Struct

from qgov.language.periods import campaign_of
from qgov.language.scalars import format_instant
from qgov.model import caps
from qgov.targets.braket.devices import Device
from qgov.targets.braket.module import ORGANIZATION, Module, resource
from qgov.targets.hcl import Block, Ref, Value, address

__all__ = ["Cap", "budgets", "cap", "limits"]

_UNITS: Final = {"monthly": "MONTHLY", "quarterly": "QUARTERLY", "yearly": "ANNUALLY"}
_CENTS: Final = 100
_MICROS: Final = 1_000_000


class Cap(Struct, frozen=True):
    """The most that a tenant may spend on Braket: cents of a US dollar, in each `period` (its
    name), or in a campaign; `warn_at` are shares of it in percent."""

    cents: int
    period: str
    warn_at: tuple[int, ...]

    @property
    def campaign(self) -> tuple[datetime, datetime] | None:
        """From when until when, where it is for that alone."""
        return campaign_of(self.period)


@lru_cache(maxsize=1)
def cap(module: Module) -> Cap | None:
    """What the budgets with a hard stop allow the account's projects together; None when nothing
    does, or there is no rate of the US dollar."""
    names = {each.name for each in module.devices}
    allowed = caps.cap(module.model, module.tenant.name, module.projects, names, campaigns=True)
    dollar = caps.worth(module.model, "USD")
    if allowed is None or dollar is None:
        return None
    return Cap(_cents(allowed.micros, dollar), allowed.period, allowed.warn_at)


def _cents(micros: int, dollar: Decimal) -> int:
    """Down: no more than reviewed."""
    return int(Decimal(micros) * _CENTS / _MICROS / dollar)


def limits(module: Module) -> list[Block]:
    """A spending limit for each QPU. The money is divided evenly, so that all limits together are
    never more than the budget; a budget of some of them lowers theirs. Outside of its window a
    limit rejects every task, so that a period that nobody begins is one in which nothing is
    spent, and so is the time outside of a campaign."""
    known = cap(module)
    devices = {each.arn: each for each in reversed(module.devices) if each.is_qpu}
    if known is None or not devices:
        return []
    window: Mapping[str, Value] = {
        "start_at": Ref("var.period_start"),
        "end_at": Ref("var.period_end"),
    }
    if known.campaign is not None:
        begins, ends = map(format_instant, known.campaign)
        window = {"start_at": begins, "end_at": ends}
    return [
        Block(
            "resource",
            ("awscc_braket_spending_limit", address("device", each.name)),
            {
                "provider": Ref(f"awscc.{each.region}"),
                "device_arn": each.arn,
                "spending_limit": _dollars(_most(module, known, each, devices.values())),
                "time_period": window,
            },
        )
        for _, each in sorted(devices.items())
    ]


def _most(module: Module, known: Cap, one: Device, devices: Collection[Device]) -> int:
    """What one QPU of an account may cost, in cents of a US dollar."""
    among = [each.name for each in devices]
    tenant, dollar = module.tenant.name, caps.worth(module.model, "USD")
    own = caps.device_cap(module.model, tenant, module.projects, one.name, among, known.period)
    even = known.cents // len(devices)
    return even if own is None or dollar is None else min(even, _cents(own, dollar))


def _dollars(cents: int) -> str:
    return f"{cents // _CENTS}.{cents % _CENTS:02d}"


def budgets(module: Module) -> list[Block]:
    """A budget of what Braket costs in the account, which warns the owner and at its end denies
    every task. AWS counts whole periods of the calendar: there is none for a campaign."""
    known = cap(module)
    if known is None or known.campaign is not None or not module.devices:
        return []
    contact = module.tenant.spec.owner.contact
    name = f"qgov-braket-{module.name}"
    filters = {"LinkedAccount": module.account.account, "Service": "Amazon Braket"}
    warnings = tuple(
        Block(
            "notification",
            (),
            {
                "comparison_operator": "GREATER_THAN",
                "notification_type": "ACTUAL",
                "threshold": share,
                "threshold_type": "PERCENTAGE",
                "subscriber_email_addresses": [contact],
            },
        )
        for share in known.warn_at
    )
    return [
        resource(
            "budgets_budget",
            "braket",
            {
                **ORGANIZATION,
                "name": name,
                "budget_type": "COST",
                "limit_amount": _dollars(known.cents),
                "limit_unit": "USD",
                "time_unit": _UNITS[known.period],
            },
            *(
                Block("cost_filter", (), {"name": key, "values": [value]})
                for key, value in filters.items()
            ),
            *warnings,
        ),
        _action(module, contact),
    ]


def _action(module: Module, contact: str) -> Block:
    """What the budget does when it is spent. Roles of Identity Center cannot be given a policy,
    so the whole account is."""
    definition: dict[str, Value] = {
        "policy_id": Ref("aws_organizations_policy.stop.id"),
        "target_ids": [module.account.account],
    }
    return resource(
        "budgets_budget_action",
        "stop",
        {
            **ORGANIZATION,
            "budget_name": Ref("aws_budgets_budget.braket.name"),
            "action_type": "APPLY_SCP_POLICY",
            "approval_model": "AUTOMATIC",
            "notification_type": "ACTUAL",
            "execution_role_arn": Ref("var.budget_action_role_arn"),
        },
        Block(
            "action_threshold",
            (),
            {"action_threshold_type": "PERCENTAGE", "action_threshold_value": 100},
        ),
        Block("definition", blocks=(Block("scp_action_definition", (), definition),)),
        Block("subscriber", (), {"address": contact, "subscription_type": "EMAIL"}),
    )
