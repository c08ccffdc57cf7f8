"""The emitted Terraform back to accesses, by its text alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from qgov.model import principal as principals
from qgov.model.principal import Principal
from qgov.targets.hcl import Block, Ref, parse
from qgov.targets.target import Access, Files

__all__ = ["FOLDER", "read_back"]

FOLDER: Final = "terraform/identity"
"""Where the root modules are."""

_MANY: Final = "##"


def read_back(files: Files) -> frozenset[Access]:
    """The accesses that the realm roles, groups and service accounts of `.tf` files give."""
    modules: dict[str, list[Block]] = defaultdict(list)
    for path, content in sorted(files.items()):
        folder, _, name = path.rpartition("/")
        if folder.startswith(f"{FOLDER}/") and name.endswith(".tf"):
            modules[folder] += (b for b in parse(content) if b.type == "resource")
    return frozenset(access for blocks in modules.values() for access in _accesses(blocks))


def _accesses(blocks: Iterable[Block]) -> Iterator[Access]:
    resources: dict[str, dict[str, Mapping[str, Any]]] = defaultdict(dict)
    for block in blocks:
        resources[block.labels[0]][block.labels[1]] = block.attributes
    roles, clients = resources["keycloak_role"], resources["keycloak_openid_client"]
    groups = resources["keycloak_group"]
    by_name = {role["name"]: role for role in roles.values()}

    def held(who: Principal, role: Mapping[str, Any], eligible: bool) -> Iterator[Access]:
        for permission in role["attributes"]["permissions"].split(_MANY):
            base = permission.removesuffix(":own")
            yield Access(who, base, role["attributes"]["scope"], eligible, base != permission)

    def elevations(who: Principal, attributes: Mapping[str, Any], key: str) -> Iterator[Access]:
        for value in attributes.get(key, "").split(_MANY):
            if value:
                yield from held(who, by_name[value.partition(" ")[0]], True)

    for given in resources["keycloak_group_roles"].values():
        who = principals.group(groups[_label(given["group_id"])]["name"])
        for role in given["role_ids"]:
            yield from held(who, roles[_label(role)], False)
    for given in resources["keycloak_openid_client_service_account_realm_role"].values():
        client = clients[_label(given["service_account_user_id"])]
        yield from held(Principal(client["client_id"]), roles[_label(given["role"])], False)
    for group in groups.values():
        who = principals.group(group["name"])
        yield from elevations(who, group.get("attributes", {}), "qgov_eligible")
    for client in clients.values():
        yield from elevations(
            Principal(client["client_id"]), client.get("extra_config", {}), "qgov.eligible"
        )


def _label(reference: Ref) -> str:
    """The name in `type.name.attribute`."""
    return reference.expression.split(".")[1]
