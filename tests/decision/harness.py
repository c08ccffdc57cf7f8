"""One small repository in which every reason can occur, and a request that it allows."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from typing import Any

from qgov.model.access_model import AccessModel
from tests.strategies import BACKENDS, CI_ISSUER, ISSUERS, VENDORS, linked

__all__ = [
    "AUDITOR",
    "DEVELOPER",
    "FILES",
    "MODEL",
    "PIPELINE",
    "TIMED",
    "approval",
    "asking",
    "elevation",
]


def _document(kind: str, name: str, spec: dict[str, Any]) -> bytes:
    metadata = {"name": name}
    return json.dumps(
        {"apiVersion": "qgov/v1", "kind": kind, "metadata": metadata, "spec": spec}
    ).encode()


FILES = {
    "qgov.yaml": _document(
        "Organization",
        "northwind",
        {
            "currency": "EUR",
            "identityProviders": {
                "workforce": {
                    "type": "keycloak",
                    "issuer": ISSUERS["workforce"],
                    "realm": "quantum",
                },
                "partner": {
                    "type": "okta",
                    "issuer": ISSUERS["partner"],
                    "audience": "qgov-partner",
                },
            },
            "groups": {
                "auditors": {"identityProvider": "workforce"},
                "guests": {"identityProvider": "partner", "shared": True},
                "contractors": {
                    "identityProvider": "workforce",
                    "external": True,
                    "expires": "2026-11-23T18:00:00Z",
                },
            },
            "floors": {"mfa": True, "job": {"shots": 8000}},
            "tiers": {"production": {"floors": {"managedDevice": True, "maxTokenAge": "1h"}}},
            "vendors": VENDORS,
            "backends": BACKENDS,
            "queues": {"governed": {"priority": 500}},
            "stores": {
                "records": {
                    "type": "s3",
                    "jurisdiction": "eu",
                    "owner": "leads",
                    "holds": ["inputs", "results"],
                }
            },
            "bindings": [{"group": "auditors", "role": "auditor", "on": "*"}],
        },
    ),
    "roles/developer.yaml": _document(
        "Role",
        "developer",
        {
            "permissions": ["job:submit", "job:read", "job:cancel:own"],
            "requires": {"countries": ["DE", "FR"], "job": {"circuits": 10, "cost": "90.00 EUR"}},
        },
    ),
    "roles/auditor.yaml": _document(
        "Role", "auditor", {"permissions": ["audit:read", "policy:read", "queue:prioritize"]}
    ),
    "roles/pipeline.yaml": _document("Role", "pipeline", {"permissions": ["job:submit"]}),
    "tenants/aurora.yaml": _document(
        "Tenant",
        "aurora",
        {
            "owner": {"group": "leads", "contact": "leads@northwind.example"},
            "isolation": "dedicated",
            "identityProvider": "workforce",
            "residency": ["eu"],
            "environments": {
                "sandbox": {
                    "tier": "sandbox",
                    "backends": ["local-simulator", "forte"],
                    "projects": ["chemistry", {"name": "archive", "residency": ["eu"]}],
                },
                "production": {
                    "tier": "production",
                    "backends": ["iqm-garnet"],
                    "projects": [
                        {"name": "chemistry", "residency": ["eu"]},
                        {"name": "vault", "residency": ["on-premises", "us"]},
                    ],
                    "queue": "governed",
                },
            },
            "bindings": [
                {
                    "group": "developers",
                    "role": "developer",
                    "on": "sandbox",
                    "requires": {"countries": ["DE", "US"], "job": {"qpuSeconds": 30}},
                },
                {
                    "group": "developers",
                    "role": "developer",
                    "on": "production",
                    "eligible": {"approvers": "leads", "maxDuration": "4h", "ticket": "required"},
                },
                {"group": "guests", "role": "developer", "on": "sandbox"},
                {"group": "operators", "role": "developer", "on": "production"},
                {"group": "contractors", "role": "developer", "on": "sandbox"},
                {
                    "group": "contractors",
                    "role": "developer",
                    "on": "production",
                    "eligible": {"approvers": "leads", "maxDuration": "4h"},
                    "expires": "2026-11-23T11:00:00Z",
                },
            ],
            "serviceAccounts": [
                {
                    "name": "nightly",
                    "owner": "leads",
                    "maxTokenLifetime": "15m",
                    "federation": {
                        "issuer": CI_ISSUER,
                        "audience": "qgov",
                        "subject": "repo:northwind/*:ref:*/main",
                    },
                    "bindings": [{"role": "pipeline", "on": "production/chemistry"}],
                },
                {
                    "name": "legacy",
                    "owner": "leads",
                    "bindings": [{"role": "pipeline", "on": "sandbox"}],
                },
            ],
            "retention": {"inputs": {"keep": "30d", "store": "records"}},
        },
    ),
    "tenants/borealis.yaml": _document(
        "Tenant",
        "borealis",
        {
            "owner": {"group": "borealis-leads", "contact": "leads@northwind.example"},
            "isolation": "shared",
            "identityProvider": "partner",
            "residency": ["us"],
            "environments": {"sandbox": {"tier": "sandbox", "projects": ["chemistry"]}},
            "serviceAccounts": [
                {
                    "name": "courier",
                    "owner": "borealis-leads",
                    "federation": {"issuer": CI_ISSUER, "audience": "qgov", "subject": "courier"},
                    "bindings": [
                        {"role": "developer", "on": "sandbox"},
                        {
                            "role": "auditor",
                            "on": "sandbox",
                            "expires": "2026-11-24T00:00:00+01:00",
                        },
                    ],
                }
            ],
        },
    ),
    "budgets/chemistry.yaml": _document(
        "Budget",
        "chemistry",
        {
            "scope": "aurora/*/chemistry",
            "owner": "leads",
            "budget": {
                "period": "monthly",
                "limit": "100.00 EUR",
                "warnAt": ["80%"],
                "stopAt": "100%",
            },
            "quotas": [
                {"measure": "shots", "per": "job", "limit": 5000, "warnAt": ["90%"]},
                {"measure": "jobs", "per": "day", "limit": 10, "warnAt": ["50%", "80%"]},
                {"measure": "shots", "per": "day", "limit": 20000},
                {"measure": "qpuSeconds", "per": "month", "limit": 60},
            ],
            "approval": {
                "above": "2.00 EUR",
                "forClasses": ["qpu"],
                "approvers": "auditors",
                "validFor": "7d",
            },
        },
    ),
    "budgets/guests.yaml": _document(
        "Budget",
        "guests",
        {
            "scope": "aurora",
            "group": "guests",
            "owner": "leads",
            "budget": {"period": "monthly", "limit": "5.00 EUR", "stopAt": "100%"},
        },
    ),
    "budgets/devices.yaml": _document(
        "Budget",
        "devices",
        {
            "scope": "aurora",
            "backends": ["iqm-garnet"],
            "owner": "leads",
            "quotas": [{"measure": "circuits", "per": "job", "limit": 8, "warnAt": ["75%"]}],
        },
    ),
    "budgets/everything.yaml": _document(
        "Budget",
        "everything",
        {
            "scope": "*",
            "owner": "leads",
            "budget": {"period": "yearly", "limit": "50.00 EUR", "warnAt": ["100%"]},
            "approval": {
                "above": "5.00 EUR",
                "forClasses": ["qpu"],
                "approvers": "leads",
                "validFor": "1h",
            },
        },
    ),
    "budgets/more.yaml": _document(
        "BudgetException",
        "more",
        {
            "budget": "chemistry",
            "increase": "10.00 EUR",
            "reason": "a series has to be repeated",
            "requestedBy": "mei@northwind.example",
            "approvedBy": "ines@northwind.example",
            "notBefore": "2026-11-23T12:00:00Z",
            "expires": "2026-11-23T18:00:00Z",
        },
    ),
    "budgets/for-oneself.yaml": _document(
        "BudgetException",
        "for-oneself",
        {
            "budget": "chemistry",
            "increase": "500.00 EUR",
            "reason": "approved by who asked, hence void",
            "requestedBy": "mei@northwind.example",
            "approvedBy": "mei@northwind.example",
            "expires": "2026-12-23T18:00:00Z",
        },
    ),
    "tenants/elevation.yaml": _document(
        "Elevation",
        "tom",
        {
            "subject": "tom@northwind.example",
            "role": "developer",
            "on": "aurora/production",
            "reason": "calibration",
            "ticket": "QGOV-1",
            "approvedBy": "ines@northwind.example",
            "notBefore": "2026-11-23T08:00:00Z",
            "expires": "2026-11-23T12:00:00Z",
        },
    ),
}

MODEL: AccessModel = linked(FILES)

TIMED: AccessModel = linked(
    {
        **{
            path: re.sub(rb'"job": {[^}]*}', b'"job": {}', text)
            for path, text in FILES.items()
            if not path.startswith("budgets/")
        },
        "budgets/campaign.yaml": _document(
            "Budget",
            "campaign",
            {
                "scope": "aurora/*/chemistry",
                "owner": "leads",
                "budget": {
                    "period": {"from": "2026-11-23T10:00:00Z", "until": "2026-11-23T12:00:00Z"},
                    "limit": "10.00 EUR",
                    "warnAt": ["80%"],
                    "stopAt": "100%",
                },
                "quotas": [
                    {"measure": "qpuSeconds", "per": "4w", "limit": 60, "warnAt": ["50%"]},
                    {"measure": "jobs", "per": "once", "limit": 100, "warnAt": ["50%"]},
                    {"measure": "shots", "per": "28d", "limit": 10_000, "warnAt": ["50%"]},
                    {"measure": "circuits", "per": "28d", "limit": 10, "warnAt": ["50%"]},
                    {"measure": "simulatorSeconds", "per": "28d", "limit": 60, "warnAt": ["50%"]},
                ],
            },
        ),
        "budgets/hint.yaml": _document(
            "Budget",
            "hint",
            {
                "scope": "aurora",
                "owner": "leads",
                "budget": {
                    "period": {"from": "2026-11-23T10:00:05Z", "until": "2026-11-23T11:30:00Z"},
                    "limit": "1000.00 EUR",
                    "warnAt": ["50%"],
                },
            },
        ),
        "budgets/note.yaml": _document(
            "Budget",
            "note",
            {
                "scope": "aurora",
                "owner": "leads",
                "budget": {
                    "period": {"from": "2026-11-01", "until": "2026-11-23T10:00:00Z"},
                    "limit": "1.00 EUR",
                },
            },
        ),
        "budgets/more.yaml": _document(
            "BudgetException",
            "more",
            {
                "budget": "campaign",
                "increase": "5.00 EUR",
                "reason": "a series has to be repeated",
                "requestedBy": "mei@northwind.example",
                "approvedBy": "ines@northwind.example",
                "notBefore": "2026-11-23T11:00:00Z",
                "expires": "2026-11-23T18:00:00Z",
            },
        ),
    }
)
"""The same places under a campaign, a window of 28 days and a quota that never starts afresh. No
floor asks for the size of a job, so that only quotas do."""

DEVELOPER: dict[str, Any] = {
    "subject": {
        "type": "user",
        "id": "mei@northwind.example",
        "properties": {"groups": ["developers"], "issuer": ISSUERS["workforce"]},
    },
    "action": {"name": "job:submit"},
    "resource": {
        "type": "job",
        "id": "1",
        "properties": {
            "tenant": "aurora",
            "environment": "sandbox",
            "project": "chemistry",
            "backend": "local-simulator",
        },
    },
    "context": {
        "time": "2026-11-23T10:00:00Z",
        "mfa": True,
        "managed_device": True,
        "country": "DE",
        "token": {"kind": "oidc", "issued_at": "2026-11-23T09:55:00Z", "audience": "qgov"},
        "job": {
            "shots": 1000,
            "circuits": 1,
            "qubits": 2,
            "estimated_cost_micros": 1_750_000,
            "estimated_qpu_seconds": 0,
            "estimated_simulator_seconds": 2,
        },
        "usage": {
            "chemistry": {
                "spent_micros": 60_000_000,
                "jobs/day": 3,
                "shots/day": 3000,
                "qpuSeconds/month": 40,
            },
            "guests": {"spent_micros": 0},
            "everything": {"spent_micros": 10_000_000},
        },
        "elevations": [],
        "approvals": [],
    },
}
"""A developer submits to a simulator in the sandbox: allowed."""


def asking(request: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The request with attributes set by their last names; `...` takes one away. `scope`
    sets the three labels at once, `used` changes what was used of the chemistry's budget."""
    asked = deepcopy(request)
    if (scope := changes.pop("scope", None)) is not None:
        labels = [*filter(None, scope.split("/")), ..., ..., ...]
        changes |= dict(zip(("tenant", "environment", "project"), labels, strict=False))
    for counter, value in changes.pop("used", {}).items():
        asked["context"]["usage"]["chemistry"][counter] = value
        if value is ...:
            del asked["context"]["usage"]["chemistry"][counter]
    places = {
        "type": asked["subject"],
        "id": asked["subject"],
        **dict.fromkeys(("groups", "issuer", "subject"), asked["subject"]["properties"]),
        "action": asked,
        "name": asked["action"],
        **dict.fromkeys(
            ("tenant", "environment", "project", "backend", "owner"),
            asked["resource"]["properties"],
        ),
        **dict.fromkeys(
            ("time", "mfa", "managed_device", "country", "elevations", "job", "usage", "approvals"),
            asked["context"],
        ),
        **dict.fromkeys(DEVELOPER["context"]["job"], asked["context"]["job"]),
        **dict.fromkeys(("kind", "issued_at", "audience"), asked["context"]["token"]),
    }
    for name, value in changes.items():
        if value is ...:
            places[name].pop(name, None)
        else:
            places[name][name] = value
    return asked


def elevation(**changes: Any) -> dict[str, Any]:
    """A sound elevation of the developer in production, with fields set or taken away."""
    given = {
        "subject": "mei@northwind.example",
        "role": "developer",
        "scope": "aurora/production",
        "requested_by": "mei@northwind.example",
        "approved_by": "ines@northwind.example",
        "approver_groups": ["leads"],
        "ticket": "QGOV-118",
        "not_before": "2026-11-23T08:00:00Z",
        "expires": "2026-11-23T12:00:00Z",
        **changes,
    }
    return {name: value for name, value in given.items() if value is not ...}


def approval(**changes: Any) -> dict[str, Any]:
    """A sound approval of an expensive job of the developer, with fields set or taken away."""
    given = {
        "subject": "mei@northwind.example",
        "scope": "aurora/production/chemistry",
        "backend": "iqm-garnet",
        "max_cost_micros": 4_000_000,
        "requested_by": "mei@northwind.example",
        "approved_by": "ines@northwind.example",
        "approver_groups": ["auditors"],
        "approved_at": "2026-11-20T08:00:00Z",
        "expires": "2026-11-24T08:00:00Z",
        **changes,
    }
    return {name: value for name, value in given.items() if value is not ...}


AUDITOR = asking(DEVELOPER, groups=["auditors"], name="audit:read", scope="aurora", backend=...)
"""An auditor reads a tenant's audit log: allowed."""

PIPELINE = asking(
    DEVELOPER,
    type="workload",
    id="aurora/nightly",
    groups=...,
    issuer=CI_ISSUER,
    subject="repo:northwind/aurora:ref:refs/heads/main",
    environment="production",
    backend="iqm-garnet",
    mfa=...,
    managed_device=...,
    country=...,
)
"""A pipeline submits to a device in production: allowed."""
