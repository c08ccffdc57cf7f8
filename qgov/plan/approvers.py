"""Who must approve a change, by rule: its risk, whose tenant it touches, whose money."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from qgov.language.documents import Document
from qgov.model.access_model import AccessModel
from qgov.model.scope import contains
from qgov.plan.index import belongs_to
from qgov.plan.risk import Risk

__all__ = ["Approver", "approvers"]


@dataclass(frozen=True, slots=True, order=True)
class Approver:
    """A group and why its approval is needed; `as_owner` of something that changes."""

    by: str
    because: str
    as_owner: bool = False


def approvers(
    model: AccessModel,
    risk: Risk | None,
    exposure_rises: bool,
    documents: Iterable[Document],
) -> list[Approver]:
    """The approvals needed under `model`'s rules (the base's: a change cannot choose its
    own approvers). `documents` are the changed ones as they were and as they become, so
    that both who gives something up and who receives it are asked."""
    review = model.organization.spec.review
    found: set[Approver] = set()
    if risk is not None:
        found |= {
            Approver(group, f"the change is of {risk} risk") for group in getattr(review, str(risk))
        }
    if exposure_rises:
        found |= {Approver(group, "more money can be spent") for group in review.exposure}
    for document in documents:
        found |= _owners(model, document)
    return sorted(found)


def _owners(model: AccessModel, document: Document) -> set[Approver]:
    found: set[Approver] = set()
    tenant = model.tenants.get(belongs_to(document))
    if tenant is not None:
        found.add(Approver(tenant.spec.owner.group, f"owner of the tenant {tenant.name}", True))
    if document.kind == "Budget" and document.name in model.budgets:
        found.add(
            Approver(
                model.budgets[document.name].owner, f"owner of the budget {document.name}", True
            )
        )
    if document.kind == "BudgetException" and document.spec.budget in model.budgets:
        found.add(
            Approver(
                model.budgets[document.spec.budget].owner,
                f"owner of the budget {document.spec.budget}",
                True,
            )
        )
    if document.kind == "Elevation":
        found |= {
            Approver(
                binding.eligible.approvers,
                f"approves elevations to {binding.role} on {binding.scope}",
            )
            for binding in model.bindings
            if binding.eligible is not None
            and binding.role == document.spec.role
            and contains(binding.scope, document.spec.on)
        }
    return found
