"""Every field of a document that changes is told once, with its concern and direction."""

from __future__ import annotations

import pytest

from qgov.language.documents import Document, read_documents
from qgov.plan.fields import field_changes

BUDGET = """\
apiVersion: qgov/v1
kind: Budget
metadata: {name: chemistry}
spec:
  scope: aurora/*/chemistry
  owner: leads
  budget: {period: monthly, limit: 100.00 EUR, warnAt: [50%, 80%], stopAt: 100%}
  quotas:
    - {measure: shots, per: job, limit: 1000}
    - {measure: jobs, per: day, limit: 10, warnAt: [80%]}
  approval: {above: 50.00 EUR, approvers: finance, validFor: 7d}
"""
ORGANIZATION = """\
apiVersion: qgov/v1
kind: Organization
metadata: {name: northwind}
spec:
  currency: EUR
  identityProviders:
    workforce: {type: keycloak, issuer: "https://id.example/a", mfa: enforced}
  groups:
    leads: {members: 3}
  floors: {mfa: true, countries: [AT, DE]}
  backends:
    sim: {cloud: local, vendor: us, class: simulator, region: here, jurisdiction: eu, qubits: 5}
  stores:
    vault: {type: s3, jurisdiction: eu, owner: leads, holds: [auditLogs], encryption: customer-key}
  auditSinks:
    siem: {type: siem, streams: [jobs, admin], endpoint: "https://siem.example"}
  review: {critical: [leads]}
  guardrails:
    never:
      - {name: nobody, why: Because., permissions: ["job:submit"], scopes: [aurora]}
    always:
      - {name: somebody, why: Always., permissions: ["job:cancel"], scopes: [borealis]}
  queues:
    governed: {priority: 5, whenFull: refuse, maxPending: 10}
  compliance:
    frameworks:
      house: {title: House, retention: {auditLogs: {min: 1y}}}
  tiers:
    production: {floors: {mfa: true}}
"""
TENANT = """\
apiVersion: qgov/v1
kind: Tenant
metadata: {name: aurora}
spec:
  owner: {group: leads, contact: leads@northwind.example}
  isolation: shared
  identityProvider: workforce
  residency: [eu]
  environments:
    sandbox: {tier: sandbox, floors: {job: {shots: 10}}}
  bindings:
    - {group: leads, role: reader, on: "*", requires: {mfa: true}}
  retention:
    inputs: {keep: 30d, store: vault}
    results: {keep: 180d, store: vault}
    executionLogs: {keep: 400d, store: vault}
    auditLogs: {keep: 7y, store: vault}
"""


WINDOW = BUDGET.replace("period: monthly", "period: 28d")
CAMPAIGN = BUDGET.replace("period: monthly", "period: {from: 2026-03-01, until: 2026-06-01}")


def document(text: str) -> Document:
    documents, findings = read_documents({"one.yaml": text.encode()})
    assert findings == []
    (found,) = documents.valid
    return found


@pytest.mark.parametrize(
    ("text", "old", "new", "told"),
    [
        (BUDGET, "period: monthly", "period: yearly", "money spec.budget.period stricter"),
        (BUDGET, "period: monthly", "period: quarterly", "money spec.budget.period stricter"),
        (BUDGET, "period: monthly", "period: once", "money spec.budget.period stricter"),
        (BUDGET, "period: monthly", "period: 31d", "money spec.budget.period stricter"),
        (BUDGET, "period: monthly", "period: 28d", "money spec.budget.period different"),
        (BUDGET, "period: monthly", "period: {from: 2026-03-01, until: 2026-06-01}",
         "money spec.budget.period different"),
        (WINDOW, "period: 28d", "period: 7d", "money spec.budget.period looser"),
        (WINDOW, "period: 28d", "period: 29d", "money spec.budget.period stricter"),
        (WINDOW, "period: 28d", "period: once", "money spec.budget.period stricter"),
        (CAMPAIGN, "until: 2026-06-01", "until: 2026-06-02", "money spec.budget.period looser"),
        (CAMPAIGN, "from: 2026-03-01", "from: 2026-03-02", "money spec.budget.period stricter"),
        (CAMPAIGN, "{from: 2026-03-01", "{from: 2026-02-01", "money spec.budget.period looser"),
        (CAMPAIGN, "from: 2026-03-01, until: 2026-06-01", "from: 2026-04-01, until: 2026-07-01",
         "money spec.budget.period different"),
        (BUDGET, "limit: 100.00", "limit: 99.99", "money spec.budget.limit stricter"),
        (BUDGET, "limit: 100.00 EUR", "limit: 100.00 USD", "money spec.budget.limit different"),
        (BUDGET, ", stopAt: 100%", "", "money spec.budget.stopAt looser"),
        (BUDGET, "stopAt: 100%", "stopAt: 90%", "money spec.budget.stopAt stricter"),
        (BUDGET, "[50%, 80%]", "[80%]", "money spec.budget.warnAt looser"),
        (BUDGET, "[50%, 80%]", "[80%, 60%]", "money spec.budget.warnAt different"),
        (BUDGET, "limit: 1000}", "limit: 1001}", "money spec.quotas[shots job].limit looser"),
        (BUDGET, "per: day", "per: 28d", "money spec.quotas[jobs 28d].per stricter"),
        (BUDGET, "per: day", "per: 12h", "money spec.quotas[jobs 12h].per different"),
        (BUDGET, "per: day", "per: once", "money spec.quotas[jobs once].per stricter"),
        (BUDGET, "    - {measure: shots, per: job, limit: 1000}\n", "",
         "money spec.quotas[shots job] looser"),
        (BUDGET, "  approval: {above: 50.00 EUR, approvers: finance, validFor: 7d}\n", "",
         "money spec.approval looser"),
        (BUDGET, "approvers: finance", "approvers: leads", "money spec.approval.approvers different"),
        (BUDGET, "owner: leads", "owner: others", "rules spec.owner different"),
        (ORGANIZATION, "example/a", "example/b",
         "trust spec.identityProviders.workforce.issuer different"),
        (ORGANIZATION, "mfa: enforced", "mfa: available",
         "trust spec.identityProviders.workforce.mfa looser"),
        (ORGANIZATION, "mfa: enforced", "sessionLifetime: 8h",
         "trust spec.identityProviders.workforce.sessionLifetime stricter"),
        (ORGANIZATION, "mfa: enforced", "tokens: {age: sign-in}",
         "trust spec.identityProviders.workforce.tokens.age stricter"),
        (ORGANIZATION, "mfa: enforced", "tokens: {person: oid}",
         "trust spec.identityProviders.workforce.tokens.person different"),
        (ORGANIZATION, "mfa: enforced", "tokens: {algorithms: [RS256]}",
         "trust spec.identityProviders.workforce.tokens.algorithms stricter"),
        (ORGANIZATION, "members: 3", "members: 2", "rules spec.groups.leads.members looser"),
        (ORGANIZATION, "members: 3", "members: 3, identityProvider: workforce",
         "trust spec.groups.leads.identityProvider different"),
        (ORGANIZATION, "mfa: true, ", "", "access spec.floors.mfa looser"),
        (ORGANIZATION, "[AT, DE]", "[AT, DE, FR]", "access spec.floors.countries looser"),
        (ORGANIZATION, ", countries: [AT, DE]", "", "access spec.floors.countries looser"),
        (ORGANIZATION, "customer-key", "none", "records spec.stores.vault.encryption looser"),
        (ORGANIZATION, "[jobs, admin]", "[jobs]", "records spec.auditSinks.siem.streams looser"),
        (ORGANIZATION, "{critical: [leads]}", "{}", "rules spec.review.critical looser"),
        (ORGANIZATION, "scopes: [aurora]", "scopes: [other]",
         "rules spec.guardrails.never[nobody].scopes different"),
        (ORGANIZATION, "scopes: [aurora]", "scopes: [aurora, borealis]",
         "rules spec.guardrails.never[nobody].scopes stricter"),
        (ORGANIZATION, "scopes: [aurora]", 'scopes: [aurora], exceptPrincipals: ["group:a"]',
         "rules spec.guardrails.never[nobody].exceptPrincipals looser"),
        (ORGANIZATION, "scopes: [aurora]", "scopes: [aurora], standingOnly: true",
         "rules spec.guardrails.never[nobody].standingOnly looser"),
        (ORGANIZATION, "scopes: [aurora]", "scopes: [aurora], backends: [sim]",
         "rules spec.guardrails.never[nobody].backends different"),
        (ORGANIZATION, '["job:submit"]', '["job:submit", "job:cancel"]',
         "rules spec.guardrails.never[nobody].permissions stricter"),
        (ORGANIZATION, '["job:cancel"]', '["job:cancel", "job:cancel:own"]',
         "rules spec.guardrails.always[somebody].permissions different"),
        (ORGANIZATION, "scopes: [borealis]", "scopes: [borealis, aurora]",
         "rules spec.guardrails.always[somebody].scopes looser"),
        (ORGANIZATION, "scopes: [borealis]", 'scopes: [borealis], exceptPrincipals: ["group:a"]',
         "rules spec.guardrails.always[somebody].exceptPrincipals stricter"),
        (ORGANIZATION, "scopes: [borealis]", "scopes: [borealis], standingOnly: true",
         "rules spec.guardrails.always[somebody].standingOnly stricter"),
        (ORGANIZATION, "maxPending: 10", "maxPending: 11",
         "operations spec.queues.governed.maxPending looser"),
        (ORGANIZATION, ", maxPending: 10", "", "operations spec.queues.governed.maxPending looser"),
        (ORGANIZATION, "whenFull: refuse", "whenFull: wait",
         "operations spec.queues.governed.whenFull looser"),
        (ORGANIZATION, ", retention: {auditLogs: {min: 1y}}", "",
         "rules spec.compliance.frameworks.house.retention.auditLogs looser"),
        (ORGANIZATION, "      house: {title: House, retention: {auditLogs: {min: 1y}}}\n",
         "      house: {title: House, retention: {auditLogs: {min: 1y}}}\n      own: {title: Own}\n",
         "words spec.compliance.frameworks.own stricter"),
        (ORGANIZATION, "mfa: enforced", "tokens: {country: {claim: ctry}}",
         "trust spec.identityProviders.workforce.tokens.country looser"),
        (ORGANIZATION, "  tiers:\n    production: {floors: {mfa: true}}\n", "",
         "access spec.tiers.production looser"),
        (TENANT, "keep: 30d", "keep: 31d", "records spec.retention.inputs.keep looser"),
        (TENANT, "keep: 180d", "keep: 1d", "records spec.retention.results.keep stricter"),
        (TENANT, "keep: 400d", "keep: 401d", "records spec.retention.executionLogs.keep stricter"),
        (TENANT, "keep: 7y", "keep: 60d", "records spec.retention.auditLogs.keep looser"),
        (TENANT, "    auditLogs: {keep: 7y, store: vault}\n", "",
         "records spec.retention.auditLogs looser"),
        (TENANT, ", floors: {job: {shots: 10}}", "",
         "access spec.environments.sandbox.floors looser"),
        (TENANT, "job: {shots: 10}", "mfa: false", "access spec.environments.sandbox.floors.job looser"),
        (TENANT, ", requires: {mfa: true}", "", "access spec.bindings[leads reader *].requires looser"),
        (ORGANIZATION, "class: simulator", "class: qpu", "access spec.backends.sim.class different"),
        (ORGANIZATION, "why: Because.", "why: Why not.",
         "words spec.guardrails.never[nobody].why different"),
    ],
)  # fmt: skip
def test_one_edit_is_one_change(text: str, old: str, new: str, told: str) -> None:
    assert text.count(old) == 1
    (change,) = field_changes(document(text), document(text.replace(old, new)))
    assert f"{change.concern} {change.field} {change.direction}" == told
    assert change.before != change.after


@pytest.mark.parametrize(
    ("text", "old", "new"),
    [
        (BUDGET, "[50%, 80%]", "[80%, 50%]"),
        (BUDGET, "validFor: 7d", "validFor: 168h"),
        (BUDGET, "limit: 100.00 EUR", "limit: 100.0 EUR"),
        (BUDGET, "approvers: finance,", "approvers: finance, forClasses: [qpu],"),
        (ORGANIZATION, "mfa: enforced", "mfa: enforced, protocol: oidc, login: sso"),
        (ORGANIZATION, "qubits: 5", "qubits: 5, limits: {}"),
        (ORGANIZATION, "[AT, DE]", "[DE, AT]"),
    ],
)
def test_what_means_the_same_is_no_change(text: str, old: str, new: str) -> None:
    assert text.count(old) == 1
    assert field_changes(document(text), document(text.replace(old, new))) == []


def test_a_quota_of_single_jobs_is_none_that_counts() -> None:
    found = field_changes(document(BUDGET), document(BUDGET.replace("per: day", "per: job")))
    assert [(c.field, str(c.direction)) for c in found] == [
        ("spec.quotas[jobs day]", "looser"),
        ("spec.quotas[jobs job]", "stricter"),
    ]


def test_of_several_quotas_no_period_is_taken_for_anothers() -> None:
    two = "{measure: jobs, per: day, limit: 10}, {measure: jobs, per: month, limit: 90}"
    one = "{measure: jobs, per: 7d, limit: 40}"
    texts = (BUDGET[: BUDGET.index("  quotas:")] + f"  quotas: [{each}]\n" for each in (two, one))
    found = field_changes(*map(document, texts))
    assert [c.field for c in found] == [
        f"spec.quotas[jobs {per}]" for per in ("day", "month", "7d")
    ]


def test_quotas_in_another_order_are_the_same() -> None:
    lines = BUDGET.splitlines(keepends=True)
    swapped = "".join([*lines[:8], lines[9], lines[8], *lines[10:]])
    assert field_changes(document(BUDGET), document(swapped)) == []


def test_a_document_that_goes_is_told_by_what_it_was_about() -> None:
    found = field_changes(document(BUDGET), None)
    assert [(c.concern, c.field, c.direction, c.side) for c in found] == [
        ("money", "spec.budget", "looser", "base"),
        ("money", "spec.quotas[shots job]", "looser", "base"),
        ("money", "spec.quotas[jobs day]", "looser", "base"),
        ("money", "spec.approval", "looser", "base"),
        ("money", "spec", "looser", "base"),
        ("rules", "spec", "looser", "base"),
    ]
    assert found[0].before == {
        "period": "monthly",
        "limit": "100.00 EUR",
        "warnAt": ["50%", "80%"],
        "stopAt": "100%",
    }


def test_a_change_stands_at_its_line() -> None:
    (change,) = field_changes(
        document(ORGANIZATION), document(ORGANIZATION.replace("example/a", "example/b"))
    )
    assert (change.before, change.after) == ("https://id.example/a", "https://id.example/b")
    assert str(change.origin) == "one.yaml:7:41"
    assert change.side == "head"
