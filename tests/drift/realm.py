"""What tests of Keycloak's drift share."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from tests.drift.changes import Hand
from tests.keycloak.server import Server


def token_of(server: Server) -> str:
    """A token with every right."""
    form = {
        "grant_type": "client_credentials",
        "client_id": "qgov-tests",
        "client_secret": "qgov-tests",
    }
    with server.client() as client:
        answer = client.post("/realms/master/protocol/openid-connect/token", data=form)
        return str(answer.raise_for_status().json()["access_token"])


def import_realm(server: Server, content: bytes) -> None:
    """A realm as `kc.sh import` makes it: what is taken from the environment is its default."""
    text = re.sub(r"\$\{[A-Za-z0-9_]+:([^}]*)\}", r"\1", content.decode())
    server.admin.post("/admin/realms", json=json.loads(text)).raise_for_status()


def reader(server: Server, hand: Hand, rights: Iterable[str]) -> dict[str, str]:
    """The environment of a client of the realm with some rights."""
    id_ = hand.add(
        "/clients",
        {
            "clientId": "reader",
            "secret": "hunter2",
            "serviceAccountsEnabled": True,
            "standardFlowEnabled": False,
        },
    )
    account = hand.get(f"/clients/{id_}/service-account-user")["id"]
    management = hand.client("realm-management")
    roles = [hand.role(right, "realm-management") for right in rights]
    hand.send("POST", f"/users/{account}/role-mappings/clients/{management}", roles)
    return {
        "QGOV_KEYCLOAK_URL": f"http://127.0.0.1:{server.port}",
        "QGOV_KEYCLOAK_CLIENT_ID": "reader",
        "QGOV_KEYCLOAK_CLIENT_SECRET": "hunter2",
    }
