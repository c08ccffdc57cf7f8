"""The catalogue of deviations: what a request can lack, and what it is denied for then.

Witnesses of a plan lack what one side asks for and the other does not; near misses of
conformance and access tests lack one thing each. All of them change a sound request by what
stands here. (The tests of the decision keep a catalogue of their own, so that a fault in this
one shows.)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from qgov.decision.made_up import SOME_TIME
from qgov.decision.request import Request
from qgov.decision.request_parts import GivenElevation
from qgov.language.periods import period
from qgov.language.scalars import Money, format_duration, format_money
from qgov.model.access_model import Quota
from qgov.model.measures import COST, Measure
from qgov.records import replace

__all__ = [
    "CONTEXT_MISSING",
    "NO_ELEVATION",
    "NO_MFA",
    "NO_TICKET",
    "UNMANAGED_DEVICE",
    "Change",
    "Deviation",
    "elevated",
    "elevated_by",
    "elevated_for",
    "from_country",
    "having",
    "lacking",
    "moved_to",
    "of_somebody_else",
    "old_token",
    "overspent",
    "sized",
    "together",
    "token_aged",
    "unaccounted",
    "unapproved",
    "unsized",
    "used_up",
    "using",
]

Change = Callable[[Request], Request]
"""A request to the one that deviates from it."""


class Deviation(NamedTuple):
    """A request close to a sound one.

    `says` goes on after "… asks for …" in the name of a case; `told`, where it is put
    differently, after "a member of …" in a plan. It is denied for `denies`, or at least not
    for `spares`; where both are empty, it is allowed.
    """

    key: str
    says: str
    change: Change
    denies: str = ""
    spares: str = ""
    told: str = ""

    @property
    def in_plan(self) -> str:
        """What a plan says of a witness that deviates so."""
        return self.told or self.says


# -------------------------------------------------------------------------------- changes


def having(**parts: dict[str, Any]) -> Change:
    """Other fields of a request's parts, as in `having(context={"mfa": False})`; a field that
    is None is not said."""

    def change(request: Request) -> Request:
        changed = {
            name: replace(getattr(request, name), **fields) for name, fields in parts.items()
        }
        return replace(request, **changed)

    return change


def together(*changes: Change) -> Change:
    """One change after the other."""

    def change(request: Request) -> Request:
        for each in changes:
            request = each(request)
        return request

    return change


def moved_to(moment: datetime) -> Change:
    """The same at another time: the token, elevations and approvals are as fresh as before."""

    def change(request: Request) -> Request:
        by = moment - _now(request)

        def moved(part: Any, *names: str) -> Any:
            instants = {name: getattr(part, name) for name in names}
            return replace(part, **{n: i and i + by for n, i in instants.items()})

        return replace(
            request,
            context=moved(request.context, "time"),
            token=moved(request.token, "issued_at"),
            elevations=_each(request.elevations, lambda e: moved(e, "not_before", "expires")),
            approvals=_each(request.approvals, lambda a: moved(a, "approved_at", "expires")),
        )

    return change


def _each(parts: tuple[Any, ...] | None, change: Callable[[Any], Any]) -> tuple[Any, ...] | None:
    return None if parts is None else tuple(map(change, parts))


def _now(request: Request) -> datetime:
    return request.context.time or SOME_TIME


def token_aged(age_s: int) -> Change:
    """A token that was issued so many seconds ago."""

    def change(request: Request) -> Request:
        return having(token={"issued_at": _now(request) - timedelta(seconds=age_s)})(request)

    return change


def elevated(**fields: Any) -> Change:
    """Other fields of the request's elevations; `duration_s` is for how long one is given."""

    def change(request: Request) -> Request:
        held = request.elevations or ()
        return replace(request, elevations=tuple(_elevation(each, **fields) for each in held))

    return change


def _elevation(
    held: GivenElevation, duration_s: int | None = None, **fields: Any
) -> GivenElevation:
    if duration_s is not None and held.not_before is not None:
        fields["expires"] = held.not_before + timedelta(seconds=duration_s)
    return replace(held, **fields)


def using(budget: str, counters: Mapping[str, int | None]) -> Change:
    """Other counters of what was used of a budget; one that is None is not said."""

    def change(request: Request) -> Request:
        usage = request.usage or {}
        used = {**usage.get(budget, {}), **counters}
        kept = {name: count for name, count in used.items() if count is not None}
        return replace(request, usage={**usage, budget: kept})

    return change


def unaccounted(budget: str) -> Change:
    """Nothing is said of what was used of a budget."""

    def change(request: Request) -> Request:
        usage = request.usage or {}
        return replace(request, usage={b: used for b, used in usage.items() if b != budget})

    return change


# ------------------------------------------------------------------- what may be lacking

CONTEXT_MISSING: Final = "context-missing"
"""What a request is denied for that does not say what matters."""


def lacking(key: str, says: str, denies: str = "", told: str = "", **parts: Any) -> Deviation:
    """A deviation that is other fields of a request's parts; see `having`."""
    return Deviation(key, says, having(**parts), denies, told=told)


NO_MFA: Final = lacking(
    "no-mfa", "without a second factor", "mfa-missing", "without MFA", context={"mfa": False}
)
UNMANAGED_DEVICE: Final = lacking(
    "unmanaged-device",
    "from an unmanaged device",
    "device-unmanaged",
    context={"managed_device": False},
)


def from_country(country: str) -> Deviation:
    """From a country that is not among those allowed."""
    key, says = f"country-{country.lower()}", f"from {country}"
    return lacking(key, says, "country-blocked", context={"country": country})


def old_token(age_s: int) -> Deviation:
    """With a token that is older than it may be."""
    says, told = f"with a token of {age_s} s", f"with a token {format_duration(age_s)} old"
    return Deviation("token-stale", says, token_aged(age_s), "token-stale", told=told)


def of_somebody_else(owner: str) -> Deviation:
    """On what is not one's own."""
    says, told = "of what belongs to somebody else", "on what somebody else owns"
    return lacking("not-owner", says, "not-owner", told, resource={"owner": owner})


NO_ELEVATION: Final = Deviation(
    "no-elevation",
    "without an elevation",
    lambda request: replace(request, elevations=()),
    "elevation-required",
)


def unapproved(key: str, says: str, told: str = "", **fields: Any) -> Deviation:
    """With an elevation that was not granted as its binding asks for."""
    return Deviation(key, says, elevated(**fields), "elevation-unapproved", told=told)


NO_TICKET: Final = unapproved(
    "elevation-no-ticket",
    "with an elevation without a ticket",
    "elevated without a ticket",
    ticket=None,
)


def elevated_for(duration_s: int) -> Deviation:
    """With an elevation that lasts longer than it may."""
    says = "with an elevation a second longer than allowed"
    told = f"elevated for {format_duration(duration_s)}"
    return unapproved("elevation-too-long", says, told, duration_s=duration_s)


def elevated_by(groups: tuple[str, ...], approvers: str = "") -> Deviation:
    """With an elevation by somebody in other groups than the approvers'."""
    says = f"with an elevation approved by somebody in every group but {approvers}"
    told = f"elevated by {', '.join(groups)}"
    return unapproved("elevation-foreign-approver", says, told, approver_groups=groups)


_IN_FULL: Final = {
    "estimated_qpu_seconds": "seconds of QPU time",
    "estimated_simulator_seconds": "seconds of simulator time",
    COST.attribute: "micros of estimated cost",
}


def sized(measure: Measure, size: int, currency: str = "") -> Deviation:
    """A job of another size. What it is denied for, its bound says."""
    name, money = measure.attribute, measure is COST
    says = f"{size:,} {_IN_FULL.get(name, measure.unit)}"
    told = format_money(Money(size, currency)) if money else f"{size:,} {measure.unit}"
    return lacking(name, says, told=f"for a job of {told}", job={name: size})


def unsized(measure: Measure) -> Deviation:
    """A job that does not say its size."""
    name, what = measure.attribute, measure.limit.removesuffix("_micros").replace("_", " ")
    says, told = f"an unknown number of {name}", f"for a job of unknown {what}"
    return lacking(f"{name}-unknown", says, CONTEXT_MISSING, told, job={name: None})


def overspent(budget: str, spent: int) -> Deviation:
    """When no job fits into a budget's money."""
    key, says = f"budget-{budget}-over", f"one micro more than {budget}"
    change, told = using(budget, {"spent_micros": spent}), f"when the budget {budget} is spent"
    return Deviation(key, says, change, "budget-exceeded", told=told)


def used_up(budget: str, quota: Quota, used: int) -> Deviation:
    """When no job fits into a quota."""
    counter = f"{quota.measure}/{quota.window}"
    key = f"quota-{budget}-{quota.measure}-{quota.window}-over"
    says = f"one {counter} more than {budget} has"
    told = f"when the {quota.measure} {period(quota.window).used_words} in {budget} are used up"
    return Deviation(key, says, using(budget, {counter: used}), "quota-exceeded", told=told)
