"""What roles hold and how they are given: QG40x."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from qgov.checks import guide
from qgov.checks.facts import (
    effective,
    found_at,
    high_risk,
    reaches_production,
    roles_with,
    submitting,
    ticks,
)
from qgov.checks.rule import Found, rule
from qgov.finding import Severity
from qgov.language.permissions import CATALOGUE
from qgov.language.scalars import format_duration
from qgov.model.access_model import AccessModel, Binding
from qgov.model.scope import EVERYWHERE, contains, depth, tenant_of

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


@rule("QG401", Severity.ERROR, "separation-of-duties", "audit-immutability", guide=guide.RETENTION)
def submitter_alters_records(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A role submits jobs and can change audit sinks or retention.

    An audit trail that can be edited by the people who run jobs is not an audit trail.

    Remedy: split the role in two.
    """
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


@rule("QG402", Severity.ERROR, "separation-of-duties", "audit-immutability", guide=guide.RETENTION)
def principal_alters_records(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """One principal submits jobs and, by another binding, can change audit sinks or retention.

    Two harmless roles in one hand are as good as one harmful role.

    Remedy: give the two roles to different groups.
    """
    for alters, submits in _both(model, roles_with(model, *_ALTERS), submitting(model)):
        here, there = _narrower(submits, alters)
        yield found_at(
            here.source,
            f"`{here.principal}` submits jobs as `{submits.role}` and "
            f"alters records as `{alters.role}` (see {there.origin})",
            "role",
        )


@rule("QG403", Severity.ERROR, "separation-of-duties", guide=guide.ROLES)
def conflicting_roles(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """One principal holds two roles that exclude each other.

    The roles were declared as conflicting, so no one group may hold both, wherever (static
    separation of duty, ANSI INCITS 359).

    Remedy: give the two roles to different groups.
    """
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


@rule("QG404", Severity.ERROR, "separation-of-duties", guide=guide.ROLES)
def auditor_role_executes(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A role reads the audit log and submits jobs.

    Auditors see logs and job metadata without the ability to execute work.

    Remedy: take `job:submit` out of the role, or `audit:read`.
    """
    for name in sorted(submitting(model) & roles_with(model, *_READS_AUDIT)):
        role = model.roles[name]
        yield Found(
            role.permission_origin("job:submit"),
            f"`{name}` reads the audit log and submits jobs",
            role.source.document,
        )


@rule("QG405", Severity.WARNING, "separation-of-duties", guide=guide.ROLES)
def auditor_executes(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """One principal audits and, by another binding, submits jobs.

    Whoever audits should not have to judge their own jobs.

    Remedy: give the two roles to different groups, and let one name the other in
    `conflictsWith`.
    """
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


@rule("QG406", Severity.ERROR, "just-in-time", "least-privilege", guide=guide.JUST_IN_TIME)
def standing_high_risk(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A high-risk permission is held all the time.

    Changing money, identities or records, and taking results away, is rare; a permanent right
    to do it is what an attacker looks for.

    Remedy: make the binding just-in-time with `eligible: {approvers: …, maxDuration: …}`.
    """
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


@rule("QG407", Severity.WARNING, "just-in-time", "change-approval", guide=guide.JUST_IN_TIME)
def elevation_without_ticket(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """Just-in-time access to production needs no ticket.

    A ticket is what ties the elevation to a reason that somebody can read later.

    Remedy: add `ticket: required`.
    """
    for binding in model.bindings:
        eligible = binding.eligible
        if eligible and not eligible.ticket and reaches_production(model, binding.scope):
            yield found_at(
                binding.source,
                f"`{binding.principal}` is elevated to `{binding.role}` "
                f"on `{binding.scope}` without a ticket",
                "eligible",
            )


@rule("QG408", Severity.ERROR, "just-in-time", "separation-of-duties", guide=guide.JUST_IN_TIME)
def own_approvers(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A group approves its own elevations.

    An approval is worth something because somebody else gives it.

    Remedy: name another group in `approvers`.
    """
    for binding in model.bindings:
        if binding.eligible and binding.principal == f"group:{binding.eligible.approvers}":
            yield found_at(
                binding.source,
                f"`{binding.eligible.approvers}` approves its own elevations",
                "eligible",
                "approvers",
            )


@rule("QG409", Severity.ERROR, "just-in-time", guide=guide.JUST_IN_TIME)
def elevation_beyond_bounds(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A binding allows longer elevations than the organization.

    The longest exception is the organization's decision, not a tenant's.

    Remedy: shorten `maxDuration`, or raise `compliance.exceptions.elevation`.
    """
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


@rule("QG410", Severity.WARNING, "just-in-time", guide=guide.JUST_IN_TIME)
def long_high_risk_elevation(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A high-risk role may be held for longer than 12 hours at a time.

    An elevation that lasts for days is standing access with paperwork.

    Remedy: set `maxDuration` to a working day or less.
    """
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


@rule("QG411", Severity.INFO, "least-privilege", guide=guide.SCALABILITY)
def unused_role(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """Nobody holds a role.

    A role that nobody holds is not reviewed, until somebody binds it.

    Remedy: bind the role, or remove it.
    """
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


@rule("QG412", Severity.WARNING, "least-privilege", guide=guide.SCALABILITY)
def grant_without_effect(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A binding gives nothing, because every permission of its role belongs to a wider scope.

    A reviewer believes that somebody has access who has none; a later change of the scope
    grants it by surprise.

    Remedy: bind the role at the scope of its permissions, or remove the binding.
    """
    for binding, _ in _without_effect(model, wholly=True):
        yield found_at(
            binding.source,
            f"`{binding.role}` gives nothing on `{binding.scope}`: its "
            "permissions belong to a wider scope",
            "on",
        )


@rule("QG413", Severity.INFO, "least-privilege", guide=guide.SCALABILITY)
def grant_without_full_effect(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A binding gives only a part of its role, because the rest belongs to a wider scope.

    What is written in the role is not what the group can do here.

    Remedy: bind the role at a wider scope, or take these permissions into a role of their own.
    """
    for binding, idle in _without_effect(model, wholly=False):
        yield found_at(
            binding.source,
            f"`{binding.role}` does not give {ticks(idle)} on "
            f"`{binding.scope}`: they belong to a wider scope",
            "on",
        )


@rule("QG414", Severity.WARNING, "just-in-time", guide=guide.JUST_IN_TIME)
def eligible_in_vain(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A group is eligible for a role that it already holds.

    Nobody asks for an elevation who has the right anyway; the approval is theatre.

    Remedy: remove the standing binding, or the eligible one.
    """
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


@rule("QG415", Severity.WARNING, "separation-of-duties", guide=guide.ROLES)
def toxic_role(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A role does two things that should take two people.

    Who spends does not set the limit, who gives access does not attest it.

    Remedy: split the role in two, and let one name the other in `conflictsWith`.
    """
    for name, role in model.roles.items():
        for one, other, does in _TOXIC:
            if one in role.permissions and other in role.permissions:
                yield Found(role.permission_origin(other), f"`{name}` {does}", role.source.document)


@rule("QG416", Severity.WARNING, "least-privilege", guide=guide.ROLES)
def too_broad_role(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A role holds more than half of all permissions.

    Roles with edges keep privileges from creeping and make reviews short.

    Remedy: split the role by what people do.
    """
    for name, role in model.roles.items():
        if len(role.permissions) * 2 > len(CATALOGUE):
            yield found_at(
                role.source,
                f"`{name}` holds {len(role.permissions)} of {len(CATALOGUE)} permissions",
                "permissions",
            )


@rule("QG417", Severity.WARNING, "audit-content", "assessment", guide=guide.ROLES)
def nobody_audits(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """Nobody may read a tenant's audit log.

    A log that nobody reads is found out to be broken on the day it is needed.

    Remedy: bind a role with `audit:read` at the tenant or at `*`.
    """
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
