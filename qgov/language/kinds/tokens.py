"""What an identity provider's tokens say of a person, and which of them count."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from qgov.language.concerns import ABSENT, LATER, MEMBERS, PRESENT, TRUST
from qgov.language.forms import form
from qgov.language.kinds.base import Strict
from qgov.language.scalars import SecretRef

__all__ = ["Attested", "ClaimName", "Introspection", "SecondFactor", "Tokens"]

ClaimName = Annotated[str, form("claim")]
_Value = Annotated[str, form("claimed value")]
_Algorithm = Literal[
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519"
]
_Header = Annotated[str, form("header")]


class SecondFactor(Strict):
    """How a token tells that a second factor was shown."""

    concern: ClassVar = TRUST

    acr: Annotated[list[_Value], MEMBERS] = Field(
        default_factory=list, description="Levels of authentication (`acr`) that mean one."
    )
    amr: Annotated[list[_Value], MEMBERS] = Field(
        default_factory=list, description="Methods (`amr`) of which each means one."
    )


class Attested(Strict):
    """Where a circumstance is read: in a claim, and where the token has none, in a header that
    the deployment's own proxy sets and takes away from callers."""

    concern: ClassVar = TRUST

    claim: ClaimName | None = Field(None, description="The claim.")
    header: Annotated[_Header | None, PRESENT] = Field(None, description="The header.")


class Introspection(Strict):
    """The provider is asked about every token before each decision (RFC 7662), so that a removal
    from a group holds at once."""

    concern: ClassVar = TRUST

    client: _Value = Field(description="The client that asks; in the audience of the tokens.")
    credential: SecretRef = Field(description="Where its secret is kept.")


class Tokens(Strict):
    """Which of a provider's access tokens count, and what they say of a person."""

    concern: ClassVar = TRUST

    algorithms: Annotated[list[_Algorithm], MEMBERS] = Field(
        default=["RS256", "PS256", "ES256"],
        min_length=1,
        description="How their signatures may be made.",
    )
    # Absent means one client, so that neither more nor fewer of them is looser by itself.
    clients: list[_Value] | None = Field(
        None,
        min_length=1,
        description="The clients that tokens may be issued to (`azp`); absent: the one that is"
        " called as the audience.",
    )
    person: ClaimName = Field(
        "sub", description="The claim with a person's directory id; never the e-mail address."
    )
    age: Annotated[Literal["sign-in", "token"], LATER] = Field(
        "token",
        description="What `maxTokenAge` counts from: the sign-in (`auth_time`), which a refresh"
        " does not renew, or the token (`iat`).",
    )
    second_factor: SecondFactor | None = Field(
        None, description="Absent: as the product says it (Keycloak: `acr` mfa; others: `amr` mfa)."
    )
    managed_device: Annotated[Attested | None, PRESENT] = Field(
        None, description="Whether the device is managed: `true` or `false`; else unknown."
    )
    country: Annotated[Attested | None, PRESENT] = Field(
        None, description="The country to act from (ISO 3166-1 alpha-2); else unknown."
    )
    introspection: Annotated[Introspection | None, ABSENT] = Field(
        None, description="Ask the provider as well whether a token still counts, and for whom."
    )
