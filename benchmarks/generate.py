"""A deterministic configuration repository of any size: three documents for each tenant.

python benchmarks/generate.py --tenants 3333 DIR
"""

from __future__ import annotations

import argparse
from pathlib import Path

ORGANIZATION = """\
apiVersion: qgov/v1
kind: Organization
metadata: {name: bench, title: A large company}
spec:
  currency: EUR
  identityProviders:
    workforce: {type: keycloak, issuer: https://id.bench.example/realms/quantum, realm: quantum, sessionLifetime: 8h}
  groups:
    platform-admins: {members: 4}
    platform-auditors: {members: 3}
    finance-approvers: {members: 3}
    security-reviewers: {members: 3}
  floors: {mfa: true, maxTokenAge: 12h}
  tiers:
    sandbox: {backendClasses: [simulator]}
    test: {floors: {managedDevice: true, maxTokenAge: 1h}}
    production: {floors: {managedDevice: true, maxTokenAge: 1h}}
  vendors:
    bench: {title: Bench, country: DE, reviewed: 2026-09-01, reviewEvery: 1y}
    iqm: {title: IQM, country: FI, reviewed: 2026-09-01, reviewEvery: 1y}
  backends:
    local-simulator: {cloud: local, vendor: bench, class: simulator, region: local, jurisdiction: on-premises, qubits: 20}
    iqm-garnet:
      {cloud: braket, vendor: iqm, class: qpu, region: eu-north-1, jurisdiction: eu, qubits: 20, limits: {shots: 20000},
       price: {perTask: 0.26 EUR, perShot: 0.00125 EUR, source: generated, asOf: 2026-09-01}}
  queues: {governed: {priority: 500}}
  stores:
    inputs: {type: s3, jurisdiction: eu, owner: platform-admins, holds: [inputs]}
    results: {type: s3, jurisdiction: eu, owner: platform-admins, holds: [results]}
    logs: {type: s3, jurisdiction: eu, owner: platform-auditors, holds: [executionLogs]}
    vault: {type: s3, jurisdiction: eu, owner: platform-auditors, holds: [auditLogs], immutable: true}
  secretsManagers: {vault: {type: vault, maxAge: 90d}}
  auditSinks:
    siem: {type: siem, streams: [jobs, admin], endpoint: https://siem.bench.example/ingest}
    vault: {type: store, streams: [jobs, admin], store: vault, immutable: true}
  review: {high: [security-reviewers], critical: [security-reviewers], exposure: [finance-approvers]}
  incidentResponse: {owner: platform-admins, contact: soc@bench.example, runbook: https://wiki.bench.example/runbook, revokeWithin: 1h}
  bindings:
    - {group: platform-auditors, role: auditor, on: "*"}
    - {group: platform-admins, role: platform-admin, on: "*", eligible: {approvers: security-reviewers, maxDuration: 2h, ticket: required}}
"""

ROLES = {
    "auditor": "{permissions: [audit:read, log:read, policy:read, access:review], requires: {mfa: true}}",
    "developer": "{permissions: [job:submit, job:read, job:cancel:own, input:write, result:read, usage:read],"
    " conflictsWith: [auditor]}",
    "pipeline": "{permissions: [job:submit, job:read:own, result:read:own]}",
    "platform-admin": "{permissions: [policy:write, identity:write], privileged: true,"
    " requires: {mfa: true, managedDevice: true, maxTokenAge: 1h}, conflictsWith: [developer]}",
    "researcher": "{permissions: [job:submit, job:read, input:write, result:read]}",
}

TENANT = """\
apiVersion: qgov/v1
kind: Tenant
metadata: {{name: {name}, title: Tenant number {number}}}
spec:
  owner: {{group: {name}-leads, contact: {name}@bench.example}}
  isolation: shared
  identityProvider: workforce
  residency: [eu]
  costCenter: CC-{number}
  environments:
    sandbox: {{tier: sandbox, backends: [local-simulator], projects: [chemistry, optimisation]}}
    test: {{tier: test, backends: [local-simulator, iqm-garnet], projects: [chemistry], queue: governed}}
    production: {{tier: production, backends: [local-simulator, iqm-garnet], projects: [chemistry], queue: governed}}
  bindings:
    - {{group: {name}-developers, role: developer, on: sandbox}}
    - {{group: {name}-developers, role: developer, on: production, eligible: {{approvers: {name}-leads, maxDuration: 4h, ticket: required}}}}
    - {{group: {name}-researchers, role: researcher, on: sandbox/chemistry}}
    - {{group: {name}-researchers, role: researcher, on: test/chemistry}}
  serviceAccounts:
    - name: nightly
      owner: {name}-leads
      federation:
        issuer: https://token.actions.githubusercontent.com
        audience: qgov
        subject: "repo:bench/{name}:ref:refs/heads/main"
      maxTokenLifetime: 15m
      bindings: [{{role: pipeline, on: sandbox/chemistry}}]
  retention:
    inputs: {{keep: 30d, store: inputs}}
    results: {{keep: 180d, store: results}}
    executionLogs: {{keep: 400d, store: logs}}
    auditLogs: {{keep: 7y, store: vault}}
  clouds:
    braket: {{account: "{number:012d}", resultsBucket: amazon-braket-{name}}}
"""

BUDGET = """\
apiVersion: qgov/v1
kind: Budget
metadata: {{name: {name}}}
spec:
  scope: {name}
  owner: {name}-leads
  budget: {{period: monthly, limit: {limit}.00 EUR, warnAt: [50%, 80%], stopAt: 100%}}
  quotas:
    - {{measure: shots, per: job, limit: 100000}}
    - {{measure: jobs, per: day, limit: 200, warnAt: [80%]}}
    - {{measure: qpuSeconds, per: month, limit: 3600, warnAt: [80%]}}
  approval: {{above: 500.00 EUR, forClasses: [qpu], approvers: finance-approvers, validFor: 7d}}
"""

REVIEW = """\
apiVersion: qgov/v1
kind: AccessReview
metadata: {{name: {name}}}
spec:
  scope: {name}
  reviewers: platform-auditors
  every: 365d
  completed: 2026-10-{day:02d}
  completedBy: reviewer@bench.example
  evidence: https://wiki.bench.example/reviews/{name}
"""


def generate(folder: Path, tenants: int) -> int:
    """Write the repository into `folder`; returns how many documents it has."""
    (folder / "roles").mkdir(parents=True)
    (folder / "budgets").mkdir()
    (folder / "qgov.yaml").write_text(ORGANIZATION)
    for name, spec in ROLES.items():
        text = f"apiVersion: qgov/v1\nkind: Role\nmetadata: {{name: {name}}}\nspec: {spec}\n"
        (folder / "roles" / f"{name}.yaml").write_text(text)
    for number in range(1, tenants + 1):
        name = f"tenant-{number:05d}"
        values = {
            "name": name,
            "number": number,
            "limit": 1000 + number % 977,
            "day": 1 + number % 28,
        }
        home = folder / "tenants" / name
        home.mkdir(parents=True)
        (home / "tenant.yaml").write_text(TENANT.format(**values))
        (home / "access-review.yaml").write_text(REVIEW.format(**values))
        (folder / "budgets" / f"{name}.yaml").write_text(BUDGET.format(**values))
    return 1 + len(ROLES) + 3 * tenants


def main() -> None:
    """Read the arguments and generate."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tenants", type=int, default=3331)
    arguments = parser.parse_args()
    count = generate(arguments.folder, arguments.tenants)
    print(f"{count} documents in {arguments.folder}")


if __name__ == "__main__":
    main()
