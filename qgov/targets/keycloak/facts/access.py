"""What there is to hold, and who holds it: realm roles, directory groups, just-in-time groups.

A role at a scope is a realm role `qgov:<role>:<scope>`. A standing binding gives it to a directory
group or to a workload's service account, which hold these roles and no others. An eligible binding
gives nothing: it has a group of its own, `jit:<principal>:<role>:<scope>`, whose members for a time
are the people whose elevation was approved. That group holds no role either. What it means stands
in its attributes, and the decision knows it from the elevation.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from msgspec import Struct

from qgov.model.access_model import Binding, Group, Role
from qgov.model.conditions import Eligibility
from qgov.model.principal import Principal, name_of
from qgov.targets.directory import held_by, jit_name, role_name
from qgov.targets.keycloak.module import Module, short

__all__ = [
    "ELIGIBLE",
    "PRINCIPAL",
    "DirectoryGroup",
    "JitGroup",
    "RealmRole",
    "directory_groups",
    "elevation",
    "held_by",
    "jit_group_name",
    "jit_groups",
    "realm_roles",
    "role_name",
]

PRINCIPAL: Final = "qgov_principal"
"""The attribute of a just-in-time group that says whose binding it is."""

ELIGIBLE: Final = "qgov_eligible"
"""The attribute that says which realm role may be had for a time, and on what terms."""


class RealmRole(Struct, frozen=True):
    """A role at a scope, with the permissions (`:own` where they are) that it gives."""

    role: str
    scope: str
    description: str
    permissions: tuple[str, ...]

    @property
    def name(self) -> str:
        """What Keycloak calls it."""
        return role_name(self.role, self.scope)


class DirectoryGroup(Struct, frozen=True):
    """A group of people, and the (role, scope) that it holds."""

    name: str
    title: str | None
    held: tuple[tuple[str, str], ...]


class JitGroup(Struct, frozen=True):
    """The group of those who hold an eligible binding for a time; `terms` has one text for each
    way to be elevated."""

    principal: Principal
    role: str
    scope: str
    terms: tuple[str, ...]

    @property
    def name(self) -> str:
        """What Keycloak calls it."""
        return jit_group_name(self.principal, self.role, self.scope)


def jit_group_name(principal: Principal, role: str, scope: str) -> str:
    """The group of an eligible binding."""
    return jit_name(name_of(principal), role, scope)


def elevation(binding: Binding, terms: Eligibility) -> str:
    """An eligible binding as one value of an attribute: the realm role, and on what terms."""
    ticket = "required" if terms.ticket else "optional"
    return (
        f"{role_name(binding.role, binding.scope)} approvers={terms.approvers} "
        f"max_duration_s={terms.max_duration_s} ticket={ticket}"
    )


def realm_roles(module: Module) -> list[RealmRole]:
    """A realm role for each role at each scope that anything of this Keycloak is bound to."""
    told = {name: _told(role) for name, role in module.model.roles.items()}
    held = sorted({(b.role, b.scope) for b in module.bindings})
    return [RealmRole(name, scope, *told[name]) for name, scope in held]


def _told(role: Role) -> tuple[str, tuple[str, ...]]:
    """What is said of a role wherever it is held: in words, and its permissions."""
    title, about = role.metadata.title or role.name, role.metadata.description
    return (
        short(title if about is None else f"{title}: {about}"),
        tuple(f"{p}:own" if own else p for p, own in sorted(role.permissions.items())),
    )


def directory_groups(module: Module) -> list[DirectoryGroup]:
    """The directory groups, bound or not."""
    held = held_by(module, "group")

    def told(group: Group) -> DirectoryGroup:
        title = None if group.title is None else short(group.title)
        return DirectoryGroup(group.name, title, held.get(group.name, ()))

    return [told(group) for group in module.groups]


def jit_groups(module: Module) -> list[JitGroup]:
    """A group for each principal, role and scope that is bound just-in-time."""
    found: dict[tuple[Principal, str, str], set[str]] = defaultdict(set)
    for binding in module.bindings:
        if binding.eligible is not None:
            key = (binding.principal, binding.role, binding.scope)
            found[key].add(elevation(binding, binding.eligible))
    return [JitGroup(*key, tuple(sorted(terms))) for key, terms in sorted(found.items())]
