"""A signed bundle: the same bytes always, and a signature that others verify."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import shutil
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from joserfc import jws
from joserfc.errors import BadSignatureError
from joserfc.jwk import ECKey

from qgov.decision.bundle import read_bundle
from qgov.decision.engine import EngineError, Settings
from qgov.decision.engines.opa import OpaEngine
from qgov.targets.opa import TARGET
from qgov.targets.opa.bundle import canonical
from qgov.targets.opa.signing import BUNDLE, SigningError, key_digest, signed
from tests.targets.worked import hostile, worked

FILES = TARGET.emit(worked())
KEY = ec.derive_private_key(0xA11CE, ec.SECP256R1())
OTHER = ec.derive_private_key(0xB0B, ec.SECP256R1())
SIGNATURES = "policy/opa/.signatures.json"


def pem(key: Any, password: bytes | None = None) -> bytes:
    hidden = serialization.BestAvailableEncryption(password) if password else None
    written: bytes = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        hidden or serialization.NoEncryption(),
    )
    return written


def content_of(bundle: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(bundle)) as archive:
        return {entry.name: archive.extractfile(entry).read() for entry in archive}  # type: ignore[union-attr]


def test_only_the_signature_is_added() -> None:
    made = signed(FILES, pem(KEY))
    assert set(made) - set(FILES) == {SIGNATURES}
    assert {path for path in FILES if made[path] != FILES[path]} == {BUNDLE}
    before, after = content_of(FILES[BUNDLE]), content_of(made[BUNDLE])
    assert after == {**before, ".signatures.json": made[SIGNATURES]}
    assert made[BUNDLE][3:8] == bytes(5)  # gzip: no name, no time
    assert read_bundle(made[BUNDLE]) == read_bundle(FILES[BUNDLE])
    assert TARGET.read_back is not None
    assert TARGET.read_back(made) == TARGET.read_back(FILES)


def test_the_same_bundle_and_key_give_the_same_bytes() -> None:
    once = signed(FILES, pem(KEY))
    assert once == signed(dict(reversed(list(FILES.items()))), pem(KEY))
    assert once == signed(once, pem(KEY)), "signing again replaces the signature"
    assert once != signed(FILES, pem(OTHER))
    assert once != signed(FILES, pem(KEY), keyid="other")


@pytest.mark.parametrize("model", [worked, hostile])
def test_another_library_verifies_the_digests_of_every_file(model: Any) -> None:
    files = TARGET.emit(model())
    made = signed(files, pem(KEY))
    (token,) = json.loads(made[SIGNATURES])["signatures"]
    registry = jws.JWSRegistry(algorithms=["ES256"])
    registry.max_payload_length = 1 << 20
    public = ECKey.import_key(
        KEY.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    verified = jws.deserialize_compact(token, public, registry=registry)
    assert verified.headers() == {"alg": "ES256", "kid": "qgov"}
    assert json.loads(verified.payload) == {
        "files": [
            {"name": name, "hash": hashlib.sha256(content).hexdigest(), "algorithm": "SHA-256"}
            for name, content in sorted(content_of(files[BUNDLE]).items())
        ]
    }
    other = ECKey.import_key(pem(OTHER))
    with pytest.raises(BadSignatureError):
        jws.deserialize_compact(token, other, registry=registry)


@pytest.mark.parametrize("model", [worked, hostile])
def test_the_json_of_a_bundle_is_as_opa_hashes_it(model: Any) -> None:
    """Else OPA would compute other digests than those of the bytes."""
    for name, content in content_of(TARGET.emit(model())[BUNDLE]).items():
        if name in ("data.json", ".manifest"):
            assert canonical(json.loads(content)) == content
        else:
            assert name.endswith(".rego")


@pytest.mark.real
@pytest.mark.parametrize("model", [worked, hostile])
def test_opa_itself_verifies_what_was_signed(model: Any) -> None:
    beside = str(Path(sys.executable).parent)
    opa = os.environ.get("QGOV_OPA") or shutil.which("opa") or shutil.which("opa", path=beside)
    if not opa:
        pytest.skip("opa is not installed (.ci/install-opa)")
    files = TARGET.emit(model())
    trusted = Settings(opa=opa, bundle_key=PUBLIC)
    with OpaEngine(signed(files, pem(KEY))[BUNDLE], trusted) as engine:
        assert engine.decide([]) == []
    for refused in (files, signed(files, pem(OTHER))):
        with (
            OpaEngine(refused[BUNDLE], trusted) as engine,
            pytest.raises(EngineError, match="OPA did not start"),
        ):
            engine.decide([])


def test_without_a_bundle_there_is_nothing_to_sign() -> None:
    assert signed({"docs/access-matrix.md": b"x"}, pem(KEY)) == {"docs/access-matrix.md": b"x"}


def test_a_key_is_named_by_its_public_half() -> None:
    der = KEY.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    assert key_digest(pem(KEY)) == f"sha256:{hashlib.sha256(der).hexdigest()}"


PUBLIC = KEY.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (b"", "no private key in PEM: make one with `openssl"),
        (b"garbage", "no private key in PEM"),
        (pem(KEY)[:80], "no private key in PEM"),
        (PUBLIC, "no private key in PEM"),
        (pem(KEY, b"secret"), "is encrypted: decrypt it first"),
        (pem(ec.derive_private_key(7, ec.SECP384R1())), "another kind than ECDSA on P-256"),
        (pem(ec.derive_private_key(7, ec.SECP256K1())), "another kind than ECDSA on P-256"),
        (pem(ed25519.Ed25519PrivateKey.generate()), "another kind than ECDSA on P-256"),
        (pem(rsa.generate_private_key(65537, 2048)), "another kind than ECDSA on P-256"),
    ],
    ids=[
        "nothing",
        "garbage",
        "cut",
        "public",
        "encrypted",
        "P-384",
        "secp256k1",
        "ed25519",
        "rsa",
    ],
)
def test_another_key_than_a_p256_in_pem_is_refused(key: bytes, message: str) -> None:
    for act in (lambda: signed(FILES, key), lambda: key_digest(key)):
        with pytest.raises(SigningError, match=message) as raised:
            act()
        if key:
            secret = base64.b64encode(key).decode()[:40]
            assert secret not in str(raised.value)
            assert key.decode()[30:60] not in str(raised.value) or len(key) < 60


def test_an_older_form_of_the_key_signs_alike() -> None:
    sec1 = KEY.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    assert b"BEGIN EC PRIVATE KEY" in sec1
    assert signed(FILES, sec1) == signed(FILES, pem(KEY))


def test_without_the_library_there_is_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("cryptography")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "cryptography", None)
    with pytest.raises(SigningError, match=r"pip install 'qgov\[evidence\]'"):
        signed(FILES, b"")
