"""An issuer of workload tokens for tests: it signs, and serves its keys on loopback."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey

__all__ = ["WorkloadIssuer", "vouching"]


@dataclass(frozen=True, slots=True)
class WorkloadIssuer:
    """Who vouches for workloads under the name of a real issuer."""

    issuer: str
    address: str
    key: RSAKey

    @property
    def jwks_url(self) -> str:
        """Where its keys are."""
        return f"{self.address}/jwks"

    def token(self, subject: str, audience: str, **claims: Any) -> str:
        """A token of a run, which is good for a minute unless the claims say otherwise."""
        now = int(time.time())
        said = {"iss": self.issuer, "sub": subject, "aud": audience, "jti": uuid.uuid4().hex}
        header = {"alg": "RS256", "kid": self.key.kid}
        return jwt.encode(header, {**said, "iat": now, "exp": now + 60, **claims}, self.key)


@contextmanager
def vouching(issuer: str) -> Iterator[WorkloadIssuer]:
    """An issuer whose keys can be read for as long as the block lasts, by discovery too."""
    key = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)
    published = {
        "/jwks": {"keys": [key.as_dict(private=False)]},
        "/.well-known/openid-configuration": {"issuer": issuer, "jwks_uri": f"{issuer}/jwks"},
    }

    class Keys(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = json.dumps(published.get(self.path, {})).encode()
            self.send_response(200 if self.path in published else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Keys)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield WorkloadIssuer(issuer, f"http://127.0.0.1:{server.server_port}", key)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
