"""Records what a fresh realm of a Keycloak holds, for the observer: run this when another version
is to be known.

Example:
    python -m tests.drift.fresh_realm     # starts the Keycloak of .ci/install-keycloak
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from qgov.drift.facts import Plain, Setting
from qgov.drift.observer import Asked
from qgov.drift.observers import keycloak as observer
from qgov.drift.observers.keycloak.access import leading
from qgov.drift.observers.keycloak.read import Realm, read_realm, rights_below
from qgov.drift.observers.keycloak.settings import settings_of
from qgov.drift.remote import remote
from tests.drift.realm import token_of
from tests.keycloak.server import Server, running

RECORDED = Path(str(observer.__file__)).with_name("fresh.json")
NAME = "fresh"
PASSING = "passing"
ONLY_WHERE_SET = (
    "accountTheme", "adminPermissionsClient", "adminTheme", "browserSecurityHeaders",
    "defaultGroups", "defaultLocale", "displayName", "displayNameHtml", "emailTheme", "eventsExpiration",
    "loginTheme", "passwordPolicy", "smtpServer", "supportedLocales",
)  # fmt: skip
NEW = {
    "client": ("/clients", {"clientId": PASSING}),
    "client scope": ("/client-scopes", {"name": PASSING, "protocol": "openid-connect"}),
    "identity provider": (
        "/identity-provider/instances",
        {
            "alias": PASSING,
            "providerId": "oidc",
            "config": {
                "clientId": "x",
                "clientSecret": "x",
                "authorizationUrl": "https://x.example",
                "tokenUrl": "https://x.example",
            },
        },
    ),
}
"""What the server makes of the least that may be said of a new thing."""


def recorded(server: Server) -> dict[str, Any]:
    """What a fresh realm holds, and what a new thing of each kind does."""
    server.admin.post("/admin/realms", json={"realm": NAME, "enabled": True}).raise_for_status()
    try:
        realm = _read(server)
        settings = settings_of(realm)
        for path, least in NEW.values():
            server.admin.post(f"/admin/realms/{NAME}{path}", json=least).raise_for_status()
        added = settings_of(_read(server))
    finally:
        server.admin.delete(f"/admin/realms/{NAME}").raise_for_status()
    settings |= {
        setting._replace(name="*"): value
        for setting, value in added.items()
        if setting.name == PASSING and setting.kind in NEW
    }
    return {
        "fields": sorted({*realm.raw, *ONLY_WHERE_SET}),
        "settings": _nested(settings),
    }


def _read(server: Server) -> Realm:
    base = f"http://127.0.0.1:{server.port}"
    asked = Asked(None, None, {}, datetime.now(UTC))  # type: ignore[arg-type]
    headers = {"Authorization": f"Bearer {token_of(server)}"}
    with remote(asked, base, headers, rights_below(NAME)) as there:
        return read_realm(there, NAME, leading)


def _nested(settings: Mapping[Setting, Plain]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for setting in sorted(settings):
        things = found.setdefault(setting.kind, {})
        things.setdefault(setting.name, {})[setting.field] = settings[setting]
    return found


def text_of(found: Mapping[str, Any]) -> str:
    """As it is kept: a thing on each line."""
    kinds = (
        f"  {json.dumps(kind)}: {{\n{_joined(things.items())}\n  }}"
        for kind, things in found["settings"].items()
    )
    inner = ",\n".join(kinds)
    return f'{{\n"fields": {json.dumps(found["fields"])},\n"settings": {{\n{inner}\n}}\n}}\n'


def _joined(things: Iterable[tuple[str, Any]]) -> str:
    return ",\n".join(f"    {json.dumps(name)}: {json.dumps(fields)}" for name, fields in things)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, running(Path(folder, "home"), {}, {}) as one:
        RECORDED.write_text(text_of(recorded(one)), encoding="utf-8")
