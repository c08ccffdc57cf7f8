"""`idp/<provider>/realm.json`: a realm that `kc.sh import` and `start --import-realm` read, of the
facts that its Terraform is made of.

Keycloak replaces `${NAME}` in the file by the environment, so no text of the configuration may say
that: every dollar sign is an escape, but for the addresses of issuers' keys. These are read from
`QGOV_JWKS_URL_<ALIAS>`; without it, the usual place below the issuer is taken.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from qgov.targets.keycloak.facts.access import (
    ELIGIBLE,
    PRINCIPAL,
    directory_groups,
    jit_groups,
    realm_roles,
    role_name,
)
from qgov.targets.keycloak.facts.clients import VOUCHES, Client, Issuer, Mapper, clients, issuers
from qgov.targets.keycloak.facts.realm import (
    ADMIN_EVENTS_EXPIRATION,
    BRUTE_FORCE,
    EVENTS,
    EVENTS_S,
    LISTENERS,
    LOCKED_ATTRIBUTES,
    ONE_TIME_CODE,
    realm_name,
    settings,
)
from qgov.targets.keycloak.facts.scopes import DEFAULT_SCOPES, SCOPES, ScopeMapper
from qgov.targets.keycloak.facts.setting import Setting
from qgov.targets.keycloak.facts.sign_in import CONDITION, COOKIE, FLOW, FORMS, levels
from qgov.targets.keycloak.module import Module, short

__all__ = ["files", "jwks_variable", "others", "outlines", "roles"]

_Json = dict[str, Any]


def files(modules: Iterable[Module]) -> dict[str, bytes]:
    """The realm of each Keycloak."""
    return {_path(module): _file(module) for module in modules}


def outlines(modules: Iterable[Module], part: Callable[[Module], _Json]) -> dict[str, object]:
    """What would be written of a part of each realm (`roles`, `others`), by path."""
    return {_path(module): part(module) for module in modules}


def _path(module: Module) -> str:
    return f"idp/{module.name}/realm.json"


def jwks_variable(issuer: Issuer) -> str:
    """The environment variable with the address of an issuer's keys."""
    return f"QGOV_JWKS_URL_{issuer.alias.replace('-', '_').upper()}"


def _file(module: Module) -> bytes:
    text = json.dumps(_realm(module), indent=2, ensure_ascii=False).replace("$", r"\u0024")
    for issuer in issuers(module):
        address = f"{issuer.issuer.rstrip('/')}/.well-known/jwks"
        variable = f"${{{jwks_variable(issuer)}:{address}}}"
        text = text.replace(json.dumps(_placeholder(issuer)), json.dumps(variable))
    return f"{text}\n".encode()


def _placeholder(issuer: Issuer) -> str:
    return f"\0{issuer.alias}"  # no text of a document has a NUL


def _realm(module: Module) -> _Json:
    found: _Json = {}
    for field, value in others(module).items():
        if field == "defaultRole":
            found |= roles(module)
        found[field] = value
    return found


def roles(module: Module) -> _Json:
    """The field of the realm that says what roles may do; no other does."""
    return {"roles": {"realm": _roles(module)}}


def others(module: Module) -> _Json:
    """Every other field of the realm."""
    known, trusted = clients(module), issuers(module)
    attributes = {ADMIN_EVENTS_EXPIRATION: str(EVENTS_S)}
    realm = _fields(settings(module))
    return {
        **realm,
        "attributes": attributes,
        **_fields(ONE_TIME_CODE),
        "bruteForceProtected": True,
        **_fields(BRUTE_FORCE),
        **_fields(EVENTS),
        "eventsListeners": list(LISTENERS),
        "defaultRole": {"name": _default_role(module)},
        "groups": _groups(module),
        "clientScopes": [_scope(name, mappers) for name, mappers in SCOPES.items()],
        "defaultDefaultClientScopes": list(DEFAULT_SCOPES),
        "defaultOptionalClientScopes": [],
        "clients": [_client(client) for client in known],
        "users": [_service_account(client) for client in known if client.workload is not None],
        "identityProviders": [_identity_provider(issuer) for issuer in trusted],
        "browserFlow": FLOW,
        "authenticationFlows": _flows(module),
        "authenticatorConfig": [
            {"alias": level.alias, "config": level.config(module)} for level in levels(module)
        ],
        "components": {
            "org.keycloak.userprofile.UserProfileProvider": [
                {
                    "providerId": "declarative-user-profile",
                    "config": {"kc.user.profile.config": [json.dumps(_profile())]},
                }
            ]
        },
    }


def _fields(settings: Iterable[Setting]) -> _Json:
    """Settings as fields; those of the attributes, whose values are texts, in a folder."""
    found: _Json = {}
    for each in settings:
        folder, _, name = each.field.rpartition("/")
        value = each.value if isinstance(each.value, bool | str) else int(each.value)
        if folder:
            found.setdefault(folder, {})[name] = value
        else:
            found[name] = value
    return found


def _default_role(module: Module) -> str:
    return f"default-roles-{realm_name(module)}".lower()


def _roles(module: Module) -> list[_Json]:
    """The realm roles, and the three that Keycloak would make. It would also put the last two into
    the first, which everyone holds. What it does put there is the care of one's own account."""
    return [
        *(
            {
                "name": role.name,
                "description": role.description,
                "attributes": {"permissions": list(role.permissions), "scope": [role.scope]},
            }
            for role in realm_roles(module)
        ),
        {"name": _default_role(module)},
        {"name": "offline_access"},
        {"name": "uma_authorization"},
    ]


def _groups(module: Module) -> list[_Json]:
    found: list[_Json] = []
    for group in directory_groups(module):
        title = {} if group.title is None else {"description": group.title}
        roles = [role_name(*held) for held in group.held]
        found.append({"name": group.name, **title, "realmRoles": roles})
    for jit in jit_groups(module):
        attributes = {PRINCIPAL: [jit.principal], ELIGIBLE: list(jit.terms)}
        found.append({"name": jit.name, "attributes": attributes, "realmRoles": []})
    return found


def _client(client: Client) -> _Json:
    fields = _fields(client.settings)
    attributes = {**fields.pop("attributes", {}), **dict(client.attributes)}
    return {
        "clientId": client.client_id,
        "protocol": "openid-connect",
        "publicClient": client.workload is None,
        **fields,
        "redirectUris": list(client.redirects),
        "webOrigins": [],
        "attributes": attributes,
        "defaultClientScopes": list(client.scopes),
        "optionalClientScopes": [],
        "protocolMappers": [_mapper(m.name, m.mapper, _config(m)) for m in client.mappers],
    }


def _scope(name: str, mappers: Iterable[ScopeMapper]) -> _Json:
    return {
        "name": name,
        "protocol": "openid-connect",
        "attributes": {"include.in.token.scope": "false", "display.on.consent.screen": "false"},
        "protocolMappers": [_mapper(*mapper) for mapper in mappers],
    }


def _mapper(name: str, mapper: str, config: Mapping[str, str]) -> _Json:
    return {
        "name": name,
        "protocol": "openid-connect",
        "protocolMapper": mapper,
        "config": config,
    }


def _config(mapper: Mapper) -> dict[str, str]:
    """The settings of a mapper, which are texts to Keycloak."""
    return {
        key: value if isinstance(value, str) else json.dumps(value)
        for key, value in _fields(mapper.settings).items()
    }


def _service_account(client: Client) -> _Json:
    return {
        "username": f"service-account-{client.client_id}",
        "enabled": True,
        "serviceAccountClientId": client.client_id,
        "realmRoles": [role_name(*held) for held in client.held],
    }


def _identity_provider(issuer: Issuer) -> _Json:
    return {
        "alias": issuer.alias,
        "displayName": short(issuer.issuer),
        "providerId": "oidc",
        "enabled": True,
        "linkOnly": True,
        "hideOnLogin": True,
        "config": {
            "issuer": issuer.issuer,
            "clientId": issuer.audience,
            "useJwksUrl": "true",
            "jwksUrl": _placeholder(issuer),
            "validateSignature": "true",
            "authorizationUrl": issuer.issuer,
            "tokenUrl": issuer.issuer,
            **VOUCHES,
        },
    }


def _flows(module: Module) -> list[_Json]:
    """The browser flow. Keycloak adds its own other flows."""
    parts = levels(module)
    flows: Mapping[str, list[_Json]] = {
        FLOW: [_step(COOKIE, "ALTERNATIVE", 1), _part(FORMS, "ALTERNATIVE", 2)],
        FORMS: [_part(level.alias, "CONDITIONAL", n) for n, level in enumerate(parts, start=1)],
        **{
            level.alias: [
                {**_step(CONDITION, "REQUIRED", 1), "authenticatorConfig": level.alias},
                *(_step(step, "REQUIRED", n) for n, step in enumerate(level.steps, start=2)),
            ]
            for level in parts
        },
    }
    return [
        {
            "alias": alias,
            "providerId": "basic-flow",
            "topLevel": alias == FLOW,
            "builtIn": False,
            "authenticationExecutions": steps,
        }
        for alias, steps in flows.items()
    ]


def _step(authenticator: str, need: str, order: int) -> _Json:
    return {"authenticator": authenticator, "requirement": need, "priority": 10 * order}


def _part(alias: str, need: str, order: int) -> _Json:
    return {
        "flowAlias": alias,
        "authenticatorFlow": True,
        "requirement": need,
        "priority": 10 * order,
    }


def _profile() -> _Json:
    permissions = {"view": ["admin", "user"], "edit": ["admin"]}
    return {"attributes": [{"name": n, "permissions": permissions} for n in LOCKED_ATTRIBUTES]}
