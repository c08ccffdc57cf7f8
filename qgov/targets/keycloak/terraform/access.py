"""`roles.tf`, `groups.tf` and `elevations.tf`: what there is to hold, and which group holds it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from qgov.model.principal import is_group, name_of
from qgov.model.renames import Renames
from qgov.targets.directory import retired_groups
from qgov.targets.hcl import Block, Ref, address
from qgov.targets.kept import GUARD, kept
from qgov.targets.keycloak.facts.access import (
    ELIGIBLE,
    PRINCIPAL,
    JitGroup,
    directory_groups,
    jit_groups,
    realm_roles,
)
from qgov.targets.keycloak.module import Module
from qgov.targets.keycloak.terraform.resource import KEPT, REALM, resource
from qgov.targets.moved import moved

__all__ = ["MANY", "elevations", "groups", "roles"]

MANY: Final = "##"
"""What joins the values of an attribute in the Terraform provider."""

_GUARD: Final = f"{GUARD}groups"


def roles(module: Module) -> list[Block]:
    """The realm roles."""
    found, former = realm_roles(module), module.renames
    blocks = [
        resource(
            "role",
            address("role", role.role, role.scope),
            {
                **REALM,
                "name": role.name,
                "description": role.description,
                "attributes": {"permissions": MANY.join(role.permissions), "scope": role.scope},
            },
        )
        for role in found
    ]
    if not former.former:
        return blocks
    return blocks + moved(
        (_role(former.role(r.role), former.scope(r.scope)), _role(r.role, r.scope)) for r in found
    )


def _role(name: str, scope: str) -> Ref:
    return Ref(f"keycloak_role.{address('role', name, scope)}")


def groups(module: Module) -> list[Block]:
    """The directory groups, bound or not, with the realm roles of standing bindings and no
    others: a role that somebody adds there is taken away again."""
    found: list[Block] = []
    for group in directory_groups(module):
        name = address("group", group.name)
        title = {} if group.title is None else {"description": group.title}
        found.append(resource("group", name, {**REALM, "name": group.name, **title}, KEPT))
        found.append(_holds(name, [_role(*key) for key in group.held]))
    names = [group.name for group in module.groups]
    found.append(
        kept("groups", {name: f"keycloak_group.{address('group', name)}" for name in names})
    )
    gone = retired_groups("keycloak_group", module)
    return [*found, *moved(_addresses(module.renames.group, names)), *gone]


def _holds(group: str, held: Iterable[Ref]) -> Block:
    return resource(
        "group_roles",
        group,
        {
            **REALM,
            "group_id": Ref(f"keycloak_group.{group}.id"),
            "role_ids": [Ref(f"{role}.id") for role in held],
            "exhaustive": True,
        },
    )


def _addresses(former: Callable[[str], str], names: Iterable[str]) -> Iterator[tuple[Ref, Ref]]:
    """What the resources of groups were and are."""
    for name in names:
        old, new = address("group", former(name)), address("group", name)
        yield from _moves(old, new)
        yield Ref(_GUARD, former(name)), Ref(_GUARD, name)


def _moves(old: str, new: str) -> Iterator[tuple[Ref, Ref]]:
    for kind in ("keycloak_group", "keycloak_group_roles"):
        yield Ref(f"{kind}.{old}"), Ref(f"{kind}.{new}")


def elevations(module: Module) -> list[Block]:
    """The groups of those who hold an eligible binding for a time. One goes with its binding, and
    whoever is in it then holds it no longer."""
    found: list[Block] = []
    jit = jit_groups(module)
    for group in jit:
        name = _jit(group)
        attributes = {PRINCIPAL: group.principal, ELIGIBLE: MANY.join(group.terms)}
        found.append(
            resource("group", name, {**REALM, "name": group.name, "attributes": attributes})
        )
        found.append(_holds(name, ()))
    return found + moved(
        move for group in jit for move in _moves(_jit(group, module.renames), _jit(group))
    )


def _jit(group: JitGroup, former: Renames | None = None) -> str:
    """The Terraform name of a just-in-time group, today or before."""
    name, role, scope = name_of(group.principal), group.role, group.scope
    person = is_group(group.principal)
    if former is not None:
        name = former.group(name) if person else former.workload(name)
        role, scope = former.role(role), former.scope(scope)
    return address("jit" if person else "jit_workload", *name.split("/"), role, scope)
