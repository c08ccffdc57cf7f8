"""Kind `Organization`: the company; one per repository, in `qgov.yaml`."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from qgov.language.concerns import (
    ABSENT,
    ACCESS,
    EARLIER,
    FEWER,
    LATER,
    LESS,
    MEMBERS,
    MONEY,
    MORE,
    OPERATIONS,
    RECORDS,
    RULES,
    WORDS,
    KeyedBy,
)
from qgov.language.forms import form
from qgov.language.kinds.backend import BackendSpec
from qgov.language.kinds.base import (
    BackendClass,
    Binding,
    Floor,
    Metadata,
    Name,
    Strict,
)
from qgov.language.kinds.directory import Group, IdentityProvider
from qgov.language.kinds.guardrail import Guardrails, Rails
from qgov.language.kinds.tenant import Email, Jurisdiction
from qgov.language.scalars import (
    Credit,
    Currency,
    Day,
    Duration,
    Rate,
    SecretRef,
    Text,
    Url,
    Worth,
)

__all__ = ["OrganizationDocument", "OrganizationSpec", "StoreSpec"]


class ExchangeRate(Strict):
    """What one unit of a currency is worth in the organization's."""

    concern: ClassVar = MONEY

    rate: Annotated[Rate, LESS] = Field(description="The worth of one unit, in quotes.")
    source: Text = Field(description="Where the rate was read.")
    as_of: Day = Field(description="The day of the rate.")


class CreditTerms(Strict):
    """What one credit of a provider is worth; amounts and prices may be written in it."""

    concern: ClassVar = MONEY

    title: Text | None = Field(None, description="A name for people.")
    worth: Annotated[Worth, LESS] = Field(
        description="The worth of one, in the organization's currency or one with a rate."
    )
    source: Text = Field(description="Where that was read: a plan, a contract, an invoice.")
    as_of: Day = Field(description="The day it was read.")


class Tier(Strict):
    """What a tier means, in floors and in what may run there."""

    concern: ClassVar = ACCESS

    purpose: Text | None = Field(None, description="What it is for.")
    floors: Floor = Field(
        default_factory=lambda: Floor.model_validate({}),
        description="Conditions of its environments.",
    )
    backend_classes: Annotated[list[BackendClass], RULES, MEMBERS] = Field(
        default=["simulator", "qpu"], description="Classes that its environments may use."
    )


class Queue(Strict):
    """How jobs compete for a backend."""

    concern: ClassVar = OPERATIONS

    title: Text | None = Field(None, description="A name for people.")
    priority: int = Field(ge=0, le=1000, description="Higher runs first.")
    when_full: Annotated[Literal["wait", "refuse"], EARLIER] = Field(
        "wait", description="What happens when capacity is constrained."
    )
    max_pending: Annotated[int | None, MORE] = Field(None, ge=1, description="Most jobs that wait.")


class StoreSpec(Strict):
    """Where a class of records is kept."""

    concern: ClassVar = RECORDS

    type: Literal["s3", "azure-blob", "gcs", "cos", "on-premises"] = Field(
        description="The product."
    )
    jurisdiction: Jurisdiction = Field(description="Where its data lies.")
    owner: Annotated[Name, RULES] = Field(description="The group that answers for it.")
    holds: Annotated[list[Literal["inputs", "results", "executionLogs", "auditLogs"]], MEMBERS] = (
        Field(min_length=1, description="The classes of records it may hold.")
    )
    immutable: Annotated[bool, LESS] = Field(False, description="Write once (object lock).")
    encryption: Annotated[Literal["customer-key", "provider-key", "none"], LATER] = Field(
        "provider-key", description="Whose key encrypts it."
    )
    tenant: Annotated[Name | None, ABSENT] = Field(
        None, description="The only tenant that uses it."
    )


class SecretsManager(Strict):
    """Where credentials are kept."""

    concern: ClassVar = OPERATIONS

    type: Literal[
        "vault",
        "aws-secrets-manager",
        "azure-key-vault",
        "gcp-secret-manager",
        "ibm-secrets-manager",
    ] = Field(description="The product.")
    address: Url | None = Field(None, description="Where it answers.")
    max_age: Annotated[Duration, MORE] = Field(
        description="The oldest a secret may grow before rotation."
    )


class AuditSink(Strict):
    """Where audit events go."""

    concern: ClassVar = RECORDS

    type: Literal["siem", "store"] = Field(description="A SIEM or a store.")
    streams: Annotated[list[Literal["jobs", "admin"]], FEWER] = Field(
        min_length=1, description="Events of jobs, of administration, or both."
    )
    format: Literal["ocsf"] = Field("ocsf", description="How events are written.")
    store: Name | None = Field(None, description="For type `store`.")
    endpoint: Url | None = Field(None, description="For type `siem`.")
    credential: SecretRef | None = Field(None, description="Where the key to the endpoint is kept.")
    immutable: Annotated[bool, LESS] = Field(False, description="Whether what was written stays.")


class RetentionBounds(Strict):
    """The least and most that a framework allows."""

    concern: ClassVar = RULES

    min: Annotated[Duration | None, LESS] = Field(None, description="The least time to keep.")
    max: Annotated[Duration | None, MORE] = Field(None, description="The most time to keep.")


class Framework(Strict):
    """What a compliance framework asks of the tenants that it binds."""

    concern: ClassVar = RULES

    title: Text = Field(description="A name for people.")
    retention: Annotated[
        dict[Literal["inputs", "results", "executionLogs", "auditLogs"], RetentionBounds], FEWER
    ] = Field(default_factory=dict, description="The bounds for each class of records.")
    review_every: Annotated[Duration | None, MORE] = Field(
        None, description="Longest access review cadence."
    )
    residency: Annotated[list[Jurisdiction] | None, MEMBERS] = Field(
        None, description="The only jurisdictions that it allows."
    )
    immutable_audit: Annotated[bool, LESS] = Field(
        False, description="Audit logs must be write-once."
    )


class Vendor(Strict):
    """Risk of a third party in the chain."""

    concern: ClassVar = OPERATIONS

    title: Annotated[Text, WORDS] = Field(description="A name for people.")
    country: Annotated[str, form("country")] = Field(description="Its seat (ISO 3166-1 alpha-2).")
    reviewed: Annotated[Day, OPERATIONS] = Field(description="The day of the last risk review.")
    review_every: Annotated[Duration, MORE] = Field(description="The cadence of its reviews.")


class ExceptionBounds(Strict):
    """The longest that exceptions may last."""

    concern: ClassVar = RULES

    elevation: Annotated[Duration, MORE] = Field(2_592_000, description="Default 30d.")
    waiver: Annotated[Duration, MORE] = Field(15_552_000, description="Default 180d.")
    budget: Annotated[Duration, MORE] = Field(7_776_000, description="Default 90d.")


class Review(Strict):
    """Who must approve a change, by its risk."""

    concern: ClassVar = RULES

    low: Annotated[list[Name], FEWER] = Field(
        default_factory=list, description="Groups for a change of low risk."
    )
    medium: Annotated[list[Name], FEWER] = Field(
        default_factory=list, description="Groups for a change of medium risk."
    )
    high: Annotated[list[Name], FEWER] = Field(
        default_factory=list, description="Groups for a change of high risk."
    )
    critical: Annotated[list[Name], FEWER] = Field(
        default_factory=list, description="Groups for a change of critical risk."
    )
    exposure: Annotated[list[Name], FEWER] = Field(
        default_factory=list, description="When the most that can be spent rises."
    )


class Showback(Strict):
    """How cost is made visible."""

    concern: ClassVar = MONEY

    mode: Literal["showback", "chargeback"] = Field(
        "showback", description="Whether cost is shown or charged."
    )
    by: list[Literal["tenant", "project", "group"]] = Field(
        default=["tenant", "project"], description="What it is split by."
    )


class IncidentResponse(Strict):
    """What happens when something goes wrong."""

    concern: ClassVar = OPERATIONS

    owner: Name = Field(description="The group that acts.")
    contact: Email = Field(description="Where to reach it.")
    runbook: Url = Field(description="What it does, in writing.")
    revoke_within: Annotated[Duration, MORE] = Field(
        description="How soon a credential is revoked."
    )


class Compliance(Strict):
    """Which obligations apply."""

    concern: ClassVar = RULES

    frameworks: Annotated[dict[Name, Framework], FEWER] = Field(
        default_factory=dict, description="Compliance frameworks, by name."
    )
    exceptions: ExceptionBounds = Field(
        default_factory=lambda: ExceptionBounds.model_validate({}),
        description="The longest that exceptions may last.",
    )


class OrganizationSpec(Strict):
    """The company."""

    currency: Annotated[Currency, MONEY] = Field(description="The currency that budgets are in.")
    exchange_rates: dict[Currency, ExchangeRate] = Field(
        default_factory=dict, description="What other currencies are worth, by code."
    )
    credits: dict[Credit, CreditTerms] = Field(
        default_factory=dict, description="What credits of providers are worth, by name."
    )
    identity_providers: Annotated[dict[Name, IdentityProvider], MEMBERS] = Field(
        min_length=1, description="Where people sign in, by name."
    )
    groups: Annotated[dict[Name, Group], MEMBERS] = Field(
        default_factory=dict, description="Directory groups, by name."
    )
    floors: Floor = Field(
        default_factory=lambda: Floor.model_validate({}),
        description="Conditions that hold everywhere.",
    )
    tiers: Annotated[dict[Literal["sandbox", "test", "production"], Tier], FEWER] = Field(
        default_factory=dict, description="What each tier adds."
    )
    backends: Annotated[dict[Name, BackendSpec], MEMBERS] = Field(
        default_factory=dict, description="QPUs and simulators, by name."
    )
    queues: dict[Name, Queue] = Field(default_factory=dict, description="Queues, by name.")
    stores: dict[Name, StoreSpec] = Field(
        default_factory=dict, description="Where records are kept, by name."
    )
    secrets_managers: dict[Name, SecretsManager] = Field(
        default_factory=dict, description="Where credentials are kept, by name."
    )
    audit_sinks: Annotated[dict[Name, AuditSink], FEWER] = Field(
        default_factory=dict, description="Where audit events go, by name."
    )
    compliance: Compliance = Field(
        default_factory=lambda: Compliance.model_validate({}),
        description="Frameworks and the bounds of exceptions.",
    )
    vendors: dict[Name, Vendor] = Field(default_factory=dict, description="Third parties, by name.")
    guardrails: Guardrails = Field(
        default_factory=lambda: Guardrails.model_validate({}),
        description="What must hold of every access.",
    )
    rails: Rails = Field(
        default_factory=lambda: Rails.model_validate({}),
        description="Bounds on what one change may take away.",
    )
    review: Review = Field(
        default_factory=lambda: Review.model_validate({}), description="Who must approve a change."
    )
    showback: Showback = Field(
        default_factory=lambda: Showback.model_validate({}), description="How cost is made visible."
    )
    incident_response: Annotated[IncidentResponse | None, ABSENT] = Field(
        None, description="Who acts when something goes wrong."
    )
    bindings: Annotated[
        list[Binding], ACCESS, MEMBERS, KeyedBy(("group", "user", "role", "on"))
    ] = Field(default_factory=list, description="Roles that hold at absolute scopes.")


class OrganizationDocument(Strict):
    """The company."""

    metadata: Metadata
    spec: OrganizationSpec
