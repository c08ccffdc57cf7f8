"""Devices as IAM knows them."""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from qgov.model.access_model import AccessModel, Tenant
from qgov.model.caps import budgets_near

__all__ = ["Device", "device", "price_class"]

_ARN: Final = re.compile(
    r"arn:aws:braket:(?P<region>[a-z0-9-]*)::device/"
    r"(?P<path>(?P<kind>qpu|quantum-simulator)/[a-z0-9-]+/[A-Za-z0-9._-]+)"
)
_REGION: Final = re.compile(r"[a-z]{2}(?:-[a-z]+)+-[1-9]")


class Device(Struct, frozen=True):
    """A device: its backend, the region of its jobs, its ARN, and the pattern that means this
    device in a policy."""

    name: str
    region: str
    arn: str
    pattern: str
    is_qpu: bool


def device(model: AccessModel, backend: str) -> Device | None:
    """The device of a backend; None when it is not one of Braket, or has no ARN or
    no region of AWS.

    The ARN that is published has an empty account field; IAM evaluates one with the account of
    the caller filled in, so a policy that copies the ARN matches nothing. The pattern has `*`
    there, and where a simulator's region is empty.
    """
    spec = model.organization.backends[backend].value
    match = _ARN.fullmatch(spec.target or "") if spec.cloud == "braket" else None
    if match is None or not _REGION.fullmatch(spec.region):
        return None
    pattern = f"arn:aws:braket:{match['region'] or '*'}:*:device/{match['path']}"
    return Device(backend, spec.region, match[0], pattern, match["kind"] == "qpu")


def price_class(model: AccessModel, tenant: Tenant, known: Device) -> str:
    """The class of price of a device in a tenant: `sim`, `qpu`, or `top` when one task there can
    cost so much that a budget asks for an approval, which AWS cannot ask for."""
    organization = model.organization
    spec = organization.backends[known.name].value
    if not known.is_qpu:
        return "sim"
    price, shots = (
        organization.prices.get(known.name),
        organization.backend_limits[known.name].shots,
    )
    if price is None:
        return "qpu"
    dearest = None if shots is None else price.per_task_micros + price.per_shot_micros * shots
    asked = [
        budget.approval.above_micros
        for budget in budgets_near(model, tenant.name)
        if budget.approval is not None
        and spec.backend_class in budget.approval_classes
        and budget.counts_on(known.name)
    ]
    return "top" if asked and (dearest is None or dearest > min(asked)) else "qpu"
