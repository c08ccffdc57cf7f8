"""`entra-groups.tf`: the directory groups, and what each holds standing.

A group whose `directoryId` is written exists: it is named by that id, and Terraform neither makes,
changes nor deletes it, but looks it up, so that a plan fails where it is called otherwise than was
reviewed. One without is made, and refused to go.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from qgov.model.access_model import Group
from qgov.targets.directory import (
    GUARD,
    Module,
    existing,
    held_by,
    let_go,
    retired_groups,
    shortened,
)
from qgov.targets.entra.module import KNOWN, assigned, group_id, resource
from qgov.targets.hcl import Block, Ref, Value, address
from qgov.targets.kept import kept
from qgov.targets.moved import moved

__all__ = ["groups"]

_DESCRIPTION: Final = 1024


def groups(module: Module) -> list[Block]:
    """The groups, those that exist let go, and the app roles of standing bindings."""
    held = held_by(module, "group")
    found: list[Block] = []
    for group in module.groups:
        found.append(_made(group) if group.directory_id is None else _existing(module, group))
        id_ = group_id(module, group)
        holds = held.get(group.name, ())
        for role, scope in holds:
            name = address("group", group.name, role, scope)
            found.append(assigned(name, address("role", role, scope), id_))
        if not holds:
            name = f"{address('group', group.name)}__{KNOWN.upper()}"
            found.append(assigned(name, f"role_{KNOWN}", id_))
    found.append(
        kept("groups", {g.name: f"azuread_group.{address('group', g.name)}" for g in module.groups})
    )
    made = (g.name for g in module.groups if g.directory_id is None)
    exist = (g.name for g in module.groups if g.directory_id is not None)
    return [
        *found,
        *let_go("azuread_group", module, exist, made),
        *moved(_moves(module)),
        *retired_groups("azuread_group", module),
    ]


def _made(group: Group) -> Block:
    attributes: dict[str, Value] = {
        "display_name": group.called,
        "security_enabled": True,
        "prevent_duplicate_names": True,
    }
    if group.title is not None:
        attributes["description"] = shortened(group.title, _DESCRIPTION)
    blocks = [Block("lifecycle", (), {"prevent_destroy": True})]
    if (rule := group.members_where) is not None:
        attributes["types"] = ["DynamicMembership"]
        says = f'user.{rule.attribute} -eq "{rule.equals}"'  # a value has no quotes
        blocks.insert(0, Block("dynamic_membership", (), {"enabled": True, "rule": says}))
    return resource("group", address("group", group.name), attributes, *blocks)


def _existing(module: Module, group: Group) -> Block:
    """Looked up among groups: the data source of one group puts its members into the state."""
    declared = module.model.organization.spec.groups.get(group.name)
    return existing(
        "azuread_groups",
        group,
        {"object_ids": [group_id(module, group)]},
        Ref("self.display_names[0]"),
        declared.directory_name if declared else None,
    )


def _moves(module: Module) -> Iterator[tuple[Ref, Ref]]:
    """What the resources of groups were and are."""
    for group in module.groups:
        former = module.renames.group(group.name)
        if group.directory_id is None:
            yield (
                Ref(f"azuread_group.{address('group', former)}"),
                Ref(f"azuread_group.{address('group', group.name)}"),
            )
        yield Ref(GUARD, former), Ref(GUARD, group.name)
