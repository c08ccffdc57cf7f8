"""Whose a document is: the tenant that it is a part of, and the groups that own it."""

from __future__ import annotations

from typing import Final

from qgov.language.documents import Document
from qgov.model.access_model import AccessModel
from qgov.model.scope import tenant_of

__all__ = ["belongs_to", "owners_of"]

_SCOPED: Final = {"Budget": "scope", "Elevation": "on", "AccessReview": "scope"}


def belongs_to(document: Document) -> str:
    """The tenant that a document is a part of; empty when all tenants depend on it."""
    if document.kind == "Tenant":
        return document.name
    if document.kind in _SCOPED:
        return tenant_of(getattr(document.spec, _SCOPED[document.kind]))
    if document.kind == "Waiver":
        kind, _, name = document.spec.document.partition("/")
        return name if kind == "Tenant" else ""
    return ""


def owners_of(model: AccessModel, document: Document) -> set[str]:
    """The groups that own a document by themselves; none where it is the organization's. Of a
    budget, and of what is about one, that is the budget's owner."""
    if (name := _budget_of(document)) in model.budgets:
        return {model.budgets[name].owner}
    tenant = model.tenants.get(belongs_to(document))
    return {tenant.spec.owner.group} if tenant is not None else set()


def _budget_of(document: Document) -> str:
    """The budget that a document is, or is about; empty where there is none."""
    if document.kind == "Budget":
        return document.name
    if document.kind == "BudgetException":
        return str(document.spec.budget)
    if document.kind == "Waiver":
        kind, _, waived = document.spec.document.partition("/")
        return waived if kind == "Budget" else ""
    return ""
