"""The tokens that count as a principal's, in documents."""

from __future__ import annotations

from typing import Annotated, NotRequired

from typing_extensions import TypedDict

from qgov.contracts.terms import said

__all__ = ["ClientToken", "KnownBy"]


class ClientToken(TypedDict):
    """The token that its tenant's Keycloak gives to a workload's client."""

    issuer: str
    audiences: list[str]
    subject: str


class KnownBy(TypedDict):
    """The tokens that count as the principal's."""

    issuer: str
    audiences: list[str]
    protocol: str
    subject: NotRequired[Annotated[str, said("Of a workload's token; `*` is any text.")]]
    groups_claim: NotRequired[Annotated[str, said("Where a person's token lists the groups.")]]
    group: NotRequired[
        Annotated[
            str, said("What that claim says of the group, if not its name; empty: nothing does.")
        ]
    ]
    client: NotRequired[ClientToken]
