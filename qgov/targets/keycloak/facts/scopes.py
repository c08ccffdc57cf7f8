"""Client scopes, as Keycloak 26 makes them itself: those that tokens need, and no more.

A realm that is imported with scopes gets these alone. `offline_access` is for nobody: without it,
and the role of this name, Keycloak would make both and give the role to everyone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

__all__ = ["DEFAULT_SCOPES", "SCOPES", "ScopeMapper"]


class ScopeMapper(NamedTuple):
    """What a scope puts into tokens."""

    name: str
    mapper: str
    config: Mapping[str, str]


_IN_ACCESS: Final = {"access.token.claim": "true", "introspection.token.claim": "true"}
_IN_BOTH: Final = {**_IN_ACCESS, "id.token.claim": "true"}

DEFAULT_SCOPES: Final = ("acr", "basic")
"""What a client has that names none."""

SCOPES: Final[Mapping[str, tuple[ScopeMapper, ...]]] = {
    "acr": (ScopeMapper("acr loa level", "oidc-acr-mapper", _IN_BOTH),),
    "basic": (
        ScopeMapper("sub", "oidc-sub-mapper", _IN_ACCESS),
        ScopeMapper(
            "auth_time",
            "oidc-usersessionmodel-note-mapper",
            {
                **_IN_BOTH,
                "user.session.note": "AUTH_TIME",
                "claim.name": "auth_time",
                "jsonType.label": "long",
            },
        ),
    ),
    "offline_access": (),
}
"""Name → what it puts into tokens."""
