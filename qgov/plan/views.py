"""One side of a plan as a witness sees it: under the head's names.

A tenant or budget that is renamed has two names; a witness is written with the new ones and
asked of the base with the old ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from qgov.language.permissions import CATALOGUE
from qgov.model.access_model import AccessModel, Budget
from qgov.model.accesses import Cell, budgets_at
from qgov.model.conditions import ApprovalRule
from qgov.model.principal import Principal

__all__ = ["View"]


@dataclass(frozen=True, slots=True)
class View:
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

    def request(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """A request written with the head's names, with this side's."""
        if not self.tenants and not self.budgets:
            return dict(request)
        subject, resource, context = (request[p] for p in ("subject", "resource", "context"))
        labels = dict(resource["properties"])
        if subject["type"] == "workload":
            subject = {**subject, "id": self.own(subject["id"])}
            labels["owner"] = self.own(labels["owner"])
        if "tenant" in labels:
            labels["tenant"] = self.own(labels["tenant"])
        context = dict(context)
        for kind in {"elevations", "approvals"} & context.keys():
            context[kind] = [
                {
                    **given,
                    "scope": self.own(given["scope"]),
                    "subject": subject["id"],
                    "requested_by": subject["id"],
                }
                for given in context[kind]
            ]
        if "usage" in context:
            context["usage"] = {self.budgets.get(b, b): u for b, u in context["usage"].items()}
        return {
            **request,
            "subject": subject,
            "resource": {**resource, "properties": labels},
            "context": context,
        }
