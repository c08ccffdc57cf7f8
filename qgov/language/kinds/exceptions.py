"""Kinds `Elevation`, `Waiver` and `AccessReview`: exceptions and attestations."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from qgov.language.concerns import ABSENT, ACCESS, MORE, PRESENT, RULES
from qgov.language.forms import form
from qgov.language.kinds.base import Exceptional, Metadata, Name, Strict
from qgov.language.scalars import Day, Duration, PersonId, ScopeField, Text, Url

__all__ = ["AccessReviewDocument", "AccessReviewSpec", "ElevationDocument", "WaiverDocument"]


class ElevationSpec(Exceptional):
    """An eligible binding, requested, approved by someone else, and bounded."""

    concern: ClassVar = ACCESS

    subject: PersonId = Field(description="The person, by directory id.")
    role: Name = Field(description="The role to hold.")
    on: ScopeField = Field(description="The absolute scope.")


class ElevationDocument(Strict):
    """A just-in-time elevation."""

    looser: ClassVar = PRESENT

    metadata: Metadata
    spec: ElevationSpec


class WaiverSpec(Exceptional):
    """One rule silenced for one document until a date."""

    concern: ClassVar = RULES

    rule: Annotated[str, form("rule")] = Field(description="The code of the rule.")
    document: Annotated[str, form("document")] = Field(description="The document, as Kind/name.")


class WaiverDocument(Strict):
    """A waiver; itself listed in every report."""

    looser: ClassVar = PRESENT

    metadata: Metadata
    spec: WaiverSpec


class AccessReviewSpec(Strict):
    """A recurring review of who has access."""

    concern: ClassVar = RULES

    scope: ScopeField = Field(description="What is reviewed.")
    reviewers: Name = Field(description="The group that reviews.")
    every: Annotated[Duration, MORE] = Field(description="The cadence.")
    completed: Day = Field(description="The day of the last completed review.")
    completed_by: Annotated[PersonId | None, ABSENT] = Field(None, description="Who attested it.")
    evidence: Annotated[Url | None, ABSENT] = Field(None, description="Where the record is kept.")
    notes: Text | None = Field(None, description="What was found.")


class AccessReviewDocument(Strict):
    """An access review."""

    looser: ClassVar = ABSENT

    metadata: Metadata
    spec: AccessReviewSpec
