"""Kinds `Budget` and `BudgetException`: money, counts and approval thresholds."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from qgov.language.concerns import (
    ABSENT,
    COVERED,
    FEWER,
    MONEY,
    MORE,
    PRESENT,
    RULES,
    SHORTER,
    KeyedBy,
)
from qgov.language.kinds.base import BackendClass, Exceptional, Metadata, Name, Strict
from qgov.language.periods import JOB, Per, PeriodField
from qgov.language.scalars import Duration, MoneyField, ScopeField, Share

__all__ = ["BudgetDocument", "BudgetExceptionDocument", "BudgetSpec"]


class Spend(Strict):
    """Money for a period: warn at shares of the limit, stop at one."""

    concern: ClassVar = MONEY

    period: Annotated[PeriodField, SHORTER] = Field(
        description="When it starts afresh; `once`: never. `28d`: what was spent in the last 28 "
        "days counts, to the instant. `{from: …, until: …}`: a campaign, outside of which there is "
        "no money."
    )
    limit: Annotated[MoneyField, MORE] = Field(description="The amount for a period.")
    warn_at: Annotated[list[Share], FEWER] = Field(
        default_factory=list, description="Soft thresholds."
    )
    stop_at: Annotated[Share | None, MORE] = Field(
        None, description="The hard threshold; absent: never stops."
    )


class Quota(Strict):
    """A count for a period."""

    concern: ClassVar = MONEY

    measure: Literal["jobs", "shots", "circuits", "qpuSeconds", "simulatorSeconds"] = Field(
        description="What is counted."
    )
    per: Annotated[Per, SHORTER] = Field(
        description="Over what: one job, a day or month of the calendar in UTC, `once`, or a "
        "window that ends now, such as `28d`."
    )
    limit: Annotated[int, MORE] = Field(ge=0, description="The hard threshold.")
    warn_at: Annotated[list[Share], FEWER] = Field(
        default_factory=list, description="Soft thresholds."
    )

    @property
    def counts(self) -> bool:
        """Whether it is about more than single jobs."""
        return self.per != JOB


class Approval(Strict):
    """Jobs above an amount need an approver's signed-off exception."""

    concern: ClassVar = MONEY

    above: Annotated[MoneyField, MORE] = Field(
        description="The estimated cost above which approval is needed."
    )
    for_classes: Annotated[list[BackendClass], FEWER] = Field(
        default=["qpu"], min_length=1, description="Backend classes the rule is for."
    )
    approvers: Name = Field(description="The group whose members may approve.")
    valid_for: Annotated[Duration, MORE] = Field(description="How long an approval holds.")


class BudgetSpec(Strict):
    """Bounds for every job whose project lies in the scope."""

    concern: ClassVar = MONEY

    scope: ScopeField = Field(
        description="Where it applies; `*` stands for any label: `aurora/*/chemistry`."
    )
    group: Annotated[Name | None, PRESENT] = Field(
        None, description="Only jobs of this group's members count."
    )
    backends: Annotated[list[Name] | None, COVERED] = Field(
        None, min_length=1, description="Only jobs on these count. Absent: on every backend."
    )
    owner: Annotated[Name, RULES] = Field(description="The group that answers for it.")
    budget: Annotated[Spend | None, ABSENT] = Field(None, description="Money.")
    quotas: Annotated[
        list[Quota], FEWER, KeyedBy(("measure", "per"), kin=("measure", "counts"))
    ] = Field(default_factory=list, description="Counts.")
    approval: Annotated[Approval | None, ABSENT] = Field(
        None, description="When a single job needs approval."
    )


class BudgetDocument(Strict):
    """A budget with its quotas and approval rule."""

    looser: ClassVar = ABSENT

    metadata: Metadata
    spec: BudgetSpec


class BudgetExceptionSpec(Exceptional):
    """More money for a while."""

    concern: ClassVar = MONEY

    budget: Name = Field(description="The budget that is raised.")
    increase: Annotated[MoneyField, MORE] = Field(description="What is added to its limit.")


class BudgetExceptionDocument(Strict):
    """A temporary rise of a budget."""

    looser: ClassVar = PRESENT

    metadata: Metadata
    spec: BudgetExceptionSpec
