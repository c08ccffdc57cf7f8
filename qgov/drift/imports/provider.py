"""The identity provider: what its realm and the client of people's tokens say of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from qgov.drift.facts import Plain
from qgov.drift.imports.said import Note, Why
from qgov.language.scalars import format_duration

__all__ = ["Things", "provider_of"]

Things: TypeAlias = Mapping[tuple[str, str], Mapping[str, Plain]]
"""(kind, name) of things → their fields."""

_OURS: Final = "minimum.acr.value"
"""What the client that people's tokens are for has, and hardly any other."""


def provider_of(
    things: Things, notes: list[Note]
) -> tuple[dict[str, str], dict[str, str], int | None]:
    """The fields of the identity provider, those of its tokens, and how long people's tokens live,
    in seconds."""
    realm = things.get(("realm", ""), {})
    fields: dict[str, str] = {}
    tokens: dict[str, str] = {}
    session, age = realm.get("ssoSessionMaxLifespan"), realm.get("accessTokenLifespan")
    if isinstance(session, int) and session > 0:
        fields["sessionLifetime"] = format_duration(session)
    client = next(
        (name for (kind, name), its in things.items() if kind == "client" and its.get(_OURS)), None
    )
    if client is not None:
        fields["audience"] = client
        levels = things["client", client].get("acr.loa.map")
        fields["mfa"] = "enforced" if _levels(levels) == {"mfa"} else "available"
        if claim := _claim(things, client, "groups"):
            fields["groupsClaim"] = claim
        tokens["person"] = _claim(things, client, "person") or "sub"
    elif realm:
        fields["audience"] = next(
            name
            for name in ("qgov", "qgov-gateway", "qgov-quantum")
            if ("client", name) not in things
        )
        fields["mfa"] = "available"
        notes.append(
            Note(
                Why.ASSUMED,
                f"people's tokens are for a new client `{fields['audience']}`",
                "no client of the realm asks for a level of authentication",
                "name another in `audience` of the identity provider",
            )
        )
    return fields, tokens, age if isinstance(age, int) and age > 0 else None


def _levels(text: Plain) -> set[str]:
    try:
        found: Any = json.loads(str(text))
    except ValueError:
        return set()
    return {*map(str, found)} if isinstance(found, dict) else set()


def _claim(things: Things, client: str, mapper: str) -> str:
    said = things.get(("mapper", f"client {client} {mapper}"), {}).get("claim.name")
    return str(said or "").replace("\\.", ".")
