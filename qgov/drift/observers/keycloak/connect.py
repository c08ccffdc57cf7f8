"""How a realm is reached: its address, and a token for the client that asks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from qgov.drift.observer import Asked, UnreadableError
from qgov.drift.observers.keycloak.read import rights_below
from qgov.drift.remote import Remote, path_of, remote
from qgov.language.kinds.directory import IdentityProvider

__all__ = ["ADDRESS", "address", "connected", "issuer_of", "reviewed"]

ADDRESS: Final = "QGOV_KEYCLOAK_URL"
_TOKEN: Final = "QGOV_KEYCLOAK_TOKEN"  # noqa: S105 - the name of a variable
_CLIENT: Final = "QGOV_KEYCLOAK_CLIENT_ID"
_SECRET: Final = "QGOV_KEYCLOAK_CLIENT_SECRET"  # noqa: S105
_AUTH_REALM: Final = "QGOV_KEYCLOAK_AUTH_REALM"


def reviewed(asked: Asked) -> dict[str, IdentityProvider]:
    """The Keycloaks of the configuration by name, or the one that was asked for. Raises
    UnreadableError where there is none."""
    found = {
        name: fact.value
        for name, fact in asked.model.organization.providers.items()
        if fact.value.type == "keycloak" and asked.what in (None, name)
    }
    if not found:
        raise UnreadableError(
            f"no identity provider `{asked.what or ''}` of type keycloak is reviewed"
        )
    return found


def address(asked: Asked, provider: IdentityProvider) -> str:
    """The server of a provider's realm."""
    return asked.setting(ADDRESS) or provider.issuer.partition("/realms/")[0]


def issuer_of(asked: Asked, realm: str) -> str:
    """What a realm calls itself in its tokens. Raises UnreadableError."""
    base = asked.needed(ADDRESS)
    path = f"{path_of('realms', realm)}/.well-known/openid-configuration"
    with remote(asked, base) as server:
        found: Any = server.get(path)
    if not isinstance(found, dict) or not isinstance(found.get("issuer"), str):
        raise UnreadableError(f"{base}{path}: does not say who issues its tokens")
    return str(found["issuer"])


@contextmanager
def connected(asked: Asked, provider: IdentityProvider, realm: str) -> Iterator[Remote]:
    """The server of a realm, signed in. Raises UnreadableError where that is refused."""
    base = address(asked, provider)
    token = asked.setting(_TOKEN) or _signed_in(asked, base, realm)
    headers = {"Authorization": f"Bearer {token}"}
    with remote(asked, base, headers, rights_below(realm)) as server:
        yield server


def _signed_in(asked: Asked, base: str, realm: str) -> str:
    form = {
        "grant_type": "client_credentials",
        "client_id": asked.needed(_CLIENT),
        "client_secret": asked.needed(_SECRET),
    }
    where = path_of("realms", asked.setting(_AUTH_REALM) or realm)
    with remote(asked, base) as server:
        answer: Any = server.post_form(f"{where}/protocol/openid-connect/token", form)
    if not isinstance(answer, dict) or not isinstance(answer.get("access_token"), str):
        raise UnreadableError(f"{base}{where}: gives no token")
    return str(answer["access_token"])
