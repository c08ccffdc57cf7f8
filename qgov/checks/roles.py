"""What roles hold and how they are given: QG40x."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from qgov.checks.facts import (
    effective,
    found_at,
    high_risk,
    reaches_production,
    roles_with,
    submitting,
    ticks,
)
from qgov.checks.rule import Found, Rule
from qgov.finding import Severity
from qgov.language.permissions import CATALOGUE
from qgov.language.scalars import format_duration
from qgov.model.access_model import AccessModel, Binding
from qgov.model.scope import EVERYWHERE, contains, depth, tenant_of

__all__ = ["RULES"]

_ALTERS: Final = ("audit:write", "retention:write")
_READS_AUDIT: Final = ("audit:read", "audit:export")
_TOXIC: Final = (
    ("job:submit", "budget:write", "spends money and sets the budget"),
    ("job:submit", "quota:write", "runs jobs and sets the quota"),
    ("job:submit", "approval:grant", "submits expensive jobs and approves them"),
    ("member:write", "access:review", "gives access and attests the review of it"),
    ("result:delete", "retention:write", "deletes results and sets how long they are kept"),
)
_LONGEST_HIGH_RISK_S: Final = 12 * 3600


def _submits_and_alters(model: AccessModel, _now: datetime) -> Iterator[Found]:
    for name in sorted(submitting(model) & roles_with(model, *_ALTERS)):
        role = model.roles[name]
        held = [p for p in _ALTERS if p in role.permissions]
        yield Found(
            role.permission_origin(held[0]),
            f"`{name}` submits jobs and holds {ticks(held)}",
            role.source.document,
        )


def _both(
    model: AccessModel, one: frozenset[str], other: frozenset[str]
) -> Iterator[tuple[Binding, Binding]]:
    """Bindings of one principal to a role of each kind, in scopes that meet."""
    ones: dict[str, list[Binding]] = defaultdict(list)
    for binding in model.bindings:
        if binding.role in one and binding.role not in other:
            ones[binding.principal].append(binding)
    if not ones:
        return
    for binding in model.bindings:
        if binding.role in other and binding.role not in one:
            for first in ones.get(binding.principal, ()):
                if _meet(first.scope, binding.scope):
                    yield first, binding
                    break


def _meet(a: str, b: str) -> bool:
    return EVERYWHERE in (a, b) or tenant_of(a) == tenant_of(b)


def _narrower(a: Binding, b: Binding) -> tuple[Binding, Binding]:
    return (a, b) if depth(a.scope) >= depth(b.scope) else (b, a)


def _principal_alters(model: AccessModel, _now: datetime) -> Iterator[Found]:
    for alters, submits in _both(model, roles_with(model, *_ALTERS), submitting(model)):
        here, there = _narrower(submits, alters)
        yield found_at(
            here.source,
            f"`{here.principal}` submits jobs as `{submits.role}` and "
            f"alters records as `{alters.role}` (see {there.origin})",
            "role",
        )


def _conflicts(model: AccessModel, _now: datetime) -> Iterator[Found]:
    pairs = _declared_conflicts(model)
    held: dict[str, dict[str, Binding]] = defaultdict(dict)
    for binding in model.bindings:
        if binding.role in pairs:
            held[binding.principal].setdefault(binding.role, binding)
    for principal, roles in held.items():
        for role in sorted(roles):
            for other in sorted(pairs[role]):
                if other in roles and role < other:
                    here, there = _narrower(roles[role], roles[other])
                    yield found_at(
                        here.source,
                        f"`{principal}` holds `{here.role}` and the "
                        f"conflicting `{there.role}` (see {there.origin})",
                        "role",
                    )


def _declared_conflicts(model: AccessModel) -> dict[str, set[str]]:
    pairs: dict[str, set[str]] = defaultdict(set)
    for name, role in model.roles.items():
        for other in role.conflicts_with:
            pairs[name].add(other)
            pairs[other].add(name)
    return pairs


def _auditor_role_executes(model: AccessModel, _now: datetime) -> Iterator[Found]:
    for name in sorted(submitting(model) & roles_with(model, *_READS_AUDIT)):
        role = model.roles[name]
        yield Found(
            role.permission_origin("job:submit"),
            f"`{name}` reads the audit log and submits jobs",
            role.source.document,
        )


def _auditor_executes(model: AccessModel, _now: datetime) -> Iterator[Found]:
    declared = _declared_conflicts(model)
    for audits, submits in _both(model, roles_with(model, *_READS_AUDIT), submitting(model)):
        if submits.role not in declared.get(audits.role, ()):
            here, there = _narrower(submits, audits)
            yield found_at(
                here.source,
                f"`{here.principal}` audits as `{audits.role}` and submits "
                f"jobs as `{submits.role}` (see {there.origin})",
                "role",
            )


def _standing_high_risk(model: AccessModel, _now: datetime) -> Iterator[Found]:
    risky = {name: high_risk(role) for name, role in model.roles.items() if high_risk(role)}
    for binding in model.bindings:
        if binding.eligible is not None or binding.role not in risky:
            continue
        held = [p for p in risky[binding.role] if effective(p, binding.scope)]
        if held and not binding.principal.startswith("workload:"):
            yield found_at(
                binding.source,
                f"`{binding.principal}` holds {ticks(held)} on `{binding.scope}` all the time",
                "role",
            )


def _no_ticket(model: AccessModel, _now: datetime) -> Iterator[Found]:
    for binding in model.bindings:
        eligible = binding.eligible
        if eligible and not eligible.ticket and reaches_production(model, binding.scope):
            yield found_at(
                binding.source,
                f"`{binding.principal}` is elevated to `{binding.role}` "
                f"on `{binding.scope}` without a ticket",
                "eligible",
            )


def _own_approvers(model: AccessModel, _now: datetime) -> Iterator[Found]:
    for binding in model.bindings:
        if binding.eligible and binding.principal == f"group:{binding.eligible.approvers}":
            yield found_at(
                binding.source,
                f"`{binding.eligible.approvers}` approves its own elevations",
                "eligible",
                "approvers",
            )


def _beyond_bounds(model: AccessModel, _now: datetime) -> Iterator[Found]:
    longest = model.organization.spec.compliance.exceptions.elevation
    for binding in model.bindings:
        if binding.eligible and binding.eligible.max_duration_s > longest:
            lasts = format_duration(binding.eligible.max_duration_s)
            yield found_at(
                binding.source,
                f"an elevation may last {lasts}, the organization "
                f"allows {format_duration(longest)}",
                "eligible",
                "maxDuration",
            )


def _long_high_risk(model: AccessModel, _now: datetime) -> Iterator[Found]:
    risky = {name for name, role in model.roles.items() if high_risk(role)}
    for binding in model.bindings:
        eligible = binding.eligible
        if eligible and eligible.max_duration_s > _LONGEST_HIGH_RISK_S and binding.role in risky:
            yield found_at(
                binding.source,
                f"the high-risk role `{binding.role}` may be held for "
                f"{format_duration(eligible.max_duration_s)} at a time",
                "eligible",
                "maxDuration",
            )


def _unused(model: AccessModel, _now: datetime) -> Iterator[Found]:
    used = {binding.role for binding in model.bindings}
    for name, role in model.roles.items():
        if name not in used:
            yield Found(role.source.origin, f"nobody holds the role `{name}`", role.source.document)


def _without_effect(model: AccessModel, *, wholly: bool) -> Iterator[tuple[Binding, list[str]]]:
    idle: dict[tuple[str, int], list[str]] = {}
    for binding in model.bindings:
        key = (binding.role, depth(binding.scope))
        if key not in idle:
            permissions = model.roles[binding.role].permissions
            none = [p for p in permissions if not effective(p, binding.scope)]
            idle[key] = none if (len(none) == len(permissions)) is wholly else []
        if idle[key]:
            yield binding, idle[key]


def _no_effect(model: AccessModel, _now: datetime) -> Iterator[Found]:
    for binding, _ in _without_effect(model, wholly=True):
        yield found_at(
            binding.source,
            f"`{binding.role}` gives nothing on `{binding.scope}`: its "
            "permissions belong to a wider scope",
            "on",
        )


def _partial_effect(model: AccessModel, _now: datetime) -> Iterator[Found]:
    for binding, idle in _without_effect(model, wholly=False):
        yield found_at(
            binding.source,
            f"`{binding.role}` does not give {ticks(idle)} on "
            f"`{binding.scope}`: they belong to a wider scope",
            "on",
        )


def _eligible_in_vain(model: AccessModel, _now: datetime) -> Iterator[Found]:
    eligible = [b for b in model.bindings if b.eligible is not None]
    wanted = {(b.principal, b.role) for b in eligible}
    standing: dict[tuple[str, str], list[Binding]] = defaultdict(list)
    for binding in model.bindings:
        key = (binding.principal, binding.role)
        if binding.eligible is None and key in wanted:
            standing[key].append(binding)
    for binding in eligible:
        for other in standing.get((binding.principal, binding.role), ()):
            if contains(other.scope, binding.scope):
                yield found_at(
                    binding.source,
                    f"`{binding.principal}` holds `{binding.role}` on "
                    f"`{other.scope}` anyway (see {other.origin})",
                    "eligible",
                )
                break


def _toxic(model: AccessModel, _now: datetime) -> Iterator[Found]:
    for name, role in model.roles.items():
        for one, other, does in _TOXIC:
            if one in role.permissions and other in role.permissions:
                yield Found(role.permission_origin(other), f"`{name}` {does}", role.source.document)


def _too_broad(model: AccessModel, _now: datetime) -> Iterator[Found]:
    for name, role in model.roles.items():
        if len(role.permissions) * 2 > len(CATALOGUE):
            yield found_at(
                role.source,
                f"`{name}` holds {len(role.permissions)} of {len(CATALOGUE)} permissions",
                "permissions",
            )


def _unaudited(model: AccessModel, _now: datetime) -> Iterator[Found]:
    reads = roles_with(model, "audit:read")
    scopes = {b.scope for b in model.bindings if b.role in reads}
    if EVERYWHERE in scopes:
        return
    for name, tenant in model.tenants.items():
        if name not in scopes:
            yield Found(
                tenant.source.origin,
                f"nobody may read the audit log of `{name}`",
                tenant.source.document,
            )


_ROLES = "Recommended roles for quantum cloud governance"
_JIT = "Group-based permissions and just-in-time elevation"
_TAMPER = "Retention, tamper resistance, and evidence handling"
_SCALE = "Scalability without losing control"

RULES: Final = (
    Rule(
        "QG401",
        "submitter-alters-records",
        Severity.ERROR,
        "A role submits jobs and can change audit sinks or retention.",
        "An audit trail that can be edited by the people who run jobs is not an audit trail.",
        "split the role in two",
        ("separation-of-duties", "audit-immutability"),
        _TAMPER,
        _submits_and_alters,
        bad="""
kind: Role
metadata: {name: steward}
spec: {permissions: [job:submit, retention:write]}
""",
        good="""
kind: Role
metadata: {name: steward}
spec: {permissions: [job:read, retention:write]}
""",
    ),
    Rule(
        "QG402",
        "principal-alters-records",
        Severity.ERROR,
        "One principal submits jobs and, by another binding, can change audit sinks or retention.",
        "Two harmless roles in one hand are as good as one harmful role.",
        "give the two roles to different groups",
        ("separation-of-duties", "audit-immutability"),
        _TAMPER,
        _principal_alters,
        bad="""
kind: Tenant
metadata: {name: borealis}
spec:
  bindings:
    - {group: borealis-developers, role: developer, on: sandbox}
    - group: borealis-developers
      role: steward
      on: "*"
      eligible: {approvers: security-leads, maxDuration: 4h}
""",
        good="""
kind: Tenant
metadata: {name: borealis}
spec:
  bindings:
    - {group: borealis-developers, role: developer, on: sandbox}
    - group: borealis-stewards
      role: steward
      on: "*"
      eligible: {approvers: security-leads, maxDuration: 4h}
""",
    ),
    Rule(
        "QG403",
        "conflicting-roles",
        Severity.ERROR,
        "One principal holds two roles that exclude each other.",
        "The roles were declared as conflicting, so no one group may hold both, wherever (static "
        "separation of duty, ANSI INCITS 359).",
        "give the two roles to different groups",
        ("separation-of-duties",),
        _ROLES,
        _conflicts,
        bad="""
kind: Tenant
metadata: {name: borealis}
spec: {bindings: [{group: platform-auditors, role: developer, on: sandbox}]}
""",
        good="""
kind: Tenant
metadata: {name: borealis}
spec: {bindings: [{group: borealis-developers, role: developer, on: sandbox}]}
""",
    ),
    Rule(
        "QG404",
        "auditor-role-executes",
        Severity.ERROR,
        "A role reads the audit log and submits jobs.",
        "Auditors see logs and job metadata without the ability to execute work.",
        "take `job:submit` out of the role, or `audit:read`",
        ("separation-of-duties",),
        _ROLES,
        _auditor_role_executes,
        bad="""
kind: Role
metadata: {name: pipeline}
spec: {permissions: [job:submit, audit:read]}
""",
        good="""
kind: Role
metadata: {name: pipeline}
spec: {permissions: [job:submit, log:read]}
""",
    ),
    Rule(
        "QG405",
        "auditor-executes",
        Severity.WARNING,
        "One principal audits and, by another binding, submits jobs.",
        "Whoever audits should not have to judge their own jobs.",
        "give the two roles to different groups, and let one name the other in `conflictsWith`",
        ("separation-of-duties",),
        _ROLES,
        _auditor_executes,
        bad="""
kind: Tenant
metadata: {name: borealis}
spec: {bindings: [{group: platform-auditors, role: pipeline, on: sandbox}]}
""",
        good="""
kind: Tenant
metadata: {name: borealis}
spec: {bindings: [{group: borealis-testers, role: pipeline, on: sandbox}]}
""",
    ),
    Rule(
        "QG406",
        "standing-high-risk",
        Severity.ERROR,
        "A high-risk permission is held all the time.",
        "Changing money, identities or records, and taking results away, is rare; a permanent "
        "right to do it is what an attacker looks for.",
        "make the binding just-in-time with `eligible: {approvers: …, maxDuration: …}`",
        ("just-in-time", "least-privilege"),
        _JIT,
        _standing_high_risk,
        bad="""
kind: Tenant
metadata: {name: borealis}
spec: {bindings: [{group: borealis-stewards, role: steward, on: "*"}]}
""",
        good="""
kind: Tenant
metadata: {name: borealis}
spec:
  bindings:
    - group: borealis-stewards
      role: steward
      on: "*"
      eligible: {approvers: security-leads, maxDuration: 4h}
""",
    ),
    Rule(
        "QG407",
        "elevation-without-ticket",
        Severity.WARNING,
        "Just-in-time access to production needs no ticket.",
        "A ticket is what ties the elevation to a reason that somebody can read later.",
        "add `ticket: required`",
        ("just-in-time", "change-approval"),
        _JIT,
        _no_ticket,
        bad="""
kind: Tenant
metadata: {name: atlas}
spec:
  bindings:
    - group: atlas-developers
      role: developer
      on: production
      eligible: {approvers: atlas-leads, maxDuration: 4h}
""",
        good="""
kind: Tenant
metadata: {name: atlas}
spec:
  bindings:
    - group: atlas-developers
      role: developer
      on: production
      eligible: {approvers: atlas-leads, maxDuration: 4h, ticket: required}
""",
    ),
    Rule(
        "QG408",
        "own-approvers",
        Severity.ERROR,
        "A group approves its own elevations.",
        "An approval is worth something because somebody else gives it.",
        "name another group in `approvers`",
        ("just-in-time", "separation-of-duties"),
        _JIT,
        _own_approvers,
        bad="""
kind: Tenant
metadata: {name: borealis}
spec:
  bindings:
    - group: borealis-developers
      role: developer
      on: sandbox
      eligible: {approvers: borealis-developers, maxDuration: 4h}
""",
        good="""
kind: Tenant
metadata: {name: borealis}
spec:
  bindings:
    - group: borealis-developers
      role: developer
      on: sandbox
      eligible: {approvers: borealis-leads, maxDuration: 4h}
""",
    ),
    Rule(
        "QG409",
        "elevation-beyond-bounds",
        Severity.ERROR,
        "A binding allows longer elevations than the organization.",
        "The longest exception is the organization's decision, not a tenant's.",
        "shorten `maxDuration`, or raise `compliance.exceptions.elevation`",
        ("just-in-time",),
        _JIT,
        _beyond_bounds,
        bad="""
kind: Tenant
metadata: {name: borealis}
spec:
  bindings:
    - group: borealis-developers
      role: developer
      on: sandbox
      eligible: {approvers: borealis-leads, maxDuration: 60d}
""",
        good="""
kind: Tenant
metadata: {name: borealis}
spec:
  bindings:
    - group: borealis-developers
      role: developer
      on: sandbox
      eligible: {approvers: borealis-leads, maxDuration: 7d}
""",
    ),
    Rule(
        "QG410",
        "long-high-risk-elevation",
        Severity.WARNING,
        "A high-risk role may be held for longer than 12 hours at a time.",
        "An elevation that lasts for days is standing access with paperwork.",
        "set `maxDuration` to a working day or less",
        ("just-in-time",),
        _JIT,
        _long_high_risk,
        bad="""
kind: Tenant
metadata: {name: borealis}
spec:
  bindings:
    - group: borealis-stewards
      role: steward
      on: "*"
      eligible: {approvers: security-leads, maxDuration: 5d}
""",
        good="""
kind: Tenant
metadata: {name: borealis}
spec:
  bindings:
    - group: borealis-stewards
      role: steward
      on: "*"
      eligible: {approvers: security-leads, maxDuration: 8h}
""",
    ),
    Rule(
        "QG411",
        "unused-role",
        Severity.INFO,
        "Nobody holds a role.",
        "A role that nobody holds is not reviewed, until somebody binds it.",
        "bind the role, or remove it",
        ("least-privilege",),
        _SCALE,
        _unused,
        bad="""
kind: Role
metadata: {name: calibrator}
spec: {permissions: [job:read]}
""",
        good="""
kind: Role
metadata: {name: calibrator}
spec: {permissions: [job:read]}
---
kind: Tenant
metadata: {name: borealis}
spec: {bindings: [{group: borealis-developers, role: calibrator, on: sandbox}]}
""",
    ),
    Rule(
        "QG412",
        "grant-without-effect",
        Severity.WARNING,
        "A binding gives nothing, because every permission of its role belongs to a wider scope.",
        "A reviewer believes that somebody has access who has none; a later change of the scope "
        "grants it by surprise.",
        "bind the role at the scope of its permissions, or remove the binding",
        ("least-privilege",),
        _SCALE,
        _no_effect,
        bad="""
kind: Tenant
metadata: {name: borealis}
spec:
  bindings:
    - group: borealis-stewards
      role: steward
      on: sandbox
      eligible: {approvers: security-leads, maxDuration: 4h}
""",
        good="""
kind: Tenant
metadata: {name: borealis}
spec:
  bindings:
    - group: borealis-stewards
      role: steward
      on: "*"
      eligible: {approvers: security-leads, maxDuration: 4h}
""",
    ),
    Rule(
        "QG413",
        "grant-without-full-effect",
        Severity.INFO,
        "A binding gives only a part of its role, because the rest belongs to a wider scope.",
        "What is written in the role is not what the group can do here.",
        "bind the role at a wider scope, or take these permissions into a role of their own",
        ("least-privilege",),
        _SCALE,
        _partial_effect,
        bad="""
kind: Tenant
metadata: {name: borealis}
spec: {bindings: [{group: borealis-watchers, role: auditor, on: sandbox}]}
""",
        good="""
kind: Tenant
metadata: {name: borealis}
spec: {bindings: [{group: borealis-watchers, role: pipeline, on: sandbox}]}
""",
    ),
    Rule(
        "QG414",
        "eligible-in-vain",
        Severity.WARNING,
        "A group is eligible for a role that it already holds.",
        "Nobody asks for an elevation who has the right anyway; the approval is theatre.",
        "remove the standing binding, or the eligible one",
        ("just-in-time",),
        _JIT,
        _eligible_in_vain,
        bad="""
kind: Tenant
metadata: {name: borealis}
spec:
  bindings:
    - {group: borealis-developers, role: developer, on: sandbox}
    - group: borealis-developers
      role: developer
      on: sandbox/demo
      eligible: {approvers: borealis-leads, maxDuration: 4h}
""",
        good="""
kind: Tenant
metadata: {name: borealis}
spec:
  bindings:
    - {group: borealis-developers, role: pipeline, on: sandbox}
    - group: borealis-developers
      role: developer
      on: sandbox/demo
      eligible: {approvers: borealis-leads, maxDuration: 4h}
""",
    ),
    Rule(
        "QG415",
        "toxic-role",
        Severity.WARNING,
        "A role does two things that should take two people.",
        "Who spends does not set the limit, who gives access does not attest it.",
        "split the role in two, and let one name the other in `conflictsWith`",
        ("separation-of-duties",),
        _ROLES,
        _toxic,
        bad="""
kind: Role
metadata: {name: pipeline}
spec: {permissions: [job:submit, approval:grant]}
""",
        good="""
kind: Role
metadata: {name: pipeline}
spec: {permissions: [job:submit, budget:read]}
""",
    ),
    Rule(
        "QG416",
        "too-broad-role",
        Severity.WARNING,
        "A role holds more than half of all permissions.",
        "Roles with edges keep privileges from creeping and make reviews short.",
        "split the role by what people do",
        ("least-privilege",),
        _ROLES,
        _too_broad,
        bad="""
kind: Role
metadata: {name: steward}
spec:
  permissions: [job:read, job:cancel, input:read, input:write, result:read, result:export,
    result:delete, log:read, usage:read, budget:read, budget:write, quota:write, project:write,
    member:write, workload:write, retention:read, billing:read, policy:read]
""",
        good="""
kind: Role
metadata: {name: steward}
spec: {permissions: [usage:read, budget:read, budget:write, quota:write, billing:read]}
""",
    ),
    Rule(
        "QG417",
        "nobody-audits",
        Severity.WARNING,
        "Nobody may read a tenant's audit log.",
        "A log that nobody reads is found out to be broken on the day it is needed.",
        "bind a role with `audit:read` at the tenant or at `*`",
        ("audit-content", "assessment"),
        _ROLES,
        _unaudited,
        bad="""
kind: Organization
metadata: {name: acme}
spec: {bindings: []}
---
kind: Tenant
metadata: {name: borealis}
spec: {costCenter: CC-201}
""",
        good="""
kind: Organization
metadata: {name: acme}
spec: {bindings: []}
---
kind: Tenant
metadata: {name: borealis}
spec: {bindings: [{group: borealis-watchers, role: auditor, on: "*"}]}
---
kind: Tenant
metadata: {name: atlas}
spec: {bindings: [{group: platform-auditors, role: auditor, on: "*"}]}
""",
    ),
)
"""Rules about roles, the bindings that give them and just-in-time access."""
