"""Reading the sources that were asked for, and what differs in each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from qgov.drift.compare import compare
from qgov.drift.drift import Report, Source
from qgov.drift.observer import Asked, Observation, Observer, UnreadableError
from qgov.drift.observers import observers
from qgov.drift.people import people_of
from qgov.errors import QgovError
from qgov.model.access_model import AccessModel
from qgov.records import replace

__all__ = ["chosen", "observe", "observed", "source_of"]


def chosen(
    sources: Sequence[str], environment: Mapping[str, str]
) -> list[tuple[Observer, str | None]]:
    """The observers that are named (`NAME`, or `NAME:WHAT`), or those that the environment is set
    up for. Raises QgovError for a name that there is none of, and where there is nothing to read:
    that would be no drift.
    """
    known = observers()
    if not sources:
        found = [(each, None) for each in known.values() if each.configured(environment)]
        if not found:
            raise QgovError(
                "no source to read: name one with --source, or set its address in the environment"
            )
        return [*found]
    asked = [source.partition(":") for source in sources]
    for name, _, _ in asked:
        if name not in known:
            raise QgovError(f"--source: `{name}` is not one of {', '.join(known)}")
    return [(known[name], what or None) for name, _, what in asked]


def observed(
    model: AccessModel,
    sources: Iterable[tuple[Observer, str | None]],
    environment: Mapping[str, str],
    now: datetime,
) -> list[Observation]:
    """The sources as they were found. Raises UnreadableError, of every source that could not be
    read whole, where there is one: then nothing is said of the others either."""
    asked = Asked(model, None, environment, now)
    seen: list[Observation] = []
    failed: list[str] = []
    for observer, what in sources:
        try:
            found = [*observer.observe(replace(asked, what=what))]
        except UnreadableError as error:
            failed.append(f"{observer.name} is unreadable: {error}")
            continue
        # What tells of nothing is in sync with nothing: another file, or another shape of it.
        silent = [one.name for one in found if not one.wanted.count and not one.found.count]
        failed += [f"{name} is unreadable: it tells of nothing to compare" for name in silent]
        seen += found
    if failed:
        raise UnreadableError("; ".join(failed))
    return seen


def source_of(seen: Observation, now: datetime) -> Source:
    """What a report says of a source that was read."""
    return Source(seen.name, seen.type, now, seen.found.count)


def observe(
    model: AccessModel,
    sources: Iterable[tuple[Observer, str | None]],
    environment: Mapping[str, str],
    now: datetime,
    *,
    people: bool = False,
) -> Report:
    """What differs in all of the sources. Raises UnreadableError as `observed`."""
    seen = observed(model, sources, environment, now)
    drift = [each for one in seen for each in compare(model, one, now, people=people)]
    drift.sort(key=lambda each: -each.risk)
    return Report(
        tuple(source_of(one, now) for one in seen),
        tuple(drift),
        tuple(each for one in seen for each in people_of(model, one, names=people)),
    )
