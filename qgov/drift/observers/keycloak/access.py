"""Who has what in a realm, and through which chain."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from qgov.drift.facts import ANYONE, EVERYONE, Held, Person, client
from qgov.drift.observers.keycloak.read import Group, Realm, Role
from qgov.model import principal as principals
from qgov.model.principal import Principal

__all__ = [
    "POWERS",
    "account_of",
    "accounts_in",
    "elevations_in",
    "held_in",
    "leading",
    "people_in",
    "role_at",
]

_ADMIN: Final = "realm-management"
POWERS: Final[Mapping[str, tuple[str, ...]]] = {
    "realm-admin": (
        "identity:write",
        "member:write",
        "workload:write",
        "audit:write",
        "secret:rotate",
    ),
    "manage-realm": ("identity:write",),
    "manage-authorization": ("identity:write",),
    "manage-identity-providers": ("identity:write",),
    "manage-users": ("member:write",),
    "impersonation": ("member:write",),
    "manage-clients": ("workload:write", "secret:rotate"),
    "create-client": ("workload:write",),
    "manage-events": ("audit:write",),
}
"""What a right over the realm amounts to, by the roles of `realm-management`."""

_Way = tuple[str, str, tuple[str, ...]]
"""(role, scope, chain) that a realm role gives."""


def role_at(name: str) -> tuple[str, str] | None:
    """The (role, scope) of a realm role of ours: `qgov:ROLE:SCOPE`."""
    prefix, _, rest = name.partition(":")
    role, _, scope = rest.partition(":")
    return (role, scope) if prefix == "qgov" and role and scope else None


def leading(roles: Mapping[str, Role]) -> set[str]:
    """The ids of the roles that lead to the platform: by themselves, or by what they are made
    of."""
    found = {id_ for id_, role in roles.items() if _own(role)}
    parents: dict[str, list[str]] = defaultdict(list)
    for id_, role in roles.items():
        for part in role.parts:
            parents[part].append(id_)
    waiting = [*found]
    while waiting:
        for parent in parents[waiting.pop()]:
            if parent not in found:
                found.add(parent)
                waiting.append(parent)
    return found


def _own(role: Role) -> tuple[str, str] | None:
    """The (role, scope) that a role itself stands for."""
    if role.client == _ADMIN and role.name in POWERS:
        return f"{_ADMIN}/{role.name}", "*"
    return role_at(role.name) if not role.client else None


def _reach(roles: Mapping[str, Role]) -> dict[str, list[_Way]]:
    """What each role gives, by the chain of composites that leads there. Of an administrator's
    right, which is made of lesser ones, only the whole is told."""
    found: dict[str, list[_Way]] = {}
    for id_ in leading(roles):
        ways: list[_Way] = []
        seen = {id_}
        waiting: list[tuple[str, tuple[str, ...]]] = [(id_, ())]
        while waiting:
            at, chain = waiting.pop(0)
            role = roles[at]
            if (own := _own(role)) is not None:
                ways.append((*own, chain))
                if role.client == _ADMIN:
                    continue
            for part in role.parts:
                if part in roles and part not in seen:
                    seen.add(part)
                    waiting.append((part, (*chain, f"a composite of `{role.label}`")))
        found[id_] = ways
    return found


def accounts_in(realm: Realm) -> dict[str, Principal]:
    """User name of a service account → its client."""
    return {
        f"service-account-{one['clientId']}".lower(): (
            Principal(one["clientId"])
            if principals.is_workload(one["clientId"])
            else client(one["clientId"])
        )
        for one in realm.clients
        if one.get("serviceAccountsEnabled")
    }


def account_of(
    realm: Realm, services: Mapping[str, Principal], account: Mapping[str, Any]
) -> Principal:
    """Who an account is: a client, or a person by what the configuration knows people by."""
    name = str(account["username"])
    own = str(account["id"]) if realm.by_id else name
    return services.get(name.lower(), principals.user(own))


def held_in(
    realm: Realm, bound: Mapping[str, Iterable[Held]], claim: str, audience: str
) -> Iterator[Held]:
    """Everything that gives access to the platform. `bound` are the reviewed bindings of groups,
    which a membership gives; `claim` names the claim that tells them."""
    reach = _reach(realm.roles)
    by_label = {role.label: id_ for id_, role in realm.roles.items()}
    groups = realm.by_path

    def gives(label: str) -> list[_Way]:
        return reach.get(by_label.get(label, ""), [])

    for group in realm.groups:
        yield from _of_group(group, groups, gives)
    yield from _of_accounts(realm, reach, groups, gives, bound)
    default = f"default-roles-{realm.name}".lower()
    for role, scope, chain in gives(default):
        yield Held(EVERYONE, role, scope, ("the default roles", *chain[1:]))
    for each in realm.lists["/default-groups"]:
        path = each["path"].removeprefix("/")
        yield from _by_group(EVERYONE, path, groups, gives, bound, f"the default group `{path}`")
    yield from _claimed(realm, gives, groups, bound, claim, audience)


def _of_group(
    group: Group, groups: Mapping[str, Group], gives: Callable[[str], list[_Way]]
) -> Iterator[Held]:
    who = principals.group(group.path)
    for label in group.roles:
        for role, scope, chain in gives(label):
            own = () if chain or role_at(label) else (f"the role `{label}`",)
            yield Held(who, role, scope, (*own, *(chain or (f"the role `{label}`",))))
    for above in _above(group.path):
        if above in groups:
            for label in groups[above].roles:
                for role, scope, chain in gives(label):
                    yield Held(who, role, scope, (f"being nested in the group `{above}`", *chain))


def elevations_in(
    realm: Realm, jit: Mapping[str, tuple[Principal, str, str]]
) -> tuple[list[Held], list[Held]]:
    """What the just-in-time groups (path → whose binding, role, scope) give: to those who may be
    elevated, where the group is there, and to those who are in it now."""
    services = accounts_in(realm)
    eligible, elevated = [], []
    for group in realm.groups:
        if group.path not in jit:
            continue
        principal, role, scope = jit[group.path]
        way = (f"the just-in-time group `{group.path}`",)
        eligible.append(Held(principal, role, scope, way, eligible=True))
        elevated += [
            Held(account_of(realm, services, member), role, scope, way) for member in group.members
        ]
    return eligible, elevated


def _above(path: str) -> Iterator[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def _by_group(
    who: Principal,
    path: str,
    groups: Mapping[str, Group],
    gives: Callable[[str], list[_Way]],
    bound: Mapping[str, Iterable[Held]],
    through: str,
) -> Iterator[Held]:
    """What somebody gets by being in a group: what is bound to its name, and its roles."""
    for held in bound.get(path, ()):
        if not held.eligible:
            yield held._replace(principal=who, through=(through,))
    for one in (path, *_above(path)):
        for label in groups[one].roles if one in groups else ():
            for role, scope, chain in gives(label):
                yield Held(who, role, scope, (through, *chain))


def _of_accounts(
    realm: Realm,
    reach: Mapping[str, list[_Way]],
    groups: Mapping[str, Group],
    gives: Callable[[str], list[_Way]],
    bound: Mapping[str, Iterable[Held]],
) -> Iterator[Held]:
    """People and clients: what they hold themselves, and the groups that clients are in."""
    services = accounts_in(realm)
    for id_, accounts in realm.holders.items():
        label = realm.roles[id_].label
        for account in accounts:
            who = account_of(realm, services, account)
            for role, scope, chain in reach.get(id_, ()):
                yield Held(who, role, scope, (f"the role `{label}` of its own", *chain))
    for group in realm.groups:
        for member in group.members:
            if (service := services.get(str(member["username"]).lower())) is not None:
                way = f"being in the group `{group.path}`"
                yield from _by_group(service, group.path, groups, gives, bound, way)


# ----------------------------------------- what a token says that no group or role does


def _claimed(
    realm: Realm,
    gives: Callable[[str], list[_Way]],
    groups: Mapping[str, Group],
    bound: Mapping[str, Iterable[Held]],
    claim: str,
    audience: str,
) -> Iterator[Held]:
    """Mappers that write a group or a role into tokens, and brokers that put people into them."""
    places = [
        (f"the client `{one['clientId']}`", one, _whoever(one, audience)) for one in realm.clients
    ]
    places += [(f"the client scope `{one['name']}`", one, EVERYONE) for one in realm.scopes]
    for place, one, who in places:
        for mapper in one.get("protocolMappers", ()):
            config = mapper.get("config", {})
            way = f"the mapper `{mapper['name']}` of {place}"
            if config.get("claim.name", "").replace("\\.", ".") == claim:
                for name in _names(config.get("claim.value", "")):
                    yield from _by_group(who, name, groups, gives, bound, way)
            for role, scope, chain in gives(config.get("role", "").replace(".", "/", 1)):
                yield Held(who, role, scope, (way, *chain))
            for role, scope, chain in gives(config.get("role", "")):
                yield Held(who, role, scope, (way, *chain))
    for broker in realm.brokers:
        for mapper in broker["mappers"]:
            config = mapper.get("config", {})
            way = f"the mapper `{mapper['name']}` of the identity provider `{broker['alias']}`"
            if group := config.get("group", "").removeprefix("/"):
                yield from _by_group(ANYONE, group, groups, gives, bound, way)
            for role, scope, chain in gives(config.get("role", "")):
                yield Held(ANYONE, role, scope, (way, *chain))


def _whoever(one: Mapping[str, Any], audience: str) -> Principal:
    """Whom the tokens of a client are about."""
    id_ = str(one["clientId"])
    if id_ == audience or not one.get("serviceAccountsEnabled"):
        return EVERYONE
    return Principal(id_) if principals.is_workload(id_) else client(id_)


def _names(value: str) -> list[str]:
    """The groups in the fixed value of a claim: a name, or a JSON list of them."""
    try:
        found = json.loads(value)
    except ValueError:
        found = value
    names = found if isinstance(found, list) else [found]
    return [str(name).removeprefix("/") for name in names if name]


def people_in(realm: Realm) -> dict[str, tuple[Person, ...]]:
    """The direct members of each group."""
    services = accounts_in(realm)
    return {
        group.path: tuple(
            Person(
                str(one["username"]),
                enabled=bool(one.get("enabled")),
                signed_in=realm.approvers.get(str(one["id"]), (False, None))[1],
                external=bool(one.get("federationLink"))
                or realm.approvers.get(str(one["id"]), (False, None))[0],
                service_account=str(one["username"]).lower() in services,
                id=str(one["id"]) if realm.by_id else "",
            )
            for one in group.members
        )
        for group in realm.groups
    }
