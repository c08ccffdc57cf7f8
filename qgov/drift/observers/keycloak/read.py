"""The reads: the admin API of a realm, whole, into one value."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from msgspec import Struct

from qgov.drift.observer import Need, UnreadableError
from qgov.drift.remote import Remote, path_of

__all__ = [
    "NEEDS",
    "Group",
    "Realm",
    "Role",
    "members_of",
    "read_realm",
    "rights_below",
    "top_groups",
]

NEEDS: Final = (
    Need("/, /roles, /components, /keys", "view-realm", "sign-in, roles, keys, federations"),
    Need("/authentication/…, /client-policies/…", "view-realm", "flows and required actions"),
    Need("/groups, /groups/ID/children", "view-users", "groups, nested ones and their roles"),
    Need("/groups/ID/members, /roles/…/users", "view-users", "who is in them, who holds roles"),
    Need("/clients, /client-scopes", "view-clients", "clients, mappers, scope mappings"),
    Need("/identity-provider/…", "view-identity-providers", "brokers and their mappers"),
    Need("/events/config", "view-events", "whether events are kept"),
    Need("/users/ID/federated-identity", "view-users", "which approvers are from outside"),
    Need("/events", "view-events", "which approvers signed in, since events are kept"),
    Need("/workflows", "realm-admin", "workflows: no lesser right may read them"),
)
"""Below `/admin/realms/REALM`, as roles of the client `realm-management`."""

_RIGHTS: Final = {
    "/groups": "view-users",
    "/users": "view-users",
    "/clients": "view-clients",
    "/client-scopes": "view-clients",
    "/identity-provider": "view-identity-providers",
    "/events": "view-events",
    "/workflows": "realm-admin",
}
_MANY: Final = 500


class Role(Struct, frozen=True):
    """A role of the realm (`client` empty) or of a client, with those that it is made of."""

    id: str
    name: str
    client: str
    attributes: Mapping[str, list[str]]
    parts: tuple[str, ...] = ()
    about: str = ""

    @property
    def label(self) -> str:
        """What people call it."""
        return f"{self.client}/{self.name}" if self.client else self.name


class Group(Struct, frozen=True):
    """A group by its path without the first slash, with its own roles and direct members."""

    path: str
    attributes: Mapping[str, list[str]]
    roles: tuple[str, ...]
    """Labels of realm roles, and `client/role`."""
    members: tuple[Mapping[str, Any], ...] = ()
    id: str = ""
    about: str = ""


@dataclass(frozen=True)
class Realm:
    """Everything that was read. Raw parts are as the server tells them."""

    name: str
    raw: Mapping[str, Any]
    clients: tuple[Mapping[str, Any], ...]
    scopes: tuple[Mapping[str, Any], ...]
    components: tuple[Mapping[str, Any], ...]
    flows: Mapping[str, list[Mapping[str, Any]]]
    configs: Mapping[str, Mapping[str, Any]]
    brokers: tuple[Mapping[str, Any], ...]
    lists: Mapping[str, Any]
    roles: Mapping[str, Role]
    groups: tuple[Group, ...]
    holders: Mapping[str, tuple[Mapping[str, Any], ...]] = field(default_factory=dict)
    """Id of a role → the accounts that hold it directly."""
    approvers: Mapping[str, tuple[bool, bool | None]] = field(default_factory=dict)
    """Id of an account that approves → whether it comes from elsewhere, and whether it signed in
    since events are kept; None where none are."""
    by_id: bool = False
    """Whether the configuration knows people by the id of their account, not by their name."""
    flow_ids: Mapping[str, str] = field(default_factory=dict)
    """Alias of a flow of the top → its id."""

    @cached_property
    def by_path(self) -> dict[str, Group]:
        """The groups."""
        return {group.path: group for group in self.groups}

    @cached_property
    def by_label(self) -> dict[str, Role]:
        """The roles of the realm."""
        return {role.label: role for role in self.roles.values()}


def read_realm(
    server: Remote,
    name: str,
    wanted: Callable[[Mapping[str, Role]], Iterable[str]],
    approving: Collection[str] = (),
) -> Realm:
    """The whole realm. `wanted` says of the roles by id which ones' holders are asked for, and
    `approving` are the groups of whose members more is.

    Raises UnreadableError for a right that is missing, where the server tells only a part.
    """
    at = path_of("admin", "realms", name)
    raw = server.get(at)
    if not isinstance(raw, dict) or "accessTokenLifespan" not in raw:
        raise UnreadableError(f"{server.base}{at}: told in part; the right `view-realm` is needed")
    clients = _clients(server, at)
    roles = _roles(server, at, clients)
    groups = _groups(server, at)
    flow_ids = {str(f["alias"]): str(f["id"]) for f in server.get(f"{at}/authentication/flows")}
    flows = _flows(server, at, [*flow_ids])
    ids = sorted(wanted(roles))
    holders = server.each(lambda id_: _holders(server, at, roles[id_], clients), ids)
    brokers = _brokers(server, at)
    lists = _lists(server, at, raw)
    kept = bool(lists["/events/config"].get("eventsEnabled"))
    people = sorted({str(m["id"]) for g in groups if g.path in approving for m in g.members})
    approvers = server.each(lambda id_: _approver(server, at, id_, kept), people)
    return Realm(
        name,
        raw,
        tuple(clients),
        tuple(_scopes(server, at)),
        tuple(server.get(f"{at}/components")),
        flows,
        _configs(server, at, flows),
        tuple(brokers),
        lists,
        roles,
        groups,
        dict(zip(ids, holders, strict=True)),
        dict(zip(people, approvers, strict=True)),
        flow_ids=flow_ids,
    )


def _clients(server: Remote, at: str) -> list[dict[str, Any]]:
    found = server.pages(f"{at}/clients", _MANY)
    if not found or not all(one.get("access", {}).get("view") for one in found):
        raise UnreadableError(
            f"{server.base}{at}/clients: told in part; the right `view-clients` is needed"
        )
    limited = [one for one in found if not one.get("fullScopeAllowed")]
    mappings = server.each(
        lambda one: server.get(f"{at}/clients{path_of(one['id'])}/scope-mappings"), limited
    )
    for one, mapping in zip(limited, mappings, strict=True):
        one["scopeMappings"] = _labels(mapping)
    return found


def _scopes(server: Remote, at: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = server.get(f"{at}/client-scopes")
    mappings = server.each(
        lambda one: server.get(f"{at}/client-scopes{path_of(one['id'])}/scope-mappings"), found
    )
    for one, mapping in zip(found, mappings, strict=True):
        one["scopeMappings"] = _labels(mapping)
    return found


def _labels(mapping: Mapping[str, Any]) -> list[str]:
    found = [role["name"] for role in mapping.get("realmMappings", ())]
    for client, of in mapping.get("clientMappings", {}).items():
        found += [f"{client}/{role['name']}" for role in of["mappings"]]
    return sorted(found)


def _roles(server: Remote, at: str, clients: Iterable[Mapping[str, Any]]) -> dict[str, Role]:
    raw = [(role, "") for role in server.pages(f"{at}/roles", _MANY, briefRepresentation="false")]
    clients = [*clients]
    per_client = server.each(
        lambda one: server.pages(
            f"{at}/clients{path_of(one['id'])}/roles", _MANY, briefRepresentation="false"
        ),
        clients,
    )
    for one, found in zip(clients, per_client, strict=True):
        raw += [(role, one["clientId"]) for role in found]
    made = [role["id"] for role, _ in raw if role.get("composite")]
    parts = server.each(
        lambda id_: server.pages(f"{at}/roles-by-id{path_of(id_)}/composites", _MANY), made
    )
    inside = {
        id_: tuple(sorted(each["id"] for each in part))
        for id_, part in zip(made, parts, strict=True)
    }
    return {
        role["id"]: Role(
            role["id"],
            role["name"],
            client,
            role.get("attributes", {}),
            inside.get(role["id"], ()),
            str(role.get("description") or ""),
        )
        for role, client in raw
    }


def top_groups(server: Remote, at: str) -> list[dict[str, Any]]:
    """The groups that lie in no other, as the server tells them: as many as it says there are."""
    raw = server.pages(
        f"{at}/groups", _MANY, briefRepresentation="false", populateHierarchy="false"
    )
    announced = server.get(f"{at}/groups/count", top="true")
    if announced.get("count") != len(raw):
        raise UnreadableError(
            f"{server.base}{at}/groups: {announced.get('count')} announced, {len(raw)} sent"
        )
    return raw


def members_of(server: Remote, at: str, group: str) -> list[dict[str, Any]]:
    """The direct members of a group, by its id: in brief, which says all that is asked for at
    two thirds of the server's work."""
    return server.pages(f"{at}/groups{path_of(group)}/members", _MANY, briefRepresentation="true")


def _groups(server: Remote, at: str) -> tuple[Group, ...]:
    level = raw = top_groups(server, at)
    while level := [group for group in level if group.get("subGroupCount")]:
        below = server.each(
            lambda one: server.pages(
                f"{at}/groups{path_of(one['id'])}/children", _MANY, briefRepresentation="false"
            ),
            level,
        )
        for group, children in zip(level, below, strict=True):
            if len(children) != group["subGroupCount"]:
                raise UnreadableError(
                    f"{server.base}{at}/groups: {group['subGroupCount']} announced below "
                    f"{group['path']}, {len(children)} sent"
                )
        level = [child for children in below for child in children]
        raw = raw + level
    members = server.each(lambda one: members_of(server, at, one["id"]), raw)
    return tuple(
        Group(
            group["path"].removeprefix("/"),
            group.get("attributes", {}),
            (
                *group.get("realmRoles", ()),
                *(f"{c}/{r}" for c, of in group.get("clientRoles", {}).items() for r in of),
            ),
            tuple(people),
            group["id"],
            str(group.get("description") or ""),
        )
        for group, people in zip(raw, members, strict=True)
    )


def _holders(
    server: Remote, at: str, role: Role, clients: Iterable[Mapping[str, Any]]
) -> tuple[Mapping[str, Any], ...]:
    below = path_of("roles", role.name)
    if role.client:
        id_ = next(one["id"] for one in clients if one["clientId"] == role.client)
        below = f"{path_of('clients', id_)}{below}"
    return tuple(server.pages(f"{at}{below}/users", _MANY))


def _approver(server: Remote, at: str, id_: str, kept: bool) -> tuple[bool, bool | None]:
    linked = server.get(f"{at}/users{path_of(id_)}/federated-identity")
    if not kept:
        return bool(linked), None
    return bool(linked), bool(server.get(f"{at}/events", type="LOGIN", user=id_, max=1))


def _flows(server: Remote, at: str, aliases: Sequence[str]) -> dict[str, list[Mapping[str, Any]]]:
    executions = server.each(
        lambda alias: server.get(f"{at}/authentication/flows{path_of(alias)}/executions"), aliases
    )
    return dict(zip(aliases, executions, strict=True))


def _configs(
    server: Remote, at: str, flows: Mapping[str, list[Mapping[str, Any]]]
) -> dict[str, Mapping[str, Any]]:
    ids = sorted(
        {
            str(one["authenticationConfig"])
            for executions in flows.values()
            for one in executions
            if one.get("authenticationConfig")
        }
    )
    found = server.each(lambda id_: server.get(f"{at}/authentication/config{path_of(id_)}"), ids)
    return dict(zip(ids, found, strict=True))


def _brokers(server: Remote, at: str) -> list[dict[str, Any]]:
    found = server.pages(f"{at}/identity-provider/instances", _MANY, briefRepresentation="false")
    mappers = server.each(
        lambda one: server.get(f"{at}/identity-provider/instances{path_of(one['alias'])}/mappers"),
        found,
    )
    return [{**one, "mappers": own} for one, own in zip(found, mappers, strict=True)]


def _lists(server: Remote, at: str, raw: Mapping[str, Any]) -> dict[str, Any]:
    """What is one answer each, by its path."""
    paths = [
        "/events/config",
        "/authentication/required-actions",
        "/users/profile",
        "/client-policies/policies",
        "/client-policies/profiles",
        "/clients-initial-access",
        "/default-groups",
        "/default-default-client-scopes",
        "/default-optional-client-scopes",
    ]
    found = dict(
        zip(paths, server.each(lambda path: server.get(f"{at}{path}"), paths), strict=True)
    )
    found["/workflows"] = server.pages(f"{at}/workflows", 100)
    organized = bool(raw.get("organizationsEnabled"))
    found["/organizations"] = server.pages(f"{at}/organizations", 100) if organized else []
    return found


def rights_below(name: str) -> dict[str, str]:
    """Which right the paths of a realm need, by how they begin; the rest needs `view-realm`."""
    at = path_of("admin", "realms", name)
    return {**{f"{at}{path}": right for path, right in _RIGHTS.items()}, at: "view-realm"}
