"""How automation is known and what it may do: QG60x."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from qgov.checks.facts import answering, found_at, high_risk, ticks
from qgov.checks.rule import Found, Rule
from qgov.finding import Severity
from qgov.language.permissions import CATALOGUE, Level
from qgov.language.scalars import format_duration
from qgov.model.access_model import AccessModel, Binding, Workload

__all__ = ["RULES"]

HOUR: Final = 3600
_FOREIGN_AUDIENCE: Final = re.compile(
    r"sts\.amazonaws\.com|api://AzureADTokenExchange|https://github\.com/.*|sigstore"
    r"|(?:https:)?//iam\.googleapis\.com/.*|https://sts\.googleapis\.com/?.*|pypi"
)
"""Audiences of other relying parties: AWS STS, Entra, GitHub's default, Google, Sigstore, PyPI."""
_ANYBODYS_SUBJECT: Final = re.compile(
    r"repo:[^:]*:pull_request|repo:[^:]*|repo:[^:]*:\*|repo:[^:]*:ref:(?:\*|refs/\*|refs/heads/\*+)"
    r"|project_path:[^:]*(?::\*|:ref_type:branch:ref:\*)?"
)
"""Subjects of GitHub and GitLab that every branch or pull request of a repository produces."""


def _unknown(model: AccessModel, _now: datetime) -> Iterator[Found]:
    for name, workload in model.workloads.items():
        if workload.spec.static_credential is not None:
            yield found_at(workload.source, f"`{name}` uses a long-lived key", "staticCredential")
        elif workload.issuer is None:
            yield found_at(
                workload.source, f"`{name}` has no federation, so nothing proves who it is", "name"
            )


def _several_projects(model: AccessModel, _now: datetime) -> Iterator[Found]:
    if not model.workloads:
        return
    for_jobs = {
        name
        for name, role in model.roles.items()
        if any(CATALOGUE[p].level is Level.PROJECT for p in role.permissions)
    }
    projects: dict[str, set[str]] = defaultdict(set)
    for binding in _of_workloads(model):
        if binding.role not in for_jobs:
            continue
        labels = binding.scope.split("/")
        if len(labels) < 3:
            yield found_at(
                binding.source,
                f"`{binding.principal}` holds `{binding.role}` in every "
                f"project of `{binding.scope}`",
                "on",
            )
            continue
        known = projects[binding.principal]
        known.add(labels[2])
        if len(known) > 1:
            yield found_at(
                binding.source,
                f"`{binding.principal}` works in the projects {ticks(sorted(known))}",
                "on",
            )


def _of_workloads(model: AccessModel) -> Iterator[Binding]:
    for binding in model.bindings:
        if binding.principal.startswith("workload:"):
            yield binding


def _ownerless(model: AccessModel, _now: datetime) -> Iterator[Found]:
    strangers = [
        (name, workload)
        for name, workload in model.workloads.items()
        if workload.spec.owner != model.tenants[workload.tenant].spec.owner.group
    ]
    known = answering(model) if strangers else frozenset()
    for name, workload in strangers:
        if workload.spec.owner not in known:
            yield found_at(
                workload.source,
                f"the owner `{workload.spec.owner}` of `{name}` holds no role and is not declared",
                "owner",
            )


def _long_tokens(model: AccessModel, _now: datetime) -> Iterator[Found]:
    for name, workload in model.workloads.items():
        lifetime = workload.max_token_age_s
        if lifetime is None:
            yield found_at(workload.source, f"tokens of `{name}` serve at any age", "name")
        elif lifetime > HOUR:
            yield found_at(
                workload.source,
                f"tokens of `{name}` serve for {format_duration(lifetime)}",
                "maxTokenLifetime",
            )


def _wildcard(model: AccessModel, _now: datetime) -> Iterator[Found]:
    for name, workload in model.workloads.items():
        subject = workload.subject
        if subject and "*" in subject and not _ANYBODYS_SUBJECT.fullmatch(subject):
            yield found_at(
                workload.source,
                f"`{name}` is whoever's token matches `{subject}`",
                "federation",
                "subject",
            )


def _anybodys_branch(model: AccessModel, _now: datetime) -> Iterator[Found]:
    for name, workload in model.workloads.items():
        if workload.subject and _ANYBODYS_SUBJECT.fullmatch(workload.subject):
            yield found_at(
                workload.source,
                f"every branch or pull request is `{name}` by `{workload.subject}`",
                "federation",
                "subject",
            )


def _foreign_audience(model: AccessModel, _now: datetime) -> Iterator[Found]:
    for name, workload in model.workloads.items():
        if workload.audience and _FOREIGN_AUDIENCE.fullmatch(workload.audience):
            yield found_at(
                workload.source,
                f"`{name}` accepts tokens that were made for `{workload.audience}`",
                "federation",
                "audience",
            )


def _plain_issuer(workload: Workload) -> str:
    return (workload.issuer or "").rstrip("/")


def _twins(model: AccessModel, _now: datetime) -> Iterator[Found]:
    known: dict[tuple[str, str | None, str | None], list[Workload]] = defaultdict(list)
    for workload in model.workloads.values():
        if workload.issuer is not None:
            known[_plain_issuer(workload), workload.audience, workload.subject].append(workload)
    for workloads in known.values():
        for workload in workloads if len(workloads) > 1 else ():
            other = next(w for w in workloads if w is not workload)
            yield found_at(
                workload.source,
                f"a token of `{workload.id}` is also one of `{other.id}`",
                "federation",
                "subject",
            )


def _dangerous(model: AccessModel, _now: datetime) -> Iterator[Found]:
    risky = {
        n: high_risk(role) for n, role in model.roles.items() if role.privileged or high_risk(role)
    }
    for binding in _of_workloads(model):
        if binding.role in risky:
            what = ticks(risky[binding.role]) or f"the privileged role `{binding.role}`"
            yield found_at(binding.source, f"`{binding.principal}` holds {what}", "role")


def _idle(model: AccessModel, _now: datetime) -> Iterator[Found]:
    for name, workload in model.workloads.items():
        if not workload.spec.bindings:
            yield found_at(workload.source, f"`{name}` may do nothing", "name")


def _elevated(model: AccessModel, _now: datetime) -> Iterator[Found]:
    for binding in _of_workloads(model):
        if binding.eligible is not None:
            yield found_at(
                binding.source,
                f"`{binding.principal}` would have to ask for `{binding.role}`",
                "eligible",
            )


_WORKLOADS = "When to use service accounts and workload identities"
_TOKENS = "Short-lived tokens and secret hygiene"
_TOOLS = "Tooling alignment with developer workflows"

RULES: Final = (
    Rule(
        "QG601",
        "workload-with-key",
        Severity.ERROR,
        "A service account is not federated, or uses a long-lived key.",
        "A key in a pipeline is copied, committed and forgotten; a federated token proves which "
        "run it is and ends by itself.",
        "add `federation`; where a cloud offers nothing better, waive this rule for a time",
        ("workload-identity", "secrets"),
        _WORKLOADS,
        _unknown,
        bad="""
kind: Tenant
metadata: {name: atlas}
spec:
  serviceAccounts:
    - name: nightly
      owner: atlas-leads
      staticCredential: {secret: secret://vault/atlas, rotateEvery: 30d}
      maxTokenLifetime: 15m
      bindings: [{role: pipeline, on: sandbox/chem}]
""",
        good="""
kind: Tenant
metadata: {name: atlas}
spec:
  serviceAccounts:
    - name: nightly
      owner: atlas-leads
      federation: {issuer: https://ci.acme.example, audience: qgov, subject: "atlas:nightly"}
      maxTokenLifetime: 15m
      bindings: [{role: pipeline, on: sandbox/chem}]
""",
    ),
    Rule(
        "QG602",
        "workload-in-several-projects",
        Severity.ERROR,
        "A service account works in more than one project.",
        "Its jobs cannot be charged to one project, and its loss is the loss of all of them.",
        "make a service account for each project",
        ("workload-identity", "least-privilege"),
        _WORKLOADS,
        _several_projects,
        bad="""
kind: Tenant
metadata: {name: atlas}
spec:
  serviceAccounts:
    - name: nightly
      owner: atlas-leads
      federation: {issuer: https://ci.acme.example, audience: qgov, subject: "atlas:nightly"}
      maxTokenLifetime: 15m
      bindings: [{role: pipeline, on: sandbox/chem}, {role: pipeline, on: sandbox/opt}]
""",
        good="""
kind: Tenant
metadata: {name: atlas}
spec:
  serviceAccounts:
    - name: nightly
      owner: atlas-leads
      federation: {issuer: https://ci.acme.example, audience: qgov, subject: "atlas:nightly"}
      maxTokenLifetime: 15m
      bindings: [{role: pipeline, on: sandbox/chem}, {role: pipeline, on: test/chem}]
""",
    ),
    Rule(
        "QG603",
        "workload-without-owner",
        Severity.WARNING,
        "A service account's owner is a group that nobody knows.",
        "When the key leaks at night, somebody must be there to answer for it.",
        "name a group that owns a tenant, holds a role or is declared by the organization",
        ("workload-identity", "incident-response"),
        _WORKLOADS,
        _ownerless,
        bad="""
kind: Tenant
metadata: {name: atlas}
spec:
  serviceAccounts:
    - name: nightly
      owner: former-team
      federation: {issuer: https://ci.acme.example, audience: qgov, subject: "atlas:nightly"}
      maxTokenLifetime: 15m
""",
        good="""
kind: Tenant
metadata: {name: atlas}
spec:
  serviceAccounts:
    - name: nightly
      owner: atlas-developers
      federation: {issuer: https://ci.acme.example, audience: qgov, subject: "atlas:nightly"}
      maxTokenLifetime: 15m
""",
    ),
    Rule(
        "QG604",
        "long-workload-token",
        Severity.WARNING,
        "A service account's tokens serve for more than an hour, or at any age.",
        "A token that is found in a log an hour later should be worth nothing.",
        "set `maxTokenLifetime` to an hour or less",
        ("workload-identity", "strong-authentication"),
        _TOKENS,
        _long_tokens,
        bad="""
kind: Tenant
metadata: {name: atlas}
spec:
  serviceAccounts:
    - name: nightly
      owner: atlas-leads
      federation: {issuer: https://ci.acme.example, audience: qgov, subject: "atlas:nightly"}
      maxTokenLifetime: 2h
""",
        good="""
kind: Tenant
metadata: {name: atlas}
spec:
  serviceAccounts:
    - name: nightly
      owner: atlas-leads
      federation: {issuer: https://ci.acme.example, audience: qgov, subject: "atlas:nightly"}
      maxTokenLifetime: 1h
""",
    ),
    Rule(
        "QG605",
        "wildcard-subject",
        Severity.ERROR,
        "A service account is known by a subject with a wildcard.",
        "Whoever can make a token that matches, by naming a repository or a branch, is the "
        "service account.",
        "write the subject out; use one service account for each",
        ("workload-identity", "least-privilege"),
        _WORKLOADS,
        _wildcard,
        bad="""
kind: Tenant
metadata: {name: atlas}
spec:
  serviceAccounts:
    - name: nightly
      owner: atlas-leads
      federation: {issuer: https://ci.acme.example, audience: qgov, subject: "atlas:*:main"}
      maxTokenLifetime: 15m
""",
        good="""
kind: Tenant
metadata: {name: atlas}
spec:
  serviceAccounts:
    - name: nightly
      owner: atlas-leads
      federation: {issuer: https://ci.acme.example, audience: qgov, subject: "atlas:chem:main"}
      maxTokenLifetime: 15m
""",
    ),
    Rule(
        "QG606",
        "subject-of-any-branch",
        Severity.ERROR,
        "Every branch or pull request of a repository is the service account.",
        "Code that nobody reviewed runs with the account's rights.",
        "name a protected branch or environment: `repo:org/name:environment:production`",
        ("workload-identity", "change-approval"),
        _TOOLS,
        _anybodys_branch,
        bad="""
kind: Tenant
metadata: {name: atlas}
spec:
  serviceAccounts:
    - name: nightly
      owner: atlas-leads
      federation:
        issuer: https://token.actions.githubusercontent.com
        audience: qgov
        subject: repo:acme/atlas:pull_request
      maxTokenLifetime: 15m
""",
        good="""
kind: Tenant
metadata: {name: atlas}
spec:
  serviceAccounts:
    - name: nightly
      owner: atlas-leads
      federation:
        issuer: https://token.actions.githubusercontent.com
        audience: qgov
        subject: repo:acme/atlas:environment:quantum
      maxTokenLifetime: 15m
""",
    ),
    Rule(
        "QG607",
        "audience-of-another-service",
        Severity.ERROR,
        "A service account accepts tokens that were made for another service.",
        "Every service that receives such a token can replay it here.",
        "let the pipeline ask for a token with an audience of its own, such as `qgov`",
        ("workload-identity",),
        _TOOLS,
        _foreign_audience,
        bad="""
kind: Tenant
metadata: {name: atlas}
spec:
  serviceAccounts:
    - name: nightly
      owner: atlas-leads
      federation:
        issuer: https://token.actions.githubusercontent.com
        audience: https://github.com/acme
        subject: repo:acme/atlas:environment:quantum
      maxTokenLifetime: 15m
""",
        good="""
kind: Tenant
metadata: {name: atlas}
spec:
  serviceAccounts:
    - name: nightly
      owner: atlas-leads
      federation:
        issuer: https://token.actions.githubusercontent.com
        audience: qgov
        subject: repo:acme/atlas:environment:quantum
      maxTokenLifetime: 15m
""",
    ),
    Rule(
        "QG608",
        "same-federation",
        Severity.ERROR,
        "Two service accounts are known by the same token.",
        "Their jobs cannot be told apart, and each has the rights of both.",
        "give each service account a subject of its own",
        ("workload-identity", "tenant-isolation"),
        _WORKLOADS,
        _twins,
        bad="""
kind: Tenant
metadata: {name: borealis}
spec:
  serviceAccounts:
    - name: sweep
      owner: borealis-leads
      federation:
        issuer: https://token.actions.githubusercontent.com
        audience: qgov
        subject: repo:acme/atlas:ref:refs/heads/main
      maxTokenLifetime: 15m
""",
        good="""
kind: Tenant
metadata: {name: borealis}
spec:
  serviceAccounts:
    - name: sweep
      owner: borealis-leads
      federation:
        issuer: https://token.actions.githubusercontent.com
        audience: qgov
        subject: repo:acme/borealis:ref:refs/heads/main
      maxTokenLifetime: 15m
""",
    ),
    Rule(
        "QG609",
        "high-risk-workload",
        Severity.ERROR,
        "A service account holds a high-risk permission or a privileged role.",
        "There is no person to ask for a second factor and nobody who approves the moment.",
        "let a person do it just-in-time, and give the service account what its jobs need",
        ("workload-identity", "least-privilege"),
        _WORKLOADS,
        _dangerous,
        bad="""
kind: Tenant
metadata: {name: atlas}
spec:
  serviceAccounts:
    - name: nightly
      owner: atlas-leads
      federation: {issuer: https://ci.acme.example, audience: qgov, subject: "atlas:nightly"}
      maxTokenLifetime: 15m
      bindings: [{role: steward, on: "*"}]
""",
        good="""
kind: Tenant
metadata: {name: atlas}
spec:
  serviceAccounts:
    - name: nightly
      owner: atlas-leads
      federation: {issuer: https://ci.acme.example, audience: qgov, subject: "atlas:nightly"}
      maxTokenLifetime: 15m
      bindings: [{role: pipeline, on: sandbox/chem}]
""",
    ),
    Rule(
        "QG610",
        "idle-workload",
        Severity.INFO,
        "A service account holds no role.",
        "An identity that may do nothing is a leftover, or waits for a right nobody reviewed.",
        "bind a role, or remove the service account",
        ("workload-identity", "joiner-mover-leaver"),
        _WORKLOADS,
        _idle,
        bad="""
kind: Tenant
metadata: {name: borealis}
spec:
  serviceAccounts:
    - name: sweep
      owner: borealis-leads
      federation: {issuer: https://ci.acme.example, audience: qgov, subject: "borealis:sweep"}
      maxTokenLifetime: 15m
""",
        good="""
kind: Tenant
metadata: {name: borealis}
spec:
  serviceAccounts:
    - name: sweep
      owner: borealis-leads
      federation: {issuer: https://ci.acme.example, audience: qgov, subject: "borealis:sweep"}
      maxTokenLifetime: 15m
      bindings: [{role: pipeline, on: sandbox/demo}]
""",
    ),
    Rule(
        "QG611",
        "workload-just-in-time",
        Severity.WARNING,
        "A service account is bound just-in-time.",
        "Elevations name people; a pipeline cannot ask for one, so the binding never takes effect.",
        "make the binding standing and narrow, or let a person run it",
        ("workload-identity", "just-in-time"),
        _WORKLOADS,
        _elevated,
        bad="""
kind: Tenant
metadata: {name: atlas}
spec:
  serviceAccounts:
    - name: nightly
      owner: atlas-leads
      federation: {issuer: https://ci.acme.example, audience: qgov, subject: "atlas:nightly"}
      maxTokenLifetime: 15m
      bindings:
        - {role: pipeline, on: test/chem, eligible: {approvers: atlas-leads, maxDuration: 1h}}
""",
        good="""
kind: Tenant
metadata: {name: atlas}
spec:
  serviceAccounts:
    - name: nightly
      owner: atlas-leads
      federation: {issuer: https://ci.acme.example, audience: qgov, subject: "atlas:nightly"}
      maxTokenLifetime: 15m
      bindings: [{role: pipeline, on: test/chem}]
""",
    ),
)
"""Rules about service accounts and their federation."""
