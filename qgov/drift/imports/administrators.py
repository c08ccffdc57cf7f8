"""Who can undo a change, in a configuration of what exists."""

from __future__ import annotations

from typing import Final

from qgov.drift.imports.said import Bound, Note, Said, Terms, Why
from qgov.model.principal import group, is_group, name_of
from qgov.model.scope import EVERYWHERE
from qgov.records import replace

__all__ = ["ADMINISTRATORS", "APPROVERS", "RECOVERY", "administered"]

ADMINISTRATORS: Final = "platform-admins"
"""The group that administers the platform, where the source has none that does."""

APPROVERS: Final = "security-reviewers"
"""The group that approves that."""

RECOVERY: Final = "policy:write"
"""What it takes to undo a change."""

_ADMIN_ROLE: Final = "platform-admin"
_POWERS: Final = (
    "identity:write", "member:write", "policy:read", "policy:write", "secret:rotate",
    "workload:write",
)  # fmt: skip
_PEOPLE: Final = 2
"""How many people must be able to undo a change."""


def administered(said: Said, admins: str | None, approvers: str | None) -> Said:
    """The same with somebody who can undo a change: who does so already, else the group `admins`,
    just in time and approved by the group `approvers`. Where they are not named they are those of
    `qgov init`."""
    able = {role for role, its in said.roles.items() if RECOVERY in its}
    holders = [
        b
        for b in said.bindings
        if b.role in able and is_group(b.principal) and b.scope == EVERYWHERE
    ]
    groups = {**said.groups}
    notes = [*said.notes]
    bindings = said.bindings
    roles = {**said.roles}
    if not holders:
        who, other = admins or ADMINISTRATORS, approvers or APPROVERS
        role = min(able, default="")
        if not able:
            role = next(n for n in (_ADMIN_ROLE, f"qgov-{_ADMIN_ROLE}") if n not in roles)
            roles[role] = _POWERS
        bound = Bound(group(who), role, EVERYWHERE, Terms(other, 14_400, ticket=True))
        bindings = (*bindings, bound)
        new = [name for name in (who, other) if name not in groups]
        groups |= dict.fromkeys(new, _PEOPLE)
        notes.append(
            Note(
                Why.ASSUMED,
                f"the group `{who}` administers the platform, just in time, approved by `{other}`",
                "nobody of the source may change the policy, and somebody must be able to"
                + (f"; the source has no `{'`, `'.join(new)}`" if new else ""),
                "make the groups, or import again with --admins and --approvers",
            )
        )
        holders = [bound]
    names = sorted({name_of(b.principal) for b in holders})
    if sum(groups[name] or 0 for name in names) < _PEOPLE:
        first = names[0]
        people = groups[first]
        told = "does not tell of" if people is None else f"has {people} of"
        groups[first] = _PEOPLE
        notes.append(
            Note(
                Why.ASSUMED,
                f"the group `{first}` keeps {_PEOPLE} people",
                f"that many must be able to undo a change, and the source {told} them",
                "put them into it",
            )
        )
    return replace(said, groups=groups, roles=roles, bindings=bindings, notes=(*notes,))
