"""What a principal is known by: whose tokens, saying what, count as its own."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import partial
from typing import Final

from msgspec import Struct
from pydantic.alias_generators import to_camel

from qgov.finding import Origin
from qgov.model.access_model import AccessModel, Group, Workload
from qgov.model.directories import claim_value
from qgov.model.principal import Principal
from qgov.model.tenants import claims_of
from qgov.records import replace

__all__ = ["KnownBy", "known_by", "says_so"]


class KnownBy(Struct, frozen=True):
    """The tokens of a workload, by the claims of its federation (`subject` may hold `*`), or
    of a group's people, by their identity provider: `groups_claim` is where it lists groups, and
    `group` what stands there for this one, where that is not its name (empty: nothing does, for
    want of the id that the directory knows it by). `audiences` are all that the issuer's tokens
    may be for. `client` are the tokens that count besides: those which its tenant's Keycloak
    gives to a workload's client."""

    issuer: str
    audiences: tuple[str, ...]
    subject: str | None = None
    protocol: str = "oidc"
    groups_claim: str | None = None
    client: KnownBy | None = None
    group: str | None = None

    @property
    def own(self) -> KnownBy:
        """Without the tokens of its client."""
        return replace(self, client=None)

    def within(self, other: KnownBy) -> bool:
        """Whether every token that counts here counts there."""
        if self.group == "":
            return True
        if self.client is not None and (
            other.client is None or not self.client.within(other.client)
        ):
            return False
        return self._alike(other) and (
            set(self.audiences) <= set(other.audiences)
            and (self.subject is None or _like(self.subject, other.subject or ""))
        )

    def meets(self, other: KnownBy) -> bool:
        """Whether some token may count in both."""
        if self.client is not None and other.client is not None and self.client.meets(other.client):
            return True
        return self._alike(other)

    def _alike(self, other: KnownBy) -> bool:
        alike = (self.issuer, self.protocol, self.groups_claim, self.group) == (
            other.issuer,
            other.protocol,
            other.groups_claim,
            other.group,
        )
        mine, theirs = self.subject or "", other.subject or ""
        return (
            alike
            and self.group != ""
            and not {*self.audiences}.isdisjoint(other.audiences)
            and (_like(mine, theirs) or _like(theirs, mine))
        )

    @property
    def in_request(self) -> tuple[object, ...]:
        """What a request carries of it; the identity provider alone sees the rest."""
        client = () if self.client is None else self.client.in_request
        return self.issuer, self.audiences, self.subject, *client


def _like(pattern: str, other: str) -> bool:
    """Whether every text that is like the pattern is like the other: its own `*` is a letter
    that only a `*` of the other can mean."""
    return fnmatchcase(pattern, re.sub(r"[\[?]", r"[\g<0>]", other))


def known_by(model: AccessModel, principal: Principal) -> KnownBy | None:
    """What a group or workload is known by; None where nobody can be it, or it is neither."""
    if (workload := model.workload_of(principal)) is not None:
        found = [KnownBy(c.issuer, (c.audience,), c.subject) for c in claims_of(model, workload)]
        return replace(found[0], client=next(iter(found[1:]), None)) if found else None
    group = model.group_of(principal)
    fact = model.organization.providers.get(group.provider) if group else None
    if group is None or fact is None:
        return None
    provider, value = fact.value, claim_value(fact.value, group)
    audiences = model.once(_audiences)[provider.issuer]
    return KnownBy(
        provider.issuer,
        audiences,
        protocol=provider.protocol,
        groups_claim=provider.groups_claim,
        group=None if value == group.name else value or "",
    )


def _audiences(model: AccessModel) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, set[str]] = defaultdict(set)
    for fact in model.organization.providers.values():
        found[fact.value.issuer].add(fact.value.audience)
    return {issuer: tuple(sorted(names)) for issuer, names in found.items()}


Said = tuple[object, Callable[[], Origin | None]]
_CLAIMS: Final = ("issuer", "audience", "subject")
_OF_PROVIDER: Final = {
    "type": "type",
    "issuer": "issuer",
    "audience": "audience",
    "protocol": "protocol",
    "groups_claim": "groupsClaim",
}


def says_so(model: AccessModel, principal: Principal) -> dict[tuple[str, ...], Said]:
    """Each fact that decides it: its value, and where it is written if it is."""
    if (workload := model.workload_of(principal)) is not None:
        return dict(_of_workload(model, workload))
    group = model.group_of(principal)
    return dict(_of_group(model, group)) if group else {}


def _of_workload(model: AccessModel, workload: Workload) -> Iterator[tuple[tuple[str, ...], Said]]:
    for claim in _CLAIMS:
        place = partial(workload.source.written, "federation", claim)
        yield ("federation", claim), (getattr(workload, claim), place)
    home = model.tenants[workload.tenant]
    yield ("client of",), (home.provider, partial(home.source.written, "identityProvider"))
    if (fact := model.organization.providers.get(home.provider)) is not None:
        for word in ("type", "issuer", "audience"):
            yield (home.provider, word), (getattr(fact.value, word), partial(fact.written, word))


def _of_group(model: AccessModel, group: Group) -> Iterator[tuple[tuple[str, ...], Said]]:
    organization = model.organization
    yield ("provider of",), (group.provider, lambda: _names_provider(model, group))
    for field in ("directory_name", "directory_id"):
        declared = organization.spec.groups.get(group.name)
        place = partial(organization.source.written, "groups", group.name, to_camel(field))
        yield (field,), (declared and getattr(declared, field), place)
    # Whatever provider has the same issuer adds its audience.
    issuer = organization.providers[group.provider].value.issuer
    for name, fact in organization.providers.items():
        if name == group.provider or fact.value.issuer == issuer:
            for field, word in _OF_PROVIDER.items():
                if name == group.provider or field == "audience":
                    value = getattr(fact.value, field)
                    yield (name, field), (value, partial(fact.written, word))


def _names_provider(model: AccessModel, group: Group) -> Origin | None:
    declared = model.organization.spec.groups.get(group.name)
    if declared is not None and declared.identity_provider is not None:
        return model.organization.source.written("groups", group.name, "identityProvider")
    for name in group.tenants:
        if model.tenants[name].provider == group.provider:
            return model.tenants[name].source.written("identityProvider")
    return group.origin
