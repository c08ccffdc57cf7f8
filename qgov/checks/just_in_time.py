"""Bindings that are held for a time only, and those that should be: QG406 to QG410, QG414."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from qgov.checks import guide
from qgov.checks.facts import (
    are_in,
    at_binding,
    effective,
    found_at,
    high_risk,
    reaches_production,
    ticks,
)
from qgov.checks.rule import Found, rule
from qgov.finding import Severity
from qgov.language.scalars import format_duration
from qgov.model.access_model import AccessModel, Binding
from qgov.model.principal import is_group, is_workload, name_of
from qgov.model.scope import contains

_LONGEST_HIGH_RISK_S: Final = 12 * 3600


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
        if held and not is_workload(binding.principal):
            message = (
                f"`{binding.principal}` holds the high-risk role `{binding.role}` on "
                f"`{binding.scope}` all the time"
            )
            yield at_binding(binding, message, "role", detail=ticks(held))


@rule("QG407", Severity.WARNING, "just-in-time", "change-approval", guide=guide.JUST_IN_TIME)
def elevation_without_ticket(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """Just-in-time access to production needs no ticket.

    A ticket is what ties the elevation to a reason that somebody can read later.

    Remedy: add `ticket: required`.
    """
    for binding in model.bindings:
        eligible = binding.eligible
        if eligible and not eligible.ticket and reaches_production(model, binding.scope):
            yield at_binding(
                binding,
                f"`{binding.principal}` is elevated to `{binding.role}` "
                f"on `{binding.scope}` without a ticket",
                "eligible",
            )


@rule("QG408", Severity.ERROR, "just-in-time", "separation-of-duties", guide=guide.JUST_IN_TIME)
def own_approvers(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A group approves its own elevations, or its own requests to be in a group.

    An approval is worth something because somebody else gives it. Whoever is in a group that
    another includes is one of that one, and approves as one.

    Remedy: name another group in `approvers`.
    """
    for binding in model.bindings:
        if binding.eligible is None or not is_group(binding.principal):
            continue
        name, approvers = name_of(binding.principal), binding.eligible.approvers
        if are_in(model, name, approvers):
            message = f"`{name}` approves its own elevations"
            # As whose member it is bound is told beside it, and may be all that there is to tell.
            if approvers not in (name, binding.via):
                message += f" as a member of `{approvers}`"
                bound = "" if binding.via is None else f"bound as one of `{binding.via}`"
                yield found_at(binding.source, message, "eligible", "approvers", detail=bound)
            else:
                yield at_binding(binding, message, "eligible", "approvers")
    for name, spec in model.organization.spec.groups.items():
        asked = spec.requests
        if asked is None:
            continue
        asking = asked.requestors or name
        if asked.approvers == name or are_in(model, asking, asked.approvers):
            message = f"`{asked.approvers}` approves its own requests to be in `{name}`"
            source = model.organization.source
            yield found_at(source, message, "groups", name, "requests", "approvers")


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
            message = (
                f"an elevation may last {lasts}, the organization allows {format_duration(longest)}"
            )
            yield found_at(binding.source, message, "eligible", "maxDuration")


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
            message = (
                f"the high-risk role `{binding.role}` may be held for "
                f"{format_duration(eligible.max_duration_s)} at a time"
            )
            yield found_at(binding.source, message, "eligible", "maxDuration")


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
                yield at_binding(
                    binding,
                    f"`{binding.principal}` holds `{binding.role}` on `{other.scope}` anyway",
                    "eligible",
                    other=other,
                )
                break
