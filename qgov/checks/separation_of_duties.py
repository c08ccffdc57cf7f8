"""Who runs jobs does not judge them: QG401 to QG405, QG415."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from qgov.checks import guide
from qgov.checks.facts import (
    at_binding,
    roles_with,
    submitting,
    ticks,
)
from qgov.checks.rule import Found, rule
from qgov.finding import Severity
from qgov.model.access_model import AccessModel, Binding
from qgov.model.scope import EVERYWHERE, depth, tenant_of

_ALTERS: Final = ("audit:write", "retention:write")
_READS_AUDIT: Final = ("audit:read", "audit:export")
_TOXIC: Final = (
    ("job:submit", "budget:write", "spends money and sets the budget"),
    ("job:submit", "quota:write", "runs jobs and sets the quota"),
    ("job:submit", "approval:grant", "submits expensive jobs and approves them"),
    ("member:write", "access:review", "gives access and attests the review of it"),
    ("result:delete", "retention:write", "deletes results and sets how long they are kept"),
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


def _declared_conflicts(model: AccessModel) -> dict[str, set[str]]:
    pairs: dict[str, set[str]] = defaultdict(set)
    for name, role in model.roles.items():
        for other in role.conflicts_with:
            pairs[name].add(other)
            pairs[other].add(name)
    return pairs


@rule("QG401", Severity.ERROR, "separation-of-duties", "audit-immutability", guide=guide.RETENTION)
def submitter_alters_records(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A role submits jobs and can change audit sinks or retention.

    An audit trail that can be edited by the people who run jobs is not an audit trail.

    Remedy: split the role in two.
    """
    for name in sorted(submitting(model) & roles_with(model, *_ALTERS)):
        role = model.roles[name]
        held = [p for p in _ALTERS if p in role.permissions]
        message = f"`{name}` submits jobs and holds {ticks(held)}"
        yield Found(role.permission_origin(held[0]), message, role.source.document)


@rule("QG402", Severity.ERROR, "separation-of-duties", "audit-immutability", guide=guide.RETENTION)
def principal_alters_records(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """One principal submits jobs and, by another binding, can change audit sinks or retention.

    Two harmless roles in one hand are as good as one harmful role.

    Remedy: give the two roles to different groups.
    """
    for alters, submits in _both(model, roles_with(model, *_ALTERS), submitting(model)):
        here, there = _narrower(submits, alters)
        yield at_binding(
            here,
            f"`{here.principal}` submits jobs as `{submits.role}` and "
            f"alters records as `{alters.role}`",
            "role",
            other=there,
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
                    yield at_binding(
                        here,
                        f"`{principal}` holds `{here.role}` and the conflicting `{there.role}`",
                        "role",
                        other=there,
                    )


@rule("QG404", Severity.ERROR, "separation-of-duties", guide=guide.ROLES)
def auditor_role_executes(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A role reads the audit log and submits jobs.

    Auditors see logs and job metadata without the ability to execute work.

    Remedy: take `job:submit` out of the role, or `audit:read`.
    """
    for name in sorted(submitting(model) & roles_with(model, *_READS_AUDIT)):
        role = model.roles[name]
        message = f"`{name}` reads the audit log and submits jobs"
        yield Found(role.permission_origin("job:submit"), message, role.source.document)


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
            yield at_binding(
                here,
                f"`{here.principal}` audits as `{audits.role}` and submits "
                f"jobs as `{submits.role}`",
                "role",
                other=there,
            )


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
