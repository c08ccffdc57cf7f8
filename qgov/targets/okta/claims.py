"""`okta-versions` and `-claims.tf`: which organization, who asks for tokens, and what they say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from qgov.targets.directory import Module, asked, role_name
from qgov.targets.hcl import Block, Ref, Value
from qgov.targets.okta.module import (
    APPLICATION,
    ROLES,
    SCHEMA_VERSION,
    organization_of,
    resource,
    server_of,
)
from qgov.targets.okta.sign_in import POLICY

__all__ = ["LEAST_S", "claims", "token_age_s", "versions"]

LEAST_S: Final = 300
"""The shortest that a token lasts."""
_MOST_S: Final = 86_400
_OWN: Final = frozenset({"sub", "uid"})
"""Claims of a person that every access token has."""


def versions(module: Module) -> list[Block]:
    """Which Terraform and provider, and which organization; credentials come from OKTA_*
    variables."""
    major, minor, _patch = SCHEMA_VERSION.split(".")
    pin = {"source": "okta/okta", "version": f"~> {major}.{minor}"}
    name, domain = organization_of(module)
    return [
        Block(
            "terraform",
            (),
            {"required_version": ">= 1.8"},
            (Block("required_providers", (), {"okta": pin}),),
        ),
        Block("provider", ("okta",), {"org_name": name, "base_url": domain}),
        Block(
            "variable",
            ("redirect_uri",),
            {
                "type": Ref("string"),
                "description": "Where the tools of people take codes: a loopback address",
                "default": "http://localhost:8250/callback",
            },
        ),
    ]


def claims(module: Module) -> list[Block]:
    """The authorization server with its claims, the application, and what roles permit."""
    found = [*_server(module), *_claims(module)]
    if module.provider.protocol == "oidc":
        found += _application(module)
    found.append(Block("output", ("role_permissions",), {"value": _permissions(module)}))
    return found


def _permissions(module: Module) -> dict[str, Value]:
    """Role at a scope → what it permits; of standing bindings, which the application carries."""
    found: dict[str, Value] = {}
    for name, scope in sorted({(b.role, b.scope) for b in module.bindings}):
        held = sorted(module.model.roles[name].permissions.items())
        found[role_name(name, scope)] = " ".join(f"{p}:own" if own else p for p, own in held)
    return found


def _of_server(module: Module) -> Ref:
    kind = "okta_auth_server_default" if server_of(module) == "default" else "okta_auth_server"
    return Ref(f"{kind}.qgov.id")


def _server(module: Module) -> Iterator[Block]:
    """The one that the issuer names. It exists, so it is taken over."""
    audiences: dict[str, Value] = {"audiences": [module.provider.audience]}
    if (server := server_of(module)) == "default":
        yield resource("auth_server_default", "qgov", audiences)
        return
    name = {"name": f"qgov {module.name}"}
    kept = Block("lifecycle", (), {"prevent_destroy": True})
    yield resource("auth_server", "qgov", {**name, **audiences}, kept)
    yield Block("import", (), {"to": Ref("okta_auth_server.qgov"), "id": server})


def _claims(module: Module) -> Iterator[Block]:
    server = _of_server(module)
    yield resource(
        "auth_server_scope",
        "qgov",
        {"auth_server_id": server, "name": "qgov", "consent": "IMPLICIT", "default": True},
    )
    yield _claim(
        server, "groups", module.provider.groups_claim, ".*", value_type="GROUPS", filter_="REGEX"
    )
    yield _claim(server, ROLES, ROLES, f"appuser.{ROLES}", value_type="EXPRESSION")
    if (person := module.provider.tokens.person) not in _OWN:
        yield _claim(server, "person", person, "user.id", value_type="EXPRESSION")


def _claim(
    server: Ref, label: str, name: str, value: str, *, value_type: str, filter_: str = ""
) -> Block:
    filtered = {"group_filter_type": filter_} if filter_ else {}
    return resource(
        "auth_server_claim",
        label,
        {
            "auth_server_id": server,
            "name": name,
            "claim_type": "RESOURCE",
            "value_type": value_type,
            "value": value,
            "always_include_in_token": True,
            **filtered,
        },
    )


def _application(module: Module) -> Iterator[Block]:
    """Authorization code with PKCE for whoever is in an assigned group; no refresh, no secret."""
    yield resource(
        "app_oauth",
        "qgov",
        {
            "label": f"qgov {module.name}",
            "type": "native",
            "grant_types": ["authorization_code"],
            "response_types": ["code"],
            "redirect_uris": [Ref("var.redirect_uri")],
            "token_endpoint_auth_method": "none",
            "pkce_required": True,
            "implicit_assignment": False,
            "authentication_policy": Ref(f"{POLICY}.id"),
        },
        Block("lifecycle", (), {"prevent_destroy": True}),
    )
    yield resource(
        "app_user_schema_property",
        ROLES,
        {
            "app_id": Ref(f"{APPLICATION}.id"),
            "index": ROLES,
            "title": "Roles of the quantum platform",
            "type": "array",
            "array_type": "string",
            "union": True,  # those of all groups that somebody is in
            "permissions": "READ_ONLY",
        },
    )
    yield from _policy(module)
    yield Block("output", ("client_id",), {"value": Ref(f"{APPLICATION}.client_id")})


def _policy(module: Module) -> Iterator[Block]:
    server = _of_server(module)
    yield resource(
        "auth_server_policy",
        "qgov",
        {
            "auth_server_id": server,
            "name": "qgov",
            "description": "Tokens of the quantum platform",
            "priority": 1,
            "client_whitelist": [Ref(f"{APPLICATION}.id")],
        },
    )
    age = token_age_s(module)
    minutes = max(LEAST_S, min(_MOST_S, age)) // 60 if age is not None else 60
    yield resource(
        "auth_server_policy_rule",
        "qgov",
        {
            "auth_server_id": server,
            "policy_id": Ref("okta_auth_server_policy.qgov.id"),
            "name": "qgov",
            "priority": 1,
            "grant_type_whitelist": ["authorization_code"],
            "scope_whitelist": ["*"],
            "group_whitelist": ["EVERYONE"],
            "access_token_lifetime_minutes": minutes,
        },
    )


def token_age_s(module: Module) -> int | None:
    """The oldest that a token is of use for anything that people hold; None: nothing asks."""
    ages = [module.model.organization.floor.max_token_age_s, module.provider.session_lifetime]
    ages += [each.max_token_age_s for each in asked(module).values()]
    return min((age for age in ages if age is not None), default=None)
