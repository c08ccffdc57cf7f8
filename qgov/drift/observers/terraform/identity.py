"""Who holds which role of a Keycloak, by the resources of a state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from qgov.drift.facts import Held, client
from qgov.drift.observers.terraform.document import Resource
from qgov.model import principal as principals
from qgov.model.access_model import AccessModel
from qgov.model.principal import Principal
from qgov.targets.keycloak.facts.access import ELIGIBLE, PRINCIPAL

__all__ = ["TOLD", "given", "held_in", "provider_in"]

TOLD: Final = frozenset(
    {
        "keycloak_group_roles",
        "keycloak_openid_client_service_account_realm_role",
        "keycloak_user_roles",
    }
)
"""Types that say who holds what: told as accesses, and not as resources."""


_BY: Final = "the realm role "


def provider_in(model: AccessModel, resources: Mapping[str, Resource]) -> str | None:
    """The identity provider of the configuration whose realm is in a state."""
    realms = {r.values.get("realm") for r in resources.values() if r.type == "keycloak_realm"}
    for name, fact in sorted(model.organization.providers.items()):
        realm = fact.value.realm or fact.value.issuer.rstrip("/").rpartition("/")[2]
        if fact.value.type == "keycloak" and realm in realms:
            return name
    return None


def held_in(resources: Mapping[str, Resource]) -> Iterator[Held]:
    """What the groups, service accounts and people of a state hold."""
    by_type: dict[str, list[Mapping[str, Any]]] = {}
    for each in resources.values():
        by_type.setdefault(each.type, []).append(each.values)
    roles = {role["id"]: role["name"] for role in by_type.get("keycloak_role", ())}
    groups = {group["id"]: group for group in by_type.get("keycloak_group", ())}
    accounts = {
        one.get("service_account_user_id"): one["client_id"]
        for one in by_type.get("keycloak_openid_client", ())
    }
    people = {user["id"]: user["username"] for user in by_type.get("keycloak_user", ())}
    for given in by_type.get("keycloak_group_roles", ()):
        group = groups.get(given["group_id"])
        name = str(group["name"] if group else given["group_id"])
        for id_ in given.get("role_ids") or ():
            yield from _held(principals.group(name), roles.get(id_, id_))
    for given in by_type.get("keycloak_user_roles", ()):
        name = str(people.get(given["user_id"], given["user_id"]))
        for id_ in given.get("role_ids") or ():
            yield from _held(principals.user(name), roles.get(id_, id_))
    for given in by_type.get("keycloak_openid_client_service_account_realm_role", ()):
        id_ = str(accounts.get(given["service_account_user_id"], given["service_account_user_id"]))
        who = Principal(id_) if principals.is_workload(id_) else client(id_)
        yield from _held(who, given["role"])
    for group in groups.values():
        attributes = group.get("attributes") or {}
        whose = attributes.get(PRINCIPAL) or principals.group(group["name"])
        for value in filter(None, attributes.get(ELIGIBLE, "").split("##")):
            yield from _held(Principal(whose), value.partition(" ")[0], True)


def given(held: Held) -> bool:
    """Whether something is held as a binding gives it: by a role of ours, and all the time."""
    return not held.eligible and held.through == (f"{_BY}`qgov:{held.role}:{held.scope}`",)


def _held(who: Principal, role: str, eligible: bool = False) -> Iterator[Held]:
    """A role at a scope is `qgov:ROLE:SCOPE`; any other is of the realm's own."""
    _, _, rest = role.partition("qgov:")
    name, _, scope = rest.partition(":")
    way = f"{_BY}`{role}`"
    yield Held(who, name or role, scope or "*", (way,), eligible)
