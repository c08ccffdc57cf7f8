"""Kind `AccessTest`: what a reviewer expects, in the words of the request."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from qgov.language.concerns import ABSENT, FEWER, RULES, KeyedBy
from qgov.language.kinds.base import Country, Metadata, Name, PermissionName, Strict
from qgov.language.scalars import Duration, Instant, MoneyField, PersonId, ScopeField, Text

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


class CaseJob(Strict):
    """The job. What is left out is as small as a job can be."""

    shots: int = Field(1, ge=0, description="Shots, all circuits together.")
    circuits: int = Field(1, ge=0, description="Circuits.")
    qubits: int = Field(1, ge=0, description="Width of the widest circuit.")
    qpu_seconds: int = Field(0, ge=0, description="Estimated QPU time.")
    simulator_seconds: int = Field(0, ge=0, description="Estimated simulator time.")
    cost: MoneyField | None = Field(None, description="Estimated cost; absent: nothing.")


class CaseApproval(Strict):
    """An approval of the job, of the subject at the resource."""

    approved_by: PersonId = Field(description="Who approved.")
    group: Name = Field(description="The approvers' group that this person is in.")
    up_to: MoneyField = Field(description="The highest cost that it covers.")
    requested_by: PersonId | None = Field(None, description="Who asked.")
    age: Duration | None = Field(None, description="How long ago it was given; absent: just now.")


_Counter = Annotated[
    str,
    Field(
        pattern="^(?:jobs|shots|circuits|qpuSeconds|simulatorSeconds)/"
        "(?:day|month|once|[1-9][0-9]{0,8}[smhd])$"
    ),
]


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
    job: CaseJob = Field(
        default_factory=lambda: CaseJob.model_validate({}), description="The job, for `job:submit`."
    )
    spent: dict[Name, MoneyField] = Field(
        default_factory=dict, description="Budget → what was spent of it; absent: nothing."
    )
    used: dict[Name, dict[_Counter, int]] = Field(
        default_factory=dict, description="Budget → counter → what was used; absent: nothing."
    )
    approvals: list[CaseApproval] = Field(default_factory=list, description="Approvals.")


class Case(Strict):
    """One expectation."""

    name: Annotated[Text, RULES] = Field(description="What is expected, as a sentence.")
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

    concern: ClassVar = RULES

    cases: Annotated[list[Case], FEWER, KeyedBy(("name",))] = Field(
        min_length=1, description="The expectations."
    )


class AccessTestDocument(Strict):
    """A set of access expectations."""

    looser: ClassVar = ABSENT

    metadata: Metadata
    spec: AccessTestSpec
