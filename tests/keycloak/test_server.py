"""The server that the other tests ask is the real one, and nobody else is reached through it."""

from __future__ import annotations

import httpx
import pytest

from tests.keycloak.server import HOST, Server

pytestmark = pytest.mark.real


def test_it_answers_under_its_own_name(keycloak: Server) -> None:
    with keycloak.client() as browser:
        found = browser.get("/realms/master/.well-known/openid-configuration").json()
        assert found["issuer"] == f"{HOST}/realms/master"
        with pytest.raises(httpx.ConnectError, match="not the server"):
            browser.get("https://elsewhere.example/")
        assert browser.get("/admin/realms").status_code == httpx.codes.UNAUTHORIZED


def test_its_admin_may_change_it_and_survives_an_expired_token(keycloak: Server) -> None:
    keycloak.admin.post("/admin/realms", json={"realm": "passing"}).raise_for_status()
    assert isinstance(keycloak.admin.auth, httpx.Auth)
    keycloak.admin.auth._token = "expired"  # type: ignore[attr-defined]
    keycloak.admin.delete("/admin/realms/passing").raise_for_status()
    assert "passing" not in [r["realm"] for r in keycloak.admin.get("/admin/realms").json()]
