"""A difference between what runs and what was reviewed, and the report of all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from qgov.drift.facts import Plain
from qgov.drift.undo import Fact, Undo
from qgov.errors import ExitStatus
from qgov.finding import Finding, Origin, Severity
from qgov.plan.risk import Risk

__all__ = ["Drift", "GroupPeople", "Kind", "Report", "Source", "alike", "as_findings"]


class Kind(StrEnum):
    """How what runs differs: less than was reviewed, more, or otherwise; a policy bundle of other
    documents; an elevation past its window."""

    MISSING = "missing"
    UNMANAGED = "unmanaged"
    CHANGED = "changed"
    STALE_BUNDLE = "stale-bundle"
    OUTLIVED = "outlived"


_CODES = dict(zip(Kind, ("QG991", "QG992", "QG993", "QG994", "QG995"), strict=True))


class Drift(Struct, frozen=True):
    """One difference, in the words of access. `permission` is None where no access follows from
    it. `how` is the chain that it goes through; `origin` the reviewed line that it is judged by.
    `facts` are the things that differ, and `undo` the way back from each."""

    source: str
    kind: Kind
    principal: str
    permission: str | None
    scope: str
    risk: Risk
    rule: str
    message: str
    desired: Plain
    observed: Plain
    origin: Origin
    how: tuple[str, ...] = ()
    backends: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    undo: tuple[Undo, ...] = ()


class Source(Struct, frozen=True):
    """A system that was read whole, and how many facts it gave."""

    name: str
    type: str
    read_at: datetime
    facts: int


class GroupPeople(Struct, frozen=True):
    """Who is in a group of the configuration, counted. `approves` says that elevations or jobs
    wait for it, `least` how many people it should have; None for a group nobody declared.
    `names` is empty unless they were asked for."""

    source: str
    group: str
    members: int
    least: int | None
    approves: bool
    disabled: int
    never_signed_in: int | None
    external: int
    service_accounts: int
    names: tuple[str, ...] = ()

    @property
    def too_few(self) -> bool:
        """Whether fewer people are able to act for it than should be."""
        able = self.members - self.disabled - self.service_accounts
        return self.least is not None and able < self.least


class Report(Struct, frozen=True):
    """What was read and what differs, most dangerous first."""

    sources: tuple[Source, ...]
    drift: tuple[Drift, ...]
    people: tuple[GroupPeople, ...]

    @property
    def counts(self) -> dict[str, int]:
        """Differences by kind."""
        found = Counter(each.kind for each in self.drift)
        return {str(kind): found[kind] for kind in Kind}

    @property
    def risk(self) -> Risk | None:
        """The highest risk."""
        return max((each.risk for each in self.drift), default=None)

    def exit_status(self, *, detailed: bool, fail_on: Risk | None = None) -> ExitStatus:
        """The status of `qgov drift`. Where it is `detailed`, drift is told from none."""
        if fail_on is not None and self.risk is not None and self.risk >= fail_on:
            return ExitStatus.GATE
        return ExitStatus.CHANGES if detailed and self.drift else ExitStatus.WELL


def alike(drift: Iterable[Drift]) -> list[tuple[Drift, int]]:
    """The first difference of each group that rests on the same facts, and how many more there
    are: what one binding gives is several accesses."""
    found: dict[object, tuple[Drift, int]] = {}
    for each in drift:
        key = (each.source, each.kind, each.facts or each.message)
        first, more = found.get(key, (each, -1))
        found[key] = first, more + 1
    return [*found.values()]


def as_findings(report: Report) -> list[Finding]:
    """The drift as findings, at the lines that were reviewed."""
    severities = {Risk.LOW: Severity.INFO, Risk.MEDIUM: Severity.WARNING}
    return [
        Finding(
            _CODES[each.kind],
            f"{each.source}: {each.message}",
            each.origin,
            "adopt it by a reviewed change, or take it back where it was made",
            severities.get(each.risk, Severity.ERROR),
        )
        for each in report.drift
    ]
