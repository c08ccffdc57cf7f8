"""Which identity provider is imported: what the configuration is to call it, and who issues its
tokens."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import quote

from pydantic import TypeAdapter, ValidationError

from qgov.drift.imports.importing import seed
from qgov.drift.imports.reading import is_name
from qgov.drift.imports.said import Directory, Wishes
from qgov.drift.observer import Asked
from qgov.drift.observers.keycloak.connect import issuer_of
from qgov.drift.observers.terraform.directory import Managed
from qgov.errors import QgovError
from qgov.language.scalars import Url
from qgov.records import replace

__all__ = ["KINDS", "asked_for", "keycloak", "managed_by", "other"]

KINDS: Final = ("keycloak", "okta", "entra")
_URL: Final = TypeAdapter[str](Url)
_NAME: Final = "workforce"
_NOBODYS: Final = {
    "": "https://id.{}.example",
    "okta": "https://id.{}.example/oauth2/default",
    "entra": "https://sts.windows.net/00000000-0000-0000-0000-000000000000/",
}
"""Issuers of the form that each product has, from which there are no tokens."""


def keycloak(
    name: str | None,
    realm: str | None,
    issuer: str | None,
    wishes: Wishes,
    environment: Mapping[str, str],
    now: datetime,
) -> Directory:
    """A realm of a Keycloak. `name` and `realm` each stand for the other; the issuer is what the
    realm calls itself. Raises QgovError, and UnreadableError where it cannot be asked."""
    if (realm := realm or name) is None:
        raise QgovError("say which realm: --source keycloak:REALM, or --realm REALM")
    name = name or (realm if is_name(realm) else _NAME)
    named = realm if is_name(realm) else None
    if issuer is None:
        bare = Directory(_valid(name), "keycloak", "https://issuer.example", named)
        issuer = issuer_of(asked_for(bare, wishes, environment, now), realm)
    if named is None and not issuer.rstrip("/").endswith(f"/realms/{realm}"):
        raise QgovError(
            f"the language cannot name the realm `{realm}`, which {issuer} does not end in"
        )
    return Directory(_valid(name), "keycloak", _address(issuer), named)


def asked_for(
    directory: Directory, wishes: Wishes, environment: Mapping[str, str], now: datetime
) -> Asked:
    """What an observer is asked for, before anything is known but that there is a directory."""
    return Asked(seed(directory, wishes), directory.name, environment, now)


def managed_by(managed: Managed, name: str | None, issuer: str | None, wishes: Wishes) -> Directory:
    """A directory that a state of Terraform manages."""
    realm = managed.realm
    named = realm if realm is not None and is_name(realm) else None
    found = other(name or named or managed.product, managed.product, issuer, wishes)
    if realm is None or issuer is not None:
        return replace(found, realm=named)
    address = f"https://id.{wishes.organization}.example/realms/{quote(realm, safe='')}"
    return replace(found, realm=named, issuer=_address(address))


def other(name: str | None, kind: str, issuer: str | None, wishes: Wishes) -> Directory:
    """Any other directory. Who issues its tokens, no source tells: what is assumed is nobody's."""
    given = issuer or _NOBODYS.get(kind, _NOBODYS[""]).format(wishes.organization)
    return Directory(_valid(name or _NAME), kind, _address(given))


def _valid(name: str) -> str:
    if not is_name(name):
        raise QgovError(f"`{name}` is no name of an identity provider: use a-z, 0-9 and hyphens")
    return name


def _address(issuer: str) -> str:
    try:
        return _URL.validate_python(issuer)
    except ValidationError as error:
        raise QgovError(
            f"the issuer `{issuer}` is no https address that tokens can be from; give --issuer"
        ) from error
