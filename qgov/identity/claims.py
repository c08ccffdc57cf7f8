"""Reading a token and its claims: whatever stands in it is a value of the right type, or
refused."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, NoReturn

from qgov.decision.reference import SKEW_S
from qgov.identity.reasons import Reason, RefusedError

__all__ = [
    "Claims",
    "Unverified",
    "audiences",
    "instant",
    "read",
    "strict_json",
    "text",
    "times",
    "token_id",
]

Claims = Mapping[str, Any]

MAX_BYTES: Final = 64 * 1024
"""Of a token."""
MAX_TEXT: Final = 1000
_LAST: Final = int(datetime(2262, 1, 1, tzinfo=UTC).timestamp())
_TYPES: Final = frozenset({"", "jwt", "application/jwt", "at+jwt", "application/at+jwt"})


class Unverified(NamedTuple):
    """What a token says before its signature is checked: nobody vouches for it."""

    algorithm: str
    key_id: str
    type: str
    claims: Claims


def read(token: str) -> Unverified:
    """Take a token apart. Raises RefusedError."""
    if len(token) > MAX_BYTES or token.count(".") != 2:
        raise RefusedError(Reason.MALFORMED)
    try:
        header, claims = (strict_json(_decoded(part)) for part in token.split(".")[:2])
    except (ValueError, RecursionError) as error:
        raise RefusedError(Reason.MALFORMED) from error
    names = [header.get(name, "") for name in ("alg", "kid", "typ")]
    # A header that changes how the rest is read is none that an identity provider sends.
    if not all(isinstance(name, str) for name in names) or {"crit", "b64"} & {*header}:
        raise RefusedError(Reason.MALFORMED)
    algorithm, key_id, kind = names
    if kind.lower() not in _TYPES:
        raise RefusedError(Reason.TYPE)
    return Unverified(algorithm, key_id, kind.lower(), claims)


def _decoded(part: str) -> bytes:
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("no base64url") from error


def strict_json(content: bytes) -> dict[str, Any]:
    """An object in JSON of which no two readers read something else. Raises ValueError,
    RecursionError."""
    found = json.loads(
        content.decode("utf-8"), object_pairs_hook=_object, parse_constant=_no_number
    )
    if isinstance(found, dict):
        return found
    raise ValueError("no object")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name twice")
    return found


def _no_number(_: str) -> NoReturn:
    raise ValueError("no number of JSON")


def text(claims: Claims, name: str) -> str:
    """A claim that is a text; empty when the token has none. Raises RefusedError."""
    value = claims.get(name, "")
    if not isinstance(value, str) or len(value) > MAX_TEXT or not value.isprintable():
        raise RefusedError(Reason.CLAIMS)
    return value


def token_id(claims: Claims) -> str:
    """What a token is known by in logs: its `jti`, for which Entra writes `uti`. Raises
    RefusedError."""
    return text(claims, "jti") or text(claims, "uti")


def instant(claims: Claims, name: str) -> float | None:
    """A NumericDate (RFC 7519), which may have a fraction; None when the token has none. Raises
    RefusedError."""
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _LAST:
        raise RefusedError(Reason.CLAIMS)
    return value


def audiences(claims: Claims) -> frozenset[str]:
    """For whom the token is. Raises RefusedError."""
    value = claims.get("aud")
    named = [value] if isinstance(value, str) else value
    if not isinstance(named, list) or not all(isinstance(each, str) for each in named):
        raise RefusedError(Reason.CLAIMS)
    return frozenset(named)


def times(claims: Claims, now: datetime) -> None:
    """That the token counts now. Raises RefusedError."""
    at = now.timestamp()
    ends, issued = instant(claims, "exp"), instant(claims, "iat")
    if ends is None or issued is None:
        raise RefusedError(Reason.CLAIMS)
    if at >= ends + SKEW_S:
        raise RefusedError(Reason.EXPIRED)
    if max(issued, instant(claims, "nbf") or 0) > at + SKEW_S:
        raise RefusedError(Reason.NOT_YET)
