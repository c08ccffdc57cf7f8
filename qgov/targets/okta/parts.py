"""The resources of the Terraform, and which fields they come from. A test walks all of them."""

from __future__ import annotations

from typing import Final

from qgov.targets.directory import read_blocks, resource_of
from qgov.targets.origins import BOUND, NAMED, ORGANIZATION
from qgov.targets.parts import Parts, Table

__all__ = ["FIELDS", "PARTS", "WORDS"]

_PROVIDER: Final = f"{ORGANIZATION} spec.identityProviders.{{provider}}"
_TYPE: Final = (f"{_PROVIDER}.type",)
_GROUPS: Final = (*NAMED, *_TYPE, f"{ORGANIZATION} spec.identityProviders")
_HELD: Final = (
    *BOUND,
    *_GROUPS,
    "Tenant/* spec.identityProvider",
    "Tenant/* spec.serviceAccounts",
    "Tenant/* spec.bindings",
)
_ISSUER: Final = (*_TYPE, f"{_PROVIDER}.issuer")
_SIGN_IN: Final = (*_TYPE, f"{_PROVIDER}.protocol")
_FLOORS: Final = (
    *_HELD,
    f"{ORGANIZATION} spec.floors",
    f"{ORGANIZATION} spec.tiers.*.floors",
    "Tenant/* spec.floors",
    "Tenant/* spec.environments",
    "Role/* spec.requires",
    f"{_PROVIDER}.sessionLifetime",
    f"{_PROVIDER}.mfa",
)

FIELDS: Final[Table] = {
    "{provider} terraform": _TYPE,
    "{provider} provider": _ISSUER,
    "{provider} variable": _TYPE,
    "{provider} import": _ISSUER,
    "{provider} output": _HELD,
    "{provider} output client_id": _SIGN_IN,
    "{provider} output role_permissions": (*_HELD, "Role/* spec.permissions"),
    "{provider} moved": (f"{ORGANIZATION} spec.groups.*.previously", *_GROUPS, *_SIGN_IN),
    "{provider} removed": _GROUPS,
    "{provider} data": _GROUPS,
    "{provider} terraform_data": _GROUPS,
    "{provider} okta_group": _GROUPS,
    "{provider} okta_group {label} description": (),
    "{provider} okta_group_rule": _GROUPS,
    "{provider} okta_app_group_assignment": (*_HELD, *_SIGN_IN),
    "{provider} okta_app_oauth": _SIGN_IN,
    "{provider} okta_app_user_schema_property": _SIGN_IN,
    "{provider} okta_app_signon_policy": _TYPE,
    "{provider} okta_app_signon_policy_rule": _FLOORS,
    "{provider} okta_network_zone": _FLOORS,
    "{provider} okta_auth_server": (*_ISSUER, f"{_PROVIDER}.audience"),
    "{provider} okta_auth_server_default": (*_ISSUER, f"{_PROVIDER}.audience"),
    "{provider} okta_auth_server_scope": _ISSUER,
    "{provider} okta_auth_server_claim": (
        *_ISSUER,
        f"{_PROVIDER}.groupsClaim",
        f"{_PROVIDER}.tokens.person",
    ),
    "{provider} okta_auth_server_policy": (*_ISSUER, *_SIGN_IN),
    "{provider} okta_auth_server_policy_rule": (*_ISSUER, *_SIGN_IN, *_FLOORS),
}

WORDS: Final[Table] = {
    "{provider} okta_group {label} description": (f"{ORGANIZATION} spec.groups.*.title",),
}
"""What a text for people alone is written to."""

PARTS: Final = Parts(("terraform/identity/*/okta-*.tf",), read_blocks, FIELDS, WORDS, resource_of)
