"""Near misses of who asks and where: a sound request with one thing changed.

Each function looks at a path and yields deviations from its sound request, on both sides of
each boundary. What each is denied for, or not, follows from the documents; the specification
has to agree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Final

from qgov.conformance.access_path import SECOND, AccessPath, sound
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
    lacking,
    moved_to,
    of_somebody_else,
    old_token,
    token_aged,
    unapproved,
)
from qgov.decision.made_up import CONFORMANCE, LABELS, labels_of
from qgov.language.permissions import CATALOGUE
from qgov.model.accesses import scopes_at
from qgov.model.scope import contains, tenant_of

__all__ = ["ABOUT_SIGN_IN", "ABOUT_WHO", "NOBODY", "Deviations", "all_but", "not_owner"]

SKEW_S: Final = 60
"""How far two clocks may be apart, in seconds."""

MOST_COUNTRIES: Final = 3
BLOCKED: Final = ("BR", "KP", "US")
"""Countries that a job is tried from, beside those of vendors, as far as they are blocked."""

ELSEWHERE: Final = "https://elsewhere.example"
NOBODY: Final = f"nobody@{CONFORMANCE.domain}"

Deviations = Callable[[AccessPath], Iterator[Deviation]]
"""The deviations of one kind from the sound request of a path."""


def _mfa(path: AccessPath) -> Iterator[Deviation]:
    if path.conditions.mfa:
        yield NO_MFA
        says = "with nothing said of MFA"
        yield lacking("mfa-unknown", says, CONTEXT_MISSING, context={"mfa": None})


def _device(path: AccessPath) -> Iterator[Deviation]:
    if path.conditions.managed_device:
        yield UNMANAGED_DEVICE
        says, unsaid = "with nothing said of the device", {"managed_device": None}
        yield lacking("device-unknown", says, CONTEXT_MISSING, context=unsaid)


def _country(path: AccessPath) -> Iterator[Deviation]:
    if (allowed := path.conditions.countries) is None:
        return
    named = {vendor.value.country for vendor in path.model.organization.vendors.values()}
    for country in sorted({*named, *BLOCKED} - set(allowed))[:MOST_COUNTRIES]:
        yield from_country(country)
    says = "from nowhere known"
    yield lacking("country-unknown", says, CONTEXT_MISSING, context={"country": None})
    for country in allowed[-1:]:
        yield from_country(country)._replace(denies="")


def _token(path: AccessPath) -> Iterator[Deviation]:
    if (most := path.conditions.max_token_age_s) is not None:
        yield old_token(most)._replace(key="token-oldest", denies="")
        yield old_token(most + 1)


def _clock(_: AccessPath) -> Iterator[Deviation]:
    yield Deviation("token-skewed", f"with a token {SKEW_S} s ahead", token_aged(-SKEW_S))
    ahead = token_aged(-SKEW_S - 1)
    yield Deviation("token-ahead", f"with a token {SKEW_S + 1} s ahead", ahead, "token-stale")
    says = "with a token of no known age"
    yield lacking("token-undated", says, CONTEXT_MISSING, token={"issued_at": None})


def _credential(path: AccessPath) -> Iterator[Deviation]:
    for kind in ("api-key",) if path.person else ("api-key", "saml"):
        says = f"with a credential of the kind {kind}"
        yield lacking(f"credential-{kind}", says, "static-credential", token={"kind": kind})


def _federation(path: AccessPath) -> Iterator[Deviation]:
    mismatch, says = "federation-mismatch", "with a token for another audience"
    yield lacking("wrong-audience", says, mismatch, token={"audience": "another"})
    says = "with a token for no audience"
    yield lacking("no-audience", says, CONTEXT_MISSING, token={"audience": None})
    says, denies = "with a token of an unknown issuer", "subject-unknown"
    denies = denies if path.person else mismatch
    yield lacking("unknown-issuer", says, denies, subject={"issuer": ELSEWHERE})
    if not path.person:
        says = "as another job of the same issuer"
        yield lacking("wrong-subject", says, mismatch, subject={"subject": "another"})
        says = "as a workload that does not exist"
        nobody = {"id": f"{tenant_of(path.binding.scope)}/conformance-nobody"}
        yield lacking("unknown-workload", says, "subject-unknown", subject=nobody)
        return
    own = sound(path).subject.issuer
    for name, fact in sorted(path.model.organization.providers.items()):
        if fact.value.issuer != own:
            issuer, audience = {"issuer": fact.value.issuer}, {"audience": fact.value.audience}
            says = f"with a token of the provider {name}"
            yield lacking(f"provider-{name}", says, "no-grant", subject=issuer, token=audience)


def _group(path: AccessPath) -> Iterator[Deviation]:
    if path.person:
        yield lacking("no-group", "having left the group", "no-grant", subject={"groups": ()})


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
    if level:
        label = LABELS[level - 1]
        says, nowhere = f"in a {label} that does not exist", {label: "no-such-place"}
        yield lacking(f"no-such-{label}", says, "scope-unknown", resource=nowhere)


def _on(scope: str, key: str, says: str) -> Deviation:
    labels = dict(zip(LABELS, labels_of(scope), strict=True))
    return lacking(key, says, "no-grant", resource=labels)


def not_owner(path: AccessPath) -> Iterator[Deviation]:
    """What belongs to somebody else, for a permission that is narrowed to one's own."""
    if path.conditions.own_only:
        yield of_somebody_else(NOBODY)
        says = "of what is nobody's"
        yield lacking("owner-unknown", says, CONTEXT_MISSING, resource={"owner": None})


def all_but(path: AccessPath, group: str) -> tuple[str, ...]:
    """Every group that is known, but one."""
    return tuple(sorted(set(path.model.groups) - {group}))


def _elevation(path: AccessPath) -> Iterator[Deviation]:
    """Just in time: without, or with an elevation that is faulty in one way."""
    if (eligible := path.conditions.eligible) is None:
        return
    now, longest = path.time, timedelta(seconds=eligible.max_duration_s)

    def variant(key: str, says: str, denies: str, **fields: Any) -> Deviation:
        return Deviation(f"elevation-{key}", says, elevated(**fields), denies)

    def within(key: str, says: str, denies: str, begins: timedelta, ends: timedelta) -> Deviation:
        return variant(key, says, denies, not_before=now + begins, expires=now + ends)

    yield NO_ELEVATION
    says, expired = "in an elevation's last second", "elevation-expired"
    yield within("last-second", says, "", SECOND - longest, SECOND)
    says = "when an elevation has just ended"
    yield within("expired", says, expired, -longest, timedelta())
    yield within("not-begun", "a second before an elevation", expired, SECOND, longest)
    yield elevated_for(eligible.max_duration_s + 1)
    yield unapproved("elevation-endless", "with an elevation that never ends", expires=None)
    says, by_oneself = "with an elevation approved by oneself", "elevation-self-approved"
    yield variant("self-approved", says, by_oneself, approved_by=path.subject)
    says = "with an elevation approved by who asked for it"
    yield variant("requester-approved", says, by_oneself, requested_by=CONFORMANCE.approver)
    says = "with an elevation that nobody approved"
    yield unapproved("elevation-unapproved", says, approved_by=None)
    yield elevated_by(all_but(path, eligible.approvers), eligible.approvers)
    says = "with an elevation approved by somebody in no group"
    yield unapproved("elevation-groupless-approver", says, approver_groups=())
    if eligible.ticket:
        yield NO_TICKET
    required = "elevation-required"
    yield variant("other-person", "with somebody else's elevation", required, subject=NOBODY)
    yield variant("other-role", "with an elevation to another role", required, role="another")
    yield variant("other-scope", "with an elevation elsewhere", required, scope="another")


def _ending(path: AccessPath) -> Iterator[Deviation]:
    """A binding that ends by itself, around its end."""
    if (end := path.conditions.expires) is None:
        return
    yield Deviation("binding-last-second", "in its last second", moved_to(end - SECOND))
    yield Deviation("binding-ended", "when it has just ended", moved_to(end), "no-grant")
    after = moved_to(end + SECOND)
    yield Deviation("binding-long-ended", "a second after its end", after, "no-grant")


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
    other, required = {"id": NOBODY}, "elevation-required"
    yield lacking("other-person", "as somebody else", required, subject=other)


ABOUT_SIGN_IN: Final[tuple[Deviations, ...]] = (_mfa, _device, _country, _token)
"""Changes to the sign-in, which the floors of a place decide on."""

ABOUT_WHO: Final[tuple[Deviations, ...]] = (
    _clock,
    _credential,
    _federation,
    _group,
    _place,
    _ending,
    _elevation,
    _reviewed,
)
"""Other changes to who asks, where and when. To add a near miss, add a function here."""
