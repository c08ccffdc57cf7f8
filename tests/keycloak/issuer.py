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
    jwks_url: str
    key: RSAKey

    def token(self, subject: str, audience: str, **claims: Any) -> str:
        """A token of a run, which is good for a minute unless the claims say otherwise."""
        now = int(time.time())
        said = {"iss": self.issuer, "sub": subject, "aud": audience, "jti": uuid.uuid4().hex}
        header = {"alg": "RS256", "kid": self.key.kid}
        return jwt.encode(header, {**said, "iat": now, "exp": now + 60, **claims}, self.key)


@contextmanager
def vouching(issuer: str) -> Iterator[WorkloadIssuer]:
    """An issuer whose keys can be read at `jwks_url` for as long as the block lasts."""
    key = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)
    keys = json.dumps({"keys": [key.as_dict(private=False)]}).encode()

    class Keys(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(keys)))
            self.end_headers()
            self.wfile.write(keys)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Keys)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield WorkloadIssuer(issuer, f"http://127.0.0.1:{server.server_port}/jwks", key)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
