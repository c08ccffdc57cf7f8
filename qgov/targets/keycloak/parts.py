"""The resources of the Terraform, and which fields they come from. A test walks all of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from qgov.targets.hcl import address
from qgov.targets.origins import BOUND, NAMED, ORGANIZATION
from qgov.targets.outlines import unfolded
from qgov.targets.parts import Key, Parts, Table

__all__ = ["FIELDS", "PARTS", "WORDS"]

_PROVIDER: Final = f"{ORGANIZATION} spec.identityProviders.{{provider}}"
_TENANT: Final = "Tenant/{tenant}"
_ACCOUNT: Final = f"{_TENANT} spec.serviceAccounts[{{workload}}]"
_HELD: Final = (
    *BOUND,
    f"{ORGANIZATION} spec.groups.*.identityProvider",
    f"{_TENANT} spec.identityProvider = {{group}}",
    f"{_PROVIDER}.type",
)
_GROUPS: Final = (*NAMED, f"{_PROVIDER}.type", f"{ORGANIZATION} spec.identityProviders")
_ISSUERS: Final = (
    "Tenant/* spec.serviceAccounts[*].federation",
    "Tenant/* spec.identityProvider",
    f"{_PROVIDER}.type",
)
_FLOW: Final = (f"{_PROVIDER}.mfa", f"{_PROVIDER}.type")
_SIGN_IN: Final = (f"{_PROVIDER}.protocol", f"{_PROVIDER}.type", f"{_PROVIDER}.mfa")
_WORKLOAD: Final = (_ACCOUNT, f"{_TENANT} spec.identityProvider", f"{_PROVIDER}.type")
_SESSION: Final = (f"{_PROVIDER}.sessionLifetime",)
_FLOORS: Final = (
    f"{ORGANIZATION} spec.floors",
    f"{ORGANIZATION} spec.tiers.*.floors",
    "Tenant/* spec.floors",
    "Tenant/* spec.environments.*.floors",
    "Tenant/* spec.environments.*.tier",
    "Role/* spec.requires",
    f"{ORGANIZATION} spec.bindings",
    "Tenant/* spec.bindings",
    f"{ORGANIZATION} spec.groups.*.identityProvider",
    "Tenant/* spec.identityProvider",
)
"""What asks for a young token, of whoever is bound there."""

_JIT: Final = (*_HELD, "Tenant/* spec.bindings = {group}")
_GROUP_ROLES: Final = (*NAMED, *_JIT)
_AUDIENCE: Final = (f"{_PROVIDER}.audience",)
_REALM: Final = (f"{_PROVIDER}.realm", f"{_PROVIDER}.issuer", f"{_PROVIDER}.type")
_LIFETIME: Final = (f"{_ACCOUNT}.maxTokenLifetime", f"{_ACCOUNT}.bindings", *_FLOORS)
_FILE: Final = "{provider} realm.json"
_FILE_ROLE: Final = f"{_FILE} roles {{name}} {{role}} {{scope}}"
_FILE_WORKLOAD: Final = f"{_FILE} clients {{client}} workload {{tenant}} {{workload}}"

FIELDS: Final[Table] = {
    "{provider} terraform": (f"{_PROVIDER}.type",),
    "{provider} provider": (f"{_PROVIDER}.type",),
    "{provider} variable": _ISSUERS,
    "{provider} moved": (
        f"{ORGANIZATION} spec.groups.*.previously",
        "Role/* metadata.previously",
        "Tenant/* metadata.previously",
        "Tenant/* spec.environments.*.previously",
        "Tenant/* spec.environments.*.projects[*].previously",
        "Tenant/* spec.serviceAccounts[*].previously",
        *BOUND,
        *_GROUPS,
    ),
    "{provider} removed": _GROUPS,
    "{provider} keycloak_realm": (f"{_PROVIDER}.type",),
    "{provider} keycloak_realm realm realm": (*_REALM,),
    "{provider} keycloak_realm realm access_token_lifespan": (*_FLOORS, *_SESSION),
    "{provider} keycloak_realm realm offline_session_max_lifespan": _SESSION,
    "{provider} keycloak_realm realm sso_session_max_lifespan": _SESSION,
    "{provider} keycloak_realm realm sso_session_idle_timeout": _SESSION,
    "{provider} keycloak_realm realm otp_policy": _FLOW,
    "{provider} keycloak_authentication_flow": _FLOW,
    "{provider} keycloak_authentication_subflow": _FLOW,
    "{provider} keycloak_authentication_execution": _FLOW,
    "{provider} keycloak_authentication_execution_config": (*_FLOW, *_SESSION),
    "{provider} keycloak_authentication_bindings": _FLOW,
    "{provider} keycloak_default_roles": (f"{_PROVIDER}.type",),
    "{provider} keycloak_realm_default_client_scopes": (f"{_PROVIDER}.type",),
    "{provider} keycloak_realm_optional_client_scopes": (f"{_PROVIDER}.type",),
    "{provider} keycloak_realm_events": (f"{_PROVIDER}.type",),
    "{provider} keycloak_realm_user_profile": (f"{_PROVIDER}.type",),
    "{provider} keycloak_openid_client_default_scopes qgov": _SIGN_IN,
    "{provider} keycloak_openid_client_optional_scopes qgov": _SIGN_IN,
    "{provider} keycloak_openid_client_default_scopes workload {tenant} {workload}": _WORKLOAD,
    "{provider} keycloak_openid_client_optional_scopes workload {tenant} {workload}": _WORKLOAD,
    "{provider} keycloak_openid_user_property_protocol_mapper": (
        f"{_PROVIDER}.tokens.person",
        *_SIGN_IN,
    ),
    "{provider} keycloak_group jit {group}": _JIT,
    "{provider} keycloak_group_roles jit {group}": _JIT,
    "{provider} keycloak_openid_client qgov": _SIGN_IN,
    "{provider} keycloak_openid_client qgov client_id": (f"{_PROVIDER}.audience", *_SIGN_IN),
    "{provider} keycloak_openid_client qgov depends_on": _FLOW,
    "{provider} keycloak_openid_group_membership_protocol_mapper": (
        f"{_PROVIDER}.groupsClaim",
        *_SIGN_IN,
    ),
    "{provider} keycloak_openid_audience_protocol_mapper": (f"{_PROVIDER}.audience", *_SIGN_IN),
    "{provider} keycloak_openid_audience_protocol_mapper workload {tenant} {workload}": (
        f"{_PROVIDER}.audience",
        *_WORKLOAD,
    ),
    "{provider} keycloak_oidc_identity_provider": _ISSUERS,
    "{provider} keycloak_openid_client workload {tenant} {workload}": _WORKLOAD,
    "{provider} keycloak_openid_client workload {tenant} {workload} name": (),
    "{provider} keycloak_openid_client workload {tenant} {workload} description": (
        f"{_ACCOUNT}.owner",
    ),
    "{provider} keycloak_openid_client workload {tenant} {workload} access_token_lifespan": (
        *_LIFETIME,
    ),
    "{provider} keycloak_openid_client workload {tenant} {workload} enabled": (
        f"{_ACCOUNT}.federation",
    ),
    "{provider} keycloak_openid_client workload {tenant} {workload} extra_config": (
        f"{_ACCOUNT}.federation",
        f"{_ACCOUNT}.bindings",
    ),
    "{provider} keycloak_openid_client_service_account_realm_role workload {tenant}": _HELD,
    "{provider} keycloak_role role {role} {scope}": _HELD,
    "{provider} keycloak_role role {role} {scope} description": (),
    "{provider} keycloak_role role {role} {scope} attributes permissions": (
        "Role/{role} spec.permissions",
    ),
    "{provider} keycloak_group group {group}": _GROUPS,
    "{provider} keycloak_group group {group} description": (),
    "{provider} keycloak_group_roles group {group}": _GROUP_ROLES,
    "{provider} terraform_data": _GROUPS,
    _FILE: (f"{_PROVIDER}.type",),
    f"{_FILE} realm": _REALM,
    f"{_FILE} displayName": (),
    f"{_FILE} accessTokenLifespan": (*_FLOORS, *_SESSION),
    f"{_FILE} offlineSessionMaxLifespan": _SESSION,
    f"{_FILE} ssoSessionIdleTimeout": _SESSION,
    f"{_FILE} ssoSessionMaxLifespan": _SESSION,
    f"{_FILE} defaultRole": _REALM,
    f"{_FILE} roles": _REALM,
    _FILE_ROLE: _HELD,
    f"{_FILE_ROLE} description": (),
    f"{_FILE_ROLE} attributes permissions": ("Role/{role} spec.permissions",),
    f"{_FILE} groups": _JIT,
    f"{_FILE} groups {{name}} group {{group}}": _GROUPS,
    f"{_FILE} groups {{name}} group {{group}} description": (),
    f"{_FILE} groups {{name}} group {{group}} realmRoles": _GROUP_ROLES,
    f"{_FILE} clients": (*_AUDIENCE, *_SIGN_IN),
    f"{_FILE} clients {{client}} protocolMappers": (
        f"{_PROVIDER}.groupsClaim",
        f"{_PROVIDER}.tokens.person",
        *_AUDIENCE,
        *_SIGN_IN,
    ),
    _FILE_WORKLOAD: _WORKLOAD,
    f"{_FILE_WORKLOAD} name": (),
    f"{_FILE_WORKLOAD} description": (f"{_ACCOUNT}.owner",),
    f"{_FILE_WORKLOAD} enabled": (f"{_ACCOUNT}.federation",),
    f"{_FILE_WORKLOAD} attributes": (f"{_ACCOUNT}.federation", *_LIFETIME),
    f"{_FILE_WORKLOAD} protocolMappers": (*_AUDIENCE, *_WORKLOAD),
    f"{_FILE} users {{user}} workload {{tenant}} {{workload}}": _WORKLOAD,
    f"{_FILE} users {{user}} workload {{tenant}} {{workload}} realmRoles": _HELD,
    f"{_FILE} identityProviders": _ISSUERS,
    f"{_FILE} authenticationFlows": _FLOW,
    f"{_FILE} authenticatorConfig": (*_FLOW, *_SESSION),
}

WORDS: Final[Table] = {
    "{provider} keycloak_realm realm display_name": (f"{ORGANIZATION} metadata.title",),
    "{provider} keycloak_openid_client workload {tenant} {workload} name": (f"{_ACCOUNT}.title",),
    "{provider} keycloak_role role {role} {scope} description": (
        "Role/{role} metadata.title",
        "Role/{role} metadata.description",
    ),
    "{provider} keycloak_group group {group} description": (
        f"{ORGANIZATION} spec.groups.{{group}}.title",
    ),
    f"{_FILE} displayName": (f"{ORGANIZATION} metadata.title",),
    f"{_FILE_ROLE} description": ("Role/{role} metadata.title", "Role/{role} metadata.description"),
    f"{_FILE} groups {{name}} group {{group}} description": (
        f"{ORGANIZATION} spec.groups.{{group}}.title",
    ),
    f"{_FILE_WORKLOAD} name": (f"{_ACCOUNT}.title",),
}
"""What a text for people alone is written to."""


_NAMES: Final = ("clientId", "username", "alias", "name")
_LISTS: Final = frozenset(
    {
        "authenticationFlows",
        "authenticatorConfig",
        "clientScopes",
        "clients",
        "groups",
        "identityProviders",
        "roles",
        "users",
    }
)
"""The fields of a realm whose entries have names."""

_OF_ROLE: Final = frozenset({"keycloak_openid_client_service_account_realm_role"})
_LABELS: Final = {"group": 1, "issuer": 1, "jit": 3, "role": 2, "workload": 2}
"""The names in the label of a resource, by what it is for; of a role that is held two more."""


def _read(path: str, value: Any) -> dict[str, Any]:
    """The attributes of each block by what it is and the names in its label; of the realm as a
    file each entry by where it stands, its name and what this is made of."""
    provider = path.split("/")[-2]
    if path.endswith(".json"):
        return {provider: {"realm.json": _realm(value)}}
    found: dict[str, Any] = {}
    for block, labels, content in unfolded(value):
        _put(found, _names(block, labels, content), content)
    return {provider: found}


def _put(found: dict[str, Any], key: Iterable[str], content: Mapping[str, Any]) -> None:
    at = found
    for name in key:
        at = at.setdefault(name, {})
    at |= content


def _realm(realm: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field, content in realm.items():
        value = content["realm"] if field == "roles" else content
        if field not in _LISTS:
            found[field] = value
            continue
        found[field] = {}
        for entry in value:
            name = next(entry[key] for key in _NAMES if key in entry)
            _put(found, (field, name, *_made_of(field, name, entry)), entry)
    return found


def _made_of(field: str, name: str, entry: Mapping[str, Any]) -> Sequence[str]:
    """The names of documents in the name of an entry."""
    if field == "roles" and name.startswith("qgov:"):
        return name.split(":")[1:]
    if field == "groups" and "attributes" not in entry:
        return ("group", name)
    if field in ("clients", "users") and "workload:" in name:
        return ("workload", *name.partition("workload:")[2].split("/"))
    return ()


def _names(block: str, labels: list[str], content: dict[str, Any]) -> Key:
    """The key of a block: of a resource its type, then the names that its label is made of."""
    if block in ("moved", "removed"):
        return (block, content["from"])
    if block != "resource":
        return (block, *labels)
    kind, label = labels
    first, _, rest = label.partition("_")
    if not rest or kind == "terraform_data" or kind.startswith("keycloak_authentication_"):
        return (kind, label)
    return (kind, first, *(n.replace("_", "/").replace("ALL", "*") for n in rest.split("__")))


def _resource(key: Key) -> str:
    """The address of a resource, or what else a block is."""
    _, kind, *rest = key
    if kind == "realm.json":
        return ".".join(rest[: 2 if rest[0] in _LISTS else 1])
    what, *names = rest or [""]
    count = 4 if kind in _OF_ROLE else _LABELS.get(what, 0)
    if what == "jit" and names[0].startswith("workload/"):
        count += 1
    if kind == "terraform":
        return kind
    if not kind.startswith("keycloak_") or len(names) < count or not count:
        return ".".join(key[1:3])
    return f"{kind}.{address(what, *names[:count])}"


_FILES: Final = ("versions", "realm", "roles", "groups", "elevations", "clients", "mfa")
PARTS: Final = Parts(
    (*(f"terraform/identity/*/{file}.tf" for file in _FILES), "idp/*/realm.json"),
    _read,
    FIELDS,
    WORDS,
    _resource,
)
