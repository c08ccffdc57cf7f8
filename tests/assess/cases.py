"""For every item, a repository in each of the three states: documents over the baseline of
`tests/checks`, and templates."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, NamedTuple

from qgov.assess.item import Result, State
from qgov.assess.scorecard import assess
from tests.checks.overlay import laid, model_of

__all__ = ["CASES", "NOW", "TEMPLATES", "result_of"]

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)

TEMPLATES: Final = {
    "templates/tenant.yaml.j2": b"kind: Tenant\nmetadata: {name: {{ tenant }}}\n",
    "templates/budget.yaml.j2": b"kind: Budget\nmetadata: {name: {{ tenant }}}\n",
    "templates/access-test.yaml.j2": b"kind: AccessTest\nspec: {cases: [{% for p in projects %}{{ p }},{% endfor %}]}\n",
    "templates/welcome.md.j2": b"# Welcome to `{{ tenant }}`\n",
}


class Case(NamedTuple):
    """What is laid over the baseline; templates beside it."""

    overlay: str = ""
    templates: dict[str, bytes] = {}  # noqa: RUF012 - a constant of the tests


def result_of(id_: str, case: Case) -> Result:
    """The verdict on one item."""
    model = model_of(laid(case.overlay)[0])
    return next(r for r in assess(model, NOW, case.templates).results if r.item.id == id_)


_LOCAL = """
kind: Organization
metadata: {name: acme}
spec: {identityProviders: {corporate: {login: local}, partners: {login: local}}}
"""
_NO_BUDGET = """
---
kind: Budget
metadata: {name: atlas-chem}
spec: {budget: null, quotas: [{measure: jobs, per: job, limit: 9}]}
---
kind: BudgetException
metadata: {name: atlas-more}
spec: {budget: atlas-chem}
"""
_KEY = """
---
kind: Tenant
metadata: {name: atlas}
spec: {serviceAccounts: [{name: nightly, owner: atlas-leads, staticCredential: {secret: secret://vault/nightly, rotateEvery: 30d}, bindings: [{role: pipeline, on: sandbox/chem}]}]}
"""
_NOBODY = """
kind: Organization
metadata: {name: acme}
spec: {bindings: []}
---
kind: Tenant
metadata: {name: atlas}
spec: {bindings: []}
---
kind: Tenant
metadata: {name: borealis}
spec: {bindings: []}
---
kind: Elevation
metadata: {name: atlas-mei}
spec: {role: developer}
"""
_STANDING = """
kind: Organization
metadata: {name: acme}
spec: {bindings: [{group: platform-admins, role: platform-admin, on: "*"}, {group: platform-auditors, role: auditor, on: "*"}]}
"""
_REVIEWERS = """
kind: Role
metadata: {name: finance}
spec: {permissions: [approval:grant, budget:read]}
---
kind: Organization
metadata: {name: acme}
spec:
  bindings:
    - {group: platform-auditors, role: auditor, on: "*"}
    - {group: finance-approvers, role: finance, on: "*"}
    - {group: platform-admins, role: platform-admin, on: "*", eligible: {approvers: security-leads, maxDuration: 4h, ticket: required}}
---
kind: AccessReview
metadata: {name: finance}
spec: {scope: "*", reviewers: finance-approvers, every: 30d, completed: 2026-11-10}
---
kind: AccessReview
metadata: {name: platform}
spec: {scope: "*", reviewers: platform-admins, every: 30d, completed: 2026-11-10}
"""
_SINKS = """
kind: Organization
metadata: {name: acme}
spec: {auditSinks: SINKS}
"""
_LEAD_QUOTAS = """
kind: Budget
metadata: {name: atlas-all}
spec: {scope: atlas, owner: atlas-leads, quotas: [{measure: jobs, per: day, limit: 9, warnAt: [80%]}]}
---
kind: Budget
metadata: {name: borealis-all}
spec: {scope: borealis, owner: OWNER, quotas: [{measure: jobs, per: day, limit: 9, warnAt: [80%]}]}
"""
_NO_TIER = """
kind: Tenant
metadata: {name: borealis}
spec: {environments: {sandbox: {tier: production}}}
---
kind: Tenant
metadata: {name: atlas}
spec: {environments: {sandbox: {tier: production}, test: {tier: production}}}
"""

CASES: Final[dict[str, dict[State, Case]]] = {
    "identity-federation": {
        State.DONE: Case(),
        State.PARTLY: Case(_KEY),
        State.MISSING: Case(_LOCAL + _KEY),
    },
    "mfa-enforcement": {
        State.DONE: Case(),
        State.PARTLY: Case("""
kind: Organization
metadata: {name: acme}
spec: {floors: {mfa: false}, identityProviders: {corporate: {mfa: enforced}}}
"""),
        State.MISSING: Case("""
kind: Organization
metadata: {name: acme}
spec: {floors: {mfa: false}, identityProviders: {corporate: {mfa: available}, partners: {mfa: available}}}
---
kind: Role
metadata: {name: platform-admin}
spec: {requires: {mfa: false}}
---
kind: Role
metadata: {name: steward}
spec: {requires: {mfa: false}}
"""),
    },
    "role-definitions": {
        State.DONE: Case("""
kind: Role
metadata: {name: researcher}
spec: {permissions: [job:submit, "result:read:own"]}
---
kind: Tenant
metadata: {name: borealis}
spec: {bindings: [{group: borealis-lab, role: researcher, on: sandbox}]}
"""),
        State.PARTLY: Case(),
        State.MISSING: Case(
            _NOBODY
            + """
---
kind: Role
metadata: {name: auditor}
spec: {permissions: [job:read]}
"""
        ),
    },
    "log-export": {
        State.DONE: Case(_SINKS.replace("SINKS", "{siem: null}")),
        State.PARTLY: Case(_SINKS.replace("SINKS", "{siem: null, archive: {streams: [jobs]}}")),
        State.MISSING: Case(_SINKS.replace("SINKS", "{siem: {endpoint: null}, archive: null}")),
    },
    "tiers": {
        State.DONE: Case(),
        State.PARTLY: Case(
            "kind: Tenant\nmetadata: {name: atlas}\nspec: {environments: {test: {tier: sandbox}}}\n"
        ),
        State.MISSING: Case(_NO_TIER),
    },
    "budgets": {
        State.DONE: Case(),
        State.PARTLY: Case(
            "kind: Budget\nmetadata: {name: atlas-chem}\nspec: {budget: {warnAt: []}}\n"
        ),
        State.MISSING: Case(_NO_BUDGET),
    },
    "onboarding": {
        State.DONE: Case(templates=TEMPLATES),
        State.PARTLY: Case(templates={p: t for p, t in TEMPLATES.items() if "tenant" not in p}),
        State.MISSING: Case(templates={"templates/tenant.yaml.j2": b"kind: {{ 'Tenant' + 1 }}"}),
    },
    "just-in-time": {
        State.DONE: Case(),
        State.PARTLY: Case(_STANDING),
        State.MISSING: Case(_NOBODY),
    },
    "dashboard": {
        State.DONE: Case(),
        State.PARTLY: Case(_SINKS.replace("SINKS", "{siem: {streams: [admin]}}")),
        State.MISSING: Case(
            _NOBODY.replace(
                "spec: {bindings: []}", "spec: {bindings: [], auditSinks: {siem: null}}", 1
            )
        ),
    },
    "quotas": {
        State.DONE: Case(_LEAD_QUOTAS.replace("OWNER", "borealis-leads")),
        State.PARTLY: Case(_LEAD_QUOTAS.replace("OWNER", "finance-approvers")),
        State.MISSING: Case(_NO_BUDGET),
    },
    "review": {
        State.DONE: Case(_REVIEWERS),
        State.PARTLY: Case(),
        State.MISSING: Case("""
kind: AccessReview
metadata: {name: everything}
spec: {scope: atlas/sandbox, reviewers: borealis-leads, every: 180d, completed: 2026-01-10}
"""),
    },
    "sso": {
        State.DONE: Case(),
        State.PARTLY: Case("""
kind: Tenant
metadata: {name: borealis}
spec: {bindings: [{user: lab@acme.example, role: developer, on: sandbox}]}
"""),
        State.MISSING: Case("""
kind: Organization
metadata: {name: acme}
spec:
  identityProviders: {corporate: {login: local, sessionLifetime: null}, partners: {login: local, sessionLifetime: 7d}}
  bindings: [{user: root@acme.example, role: platform-admin, on: "*"}]
---
kind: Tenant
metadata: {name: atlas}
spec: {bindings: []}
---
kind: Tenant
metadata: {name: borealis}
spec: {bindings: []}
---
kind: Elevation
metadata: {name: atlas-mei}
spec: {role: developer}
"""),
    },
    "central-policy": {
        State.DONE: Case("""
kind: Organization
metadata: {name: acme}
spec: {review: {low: [platform-admins], medium: [platform-admins], high: [security-leads], critical: [security-leads]}}
"""),
        State.PARTLY: Case(),
        State.MISSING: Case(
            "kind: Organization\nmetadata: {name: acme}\n"
            "spec: {floors: null, guardrails: null, review: null}\n"
        ),
    },
    "siem": {
        State.DONE: Case(),
        State.PARTLY: Case(_SINKS.replace("SINKS", "{siem: null}")),
        State.MISSING: Case(_SINKS.replace("SINKS", "{siem: null, archive: {streams: [jobs]}}")),
    },
    "visible-budgets": {
        State.DONE: Case(
            "kind: Role\nmetadata: {name: auditor}\nspec: {permissions: [audit:read, log:read, budget:read]}\n"
        ),
        State.PARTLY: Case(),
        State.MISSING: Case(
            "kind: Budget\nmetadata: {name: atlas-chem}\nspec: {budget: {warnAt: [100%]}}\n"
        ),
    },
}
