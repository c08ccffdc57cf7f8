"""What roles hold and what their bindings give: QG411 to QG413, QG416, QG417."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from qgov.checks import guide
from qgov.checks.facts import (
    effective,
    found_at,
    roles_with,
    ticks,
)
from qgov.checks.rule import Found, rule
from qgov.finding import Severity
from qgov.language.permissions import CATALOGUE
from qgov.model.access_model import AccessModel, Binding
from qgov.model.scope import EVERYWHERE, depth


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
            f"`{binding.role}` gives only a part of what it permits on `{binding.scope}`: the "
            "rest belongs to a wider scope",
            "on",
            detail=ticks(idle),
        )


@rule("QG416", Severity.WARNING, "least-privilege", guide=guide.ROLES)
def too_broad_role(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A role holds more than half of all permissions.

    Roles with edges keep privileges from creeping and make reviews short.

    Remedy: split the role by what people do.
    """
    for name, role in model.roles.items():
        if len(role.permissions) * 2 > len(CATALOGUE):
            message = f"`{name}` holds more than half of all permissions"
            count = f"{len(role.permissions)} of {len(CATALOGUE)}"
            yield found_at(role.source, message, "permissions", detail=count)


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
            message = f"nobody may read the audit log of `{name}`"
            yield Found(tenant.source.origin, message, tenant.source.document)
