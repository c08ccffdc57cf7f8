"""OPA's own server decides as the reference does; whatever goes wrong with it is a denial."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from pathlib import Path
from threading import Event, Thread, Timer
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from qgov.contracts import decision as contract
from qgov.contracts.telling import tell
from qgov.decision.decision import Decision
from qgov.decision.engine import UNANSWERED, EngineError, Settings, decide_or_deny
from qgov.decision.engines.opa import OpaEngine
from qgov.decision.reference import decide
from qgov.targets.opa import TARGET
from qgov.targets.opa.bundle import tarball
from qgov.targets.opa.signing import BUNDLE, signed
from tests.decision.harness import DEVELOPER, MODEL, PIPELINE, asking
from tests.decision.test_reasons import ALLOWED, DENIED

FILES = TARGET.emit(MODEL)
REQUESTS = [*ALLOWED.values(), *(request for request, _ in DENIED.values())]
SOON = 0.4
"""The deadline of an answer, where one is to be missed."""


def revision_of(bundle: bytes = FILES[BUNDLE]) -> str:
    return OpaEngine(bundle).revision


def wanted(requests: list[dict[str, Any]]) -> list[Decision]:
    return [decide(MODEL, request, revision_of()) for request in requests]


# ------------------------------------------------------------------------- a server that lies

Behaviour = Callable[["Fake"], None]
BAD = asking(DEVELOPER, id="bad@northwind.example")


class Fake(BaseHTTPRequestHandler):
    """Answers as the reference does, until it is asked about BAD."""

    protocol_version = "HTTP/1.1"
    server: FakeServer

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.paths.append(self.path)
        if asked["input"].get("subject", {}).get("id") == "bad@northwind.example":
            self.server.behaviour(self)
            return
        revision = revision_of()
        decision = decide(MODEL, asked["input"], self.server.decided_by or revision)
        answer: dict[str, Any] = {"result": tell(contract.Decision, decision)}
        if "provenance" in self.path:
            answer["provenance"] = {"bundles": {"b": {"revision": self.server.active or revision}}}
        self.say(json.dumps(answer).encode())

    def do_GET(self) -> None:
        self.server.paths.append(self.path)
        self.say(b"{}")

    def say(self, content: bytes, status: int = 200, length: int | None = None) -> None:
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", str(len(content) if length is None else length))
        self.end_headers()
        self.wfile.write(content)
        if self.server.hangs_up:
            self.close_connection = True  # without a word of it to the client

    def log_message(self, *_: object) -> None: ...


class FakeServer(ThreadingHTTPServer):
    daemon_threads = True
    behaviour: Behaviour
    hangs_up = False
    active: str | None = None
    decided_by: str | None = None

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Fake)
        self.paths: list[str] = []
        self.over = Event()

    def handle_error(self, *_: object) -> None: ...  # the client went away, as it should

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def serving(server: FakeServer) -> Iterator[FakeServer]:
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def fake() -> Iterator[FakeServer]:
    with serving(FakeServer()) as server:
        yield server


def asks(server: FakeServer, deadline_s: float = 5.0) -> OpaEngine:
    return OpaEngine(FILES[BUNDLE], Settings(opa_url=server.url, deadline_s=deadline_s))


def hang(handler: Fake) -> None:
    handler.server.over.wait(10)


def drip(handler: Fake) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    while not handler.server.over.wait(0.05):
        handler.wfile.write(b" ")


def drip_headers(handler: Fake) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
    while not handler.server.over.wait(0.05):
        handler.wfile.write(b"x")


def endless(handler: Fake) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not handler.server.over.is_set():
        handler.wfile.write(b"10000\r\n" + b" " * 0x10000 + b"\r\n")


def reset(handler: Fake) -> None:
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True


def cut(handler: Fake) -> None:
    handler.say(b'{"result":', length=1000)
    handler.close_connection = True


def garbage(handler: Fake) -> None:
    handler.wfile.write(b"SSH-2.0-OpenSSH\r\n")
    handler.close_connection = True


def says(content: bytes | dict[str, Any], status: int = 200) -> Behaviour:
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    return lambda handler: handler.say(text, status)


ALLOWS = {**tell(contract.Decision, UNANSWERED), "allow": True, "reasons": []}
FAULTS: dict[str, tuple[Behaviour, str]] = {
    "hang": (hang, "did not answer within 0.4 s"),
    "slow drip": (drip, "did not answer within 0.4 s"),
    "slow drip of headers": (drip_headers, "did not answer within 0.4 s"),
    "nonsense": (says(b"undefined"), "something other than JSON"),
    "depth": (says(b"[" * 200_000), "something other than JSON"),
    "list": (says(b"[]"), "something other than an object"),
    "undefined": (says({}), "is undefined there"),
    "null": (says({"result": None}), "no decision"),
    "no decision": (says({"result": True}), "no decision"),
    "another revision": (says({"result": ALLOWS}), "OPA is stale: it serves no revision"),
    "warning": (says({"result": ALLOWS, "warning": {"code": "api_usage_warning"}}), "wrong way"),
    "error": (says({"code": "x", "message": "out of memory"}, 500), "status 500: out of memory"),
    "page": (says(b"<html>", 503), "answered with status 503$"),
    "redirect": (says(b"", 302), "answered with status 302"),
    "huge": (says(b" " * (2 << 20)), "more than 1048576 bytes"),
    "endless": (endless, "more than 1048576 bytes"),
    "reset": (reset, "gave no answer: "),
    "cut": (cut, "something other than JSON"),
    "garbage": (garbage, "gave no answer: "),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_a_server_does_wrong_is_a_denial_in_time(fake: FakeServer, fault: str) -> None:
    fake.behaviour, message = FAULTS[fault]
    asked = [DEVELOPER, PIPELINE, asking(DEVELOPER, mfa=False), BAD, *[DEVELOPER] * 20]
    with asks(fake, SOON) as engine:
        began = time.monotonic()
        decisions, error = decide_or_deny(engine, asked)
        assert time.monotonic() - began < SOON + 2
        assert error is not None
        with pytest.raises(EngineError, match=message):
            engine.decide([BAD])
        assert engine.decide([PIPELINE]) == wanted([PIPELINE]), "it starts afresh"
    assert decisions == [*wanted(asked[:3]), *[UNANSWERED] * 21]
    assert len(error.answered) == 3
    assert "/elsewhere" not in fake.paths


def test_a_server_by_its_url_decides(fake: FakeServer) -> None:
    with asks(fake) as engine:
        assert engine.decide(REQUESTS) == wanted(REQUESTS)
        assert engine.pid is None
    paths = {f"/v1/data/qgov/authz/decision{query}" for query in ("", "?provenance=true")}
    assert set(fake.paths) == paths


def test_a_connection_that_was_closed_while_idle_is_opened_again(fake: FakeServer) -> None:
    fake.hangs_up = True
    with asks(fake) as engine:
        for _ in range(3):
            assert engine.decide([DEVELOPER]) == wanted([DEVELOPER])


def test_a_stale_server_is_an_error_that_names_both_revisions(fake: FakeServer) -> None:
    fake.active = fake.decided_by = "sha256:old"
    with asks(fake) as engine, pytest.raises(EngineError) as raised:
        engine.decide([DEVELOPER])
    said = f"OPA is stale: it serves sha256:old, expected {revision_of()}"
    assert str(raised.value) == said
    assert raised.value.answered == ()


def test_a_server_whose_bundle_changes_on_the_way_is_stale(fake: FakeServer) -> None:
    with asks(fake) as engine:
        assert engine.decide([DEVELOPER]) == wanted([DEVELOPER])
        fake.decided_by = "sha256:new"
        with pytest.raises(EngineError, match="it serves sha256:new, expected sha256:"):
            engine.decide([DEVELOPER])


def test_a_server_without_a_bundle_is_stale(
    fake: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Fake, "do_POST", lambda self: self.say(b'{"result": {}}'))
    with asks(fake) as engine, pytest.raises(EngineError, match="no bundle with a revision"):
        engine.decide([DEVELOPER])


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://127.0.0.1:1", "gave no answer: .*refused"),
        ("http://nowhere.invalid", "gave no answer: "),
        ("ftp://127.0.0.1", "write http://HOST:PORT"),
        ("127.0.0.1:8181", "write http://HOST:PORT"),
        ("http://", "write http://HOST:PORT"),
        ("http://me:secret@127.0.0.1", "without user"),
        ("http://127.0.0.1?a=b", "without user"),
        ("http://127.0.0.1:port", "cannot be read"),
        ("http://[::1", "cannot be read"),
        ("", "write http://HOST:PORT"),
    ],
)
def test_a_url_at_which_nobody_answers_is_an_error(url: str, message: str) -> None:
    with (
        OpaEngine(FILES[BUNDLE], Settings(opa_url=url)) as engine,
        pytest.raises(EngineError, match=message) as raised,
    ):
        engine.decide([DEVELOPER])
    assert "secret" not in str(raised.value)


def test_a_key_is_of_no_use_to_a_server_that_somebody_else_started() -> None:
    with pytest.raises(EngineError, match="verifies bundles by its own keys"):
        OpaEngine(FILES[BUNDLE], Settings(opa_url="http://127.0.0.1:1", bundle_key=b"key"))


def test_a_server_is_asked_over_tls_by_the_name_in_its_certificate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = certified(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = FakeServer()
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.behaviour = drip
    settings = Settings(opa_url=f"https://127.0.0.1:{server.server_port}", deadline_s=SOON)
    with serving(server), OpaEngine(FILES[BUNDLE], settings) as engine:
        with pytest.raises(EngineError, match="CERTIFICATE_VERIFY_FAILED"):
            engine.decide([DEVELOPER])
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert engine.decide([DEVELOPER, PIPELINE]) == wanted([DEVELOPER, PIPELINE])
        with pytest.raises(EngineError, match=r"within 0\.4 s"):
            engine.decide([BAD])


def certified(folder: Path) -> tuple[Path, Path]:
    """A certificate of 127.0.0.1 by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "fake")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    files = folder / "certificate.pem", folder / "certificate.key"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(private_pem(key))
    return files


# ------------------------------------------------------------------------- a program that is none


def program(folder: Path, text: str) -> str:
    path = folder / "opa"
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


def test_a_missing_program_is_told_with_the_way_to_get_it() -> None:
    settings = Settings(opa="opa-that-nobody-installed")
    with (
        OpaEngine(FILES[BUNDLE], settings) as engine,
        pytest.raises(EngineError, match=r"is not installed: .*\.ci/install-opa"),
    ):
        engine.decide([DEVELOPER])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("#!/bin/sh\necho 'error: no such flag' >&2; exit 1\n", "did not start: no such flag$"),
        ("#!/bin/sh\nexit 3\n", "did not start: without a word"),
        ("#!/bin/sh\nexec /bin/sleep 60\n", "did not start within 0.3 s"),
        ("neither script nor program", "did not start: OSError: .*Exec format error"),
        ("#!/bin/sh\nwhile :; do echo x$$; done >&2\n", "did not start within 0.3 s"),
    ],
    ids=["refuses", "silent", "sleeps", "no program", "babbles"],
)
def test_a_program_that_does_not_serve_is_an_error(tmp_path: Path, text: str, message: str) -> None:
    settings = Settings(opa=program(tmp_path, text))
    with OpaEngine(FILES[BUNDLE], settings, start_s=0.3 if "within" in message else 30) as engine:
        with pytest.raises(EngineError, match=message):
            engine.decide([DEVELOPER])
        assert engine.pid is None


def test_where_no_launcher_is_needed_the_program_is_started_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", "freebsd")
    settings = Settings(opa=program(tmp_path, "neither script nor program"))
    with (
        OpaEngine(FILES[BUNDLE], settings) as engine,
        pytest.raises(EngineError, match=r"OPA cannot be started: .*Exec format error"),
    ):
        engine.decide([DEVELOPER])


def test_what_a_program_says_is_kept_in_part(tmp_path: Path) -> None:
    settings = Settings(
        opa=program(tmp_path, f"#!{sys.executable}\nraise SystemExit('x' * 99999)\n")
    )
    with OpaEngine(FILES[BUNDLE], settings) as engine, pytest.raises(EngineError) as raised:
        engine.decide([DEVELOPER])
    assert 100 < len(str(raised.value)) < 5000


# ------------------------------------------------------------------------- OPA itself


@pytest.fixture(scope="module")
def opa() -> str:
    beside = str(Path(sys.executable).parent)
    found = os.environ.get("QGOV_OPA") or shutil.which("opa") or shutil.which("opa", path=beside)
    if not found:
        pytest.skip("opa is not installed (.ci/install-opa)")
    return found


def private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def public_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.real
def test_the_server_decides_as_the_reference_does(opa: str) -> None:
    with OpaEngine(FILES[BUNDLE], Settings(opa=opa)) as engine:
        assert engine.decide(REQUESTS) == wanted(REQUESTS)
        assert engine.decide([]) == []
        assert engine.decide([DEVELOPER]) == wanted([DEVELOPER])


@pytest.mark.real
def test_the_server_has_no_environment_and_no_port_and_ends_with_the_engine(
    opa: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OPA_TOKEN", "bait")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with OpaEngine(FILES[BUNDLE], Settings(opa=opa)) as engine:
        engine.decide([])
        pid = engine.pid
        assert pid is not None
        assert Path(f"/proc/{pid}/environ").read_bytes() == b""
        listening = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()]
        mine = {str(fd.readlink()) for fd in Path(f"/proc/{pid}/fd").iterdir()}
        assert not [row for row in listening if f"socket:[{row[9]}]" in mine]
        (folder,) = tmp_path.iterdir()
        assert folder.stat().st_mode & 0o777 == 0o700
    assert not alive(pid)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.real
@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells a child of its parent's death")
def test_the_server_ends_when_we_are_killed(opa: str, tmp_path: Path) -> None:
    (tmp_path / "bundle.tar.gz").write_bytes(FILES[BUNDLE])
    text = (
        "import os, sys; from pathlib import Path\n"
        "from qgov.decision.engine import Settings\n"
        "from qgov.decision.engines.opa import OpaEngine\n"
        "engine = OpaEngine(Path(sys.argv[1]).read_bytes(), Settings(opa=sys.argv[2]))\n"
        "engine.decide([]); print(engine.pid, flush=True); os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", text, str(tmp_path / "bundle.tar.gz"), opa],
        env={**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    pid = int(done.stdout)
    end = time.monotonic() + 5
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.02)
    assert not alive(pid)


@pytest.mark.real
def test_a_server_that_is_killed_in_the_middle_is_a_denial_of_the_rest(opa: str) -> None:
    asked = [DEVELOPER] * 20_000
    with OpaEngine(FILES[BUNDLE], Settings(opa=opa)) as engine:
        engine.decide([])
        pid = engine.pid
        assert pid is not None
        timer = Timer(0.3, os.kill, (pid, signal.SIGKILL))
        timer.start()
        began = time.monotonic()
        decisions, error = decide_or_deny(engine, asked)
        timer.join()
        assert time.monotonic() - began < 5.0
        assert error is not None
        assert str(error) == "OPA ended unexpectedly: without a word"
        given = len(error.answered)
        assert 0 < given < len(asked)
        assert decisions == wanted([DEVELOPER]) * given + [UNANSWERED] * (len(asked) - given)
        assert engine.decide([DEVELOPER])[0].allow, "it starts afresh"
        assert engine.pid != pid


@pytest.mark.real
def test_a_server_that_stands_still_is_a_denial_within_the_deadline(opa: str) -> None:
    with OpaEngine(FILES[BUNDLE], Settings(opa=opa, deadline_s=SOON)) as engine:
        engine.decide([])
        pid = engine.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        began = time.monotonic()
        decisions, error = decide_or_deny(engine, [DEVELOPER] * 9)
        assert time.monotonic() - began < SOON + 2
        assert decisions == [UNANSWERED] * 9
        assert str(error) == "OPA did not answer within 0.4 s"
        assert not alive(pid)


KEY = ec.derive_private_key(0xA11CE, ec.SECP256R1())
OTHER = ec.derive_private_key(0xB0B, ec.SECP256R1())
SIGNED = signed(FILES, private_pem(KEY))[BUNDLE]


def decided(opa: str, bundle: bytes, key: bytes | None) -> list[Decision]:
    with OpaEngine(bundle, Settings(opa=opa, bundle_key=key)) as engine:
        return engine.decide([DEVELOPER])


@pytest.mark.real
@pytest.mark.parametrize("key", [public_pem(KEY), None], ids=["verified", "without a key"])
def test_a_signed_bundle_is_accepted(opa: str, key: bytes | None) -> None:
    assert decided(opa, SIGNED, key) == wanted([DEVELOPER])


def changed(**content: bytes | None) -> bytes:
    """The signed bundle with files changed, added or (None) taken away."""
    beside = signed(FILES, private_pem(KEY))
    files: dict[str, bytes | None] = {
        path.removeprefix("policy/opa/"): text for path, text in beside.items() if path != BUNDLE
    }
    files |= content
    return tarball({name: text for name, text in files.items() if text is not None})


DATA = FILES["policy/opa/data.json"]
MANIFEST = FILES["policy/opa/.manifest"]


@pytest.mark.real
@pytest.mark.parametrize(
    ("bundle", "key", "reason"),
    [
        (FILES[BUNDLE], public_pem(KEY), "bundle missing .signatures.json file"),
        (SIGNED, public_pem(OTHER), "failed to verify JWT signature"),
        (SIGNED, b"-----BEGIN NONSENSE-----", "failed to parse PEM"),
        (changed(**{"data.json": DATA.replace(b"eu", b"us", 1)}), public_pem(KEY), "digest"),
        (changed(**{"qgov/authz.rego": b"package qgov.authz\n"}), public_pem(KEY), "digest"),
        (
            changed(**{".manifest": MANIFEST.replace(b"sha256:", b"sha256:0")}),
            public_pem(KEY),
            "digest",
        ),
        (changed(**{"more.rego": b"package qgov.more\n"}), public_pem(KEY), "not included"),
        (changed(**{".signatures.json": b'{"signatures":[]}'}), public_pem(KEY), "missing JWT"),
    ],
    ids=["unsigned", "wrong key", "no key", "data", "policy", "manifest", "extra", "emptied"],
)
def test_a_bundle_that_is_not_signed_as_it_stands_does_not_start(
    opa: str, bundle: bytes, key: bytes, reason: str
) -> None:
    began = time.monotonic()
    with pytest.raises(EngineError, match=f"OPA did not start: .*{reason}"):
        decided(opa, bundle, key)
    assert time.monotonic() - began < 10.0


@pytest.mark.real
def test_a_real_server_may_be_given_by_its_url(opa: str, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.tar.gz"
    bundle.write_bytes(FILES[BUNDLE])
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [opa, "run", "--server", "--addr", f"127.0.0.1:{port}", "--skip-version-check"]
    server = subprocess.Popen(
        [*command, "--bundle", str(bundle)], env={}, stderr=subprocess.DEVNULL
    )
    try:
        settings = Settings(opa_url=f"http://127.0.0.1:{port}")
        with OpaEngine(FILES[BUNDLE], settings) as engine:
            end = time.monotonic() + 30
            while time.monotonic() < end:
                with suppress(EngineError):
                    engine.decide([])
                    break
                time.sleep(0.05)
            assert engine.decide(REQUESTS) == wanted(REQUESTS)
        older = changed(**{".manifest": MANIFEST.replace(b"sha256:", b"sha256:0")})
        with OpaEngine(older, settings) as engine, pytest.raises(EngineError) as raised:
            engine.decide([DEVELOPER])
        assert revision_of() in str(raised.value)
        assert revision_of(older) in str(raised.value)
    finally:
        server.kill()
        server.wait()
