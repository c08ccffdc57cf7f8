"""What is measured of a job, and what each measure is called where it is bounded, counted
and asked for. A new measure is a row here, a field of `JobLimits` where one job may be
bounded by it, and a word of the language."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from qgov.language.periods import DAY, MONTH

__all__ = [
    "COST",
    "COUNTED",
    "JOBS",
    "LIMITED",
    "MEASURES",
    "QUOTA_MEASURES",
    "WINDOWS",
    "Measure",
    "counters",
]


class Measure(NamedTuple):
    """A measure of a job.

    `attribute` is its name in a request's `context.job`, `limit` the field of `JobLimits` that
    bounds one job by it and `quota` the word of `Budget` documents that counts it (each empty
    where there is none); `unit` is how people read an amount of it.
    """

    attribute: str
    limit: str
    quota: str
    unit: str


COST: Final = Measure("estimated_cost_micros", "cost_micros", "", "micros")
"""What a job is estimated to cost, in the organization's currency."""

MEASURES: Final = (
    Measure("shots", "shots", "shots", "shots"),
    Measure("circuits", "circuits", "circuits", "circuits"),
    Measure("qubits", "qubits", "", "qubits"),
    Measure("estimated_qpu_seconds", "qpu_seconds", "qpuSeconds", "QPU seconds"),
    Measure("estimated_simulator_seconds", "", "simulatorSeconds", "simulator seconds"),
    COST,
)

LIMITED: Final = {m.limit: m.attribute for m in MEASURES if m.limit}
"""A limit of one job → the job's attribute that it bounds."""

COUNTED: Final = {m.quota: m.attribute for m in MEASURES if m.quota}
"""A quota's measure → the job's attribute that it counts; `jobs` counts the job itself."""

JOBS: Final = "jobs"
"""The quota that counts the job itself."""

QUOTA_MEASURES: Final = (JOBS, *COUNTED)
"""What quotas count, as the language spells it."""

WINDOWS: Final = (DAY, MONTH)
"""The periods over which every budget counts; others (`28d`, `once`) where a quota is for one."""


def counters(windows: Iterable[str] = WINDOWS) -> tuple[str, ...]:
    """The names under which a request says what was used of a budget, such as `shots/day`."""
    windows = tuple(windows)
    return tuple(f"{measure}/{window}" for measure in QUOTA_MEASURES for window in windows)
