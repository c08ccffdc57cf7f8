"""`versions.tf`, `realm.tf` and `mfa.tf`: how people sign in."""

from __future__ import annotations

import re
from typing import Final

from qgov.targets.hcl import Block, Ref, Value
from qgov.targets.keycloak.module import KEPT, REALM, Module, duration, resource, short

__all__ = ["SCHEMA_VERSION", "mfa", "realm", "versions"]

SCHEMA_VERSION: Final = "5.9.0"
"""The version of keycloak/keycloak whose schema the resources are written for."""

_IDLE_S: Final = 1800  # an idle session ends after half an hour


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
        Block("provider", ("keycloak",), {"url": Ref("var.keycloak_url")}),
    ]


def realm(module: Module) -> list[Block]:
    """The realm: nobody registers, guesses passwords or removes it by mistake."""
    provider, organization = module.provider, module.model.organization
    attributes: dict[str, Value] = {
        "realm": _realm_name(module),
        "enabled": True,
        "display_name": short(organization.metadata.title or organization.name),
        "registration_allowed": False,
        "reset_password_allowed": False,
        "edit_username_allowed": False,
        "remember_me": False,
        "ssl_required": "external",
        "terraform_deletion_protection": True,
    }
    if organization.floor.max_token_age_s is not None:
        attributes["access_token_lifespan"] = duration(organization.floor.max_token_age_s)
    if provider.session_lifetime is not None:
        attributes["sso_session_max_lifespan"] = duration(provider.session_lifetime)
        idle = min(_IDLE_S, provider.session_lifetime)
        attributes["sso_session_idle_timeout"] = duration(idle)
    one_time = Block("otp_policy", (), {"type": "totp", "code_reusable": False})
    brute_force = Block(
        "brute_force_detection",
        (),
        {
            "permanent_lockout": False,
            "max_login_failures": 10,
            "wait_increment_seconds": 60,
            "max_failure_wait_seconds": 900,
            "failure_reset_time_seconds": 43_200,
        },
    )
    return [
        resource(
            "realm",
            "realm",
            attributes,
            *([one_time] if provider.mfa == "enforced" else []),
            Block("security_defenses", blocks=(brute_force,)),
            KEPT,
        )
    ]


def _realm_name(module: Module) -> str:
    """The realm's name: from its field, else from the issuer, else the provider's name."""
    in_issuer = re.search(r"/realms/([^/]+)/?$", module.provider.issuer)
    return module.provider.realm or (in_issuer[1] if in_issuer else module.name)


def mfa(module: Module) -> list[Block]:
    """A browser flow in which everyone shows a one-time code after the password. People without
    one must set it up, which Keycloak asks for a required execution only."""
    if module.provider.mfa != "enforced":
        return []
    flow = Ref("keycloak_authentication_flow.browser.alias")
    forms = Ref("keycloak_authentication_subflow.forms.alias")

    def execution(name: str, parent: Ref, authenticator: str, need: str, order: int) -> Block:
        return resource(
            "authentication_execution",
            name,
            {
                **REALM,
                "parent_flow_alias": parent,
                "authenticator": authenticator,
                "requirement": need,
                "priority": order,
            },
        )

    steps = [
        execution("cookie", flow, "auth-cookie", "ALTERNATIVE", 10),
        resource(
            "authentication_subflow",
            "forms",
            {
                **REALM,
                "parent_flow_alias": flow,
                "alias": "qgov-browser-forms",
                "requirement": "ALTERNATIVE",
                "priority": 20,
            },
        ),
        execution("password", forms, "auth-username-password-form", "REQUIRED", 10),
        execution("one_time_code", forms, "auth-otp-form", "REQUIRED", 20),
    ]
    return [
        resource(
            "authentication_flow",
            "browser",
            {
                **REALM,
                "alias": "qgov-browser",
                "description": "Password and one-time code, for everyone",
            },
        ),
        *steps,
        resource(
            "authentication_bindings",
            "bindings",
            {
                **REALM,
                "browser_flow": flow,
                # A flow without its steps lets in without them, or lets in nobody.
                "depends_on": [Ref(".".join(step.labels)) for step in steps],
            },
        ),
    ]
