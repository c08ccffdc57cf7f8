"""What a realm of Keycloak cannot hold: QG32x."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from qgov.checks import guide
from qgov.checks.facts import found_at
from qgov.checks.rule import Found, rule
from qgov.finding import Severity
from qgov.language.kinds.directory import IdentityProvider
from qgov.model.access_model import AccessModel, Workload
from qgov.model.fact import Fact

_BUILT_IN: Final = frozenset(
    {
        "account",
        "account-console",
        "admin-cli",
        "broker",
        "realm-management",
        "security-admin-console",
    }
)
"""The clients that Keycloak makes in every realm."""

_REGISTERED: Final = frozenset(
    {
        *("acr", "amr", "aud", "auth_time", "azp", "exp", "iat", "iss", "jti", "nbf"),
        *("preferred_username", "scope", "sid", "sub", "typ"),
    }
)
"""Claims that say something else already."""


def _keycloaks(model: AccessModel) -> Iterator[tuple[str, Fact[IdentityProvider]]]:
    for name, fact in model.organization.providers.items():
        if fact.value.type == "keycloak":
            yield name, fact


def _realm_of(issuer: str) -> str | None:
    found = re.search(r"/realms/([^/]+)/?$", issuer)
    return found and found[1]


@rule("QG321", Severity.ERROR, "workload-identity", guide=guide.WORKLOADS)
def issuer_with_two_audiences(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """Service accounts of one Keycloak accept tokens of one issuer for different audiences.

    A realm knows an issuer once, with one audience, and refuses it a second time: the realm is
    then half made.

    Remedy: let all pipelines of the issuer ask for the same audience, such as `qgov`.
    """
    keycloaks = dict(_keycloaks(model))
    known: dict[tuple[str, str], dict[str, Workload]] = defaultdict(dict)
    for workload in model.workloads.values():
        provider = model.tenants[workload.tenant].provider
        if provider in keycloaks and workload.issuer and workload.audience:
            audiences = known[provider, workload.issuer]
            first = next(iter(audiences), workload.audience)
            audiences.setdefault(workload.audience, workload)
            if workload.audience != first:
                message = (
                    f"`{workload.id}` accepts tokens for `{workload.audience}`, and another "
                    f"service account those of the same issuer for `{first}`"
                )
                whose = f"`{audiences[first].id}`"
                yield found_at(workload.source, message, "federation", "audience", detail=whose)


@rule("QG322", Severity.ERROR, "individual-identity", guide=guide.SSO)
def realm_of_another_issuer(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A Keycloak's realm is not the one that its issuer names.

    Tokens of a realm name it in their issuer, so those of the realm that is made are refused.

    Remedy: leave `realm` out, or write what stands behind `/realms/` in `issuer`.
    """
    for name, fact in _keycloaks(model):
        issuing = _realm_of(fact.value.issuer)
        if fact.value.realm is not None and issuing not in (None, fact.value.realm):
            message = f"`{name}` is the realm `{fact.value.realm}`, and its issuer is `{issuing}`"
            yield found_at(fact, message, "realm")


@rule("QG323", Severity.ERROR, "least-privilege", "individual-identity", guide=guide.SSO)
def realm_of_administrators(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """People sign in at Keycloak's own realm, `master`.

    Whoever is in it may be one step from administering every other realm, and it is there before
    anything could be imported.

    Remedy: give the people of the platform a realm of their own.
    """
    for name, fact in _keycloaks(model):
        if (fact.value.realm or _realm_of(fact.value.issuer)) == "master":
            yield found_at(fact, f"`{name}` is Keycloak's realm `master`", "issuer")


@rule("QG324", Severity.ERROR, "individual-identity", guide=guide.SSO)
def audience_of_keycloak(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """The audience of people's tokens is a client that Keycloak makes itself.

    Tokens that were made for Keycloak's own consoles would open the platform, and the platform's
    tokens the consoles.

    Remedy: choose an audience of the platform's own, such as `qgov`.
    """
    for name, fact in _keycloaks(model):
        if fact.value.audience in _BUILT_IN:
            message = f"the audience `{fact.value.audience}` of `{name}` is one of Keycloak's own"
            yield found_at(fact, message, "audience")


@rule("QG325", Severity.ERROR, "individual-identity", guide=guide.SSO)
def groups_in_another_claim(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """Groups are expected in a claim that says something else.

    A provider that writes groups there overwrites who or what the token is for, and one that does
    not lets a name pass for a group.

    Remedy: choose a claim of its own, such as `groups`.
    """
    for name, fact in model.organization.providers.items():
        if fact.value.groups_claim in _REGISTERED:
            message = f"`{name}` would tell groups in `{fact.value.groups_claim}`"
            yield found_at(fact, message, "groupsClaim")
