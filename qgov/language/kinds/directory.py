"""The directories of an organization: where people sign in, and the groups that they are in."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field

from qgov.language.concerns import (
    ABSENT,
    ACCESS,
    LATER,
    LESS,
    MEMBERS,
    MORE,
    OPERATIONS,
    PRESENT,
    RULES,
    TRUST,
)
from qgov.language.forms import form
from qgov.language.kinds.base import Name, Strict, several
from qgov.language.kinds.tokens import ClaimName, Tokens
from qgov.language.scalars import (
    DirectoryText,
    Duration,
    Instant,
    Team,
    Text,
    Url,
    is_object_id,
    label,
)

__all__ = ["Group", "IdentityProvider", "MembersWhere", "Requests"]


class IdentityProvider(Strict):
    """Where people sign in; the only way in."""

    concern: ClassVar = TRUST

    type: Literal["keycloak", "okta", "entra", "generic"] = Field(
        description="The product; `generic` is any other, such as a university's Shibboleth."
    )
    issuer: Url = Field(description="The token's `iss`, exactly.")
    protocol: Literal["oidc", "saml"] = Field("oidc", description="How it signs people in.")
    audience: Annotated[str, form("audience")] = Field("qgov", description="The token's `aud`.")
    groups_claim: ClaimName = Field(
        "groups",
        description="The claim that lists a person's groups: of Keycloak full paths, of Okta "
        "names, of Entra object ids, of any other what `directoryId` or `directoryName` say.",
    )
    realm: Name | None = Field(None, description="The Keycloak realm.")
    login: Annotated[Literal["sso", "local"], LATER] = Field(
        "sso", description="`local` means passwords kept by the quantum platform."
    )
    mfa: Annotated[Literal["enforced", "available"], LATER] = Field(
        "enforced", description="Whether the provider asks everyone for a second factor."
    )
    session_lifetime: Annotated[Duration | None, MORE] = Field(
        None, description="How long a session lasts."
    )
    retired: Annotated[list[Name], OPERATIONS, MEMBERS] = Field(
        default_factory=list,
        description="Groups that are no longer here: Terraform lets go of those that it made, "
        "which stay in the directory with whoever is in them.",
    )
    tokens: Tokens = Field(
        default_factory=lambda: Tokens.model_validate({}),
        description="Which of its tokens count, and what they say of a person.",
    )


FormerGroups = Annotated[
    tuple[DirectoryText, ...],
    BeforeValidator(several, json_schema_input_type=DirectoryText | list[DirectoryText]),
    Field(min_length=1, max_length=20),
    OPERATIONS,
]
"""What a group was called before, or what its directory knew it by: one or several."""


class MembersWhere(Strict):
    """Who is in a group by what the directory says of people."""

    concern: ClassVar = TRUST

    attribute: Annotated[str, form("attribute")] = Field(
        description="The attribute of a person, as the directory calls it."
    )
    equals: Annotated[str, form("attribute value")] = Field(
        description="Its value, without quotes and backslashes, which directories escape each in "
        "their own way."
    )


class Requests(Strict):
    """How people ask to be in a group, and for how long they then are."""

    concern: ClassVar = TRUST

    requestors: Annotated[Name | None, ABSENT] = Field(
        None,
        description="The group whose people may ask; absent: everybody in the directory, guests "
        "left out.",
    )
    approvers: Name = Field(
        description="The group whose members may approve, and review where `reviewEvery` is set."
    )
    max_duration: Annotated[Duration, MORE] = Field(
        description="How long whoever was approved is in the group, in days."
    )
    review_every: Annotated[Duration | None, MORE] = Field(
        None,
        description="How often the approvers review who is in it that way; absent: never, as it "
        "ends by itself.",
    )


class Group(Strict):
    """A directory group that no single tenant owns, or that needs saying more of."""

    concern: ClassVar = RULES

    title: Text | None = Field(None, description="A name for people.")
    identity_provider: Annotated[Name | None, TRUST] = Field(
        None, description="Its provider; absent: that of the tenant that binds it."
    )
    shared: Annotated[bool, MORE] = Field(
        False, description="May be bound in more than one tenant."
    )
    members: Annotated[int, LESS] = Field(
        1, ge=0, description="How many people the directory keeps in it at least."
    )
    external: Annotated[bool, LESS] = Field(
        False, description="Its people are not the company's own, such as contractors."
    )
    expires: Annotated[Instant | None, ACCESS, MORE] = Field(
        None, description="When all of its bindings end by themselves, unless they end earlier."
    )
    includes: Annotated[list[Name], ACCESS, MEMBERS] = Field(
        default_factory=list,
        description="Groups whose people are in it too, wherever its directory keeps them: they "
        "hold what it holds.",
    )
    members_where: Annotated[MembersWhere | None, TRUST] = Field(
        None,
        description="Who is in it, kept by the directory as people change; absent: whom somebody "
        "adds. Of a group that Entra or Okta is to make.",
    )
    requests: Annotated[Requests | None, PRESENT] = Field(
        None,
        description="How people ask their directory to be in it; absent: not here. Of a group of "
        "Entra.",
    )
    directory_name: Annotated[DirectoryText | None, TRUST] = Field(
        None,
        description="What the directory calls it, in any case and with spaces; absent: as here.",
    )
    directory_id: Annotated[DirectoryText | None, TRUST] = Field(
        None,
        description="What the directory knows it by: Entra's object id, Okta's id, elsewhere "
        "whatever the claim holds (a distinguished name, a SID).",
    )
    team: Annotated[Team | None, RULES] = Field(
        None,
        description="Its team where pull requests are reviewed, `TEAM` or `ORGANIZATION/TEAM`; "
        "absent: called as here.",
    )
    previously: FormerGroups | None = Field(
        None,
        description="The former name, so that the directory renames the group with its members; "
        "or the former `directoryId`, so that another one is meant.",
    )

    @property
    def former_names(self) -> tuple[str, ...]:
        """What it was called before, the last one first."""
        return tuple(n for n in self.previously or () if label(n) and not is_object_id(n))
