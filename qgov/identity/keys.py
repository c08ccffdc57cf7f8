"""The keys of issuers: found by discovery, kept for a while, and asked for again when a token
names one that is not known, but not for every such token."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Iterable, Mapping
from datetime import datetime
from threading import Lock
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, OKPKey, RSAKey
from msgspec import Struct, field

from qgov.identity.asking import DEADLINE_S, NoAnswerError, Surroundings, UnusableAnswerError
from qgov.identity.reasons import Reason, RefusedError

__all__ = ["Issuers", "Key"]

Key = RSAKey | ECKey | OKPKey

FRESH_S: Final = 600
"""How long keys serve before the issuer is asked again."""
KEPT_S: Final = 3600
"""How long they serve while the issuer cannot be asked."""
EVERY_S: Final = 10
"""How often an issuer is asked at the most, whatever tokens say."""
_MANY: Final = 100
_RSA_BITS: Final = range(2048, 8193)


class _Held(Struct, frozen=True):
    """What is known of an issuer. `at` is when its keys were read, `tried` when it was asked
    last, both in seconds; `fault` is why the last try gave nothing."""

    keys: Mapping[str, Key] = field(default_factory=dict)
    introspection: str = ""
    at: float | None = None
    tried: float | None = None
    fault: Reason | None = None

    def serves(self, now: float, for_s: float) -> bool:
        """Whether its keys are not older than that."""
        return self.at is not None and 0 <= now - self.at < for_s


class Issuers:
    """Issuers, by what they publish. For any number of threads."""

    def __init__(self, issuers: Iterable[str], around: Surroundings) -> None:
        self._around = around
        self._held = dict.fromkeys(issuers, _Held())
        self._asking = {issuer: Lock() for issuer in self._held}

    def key(self, issuer: str, key_id: str, now: datetime) -> Key:
        """The issuer's key of this id. Raises RefusedError."""
        at = now.timestamp()
        held = self._held[issuer]
        if not (held.serves(at, FRESH_S) and key_id in held.keys):
            held = self._again(issuer, key_id, at)
        if not held.serves(at, KEPT_S):
            raise RefusedError(held.fault or Reason.ISSUER_UNREACHABLE)
        if (key := held.keys.get(key_id)) is None:
            raise RefusedError(held.fault or Reason.KEY_UNKNOWN)
        return key

    def introspection(self, issuer: str) -> str:
        """Where the issuer is asked about tokens; empty where it does not say."""
        return self._held[issuer].introspection

    def _again(self, issuer: str, key_id: str, now: float) -> _Held:
        """What is known after asking, which one thread does for all that wait for it."""
        lock = self._asking[issuer]
        if lock.acquire(timeout=2 * DEADLINE_S + 1):
            try:
                held = self._held[issuer]
                known = held.serves(now, FRESH_S) and key_id in held.keys
                rested = held.tried is None or not 0 <= now - held.tried < EVERY_S
                if rested and not known:
                    self._held[issuer] = self._asked(issuer, held, now)
            finally:
                lock.release()
        return self._held[issuer]

    def _asked(self, issuer: str, before: _Held, now: float) -> _Held:
        try:
            found = self._read(issuer)
            return _Held(found[0], found[1], at=now, tried=now)
        except NoAnswerError:
            fault = Reason.ISSUER_UNREACHABLE
        except UnusableAnswerError:
            fault = Reason.ISSUER_UNUSABLE
        return _Held(before.keys, before.introspection, before.at, now, fault)

    def _read(self, issuer: str) -> tuple[dict[str, Key], str]:
        ask = self._around.ask
        about = ask(issuer, f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if about.get("issuer") != issuer:
            raise UnusableAnswerError("another issuer")
        where = about.get("jwks_uri")
        if not isinstance(where, str):
            raise UnusableAnswerError("no address of keys")
        introspection = about.get("introspection_endpoint")
        keys = _signing(ask(issuer, where).get("keys"))
        if not keys:
            raise UnusableAnswerError("no key that signs")
        return keys, introspection if isinstance(introspection, str) else ""


def _signing(given: Any) -> dict[str, Key]:
    """The public keys that sign, by id; what else is published is left out. Two of one id are
    none: nothing says which is meant."""
    found: dict[str, Key] = {}
    twice: set[str] = set()
    for each in given[:_MANY] if isinstance(given, list) else ():
        if not isinstance(each, dict) or each.get("use", "sig") != "sig" or "d" in each:
            continue
        key_id = each.get("kid")
        if isinstance(key_id, str) and (key := _imported(each)) is not None:
            twice |= {key_id} & {*found}
            found[key_id] = key
    return {key_id: key for key_id, key in found.items() if key_id not in twice}


def _imported(given: dict[str, Any]) -> Key | None:
    try:
        if given.get("kty") == "RSA":
            modulus = urlsafe_b64decode(given["n"] + "==")
            if int.from_bytes(modulus).bit_length() not in _RSA_BITS:
                return None
        key = JWKRegistry.import_key(given)
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    return key if isinstance(key, RSAKey | ECKey | OKPKey) else None
