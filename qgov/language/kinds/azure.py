"""What a `Tenant` says of Azure Quantum: its workspaces, their providers and where records land."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final

from pydantic import Field

from qgov.language.concerns import MONEY, MORE, OPERATIONS, RECORDS
from qgov.language.kinds.base import Name, RetiredResources, Strict
from qgov.language.scalars import Currency

__all__ = ["AzureProvider", "AzureWorkspace", "AzureWorkspaces"]

_STORAGE_ACCOUNT: Final = r"^[a-z0-9]{3,24}$"
_GROUP: Final = r"^[A-Za-z0-9_()-](?:[A-Za-z0-9._()-]{0,88}[A-Za-z0-9_()-])?$"


class AzureProvider(Strict):
    """A provider of devices in an Azure Quantum workspace."""

    concern: ClassVar = OPERATIONS

    plan: Annotated[str, MONEY, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")] = Field(
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

    subscription: Annotated[
        str, Field(pattern=r"^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
    ] = Field(description="The subscription's id.")
    resource_group: Annotated[str, Field(pattern=_GROUP)] = Field(
        description="The resource group, which no other workspace is in: budgets are of groups."
    )
    workspace: Annotated[str, Field(pattern=r"^[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}[A-Za-z0-9])?$")] = (
        Field(description="The workspace.")
    )
    location: Annotated[str, Field(pattern=r"^[a-z0-9]{2,40}$")] = Field(
        description="The Azure region."
    )
    access_keys: Annotated[bool, MORE] = Field(
        False, description="Whether workspace access keys are enabled."
    )
    providers: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,63}$")], AzureProvider] = (
        Field(
            default_factory=dict,
            description="Plans by provider, such as `ionq`. Absent: a variable of the Terraform.",
        )
    )
    storage_account: Annotated[str, Field(pattern=_STORAGE_ACCOUNT)] | None = Field(
        None, description="Where results land. Absent: an account that the Terraform is told of."
    )
    audit_storage_account: Annotated[
        Annotated[str, Field(pattern=_STORAGE_ACCOUNT)] | None, RECORDS
    ] = Field(
        None,
        description="Where the record of who did what lands. Absent: a Log Analytics workspace "
        "that the Terraform is told of.",
    )
    billing_currency: Annotated[Currency | None, MONEY] = Field(
        None, description="What the subscription is billed in; absent: the organization's currency."
    )
    retired: RetiredResources = Field(
        default_factory=list,
        description="Resources that are no longer here and hold money or records, by the "
        "addresses that `terraform plan` refuses to let go: Terraform lets go of them, and they "
        "stay as they are.",
    )
    closed: bool = Field(
        False,
        description="Whether nobody uses it any more: Terraform takes every access away, and lets "
        "go of what holds money or records. Then the tenant may go.",
    )


class AzureWorkspaces(AzureWorkspace):
    """The workspace of a tenant, and those of environments that have one of their own."""

    concern: ClassVar = OPERATIONS

    environments: dict[Name, AzureWorkspace] = Field(
        default_factory=dict,
        description="Workspaces of single environments, by name; all others share the tenant's.",
    )
