"""A bundle's signature, in the format that Open Policy Agent verifies (JWS, ES256).

Not part of `emit`, which knows no key. The same key and bundle give the same signature
(RFC 6979), so that a signed output is still a function of the commit. `cryptography` is of
the extra `evidence`, so it is imported where a key is used.
"""

from __future__ import annotations

import base64
import hashlib
import io
import tarfile
from typing import TYPE_CHECKING, Final

from qgov.errors import QgovError
from qgov.targets.opa.bundle import FOLDER, canonical, tarball
from qgov.targets.target import Files

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

__all__ = ["BUNDLE", "SigningError", "key_digest", "signed"]

BUNDLE: Final = f"{FOLDER}/bundle.tar.gz"
SIGNATURES: Final = ".signatures.json"


class SigningError(QgovError):
    """A key that cannot sign, or no library to sign with."""


def signed(files: Files, key_pem: bytes, keyid: str = "qgov") -> dict[str, bytes]:
    """The artifacts with the bundle signed, and its `.signatures.json` beside it; just
    themselves when there is no bundle among them.

    `key_pem` is a P-256 private key in PEM, without a password. Raises SigningError.
    """
    key = _private_key(key_pem)
    if BUNDLE not in files:
        return dict(files)
    content = _content(files[BUNDLE])
    # OPA hashes JSON as canonical text and other files as they are: here both are the
    # same, because the bundle's JSON is written canonically.
    hashes = [
        {"name": name, "hash": hashlib.sha256(content[name]).hexdigest(), "algorithm": "SHA-256"}
        for name in sorted(content)
        if name != SIGNATURES
    ]
    token = _compact_jws({"alg": "ES256", "kid": keyid}, {"files": hashes}, key)
    content[SIGNATURES] = canonical({"signatures": [token]})
    return {
        **files,
        BUNDLE: tarball(content),
        f"{FOLDER}/{SIGNATURES}": content[SIGNATURES],
    }


def key_digest(key_pem: bytes) -> str:
    """`sha256:…` of the public key (SubjectPublicKeyInfo, DER), which names a private key
    without telling it. Raises SigningError."""
    key = _private_key(key_pem)
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - extra `evidence`

    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return f"sha256:{hashlib.sha256(public).hexdigest()}"


def _private_key(pem: bytes) -> EllipticCurvePrivateKey:
    try:
        from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - extra `evidence`
        from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - extra `evidence`
        from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 - extra `evidence`
    except ImportError as error:
        raise SigningError(
            "signing needs the extra `evidence`: pip install 'qgov[evidence]'"
        ) from error
    how = "make one with `openssl ecparam -name prime256v1 -genkey -noout`"
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except TypeError as error:  # how the library reports that it needs a password
        raise SigningError("the key is encrypted: decrypt it first") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise SigningError(f"that is no private key in PEM: {how}") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise SigningError(f"the key is of another kind than ECDSA on P-256: {how}")
    return key


def _compact_jws(header: object, payload: object, key: EllipticCurvePrivateKey) -> str:
    """RFC 7515. joserfc would do it, but draws ECDSA's nonce at random; the tests let it
    verify what this writes."""
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - extra `evidence`
    from cryptography.hazmat.primitives.asymmetric import ec, utils  # noqa: PLC0415 - extra `evidence`

    text = f"{_base64url(canonical(header))}.{_base64url(canonical(payload))}"
    how = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
    r, s = utils.decode_dss_signature(key.sign(text.encode(), how))
    return f"{text}.{_base64url(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _content(packed: bytes) -> dict[str, bytes]:
    found = {}
    with tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz") as archive:
        for entry in archive:
            stream = archive.extractfile(entry)
            assert stream is not None
            found[entry.name] = stream.read()
    return found
