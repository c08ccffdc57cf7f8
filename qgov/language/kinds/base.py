"""What all kinds share: strictness, metadata, floors and bindings."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from qgov.language.concerns import ABSENT, ACCESS, LATER, LESS, MEMBERS, MORE, OPERATIONS, RULES
from qgov.language.forms import form
from qgov.language.permissions import NAMES
from qgov.language.scalars import Duration, Instant, MoneyField, Name, PersonId, ScopeField, Text

__all__ = [
    "BackendClass",
    "Binding",
    "Closed",
    "Country",
    "Eligibility",
    "Exceptional",
    "Floor",
    "FormerNames",
    "JobLimits",
    "Metadata",
    "Name",
    "PermissionName",
    "RetiredResources",
    "Strict",
    "TierName",
    "several",
]


class Strict(BaseModel):
    """Unknown fields and wrong types are errors; a value never changes once read."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        alias_generator=to_camel,
        defer_build=True,
        hide_input_in_errors=True,
    )

    def model_post_init(self, _context: Any, /) -> None:
        """Which fields are said is kept once for all that say the same: it is most of what a small
        value takes."""
        said = self.__pydantic_fields_set__
        shared = _SAID.setdefault(frozenset(said), said)
        object.__setattr__(self, "__pydantic_fields_set__", shared)


_SAID: Final[dict[frozenset[str], set[str]]] = {}


def _known_permission(name: str) -> str:
    if name in NAMES:
        return name
    raise PydanticCustomError("qgov_permission", "`{got}` is not a permission", {"got": name})


def _permission_schema() -> dict[str, Any]:
    return {"type": "string", "enum": sorted(NAMES)}


PermissionName = Annotated[
    str, AfterValidator(_known_permission), WithJsonSchema(_permission_schema())
]
TierName = Literal["sandbox", "test", "production"]
BackendClass = Literal["simulator", "qpu"]
Reference = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
"""What a record is known by elsewhere: free text that rules ask for."""
Country = Annotated[str, form("country")]


def several(value: object) -> object:
    """Not a list in Python: lists of the language have no order, and this one has."""
    return tuple(value) if isinstance(value, list) else (value,)


FormerNames = Annotated[
    tuple[Name, ...],
    BeforeValidator(several, json_schema_input_type=Name | list[Name]),
    Field(min_length=1, max_length=20),
    OPERATIONS,
]
"""What something was called before: one name or, after several renames, the last one first."""


ResourceAddress = Annotated[str, form("resource")]
"""The address of a resource of Terraform: `aws_s3_bucket.results_eu-west-2`."""

RetiredResources = Annotated[
    list[ResourceAddress],
    OPERATIONS,
    MEMBERS,
    Field(
        default_factory=list,
        description="Resources that are no longer here and hold money or records, by the "
        "addresses that `terraform plan` refuses to let go: Terraform lets go of them, and they "
        "stay as they are.",
    ),
]
"""What Terraform made, is no longer declared, and is to stay where it is, nobody's."""

Closed = Annotated[
    bool,
    LESS,
    Field(
        default=False,
        description="Whether nobody uses it any more: Terraform takes every access away, and lets "
        "go of what holds money or records. Then the tenant may go.",
    ),
]
"""That an account goes: the step before it is not written any more. Opened again, it gives back
what everybody held there."""


class Metadata(Strict):
    """Who a document is; `name` is its identity, everything else is for people."""

    name: Annotated[Name, OPERATIONS] = Field(
        description="The document's identity within its kind."
    )
    title: Text | None = Field(None, description="A name for people.")
    description: Text | None = Field(None, description="What it is for.")
    previously: FormerNames | None = Field(
        None,
        description="The former name, so that a rename is planned as a rename; after several, "
        "the former names, the last one first.",
    )


class JobLimits(Strict):
    """Upper bounds of one job; the smallest that applies decides."""

    concern: ClassVar = ACCESS

    shots: Annotated[int | None, MORE] = Field(
        None, ge=1, description="Most shots of a job, all circuits together."
    )
    circuits: Annotated[int | None, MORE] = Field(None, ge=1, description="Most circuits of a job.")
    qubits: Annotated[int | None, MORE] = Field(None, ge=1, description="Widest circuit.")
    qpu_seconds: Annotated[int | None, MORE] = Field(
        None, ge=1, description="Longest estimated QPU time."
    )
    cost: Annotated[MoneyField | None, MORE] = Field(None, description="Highest estimated cost.")


class Floor(Strict):
    """Conditions that hold whatever a role says; floors only ever add up."""

    concern: ClassVar = ACCESS

    mfa: Annotated[bool, LESS] = Field(False, description="Require multi-factor authentication.")
    managed_device: Annotated[bool, LESS] = Field(
        False, description="Require a managed, compliant device."
    )
    max_token_age: Annotated[Duration | None, MORE] = Field(
        None, description="Oldest acceptable token."
    )
    countries: Annotated[list[Country] | None, MEMBERS] = Field(
        None, min_length=1, description="Countries to act from (ISO 3166-1 alpha-2)."
    )
    job: Annotated[JobLimits | None, ABSENT] = Field(None, description="Upper bounds of one job.")


class Eligibility(Strict):
    """Makes a binding just-in-time: held only while an approved elevation runs."""

    concern: ClassVar = ACCESS

    approvers: Name = Field(description="The group whose members may approve.")
    max_duration: Annotated[Duration, MORE] = Field(description="The longest elevation.")
    ticket: Annotated[Literal["required", "optional"], LATER] = Field(
        "optional", description="Whether an elevation must name a ticket."
    )


class Binding(Strict):
    """A role for a directory group at a scope."""

    concern: ClassVar = ACCESS

    group: Name | None = Field(None, description="The directory group.")
    user: PersonId | None = Field(
        None, description="A single account. Always refused: bindings name groups."
    )
    role: Name = Field(description="The role.")
    on: ScopeField = Field(
        description="The scope: in a tenant, relative to it (`*`, `sandbox`, `sandbox/chemistry`);"
        " in the organization, absolute."
    )
    eligible: Annotated[Eligibility | None, ABSENT] = Field(
        None, description="Just-in-time instead of standing."
    )
    requires: Annotated[Floor | None, ABSENT] = Field(
        None, description="Conditions of this binding alone."
    )
    expires: Annotated[Instant | None, MORE] = Field(
        None, description="When it ends by itself: from then on it grants nothing."
    )
    external: Annotated[bool, RULES, LESS] = Field(
        False, description="Its people are not the company's own, such as contractors."
    )


class Exceptional(Strict):
    """What every exception says: who, why, by whose leave and until when."""

    reason: Text = Field(description="Why.")
    ticket: Annotated[Reference | None, ABSENT] = Field(
        None, description="The ticket that tracks it."
    )
    requested_by: Annotated[PersonId | None, ABSENT] = Field(None, description="Who asked.")
    approved_by: Annotated[PersonId | None, ABSENT] = Field(
        None, description="Who approved; never who asked."
    )
    not_before: Annotated[Instant | None, LESS] = Field(None, description="When it begins.")
    expires: Annotated[Instant, MORE] = Field(description="When it ends by itself.")
