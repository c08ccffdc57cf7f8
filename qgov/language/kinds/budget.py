"""Kinds `Budget` and `BudgetException`: money, counts and approval thresholds."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from qgov.language.kinds.base import BackendClass, Exceptional, Metadata, Name, Strict
from qgov.language.scalars import Duration, MoneyField, ScopeField, Share

__all__ = ["BudgetDocument", "BudgetExceptionDocument", "BudgetSpec"]


class Spend(Strict):
    """Money for a period: warn at shares of the limit, stop at one."""

    period: Literal["monthly", "quarterly", "yearly"] = Field(description="When it starts afresh.")
    limit: MoneyField = Field(description="The amount for a period.")
    warn_at: list[Share] = Field(default_factory=list, description="Soft thresholds.")
    stop_at: Share | None = Field(None, description="The hard threshold; absent: never stops.")


class Quota(Strict):
    """A count for a period."""

    measure: Literal["jobs", "shots", "circuits", "qpuSeconds", "simulatorSeconds"] = Field(
        description="What is counted."
    )
    per: Literal["job", "day", "month"] = Field(description="Over what.")
    limit: int = Field(ge=0, description="The hard threshold.")
    warn_at: list[Share] = Field(default_factory=list, description="Soft thresholds.")


class Approval(Strict):
    """Jobs above an amount need an approver's signed-off exception."""

    above: MoneyField = Field(description="The estimated cost above which approval is needed.")
    for_classes: list[BackendClass] = Field(
        default=["qpu"], min_length=1, description="Backend classes the rule is for."
    )
    approvers: Name = Field(description="The group whose members may approve.")
    valid_for: Duration = Field(description="How long an approval holds.")


class BudgetSpec(Strict):
    """Bounds for every job whose project lies in the scope."""

    scope: ScopeField = Field(
        description="Where it applies; `*` stands for any label: `aurora/*/chemistry`."
    )
    group: Name | None = Field(None, description="Only jobs of this group's members count.")
    owner: Name = Field(description="The group that answers for it.")
    budget: Spend | None = Field(None, description="Money.")
    quotas: list[Quota] = Field(default_factory=list, description="Counts.")
    approval: Approval | None = Field(None, description="When a single job needs approval.")


class BudgetDocument(Strict):
    """A budget with its quotas and approval rule."""

    metadata: Metadata
    spec: BudgetSpec


class BudgetExceptionSpec(Exceptional):
    """More money for a while."""

    budget: Name = Field(description="The budget that is raised.")
    increase: MoneyField = Field(description="What is added to its limit.")


class BudgetExceptionDocument(Strict):
    """A temporary rise of a budget."""

    metadata: Metadata
    spec: BudgetExceptionSpec
