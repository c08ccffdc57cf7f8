"""People who sign in to a realm of a test's Keycloak, as a browser would.

Example:
    person(keycloak, "quantum", "mei", ["/aurora-developers"])
    tokens = sign_in(keycloak, "quantum", "mei")
    assert claims(tokens["access_token"])["acr"] == "mfa"
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
import struct
import time
from collections.abc import Iterable
from html import unescape
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.keycloak.server import Server

__all__ = [
    "PASSWORD",
    "Form",
    "ask",
    "claims",
    "exchange",
    "one_time_code",
    "person",
    "redeem",
    "sign_in",
    "signed_in",
    "token",
]

PASSWORD: Final = "correct horse battery staple"
_SEED: Final = "a seed of one-time codes"
_REDIRECT: Final = "http://127.0.0.1/signed-in"


def person(
    server: Server, realm: str, name: str, groups: Iterable[str] = (), *, code: bool = True
) -> None:
    """Somebody with a password, in groups (by path), with a device for one-time codes or without."""
    credentials = [{"type": "password", "value": PASSWORD}]
    if code:
        how = {"subType": "totp", "digits": 6, "period": 30, "algorithm": "HmacSHA1", "counter": 0}
        credentials.append(
            {
                "type": "otp",
                "secretData": json.dumps({"value": _SEED}),
                "credentialData": json.dumps(how),
            }
        )
    user = {"username": name, "enabled": True, "groups": [*groups], "credentials": credentials}
    server.admin.post(f"/admin/realms/{realm}/users", json=user).raise_for_status()


class Form:
    """A page of the sign-in, or where it sent the browser in the end."""

    def __init__(self, browser: httpx.Client, answer: httpx.Response, verifier: str) -> None:
        self._browser = browser
        self._answer = answer
        self.verifier = verifier

    @property
    def asks_for(self) -> set[str]:
        """The fields of the page that a person fills in."""
        fields = {"username", "password", "otp", "totp"}
        return fields & set(re.findall(r'<input[^>]* name="([^"]+)"', self._answer.text))

    @property
    def sent(self) -> dict[str, str]:
        """What the client is told at its redirect address; empty while a page is shown."""
        location = self._answer.headers.get("location", "")
        if not location.startswith(_REDIRECT):
            return {}
        return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}

    def fill_in(self, **fields: str) -> Form:
        """The next page, redirects within the server followed."""
        action = re.search(r'<form[^>]*action="([^"]+)"', self._answer.text)
        assert action, self._answer.text
        answer = self._browser.post(unescape(action[1]), data=fields)
        while answer.is_redirect and not answer.headers["location"].startswith("http://127.0.0.1/"):
            answer = self._browser.get(answer.headers["location"])
        return Form(self._browser, answer, self.verifier)


def ask(browser: httpx.Client, realm: str, client: str = "qgov", **parameters: str) -> Form:
    """What a client's request for a code is answered with."""
    verifier = secrets.token_urlsafe(40)
    digest = hashlib.sha256(verifier.encode()).digest()
    query = {
        "client_id": client,
        "response_type": "code",
        "scope": "openid",
        "redirect_uri": _REDIRECT,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    url = f"/realms/{realm}/protocol/openid-connect/auth"
    return Form(browser, browser.get(url, params=query | parameters), verifier)


def token(browser: httpx.Client, realm: str, **form: str) -> httpx.Response:
    """What the token endpoint says."""
    return browser.post(f"/realms/{realm}/protocol/openid-connect/token", data=form)


def redeem(browser: httpx.Client, realm: str, form: Form, client: str = "qgov") -> dict[str, Any]:
    """The tokens for a code."""
    answer = token(
        browser,
        realm,
        grant_type="authorization_code",
        client_id=client,
        code=form.sent["code"],
        redirect_uri=_REDIRECT,
        code_verifier=form.verifier,
    )
    tokens: dict[str, Any] = answer.raise_for_status().json()
    return tokens


def sign_in(server: Server, realm: str, name: str, **parameters: str) -> dict[str, Any]:
    """The tokens of somebody who shows what is asked for, with a browser of their own."""
    with server.client() as browser:
        return signed_in(browser, realm, name, **parameters)


def signed_in(browser: httpx.Client, realm: str, name: str, **parameters: str) -> dict[str, Any]:
    """The same with a browser that is left signed in."""
    form = ask(browser, realm, **parameters).fill_in(username=name, password=PASSWORD)
    if "otp" in form.asks_for:
        form = form.fill_in(otp=one_time_code())
    return redeem(browser, realm, form)


def exchange(server: Server, realm: str, assertion: str) -> dict[str, Any]:
    """What a workload gets for its own issuer's token (RFC 7523)."""
    with server.client() as pipeline:
        answer = token(
            pipeline,
            realm,
            grant_type="client_credentials",
            client_assertion_type="urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            client_assertion=assertion,
        )
    found: dict[str, Any] = answer.json()
    return found


def one_time_code() -> str:
    """The code of this half minute (RFC 6238)."""
    counter = struct.pack(">Q", int(time.time()) // 30)
    digest = hmac.digest(_SEED.encode(), counter, "sha1")
    offset = digest[-1] & 15
    (number,) = struct.unpack(">I", digest[offset : offset + 4])
    return f"{(number & 0x7FFFFFFF) % 10**6:06d}"


def claims(token: str) -> dict[str, Any]:
    """What a token says, unverified."""
    payload = token.split(".")[1]
    found: dict[str, Any] = json.loads(
        base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    )
    return found
