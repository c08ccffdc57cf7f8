"""Kind `Tenant`: the isolation boundary and everything inside it."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, ValidationError
from pydantic_core import PydanticKnownError

from qgov.language.concerns import (
    ABSENT,
    ACCESS,
    EARLIER,
    FEWER,
    LESS,
    MEMBERS,
    MONEY,
    MORE,
    OPERATIONS,
    PRESENT,
    RECORDS,
    RULES,
    TRUST,
    KeyedBy,
)
from qgov.language.forms import form
from qgov.language.kinds.azure import AzureWorkspaces
from qgov.language.kinds.base import (
    Binding,
    Closed,
    Eligibility,
    Floor,
    FormerNames,
    Metadata,
    Name,
    RetiredResources,
    Strict,
    TierName,
)
from qgov.language.kinds.clouds import GoogleProject, IbmAccount, VendorProject
from qgov.language.scalars import Duration, Instant, ScopeField, SecretRef, Text, Url

__all__ = [
    "RETENTION_CLASSES",
    "AwsAccount",
    "ServiceAccount",
    "TenantDocument",
    "TenantSpec",
]

RETENTION_CLASSES = ("inputs", "results", "executionLogs", "auditLogs")
"""The classes of records that live for different times, as the language names them."""

Email = Annotated[str, form("mailbox")]
Jurisdiction = Annotated[str, form("jurisdiction")]
Classification = Literal["public", "internal", "confidential", "regulated"]
"""How sensitive data is, the most sensitive last."""


class Owner(Strict):
    """Who answers for the tenant."""

    concern: ClassVar = RULES

    group: Name = Field(description="The owning directory group.")
    contact: Annotated[Email, OPERATIONS] = Field(
        description="Where to reach it; a shared mailbox."
    )


class Project(Strict):
    """A project that says more than its name."""

    concern: ClassVar = ACCESS

    name: Name = Field(description="Its name within the environment.")
    residency: Annotated[list[Jurisdiction] | None, RECORDS, MEMBERS] = Field(
        None,
        min_length=1,
        description="Jurisdictions where its data may be, of those of the tenant.",
    )
    classification: Annotated[Classification | None, RULES, EARLIER] = Field(
        None,
        description="The most sensitive data it handles, where that is more than the tenant's.",
    )
    previously: FormerNames | None = Field(
        None, description="The former name, so that a rename is a rename."
    )


@lru_cache(maxsize=1024)  # many are called alike
def _project(name: str) -> Project:
    return Project(name=name)


def _named(value: object) -> object:
    if isinstance(value, str):
        try:
            return _project(value)
        except ValidationError:
            return {"name": value}  # which says where it is wrong
    if isinstance(value, dict):
        return value
    raise PydanticKnownError("string_type")


ProjectField = Annotated[Project, BeforeValidator(_named, json_schema_input_type=Name | Project)]
"""A project, written as its name where there is nothing else to say."""


class Environment(Strict):
    """A part of a tenant, of one tier."""

    concern: ClassVar = ACCESS

    tier: TierName = Field(description="`sandbox`, `test` or `production`.")
    backends: Annotated[list[Name], MEMBERS] = Field(
        default_factory=list, description="Backends that it may use."
    )
    projects: Annotated[list[ProjectField], MEMBERS, KeyedBy(("name",))] = Field(
        default_factory=list, description="Its projects."
    )
    queue: Annotated[Name | None, OPERATIONS] = Field(
        None, description="The queue that its jobs go to."
    )
    floors: Annotated[Floor | None, ABSENT] = Field(
        None, description="Conditions of this environment."
    )
    previously: FormerNames | None = Field(
        None, description="The former name, so that a rename is a rename."
    )

    @property
    def project_names(self) -> list[str]:
        """The names of its projects, in the order in which they are written."""
        return [project.name for project in self.projects]


class Federation(Strict):
    """Whose tokens a workload is known by (OIDC workload identity federation)."""

    concern: ClassVar = TRUST

    issuer: Url = Field(description="The token's `iss`, exactly.")
    audience: Annotated[str, form("audience")] = Field(description="The token's `aud`.")
    subject: Annotated[str, form("subject")] = Field(
        description="The token's `sub`; `*` stands for any text."
    )


class StaticCredential(Strict):
    """A long-lived key, where a cloud offers nothing better. Always an exception."""

    concern: ClassVar = TRUST

    secret: SecretRef = Field(description="Where the key is kept.")
    rotate_every: Annotated[Duration, MORE] = Field(description="How often it is replaced.")


class WorkloadBinding(Strict):
    """A role for the service account at a scope of its tenant."""

    concern: ClassVar = ACCESS

    role: Name = Field(description="The role.")
    on: ScopeField = Field(description="The scope, relative to the tenant.")
    eligible: Annotated[Eligibility | None, ABSENT] = Field(
        None, description="Just-in-time instead of standing."
    )
    requires: Annotated[Floor | None, ABSENT] = Field(
        None, description="Conditions of this binding alone."
    )
    expires: Annotated[Instant | None, MORE] = Field(
        None, description="When it ends by itself: from then on it grants nothing."
    )


class ServiceAccount(Strict):
    """A workload: automation known through federation, never through a shared key."""

    concern: ClassVar = ACCESS

    name: Name = Field(description="Its name within the tenant.")
    title: Text | None = Field(None, description="A name for people.")
    owner: Annotated[Name, RULES] = Field(description="The group that answers for it.")
    federation: Annotated[Federation | None, PRESENT] = Field(None, description="How it is known.")
    static_credential: Annotated[StaticCredential | None, PRESENT] = Field(
        None, description="A long-lived key instead; needs a waiver."
    )
    max_token_lifetime: Annotated[Duration | None, MORE] = Field(
        None, description="Oldest acceptable token."
    )
    bindings: Annotated[list[WorkloadBinding], MEMBERS, KeyedBy(("role", "on"))] = Field(
        default_factory=list, description="Roles that it holds."
    )
    previously: FormerNames | None = Field(
        None, description="The former name, so that a rename is a rename."
    )


class Retention(Strict):
    """How long a class of records lives, and where."""

    concern: ClassVar = RECORDS

    keep: Annotated[Duration, MORE] = Field(description="How long.")
    store: Name = Field(description="Where.")


class LogRetention(Retention):
    """How long a class of logs lives, and where. Logs are evidence: less of it is looser."""

    concern: ClassVar = RECORDS

    keep: Annotated[Duration, LESS] = Field(description="How long.")


class RetentionPlan(Strict):
    """Each class of records apart."""

    concern: ClassVar = RECORDS

    inputs: Annotated[Retention | None, ABSENT] = Field(None, description="What jobs are given.")
    results: Annotated[Retention | None, ABSENT] = Field(None, description="What jobs return.")
    execution_logs: Annotated[LogRetention | None, ABSENT] = Field(
        None, description="What happened while they ran."
    )
    audit_logs: Annotated[LogRetention | None, ABSENT] = Field(None, description="Who did what.")


class AwsAccount(Strict):
    """An AWS account that Braket tasks run in."""

    concern: ClassVar = OPERATIONS

    account: Annotated[str, form("AWS account")] = Field(description="AWS account id.")
    results_bucket: Annotated[str, form("AWS bucket")] | None = Field(
        None, description="Where task results land; other regions have `BUCKET-REGION`."
    )
    region: Annotated[Annotated[str, form("AWS region")] | None, RECORDS] = Field(
        None, description="The region of the bucket; absent: the only one of its devices."
    )
    deploy_role: Annotated[str, TRUST, form("AWS role")] = Field(
        "qgov-deploy",
        description="The IAM role that applies the Terraform: nobody else changes spending limits.",
    )
    retired: RetiredResources
    closed: Closed


class BraketAccount(AwsAccount):
    """The AWS account of a tenant, and those of environments that have one of their own."""

    concern: ClassVar = OPERATIONS

    environments: dict[Name, AwsAccount] = Field(
        default_factory=dict,
        description="Accounts of single environments, by name; all others share the tenant's.",
    )


class Clouds(Strict):
    """The native accounts that are the tenant's alone."""

    concern: ClassVar = OPERATIONS

    braket: BraketAccount | None = Field(None, description="Amazon Braket.")
    azure: AzureWorkspaces | None = Field(None, description="Azure Quantum.")
    ibm: IbmAccount | None = Field(None, description="IBM Quantum.")
    google: GoogleProject | None = Field(None, description="Google Quantum Engine.")
    ionq: VendorProject | None = Field(None, description="IonQ Quantum Cloud.")
    quantinuum: VendorProject | None = Field(None, description="Quantinuum Nexus.")
    iqm: VendorProject | None = Field(None, description="IQM Resonance.")
    rigetti: VendorProject | None = Field(None, description="Rigetti QCS.")


class TenantSpec(Strict):
    """The isolation boundary."""

    owner: Owner = Field(description="Who answers for it.")
    isolation: Annotated[Literal["shared", "dedicated"], RULES, EARLIER] = Field(
        description="Whether stores, queues and groups may be shared with other tenants."
    )
    identity_provider: Annotated[Name, TRUST] = Field(description="Where its people sign in.")
    residency: Annotated[list[Jurisdiction], RECORDS, MEMBERS] = Field(
        min_length=1, description="Jurisdictions where its data may be."
    )
    classification: Annotated[Classification, RULES, EARLIER] = Field(
        "internal", description="The most sensitive data it handles, single projects apart."
    )
    frameworks: Annotated[list[Name], RULES, FEWER] = Field(
        default_factory=list, description="Compliance frameworks that bind it."
    )
    environments: Annotated[dict[Name, Environment], MEMBERS] = Field(
        min_length=1, description="Its parts, by name."
    )
    bindings: Annotated[
        list[Binding], ACCESS, MEMBERS, KeyedBy(("group", "user", "role", "on"))
    ] = Field(default_factory=list, description="Roles that its groups hold.")
    service_accounts: Annotated[list[ServiceAccount], MEMBERS, KeyedBy(("name",))] = Field(
        default_factory=list, description="Its workloads."
    )
    retention: RetentionPlan = Field(
        default_factory=lambda: RetentionPlan.model_validate({}),
        description="How long each class of records lives.",
    )
    floors: Annotated[Floor | None, ABSENT] = Field(None, description="Conditions of this tenant.")
    clouds: Clouds = Field(
        default_factory=lambda: Clouds.model_validate({}),
        description="The native accounts that are its alone.",
    )
    cost_center: Annotated[Annotated[str, form("cost center")] | None, MONEY] = Field(
        None, description="Where its cost is shown or charged."
    )


class TenantDocument(Strict):
    """A tenant."""

    looser: ClassVar = PRESENT

    metadata: Metadata
    spec: TenantSpec
