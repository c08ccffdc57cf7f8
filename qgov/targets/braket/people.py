"""`permission_sets.tf`: what people may do, through IAM Identity Center."""

from __future__ import annotations

from typing import Final

from qgov.targets.braket.module import (
    ORGANIZATION,
    WIDTH,
    Entitlement,
    Module,
    policy_file,
    resource,
)
from qgov.targets.braket.policies import entitlement_policy
from qgov.targets.cloud import both, groups_of, shortened
from qgov.targets.hcl import Block, Ref, Value, address
from qgov.targets.moved import moved

__all__ = ["assigned", "permission_sets", "session", "tags"]

_INSTANCE: Final[dict[str, Value]] = {
    **ORGANIZATION,
    "instance_arn": Ref("var.identity_center_instance_arn"),
}
_SET: Final = ("aws_ssoadmin_permission_set", "aws_ssoadmin_permission_set_inline_policy")
_HOUR_S: Final = 3600
_LONGEST_S: Final = 12 * _HOUR_S  # of a session, for AWS; the shortest is an hour


def session(seconds: int | None) -> int:
    """The session that AWS can hold and that is nearest to a wanted one, in seconds."""
    return max(_HOUR_S, min(seconds or _LONGEST_S, _LONGEST_S))


def _iso(seconds: int) -> str:
    """A duration as ISO 8601, in hours and minutes."""
    hours, minutes = divmod(seconds // 60, 60)
    return f"PT{hours}H" + (f"{minutes}M" if minutes else "")


def tags(held: Entitlement) -> dict[str, Value]:
    """What an entitlement is, for who looks at AWS alone."""
    return {"qgov:role": held.role.name, "qgov:scope": held.scope}


def assigned(module: Module) -> list[Entitlement]:
    """The entitlements that groups hold standing, and of which IAM has anything to say."""
    return [
        held
        for held in module.entitlements
        if groups_of(held.bindings, eligible=False) and entitlement_policy(module, held)
    ]


def permission_sets(module: Module) -> list[Block]:
    """A permission set for each entitlement, assigned to the groups that hold it standing. What
    groups may be elevated to is an IAM role, and assigned to nobody."""
    found: list[Block] = []
    renamed: list[tuple[Ref, Ref]] = []
    for held in assigned(module):
        name = address("permission_set", *held.key)
        old = address("permission_set", *module.former(held))
        arn = Ref(f"aws_ssoadmin_permission_set.{name}.arn")
        length = session(held.conditions.max_token_age_s)
        found.append(
            resource(
                "ssoadmin_permission_set",
                name,
                {
                    **_INSTANCE,
                    "name": held.name,
                    "description": shortened(held.about, WIDTH),
                    "session_duration": _iso(length),
                    "tags": tags(held),
                },
            )
        )
        found.append(
            resource(
                "ssoadmin_permission_set_inline_policy",
                name,
                {**_INSTANCE, "permission_set_arn": arn, "inline_policy": policy_file(held.name)},
            )
        )
        renamed += [both(kind, old, name) for kind in _SET]
        for group in groups_of(held.bindings, eligible=False):
            who = address("assignment", *held.key, group)
            former = address("assignment", *module.former(held), module.renames.group(group))
            kind = "aws_ssoadmin_account_assignment"
            renamed.append(both(kind, former, who))
            found.append(
                resource(
                    "ssoadmin_account_assignment",
                    who,
                    {
                        **_INSTANCE,
                        "permission_set_arn": arn,
                        "principal_type": "GROUP",
                        "principal_id": Ref("var.group_ids", group),
                        "target_type": "AWS_ACCOUNT",
                        "target_id": module.account.account,
                    },
                )
            )
    return found + moved(renamed)
