"""What tests of Keycloak's drift share."""

from __future__ import annotations

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
