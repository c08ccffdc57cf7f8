"""What will change by itself as exceptions and reviews run out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

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
    for elevation in model.elevations:
        what, document = f"{elevation.role} on {elevation.scope}", f"Elevation/{elevation.name}"
        if elevation.not_before is not None:
            found.append(Event(elevation.not_before, f"{elevation.subject} gains {what}", document))
        found.append(Event(elevation.expires, f"{elevation.subject} loses {what}", document))
    found += [
        Event(
            w.value.expires,
            f"{w.value.rule} is no longer waived for {w.value.document}",
            w.document,
        )
        for w in model.waivers
    ]
    found += [
        Event(e.value.expires, f"the budget {e.value.budget} falls back to its limit", e.document)
        for e in model.budget_exceptions
    ]
    for review in model.reviews:
        done = datetime.combine(review.value.completed, time(), UTC)
        due = done + timedelta(seconds=review.value.every)
        found.append(
            Event(due, f"the access review of {review.value.scope} is due", review.document)
        )
    return sorted(event for event in found if start < event.when <= end)
