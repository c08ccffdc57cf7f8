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
_WHOSE: Final = (
    "Tenant/* spec.identityProvider",
    "Tenant/* spec.serviceAccounts",
    "Tenant/* spec.bindings",
)
_HELD: Final = (*BOUND, *_GROUPS, *_WHOSE)
_FLOORS: Final = (
    f"{ORGANIZATION} spec.floors",
    f"{ORGANIZATION} spec.tiers.*.floors",
    "Tenant/* spec.floors",
    "Tenant/* spec.environments",
    "Role/* spec.requires",
)
_RENAMED: Final = (
    f"{ORGANIZATION} spec.groups.*.previously",
    "Role/* metadata.previously",
    "Tenant/* metadata.previously",
    "Tenant/* spec.environments.*.previously",
    "Tenant/* spec.environments.*.projects[*].previously",
    "Tenant/* spec.serviceAccounts[*].previously",
)
_ISSUER: Final = (*_TYPE, f"{_PROVIDER}.issuer")
_ACCESS: Final = (*_HELD, *_FLOORS)

FIELDS: Final[Table] = {
    "{provider} terraform": _TYPE,
    "{provider} provider": _ISSUER,
    "{provider} variable": _TYPE,
    "{provider} output": _GROUPS,
    "{provider} moved": (*_RENAMED, *_HELD),
    "{provider} removed": _GROUPS,
    "{provider} data": _GROUPS,
    "{provider} terraform_data": _GROUPS,
    "{provider} azuread_application": (*_TYPE, *_WHOSE),
    "{provider} azuread_application qgov": (
        *_ISSUER,
        f"{_PROVIDER}.audience",
        f"{_PROVIDER}.protocol",
    ),
    "{provider} azuread_service_principal": (*_TYPE, *_WHOSE),
    "{provider} azuread_application_federated_identity_credential": (*_TYPE, *_WHOSE),
    "{provider} azuread_application_app_role": _HELD,
    "{provider} azuread_application_app_role {label} display_name": _TYPE,
    "{provider} azuread_application_app_role {label} description": (
        *_HELD,
        "Role/* spec.permissions",
    ),
    "{provider} azuread_app_role_assignment": _HELD,
    "{provider} azuread_group": (*_GROUPS, *_HELD),
    "{provider} azuread_group {label} description": (),
    "{provider} azuread_access_package": _GROUPS,
    "{provider} azuread_access_package_catalog": _GROUPS,
    "{provider} azuread_access_package_resource_catalog_association": _GROUPS,
    "{provider} azuread_access_package_resource_package_association": _GROUPS,
    "{provider} azuread_access_package_assignment_policy": _GROUPS,
    "{provider} azuread_conditional_access_policy": (*_ACCESS, f"{_PROVIDER}.sessionLifetime"),
    "{provider} azuread_named_location": _ACCESS,
    "{provider} azuread_privileged_access_group_eligibility_schedule": _HELD,
    "{provider} azuread_group_role_management_policy": _ACCESS,
}

WORDS: Final[Table] = {
    "{provider} azuread_access_package {label} description": (
        f"{ORGANIZATION} spec.groups.*.title",
    ),
    "{provider} azuread_application_app_role {label} display_name": ("Role/* metadata.title",),
    "{provider} azuread_group {label} description": (f"{ORGANIZATION} spec.groups.*.title",),
}
"""What a text for people alone is written to."""

PARTS: Final = Parts(("terraform/identity/*/entra-*.tf",), read_blocks, FIELDS, WORDS, resource_of)
