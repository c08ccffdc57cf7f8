"""The in-toto statement about a pack, in a DSSE envelope.

Standards: in-toto Attestation Framework, Statement v1; DSSE 1.0; signatures are Ed25519 (RFC
8032), which needs no random numbers: the same key and pack give the same envelope. Their
libraries are of the extra `evidence`, so they are imported where they are used.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from qgov.errors import QgovError

if TYPE_CHECKING:
    from securesystemslib.dsse import Envelope
    from securesystemslib.signer import SSlibKey

__all__ = [
    "PAYLOAD_TYPE",
    "PREDICATE_TYPE",
    "STATEMENT_TYPE",
    "StatementError",
    "as_written",
    "enveloped",
    "key_id",
    "opened",
    "signers",
    "statement",
    "verified",
]

STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE: Final = "https://qgov.dev/attestation/plan/v1"
PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
HOW: Final = "make one with `openssl genpkey -algorithm ed25519`"


class StatementError(QgovError):
    """An invalid key, or an envelope that cannot be read; the message says why."""


def statement(files: Mapping[str, bytes], predicate: Mapping[str, Any]) -> dict[str, Any]:
    """The statement whose subjects are the files, by path."""
    return {
        "_type": STATEMENT_TYPE,
        "subject": [
            {"name": path, "digest": {"sha256": hashlib.sha256(files[path]).hexdigest()}}
            for path in sorted(files)
        ],
        "predicateType": PREDICATE_TYPE,
        "predicate": dict(predicate),
    }


def enveloped(said: Mapping[str, Any], key_pem: bytes | None = None) -> bytes:
    """The envelope as JSON, signed when a key is given: Ed25519, PKCS #8 in PEM without a
    password. Raises StatementError."""
    from securesystemslib.dsse import Envelope  # noqa: PLC0415 - extra `evidence`
    from securesystemslib.signer import CryptoSigner  # noqa: PLC0415 - extra `evidence`

    payload = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    envelope = Envelope(payload, PAYLOAD_TYPE, {})
    if key_pem is not None:
        private = _private(key_pem)
        public = private.public_key()
        envelope.sign(CryptoSigner(private, _named(public)))
    return _written(envelope)


def _written(envelope: Envelope) -> bytes:
    return (json.dumps(envelope.to_dict(), indent=2) + "\n").encode()


def as_written(envelope: bytes) -> bool:
    """Whether an envelope is, byte for byte, one that `enveloped` writes. Raises
    StatementError."""
    return _written(_read(envelope)) == envelope


def key_id(key_pem: bytes) -> str:
    """The id of a private key: SHA-256 of its public half (SubjectPublicKeyInfo, DER).
    Raises StatementError."""
    return str(_named(_private(key_pem).public_key()).keyid)


def opened(envelope: bytes) -> Any:
    """The statement in an envelope, no matter who signed it. Raises StatementError."""
    found = _read(envelope)
    if found.payload_type != PAYLOAD_TYPE:
        raise StatementError(f"its payload is {found.payload_type!r}, not {PAYLOAD_TYPE}")
    try:
        return json.loads(found.payload)
    except (ValueError, RecursionError) as error:
        raise StatementError("its payload is not JSON") from error


def signers(envelope: bytes) -> list[str]:
    """The ids of the keys that an envelope names, verified or not. Raises StatementError."""
    return sorted(_read(envelope).signatures)


def verified(envelope: bytes, public_pem: bytes) -> bool:
    """Whether the envelope carries a signature by this key (Ed25519, SPKI in PEM). Raises
    StatementError for what cannot be read."""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - extra `evidence`
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415 - extra `evidence`
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415 - extra `evidence`
    from securesystemslib.exceptions import VerificationError  # noqa: PLC0415 - extra `evidence`

    try:
        key = load_pem_public_key(public_pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise StatementError(
            "that is no public key in PEM: write it with `openssl pkey -pubout`"
        ) from error
    if not isinstance(key, Ed25519PublicKey):
        raise StatementError("the key is of another kind than Ed25519")
    try:
        _read(envelope).verify([_named(key)], 1)
    except VerificationError:
        return False
    return True


def _read(envelope: bytes) -> Envelope:
    from securesystemslib.dsse import Envelope  # noqa: PLC0415 - extra `evidence`
    from securesystemslib.exceptions import Error  # noqa: PLC0415 - extra `evidence`

    try:
        # from_dict takes fields out of what it is given.
        return Envelope.from_dict(copy.deepcopy(json.loads(envelope)))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, Error) as error:
        raise StatementError("it is no DSSE envelope") from error


def _private(pem: bytes) -> Any:
    try:
        from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - extra `evidence`
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415 - extra `evidence`
        from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415 - extra `evidence`
    except ImportError as error:
        raise StatementError(
            "signing needs the extra `evidence`: pip install 'qgov[evidence]'"
        ) from error
    try:
        key = load_pem_private_key(pem, password=None)
    except TypeError as error:  # how the library reports that it needs a password
        raise StatementError("the key is encrypted: decrypt it first") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise StatementError(f"that is no private key in PEM: {HOW}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise StatementError(f"the key is of another kind than Ed25519: {HOW}")
    return key


def _named(public: Any) -> SSlibKey:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415 - extra `evidence`
    from securesystemslib.signer import SSlibKey  # noqa: PLC0415 - extra `evidence`

    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return SSlibKey.from_crypto(public, keyid=hashlib.sha256(der).hexdigest())
