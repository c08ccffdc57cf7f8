"""Who acts: what a verified token amounts to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Protocol

from msgspec import Struct

from qgov.identity.reasons import WORDS, Reason

__all__ = ["NO_HEADERS", "Authenticates", "Identity", "Refused"]

NO_HEADERS: Final[Mapping[str, str]] = {}


class Identity(Struct, frozen=True):
    """Who acts, as the platform has verified it, and in which circumstances.

    `subject` is an AuthZEN subject; `context` holds what a request's context does but for
    `time`, `job` and `usage`, which the gateway fills in. Never taken from the caller.
    `token_id` and `session_id` are the token's `jti` and `sid`, for the log.
    """

    subject: Mapping[str, Any]
    context: Mapping[str, Any]
    token_id: str = ""
    session_id: str = ""


class Refused(Struct, frozen=True):
    """A token that is nobody's. `identity` is whose it would have been, as far as the issuer's
    signature vouches for it: empty before that was checked."""

    reason: Reason
    identity: Identity = Identity({}, {})

    @property
    def words(self) -> str:
        """The reason, in words."""
        return WORDS[self.reason]


class Authenticates(Protocol):
    """What turns a bearer token into an identity."""

    def identify(
        self, token: str, *, now: datetime, headers: Mapping[str, str] = NO_HEADERS
    ) -> Identity | Refused:
        """Whose a token is. `headers` are those that the deployment's own proxy set. Never
        raises for anything that a token or an issuer says."""
        ...
