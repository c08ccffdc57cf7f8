"""A local issuer on loopback, which publishes keys by discovery and can be made to misbehave."""

from __future__ import annotations

import json
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs

from joserfc.jwk import RSAKey
from joserfc.jws import JWSRegistry, serialize_compact

from qgov.decision.bundle import Bundle, read_bundle
from qgov.identity.asking import Surroundings
from qgov.identity.identity import Identity, Refused
from qgov.identity.verifier import Verifier
from qgov.model.access_model import AccessModel
from qgov.pipeline import load
from qgov.repository import read_work_tree
from qgov.targets.opa import TARGET

__all__ = [
    "AT",
    "CI",
    "MEI",
    "NOW",
    "PARTNERS",
    "PROXY",
    "WORKFORCE",
    "Issuer",
    "accepted",
    "bundle_of",
    "issuing",
    "key",
    "reason",
    "respond",
    "verifier",
    "worked",
]

NOW: Final = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
AT: Final = int(NOW.timestamp())
WORKFORCE: Final = "https://id.northwind.example/realms/quantum"
PARTNERS: Final = "https://id.northwind.example/realms/partners"
CI: Final = "https://token.actions.githubusercontent.com"
PROXY: Final = {"x-device-managed": "true", "x-client-country": "DE"}
"""What the deployment's proxy says of a managed device in Germany."""

Answer = Callable[[BaseHTTPRequestHandler], None]
Claims = Mapping[str, Any]


@cache
def key(name: str, bits: int = 2048) -> RSAKey:
    """A private key by name: the same one whenever it is asked for."""
    return RSAKey.generate_key(bits, {"kid": name, "use": "sig", "alg": "RS256"})


@cache
def worked() -> AccessModel:
    """The worked repository."""
    files, _ = read_work_tree(Path(__file__).parents[2])
    model = load(files).model
    assert model is not None
    return model


@cache
def bundle_of(model: Callable[[], AccessModel]) -> Bundle:
    """The compiled bundle of a model."""
    return read_bundle(TARGET.emit(model())["policy/opa/bundle.tar.gz"])


class Issuer:
    """An issuer by its name, and what it saw. `keys` are published; `answers` (path → what
    answers there) come first."""

    def __init__(self, name: str, address: str) -> None:
        self.name, self.address = name, address
        self.keys: list[Any] = [key("first")]
        self.answers: dict[str, Answer] = {}
        self.seen: Counter[str] = Counter()
        self.inspected: Claims = {}
        self.forms: list[dict[str, str]] = []
        self.lock = threading.Lock()

    def token(
        self,
        changes: Claims | None = None,
        *,
        by: Any = None,
        header: Claims | None = None,
        base: Claims | None = None,
    ) -> str:
        """An access token of Mei's; a claim or header that is `...` is left out."""
        signer = by or key("first")
        claims = {**(MEI if base is None else base), "iss": self.name, **(changes or {})}
        kept = {name: value for name, value in claims.items() if value is not ...}
        named = {"alg": "RS256", "typ": "JWT", "kid": signer.kid, **(header or {})}
        named = {name: value for name, value in named.items() if value is not ...}
        registry = JWSRegistry(algorithms=[named["alg"]], strict_check_header=False)
        return serialize_compact(named, json.dumps(kept), signer, registry=registry)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """What it answers to a request."""
        path = handler.path
        with self.lock:
            self.seen[path] += 1
        if path in self.answers:
            self.answers[path](handler)
        elif path == DISCOVERY:
            base = self.name.rstrip("/")
            where = {"jwks_uri": f"{base}/certs", "introspection_endpoint": f"{base}/ask"}
            respond(handler, json.dumps({"issuer": self.name, **where}))
        elif path == "/certs":
            keys = [k if isinstance(k, dict) else k.as_dict(private=False) for k in self.keys]
            respond(handler, json.dumps({"keys": keys}))
        elif path == "/ask":
            length = int(handler.headers["content-length"])
            form = parse_qs(handler.rfile.read(length).decode())
            self.forms.append(
                {"login": handler.headers["authorization"], **{k: v[0] for k, v in form.items()}}
            )
            respond(handler, json.dumps(self.inspected))
        else:
            respond(handler, "nothing here", status=404)


DISCOVERY: Final = "/.well-known/openid-configuration"
MEI: Final = {
    "aud": ["qgov", "account"],
    "typ": "Bearer",
    "azp": "qgov",
    "sub": "0b6f3d1e-7f0a-4a53-9a2c-1c7e9f4a2b10",
    "preferred_username": "mei@northwind.example",
    "groups": ["/aurora-developers"],
    "acr": "mfa",
    "iat": AT - 60,
    "exp": AT + 600,
    "auth_time": AT - 900,
    "jti": "token-1",
    "sid": "session-1",
}


def respond(
    handler: BaseHTTPRequestHandler,
    body: str,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Answer with a body; who asked may have gone."""
    try:
        handler.send_response(status)
        for name, value in (headers or {}).items():
            handler.send_header(name, value)
        handler.send_header("content-length", str(len(body.encode())))
        handler.end_headers()
        handler.wfile.write(body.encode())
    except OSError:
        pass


@contextmanager
def issuing(name: str = WORKFORCE, *, tls: ssl.SSLContext | None = None) -> Iterator[Issuer]:
    """An issuer that answers, until the end; what still answers then sees `server.stop`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.answer(self)

        do_POST = do_GET  # noqa: N815 - as the server calls it

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads, block_on_close = True, False
        stop = threading.Event()

        def handle_error(self, *_: Any) -> None:
            """Who asked may not have liked the certificate."""

    with Server(("127.0.0.1", 0), Handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        issuer = Issuer(name, f"http://127.0.0.1:{server.server_port}")
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield issuer
        finally:
            server.stop.set()
            server.shutdown()


def verifier(*issuers: Issuer, bundle: Bundle | None = None, **around: Any) -> Verifier:
    """What verifies tokens of these issuers, by the worked repository's bundle."""
    addresses = {issuer.name: issuer.address for issuer in issuers}
    return Verifier(bundle or bundle_of(worked), Surroundings(addresses=addresses, **around))


def accepted(found: Identity | Refused) -> Identity:
    """The identity; a refusal fails with its reason."""
    assert isinstance(found, Identity), found
    return found


def reason(found: Identity | Refused) -> str:
    """Why it was refused."""
    assert isinstance(found, Refused), found
    return found.reason
