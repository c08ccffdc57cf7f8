"""A small company in a git repository, and the plan between two of its commits.

`BASELINE` is a repository (path → text) of one organization, four roles and two tenants that
passes every rule; `changed` edits it; `World` commits it and runs `qgov plan`. Expectations
are written against the lines of the texts below.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from qgov.cli import run
from qgov.plan.make import make_plan
from qgov.plan.plan import Plan
from qgov.plan.reach import Reach
from qgov.plan.sides import Side, load_sides
from qgov.repository import EMPTY, Snapshot

__all__ = [
    "BASELINE",
    "ELEVATION",
    "NOW",
    "RICH",
    "World",
    "changed",
    "line_of",
    "plan_of",
    "rows_of",
    "sides_of",
    "snapshot",
]

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)

_ORGANIZATION = """\
apiVersion: qgov/v1
kind: Organization
metadata: {name: acme}
spec:
  currency: EUR
  identityProviders:
    corporate: {type: keycloak, issuer: https://id.acme.example/realms/quantum, realm: quantum, sessionLifetime: 8h}
  groups:
    admins: {members: 3}
    deputies: {members: 2}
    auditors: {members: 2}
    security: {members: 2}
    finance: {members: 2}
    operators: {members: 4, shared: true}
  floors:
    mfa: true
    maxTokenAge: 12h
    countries: [DE, FI, FR]
    job: {shots: 50000}
  tiers:
    sandbox: {backendClasses: [simulator]}
    production:
      floors: {managedDevice: true, maxTokenAge: 8h, job: {circuits: 100}}
  vendors:
    acme: {title: Acme, country: DE, reviewed: 2026-06-01, reviewEvery: 1y}
    iqm: {title: IQM, country: FI, reviewed: 2026-06-01, reviewEvery: 1y}
    ionq: {title: IonQ, country: US, reviewed: 2026-06-01, reviewEvery: 1y}
  backends:
    simulator: {cloud: local, vendor: acme, class: simulator, region: local, jurisdiction: on-premises, qubits: 20}
    garnet:
      cloud: braket
      vendor: iqm
      class: qpu
      region: eu-north-1
      jurisdiction: eu
      qubits: 20
      price: {perTask: 0.30 EUR, source: Amazon Braket pricing, asOf: 2026-09-01}
    forte:
      cloud: braket
      vendor: ionq
      class: qpu
      region: us-east-1
      jurisdiction: us
      qubits: 36
      limits: {shots: 5000}
      price: {perTask: 0.30 EUR, source: Amazon Braket pricing, asOf: 2026-09-01}
  queues:
    governed: {priority: 500}
  stores:
    atlas-data: {type: s3, jurisdiction: eu, owner: atlas-leads, holds: [inputs, results], tenant: atlas}
    borealis-data: {type: s3, jurisdiction: eu, owner: borealis-leads, holds: [inputs, results], tenant: borealis}
    logs: {type: s3, jurisdiction: eu, owner: admins, holds: [executionLogs]}
    audit-vault: {type: s3, jurisdiction: eu, owner: auditors, holds: [auditLogs], immutable: true}
  auditSinks:
    archive: {type: store, streams: [jobs, admin], store: audit-vault, immutable: true}
  review:
    low: [operators]
    medium: [security]
    high: [admins]
    critical: [admins, security]
    exposure: [finance]
  bindings:
    - {group: admins, role: administrator, on: "*", eligible: {approvers: security, maxDuration: 4h, ticket: required}}
    - {group: deputies, role: administrator, on: "*", eligible: {approvers: security, maxDuration: 2h, ticket: required}}
    - {group: auditors, role: auditor, on: "*"}
"""

_ROLES = {
    "administrator": """\
apiVersion: qgov/v1
kind: Role
metadata: {name: administrator}
spec:
  permissions: [policy:read, policy:write, secret:rotate]
  requires: {mfa: true, managedDevice: true, maxTokenAge: 1h}
  privileged: true
""",
    "auditor": """\
apiVersion: qgov/v1
kind: Role
metadata: {name: auditor}
spec:
  permissions: [audit:read, policy:read]
  requires: {maxTokenAge: 4h}
  conflictsWith: [developer]
""",
    "developer": """\
apiVersion: qgov/v1
kind: Role
metadata: {name: developer}
spec:
  permissions:
    - job:submit
    - job:read
    - job:cancel:own
    - result:read
  requires:
    maxTokenAge: 10h
""",
    "reader": """\
apiVersion: qgov/v1
kind: Role
metadata: {name: reader}
spec:
  permissions: [usage:read, log:read]
""",
}


def _tenant(name: str, account: int) -> str:
    return f"""\
apiVersion: qgov/v1
kind: Tenant
metadata: {{name: {name}}}
spec:
  owner: {{group: {name}-leads, contact: leads@{name}.example}}
  isolation: shared
  identityProvider: corporate
  residency: [eu]
  environments:
    sandbox:
      tier: sandbox
      backends: [simulator]
      projects: [chemistry, optimisation]
    test:
      tier: test
      backends: [simulator, garnet]
      projects: [chemistry]
      floors: {{managedDevice: true, maxTokenAge: 8h}}
    production:
      tier: production
      backends: [simulator, garnet]
      projects: [chemistry]
      queue: governed
  bindings:
    - {{group: {name}-developers, role: developer, on: sandbox}}
    - {{group: {name}-developers, role: developer, on: test}}
    - {{group: {name}-developers, role: developer, on: production, eligible: {{approvers: {name}-leads, maxDuration: 4h, ticket: required}}}}
    - {{group: {name}-leads, role: reader, on: "*"}}
    - {{group: operators, role: reader, on: "*"}}
  serviceAccounts:
    - name: nightly
      owner: {name}-leads
      federation: {{issuer: https://token.actions.githubusercontent.com, audience: qgov, subject: "repo:acme/{name}:ref:refs/heads/main"}}
      maxTokenLifetime: 15m
      bindings: [{{role: developer, on: sandbox/chemistry}}]
  retention:
    inputs: {{keep: 30d, store: {name}-data}}
    results: {{keep: 180d, store: {name}-data}}
    executionLogs: {{keep: 400d, store: logs}}
    auditLogs: {{keep: 7y, store: audit-vault}}
  clouds:
    braket: {{account: "{account}"}}
"""


def _budget(tenant: str) -> str:
    return f"""\
apiVersion: qgov/v1
kind: Budget
metadata: {{name: {tenant}}}
spec:
  scope: {tenant}
  owner: {tenant}-leads
  budget: {{period: monthly, limit: 1000.00 EUR, warnAt: [80%], stopAt: 100%}}
  approval: {{above: 50.00 EUR, approvers: finance, validFor: 7d}}
"""


BASELINE: dict[str, str] = {
    "qgov.yaml": _ORGANIZATION,
    **{f"roles/{name}.yaml": text for name, text in _ROLES.items()},
    "tenants/atlas.yaml": _tenant("atlas", 410000000101),
    "tenants/borealis.yaml": _tenant("borealis", 410000000102),
    "budgets/atlas.yaml": _budget("atlas"),
    "budgets/borealis.yaml": _budget("borealis"),
}
"""The repository that the cases edit."""

ELEVATION = """\
apiVersion: qgov/v1
kind: Elevation
metadata: {name: atlas-mei}
spec:
  subject: mei@acme.example
  role: developer
  on: atlas/production
  reason: calibration
  ticket: Q-1
  requestedBy: mei@acme.example
  approvedBy: ines@acme.example
  notBefore: 2026-11-24T08:00:00Z
  expires: 2026-11-24T12:00:00Z
"""
"""Somebody who may work in production for four hours of the next day."""

_RICH = Path(__file__).parent / "rich"
RICH: dict[str, str] = {
    path.relative_to(_RICH).as_posix(): path.read_text(encoding="utf-8")
    for path in sorted(_RICH.rglob("*.yaml"))
}
"""A repository that says every field of the language at least once. It can be understood, and
breaks some rules."""


def changed(
    files: Mapping[str, str], edits: Mapping[str, Mapping[str, str] | str | None]
) -> dict[str, str]:
    """The files with some replaced (text), removed (None) or edited (old → new, each of
    which must occur exactly once)."""
    found = dict(files)
    for path, edit in edits.items():
        if edit is None:
            del found[path]
        elif isinstance(edit, str):
            found[path] = edit
        else:
            for old, new in edit.items():
                assert found[path].count(old) == 1, f"{path}: {old!r} is not there once"
                found[path] = found[path].replace(old, new)
    return found


def line_of(files: Mapping[str, str], path: str, text: str) -> str:
    """`path:line` of the only line that holds a text."""
    lines = [n for n, line in enumerate(files[path].splitlines(), 1) if text in line]
    assert len(lines) == 1, f"{path}: {text!r} stands on the lines {lines}"
    return f"{path}:{lines[0]}"


def snapshot(files: Mapping[str, str] | None, ref: str = "") -> Snapshot:
    """Files as a snapshot, without git: blobs are named by their text. None: empty."""
    if files is None:
        return EMPTY
    return Snapshot(
        ref, None, NOW, dict(files), lambda paths: {path: files[path].encode() for path in paths}
    )


def sides_of(
    before: Mapping[str, str] | None, after: Mapping[str, str] | None, *, whole: bool = False
) -> tuple[Side, Side, Reach]:
    """Both sides of a change, loaded as far as it reaches."""
    return load_sides(snapshot(before, "base"), snapshot(after, "head"), {}, NOW, whole=whole)


def plan_of(
    before: Mapping[str, str] | None, after: Mapping[str, str] | None, **options: Any
) -> Plan:
    """The plan of a change, without git. Both sides must be readable."""
    base, head, reach = sides_of(before, after, whole="horizon_s" in options)
    assert base.readable, base.findings
    assert head.readable, head.findings
    return make_plan(base, head, reach, now=NOW, **options)


def rows_of(plan: Plan) -> set[tuple[str, str, str, tuple[str, ...], str]]:
    """(principal, permission, scope, backends, change) of every row."""
    return {
        (c.row.principal, c.row.permission, c.row.scope, c.row.backends, str(c.row.change))
        for c in plan.access
    }


@dataclass(frozen=True, slots=True)
class World:
    """A git repository in a folder, with a fixed author and clock."""

    root: Path

    @classmethod
    def at(cls, root: Path, files: Mapping[str, str] | None = None) -> World:
        """A fresh repository, with a first commit where files are given."""
        root.mkdir(parents=True, exist_ok=True)
        world = cls(root)
        world.git("init", "--quiet", "--initial-branch=main")
        if files is not None:
            world.commit(files)
        return world

    def git(self, *arguments: str) -> str:
        """Run git and return what it prints."""
        names = {
            "GIT_AUTHOR_NAME": "Mei",
            "GIT_AUTHOR_EMAIL": "mei@acme.example",
            "GIT_COMMITTER_NAME": "Mei",
            "GIT_COMMITTER_EMAIL": "mei@acme.example",
            "GIT_AUTHOR_DATE": NOW.isoformat(),
            "GIT_COMMITTER_DATE": NOW.isoformat(),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "HOME": str(self.root),
        }
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.root,
            env={**os.environ, **names},
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    def write(self, files: Mapping[str, str]) -> None:
        """Make the work tree hold these files and no other."""
        listed = self.git("ls-files", "-z", "--cached", "--others").split("\0")
        for path in {*listed} - {""}:
            (self.root / path).unlink(missing_ok=True)
        for path, text in files.items():
            full = self.root / path
            full.parent.mkdir(parents=True, exist_ok=True)
            full.write_text(text, encoding="utf-8")

    def commit(self, files: Mapping[str, str]) -> str:
        """Commit exactly these files; returns the commit."""
        self.write(files)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message=change")
        return self.git("rev-parse", "HEAD").strip()

    def plan(self, *arguments: str, root: str = ".") -> tuple[int, str, str]:
        """`qgov plan` in this process: its status, standard output and standard error."""
        bytes_ = io.BytesIO(), io.BytesIO()
        fresh = tuple(map(io.TextIOWrapper, bytes_))
        kept = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = fresh
        try:
            status = run(["plan", "--root", str(self.root / root), *arguments])
        finally:
            sys.stdout, sys.stderr = kept
        for stream in fresh:
            stream.flush()
        out, err = (content.getvalue().decode() for content in bytes_)
        return status, out, err

    def plan_json(self, *arguments: str) -> dict[str, Any]:
        """The document `qgov/plan/v1` of a plan that must come about."""
        status, out, err = self.plan("--format", "json", *arguments)
        assert out, (status, err)
        found: dict[str, Any] = json.loads(out)
        return found
