"""`realm.json`: the same facts as the Terraform, in Keycloak's own words."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from qgov.model.access_model import AccessModel
from qgov.targets.hcl import Block, parse
from qgov.targets.keycloak import TARGET
from qgov.targets.keycloak.read_back import accesses_of
from tests.strategies import models
from tests.targets.test_targets import granted
from tests.targets.worked import EVIL, hostile, organization, repository, worked

MODELS = {"worked": worked(), "hostile": hostile(), "bare": repository(organization())}
every_model = pytest.mark.parametrize("model", MODELS)


@cache
def emitted(name: str) -> dict[str, dict[str, Any]]:
    """Identity provider → what its file says, of one of the models."""
    return {
        path.split("/")[1]: json.loads(content)
        for path, content in TARGET.emit(MODELS[name]).items()
        if path.endswith("/realm.json")
    }


@cache
def root_modules(name: str) -> dict[str, list[Block]]:
    """Identity provider → the resources of its root module."""
    found: dict[str, list[Block]] = defaultdict(list)
    for path, content in TARGET.emit(MODELS[name]).items():
        if path.endswith(".tf"):
            found[path.split("/")[2]] += parse(content)
    return found


def resources(model: str, provider: str, kind: str) -> list[Block]:
    """The resources of a type in a root module."""
    return [b for b in root_modules(model)[provider] if b.labels[:1] == (f"keycloak_{kind}",)]


@given(model=models())
@settings(
    max_examples=30,
    deadline=None,
    phases=set(Phase) - {Phase.shrink},
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@pytest.mark.no_cover
def test_each_layout_alone_gives_what_the_bindings_say(model: AccessModel) -> None:
    assert TARGET.read_back is not None
    files = TARGET.emit(model)
    for ending in (".tf", ".json"):
        layout = {path: content for path, content in files.items() if path.endswith(ending)}
        assert layout
        assert TARGET.read_back(layout) == granted(model, "keycloak"), ending


SECONDS = {"h": 3600, "m": 60, "s": 1}


def camel(name: str) -> str:
    """`sso_session_idle_timeout` → `ssoSessionIdleTimeout`."""
    return re.sub(r"_(\w)", lambda found: found[1].upper(), name)


@every_model
def test_the_realm_is_the_one_of_the_terraform(model: str) -> None:
    for provider, realm in emitted(model).items():
        (block,) = resources(model, provider, "realm")
        compared: dict[str, object] = {}
        for name, value in block.attributes.items():
            if name.endswith(("lifespan", "timeout")):
                compared[camel(name)] = int(str(value)[:-1]) * SECONDS[str(value)[-1]]
            elif name != "terraform_deletion_protection":
                compared[camel(name)] = value
        assert len(compared) > 10
        assert compared.items() <= realm.items()


@every_model
def test_holders_are_those_of_the_terraform(model: str) -> None:
    for provider, realm in emitted(model).items():
        groups = {b.attributes["name"]: b.attributes for b in resources(model, provider, "group")}
        assert {group["name"] for group in realm["groups"]} == set(groups)
        for group in realm["groups"]:
            wanted = groups[group["name"]]
            assert group.get("description") == wanted.get("description")
            attributes = {k: "##".join(v) for k, v in group.get("attributes", {}).items()}
            assert attributes == wanted.get("attributes", {})
        named = [role["name"] for role in realm["roles"]["realm"]]
        roles = [b.attributes["name"] for b in resources(model, provider, "role")]
        assert named == [
            *roles,
            f"default-roles-{realm['realm']}",
            "offline_access",
            "uma_authorization",
        ]


@every_model
def test_clients_are_those_of_the_terraform(model: str) -> None:
    for provider, realm in emitted(model).items():
        clients = {
            b.attributes["client_id"]: b for b in resources(model, provider, "openid_client")
        }
        assert {client["clientId"] for client in realm["clients"]} == set(clients)
        for client in realm["clients"]:
            wanted, name = (
                clients[client["clientId"]].attributes,
                clients[client["clientId"]].labels[1],
            )
            for field in (
                "enabled",
                "full_scope_allowed",
                "standard_flow_enabled",
                "service_accounts_enabled",
            ):
                assert client[camel(field)] == wanted[field]
            assert client["publicClient"] == (wanted["access_type"] == "PUBLIC")
            assert client["redirectUris"] == wanted.get("valid_redirect_uris", [])
            extra = wanted.get("extra_config", {})
            assert isinstance(extra, dict)
            assert set(client["attributes"]) >= set(extra)
            for kind in ("default", "optional"):
                (scopes,) = (
                    b.attributes[f"{kind}_scopes"]
                    for b in resources(model, provider, f"openid_client_{kind}_scopes")
                    if b.labels[1] == name
                )
                assert client[f"{kind}ClientScopes"] == scopes
            mappers = [
                b
                for kind in ("group_membership", "user_property", "audience")
                for b in resources(model, provider, f"openid_{kind}_protocol_mapper")
                if b.labels[1] == name
            ]
            assert {m["name"] for m in client["protocolMappers"]} == {
                b.attributes["name"] for b in mappers
            }
            assert len(client["protocolMappers"]) == len(mappers)


@every_model
def test_the_flow_is_that_of_the_terraform(model: str) -> None:
    for provider, realm in emitted(model).items():
        alias = {
            f"{b.labels[0]}.{b.labels[1]}.alias": b.attributes["alias"]
            for kind in ("authentication_flow", "authentication_subflow")
            for b in resources(model, provider, kind)
        }
        wanted = {
            (
                alias[str(b.attributes["parent_flow_alias"])],
                b.attributes[named],
                b.attributes["requirement"],
            )
            for kind, named in (("execution", "authenticator"), ("subflow", "alias"))
            for b in resources(model, provider, f"authentication_{kind}")
        }
        assert wanted == {
            (flow["alias"], step.get("authenticator") or step["flowAlias"], step["requirement"])
            for flow in realm["authenticationFlows"]
            for step in flow["authenticationExecutions"]
        }
        assert realm["browserFlow"] == alias["keycloak_authentication_flow.browser.alias"]
        assert [each["config"] for each in realm["authenticatorConfig"]] == [
            b.attributes["config"]
            for b in resources(model, provider, "authentication_execution_config")
        ]


def test_no_text_is_replaced_by_the_environment() -> None:
    """Keycloak puts variables into an imported file, whatever they are written in."""
    for path, content in TARGET.emit(hostile()).items():
        if path.endswith("realm.json"):
            variables = re.findall(rb"\$.*", content)
            assert len(variables) == 1
            assert re.match(rb"\$\{QGOV_JWKS_URL_[A-Z0-9_]+:https://[^$}]+\}\",?$", variables[0])
    (realm,) = emitted("hostile").values()
    assert realm["displayName"] == EVIL[:255]
    assert "$" in EVIL


def test_without_a_variable_keys_are_where_they_usually_are() -> None:
    (issuer,) = emitted("hostile")["workforce"]["identityProviders"]
    assert issuer["config"]["jwksUrl"].endswith(
        ":https://token.actions.githubusercontent.com/.well-known/jwks}"
    )


def test_what_is_not_ours_gives_nothing() -> None:
    realm = {
        "roles": {
            "realm": [{"name": "admin"}, {"name": "loop", "composites": {"realm": ["loop"]}}]
        },
        "groups": [{"name": "others", "realmRoles": ["admin", "loop"]}],
        "users": [{"username": "mei", "realmRoles": ["admin"]}],
    }
    assert accesses_of(realm) == frozenset()
