"""One side of a plan as a witness sees it: under the head's names.

A tenant or budget that is renamed has two names; a witness is written with the new ones and
asked of the base with the old ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from qgov.decision.request import GivenApproval, GivenElevation, Request
from qgov.language.permissions import CATALOGUE
from qgov.model.access_model import AccessModel, Budget
from qgov.model.accesses import Cell, budgets_at
from qgov.model.conditions import ApprovalRule
from qgov.model.principal import Principal

__all__ = ["RenamedSide"]


G = TypeVar("G", GivenElevation, GivenApproval)


@dataclass(frozen=True, slots=True)
class RenamedSide:
    """A side's model, None for the empty repository. `tenants` and `budgets` are the head's
    names of what this side calls otherwise → this side's."""

    model: AccessModel | None
    tenants: Mapping[str, str] = field(default_factory=dict)
    budgets: Mapping[str, str] = field(default_factory=dict)

    def own(self, name: str) -> str:
        """A scope, or a workload's id, as this side calls it."""
        tenant, slash, rest = name.partition("/")
        return f"{self.tenants.get(tenant, tenant)}{slash}{rest}"

    def shown(self, scope: str) -> str:
        """A scope of this side as the head calls it."""
        tenant, slash, rest = scope.partition("/")
        back = {own: name for name, own in self.tenants.items()}
        return f"{back.get(tenant, tenant)}{slash}{rest}"

    def budgets_of(self, cell: Cell, principal: Principal) -> dict[str, Budget]:
        """The budgets that the cell's jobs fall under when they are submitted through a
        binding of `principal`, by the head's names."""
        if self.model is None or not CATALOGUE[cell.permission].executes:
            return {}
        back = {own: name for name, own in self.budgets.items()}
        found = budgets_at(self.model, self.own(cell.scope), principal)
        return {back.get(budget.name, budget.name): budget for budget in found}

    def rules_of(self, cell: Cell, principal: Principal) -> list[ApprovalRule]:
        """What these budgets ask of an expensive job on the cell's backend."""
        fact = self.model.organization.backends.get(cell.backend) if self.model else None
        return [
            budget.approval
            for budget in self.budgets_of(cell, principal).values()
            if fact and budget.approval and fact.value.backend_class in budget.approval_classes
        ]

    def request(self, request: Request) -> Request:
        """A request written with the head's names, with this side's."""
        if not self.tenants and not self.budgets:
            return request
        subject, resource = request.subject, request.resource
        if subject.type == "workload":
            subject = replace(subject, id=self.own(subject.id or ""))
            resource = replace(resource, owner=self.own(resource.owner or ""))
        if resource.tenant is not None:
            resource = replace(resource, tenant=self.own(resource.tenant))
        usage = request.usage
        if usage is not None:
            usage = {self.budgets.get(name, name): used for name, used in usage.items()}
        return replace(
            request,
            subject=subject,
            resource=resource,
            elevations=self._given(request.elevations, subject.id),
            approvals=self._given(request.approvals, subject.id),
            usage=usage,
        )

    def _given(self, given: tuple[G, ...] | None, subject: str | None) -> tuple[G, ...] | None:
        """Elevations or approvals of the subject, with this side's names."""
        if given is None:
            return None
        return tuple(
            replace(each, scope=self.own(each.scope or ""), subject=subject, requested_by=subject)
            for each in given
        )
