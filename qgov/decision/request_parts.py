"""The parts of a request, and the most that is read of one.

A field is named as in JSON, and read as its type says (`qgov.decision.request_reading`); None is
what a request does not say. A new attribute is a line here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from msgspec import Meta, Struct

__all__ = [
    "FIRST_TIME",
    "LAST_TIME",
    "MAX_COUNT",
    "MAX_TEXT",
    "YEARS",
    "Context",
    "Count",
    "DeviceSeconds",
    "Free",
    "GivenApproval",
    "GivenElevation",
    "JobSize",
    "Person",
    "RequestJson",
    "Resource",
    "Subject",
    "Token",
    "Used",
    "seconds",
]

RequestJson = Mapping[str, Any]
"""A request as an engine is asked it, whoever wrote it; see docs/decision.md."""

MAX_TEXT: Final = 1000
MAX_COUNT: Final = 10**15
"""The largest number that is read: every engine adds two such numbers exactly."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
YEARS: Final = range(1970, 2262)
FIRST_TIME: Final = datetime(YEARS[0], 1, 1, tzinfo=UTC)
LAST_TIME: Final = datetime(YEARS[-1], 12, 31, 23, 59, 59, tzinfo=UTC)
"""The first and the last time that a request may have."""


def seconds(moment: datetime) -> int:
    """Whole seconds since 1970, not before it."""
    since = moment - _EPOCH
    return max(0, since.days * 86_400 + since.seconds)


Person = str
"""A person's id in normal form (`qgov.language.persons.folded`), or a workload's."""

Free = str
"""Text that no document names; what is not ASCII is escaped."""

Count = Annotated[int, Meta(ge=0, le=MAX_COUNT)]
"""How many there are of something."""

DeviceSeconds = Annotated[int, Meta(ge=0, le=MAX_COUNT)]
"""Whole seconds on a device; a fraction is rounded up, so that no limit is overdrawn by it."""


class Subject(Struct, frozen=True):
    """Who asks: a `user` by the directory's id, or a `workload` by `TENANT/NAME`. `issuer` and
    `subject` are claims of the token."""

    type: str | None = None
    id: Person | None = None
    groups: tuple[str, ...] = ()
    issuer: str | None = None
    subject: Free | None = None


class Resource(Struct, frozen=True):
    """What is asked for. Which labels it has says at which level it lies."""

    type: str | None = None
    id: str | None = None
    tenant: str | None = None
    environment: str | None = None
    project: str | None = None
    owner: Person | None = None
    backend: str | None = None

    @property
    def labels(self) -> tuple[str | None, str | None, str | None]:
        """Tenant, environment and project."""
        return self.tenant, self.environment, self.project


class Context(Struct, frozen=True):
    """When and from where the subject asks, and how it signed in."""

    time: datetime | None = None
    mfa: bool | None = None
    managed_device: bool | None = None
    country: str | None = None


class Token(Struct, frozen=True):
    """What the subject signed in with."""

    kind: str | None = None
    audience: str | None = None
    issued_at: datetime | None = None


class JobSize(Struct, frozen=True):
    """The size of a job: all its shots and circuits, the widest circuit's qubits, and
    estimates; money in micros of the organization's currency."""

    shots: Count | None = None
    circuits: Count | None = None
    qubits: Count | None = None
    estimated_cost_micros: Count | None = None
    estimated_qpu_seconds: DeviceSeconds | None = None
    estimated_simulator_seconds: DeviceSeconds | None = None


class GivenElevation(Struct, frozen=True):
    """An elevation that an identity provider granted."""

    subject: Person | None = None
    role: str | None = None
    scope: str | None = None
    requested_by: Person | None = None
    approved_by: Person | None = None
    approver_groups: tuple[str, ...] = ()
    ticket: Free | None = None
    not_before: datetime | None = None
    expires: datetime | None = None


class GivenApproval(Struct, frozen=True):
    """The approval of an expensive job."""

    subject: Person | None = None
    scope: str | None = None
    backend: str | None = None
    max_cost_micros: Count | None = None
    requested_by: Person | None = None
    approved_by: Person | None = None
    approver_groups: tuple[str, ...] = ()
    approved_at: datetime | None = None
    expires: datetime | None = None


Used = Mapping[str, Mapping[str, int]]
"""Budget → what was used of it: `spent_micros`, and counters such as `shots/day`."""
