"""`okta-groups.tf`: the directory groups, and what each holds standing.

A group whose `directoryId` is written exists: it is named by that id, and Terraform neither makes,
changes nor deletes it, but looks it up: tokens tell it by its name, so a plan fails where it is
called otherwise. One without is made, and refused to go. Who is in it is the directory's to say,
by hand or by the rule of `membersWhere`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Final

from qgov.model.access_model import Group
from qgov.targets.directory import (
    GUARD,
    Module,
    existing,
    held_by,
    let_go,
    retired_groups,
    role_name,
    shortened,
)
from qgov.targets.hcl import Block, Ref, Value, address
from qgov.targets.kept import kept
from qgov.targets.moved import moved
from qgov.targets.okta.module import APPLICATION, ROLES, group_id, resource

__all__ = ["groups"]

_DESCRIPTION: Final = 1024
_RULE_NAME: Final = 50


def groups(module: Module) -> list[Block]:
    """The groups, those that exist let go, and their assignments to the application, which carry
    the roles of standing bindings."""
    held = held_by(module, "group")
    found: list[Block] = []
    for group in module.groups:
        found.append(_made(group) if group.directory_id is None else _existing(group))
        found += _rule(group)
        if module.provider.protocol == "oidc":  # else there is no application
            found.append(_assigned(group, held.get(group.name, ())))
    names = {g.name: f"okta_group.{address('group', g.name)}" for g in module.groups}
    ids: dict[str, Value] = {group.name: group_id(group) for group in module.groups}
    made = (g.name for g in module.groups if g.directory_id is None)
    exist = (g.name for g in module.groups if g.directory_id is not None)
    return [
        *found,
        kept("groups", names),
        Block("output", ("group_ids",), {"value": ids}),
        *let_go("okta_group", module, exist, made),
        *moved(_moves(module)),
        *retired_groups("okta_group", module),
    ]


def _made(group: Group) -> Block:
    title = {} if group.title is None else {"description": shortened(group.title, _DESCRIPTION)}
    stays = Block("lifecycle", (), {"prevent_destroy": True})
    name = address("group", group.name)
    return resource("group", name, {"name": group.called, **title}, stays)


def _rule(group: Group) -> Iterator[Block]:
    """Who is in a group that is made, where the configuration says it. A value has no quotes."""
    if (rule := group.members_where) is None or group.directory_id is not None:
        return
    name = address("group", group.name)
    yield resource(
        "group_rule",
        name,
        {
            "name": _rule_name(group.name),
            "status": "ACTIVE",
            "group_assignments": [group_id(group)],
            "expression_type": "urn:okta:expression:1.0",
            "expression_value": f'user.{rule.attribute}=="{rule.equals}"',
        },
    )


def _rule_name(group: str) -> str:
    """As long as Okta keeps it, and still another for each group."""
    name = f"qgov {group}"
    if len(name) <= _RULE_NAME:
        return name
    digest = sha256(group.encode()).hexdigest()[:8]
    return f"{name[: _RULE_NAME - 9]}-{digest}"


def _existing(group: Group) -> Block:
    by: dict[str, Value] = {"id": group_id(group)}
    return existing("okta_group", group, by, Ref("self.name"), group.called)


def _assigned(group: Group, held: tuple[tuple[str, str], ...]) -> Block:
    roles = [role_name(role, scope) for role, scope in held]
    return resource(
        "app_group_assignment",
        address("group", group.name),
        {
            "app_id": Ref(f"{APPLICATION}.id"),
            "group_id": group_id(group),
            "profile": json.dumps({ROLES: roles}),
            "depends_on": [Ref(f"okta_app_user_schema_property.{ROLES}")],
        },
    )


def _moves(module: Module) -> Iterator[tuple[Ref, Ref]]:
    """What the resources of groups were and are."""
    for group in module.groups:
        old = address("group", module.renames.group(group.name))
        new = address("group", group.name)
        if group.directory_id is None:
            yield Ref(f"okta_group.{old}"), Ref(f"okta_group.{new}")
            if group.members_where is not None:
                yield Ref(f"okta_group_rule.{old}"), Ref(f"okta_group_rule.{new}")
        if module.provider.protocol == "oidc":
            yield Ref(f"okta_app_group_assignment.{old}"), Ref(f"okta_app_group_assignment.{new}")
        yield Ref(GUARD, module.renames.group(group.name)), Ref(GUARD, group.name)
