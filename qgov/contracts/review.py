"""`qgov/review/v1`: access reviews, who has what, and what was decided."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from qgov.contracts.drift import Source
from qgov.contracts.findings import Finding
from qgov.contracts.telling import From
from qgov.contracts.terms import Count, Instant, Line, counts, said
from qgov.language.scalars import format_instant
from qgov.review.campaign import of_note

__all__ = ["Review"]

_Day = Annotated[str, Field(json_schema_extra={"format": "date"})]


class Campaign(TypedDict):
    """An `AccessReview`, as it stands."""

    name: str
    scope: Annotated[str, From("review.value.scope")]
    reviewers: Annotated[str, From("review.value.reviewers"), said("The group that decides.")]
    able: Annotated[
        int,
        From(lambda one: len(one.reviewers)),
        said("How many enabled members that group has."),
    ]
    completed: Annotated[_Day, From(lambda one: one.review.value.completed.isoformat())]
    due: Annotated[_Day, From(lambda one: one.due.isoformat())]
    overdue: bool
    groups: Annotated[int, From(lambda one: len(one.groups))]
    people: Annotated[Count, said("Each counted once at a source.")]
    path: Annotated[str, From("review.origin.path")]
    line: Annotated[Line, From("review.origin.line")]


class Access(TypedDict):
    """What a group gives where the review is about."""

    role: str
    scope: str
    eligible: Annotated[bool, said("By an elevation that may be asked for.")]
    through: Annotated[
        list[str], From(lambda held: [*held.through]), said("Empty: as it was reviewed.")
    ]


class Decided(TypedDict):
    verdict: Literal["keep", "revoke"]
    reason: str | None
    at: Annotated[Instant, From(lambda decided: format_instant(decided.at))]
    path: Annotated[str, From("origin.path")]
    line: Annotated[Line, From("origin.line")]


class Membership(TypedDict):
    """Somebody is in a group that gives access."""

    review: str
    source: str
    group: str
    person: Annotated[
        str,
        Field(pattern=r"^user:", description="Without `--people` a label: `user:~LABEL`."),
        From("told"),
    ]
    of_note: Annotated[
        list[str],
        From(lambda line: of_note(line.person)),
        said("`disabled`, `never signed in`, `from outside`, `a service account`."),
    ]
    access: list[Access]
    decided: NotRequired[Decided | None]


class Review(TypedDict):
    """Access reviews as directories tell them. There is none where a source was unreadable, or
    where decisions do not count."""

    schema: Literal["qgov/review/v1"]
    sources: list[Source]
    reviews: Annotated[list[Campaign], From("campaigns")]
    members: Annotated[list[Membership], From("lines")]
    findings: list[Finding]
    summary: Annotated[
        dict[str, Any],
        counts(["reviews", "overdue", "keep", "revoke", "undecided"]),
        From("counts"),
    ]
