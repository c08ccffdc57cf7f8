"""What a `Tenant` says of Azure Quantum: its workspaces, their providers and where records land."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from qgov.language.concerns import MONEY, MORE, OPERATIONS, RECORDS
from qgov.language.forms import form
from qgov.language.kinds.base import Closed, Name, RetiredResources, Strict
from qgov.language.scalars import Currency

__all__ = ["AzureProvider", "AzureWorkspace", "AzureWorkspaces"]


class AzureProvider(Strict):
    """A provider of devices in an Azure Quantum workspace."""

    concern: ClassVar = OPERATIONS

    plan: Annotated[str, MONEY, form("Azure plan")] = Field(
        description="The plan that is paid for: its `providerSku`."
    )
    standard_minutes: Annotated[int | None, MONEY, MORE] = Field(
        None, ge=0, le=10_000_000, description="The provider's own hard stop, of its whole life."
    )
    high_minutes: Annotated[int | None, MONEY, MORE] = Field(
        None, ge=0, le=10_000_000, description="The same for jobs of high priority."
    )


class AzureWorkspace(Strict):
    """An Azure Quantum workspace."""

    concern: ClassVar = OPERATIONS

    subscription: Annotated[str, form("Azure subscription")] = Field(
        description="The subscription's id."
    )
    resource_group: Annotated[str, form("Azure resource group")] = Field(
        description="The resource group, which no other workspace is in: budgets are of groups."
    )
    workspace: Annotated[str, form("Azure workspace")] = Field(description="The workspace.")
    location: Annotated[str, form("Azure region")] = Field(description="The Azure region.")
    access_keys: Annotated[bool, MORE] = Field(
        False, description="Whether workspace access keys are enabled."
    )
    providers: dict[Annotated[str, form("Azure provider")], AzureProvider] = Field(
        default_factory=dict,
        description="Plans by provider, such as `ionq`. Absent: a variable of the Terraform.",
    )
    storage_account: Annotated[str, form("Azure storage account")] | None = Field(
        None, description="Where results land. Absent: an account that the Terraform is told of."
    )
    audit_storage_account: Annotated[
        Annotated[str, form("Azure storage account")] | None, RECORDS
    ] = Field(
        None,
        description="Where the record of who did what lands. Absent: a Log Analytics workspace "
        "that the Terraform is told of.",
    )
    billing_currency: Annotated[Currency | None, MONEY] = Field(
        None, description="What the subscription is billed in; absent: the organization's currency."
    )
    retired: RetiredResources
    closed: Closed


class AzureWorkspaces(AzureWorkspace):
    """The workspace of a tenant, and those of environments that have one of their own."""

    concern: ClassVar = OPERATIONS

    environments: dict[Name, AzureWorkspace] = Field(
        default_factory=dict,
        description="Workspaces of single environments, by name; all others share the tenant's.",
    )
