"""What access rests on in a realm, as settings that can be compared one by one.

What a fresh realm holds is recorded in `fresh.json`; the configuration says the rest. So what is
neither is found, whatever it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

from qgov.drift.facts import Plain, Setting
from qgov.drift.observers.keycloak.read import Realm

__all__ = ["KNOWN", "MASKED", "Found", "executions_of", "fields_of_version", "fresh", "settings_of"]

KNOWN: Final = "26.7"
"""The version whose realms are known."""

Found = Iterator[tuple[Setting, Plain]]

_IGNORED: Final = frozenset(
    {
        # made by the server, or for eyes alone
        "id", "internalId", "name", "description", "containerId", "access", "realm", "alias",
        "displayName", "displayNameHtml", "clientId", "notBefore", "parentId", "secret",
        "registrationAccessToken", "nodeReRegistrationTimeout", "consentText", "gui.order",
        "defaultLocale", "internationalizationEnabled", "supportedLocales", "loginTheme",
        "accountTheme", "adminTheme", "emailTheme", "smtpServer", "realm_client", "priority",
        "client.secret.creation.time", "defaultRole", "keycloakVersion", "browserSecurityHeaders",
        "protocolMappers", "scopeMappings", "surrogateAuthRequired", "alwaysDisplayInConsole",
        "display.on.consent.screen", "consent.screen.text", "baseUrl", "rootUrl", "adminUrl",
        "userManagedAccessAllowed", "hideOnLogin", "kid", "acr.loa.map.description",
        "consentRequired", "backchannel.logout.session.required",
        "userinfo.token.claim", "logoUri", "policyUri", "tosUri",
        # told elsewhere
        "defaultGroups", "requiredCredentials", "webAuthnPolicyAcceptableAaguids",
        "webAuthnPolicyPasswordlessAcceptableAaguids", "webAuthnPolicyExtraOrigins",
        "webAuthnPolicyPasswordlessExtraOrigins", "localizationTexts", "mappers",
        "identityProviders", "identityProviderMappers", "eventsEnabled", "eventsListeners",
        "enabledEventTypes", "adminEventsEnabled", "adminEventsDetailsEnabled", "eventsExpiration",
        "clientProfiles", "clientPolicies", "realmReusableOtpCode",
    }
)  # fmt: skip
_SECRET: Final = frozenset(
    {"privateKey", "certificate", "secret", "keystorePassword", "keyPassword"}
)
_INTROSPECTION: Final = "introspection.token.claim"
_GROUPS: Final = "oidc-group-membership-mapper"
_AUDIENCE: Final = "clientId"
MASKED: Final = "**********"
"""What the server tells in the place of a secret."""


def settings_of(realm: Realm) -> dict[Setting, Plain]:
    """Every setting of a realm, without what its name has in it."""
    found: dict[Setting, Plain] = {}
    for part in (
        _fields("realm", "", realm.raw),
        _fields("events", "", realm.lists["/events/config"], ignored=frozenset()),
        _clients(realm.clients),
        _scopes(realm),
        _flows(realm),
        _brokers(realm.brokers),
        _components(realm.components),
        _others(realm),
        _roles(realm),
    ):
        for setting, value in part:
            found[setting._replace(name=_unnamed(setting.name, realm.name))] = _without(
                value, realm.name
            )
    return found


def _unnamed(name: str, realm: str) -> str:
    return "default-roles" if name == f"default-roles-{realm}".lower() else name


def _without(value: Plain, realm: str) -> Plain:
    """A value with the realm's name taken out of addresses."""
    if isinstance(value, tuple):
        return tuple(_without(each, realm) for each in value)
    if isinstance(value, str):
        return value.replace(f"/realms/{realm}/", "/realms/REALM/").replace(
            f"/admin/{realm}/", "/admin/REALM/"
        )
    return value


def _fields(
    kind: str, name: str, raw: Mapping[str, Any], ignored: frozenset[str] = _IGNORED
) -> Found:
    """The thing, and its fields: those of inner objects by their path."""
    yield Setting(kind, name, ""), True
    for path, value in _leaves(raw, "", ignored):
        yield Setting(kind, name, path), value


def _leaves(
    raw: Mapping[str, Any], below: str, ignored: frozenset[str]
) -> Iterator[tuple[str, Plain]]:
    for key, value in raw.items():
        if key in ignored:
            continue
        path = f"{below}{key}"
        if key in _SECRET:
            yield path, "(secret)" if value else None
        elif isinstance(value, Mapping):
            inner = "" if key in ("attributes", "config") else f"{path}."
            yield from _leaves(value, inner, ignored)
        elif value in (None, "", [], "+"):  # `+`: as the other addresses
            yield path, None
        elif value != MASKED:
            yield path, _plain(value)


def _plain(value: Any) -> Plain:
    if isinstance(value, list):
        texts = [
            each if isinstance(each, str) else json.dumps(each, sort_keys=True) for each in value
        ]
        return tuple(sorted(texts))
    if isinstance(value, str) and value in ("true", "false"):
        return value == "true"
    if isinstance(value, str) and value.isdecimal() and value.isascii() and len(value) < 18:
        return int(value)  # an attribute, which is a text
    return value  # type: ignore[no-any-return]


def _clients(clients: Iterable[Mapping[str, Any]]) -> Found:
    for one in clients:
        yield from _fields("client", one["clientId"], one)
        yield from _mappers(f"client {one['clientId']}", one)
        for label in one.get("scopeMappings", ()):
            yield Setting("scope mapping", f"client {one['clientId']} {label}", ""), True


def _mappers(of: str, one: Mapping[str, Any]) -> Found:
    for mapper in one.get("protocolMappers", ()):
        for setting, value in _fields("mapper", f"{of} {mapper['name']}", mapper):
            if setting.field == "multivalued" and mapper.get("protocolMapper") == _GROUPS:
                continue  # the server itself says so, from the first token on
            if setting.field == _INTROSPECTION:  # true where nothing is said
                yield setting, "off" if value is False else None
            else:
                yield setting, value


def _scopes(realm: Realm) -> Found:
    for one in realm.scopes:
        yield from _fields("client scope", one["name"], one)
        yield from _mappers(f"scope {one['name']}", one)
        for label in one.get("scopeMappings", ()):
            yield Setting("scope mapping", f"scope {one['name']} {label}", ""), True
    for which in ("default", "optional"):
        for one in realm.lists[f"/default-{which}-client-scopes"]:
            yield Setting(f"{which} client scope", one["name"], ""), True


def _flows(realm: Realm) -> Found:
    for alias in realm.flows:
        yield Setting("flow", alias, ""), True
    for name, _, one in executions_of(realm):
        yield Setting("execution", name, ""), one.get("providerId") or "flow"
        yield Setting("execution", name, "requirement"), one["requirement"]
        config = realm.configs.get(str(one.get("authenticationConfig")), {})
        for path, value in _leaves(config.get("config", {}), "", frozenset()):
            yield Setting("execution", name, path), value


def executions_of(realm: Realm) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Each execution under the name that tells where it stands, with its flow of the top."""
    for alias, executions in realm.flows.items():
        above: list[str] = []
        seen: dict[str, int] = {}
        for one in executions:
            level = one.get("level", 0)
            title = one.get("providerId") or one.get("displayName")
            above = [*above[:level], str(title)]
            name = " / ".join([alias, *above])
            seen[name] = seen.get(name, 0) + 1
            if seen[name] > 1:
                name = f"{name} ({seen[name]})"
            yield name, alias, one


def _brokers(brokers: Iterable[Mapping[str, Any]]) -> Found:
    for one in brokers:
        yield from _fields("identity provider", one["alias"], one)
        yield Setting("identity provider", one["alias"], _AUDIENCE), _audience_of(one)
        for mapper in one["mappers"]:
            yield from _fields("broker mapper", f"{one['alias']} {mapper['name']}", mapper)


def _audience_of(broker: Mapping[str, Any]) -> Plain:
    """Whom the tokens of another identity provider are for."""
    return str(broker.get("config", {}).get(_AUDIENCE) or "") or None


def _components(components: Iterable[Mapping[str, Any]]) -> Found:
    """Keys, user federations and their mappers, and who may register clients."""
    names = {one["id"]: one.get("name") or one["providerId"] for one in components}
    for one in components:
        above = names.get(one.get("parentId"), "")
        kind = one["providerType"].rpartition(".")[2]
        name = " ".join(filter(None, (kind, one.get("subType"), above, names[one["id"]])))
        raw = {key: value for key, value in one.items() if key not in ("subType", "providerType")}
        if kind == "UserProfileProvider":
            continue  # told as the user profile
        yield from _fields("component", name, raw)


def _others(realm: Realm) -> Found:
    lists = realm.lists
    for action in lists["/authentication/required-actions"]:
        yield from _fields("required action", action["alias"], action)
    profile = lists["/users/profile"]
    yield from _profile(profile)
    for kind, path in (("client policy", "policies"), ("client profile", "profiles")):
        for one in lists[f"/client-policies/{path}"].get(path, ()):
            yield Setting(kind, one["name"], ""), json.dumps(one, sort_keys=True)
    for one in lists["/clients-initial-access"]:
        yield Setting("initial access token", one["id"], ""), one.get("count")
    for one in lists["/workflows"]:
        name = one.get("name") or one.get("id")
        rest = {key: value for key, value in one.items() if key not in ("id", "name")}
        yield Setting("workflow", str(name), ""), True
        yield Setting("workflow", str(name), "definition"), json.dumps(rest, sort_keys=True)
    for one in lists["/organizations"]:
        yield from _fields("organization", one["name"], one)
    for one in lists["/default-groups"]:
        yield Setting("default group", one["path"].removeprefix("/"), ""), True


def _profile(profile: Mapping[str, Any]) -> Found:
    yield Setting("user profile", "", ""), True
    yield (
        Setting("user profile", "", "unmanagedAttributePolicy"),
        profile.get("unmanagedAttributePolicy"),
    )
    for one in profile.get("attributes", ()):
        name = f"attribute {one['name']}"
        yield Setting("user profile", name, ""), True
        for which in ("view", "edit"):
            allowed = one.get("permissions", {}).get(which, ())
            yield Setting("user profile", name, which), tuple(sorted(allowed))


def _roles(realm: Realm) -> Found:
    for role in realm.roles.values():
        yield Setting("role", role.label, ""), True
        parts = sorted(realm.roles[part].label for part in role.parts if part in realm.roles)
        yield Setting("role", role.label, "composites"), tuple(parts) or None
        for name, values in role.attributes.items():
            yield Setting("role", role.label, name), tuple(sorted(values))
    for group in realm.groups:
        yield Setting("group", group.path, ""), True
        for name, values in group.attributes.items():
            yield Setting("group", group.path, name), tuple(sorted(values))


@cache
def _recorded() -> Mapping[str, Any]:
    text = files(__package__).joinpath("fresh.json").read_text(encoding="utf-8")
    recorded: Mapping[str, Any] = json.loads(text)
    return recorded


@cache
def fields_of_version() -> frozenset[str]:
    """The fields of a realm that the known version tells, some of them only where they are set."""
    return frozenset(_recorded()["fields"])


@cache
def fresh() -> dict[Setting, Plain]:
    """What a realm of the known version holds before anything is said of it; under the name `*`
    what a new thing of a kind does."""
    return {
        Setting(kind, name, field): _frozen(value)
        for kind, things in _recorded()["settings"].items()
        for name, fields in things.items()
        for field, value in fields.items()
    }


def _frozen(value: Any) -> Plain:
    return tuple(_frozen(each) for each in value) if isinstance(value, list) else value
