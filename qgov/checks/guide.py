"""The sections of the guide that the rules come from, in its order and words."""

from __future__ import annotations

from typing import Final

__all__ = ["SECTIONS"]

SECTIONS: Final[dict[str, tuple[str, ...]]] = {
    "1) What “secure and scalable access” means in quantum cloud services": (
        "Identity-first access over shared logins",
        "Tenant isolation and workload separation",
        "Scalability without losing control",
    ),
    "2) Build the access model around roles, not people": (
        "Recommended roles for quantum cloud governance",
        "Group-based permissions and just-in-time elevation",
        "When to use service accounts and workload identities",
    ),
    "3) Authentication patterns that reduce risk without killing developer velocity": (
        "Use SSO and federation as the default",
        "Enforce MFA and conditional access",
        "Short-lived tokens and secret hygiene",
    ),
    "4) Tenancy design: how to separate teams, experiments, and regulated work": (
        "Single tenant vs multi-tenant tradeoffs",
        "Sandbox, shared test, and production-like tiers",
        "Data separation and result handling",
    ),
    "5) Auditability: the difference between “we think” and “we know”": (
        "What to log",
        "Keep logs structured and queryable",
        "Retention, tamper resistance, and evidence handling",
    ),
    "6) Compliance controls that enterprises actually care about": (
        "Map controls to real obligations",
        "Vendor risk and data residency",
        "Evidence packs for security reviews",
    ),
    "7) Cost controls and usage governance for quantum workloads": (
        "Why costs behave differently in quantum cloud",
        "Budgets, quotas, and approval thresholds",
        "Chargeback and showback models",
    ),
    "8) Scaling the platform: from pilot to enterprise service": (
        "Onboarding workflows that scale",
        "API-first administration",
        "Capacity planning and queue strategy",
    ),
    "9) Reference architecture for secure quantum access": (
        "Core components",
        "Lifecycle flow",
        "Tooling alignment with developer workflows",
    ),
    "10) Practical checklist: what admins should implement first": (
        "30-day foundation plan",
        "90-day operational maturity plan",
        "What “good” looks like after the pilot",
    ),
}
"""Titles of the parts of each section; `Rule.guide` is one of them."""
