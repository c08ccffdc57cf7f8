"""What will change by itself as exceptions begin and end, bindings end, and reviews run out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple

from qgov.language.scalars import format_money
from qgov.model import principal as principals
from qgov.model.access_model import AccessModel

__all__ = ["Event", "horizon"]


@dataclass(frozen=True, slots=True, order=True)
class Event:
    """Something that happens without a further commit."""

    when: datetime
    what: str
    document: str


def horizon(model: AccessModel, start: datetime, within_s: int) -> list[Event]:
    """What begins or ends in the `within_s` seconds after `start`, in order of time."""
    end = start + timedelta(seconds=within_s)
    found: list[Event] = []
    for document, begins, gained, ends, lost in _exceptions(model):
        if begins is not None:
            found.append(Event(begins, gained, document))
        found.append(Event(ends, lost, document))
    found += _ends(model)
    for review in model.reviews:
        done = datetime.combine(review.value.completed, time(), UTC)
        due = done + timedelta(seconds=review.value.every)
        found.append(
            Event(due, f"the access review of {review.value.scope} is due", review.document)
        )
    return sorted(event for event in found if start < event.when <= end)


def _ends(model: AccessModel) -> Iterator[Event]:
    """The ends of groups, and of bindings that end before their group does."""
    for group in model.groups.values():
        if group.expires is not None:
            what = f"all bindings of {principals.group(group.name)} end"
            yield Event(group.expires, what, model.organization.source.document)
    for binding in model.bindings:
        group_ = model.group_of(binding.principal)
        if binding.expires is not None and (group_ is None or group_.expires != binding.expires):
            what = f"{binding.principal} loses {binding.role} on {binding.scope}"
            yield Event(binding.expires, what, binding.source.document)


class _Exception(NamedTuple):
    """A document that counts for a time: what begins with it, and what with its end."""

    document: str
    begins: datetime | None
    gained: str
    ends: datetime
    lost: str


def _exceptions(model: AccessModel) -> Iterator[_Exception]:
    for held in model.elevations:
        what = f"{held.role} on {held.scope}"
        gained, lost = f"{held.subject} gains {what}", f"{held.subject} loses {what}"
        yield _Exception(f"Elevation/{held.name}", held.not_before, gained, held.expires, lost)
    for waiver in model.waivers:
        spec, what = waiver.value, f"waived for {waiver.value.document}"
        gained, lost = f"{spec.rule} is {what}", f"{spec.rule} is no longer {what}"
        yield _Exception(waiver.document, spec.not_before, gained, spec.expires, lost)
    for exception in model.budget_exceptions:
        spec, what = exception.value, f"the budget {exception.value.budget}"
        gained = f"{what} rises by {format_money(spec.increase)}"
        lost = f"{what} falls back to its limit"
        yield _Exception(exception.document, spec.not_before, gained, spec.expires, lost)
