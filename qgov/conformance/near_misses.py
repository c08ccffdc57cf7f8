"""Near misses of who asks and where: a sound request with one thing changed.

A deviation looks at a way and yields variants of its sound request, on both sides of each
boundary. What each is denied for, or not, is claimed here from the documents; the
specification has to agree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Final, NamedTuple

from qgov.conformance.case import Claim
from qgov.conformance.ways import APPROVER, Changes, Way, altered, instant, sound
from qgov.language.permissions import CATALOGUE
from qgov.model.accesses import scopes_at
from qgov.model.scope import contains, tenant_of

__all__ = ["ABOUT_SIGN_IN", "ABOUT_WHO", "Deviation", "Variant", "all_but", "not_owner"]

SKEW_S: Final = 60
"""How far two clocks may be apart, in seconds."""

MOST_COUNTRIES: Final = 3
BLOCKED: Final = ("BR", "KP", "US")
"""Countries that a job is tried from, beside those of vendors, as far as they are blocked."""

ELSEWHERE: Final = "https://elsewhere.example"
NOBODY: Final = "nobody@conformance.example"

_SUBJECT = ("subject", "properties")
_LABELS = ("resource", "properties")


class Variant(NamedTuple):
    """A request close to a sound one; `says` goes on after "… asks for …"."""

    key: str
    says: str
    request: dict[str, Any]
    claim: Claim


Deviation = Callable[[Way], Iterator[Variant]]


def _changed(
    way: Way, key: str, says: str, place: tuple[str, ...], value: Any, denies: str = ""
) -> Variant:
    return Variant(key, says, altered(sound(way), {place: value}), Claim(denies))


def _mfa(way: Way) -> Iterator[Variant]:
    if way.conditions.mfa:
        place = ("context", "mfa")
        yield _changed(way, "no-mfa", "without a second factor", place, False, "mfa-missing")
        yield _changed(
            way, "mfa-unknown", "with nothing said of MFA", place, ..., "context-missing"
        )


def _device(way: Way) -> Iterator[Variant]:
    if way.conditions.managed_device:
        place, says = ("context", "managed_device"), "from an unmanaged device"
        yield _changed(way, "unmanaged-device", says, place, False, "device-unmanaged")
        says = "with nothing said of the device"
        yield _changed(way, "device-unknown", says, place, ..., "context-missing")


def _country(way: Way) -> Iterator[Variant]:
    if (allowed := way.conditions.countries) is None:
        return
    place = ("context", "country")
    named = {vendor.value.country for vendor in way.model.organization.vendors.values()}
    for country in sorted({*named, *BLOCKED} - set(allowed))[:MOST_COUNTRIES]:
        key, says = f"country-{country.lower()}", f"from {country}"
        yield _changed(way, key, says, place, country, "country-blocked")
    yield _changed(way, "country-unknown", "from nowhere known", place, ..., "context-missing")
    for country in allowed[-1:]:
        yield _changed(way, f"country-{country.lower()}", f"from {country}", place, country)


def _token(way: Way) -> Iterator[Variant]:
    if (most := way.conditions.max_token_age_s) is not None:
        yield _aged(way, "token-oldest", f"with a token of {most} s", most, "")
        says = f"with a token of {most + 1} s"
        yield _aged(way, "token-stale", says, most + 1, "token-stale")


def _clock(way: Way) -> Iterator[Variant]:
    yield _aged(way, "token-skewed", f"with a token {SKEW_S} s ahead", -SKEW_S, "")
    says = f"with a token {SKEW_S + 1} s ahead"
    yield _aged(way, "token-ahead", says, -SKEW_S - 1, "token-stale")
    place, says = ("context", "token", "issued_at"), "with a token of no known age"
    yield _changed(way, "token-undated", says, place, ..., "context-missing")


def _aged(way: Way, key: str, says: str, age_s: int, denies: str) -> Variant:
    issued = instant(way.time - timedelta(seconds=age_s))
    return _changed(way, key, says, ("context", "token", "issued_at"), issued, denies)


def _credential(way: Way) -> Iterator[Variant]:
    place = ("context", "token", "kind")
    for kind in ("api-key",) if way.person else ("api-key", "saml"):
        says = f"with a credential of the kind {kind}"
        yield _changed(way, f"credential-{kind}", says, place, kind, "static-credential")


def _federation(way: Way) -> Iterator[Variant]:
    audience, issuer = ("context", "token", "audience"), (*_SUBJECT, "issuer")
    says = "with a token for another audience"
    yield _changed(way, "wrong-audience", says, audience, "another", "federation-mismatch")
    says = "with a token for no audience"
    yield _changed(way, "no-audience", says, audience, ..., "context-missing")
    denies = "subject-unknown" if way.person else "federation-mismatch"
    says = "with a token of an unknown issuer"
    yield _changed(way, "unknown-issuer", says, issuer, ELSEWHERE, denies)
    if not way.person:
        claim, says = (*_SUBJECT, "subject"), "as another job of the same issuer"
        yield _changed(way, "wrong-subject", says, claim, "another", "federation-mismatch")
        says = "as a workload that does not exist"
        unknown = f"{tenant_of(way.binding.scope)}/conformance-nobody"
        yield _changed(way, "unknown-workload", says, ("subject", "id"), unknown, "subject-unknown")
        return
    own = sound(way)["subject"]["properties"]["issuer"]
    for name, provider in sorted(way.model.organization.providers.items()):
        if provider.value.issuer != own:
            changes: Changes = {issuer: provider.value.issuer, audience: provider.value.audience}
            request = altered(sound(way), changes)
            says = f"with a token of the provider {name}"
            yield Variant(f"provider-{name}", says, request, Claim("no-grant"))


def _group(way: Way) -> Iterator[Variant]:
    if way.person:
        place, says = (*_SUBJECT, "groups"), "having left the group"
        yield _changed(way, "no-group", says, place, [], "no-grant")


def _place(way: Way) -> Iterator[Variant]:
    """The same in other tenants, beside the binding's scope, and where there is nothing."""
    level = CATALOGUE[way.permission].level.depth
    for name in way.model.tenants if level else ():
        if name != tenant_of(way.scope) and not contains(way.binding.scope, name):
            scopes = scopes_at(way.model, name, level)
            scope = next((s for s in scopes if s not in way.reach), None)
            if scope is not None:
                says = f"in the other tenant {name}"
                yield Variant(f"tenant-{name}", says, _moved(way, scope), Claim("no-grant"))
    for scope in scopes_at(way.model, tenant_of(way.scope), level) if level else ():
        if not contains(way.binding.scope, scope) and scope not in way.reach:
            says = f"beside its scope, on {scope}"
            yield Variant(f"beside-{scope}", says, _moved(way, scope), Claim("no-grant"))
    label = ("", "tenant", "environment", "project")[level]
    if label:
        place, says = (*_LABELS, label), f"in a {label} that does not exist"
        yield _changed(way, f"no-such-{label}", says, place, "no-such-place", "scope-unknown")


def _moved(way: Way, scope: str) -> dict[str, Any]:
    labels = zip(("tenant", "environment", "project"), scope.split("/"), strict=False)
    return altered(sound(way), {(*_LABELS, name): value for name, value in labels})


def not_owner(way: Way) -> Iterator[Variant]:
    """What belongs to somebody else, for a permission that is narrowed to one's own."""
    if way.conditions.own_only:
        place = (*_LABELS, "owner")
        says = "of what belongs to somebody else"
        yield _changed(way, "not-owner", says, place, NOBODY, "not-owner")
        yield _changed(way, "owner-unknown", "of what is nobody's", place, ..., "context-missing")


def all_but(way: Way, group: str) -> list[str]:
    """Every group that is known, but one."""
    return sorted(set(way.model.groups) - {group})


def _elevation(way: Way) -> Iterator[Variant]:
    """Just in time: without, or with an elevation that is faulty in one way."""
    if (eligible := way.conditions.eligible) is None:
        return
    base, now = sound(way)["context"]["elevations"][0], way.time
    most = timedelta(seconds=eligible.max_duration_s)
    second = timedelta(seconds=1)

    def variant(key: str, says: str, denies: str, **changes: Any) -> Variant:
        held = {k: v for k, v in {**base, **changes}.items() if v is not ...}
        request = altered(sound(way), {("context", "elevations"): [held]})
        return Variant(f"elevation-{key}", says, request, Claim(denies))

    def window(begins: timedelta, ends: timedelta) -> dict[str, str]:
        return {"not_before": instant(now + begins), "expires": instant(now + ends)}

    says = "without an elevation"
    yield _changed(way, "no-elevation", says, ("context", "elevations"), [], "elevation-required")
    yield variant(
        "last-second", "in an elevation's last second", "", **window(second - most, second)
    )
    ended = window(-most, second - second)
    yield variant("expired", "when an elevation has just ended", "elevation-expired", **ended)
    early = window(second, most)
    yield variant("not-begun", "a second before an elevation", "elevation-expired", **early)
    too_long = window(second - second, most + second)
    says = "with an elevation a second longer than allowed"
    yield variant("too-long", says, "elevation-unapproved", **too_long)
    says = "with an elevation that never ends"
    yield variant("endless", says, "elevation-unapproved", expires=...)
    says, by = "with an elevation approved by oneself", "elevation-self-approved"
    yield variant("self-approved", says, by, approved_by=way.subject)
    says = "with an elevation approved by who asked for it"
    yield variant("requester-approved", says, by, requested_by=APPROVER)
    no = "elevation-unapproved"
    yield variant("unapproved", "with an elevation that nobody approved", no, approved_by=...)
    says = f"with an elevation approved by somebody in every group but {eligible.approvers}"
    foreign = all_but(way, eligible.approvers)
    yield variant("foreign-approver", says, no, approver_groups=foreign)
    says = "with an elevation approved by somebody in no group"
    yield variant("groupless-approver", says, no, approver_groups=[])
    if eligible.ticket:
        yield variant("no-ticket", "with an elevation without a ticket", no, ticket=...)
    need = "elevation-required"
    yield variant("other-person", "with somebody else's elevation", need, subject=NOBODY)
    yield variant("other-role", "with an elevation to another role", need, role="another")
    yield variant("other-scope", "with an elevation elsewhere", need, scope="another")


def _reviewed(way: Way) -> Iterator[Variant]:
    """Elevations that were merged as documents, around their window."""
    if (held := way.path.elevation) is None or held.not_before is None:
        return
    second = timedelta(seconds=1)
    for key, says, moment, denies in (
        ("last-second", "in its last second", held.expires - second, ""),
        ("expired", "when it has just ended", held.expires, "elevation-expired"),
        ("not-begun", "a second before it", held.not_before - second, "elevation-expired"),
    ):
        yield Variant(key, says, sound(way, moment), Claim(denies))
    says = "as somebody else"
    yield _changed(way, "other-person", says, ("subject", "id"), NOBODY, "elevation-required")


ABOUT_SIGN_IN: Final[tuple[Deviation, ...]] = (_mfa, _device, _country, _token)
"""What is changed of the sign-in, which the floors of a place decide on."""

ABOUT_WHO: Final[tuple[Deviation, ...]] = (
    _clock,
    _credential,
    _federation,
    _group,
    _place,
    _elevation,
    _reviewed,
)
"""What else is changed of who asks, where and when. A new near miss is a function here."""
