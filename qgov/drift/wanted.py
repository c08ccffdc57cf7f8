"""What the reviewed model says that a system should hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from qgov.drift.facts import Held
from qgov.language.persons import approved_by_another
from qgov.language.scalars import format_instant
from qgov.model.access_model import AccessModel, Binding, Elevation
from qgov.model.principal import user

__all__ = [
    "approving",
    "bindings_of",
    "elevated",
    "flaw",
    "held",
    "in_window",
    "narrower",
    "provider_of",
]


def provider_of(model: AccessModel, binding: Binding) -> str:
    """The identity provider that a binding's principal is known by."""
    if (group := model.group_of(binding.principal)) is not None:
        return group.provider
    workload = model.workload_of(binding.principal)
    return "" if workload is None else model.tenants[workload.tenant].provider


def bindings_of(model: AccessModel, provider: str) -> list[Binding]:
    """The bindings of an identity provider's groups and workloads."""
    return [b for b in model.bindings if provider_of(model, b) == provider]


def held(bindings: Iterable[Binding]) -> tuple[Held, ...]:
    """What bindings give."""
    return tuple(Held(b.principal, b.role, b.scope, (), b.eligible is not None) for b in bindings)


def elevated(model: AccessModel, provider: str, now: datetime) -> Iterator[Held]:
    """Who is elevated now, at an identity provider, by a document that counts."""
    for each in model.elevations:
        through = (b for b in each.through if provider_of(model, b) == provider)
        if in_window(each, now) and any(flaw(each, binding, now) is None for binding in through):
            yield Held(user(each.subject), each.role, each.scope)


def in_window(elevation: Elevation, now: datetime) -> bool:
    """Whether an elevation has begun and has not ended."""
    begins = elevation.not_before
    return begins is not None and begins <= now < elevation.expires


def flaw(elevation: Elevation, binding: Binding, now: datetime) -> str | None:
    """Why an elevation does not count for a binding that it makes use of, whenever its window is,
    as a decision judges it; None where it does."""
    terms, begins = binding.eligible, elevation.not_before
    if terms is None:
        return "its binding is not just in time"
    if binding.expires is not None and binding.expires <= now:
        return f"its binding ended at {format_instant(binding.expires)}"
    if not approved_by_another(elevation.approved_by, elevation.subject, elevation.requested_by):
        return "nobody else approved it"
    if begins is None:
        return "it does not say when it begins"
    if elevation.expires - begins > timedelta(seconds=terms.max_duration_s):
        return "it is longer than its binding allows"
    if terms.ticket and elevation.ticket is None:
        return "it names no ticket, and its binding asks for one"
    return None


def narrower(elevation: Elevation, bindings: Iterable[Binding]) -> str | None:
    """Why none of the bindings has a just-in-time group for just what an elevation is for: that
    of a wider scope gives more than was approved. None where one has."""
    if any(binding.scope == elevation.scope for binding in bindings):
        return None
    return f"no group is for `{elevation.role}` on {elevation.scope} alone: bind the role there"


def approving(model: AccessModel) -> frozenset[str]:
    """The groups that elevations and expensive jobs wait for."""
    asked = {b.eligible.approvers for b in model.bindings if b.eligible is not None}
    asked |= {b.approval.approvers for b in model.budgets.values() if b.approval is not None}
    return frozenset(asked)
