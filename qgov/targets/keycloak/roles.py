"""`roles.tf` and `groups.tf`: what there is to hold, and which directory group holds it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from qgov.model.access_model import Binding
from qgov.model.conditions import Eligibility
from qgov.model.principal import kind_of, name_of
from qgov.targets.hcl import Block, Ref, Value, address
from qgov.targets.keycloak.module import KEPT, REALM, Module, resource, short
from qgov.targets.moved import moved

__all__ = [
    "MANY",
    "by_name",
    "elevation",
    "eligible",
    "groups",
    "role_name",
    "roles",
    "standing",
]

MANY: Final = "##"
"""What joins the values of an attribute in the Terraform provider."""

_GUARD: Final = "terraform_data.kept_groups"


def roles(module: Module) -> list[Block]:
    """A realm role for each role at each scope that anything of this Keycloak is bound to."""
    found: list[Block] = []
    bound = sorted({(b.role, b.scope) for b in module.bindings})
    for name, scope in bound:
        role = module.model.roles[name]
        permissions = [f"{p}:own" if own else p for p, own in sorted(role.permissions.items())]
        found.append(
            resource(
                "role",
                address("role", name, scope),
                {
                    **REALM,
                    "name": role_name(name, scope),
                    "description": _about(role.metadata.title or name, role.metadata.description),
                    "attributes": {"permissions": MANY.join(permissions), "scope": scope},
                },
            )
        )
    former = module.renames
    return found + moved(
        (_role(former.role(name), former.scope(scope)), _role(name, scope)) for name, scope in bound
    )


def _role(name: str, scope: str) -> Ref:
    return Ref(f"keycloak_role.{address('role', name, scope)}")


def role_name(role: str, scope: str) -> str:
    """The realm role of a role at a scope."""
    return f"qgov:{role}:{scope}"


def groups(module: Module) -> list[Block]:
    """The directory groups, bound or not, and the realm roles that standing bindings give.
    `exhaustive` is off: what else a group holds is not ours to say."""
    found: list[Block] = []
    bound = by_name(module, "group")
    for group in module.groups:
        bindings = bound.get(group.name, [])
        name = address("group", group.name)
        attributes: dict[str, Value] = {**REALM, "name": group.name}
        if group.title is not None:
            attributes["description"] = short(group.title)
        if jit := eligible(bindings):
            attributes["attributes"] = {"qgov_eligible": jit}
        found.append(resource("group", name, attributes, KEPT))
        if held := standing(bindings):
            found.append(
                resource(
                    "group_roles",
                    name,
                    {
                        **REALM,
                        "group_id": Ref(f"keycloak_group.{name}.id"),
                        "role_ids": [
                            Ref(f"keycloak_role.{address('role', *key)}.id") for key in held
                        ],
                        "exhaustive": False,
                    },
                )
            )
    names = [group.name for group in module.groups]
    found.append(_kept(names))
    return found + moved(_addresses(module.renames.group, names, bound))


def _addresses(
    former: Callable[[str], str], names: Iterable[str], bound: Mapping[str, Iterable[Binding]]
) -> Iterator[tuple[Ref, Ref]]:
    """What the resources of groups were and are."""
    for name in names:
        old, new = address("group", former(name)), address("group", name)
        yield Ref(f"keycloak_group.{old}"), Ref(f"keycloak_group.{new}")
        if standing(bound.get(name, ())):
            yield Ref(f"keycloak_group_roles.{old}"), Ref(f"keycloak_group_roles.{new}")
        yield Ref(_GUARD, former(name)), Ref(_GUARD, name)


def _kept(names: Iterable[str]) -> Block:
    """What refuses to let a group go. Terraform forgets `prevent_destroy` with the block that
    says it, and would delete the group and its memberships when its block is gone. This block
    stays, whatever groups there are, and protects each of them by name."""
    return Block(
        "resource",
        tuple(_GUARD.split(".")),
        {
            "for_each": {name: f"keycloak_group.{address('group', name)}" for name in names},
            "input": Ref("each.value"),
        },
        (KEPT,),
    )


def by_name(module: Module, kind: str) -> dict[str, list[Binding]]:
    """The bindings of each principal of a kind (`group`, `workload`), sorted by its name."""
    found: dict[str, list[Binding]] = defaultdict(list)
    for binding in module.bindings:
        if kind_of(binding.principal) == kind:
            found[name_of(binding.principal)].append(binding)
    return dict(sorted(found.items()))


def standing(bindings: Iterable[Binding]) -> list[tuple[str, str]]:
    """The (role, scope) of standing bindings."""
    return sorted({(b.role, b.scope) for b in bindings if b.eligible is None})


def eligible(bindings: Iterable[Binding]) -> str:
    """The eligible bindings as the values of an attribute, one for each."""
    return MANY.join(sorted({elevation(b, b.eligible) for b in bindings if b.eligible}))


def elevation(binding: Binding, terms: Eligibility) -> str:
    """An eligible binding as one value of an attribute: the realm role, and on what terms."""
    ticket = "required" if terms.ticket else "optional"
    return (
        f"{role_name(binding.role, binding.scope)} approvers={terms.approvers} "
        f"max_duration_s={terms.max_duration_s} ticket={ticket}"
    )


def _about(title: str, description: str | None) -> str:
    return short(title if description is None else f"{title}: {description}")
