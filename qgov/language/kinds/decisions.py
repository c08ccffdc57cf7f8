"""What a reviewer decides of the people who have access: not a document of the repository, but of
one access review."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from qgov.language.kinds.base import Name, Strict
from qgov.language.scalars import Instant, PersonId, Text

__all__ = ["DecidedGroup", "DecidedPerson", "DecisionsDocument", "Verdict"]

Verdict = Literal["keep", "revoke"]
_Listed = Annotated[str, StringConstraints(min_length=1, max_length=2000)]


class DecidedPerson(Strict):
    """A member of a group, and what becomes of that."""

    person: _Listed = Field(description="As the directory calls them.")
    decision: Verdict | None = Field(None, description="`keep` or `revoke`.")
    reason: Text | None = Field(
        None, description="Why; needed to revoke, and to keep an account that is of note."
    )
    by: PersonId | None = Field(None, description="Who decided, where that is another.")
    at: Instant | None = Field(None, description="When, where that is another time.")


class DecidedGroup(Strict):
    """A group, what it gives where the review is about, and its members."""

    group: _Listed = Field(description="The group, by its whole path.")
    source: _Listed = Field(description="The directory that was read.")
    access: list[_Listed] = Field(description="What it gives: a role and a scope.")
    people: list[DecidedPerson] = Field(description="Who is in it.")


class DecisionsDocument(Strict):
    """The decisions of an access review."""

    review: Name = Field(description="The `AccessReview`.")
    by: PersonId | None = Field(None, description="Who decided.")
    at: Instant | None = Field(None, description="When.")
    groups: list[DecidedGroup] = Field(description="What was reviewed.")
