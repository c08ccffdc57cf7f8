"""The guide that the rules come from: its parts by a short name, and its sections."""

from __future__ import annotations

from typing import Final

__all__ = ["SECTIONS"]

IDENTITY_FIRST: Final = "Identity-first access over shared logins"
ISOLATION: Final = "Tenant isolation and workload separation"
SCALABILITY: Final = "Scalability without losing control"
ROLES: Final = "Recommended roles for quantum cloud governance"
JUST_IN_TIME: Final = "Group-based permissions and just-in-time elevation"
WORKLOADS: Final = "When to use service accounts and workload identities"
SSO: Final = "Use SSO and federation as the default"
MFA: Final = "Enforce MFA and conditional access"
TOKENS: Final = "Short-lived tokens and secret hygiene"
TENANTS: Final = "Single tenant vs multi-tenant tradeoffs"
TIERS: Final = "Sandbox, shared test, and production-like tiers"
DATA: Final = "Data separation and result handling"
LOGGING: Final = "What to log"
QUERYABLE: Final = "Keep logs structured and queryable"
RETENTION: Final = "Retention, tamper resistance, and evidence handling"
OBLIGATIONS: Final = "Map controls to real obligations"
VENDORS: Final = "Vendor risk and data residency"
EVIDENCE: Final = "Evidence packs for security reviews"
COSTS: Final = "Why costs behave differently in quantum cloud"
BUDGETS: Final = "Budgets, quotas, and approval thresholds"
SHOWBACK: Final = "Chargeback and showback models"
ONBOARDING: Final = "Onboarding workflows that scale"
API_FIRST: Final = "API-first administration"
QUEUES: Final = "Capacity planning and queue strategy"
COMPONENTS: Final = "Core components"
LIFECYCLE: Final = "Lifecycle flow"
TOOLING: Final = "Tooling alignment with developer workflows"
FOUNDATION: Final = "30-day foundation plan"
MATURITY: Final = "90-day operational maturity plan"
GOOD: Final = "What “good” looks like after the pilot"

SECTIONS: Final[dict[str, tuple[str, ...]]] = {
    "1) What “secure and scalable access” means in quantum cloud services": (
        IDENTITY_FIRST,
        ISOLATION,
        SCALABILITY,
    ),
    "2) Build the access model around roles, not people": (ROLES, JUST_IN_TIME, WORKLOADS),
    "3) Authentication patterns that reduce risk without killing developer velocity": (
        SSO,
        MFA,
        TOKENS,
    ),
    "4) Tenancy design: how to separate teams, experiments, and regulated work": (
        TENANTS,
        TIERS,
        DATA,
    ),
    "5) Auditability: the difference between “we think” and “we know”": (
        LOGGING,
        QUERYABLE,
        RETENTION,
    ),
    "6) Compliance controls that enterprises actually care about": (OBLIGATIONS, VENDORS, EVIDENCE),
    "7) Cost controls and usage governance for quantum workloads": (COSTS, BUDGETS, SHOWBACK),
    "8) Scaling the platform: from pilot to enterprise service": (ONBOARDING, API_FIRST, QUEUES),
    "9) Reference architecture for secure quantum access": (COMPONENTS, LIFECYCLE, TOOLING),
    "10) Practical checklist: what admins should implement first": (FOUNDATION, MATURITY, GOOD),
}
"""The sections in their order, each with its parts; `Rule.guide` is a part."""
