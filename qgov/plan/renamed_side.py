"""One side of a plan as a witness sees it: under the head's names.

A tenant, environment, project or budget that is renamed has two names; a witness is written with
the new ones and asked of the base with the old ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from msgspec import Struct, field

from qgov.decision.request import Request
from qgov.decision.request_parts import GivenApproval, GivenElevation
from qgov.language.permissions import CATALOGUE
from qgov.model.access_model import AccessModel, Budget
from qgov.model.accesses import Cell, budgets_at
from qgov.model.conditions import ApprovalRule
from qgov.model.principal import Principal
from qgov.model.scope import under_other_names
from qgov.records import replace

__all__ = ["RenamedSide"]


G = TypeVar("G", GivenElevation, GivenApproval)


class RenamedSide(Struct, frozen=True):
    """A side's model, None for the empty repository. `scopes` (of tenants, environments and
    projects) and `budgets` are the head's names of what this side calls otherwise → this
    side's."""

    model: AccessModel | None
    scopes: Mapping[str, str] = field(default_factory=dict)
    budgets: Mapping[str, str] = field(default_factory=dict)

    def own(self, scope: str) -> str:
        """A scope as this side calls it."""
        return under_other_names(scope, self.scopes)

    def own_id(self, id_: str) -> str:
        """A workload's id as this side calls it; a person's has no slash, and stays."""
        tenant, slash, account = id_.partition("/")
        return f"{self.own(tenant)}{slash}{account}" if slash else id_

    def shown(self, scope: str) -> str:
        """A scope of this side as the head calls it."""
        return under_other_names(scope, {own: name for name, own in self.scopes.items()})

    def budgets_of(self, cell: Cell, principal: Principal) -> dict[str, Budget]:
        """The budgets that the cell's jobs fall under when they are submitted through a
        binding of `principal`, by the head's names."""
        if self.model is None or not CATALOGUE[cell.permission].executes:
            return {}
        back = {own: name for name, own in self.budgets.items()}
        found = budgets_at(self.model, self.own(cell.scope), principal, cell.backend)
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
        if not self.scopes and not self.budgets:
            return request
        subject, resource = request.subject, request.resource
        if subject.type == "workload":
            subject = replace(subject, id=self.own_id(subject.id or ""))
            resource = replace(resource, owner=self.own_id(resource.owner or ""))
        labels = (resource.tenant, resource.environment, resource.project)
        own = self.own("/".join(filter(None, labels))).split("/")
        tenant, environment, project = (*own, None, None)[:3]
        if resource.tenant is not None:
            resource = replace(resource, tenant=tenant, environment=environment, project=project)
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
