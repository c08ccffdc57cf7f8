"""How an issuer's keys are found and kept, whatever the issuer answers and tokens ask for."""

from __future__ import annotations

import base64
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc.jwk import ECKey, OctKey, RSAKey

from qgov.identity import asking, keys
from qgov.identity.asking import Surroundings
from qgov.identity.reasons import Reason
from tests.identity.issuer import (
    NOW,
    WORKFORCE,
    Issuer,
    accepted,
    issuing,
    key,
    reason,
    respond,
    verifier,
)

DISCOVERY = "/.well-known/openid-configuration"
LATER = NOW + timedelta(seconds=keys.EVERY_S)
Handler = BaseHTTPRequestHandler


def test_keys_are_read_once(issuer: Issuer) -> None:
    verify = verifier(issuer)
    for seconds in range(0, keys.FRESH_S, 100):
        accepted(verify.identify(issuer.token({"exp": 2e9}), now=NOW + timedelta(seconds=seconds)))
    assert issuer.seen == {DISCOVERY: 1, "/certs": 1}

    accepted(verify.identify(issuer.token({"exp": 2e9}), now=NOW + timedelta(seconds=keys.FRESH_S)))
    assert issuer.seen == {DISCOVERY: 2, "/certs": 2}


def test_a_rotation_is_followed(issuer: Issuer) -> None:
    verify = verifier(issuer)
    accepted(verify.identify(issuer.token(), now=NOW))
    issuer.keys = [key("second"), key("first")]
    accepted(verify.identify(issuer.token(by=key("second")), now=LATER))
    accepted(verify.identify(issuer.token(), now=LATER))
    assert issuer.seen["/certs"] == 2


def test_a_key_that_is_withdrawn_ends(issuer: Issuer) -> None:
    verify = verifier(issuer)
    accepted(verify.identify(issuer.token(), now=NOW))
    issuer.keys = [key("second")]
    accepted(verify.identify(issuer.token(by=key("second")), now=LATER))
    assert reason(verify.identify(issuer.token(), now=LATER)) == Reason.KEY_UNKNOWN


def test_unknown_keys_do_not_make_a_storm(issuer: Issuer) -> None:
    verify = verifier(issuer)
    accepted(verify.identify(issuer.token(), now=NOW))

    def ask(number: int) -> str:
        token = issuer.token(header={"kid": f"made-up-{number % 40}"})
        return reason(verify.identify(token, now=LATER))

    with ThreadPoolExecutor(8) as pool:
        assert {*pool.map(ask, range(200))} == {Reason.KEY_UNKNOWN}
    assert issuer.seen["/certs"] == 2


def test_who_needs_keys_at_once_waits_for_one_answer(issuer: Issuer) -> None:
    verify, begun, go = verifier(issuer), threading.Event(), threading.Event()

    def slowly(handler: Handler) -> None:
        begun.set()
        go.wait(4)
        respond(handler, json.dumps({"keys": [key("first").as_dict(private=False)]}))

    issuer.answers["/certs"] = slowly
    with ThreadPoolExecutor(8) as pool:
        found = [pool.submit(verify.identify, issuer.token(), now=NOW) for _ in range(8)]
        begun.wait()
        go.set()
        for each in found:
            accepted(each.result())
    assert issuer.seen == {DISCOVERY: 1, "/certs": 1}


def test_keys_serve_for_a_while_when_the_issuer_is_gone(issuer: Issuer) -> None:
    verify, token = verifier(issuer), issuer.token({"exp": 2e9})
    accepted(verify.identify(token, now=NOW))
    issuer.answers[DISCOVERY] = lambda handler: respond(handler, "gone", status=503)

    last = NOW + timedelta(seconds=keys.KEPT_S)
    accepted(verify.identify(token, now=last - timedelta(seconds=1)))
    assert reason(verify.identify(token, now=last + LATER.resolution)) == Reason.ISSUER_UNUSABLE
    assert issuer.seen["/certs"] == 1


def test_an_issuer_that_comes_back_is_asked_again(issuer: Issuer) -> None:
    verify = verifier(issuer)
    issuer.answers[DISCOVERY] = lambda handler: respond(handler, "gone", status=503)
    assert reason(verify.identify(issuer.token(), now=NOW)) == Reason.ISSUER_UNUSABLE
    issuer.answers.clear()
    assert reason(verify.identify(issuer.token(), now=NOW)) == Reason.ISSUER_UNUSABLE
    accepted(verify.identify(issuer.token(), now=LATER))


# ----------------------------------------------------------------------- what is answered


def _never(handler: Handler) -> None:
    handler.server.stop.wait(10)  # type: ignore[attr-defined]


def _drop_by_drop(handler: Handler) -> None:
    """A header that never ends."""
    try:
        while True:
            handler.wfile.write(b"x")
            handler.wfile.flush()
            if handler.server.stop.wait(0.02):  # type: ignore[attr-defined]
                return
    except OSError:
        pass


def _huge(handler: Handler) -> None:
    respond(handler, json.dumps({"keys": [], "more": "x" * asking.MAX_BYTES}))


def _packed(handler: Handler) -> None:
    respond(handler, "{}", headers={"content-encoding": "gzip"})


ANSWERS: dict[str, tuple[str, Callable[[Handler], None], Reason]] = {
    "nothing": (DISCOVERY, _never, Reason.ISSUER_UNREACHABLE),
    "keys drop by drop": ("/certs", _drop_by_drop, Reason.ISSUER_UNREACHABLE),
    "a megabyte and more": ("/certs", _huge, Reason.ISSUER_UNUSABLE),
    "a page": (DISCOVERY, lambda h: respond(h, "<html></html>"), Reason.ISSUER_UNUSABLE),
    "half of an object": ("/certs", lambda h: respond(h, '{"keys": ['), Reason.ISSUER_UNUSABLE),
    "a list": ("/certs", lambda h: respond(h, "[]"), Reason.ISSUER_UNUSABLE),
    "deep lists": ("/certs", lambda h: respond(h, "[" * 100_000), Reason.ISSUER_UNUSABLE),
    "something packed": (DISCOVERY, _packed, Reason.ISSUER_UNUSABLE),
    "another status": ("/certs", lambda h: respond(h, "{}", status=404), Reason.ISSUER_UNUSABLE),
    "no keys": ("/certs", lambda h: respond(h, '{"keys": []}'), Reason.ISSUER_UNUSABLE),
    "keys that are none": ("/certs", lambda h: respond(h, '{"keys": [7, {}]}'), Reason.ISSUER_UNUSABLE),
    "another issuer": (
        DISCOVERY,
        lambda h: respond(h, json.dumps({"issuer": "https://evil.example", "jwks_uri": "https://evil.example/certs"})),
        Reason.ISSUER_UNUSABLE,
    ),
    "no address of keys": (
        DISCOVERY,
        lambda h: respond(h, json.dumps({"issuer": WORKFORCE})),
        Reason.ISSUER_UNUSABLE,
    ),
    "an address that is not https": (
        DISCOVERY,
        lambda h: respond(h, json.dumps({"issuer": WORKFORCE, "jwks_uri": "http://evil.example/certs"})),
        Reason.ISSUER_UNUSABLE,
    ),
    "an address of a file": (
        DISCOVERY,
        lambda h: respond(h, json.dumps({"issuer": WORKFORCE, "jwks_uri": "file:///etc/passwd"})),
        Reason.ISSUER_UNUSABLE,
    ),
    "an address that is none": (
        DISCOVERY,
        lambda h: respond(h, json.dumps({"issuer": WORKFORCE, "jwks_uri": "https://[x"})),
        Reason.ISSUER_UNUSABLE,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("path", "answer", "why"), ANSWERS.values(), ids=list(ANSWERS))
def test_what_an_issuer_answers_is_bounded_and_understood_or_refused(
    issuer: Issuer,
    path: str,
    answer: Callable[[Handler], None],
    why: Reason,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(asking, "DEADLINE_S", 0.3)
    issuer.answers[path] = answer
    assert reason(verifier(issuer).identify(issuer.token(), now=NOW)) == why


@pytest.mark.parametrize("path", [DISCOVERY, "/certs"])
def test_no_redirect_is_followed(issuer: Issuer, path: str) -> None:
    with issuing("https://evil.example") as other:
        for status, where in (
            (302, f"{other.address}{path}"),
            (307, f"{issuer.address}/elsewhere"),
        ):
            issuer.answers[path] = partial(
                respond, body="", status=status, headers={"location": where}
            )
            found = verifier(issuer).identify(issuer.token(), now=NOW)
            assert reason(found) == Reason.ISSUER_UNUSABLE
        assert other.seen == {}
        assert "/elsewhere" not in issuer.seen


def test_nobody_there() -> None:
    with issuing() as gone:
        pass
    assert reason(verifier(gone).identify(gone.token(), now=NOW)) == Reason.ISSUER_UNREACHABLE


def _public(name: str, **changes: Any) -> dict[str, Any]:
    return {**key(name).as_dict(private=False), **changes}


def _small() -> dict[str, Any]:
    """A key of 1024 bits that says by leading zeros that it is longer."""
    with pytest.warns(match="2048"):
        small = RSAKey.generate_key(1024, {"kid": "first"})
    given = small.as_dict(private=False)
    modulus = base64.urlsafe_b64decode(str(given["n"]) + "==")
    padded = base64.urlsafe_b64encode(bytes(128) + modulus).decode().rstrip("=")
    return {**given, "n": padded}


UNUSABLE_KEYS: dict[str, Callable[[], list[Any]]] = {
    "for encryption": lambda: [_public("first", use="enc")],
    "of an id that is no text": lambda: [_public("first", kid=7)],
    "of one id, twice": lambda: [_public("first"), _public("second", kid="first")],
    "too small": lambda: [_small()],
    "private": lambda: [key("first").as_dict(private=True)],
    "secret": lambda: [OctKey.generate_key(256, {"kid": "first"}).as_dict(private=True)],
    "cut": lambda: [_public("first", n="AQAB")],
    "of no kind": lambda: [_public("first", kty="XYZ")],
}


@pytest.mark.parametrize("given", UNUSABLE_KEYS.values(), ids=list(UNUSABLE_KEYS))
def test_a_key_that_must_not_be_used_is_none(
    issuer: Issuer, given: Callable[[], list[Any]]
) -> None:
    issuer.keys = [key("other"), *given()]
    found = verifier(issuer).identify(issuer.token(), now=NOW)
    assert reason(found) == Reason.KEY_UNKNOWN


def test_elliptic_keys_count(issuer: Issuer) -> None:
    elliptic = ECKey.generate_key("P-256", {"kid": "e"})
    issuer.keys = [elliptic]
    accepted(verifier(issuer).identify(issuer.token(by=elliptic, header={"alg": "ES256"}), now=NOW))


# ---------------------------------------------------------------------------- where it is


@pytest.mark.parametrize(
    "address",
    ["http://id.northwind.example", "http://10.0.0.1", "ftp://127.0.0.1", "id.example", ""],
)
def test_plain_http_is_for_loopback_alone(address: str) -> None:
    with pytest.raises(ValueError, match="neither https nor on loopback"):
        Surroundings(addresses={WORKFORCE: address})


@pytest.mark.parametrize(
    "address", ["http://localhost:8080", "http://[::1]:8080", "https://kc.internal"]
)
def test_an_issuer_may_be_elsewhere(address: str) -> None:
    assert Surroundings(addresses={WORKFORCE: address}).addresses == {WORKFORCE: address}


def test_keys_may_be_published_where_the_issuer_is_asked(issuer: Issuer) -> None:
    issuer.answers[DISCOVERY] = lambda h: respond(
        h, json.dumps({"issuer": WORKFORCE, "jwks_uri": f"{issuer.address}/certs"})
    )
    accepted(verifier(issuer).identify(issuer.token(), now=NOW))


@pytest.fixture
def self_signed(tmp_path: Path) -> Iterator[tuple[Issuer, Path]]:
    """An issuer behind TLS whose certificate nobody vouches for."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    start = datetime.now(UTC) - timedelta(days=1)
    certificate = (
        x509.CertificateBuilder(name, name, private.public_key(), x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(private, hashes.SHA256())
    )
    file = tmp_path / "server.pem"
    pem = serialization.Encoding.PEM
    file.write_bytes(
        private.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(pem)
    )
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(file)
    with issuing(tls=server_side) as found:
        found.address = found.address.replace("http://127.0.0.1", "https://localhost")
        yield found, file


def test_a_certificate_that_nobody_vouches_for(self_signed: tuple[Issuer, Path]) -> None:
    issuer, file = self_signed
    found = verifier(issuer).identify(issuer.token(), now=NOW)
    assert reason(found) == Reason.ISSUER_UNREACHABLE
    assert issuer.seen == {}

    own = ssl.create_default_context(cafile=file)
    accepted(verifier(issuer, tls=own).identify(issuer.token(), now=NOW))
