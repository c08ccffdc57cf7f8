"""What the compiled realm (`realm.json`, which `kc.sh import` reads) says, in the form in which
the server tells it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from qgov.drift.facts import Plain, Setting
from qgov.drift.observers.keycloak.read import Group, Realm, Role
from qgov.drift.observers.keycloak.settings import fresh, settings_of
from qgov.records import replace

__all__ = ["represented", "wanted_settings"]

_ANY: Final = "*"
"""The name in `fresh.json` of what a new thing of a kind holds."""

_WHOLE: Final = {
    "clientScopes": ("client scope",),
    "defaultDefaultClientScopes": ("default client scope",),
    "defaultOptionalClientScopes": ("optional client scope",),
    "requiredActions": ("required action",),
}
"""Lists that replace what a fresh realm holds, to the kinds of setting that they are told as."""

_LINKS: Final = ("defaultClientScopes", "optionalClientScopes")
_OF_ACCOUNTS: Final = ("account/manage-account", "account/view-profile")
"""What the server makes a part of the default roles in any case, with the client `account`."""


def represented(given: Mapping[str, Any]) -> Realm:
    """A realm as its representation says it."""
    roles = _roles(given)
    named = {role.label: role for role in roles.values()}
    lists: dict[str, Any] = {
        "/events/config": {
            key: given[key]
            for key in (
                "eventsEnabled", "eventsListeners", "enabledEventTypes", "adminEventsEnabled",
                "adminEventsDetailsEnabled", "eventsExpiration",
            )
            if key in given
        },
        "/authentication/required-actions": given.get("requiredActions", []),
        "/users/profile": _profile(given),
        "/client-policies/policies": given.get("clientPolicies") or {},
        "/client-policies/profiles": given.get("clientProfiles") or {},
        "/clients-initial-access": [],
        "/default-groups": [{"path": path} for path in given.get("defaultGroups", ())],
        "/workflows": given.get("workflows", []),
        "/organizations": given.get("organizations", []),
    }  # fmt: skip
    for which in ("Default", "Optional"):
        names = given.get(f"default{which}ClientScopes", ())
        lists[f"/default-{which.lower()}-client-scopes"] = [{"name": name} for name in names]
    flows, configs = _flows(given)
    return Realm(
        str(given["realm"]),
        {k: v for k, v in given.items() if not isinstance(v, list | dict) or k == "attributes"},
        tuple(_mapped(given.get("clients", ()), "client", "clientId", given)),
        tuple(_mapped(given.get("clientScopes", ()), "clientScope", "name", given)),
        tuple(_components(given.get("components") or {}, "")),
        flows,
        configs,
        tuple(
            {
                **one,
                "mappers": [
                    mapper
                    for mapper in given.get("identityProviderMappers", ())
                    if mapper["identityProviderAlias"] == one["alias"]
                ],
            }
            for one in given.get("identityProviders", ())
        ),
        lists,
        {role.id: role for role in named.values()},
        tuple(_groups(given.get("groups", ()), "")),
    )


def _mapped(
    things: Iterable[Mapping[str, Any]], kind: str, key: str, given: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """Clients or scopes with the roles that their tokens may say."""
    for one in things:
        labels = [
            role
            for mapping in given.get("scopeMappings", ())
            if mapping.get(kind) == one[key]
            for role in mapping["roles"]
        ]
        for owner, mappings in (given.get("clientScopeMappings") or {}).items():
            labels += [
                f"{owner}/{role}"
                for mapping in mappings
                if mapping.get(kind) == one[key]
                for role in mapping["roles"]
            ]
        yield {**one, "scopeMappings": sorted(labels)}


def _roles(given: Mapping[str, Any]) -> dict[str, Role]:
    """Every role under its label, which stands for its id."""
    found: dict[str, Role] = {}
    roles = given.get("roles") or {}
    raw = [(role, "") for role in roles.get("realm", ())]
    raw += [(role, client) for client, of in roles.get("client", {}).items() for role in of]
    for role, client in raw:
        parts = role.get("composites") or {}
        labels = [*parts.get("realm", ())]
        labels += [f"{c}/{name}" for c, names in parts.get("client", {}).items() for name in names]
        made = Role("", role["name"], client, role.get("attributes") or {}, tuple(sorted(labels)))
        found[made.label] = replace(made, id=made.label)
    return found


def _groups(groups: Iterable[Mapping[str, Any]], above: str) -> Iterator[Group]:
    for group in groups:
        path = f"{above}{group['name']}"
        client = group.get("clientRoles") or {}
        yield Group(
            path,
            group.get("attributes") or {},
            (
                *group.get("realmRoles", ()),
                *(f"{one}/{role}" for one, roles in client.items() for role in roles),
            ),
        )
        yield from _groups(group.get("subGroups") or (), f"{path}/")


def _components(components: Mapping[str, Any], parent: str) -> Iterator[dict[str, Any]]:
    for kind, of in components.items():
        for index, one in enumerate(of):
            id_ = f"{parent}/{kind}/{index}"
            own = {k: v for k, v in one.items() if k != "subComponents"}
            yield {**own, "id": id_, "providerType": kind, "parentId": parent}
            yield from _components(one.get("subComponents") or {}, id_)


def _profile(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """The user profile, which a representation carries as a component's text."""
    import json  # noqa: PLC0415 - of one field

    kind = "org.keycloak.userprofile.UserProfileProvider"
    for one in (given.get("components") or {}).get(kind, ()):
        for text in one.get("config", {}).get("kc.user.profile.config", ()):
            found: Mapping[str, Any] = json.loads(text)
            return found
    return {}


def _flows(
    given: Mapping[str, Any],
) -> tuple[dict[str, list[Mapping[str, Any]]], dict[str, Mapping[str, Any]]]:
    """Each flow of the top with all that is in it, as the server lists executions."""
    flows = {flow["alias"]: flow for flow in given.get("authenticationFlows", ())}
    configs = {one["alias"]: one for one in given.get("authenticatorConfig", ())}

    def inside(alias: str, level: int) -> Iterator[Mapping[str, Any]]:
        executions = flows[alias].get("authenticationExecutions", ())
        for one in sorted(executions, key=lambda each: each.get("priority", 0)):
            sub = one.get("flowAlias")
            yield {
                "level": level,
                "displayName": sub or one.get("authenticator"),
                "providerId": None if sub else one.get("authenticator"),
                "requirement": one["requirement"],
                "authenticationConfig": one.get("authenticatorConfig"),
            }
            if sub in flows:
                yield from inside(sub, level + 1)

    return {a: [*inside(a, 0)] for a, flow in flows.items() if flow.get("topLevel")}, configs


def wanted_settings(given: Mapping[str, Any], realm: Realm) -> dict[Setting, Plain]:
    """Every setting of the realm as it should be: what a fresh one holds, under what the
    representation says."""
    said = settings_of(realm)
    base = _without_replaced(fresh(), given)
    templates: dict[str, dict[str, Plain]] = {}
    for setting, value in base.items():
        if setting.name == _ANY:
            templates.setdefault(setting.kind, {})[setting.field] = value
    wanted = {setting: value for setting, value in base.items() if setting.name != _ANY}
    known = {(setting.kind, setting.name) for setting in wanted}
    for kind, name in {(setting.kind, setting.name) for setting in said} - known:
        for field, value in templates.get(kind, {}).items():
            wanted[Setting(kind, name, field)] = value
    default = Setting("role", "default-roles", "composites")
    own = said.get(default) or ()
    if default in said and isinstance(own, tuple):
        said[default] = tuple(sorted({*map(str, own), *_OF_ACCOUNTS}))
    return {**wanted, **said}


def _without_replaced(
    base: Mapping[Setting, Plain], given: Mapping[str, Any]
) -> dict[Setting, Plain]:
    """What a fresh realm holds, without the lists in whose place the representation has its
    own; nothing is then linked to what was in them."""
    whole = {kind for key, kinds in _WHOLE.items() if key in given for kind in kinds}
    found = {setting: value for setting, value in base.items() if setting.kind not in whole}
    if "clientScopes" not in given:
        return found
    return {
        setting: None if setting.field in _LINKS else value
        for setting, value in found.items()
        if not (setting.kind in ("mapper", "scope mapping") and setting.name.startswith("scope "))
    }
