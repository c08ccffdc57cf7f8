"""What a control is, and how a cloud says which of them it enforces.

Each target of a cloud has a table `CONTROLS` in its folder, with a row for each `Kind`, and gives
it to its `Target` by the name that the cloud has in `backends.*.cloud` and in a tenant's `clouds`:

    CONTROLS: Final[Controls] = {
        Kind.DEVICE: native("a service control policy denies all others"),
        Kind.JOB_SIZE: gateway("IAM has no condition for any of them"),
        Kind.MONEY: _money,  # a function of the model and the tenant, where it depends on them
        ...
    }
    TARGET = Target("braket", ..., controls={"braket": CONTROLS})

`docs/controls.md` and its finding (`controls.py`) are made of these tables alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct

from qgov.model.access_model import AccessModel, Tenant

__all__ = ["Control", "Controls", "Kind", "Where", "gateway", "native", "nobody", "partly"]


class Kind(StrEnum):
    """What a control is about, in the order in which it is shown."""

    ACCESS = "who may submit"
    DEVICE = "on which device"
    RESIDENCY = "where a job runs"
    WORKLOAD = "who a workload is"
    ELEVATION = "just-in-time"
    SECOND_FACTOR = "second factor"
    SIGN_IN_AGE = "age of the sign-in"
    MANAGED_DEVICE = "managed device"
    COUNTRY = "country"
    OWN_JOBS = "own jobs, jobs of one project"
    OWN_RESULTS = "own results"
    JOB_SIZE = "shots, circuits, qubits, time and cost of a job"
    MONEY = "money in a period"
    QUOTAS = "quotas, budgets of a project, a group or several clouds"
    APPROVALS = "approval of an expensive job"
    RETENTION = "retention of results"
    INPUTS = "retention of inputs"
    AUDIT = "who did what"


class Where(StrEnum):
    """Who enforces a control, the strongest first."""

    NATIVE = "native"
    PARTLY = "native in part"
    GATEWAY = "gateway only"
    NOBODY = "nobody"


class Control(Struct, frozen=True):
    """Where a cloud enforces a control, and how: one Markdown sentence without its full stop, in
    the words of the cloud and without any of the user's."""

    where: Where
    how: str


Controls: TypeAlias = "Mapping[Kind, Control | Callable[[AccessModel, Tenant], Control]]"
"""What a cloud enforces; every kind has its row."""


def native(how: str) -> Control:
    """The cloud itself enforces it, whoever asks and whichever way they come."""
    return Control(Where.NATIVE, how)


def partly(how: str) -> Control:
    """The cloud itself enforces some of it: `how` says what it leaves."""
    return Control(Where.PARTLY, how)


def gateway(how: str) -> Control:
    """Only who comes through the gateway is bound by it."""
    return Control(Where.GATEWAY, how)


def nobody(how: str) -> Control:
    """Neither the cloud nor the gateway enforces it."""
    return Control(Where.NOBODY, how)
