"""What a provider's access token says of a person."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from qgov.identity.claims import MAX_TEXT, Claims, instant, text, token_id
from qgov.identity.identity import Identity
from qgov.identity.reasons import Reason, RefusedError
from qgov.identity.trust import Attested, Provider

__all__ = ["access_token", "client_of", "groups", "issued_at", "person"]

_CLIENT: Final = ("azp", "client_id", "cid", "appid")
"""Where products say to which client a token was issued: OpenID Connect and Keycloak, RFC 9068,
Okta, Entra."""
_AT: Final = frozenset({"at+jwt", "application/at+jwt"})
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_FLAGS: Final = {"true": True, "false": False}


def access_token(claims: Claims, kind: str, provider: Provider) -> None:
    """That it is an access token, and a bearer's; `kind` is the header's `typ`. Raises
    RefusedError."""
    said = text(claims, "typ").lower()
    told = kind in _AT or said == "bearer" or _untyped(claims, provider)
    if said not in ("", "bearer") or not told:
        raise RefusedError(Reason.TYPE)
    if "cnf" in claims:
        raise RefusedError(Reason.BOUND)


def _untyped(claims: Claims, provider: Provider) -> bool:
    """Whether it is an access token of Okta or Entra, which type none: only access tokens have
    scopes, or are an application's own, and only ID tokens have what ties them to a sign-in."""
    scoped = any(claims.get(name) for name in ("scp", "scope")) or _application(claims, provider)
    of_sign_in = {"nonce", "at_hash", "c_hash"}
    return provider.type != "keycloak" and scoped and of_sign_in.isdisjoint(claims)


def _application(claims: Claims, provider: Provider) -> bool:
    """Whether Entra gave it to an application by itself or to a managed identity: `idtyp` is
    there on demand only, but a person's `sub` is never the object id."""
    if provider.type != "entra":
        return False
    object_id = text(claims, "oid")
    return claims.get("idtyp") == "app" or (object_id != "" and object_id == text(claims, "sub"))


def client_of(claims: Claims) -> str:
    """The client that a token was issued to. Raises RefusedError where it names none or two."""
    named = {text(claims, name) for name in _CLIENT if name in claims}
    if len(named) != 1:
        raise RefusedError(Reason.CLIENT)
    return named.pop()


def person(claims: Claims, provider: Provider, headers: Mapping[str, str]) -> Identity:
    """Whose token it is. Raises RefusedError."""
    client, id_ = client_of(claims), text(claims, provider.person)
    if client not in provider.clients:
        raise RefusedError(Reason.CLIENT)
    by_itself = text(claims, "sub") == client or claims.get("idtyp") == "app"
    by_itself = by_itself or _application(claims, provider)
    if by_itself or (provider.type == "keycloak" and id_.startswith("service-account-")):
        raise RefusedError(Reason.NOT_A_PERSON)
    if not id_:
        raise RefusedError(Reason.NO_PERSON)
    circumstances = {
        "mfa": _second_factor(claims, provider),
        "managed_device": _managed(_attested(provider.managed_device, claims, headers)),
        "country": _country(_attested(provider.country, claims, headers)),
    }
    token = {"kind": "oidc", "audience": provider.audience, "issued_at": _began(claims, provider)}
    return Identity(
        {
            "type": "user",
            "id": id_,
            "properties": {"groups": groups(claims, provider), "issuer": provider.issuer},
        },
        {"token": token, **{n: v for n, v in circumstances.items() if v is not None}},
        token_id=token_id(claims),
        session_id=text(claims, "sid"),
    )


def groups(claims: Claims, provider: Provider) -> list[str]:
    """The person's groups, by the names that the configuration gives them; a claim that is absent
    means none. Of Keycloak they are full paths: `/name` is the group, `/other/name` another one's
    subgroup, and stays as it is. Raises RefusedError."""
    elsewhere = claims.get("_claim_names")
    if (isinstance(elsewhere, dict) and provider.groups in elsewhere) or claims.get("hasgroups"):
        raise RefusedError(Reason.OVERAGE)
    given = claims.get(provider.groups, [])
    if not isinstance(given, list) or not all(_sound(each) for each in given):
        raise RefusedError(Reason.GROUPS)
    if provider.type == "keycloak":
        if not all(each.startswith("/") for each in given):
            raise RefusedError(Reason.GROUPS)
        given = [each if "/" in each[1:] else each[1:] for each in given]
    return [group for each in given if (group := provider.group_of(each)) is not None]


def _sound(group: object) -> bool:
    return isinstance(group, str) and 0 < len(group) <= MAX_TEXT and group.isprintable()


def issued_at(claims: Claims) -> str:
    """When the token was issued, as a request says it. Raises RefusedError."""
    return _written(instant(claims, "iat") or 0)


def _began(claims: Claims, provider: Provider) -> str:
    """What ages count from."""
    if provider.age == "token":
        return issued_at(claims)
    signed_in = instant(claims, "auth_time")
    if not signed_in:
        raise RefusedError(Reason.SIGN_IN_UNKNOWN)
    return _written(signed_in)


def _written(at: float) -> str:
    return datetime.fromtimestamp(int(at), UTC).isoformat()


def _second_factor(claims: Claims, provider: Provider) -> bool | None:
    """Whether one was shown; None when the token does not say how the person signed in."""
    # Entra's contexts of authentication; those of its version 2 say nothing else of a sign-in.
    levels = _listed(claims, "acrs") if provider.type == "entra" else []
    methods = _listed(claims, "amr")
    if level := text(claims, "acr"):
        levels = [level, *levels]
    shown = not (provider.acr.isdisjoint(levels) and provider.amr.isdisjoint(methods))
    silent = not (levels and provider.acr) and not (methods and provider.amr)
    return None if silent and not shown else shown


def _listed(claims: Claims, name: str) -> list[str]:
    """A claim that is a list of texts; empty when the token has none. Raises RefusedError."""
    given = claims.get(name, [])
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        raise RefusedError(Reason.CLAIMS)
    return given


def _attested(where: Attested, claims: Claims, headers: Mapping[str, str]) -> Any:
    if where.claim and where.claim in claims:
        return claims[where.claim]
    found = [v for name, v in headers.items() if name.lower() == where.header.lower()]
    return found[0] if where.header and len(found) == 1 else None


def _managed(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    return _FLAGS.get(value.lower()) if isinstance(value, str) else None


def _country(value: Any) -> str | None:
    return value if isinstance(value, str) and _COUNTRY.fullmatch(value) else None
