"""Near misses of who asks and where: a sound request with one thing changed.

Each function looks at a path and yields deviations from its sound request, on both sides of
each boundary. What each is denied for, or not, follows from the documents; the specification
has to agree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Final

from qgov.conformance.access_path import AccessPath, sound
from qgov.decision.asking import CONFORMANCE, labels_of
from qgov.decision.deviations import (
    CONTEXT_MISSING,
    NO_ELEVATION,
    NO_MFA,
    NO_TICKET,
    UNMANAGED_DEVICE,
    Deviation,
    elevated,
    elevated_by,
    elevated_for,
    from_country,
    having,
    moved_to,
    of_somebody_else,
    old_token,
    token_aged,
)
from qgov.language.permissions import CATALOGUE
from qgov.model.accesses import scopes_at
from qgov.model.scope import contains, tenant_of

__all__ = ["ABOUT_SIGN_IN", "ABOUT_WHO", "NOBODY", "Deviations", "all_but", "not_owner"]

SKEW_S: Final = 60
"""How far two clocks may be apart, in seconds."""

SECOND: Final = timedelta(seconds=1)
MOST_COUNTRIES: Final = 3
BLOCKED: Final = ("BR", "KP", "US")
"""Countries that a job is tried from, beside those of vendors, as far as they are blocked."""

ELSEWHERE: Final = "https://elsewhere.example"
NOBODY: Final = "nobody@conformance.example"

Deviations = Callable[[AccessPath], Iterator[Deviation]]
"""The deviations of one kind from the sound request of a path."""


def _mfa(path: AccessPath) -> Iterator[Deviation]:
    if path.conditions.mfa:
        yield NO_MFA
        unsaid = having(context={"mfa": None})
        yield Deviation("mfa-unknown", "with nothing said of MFA", unsaid, CONTEXT_MISSING)


def _device(path: AccessPath) -> Iterator[Deviation]:
    if path.conditions.managed_device:
        yield UNMANAGED_DEVICE
        unsaid, says = having(context={"managed_device": None}), "with nothing said of the device"
        yield Deviation("device-unknown", says, unsaid, CONTEXT_MISSING)


def _country(path: AccessPath) -> Iterator[Deviation]:
    if (allowed := path.conditions.countries) is None:
        return
    named = {vendor.value.country for vendor in path.model.organization.vendors.values()}
    for country in sorted({*named, *BLOCKED} - set(allowed))[:MOST_COUNTRIES]:
        yield from_country(country)
    unsaid = having(context={"country": None})
    yield Deviation("country-unknown", "from nowhere known", unsaid, CONTEXT_MISSING)
    for country in allowed[-1:]:
        yield from_country(country)._replace(denies="")


def _token(path: AccessPath) -> Iterator[Deviation]:
    if (most := path.conditions.max_token_age_s) is not None:
        yield Deviation("token-oldest", f"with a token of {most} s", token_aged(most))
        yield old_token(most + 1)


def _clock(_: AccessPath) -> Iterator[Deviation]:
    yield Deviation("token-skewed", f"with a token {SKEW_S} s ahead", token_aged(-SKEW_S))
    ahead = token_aged(-SKEW_S - 1)
    yield Deviation("token-ahead", f"with a token {SKEW_S + 1} s ahead", ahead, "token-stale")
    undated = having(token={"issued_at": None})
    yield Deviation("token-undated", "with a token of no known age", undated, CONTEXT_MISSING)


def _credential(path: AccessPath) -> Iterator[Deviation]:
    for kind in ("api-key",) if path.person else ("api-key", "saml"):
        says, change = f"with a credential of the kind {kind}", having(token={"kind": kind})
        yield Deviation(f"credential-{kind}", says, change, "static-credential")


def _federation(path: AccessPath) -> Iterator[Deviation]:
    mismatch = "federation-mismatch"
    other, none = having(token={"audience": "another"}), having(token={"audience": None})
    yield Deviation("wrong-audience", "with a token for another audience", other, mismatch)
    yield Deviation("no-audience", "with a token for no audience", none, CONTEXT_MISSING)
    denies = "subject-unknown" if path.person else mismatch
    unknown = having(subject={"issuer": ELSEWHERE})
    yield Deviation("unknown-issuer", "with a token of an unknown issuer", unknown, denies)
    if not path.person:
        claim, says = having(subject={"subject": "another"}), "as another job of the same issuer"
        yield Deviation("wrong-subject", says, claim, mismatch)
        stranger = having(subject={"id": f"{tenant_of(path.binding.scope)}/conformance-nobody"})
        says = "as a workload that does not exist"
        yield Deviation("unknown-workload", says, stranger, "subject-unknown")
        return
    own = sound(path).subject.issuer
    for name, fact in sorted(path.model.organization.providers.items()):
        provider = fact.value
        if provider.issuer != own:
            foreign = having(
                subject={"issuer": provider.issuer}, token={"audience": provider.audience}
            )
            says = f"with a token of the provider {name}"
            yield Deviation(f"provider-{name}", says, foreign, "no-grant")


def _group(path: AccessPath) -> Iterator[Deviation]:
    if path.person:
        left = having(subject={"groups": ()})
        yield Deviation("no-group", "having left the group", left, "no-grant")


def _place(path: AccessPath) -> Iterator[Deviation]:
    """The same in other tenants, beside the binding's scope, and where there is nothing."""
    level = CATALOGUE[path.permission].level.depth
    for name in path.model.tenants if level else ():
        if name != tenant_of(path.scope) and not contains(path.binding.scope, name):
            scopes = scopes_at(path.model, name, level)
            scope = next((s for s in scopes if s not in path.reach), None)
            if scope is not None:
                yield _on(scope, f"tenant-{name}", f"in the other tenant {name}")
    for scope in scopes_at(path.model, tenant_of(path.scope), level) if level else ():
        if not contains(path.binding.scope, scope) and scope not in path.reach:
            yield _on(scope, f"beside-{scope}", f"beside its scope, on {scope}")
    label = ("", "tenant", "environment", "project")[level]
    if label:
        says, nowhere = (
            f"in a {label} that does not exist",
            having(resource={label: "no-such-place"}),
        )
        yield Deviation(f"no-such-{label}", says, nowhere, "scope-unknown")


def _on(scope: str, key: str, says: str) -> Deviation:
    tenant, environment, project = labels_of(scope)
    labels = {"tenant": tenant, "environment": environment, "project": project}
    return Deviation(key, says, having(resource=labels), "no-grant")


def not_owner(path: AccessPath) -> Iterator[Deviation]:
    """What belongs to somebody else, for a permission that is narrowed to one's own."""
    if path.conditions.own_only:
        yield of_somebody_else(NOBODY)
        unsaid = having(resource={"owner": None})
        yield Deviation("owner-unknown", "of what is nobody's", unsaid, CONTEXT_MISSING)


def all_but(path: AccessPath, group: str) -> list[str]:
    """Every group that is known, but one."""
    return sorted(set(path.model.groups) - {group})


def _elevation(path: AccessPath) -> Iterator[Deviation]:
    """Just in time: without, or with an elevation that is faulty in one way."""
    if (eligible := path.conditions.eligible) is None:
        return
    now, longest = path.time, timedelta(seconds=eligible.max_duration_s)
    expired, unapproved = "elevation-expired", "elevation-unapproved"

    def variant(key: str, says: str, denies: str, **fields: Any) -> Deviation:
        return Deviation(f"elevation-{key}", says, elevated(**fields), denies)

    def window(begins: timedelta, ends: timedelta) -> dict[str, Any]:
        return {"not_before": now + begins, "expires": now + ends}

    yield NO_ELEVATION
    last = window(SECOND - longest, SECOND)
    yield variant("last-second", "in an elevation's last second", "", **last)
    ended = window(-longest, timedelta())
    yield variant("expired", "when an elevation has just ended", expired, **ended)
    early = window(SECOND, longest)
    yield variant("not-begun", "a second before an elevation", expired, **early)
    yield elevated_for(eligible.max_duration_s + 1)
    says = "with an elevation that never ends"
    yield variant("endless", says, unapproved, expires=None)
    says, by_oneself = "with an elevation approved by oneself", "elevation-self-approved"
    yield variant("self-approved", says, by_oneself, approved_by=path.subject)
    says = "with an elevation approved by who asked for it"
    yield variant("requester-approved", says, by_oneself, requested_by=CONFORMANCE.approver)
    says = "with an elevation that nobody approved"
    yield variant("unapproved", says, unapproved, approved_by=None)
    yield elevated_by(all_but(path, eligible.approvers), eligible.approvers)
    says = "with an elevation approved by somebody in no group"
    yield variant("groupless-approver", says, unapproved, approver_groups=())
    if eligible.ticket:
        yield NO_TICKET
    required = "elevation-required"
    yield variant("other-person", "with somebody else's elevation", required, subject=NOBODY)
    yield variant("other-role", "with an elevation to another role", required, role="another")
    yield variant("other-scope", "with an elevation elsewhere", required, scope="another")


def _reviewed(path: AccessPath) -> Iterator[Deviation]:
    """Elevations that were merged as documents, around their window."""
    if (held := path.elevation) is None or held.not_before is None:
        return
    for key, says, moment, denies in (
        ("last-second", "in its last second", held.expires - SECOND, ""),
        ("expired", "when it has just ended", held.expires, "elevation-expired"),
        ("not-begun", "a second before it", held.not_before - SECOND, "elevation-expired"),
    ):
        yield Deviation(key, says, moved_to(moment), denies)
    other = having(subject={"id": NOBODY})
    yield Deviation("other-person", "as somebody else", other, "elevation-required")


ABOUT_SIGN_IN: Final[tuple[Deviations, ...]] = (_mfa, _device, _country, _token)
"""What is changed of the sign-in, which the floors of a place decide on."""

ABOUT_WHO: Final[tuple[Deviations, ...]] = (
    _clock,
    _credential,
    _federation,
    _group,
    _place,
    _elevation,
    _reviewed,
)
"""What else is changed of who asks, where and when. A new near miss is a function here."""
