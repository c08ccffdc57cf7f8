"""Whose tokens count, as the bundle says it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from msgspec import Struct

from qgov.decision.bundle import Bundle
from qgov.decision.reference import like

__all__ = ["Attested", "Introspection", "Provider", "Trust", "Workloads", "trust_of"]

_OF_WORKLOADS: Final = frozenset({"RS256", "PS256", "ES256"})
"""The algorithms of issuers that vouch for workloads alone."""
_TEXTS: Final = ("type", "issuer", "audience", "person", "groups", "age")
_SETS: Final = ("algorithms", "clients", "acr", "amr")


class Attested(NamedTuple):
    """Where a circumstance is read: in a claim, else in a header; empty: not there."""

    claim: str = ""
    header: str = ""


class Introspection(NamedTuple):
    """The client that asks a provider about tokens, and where its secret is kept."""

    client: str
    credential: str


class Provider(Struct, frozen=True):
    """An identity provider: what its tokens must be, and what they say of a person.

    `groups` and `person` are the names of claims, `named` which group each value of the claim of
    groups is (None: each is a group's name), `acr` and `amr` the values that mean a
    second factor, `age` is `token` or `sign-in`.
    """

    type: str
    issuer: str
    audience: str
    algorithms: frozenset[str]
    clients: frozenset[str]
    person: str
    groups: str
    age: str
    acr: frozenset[str]
    amr: frozenset[str]
    managed_device: Attested
    country: Attested
    introspection: Introspection | None
    named: Mapping[str, str] | None = None

    def group_of(self, value: str) -> str | None:
        """The group that a value of the claim of groups means; None for none of ours. Ids of
        Entra are compared as it compares them, without case."""
        if self.named is None:
            return value
        return self.named.get(value.lower() if self.type == "entra" else value)


class Workloads(Struct, frozen=True):
    """The workloads of one issuer: (audience, subject) → ids, and for subjects with `*`
    audience → (pattern, id)."""

    exact: Mapping[tuple[str, str], tuple[str, ...]]
    patterns: Mapping[str, tuple[tuple[str, str], ...]]

    def known(self, audience: str, subject: str) -> set[str]:
        """The workloads that a token may be."""
        found = {id_ for pattern, id_ in self.patterns.get(audience, ()) if like(subject, pattern)}
        return found | {*self.exact.get((audience, subject), ())}


class Trust(Struct, frozen=True):
    """Identity providers by issuer, the workloads that an issuer vouches for, and those that
    are clients of an identity provider."""

    providers: Mapping[str, Provider]
    federated: Mapping[str, Workloads]
    clients: Mapping[str, Workloads]

    def algorithms(self, issuer: str) -> frozenset[str] | None:
        """How an issuer's tokens may be signed; None for one that is not known."""
        if (provider := self.providers.get(issuer)) is not None:
            return provider.algorithms
        return _OF_WORKLOADS if issuer in self.federated else None


def trust_of(bundle: Bundle) -> Trust:
    """Read it. Raises KeyError, TypeError or AttributeError for data of another version."""
    model = bundle.data["qgov"]["model"]
    providers = (_provider(given) for given in model["identity"].values())
    return Trust(
        {provider.issuer: provider for provider in providers},
        _workloads(model, "federation"),
        _workloads(model, "client"),
    )


def _provider(given: Mapping[str, Any]) -> Provider:
    asks = given.get("introspection")
    named: dict[str, Any] = {name: given[name] for name in _TEXTS}
    named |= {name: frozenset(given[name]) for name in _SETS}
    return Provider(
        **named,
        managed_device=Attested(**given["managed_device"]),
        country=Attested(**given["country"]),
        introspection=Introspection(**asks) if asks else None,
        named=given.get("named"),
    )


def _workloads(model: Mapping[str, Any], way: str) -> dict[str, Workloads]:
    exact: dict[str, dict[tuple[str, str], tuple[str, ...]]] = defaultdict(dict)
    patterns: dict[str, dict[str, tuple[tuple[str, str], ...]]] = defaultdict(dict)
    tenants = ((name, t) for shard in model["tenants"].values() for name, t in shard.items())
    for tenant, part in tenants:
        for name, workload in part["workloads"].items():
            if (claims := workload.get(way)) is None:
                continue
            issuer, audience = claims["issuer"], claims["audience"]
            subject, id_ = "*".join(claims["subject"]), f"{tenant}/{name}"
            if "*" in subject:
                known = patterns[issuer].get(audience, ())
                patterns[issuer][audience] = (*known, (subject, id_))
            else:
                key = (audience, subject)
                exact[issuer][key] = (*exact[issuer].get(key, ()), id_)
    return {
        issuer: Workloads(exact.get(issuer, {}), patterns.get(issuer, {}))
        for issuer in {*exact, *patterns}
    }
