"""The accounts of a tenant in IBM Quantum, Google Quantum Engine and the vendors' own services."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from qgov.language.concerns import DIFFERENT, MEMBERS, MONEY, MORE, OPERATIONS, TRUST
from qgov.language.forms import form
from qgov.language.kinds.base import Closed, Name, RetiredResources, Strict

__all__ = ["GoogleProject", "IbmAccount", "IbmInstance", "VendorProject"]


def _network(text: str) -> str:
    try:
        ip_network(text)
    except ValueError as error:
        raise PydanticCustomError("network", "{reason}", {"reason": str(error)}) from None
    return text


Network = Annotated[str, form("network"), AfterValidator(_network)]
"""An IPv4 address, or a subnet as CIDR."""


class IbmInstance(Strict):
    """An IBM Quantum service instance, of one plan in one region."""

    concern: ClassVar = OPERATIONS

    instance: Annotated[str, form("IBM instance")] = Field(description="The instance's CRN.")
    plan: Literal["open", "pay-as-you-go", "flex", "premium"] = Field(
        description="The plan that is paid for."
    )
    region: Literal["us-east", "eu-de"] = Field(description="The IBM Cloud region.")
    instance_limit_seconds: Annotated[int | None, MONEY, MORE] = Field(
        None, ge=0, description="The native hard stop, in seconds; a budget may set a stricter one."
    )
    used_seconds: Annotated[int, MONEY, MORE] = Field(
        0,
        ge=0,
        description="What it had used when its budgets' period began: pay-as-you-go counts its "
        "whole life, so this is added to what they allow.",
    )
    environments: Annotated[list[Name], DIFFERENT] = Field(
        default_factory=list,
        description="The environments whose jobs it runs; empty: all that use its region.",
    )
    networks: Annotated[list[Network], TRUST, MEMBERS] = Field(
        default_factory=list,
        description="From where it can be reached, such as the gateway's addresses; empty: from "
        "anywhere.",
    )


class IbmAccount(IbmInstance):
    """The IBM Quantum instance of a tenant, and its further ones."""

    concern: ClassVar = OPERATIONS

    instances: dict[Name, IbmInstance] = Field(
        default_factory=dict,
        description="Further instances by name, of other plans, regions or environments.",
    )
    retired: RetiredResources
    closed: Closed


class GoogleProject(Strict):
    """A Google Cloud project with the Quantum Engine API enabled."""

    concern: ClassVar = OPERATIONS

    project: Annotated[str, form("Google project")] = Field(description="The project's id.")
    number: Annotated[Annotated[str, form("Google project number")] | None, TRUST] = Field(
        None, description="The project's number, by which federated identities are named."
    )


class VendorProject(Strict):
    """A project, or what a vendor calls one, in the vendor's own service."""

    concern: ClassVar = OPERATIONS

    project: Annotated[str, form("vendor's project")] = Field(
        description="The name or id of the project."
    )
