"""The kinds of documents, by name. Adding a kind is adding a file and a line here."""

from __future__ import annotations

from typing import Final

from qgov.language.kinds.access_test import AccessTestDocument
from qgov.language.kinds.base import Strict
from qgov.language.kinds.budget import BudgetDocument, BudgetExceptionDocument
from qgov.language.kinds.exceptions import (
    AccessReviewDocument,
    ElevationDocument,
    WaiverDocument,
)
from qgov.language.kinds.organization import OrganizationDocument
from qgov.language.kinds.role import RoleDocument
from qgov.language.kinds.tenant import TenantDocument

__all__ = ["API_VERSION", "KINDS"]

API_VERSION: Final = "qgov/v1"

KINDS: Final[dict[str, type[Strict]]] = {
    "AccessReview": AccessReviewDocument,
    "AccessTest": AccessTestDocument,
    "Budget": BudgetDocument,
    "BudgetException": BudgetExceptionDocument,
    "Elevation": ElevationDocument,
    "Organization": OrganizationDocument,
    "Role": RoleDocument,
    "Tenant": TenantDocument,
    "Waiver": WaiverDocument,
}
