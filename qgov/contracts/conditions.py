"""What must hold for an access, in plans and answers."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired

from pydantic import Field, with_config
from typing_extensions import TypedDict

from qgov.contracts.telling import NOT_EMPTY, From
from qgov.contracts.terms import CLOSED, Count, Instant, said
from qgov.language.scalars import format_instant

__all__ = ["Conditions", "Eligible"]


@with_config(CLOSED)
class Job(TypedDict, total=False):
    shots: Count
    circuits: Count
    qubits: Count
    qpu_seconds: Count
    cost_micros: Count


class Eligible(TypedDict):
    """Just in time: who approves, for how long at most, and whether a ticket is needed."""

    approvers: str
    max_duration_s: Count
    ticket: bool


class Elevation(TypedDict):
    not_before: NotRequired[
        Annotated[Instant, From(lambda e: e.not_before and format_instant(e.not_before))]
    ]
    expires: Annotated[Instant, From(lambda e: format_instant(e.expires))]
    approved_by: str | None


class JobApproval(TypedDict):
    above_micros: Count
    approvers: str
    valid_for_s: Count
    budget: str


@with_config(CLOSED)
class Conditions(TypedDict):
    """What must hold; absent means not required."""

    mfa: NotRequired[Annotated[Literal[True], NOT_EMPTY]]
    managed_device: NotRequired[Annotated[Literal[True], NOT_EMPTY]]
    max_token_age_s: NotRequired[Count]
    countries: NotRequired[list[Annotated[str, Field(pattern="^[A-Z]{2}$")]]]
    own_only: NotRequired[Annotated[Literal[True], NOT_EMPTY]]
    job: NotRequired[Annotated[Job, From(lambda c: c.job.as_json()), NOT_EMPTY]]
    budgets: NotRequired[Annotated[list[str], NOT_EMPTY]]
    eligible: NotRequired[Eligible]
    elevation: NotRequired[Elevation]
    approval: NotRequired[JobApproval]
    more_approvals: NotRequired[
        Annotated[
            list[JobApproval],
            said("Rules for expensive jobs beside the strictest, that ask for more than it."),
            From(lambda c: c.approvals[1:]),
            NOT_EMPTY,
        ]
    ]
    expires: NotRequired[
        Annotated[
            Instant,
            said("When the binding ends by itself."),
            From(lambda c: c.expires and format_instant(c.expires)),
        ]
    ]
