"""`entra-versions`, `-claims` and `-roles.tf`: which tenant, what tokens are for, what they say.

Tokens list the groups that are assigned to the application, by object id: not every group that a
person is in, so that few people are in more than a token holds.
"""

from __future__ import annotations

from typing import Final

from qgov.targets.directory import Module, shortened
from qgov.targets.entra.module import (
    APPLICATION,
    KNOWN,
    SCHEMA_VERSION,
    group_id,
    of_version_1,
    resource,
    same_id,
    tenant_of,
)
from qgov.targets.hcl import Block, Ref, Value, address

__all__ = ["SWITCH", "claims", "roles", "versions"]

SWITCH: Final = "conditional_access_state"
_TEXT: Final = 100


def versions(module: Module) -> list[Block]:
    """Which Terraform and provider, and which tenant."""
    major, minor, _patch = SCHEMA_VERSION.split(".")
    pin = {"source": "hashicorp/azuread", "version": f"~> {major}.{minor}"}
    return [
        Block(
            "terraform",
            (),
            {"required_version": ">= 1.8"},
            (Block("required_providers", (), {"azuread": pin}),),
        ),
        Block("provider", ("azuread",), {"tenant_id": tenant_of(module)}),
        Block(
            "variable",
            (SWITCH,),
            {
                "type": Ref("string"),
                "description": "enabledForReportingButNotEnforced tries the policies first",
                "default": "enabled",
            },
        ),
    ]


def claims(module: Module) -> list[Block]:
    """The application, and whose sign-ins it takes: those of groups that are assigned to it."""
    provider = module.provider
    old = of_version_1(module)
    scope: dict[str, Value] = {
        "admin_consent_description": "Act on the quantum platform as the person who signs in",
        "admin_consent_display_name": "Use the quantum platform",
        "enabled": True,
        "id": same_id("access"),
        "type": "User",
        "value": "access",
    }
    people: list[Block] = [] if provider.protocol != "oidc" else _people(module)
    addresses: dict[str, Value] = {"identifier_uris": [provider.audience]} if old else {}
    ids: dict[str, Value] = {group.name: group_id(module, group) for group in module.groups}
    application = resource(
        "application",
        "qgov",
        {
            "display_name": f"qgov {module.name}",
            "sign_in_audience": "AzureADMyOrg",
            "group_membership_claims": ["ApplicationGroup"],
            "prevent_duplicate_names": True,
            **addresses,
        },
        Block(
            "api",
            (),
            {"requested_access_token_version": 1 if old else 2},
            (Block("oauth2_permission_scope", (), scope),),
        ),
        *people,
        # The roles are resources of their own.
        Block("lifecycle", (), {"prevent_destroy": True, "ignore_changes": [Ref("app_role")]}),
    )
    service = resource(
        "service_principal",
        "qgov",
        {
            "client_id": Ref(f"{APPLICATION}.client_id"),
            "app_role_assignment_required": True,
        },
    )
    return [
        application,
        service,
        Block("output", ("client_id",), {"value": Ref(f"{APPLICATION}.client_id")}),
        Block(
            "output",
            ("group_object_ids",),
            {"value": ids},
        ),
    ]


def _people(_: Module) -> list[Block]:
    """Authorization code with PKCE, to a loopback address of whatever port (RFC 8252)."""
    return [Block("public_client", (), {"redirect_uris": ["http://localhost"]})]


def roles(module: Module) -> list[Block]:
    """An app role for each role at each scope that anything of this Entra is bound to; what it
    permits is its description."""
    found = [_role("role_" + KNOWN, f"qgov:{KNOWN}", "Known to the quantum platform", "")]
    for name, scope in sorted({(b.role, b.scope) for b in module.bindings}):
        role = module.model.roles[name]
        held = (f"{p}:own" if own else p for p, own in sorted(role.permissions.items()))
        title = shortened(f"{role.metadata.title or name} on {scope}", _TEXT)
        found.append(
            _role(address("role", name, scope), f"qgov:{name}:{scope}", title, " ".join(held))
        )
    return found


def _role(label: str, value: str, title: str, permissions: str) -> Block:
    return resource(
        "application_app_role",
        label,
        {
            "application_id": Ref(f"{APPLICATION}.id"),
            "role_id": same_id(value),
            "allowed_member_types": ["Application", "User"],
            "display_name": title,
            "description": permissions or title,
            "value": value,
        },
    )
