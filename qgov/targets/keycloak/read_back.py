"""Back to accesses: the emitted Terraform by its text alone, and a realm's representation.

`accesses_of` reads a realm as Keycloak itself tells it (`partial-export` with clients, groups and
roles), so that what a server holds is compared with what was reviewed.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from qgov.model import principal as principals
from qgov.model.principal import Principal
from qgov.targets.hcl import Block, Ref, parse
from qgov.targets.target import Access, Files

__all__ = ["accesses_of", "read_back"]

_MANY: Final = "##"


def read_back(files: Files) -> frozenset[Access]:
    """The accesses that the realm roles, groups and service accounts of `.tf` files and of
    `realm.json` files give."""
    modules: dict[str, list[Block]] = defaultdict(list)
    found: set[Access] = set()
    for path, content in sorted(files.items()):
        folder, _, name = path.rpartition("/")
        if folder.startswith("terraform/identity/") and name.endswith(".tf"):
            modules[folder] += (b for b in parse(content) if b.type == "resource")
        elif folder.startswith("idp/") and name == "realm.json":
            found |= accesses_of(json.loads(content))
    for blocks in modules.values():
        found.update(_accesses(blocks))
    return frozenset(found)


def accesses_of(realm: Mapping[str, Any]) -> frozenset[Access]:
    """The accesses that a realm gives: by the roles of groups, those that lie within others too,
    and of service accounts and the groups they are in, with what roles are composed of; and
    just-in-time."""
    roles = _RealmRoles(realm)
    found: set[Access] = set()
    of_group: dict[str, tuple[str, ...]] = {}
    for group, inherited in _groups(realm.get("groups", ()), ()):
        path = str(group.get("path") or f"/{group['name']}")
        of_group[path] = (*inherited, *group.get("realmRoles", ()))
        who = principals.group(path.removeprefix("/"))
        found.update(a for role in of_group[path] for a in roles.held(who, role, eligible=False))
        attributes = group.get("attributes") or {}
        for who in map(Principal, attributes.get("qgov_principal", ())):
            for terms in attributes.get("qgov_eligible", ()):
                found.update(roles.held(who, terms.partition(" ")[0], eligible=True))
    for user in realm.get("users", ()):
        if client := user.get("serviceAccountClientId"):
            joined = (role for path in user.get("groups", ()) for role in of_group[path])
            for role in (*user.get("realmRoles", ()), *joined):
                found.update(roles.held(Principal(client), role, eligible=False))
    return frozenset(found)


def _groups(
    groups: Iterable[Mapping[str, Any]], inherited: tuple[str, ...]
) -> Iterator[tuple[Mapping[str, Any], tuple[str, ...]]]:
    """Each group, and the roles that it has from those around it."""
    for group in groups:
        yield group, inherited
        held = (*inherited, *group.get("realmRoles", ()))
        yield from _groups(group.get("subGroups", ()), held)


class _RealmRoles:
    """The realm roles of a representation by name."""

    def __init__(self, realm: Mapping[str, Any]) -> None:
        self._roles = {role["name"]: role for role in realm.get("roles", {}).get("realm", ())}

    def held(self, who: Principal, name: str, *, eligible: bool) -> Iterator[Access]:
        """The accesses of a role, and of the realm roles in it."""
        waiting, seen = [name], {name}
        while waiting:
            role = self._roles[waiting.pop()]
            attributes = role.get("attributes") or {}
            for scope in attributes.get("scope", ()):
                for permission in attributes.get("permissions", ()):
                    yield _access(who, permission, scope, eligible)
            inner = (role.get("composites") or {}).get("realm", ())
            waiting += [each for each in inner if each not in seen]
            seen.update(inner)


def _access(who: Principal, permission: str, scope: str, eligible: bool) -> Access:
    base = permission.removesuffix(":own")
    return Access(who, base, scope, eligible, base != permission)


def _accesses(blocks: Iterable[Block]) -> Iterator[Access]:
    resources: dict[str, dict[str, Mapping[str, Any]]] = defaultdict(dict)
    for block in blocks:
        resources[block.labels[0]][block.labels[1]] = block.attributes
    roles, clients = resources["keycloak_role"], resources["keycloak_openid_client"]
    groups = resources["keycloak_group"]
    by_name = {role["name"]: role for role in roles.values()}

    def held(who: Principal, role: Mapping[str, Any], eligible: bool) -> Iterator[Access]:
        for permission in role["attributes"]["permissions"].split(_MANY):
            yield _access(who, permission, role["attributes"]["scope"], eligible)

    for given in resources["keycloak_group_roles"].values():
        who = principals.group(groups[_label(given["group_id"])]["name"])
        for role in given["role_ids"]:
            yield from held(who, roles[_label(role)], False)
    for given in resources["keycloak_openid_client_service_account_realm_role"].values():
        client = clients[_label(given["service_account_user_id"])]
        yield from held(Principal(client["client_id"]), roles[_label(given["role"])], False)
    for group in groups.values():
        attributes = group.get("attributes", {})
        for terms in attributes.get("qgov_eligible", "").split(_MANY):
            if terms:
                who = Principal(attributes["qgov_principal"])
                yield from held(who, by_name[terms.partition(" ")[0]], True)


def _label(reference: Ref) -> str:
    """The name in `type.name.attribute`."""
    return reference.expression.split(".")[1]
