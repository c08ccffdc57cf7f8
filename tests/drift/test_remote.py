"""What is not the whole answer is no answer: each is said, within a deadline."""

from __future__ import annotations

import socket
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from qgov.drift.observer import Asked, UnreadableError
from qgov.drift.remote import remote
from qgov.model.access_model import AccessModel
from tests.drift.conftest import NOW
from tests.drift.loopback import Reply, as_json, serving

BAD = {
    "401": (Reply(status=401), "not signed in"),
    "403": (Reply(status=403), "forbidden; the right `view-x` is needed"),
    "404": (Reply(status=404), "not found"),
    "500": (Reply(status=500), "answered with status 500"),
    "HTML": (Reply(b"<html>", kind="text/html; charset=utf-8"), "`text/html` in place of JSON"),
    "nothing": (Reply(b"", kind=""), "in place of JSON"),
    "truncated": (Reply(b'{"a": [1, 2'), "its JSON is cut off or broken"),
    "deep": (Reply(b"[" * 100_000), "its JSON is cut off or broken"),
    "announced": (Reply(b"{}", length=1_000_000), "peer closed connection|not answered"),
    "redirect": (
        Reply(status=302, headers={"Location": "https://elsewhere.example/x"}),
        "redirects to elsewhere.example; not followed",
    ),
    "hangs": (Reply(wait_s=3), "not answered within 1 s"),
}


def asked(model: AccessModel, **environment: str) -> Asked:
    return Asked(model, None, environment, NOW, timeout_s=1)


@pytest.mark.parametrize("kind", BAD)
def test_what_is_not_the_whole_answer_is_unreadable(model: AccessModel, kind: str) -> None:
    reply, reason = BAD[kind]
    with (
        serving(lambda _p, _q: reply) as base,
        remote(asked(model), base, rights={"/x": "view-x"}) as server,
        pytest.raises(UnreadableError, match=reason) as raised,
    ):
        server.get("/x/y")
    assert f"{base}/x/y" in str(raised.value)


def test_a_good_answer_is_read(model: AccessModel) -> None:
    with (
        serving(lambda p, q: as_json([p, q])) as base,
        remote(asked(model), base) as server,
    ):
        assert server.get("/a b", c="d e") == ["/a%20b", "c=d+e"]


@pytest.mark.parametrize("bound", [10, 20, 1000])
def test_pages_are_read_to_the_last_whatever_the_server_s_own_bound(
    model: AccessModel, bound: int
) -> None:
    everything = [{"id": str(n)} for n in range(35)]

    def answers(_path: str, query: str) -> Reply:
        of = dict(each.split("=") for each in query.split("&"))
        first = int(of["first"])
        return as_json(everything[first : first + min(int(of["max"]), bound)])

    with serving(answers) as base, remote(asked(model), base) as server:
        found = server.pages("/things", 20)
    assert found == everything


def test_a_page_that_comes_twice_is_unreadable(model: AccessModel) -> None:
    page = [{"id": str(n)} for n in range(20)]
    with (
        serving(lambda _p, _q: as_json(page)) as base,
        remote(asked(model), base) as server,
        pytest.raises(UnreadableError, match="a page came twice"),
    ):
        server.pages("/things", 20)


def test_a_certificate_that_nobody_vouches_for_is_unreadable(
    model: AccessModel, tmp_path: Path
) -> None:
    file = self_signed(tmp_path / "own.pem")
    with serving(lambda _p, _q: Reply(), file) as base:
        with (
            remote(asked(model), base) as server,
            pytest.raises(UnreadableError, match="CERTIFICATE_VERIFY_FAILED"),
        ):
            server.get("/")
        with remote(asked(model, QGOV_CA_FILE=str(file)), base) as server:
            assert server.get("/") == {}


@pytest.mark.parametrize(
    "base", ["http://elsewhere.example", "ftp://x", "https://", "https://a:b@c", "nonsense", ""]
)
def test_an_address_that_would_give_the_secret_away_is_refused(
    model: AccessModel, base: str
) -> None:
    with pytest.raises(UnreadableError), remote(asked(model), base):
        pass


def test_a_secret_may_lie_in_a_file_and_is_never_shown(model: AccessModel, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hunter2\n")
    given = asked(model, X_FILE=str(tmp_path / "secret"), Y="hunter2")
    assert given.needed("X") == given.needed("Y") == "hunter2"
    assert "hunter2" not in repr(given)
    with pytest.raises(UnreadableError, match="set Z, or Z_FILE"):
        given.needed("Z")
    with pytest.raises(UnreadableError, match=r"Z_FILE: .* cannot be read"):
        asked(model, Z_FILE=str(tmp_path / "none")).needed("Z")


def self_signed(path: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


def test_things_are_read_side_by_side_and_no_more_than_the_bound(model: AccessModel) -> None:
    """The server answers nobody before `parallel` requests are there."""
    together, most, lock, now = threading.Barrier(4), [0], threading.Lock(), [0]

    def answers(_path: str, _query: str) -> Reply:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        together.wait(timeout=10)
        with lock:
            now[0] -= 1
        return Reply()

    given = Asked(model, None, {}, NOW, timeout_s=15, parallel=4)
    with serving(answers) as base, remote(given, base) as server:
        assert server.each(lambda n: server.get(f"/{n}"), range(12)) == [{}] * 12
    assert most[0] == 4


@pytest.mark.parametrize("where", ["headers", "body"])
def test_a_server_that_sends_a_byte_now_and_then_is_cut_off(model: AccessModel, where: str) -> None:
    """It would go on for ten seconds, and then be done: each byte comes in time, not the whole."""
    sent, gone = [0], threading.Event()

    def trickle(connection: socket.socket) -> None:
        connection.recv(65536)
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n"
        drip = b"X: " if where == "headers" else b" "
        try:
            connection.sendall(head + (b"" if where == "headers" else b"\r\n"))
            for byte in drip + b"." * 98:
                connection.sendall(bytes([byte]))
                sent[0] += 1
                gone.wait(0.1)
        except OSError:
            pass
        finally:
            connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        thread = threading.Thread(target=lambda: trickle(listening.accept()[0]))
        thread.start()
        with (
            remote(asked(model), f"http://127.0.0.1:{port}") as server,
            pytest.raises(UnreadableError, match="not answered within 1 s"),
        ):
            server.get("/")
        thread.join()
    assert 0 < sent[0] < 95
