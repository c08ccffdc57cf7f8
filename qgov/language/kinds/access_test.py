"""Kind `AccessTest`: what a reviewer expects, in the words of the request."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from qgov.language.kinds.base import Country, Metadata, Name, PermissionName, Strict
from qgov.language.scalars import Duration, Instant, PersonId, ScopeField, Text

__all__ = ["AccessTestDocument", "Case"]


class CaseSubject(Strict):
    """Who asks: a person through groups, or a workload (`tenant/name`)."""

    groups: list[Name] = Field(default_factory=list, description="The person's groups.")
    user: PersonId | None = Field(None, description="The person, where an elevation is meant.")
    workload: str | None = Field(
        None,
        pattern=r"^[a-z0-9-]{1,63}/[a-z0-9-]{1,63}$",
        description="A service account, `tenant/name`.",
    )


class CaseResource(Strict):
    """What is asked for."""

    scope: ScopeField = Field(description="The absolute scope of the resource.")
    backend: Name | None = Field(None, description="The backend, for `job:submit`.")
    owner: PersonId | None = Field(None, description="Who submitted the job in question.")


class CaseContext(Strict):
    """Circumstances. What is left out is as good as the model requires."""

    time: Instant | None = Field(None, description="When.")
    mfa: bool | None = Field(None, description="Whether MFA was used.")
    managed_device: bool | None = Field(None, description="Whether the device is managed.")
    country: Country | None = Field(None, description="From where.")
    token_age: Duration | None = Field(None, description="How old the token is.")
    credential: Literal["oidc", "saml", "api-key"] | None = Field(
        None, description="The kind of credential."
    )


class Case(Strict):
    """One expectation."""

    name: Text = Field(description="What is expected, as a sentence.")
    subject: CaseSubject = Field(description="Who asks.")
    action: PermissionName = Field(description="The permission that is exercised.")
    resource: CaseResource = Field(description="What is asked for.")
    context: CaseContext = Field(
        default_factory=lambda: CaseContext.model_validate({}), description="Circumstances."
    )
    expect: Literal["allow", "deny"] = Field(description="What the decision must be.")
    reasons: list[Name] = Field(
        default_factory=list, description="The deny reasons that must be among the decision's."
    )


class AccessTestSpec(Strict):
    """Cases."""

    cases: list[Case] = Field(min_length=1, description="The expectations.")


class AccessTestDocument(Strict):
    """A set of access expectations."""

    metadata: Metadata
    spec: AccessTestSpec
