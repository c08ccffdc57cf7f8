"""Conditions: what must hold for an access to be used, and how they combine.

Conditions only ever add up (`a & b` is at least as strict as either), which is
why floors of the organization, the tier, the tenant, the environment, the role
and the binding can be folded in any order.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct

__all__ = [
    "NONE",
    "NO_LIMITS",
    "ApprovalRule",
    "Conditions",
    "ElevationWindow",
    "Eligibility",
    "JobLimits",
    "earliest",
]


def _least(a: int | None, b: int | None) -> int | None:
    return b if a is None else a if b is None else min(a, b)


def earliest(a: datetime | None, b: datetime | None) -> datetime | None:
    """The earlier of two ends; None: never."""
    return b if a is None else a if b is None else min(a, b)


def _at_most(a: int | None, b: int | None) -> bool:
    """Whether bound `a` is at least as tight as bound `b`."""
    return b is None or (a is not None and a <= b)


class JobLimits(Struct, frozen=True):
    """Upper bounds of one job; `cost_micros` in the organization's currency."""

    shots: int | None = None
    circuits: int | None = None
    qubits: int | None = None
    qpu_seconds: int | None = None
    cost_micros: int | None = None

    def __and__(self, other: JobLimits) -> JobLimits:
        if other is NO_LIMITS or self is NO_LIMITS:
            return self if other is NO_LIMITS else other
        return JobLimits(
            *(_least(getattr(self, n), getattr(other, n)) for n in self.__struct_fields__)
        )

    def implies(self, other: JobLimits) -> bool:
        """Whether every job within these limits is within the other's."""
        return all(_at_most(getattr(self, n), getattr(other, n)) for n in self.__struct_fields__)

    def as_json(self) -> dict[str, int]:
        """The bounds that are set."""
        return {n: getattr(self, n) for n in self.__struct_fields__ if getattr(self, n) is not None}


NO_LIMITS = JobLimits()


class Eligibility(Struct, frozen=True):
    """Just-in-time: who approves, for how long at most, and whether a ticket is needed."""

    approvers: str
    max_duration_s: int
    ticket: bool

    def implies(self, other: Eligibility) -> bool:
        """Whether every elevation that serves here serves there."""
        return (
            self.approvers == other.approvers
            and self.max_duration_s <= other.max_duration_s
            and self.ticket >= other.ticket
        )

    def as_json(self) -> dict[str, Any]:
        """The object of the plan's contract."""
        return {
            "approvers": self.approvers,
            "max_duration_s": self.max_duration_s,
            "ticket": self.ticket,
        }


class ElevationWindow(Struct, frozen=True):
    """An elevation that was granted: when it holds and who approved it."""

    not_before: datetime | None
    expires: datetime
    approved_by: str | None

    def implies(self, other: ElevationWindow) -> bool:
        """Whether this window lies inside the other."""
        starts = other.not_before is None or (
            self.not_before is not None and self.not_before >= other.not_before
        )
        return starts and self.expires <= other.expires


class ApprovalRule(Struct, frozen=True):
    """Above which estimated cost a job needs an approval, and whose."""

    above_micros: int
    approvers: str
    valid_for_s: int
    budget: str

    def implies(self, other: ApprovalRule) -> bool:
        """Whether every job that passes here passes there."""
        return (
            self.above_micros <= other.above_micros
            and self.approvers == other.approvers
            and self.valid_for_s <= other.valid_for_s
        )


class Conditions(Struct, frozen=True):
    """Everything that one way to an access requires; absent means not required. `approvals` are
    the rules for expensive jobs, the strictest first; none of them implies another. From
    `expires` on there is no such way."""

    mfa: bool = False
    managed_device: bool = False
    max_token_age_s: int | None = None
    countries: tuple[str, ...] | None = None
    eligible: Eligibility | None = None
    elevation: ElevationWindow | None = None
    own_only: bool = False
    job: JobLimits = NO_LIMITS
    budgets: tuple[str, ...] = ()
    approvals: tuple[ApprovalRule, ...] = ()
    expires: datetime | None = None

    @property
    def approval(self) -> ApprovalRule | None:
        """The strictest rule for expensive jobs."""
        return next(iter(self.approvals), None)

    def __and__(self, other: Conditions) -> Conditions:
        """Both together. At most one side may carry eligibility, elevation or approvals."""
        if other is NONE or self is NONE:
            return self if other is NONE else other
        return Conditions(
            mfa=self.mfa or other.mfa,
            managed_device=self.managed_device or other.managed_device,
            max_token_age_s=_least(self.max_token_age_s, other.max_token_age_s),
            countries=_common(self.countries, other.countries),
            eligible=self.eligible or other.eligible,
            elevation=self.elevation or other.elevation,
            own_only=self.own_only or other.own_only,
            job=self.job & other.job,
            budgets=tuple(sorted({*self.budgets, *other.budgets})),
            approvals=self.approvals or other.approvals,
            expires=earliest(self.expires, other.expires),
        )

    def implies(self, other: Conditions) -> bool:
        """Whether every request that meets these also meets the other."""
        return (
            self.mfa >= other.mfa
            and self.managed_device >= other.managed_device
            and self.own_only >= other.own_only
            and _at_most(self.max_token_age_s, other.max_token_age_s)
            and (
                other.countries is None
                or (self.countries is not None and set(self.countries) <= set(other.countries))
            )
            and _implies(self.eligible, other.eligible)
            and _implies(self.elevation, other.elevation)
            and earliest(self.expires, other.expires) == self.expires
            and self.job.implies(other.job)
            and set(self.budgets) >= set(other.budgets)
            and all(any(mine.implies(rule) for mine in self.approvals) for rule in other.approvals)
        )


NONE = Conditions()


def _common(a: tuple[str, ...] | None, b: tuple[str, ...] | None) -> tuple[str, ...] | None:
    if a is None or b is None:
        return a if b is None else b
    return tuple(sorted(set(a) & set(b)))


def _implies(a: Any, b: Any) -> bool:
    """Absent is the weakest; two that are present decide for themselves."""
    return b is None or (a is not None and bool(a.implies(b)))
