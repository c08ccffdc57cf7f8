"""What changes beside access has its row in the plan: what, risk, and who is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from qgov.language.concerns import Concern
from qgov.plan.concerns import ConcernRow
from qgov.plan.plan import Plan
from qgov.render.plan_json import as_value
from qgov.render.plan_markdown import as_markdown
from qgov.render.plan_text import as_text
from qgov.render.plan_view import verdict
from tests.plan.worlds import BASELINE, changed, plan_of

ATLAS = "tenants/atlas.yaml"
BUDGET = "budgets/atlas.yaml"
ORGANIZATION = "qgov.yaml"
NOBODY = {
    ORGANIZATION: BASELINE[ORGANIZATION].replace(
        """  review:
    low: [operators]
    medium: [security]
    high: [admins]
    critical: [admins, security]
    exposure: [finance]
""",
        "",
    )
}


def _plan(edits: Mapping[str, Any]) -> Plan:
    return plan_of(BASELINE, changed(BASELINE, edits))


def _row(plan: Plan) -> ConcernRow:
    (row,) = plan.concerns
    return row


CASES = {
    "issuer": (
        {ORGANIZATION: {"https://id.acme.example": "https://id.stranger.example"}},
        ("trust", "spec.identityProviders.corporate.issuer", "different", "critical"),
        {"admins", "security"},
    ),
    "session": (
        {ORGANIZATION: {"sessionLifetime: 8h": "sessionLifetime: 12h"}},
        ("trust", "spec.identityProviders.corporate.sessionLifetime", "looser", "critical"),
        {"admins", "security"},
    ),
    "shorter session": (
        {ORGANIZATION: {"sessionLifetime: 8h": "sessionLifetime: 4h"}},
        ("trust", "spec.identityProviders.corporate.sessionLifetime", "stricter", "medium"),
        {"security"},
    ),
    "federation": (
        {ATLAS: {"repo:acme/atlas:": "repo:mallory/atlas:"}},
        ("trust", "spec.serviceAccounts[nightly].federation.subject", "different", "critical"),
        {"admins", "security", "atlas-leads"},
    ),
    "review": (
        {ORGANIZATION: {"critical: [admins, security]": "critical: [admins]"}},
        ("rules", "spec.review.critical", "looser", "critical"),
        {"admins", "security"},
    ),
    "lock-out": (
        {ORGANIZATION: {"admins: {members: 3}": "admins: {members: 2}"}},
        ("rules", "spec.groups.admins.members", "looser", "high"),
        {"admins"},
    ),
    "stop": (
        {BUDGET: {", stopAt: 100%": ""}},
        ("money", "spec.budget.stopAt", "looser", "high"),
        {"admins", "atlas-leads", "finance"},
    ),
    "period": (
        {BUDGET: {"period: monthly": "period: yearly"}},
        ("money", "spec.budget.period", "stricter", "low"),
        {"atlas-leads"},
    ),
    "price": (
        {ORGANIZATION: {"sep": "sep"}},
        ("money", "spec.backends.garnet.price.perTask", "looser", "medium"),
        {"security", "finance"},
    ),
    "sink": (
        {ORGANIZATION: {"streams: [jobs, admin]": "streams: [jobs]"}},
        ("records", "spec.auditSinks.archive.streams", "looser", "critical"),
        {"admins", "security"},
    ),
    "store": (
        {ORGANIZATION: {"holds: [executionLogs]}": "holds: [executionLogs], encryption: none}"}},
        ("records", "spec.stores.logs.encryption", "looser", "high"),
        {"admins"},
    ),
    "queue": (
        {ORGANIZATION: {"priority: 500": "priority: 900"}},
        ("operations", "spec.queues.governed.priority", "different", "low"),
        {"operators"},
    ),
}
_GARNET = "      price: {perTask: 0.30 EUR, source: Amazon Braket pricing, asOf: 2026-09-01}\n  forte"
CASES["price"] = (
    {ORGANIZATION: {_GARNET.removesuffix("  forte"): ""}},
    CASES["price"][1],
    CASES["price"][2],
)
