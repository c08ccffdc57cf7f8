"""The one place where a bearer token becomes an identity."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from joserfc.errors import JoseError
from joserfc.jws import JWSRegistry, deserialize_compact

from qgov.decision.bundle import Bundle
from qgov.identity.asking import NoAnswerError, Surroundings, UnusableAnswerError
from qgov.identity.claims import Claims, Unverified, audiences, read, text, times, token_id
from qgov.identity.identity import NO_HEADERS, Identity, Refused
from qgov.identity.keys import Issuers, Key
from qgov.identity.people import access_token, client_of, issued_at, person
from qgov.identity.reasons import Reason, RefusedError
from qgov.identity.trust import Provider, trust_of

__all__ = ["Verifier"]

_NOBODY: Final = Identity({}, {})
_WORKLOAD: Final = "workload:"


class Verifier:
    """Verifies tokens by what a bundle says of their issuers. For any number of threads; keep
    one for as long as its bundle serves, because it keeps the issuers' keys. Raises KeyError,
    TypeError or AttributeError for a bundle of another version."""

    def __init__(self, bundle: Bundle, around: Surroundings | None = None) -> None:
        self._trust = trust_of(bundle)
        self._around = around or Surroundings()
        self._issuers = Issuers({*self._trust.providers, *self._trust.federated}, self._around)

    def identify(
        self, token: str, *, now: datetime, headers: Mapping[str, str] = NO_HEADERS
    ) -> Identity | Refused:
        """Whose a token is at this time. `headers` are those that the deployment's own proxy
        set, never the caller's. Never raises for what a token or an issuer says."""
        vouched = _NOBODY
        try:
            given = self._signed(token, now)
            vouched = _told(given.claims)
            times(given.claims, now)
            return self._identity(token, given, headers)
        except RefusedError as error:
            return Refused(error.reason, vouched)

    def _signed(self, token: str, now: datetime) -> Unverified:
        """What the token says, which its issuer signed. Raises RefusedError."""
        given = read(token)
        issuer = text(given.claims, "iss")
        algorithms = self._trust.algorithms(issuer)
        if algorithms is None:
            raise RefusedError(Reason.ISSUER_UNKNOWN)
        if given.algorithm not in algorithms:
            raise RefusedError(Reason.ALGORITHM)
        key = self._issuers.key(issuer, given.key_id, now)
        if not _by(token, key, given.algorithm):
            raise RefusedError(Reason.SIGNATURE)
        return given

    def _identity(self, token: str, given: Unverified, headers: Mapping[str, str]) -> Identity:
        claims = given.claims
        issuer, subject = text(claims, "iss"), text(claims, "sub")
        provider = self._trust.providers.get(issuer)
        if provider is not None:
            access_token(claims, given.type, provider)
        if (federated := self._trust.federated.get(issuer)) is not None:
            for audience in sorted(audiences(claims)):
                if known := federated.known(audience, subject):
                    return _workload(claims, known, audience, subject)
        if provider is None:
            raise RefusedError(Reason.WORKLOAD_UNKNOWN)
        if provider.audience not in audiences(claims):
            raise RefusedError(Reason.AUDIENCE)
        if provider.introspection is not None:
            claims = self._current(token, claims, provider)
        client = client_of(claims)
        if not client.startswith(_WORKLOAD):
            return person(claims, provider, headers)
        clients = self._trust.clients.get(issuer)
        known = clients.known(provider.audience, client) if clients else set()
        if not known:
            raise RefusedError(Reason.CLIENT)
        return _workload(claims, known, provider.audience, client)

    def _current(self, token: str, claims: Claims, provider: Provider) -> Claims:
        """The claims with the groups that the provider says now. Raises RefusedError."""
        assert provider.introspection is not None
        client, reference = provider.introspection
        where = self._issuers.introspection(provider.issuer)
        secret = self._around.secrets.get(reference)
        if not where or secret is None:
            raise RefusedError(Reason.INTROSPECTION)
        try:
            found = self._around.ask(provider.issuer, where, {"token": token}, (client, secret))
        except (NoAnswerError, UnusableAnswerError) as error:
            raise RefusedError(Reason.INTROSPECTION) from error
        same = all(found.get(n, claims.get(n)) == claims.get(n) for n in ("iss", "sub", "jti"))
        if found.get("active") is not True or not same:
            raise RefusedError(Reason.REVOKED)
        moving = (provider.groups, "_claim_names", "hasgroups")
        kept = {name: value for name, value in claims.items() if name not in moving}
        return kept | {name: found[name] for name in moving if name in found}


def _by(token: str, key: Key, algorithm: str) -> bool:
    """Whether the key signed the token in this way."""
    if key.get("alg", algorithm) != algorithm:
        return False
    # What a header says besides is not looked at (RFC 7515); `crit` was refused before.
    registry = JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    registry.max_header_length = registry.max_signature_length = len(token)
    try:
        deserialize_compact(token, key, registry=registry)
    except (JoseError, ValueError):
        return False
    return True


def _told(claims: Claims) -> Identity:
    """Who the issuer says that it is, for the log, whatever is wrong with the token besides."""
    said = (claims.get(name) for name in ("iss", "sub", "jti", "uti", "sid"))
    issuer, subject, jti, uti, session_id = (s if isinstance(s, str) else "" for s in said)
    return Identity(
        {"id": subject, "properties": {"issuer": issuer}},
        {"token": {"kind": "oidc"}},
        jti or uti,
        session_id,
    )


def _workload(claims: Claims, known: set[str], audience: str, subject: str) -> Identity:
    """A workload by one of the ways that it is known by. Raises RefusedError."""
    if len(known) > 1:
        raise RefusedError(Reason.WORKLOAD_AMBIGUOUS)
    properties = {"issuer": text(claims, "iss"), "subject": subject}
    token = {"kind": "oidc", "audience": audience, "issued_at": issued_at(claims)}
    return Identity(
        {"type": "workload", "id": known.pop(), "properties": properties},
        {"token": token},
        token_id=token_id(claims),
        session_id=text(claims, "sid"),
    )
