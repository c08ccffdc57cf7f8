"""`entra-just-in-time.tf`: Privileged Identity Management for groups.

An eligible binding has a group of its own, `jit:<group>:<role>:<scope>`, that holds the app role.
The directory group is eligible to be in it: whoever activates that is a member for as long as the
binding says, after its approvers have agreed, with a ticket where it asks for one. The decision
still wants the reviewed elevation.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from qgov.targets.directory import JustInTime, Module, jit_name, just_in_time
from qgov.targets.entra.module import assigned, group_id, jit_address, resource
from qgov.targets.hcl import Block, Ref, Value, address
from qgov.targets.moved import moved

__all__ = ["STEP_S", "approvers_of", "can", "elevations"]

STEP_S: Final = 1800
"""An activation lasts a number of half hours."""
_DAY_S: Final = 86_400


def can(module: Module, jit: JustInTime) -> bool:
    """Whether it can be said: for half an hour or more, approved by groups of this directory."""
    return jit.max_duration_s >= STEP_S and bool(approvers_of(module, jit))


def approvers_of(module: Module, jit: JustInTime) -> tuple[str, ...]:
    """Who approves, of those whom this directory has."""
    groups = module.model.groups
    return tuple(
        name for name in jit.approvers if name in groups and groups[name].provider == module.name
    )


def elevations(module: Module) -> list[Block]:
    """The groups that people may be elevated to, who may, and on what terms."""
    found: list[Block] = []
    moves: list[tuple[Ref, Ref]] = []
    for jit in just_in_time(module):
        if can(module, jit):
            found += _elevation(module, jit)
            former = module.renames
            old = address(
                "jit", former.group(jit.group), former.role(jit.role), former.scope(jit.scope)
            )
            new = jit_address(jit)
            moves.append((Ref(f"azuread_group.{old}"), Ref(f"azuread_group.{new}")))
    return found + moved(moves)


def _elevation(module: Module, jit: JustInTime) -> Iterator[Block]:
    name = jit_address(jit)
    in_it = Ref(f"azuread_group.{name}.object_id")
    yield resource(
        "group",
        name,
        {
            "display_name": jit_name(jit.group, jit.role, jit.scope),
            "security_enabled": True,
            "prevent_duplicate_names": True,
        },
    )
    yield assigned(name, address("role", jit.role, jit.scope), in_it)
    yield resource(
        "privileged_access_group_eligibility_schedule",
        name,
        {
            "group_id": in_it,
            "principal_id": group_id(module, module.model.groups[jit.group]),
            "assignment_type": "member",
            "permanent_assignment": True,
            # Eligibility that never ends has to be allowed first.
            "depends_on": [Ref(f"azuread_group_role_management_policy.{name}")],
        },
    )
    yield resource(
        "group_role_management_policy",
        name,
        {"group_id": in_it, "role_id": "member"},
        Block("eligible_assignment_rules", (), {"expiration_required": False}),
        Block("active_assignment_rules", (), {"expiration_required": True, "expire_after": "P15D"}),
        _activation(module, jit),
    )


def _activation(module: Module, jit: JustInTime) -> Block:
    approvers = (module.model.groups[name] for name in approvers_of(module, jit))
    asked: dict[str, Value] = {
        "maximum_duration": _duration(jit.max_duration_s),
        "require_approval": True,
        "require_justification": True,
        "require_multifactor_authentication": jit.requires.mfa,
        "require_ticket_info": jit.ticket,
    }
    stage = tuple(
        Block(
            "primary_approver",
            (),
            {"object_id": group_id(module, group), "type": "groupMembers"},
        )
        for group in approvers
    )
    return Block("activation_rules", (), asked, (Block("approval_stage", (), {}, stage),))


def _duration(seconds: int) -> str:
    """The longest activation within so many seconds, as ISO 8601."""
    if seconds >= _DAY_S:
        return "P1D"
    hours, rest = divmod(seconds // STEP_S * STEP_S, 3600)
    return "PT" + (f"{hours}H" if hours else "") + ("30M" if rest else "")
