"""`versions.tf` and `realm.tf`: where Keycloak is, and what the realm is like."""

from __future__ import annotations

from typing import Final

from qgov.targets.hcl import Block, Ref
from qgov.targets.keycloak.facts.realm import (
    ADMIN_EVENTS_EXPIRATION,
    BRUTE_FORCE,
    EVENTS,
    EVENTS_S,
    LISTENERS,
    LOCKED_ATTRIBUTES,
    ONE_TIME_CODE,
    settings,
)
from qgov.targets.keycloak.facts.scopes import DEFAULT_SCOPES
from qgov.targets.keycloak.module import Module
from qgov.targets.keycloak.terraform.resource import KEPT, REALM, arguments, resource

__all__ = ["SCHEMA_VERSION", "realm", "versions"]

SCHEMA_VERSION: Final = "5.9.0"
"""The version of keycloak/keycloak whose schema the resources are written for."""

_LONG_ENOUGH_S: Final = 120
"""How long to wait for Keycloak, in seconds. After the provider's own 15 a realm is half made."""

_EVERYONE: Final = ("account/manage-account", "account/view-profile")
"""What everyone holds: the care of their own password and codes, which takes a token of the
account console. `offline_access` is not in it, whose tokens outlive the session."""


def versions(_: Module) -> list[Block]:
    """Which Terraform and provider, and where Keycloak is."""
    major, minor, _patch = SCHEMA_VERSION.split(".")
    pin = {"source": "keycloak/keycloak", "version": f"~> {major}.{minor}"}
    return [
        Block(
            "terraform",
            (),
            {"required_version": ">= 1.8"},
            (Block("required_providers", (), {"keycloak": pin}),),
        ),
        Block(
            "variable",
            ("keycloak_url",),
            {
                "type": Ref("string"),
                "description": "Address of Keycloak; credentials come from KEYCLOAK_* variables",
            },
        ),
        Block(
            "provider",
            ("keycloak",),
            {"url": Ref("var.keycloak_url"), "client_timeout": _LONG_ENOUGH_S},
        ),
    ]


def realm(module: Module) -> list[Block]:
    """The realm, what people may change of themselves, what everyone and every client has, what
    is recorded."""
    brute_force = Block("brute_force_detection", (), arguments(BRUTE_FORCE))
    return [
        resource(
            "realm",
            "realm",
            {
                **arguments(settings(module)),
                "attributes": {ADMIN_EVENTS_EXPIRATION: str(EVENTS_S)},
                "terraform_deletion_protection": True,
            },
            Block("otp_policy", (), arguments(ONE_TIME_CODE)),
            Block("security_defenses", blocks=(brute_force,)),
            KEPT,
        ),
        resource(
            "realm_user_profile",
            "locked",
            REALM,
            *(
                Block(
                    "attribute",
                    (),
                    {"name": name},
                    (Block("permissions", (), {"view": ["admin", "user"], "edit": ["admin"]}),),
                )
                for name in LOCKED_ATTRIBUTES
            ),
        ),
        resource("default_roles", "everyone", {**REALM, "default_roles": list(_EVERYONE)}),
        resource(
            "realm_default_client_scopes",
            "scopes",
            {**REALM, "default_scopes": list(DEFAULT_SCOPES)},
        ),
        resource("realm_optional_client_scopes", "scopes", {**REALM, "optional_scopes": []}),
        resource(
            "realm_events",
            "events",
            {**REALM, **arguments(EVENTS), "events_listeners": list(LISTENERS)},
        ),
    ]
