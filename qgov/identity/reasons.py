"""Why a token is refused: every reason, with its words."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

__all__ = ["WORDS", "Reason", "RefusedError"]


class Reason(StrEnum):
    """A stable code; what it means is in `WORDS`."""

    MALFORMED = "token-malformed"
    ALGORITHM = "algorithm-refused"
    ISSUER_UNKNOWN = "issuer-unknown"
    ISSUER_UNREACHABLE = "issuer-unreachable"
    ISSUER_UNUSABLE = "issuer-unusable"
    KEY_UNKNOWN = "key-unknown"
    SIGNATURE = "signature-invalid"
    CLAIMS = "claims-malformed"
    AUDIENCE = "audience-mismatch"
    EXPIRED = "token-expired"
    NOT_YET = "token-not-yet-valid"
    TYPE = "token-type"
    BOUND = "token-bound"
    CLIENT = "client-unknown"
    NO_PERSON = "person-unknown"
    NOT_A_PERSON = "not-a-person"
    SIGN_IN_UNKNOWN = "sign-in-unknown"
    GROUPS = "groups-malformed"
    OVERAGE = "groups-overage"
    WORKLOAD_UNKNOWN = "workload-unknown"
    WORKLOAD_AMBIGUOUS = "workload-ambiguous"
    REVOKED = "token-revoked"
    INTROSPECTION = "introspection-failed"


WORDS: Final[Mapping[Reason, str]] = {
    Reason.MALFORMED: "it is no signed JSON Web Token in compact form, or larger than 64 KiB",
    Reason.ALGORITHM: "it is signed by an algorithm that the provider does not declare",
    Reason.ISSUER_UNKNOWN: "no identity provider and no workload has its `iss`",
    Reason.ISSUER_UNREACHABLE: "the issuer's keys could not be had in time",
    Reason.ISSUER_UNUSABLE: "the issuer answered with something other than its keys: another "
    "status, a redirect, too much, no JSON, another issuer, or no key that signs",
    Reason.KEY_UNKNOWN: "the issuer has no signing key of its `kid`",
    Reason.SIGNATURE: "its signature is not by that key",
    Reason.CLAIMS: "a claim is missing or has another type than its standard says",
    Reason.AUDIENCE: "the declared audience is not among its `aud`",
    Reason.EXPIRED: "its `exp` is more than 60 s ago",
    Reason.NOT_YET: "its `nbf` or `iat` is more than 60 s ahead",
    Reason.TYPE: "it is no access token: an ID, refresh or logout token, or nothing tells",
    Reason.BOUND: "it is bound to a key (`cnf`), whose possession a bearer does not prove",
    Reason.CLIENT: "it was issued to a client that is not declared (`azp`), or to none",
    Reason.NO_PERSON: "the declared claim names nobody",
    Reason.NOT_A_PERSON: "it is a client's own token, and no workload's",
    Reason.SIGN_IN_UNKNOWN: "ages count from the sign-in, and it has no `auth_time`",
    Reason.GROUPS: "its groups are no list of texts or, from Keycloak, no full paths",
    Reason.OVERAGE: "the person is in more groups than the provider puts into a token",
    Reason.WORKLOAD_UNKNOWN: "no workload has its issuer, audience and subject",
    Reason.WORKLOAD_AMBIGUOUS: "more than one workload has its issuer, audience and subject",
    Reason.REVOKED: "the provider says that it does not count any more, or of somebody else",
    Reason.INTROSPECTION: "the provider did not say in time whether it still counts",
}
"""What each reason means, as what is true of the token."""


class RefusedError(Exception):
    """A step of the verification that fails; never leaves this package."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason
