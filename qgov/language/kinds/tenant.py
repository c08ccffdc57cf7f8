"""Kind `Tenant`: the isolation boundary and everything inside it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticKnownError

from qgov.language.kinds.base import Binding, Eligibility, Floor, Metadata, Name, Strict, TierName
from qgov.language.scalars import Duration, ScopeField, SecretRef, Text, Url

__all__ = ["RETENTION_CLASSES", "ServiceAccount", "TenantDocument", "TenantSpec"]

RETENTION_CLASSES = ("inputs", "results", "executionLogs", "auditLogs")
"""The classes of records that live for different times, as the language names them."""

Email = Annotated[str, Field(pattern=r"^[^@\s<>]{1,64}@[A-Za-z0-9.-]{1,190}$")]
Jurisdiction = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,31}$")]


class Owner(Strict):
    """Who answers for the tenant."""

    group: Name = Field(description="The owning directory group.")
    contact: Email = Field(description="Where to reach it; a shared mailbox.")


class Project(Strict):
    """A project that says more than its name."""

    name: Name = Field(description="Its name within the environment.")
    previously: Name | None = Field(
        None, description="The former name, so that a rename is a rename."
    )


def _named(value: object) -> object:
    if isinstance(value, str):
        return {"name": value}
    if isinstance(value, dict):
        return value
    raise PydanticKnownError("string_type")


ProjectField = Annotated[Project, BeforeValidator(_named, json_schema_input_type=Name | Project)]
"""A project, written as its name where there is nothing else to say."""


class Environment(Strict):
    """A part of a tenant, of one tier."""

    tier: TierName = Field(description="`sandbox`, `test` or `production`.")
    backends: list[Name] = Field(default_factory=list, description="Backends that it may use.")
    projects: list[ProjectField] = Field(default_factory=list, description="Its projects.")
    queue: Name | None = Field(None, description="The queue that its jobs go to.")
    floors: Floor | None = Field(None, description="Conditions of this environment.")
    previously: Name | None = Field(
        None, description="The former name, so that a rename is a rename."
    )

    @property
    def project_names(self) -> list[str]:
        """The names of its projects, in the order in which they are written."""
        return [project.name for project in self.projects]


class Federation(Strict):
    """Whose tokens a workload is known by (OIDC workload identity federation)."""

    issuer: Url = Field(description="The token's `iss`, exactly.")
    audience: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.:/_-]{0,199}$")] = Field(
        description="The token's `aud`."
    )
    subject: Annotated[str, Field(pattern=r"^[A-Za-z0-9*][A-Za-z0-9*@.:/_-]{0,299}$")] = Field(
        description="The token's `sub`; `*` stands for any text."
    )


class StaticCredential(Strict):
    """A long-lived key, where a cloud offers nothing better. Always an exception."""

    secret: SecretRef = Field(description="Where the key is kept.")
    rotate_every: Duration = Field(description="How often it is replaced.")


class WorkloadBinding(Strict):
    """A role for the service account at a scope of its tenant."""

    role: Name = Field(description="The role.")
    on: ScopeField = Field(description="The scope, relative to the tenant.")
    eligible: Eligibility | None = Field(None, description="Just-in-time instead of standing.")
    requires: Floor | None = Field(None, description="Conditions of this binding alone.")


class ServiceAccount(Strict):
    """A workload: automation known through federation, never through a shared key."""

    name: Name = Field(description="Its name within the tenant.")
    title: Text | None = Field(None, description="A name for people.")
    owner: Name = Field(description="The group that answers for it.")
    federation: Federation | None = Field(None, description="How it is known.")
    static_credential: StaticCredential | None = Field(
        None, description="A long-lived key instead; needs a waiver."
    )
    max_token_lifetime: Duration | None = Field(None, description="Oldest acceptable token.")
    bindings: list[WorkloadBinding] = Field(
        default_factory=list, description="Roles that it holds."
    )
    previously: Name | None = Field(
        None, description="The former name, so that a rename is a rename."
    )


class Retention(Strict):
    """How long a class of records lives, and where."""

    keep: Duration = Field(description="How long.")
    store: Name = Field(description="Where.")


class RetentionPlan(Strict):
    """Each class of records apart."""

    inputs: Retention | None = Field(None, description="What jobs are given.")
    results: Retention | None = Field(None, description="What jobs return.")
    execution_logs: Retention | None = Field(None, description="What happened while they ran.")
    audit_logs: Retention | None = Field(None, description="Who did what.")


class BraketAccount(Strict):
    """An AWS account that the tenant's Braket tasks run in."""

    account: Annotated[str, Field(pattern=r"^[0-9]{12}$")] = Field(description="AWS account id.")
    results_bucket: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{2,62}$")] | None = Field(
        None, description="Where task results land."
    )


class AzureWorkspace(Strict):
    """An Azure Quantum workspace."""

    subscription: Annotated[
        str, Field(pattern=r"^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
    ] = Field(description="The subscription's id.")
    resource_group: Annotated[str, Field(pattern=r"^[A-Za-z0-9._()-]{1,90}$")] = Field(
        description="The resource group."
    )
    workspace: Annotated[str, Field(pattern=r"^[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}[A-Za-z0-9])?$")] = (
        Field(description="The workspace.")
    )
    location: Annotated[str, Field(pattern=r"^[a-z0-9]{2,40}$")] = Field(
        description="The Azure region."
    )
    access_keys: bool = Field(False, description="Whether workspace access keys are enabled.")


class IbmInstance(Strict):
    """An IBM Quantum service instance."""

    instance: Annotated[str, Field(pattern=r"^crn:[A-Za-z0-9:/._-]{10,300}$")] = Field(
        description="The instance's CRN."
    )
    plan: Literal["open", "pay-as-you-go", "flex", "premium"] = Field(
        description="The plan that is paid for."
    )
    region: Literal["us-east", "eu-de"] = Field(description="The IBM Cloud region.")
    instance_limit_seconds: int | None = Field(
        None, ge=0, description="The native hard stop, in seconds of the instance's life."
    )


class GoogleProject(Strict):
    """A Google Cloud project with the Quantum Engine API enabled."""

    project: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{4,28}[a-z0-9]$")] = Field(
        description="The project's id."
    )


class Clouds(Strict):
    """The native accounts that are the tenant's alone."""

    braket: BraketAccount | None = Field(None, description="Amazon Braket.")
    azure: AzureWorkspace | None = Field(None, description="Azure Quantum.")
    ibm: IbmInstance | None = Field(None, description="IBM Quantum.")
    google: GoogleProject | None = Field(None, description="Google Quantum Engine.")


class TenantSpec(Strict):
    """The isolation boundary."""

    owner: Owner = Field(description="Who answers for it.")
    isolation: Literal["shared", "dedicated"] = Field(
        description="Whether stores, queues and groups may be shared with other tenants."
    )
    identity_provider: Name = Field(description="Where its people sign in.")
    residency: list[Jurisdiction] = Field(
        min_length=1, description="Jurisdictions where its data may be."
    )
    classification: Literal["public", "internal", "confidential", "regulated"] = Field(
        "internal", description="The most sensitive data it handles."
    )
    frameworks: list[Name] = Field(
        default_factory=list, description="Compliance frameworks that bind it."
    )
    environments: dict[Name, Environment] = Field(min_length=1, description="Its parts, by name.")
    bindings: list[Binding] = Field(default_factory=list, description="Roles that its groups hold.")
    service_accounts: list[ServiceAccount] = Field(
        default_factory=list, description="Its workloads."
    )
    retention: RetentionPlan = Field(
        default_factory=lambda: RetentionPlan.model_validate({}),
        description="How long each class of records lives.",
    )
    floors: Floor | None = Field(None, description="Conditions of this tenant.")
    clouds: Clouds = Field(
        default_factory=lambda: Clouds.model_validate({}),
        description="The native accounts that are its alone.",
    )
    cost_center: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")] | None = Field(
        None, description="Where its cost is shown or charged."
    )


class TenantDocument(Strict):
    """A tenant."""

    metadata: Metadata
    spec: TenantSpec
