"""The resources of the Terraform, and which fields they come from. A test walks all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from qgov.targets.hcl import Outline
from qgov.targets.origins import BOUND, MONEY, ORGANIZATION
from qgov.targets.outlines import unfolded
from qgov.targets.parts import Key, Parts, Table

__all__ = ["FIELDS", "PARTS"]

_BACKENDS: Final = f"{ORGANIZATION} spec.backends.*"
_STORES: Final = f"{ORGANIZATION} spec.stores.*"
_TENANT: Final = "Tenant/{tenant}"
_AZURE: Final = f"{_TENANT} spec.clouds.{{azure}}"  # `azure`, or `azure.environments.NAME`
_GROUP: Final = (f"{_AZURE}.subscription", f"{_AZURE}.resourceGroup")
_PLACE: Final = (*_GROUP, f"{_AZURE}.location")
_RESULTS: Final = f"{_AZURE}.storageAccount"
_AUDIT: Final = f"{_AZURE}.auditStorageAccount"
_DEVICES: Final = (
    f"{_BACKENDS}.cloud",
    f"{_BACKENDS}.jurisdiction",
    f"{_BACKENDS}.target",
    f"{_TENANT} spec.residency",
    f"{_TENANT} spec.environments.*.backends",
    f"{_TENANT} spec.environments.*.projects",
    f"{_TENANT} spec.clouds.azure.environments",
)
"""Which devices jobs of the workspace may use."""

_HELD: Final = (
    *BOUND,
    *_DEVICES,
    *_GROUP,
    _AUDIT,
    "Role/* spec.permissions",
    f"{_TENANT} spec.identityProvider",
    f"{_TENANT} spec.serviceAccounts[*].federation",
    f"{ORGANIZATION} spec.groups.*.identityProvider",
    f"{ORGANIZATION} spec.identityProviders.*.issuer",
)
"""What gives somebody a role of Azure."""

_SECOND_FACTOR: Final = (
    f"{ORGANIZATION} spec.floors.mfa",
    f"{ORGANIZATION} spec.tiers.*.floors.mfa",
    f"{_TENANT} spec.floors.mfa",
    f"{_TENANT} spec.environments.*.floors.mfa",
    f"{_TENANT} spec.environments.*.tier",
    "Role/* spec.requires.mfa",
)
_CAP: Final = (
    *_DEVICES,
    *_GROUP,
    *MONEY,
    f"{_AZURE}.billingCurrency",
    "Budget/* spec.budget",
    "Budget/* spec.group",
    "Budget/* spec.backends",
    "Budget/* spec.scope",
)
"""The most that may be spent."""

_KEPT: Final = (f"{_TENANT} spec.retention.results", f"{_TENANT} spec.retention.auditLogs")
_KEYS: Final = (*_KEPT, f"{_STORES}.encryption")
_STORED: Final = (*_PLACE, *_KEYS, f"{_STORES}.immutable", _RESULTS, _AUDIT)

_WHO: Final = "{address} {given} {kind} {name}"

FIELDS: Final[Table] = {
    "{tenant} {azure}": (_AZURE,),
    "{tenant} {azure} terraform": (_AZURE,),
    "{tenant} {azure} variable": (_AZURE, *_HELD, *_KEYS, *_CAP),
    "{tenant} {azure} provider": (f"{_AZURE}.subscription",),
    "{tenant} {azure} removed": (_AZURE, *_CAP),
    "{tenant} {azure} moved": (
        *_HELD,
        f"{ORGANIZATION} spec.groups.*.previously",
        f"{_TENANT} metadata.previously",
        f"{_TENANT} spec.serviceAccounts[*].previously",
    ),
    "{tenant} {azure} azapi_resource": (*_PLACE, f"{_AZURE}.workspace"),
    "{tenant} {azure} azapi_resource workspace body": (
        *_DEVICES,
        f"{_AZURE}.accessKeys",
        f"{_AZURE}.providers",
        _RESULTS,
    ),
    "{tenant} {azure} azurerm_role_assignment": (f"{_AZURE}.subscription", _RESULTS),
    f"{{tenant}} {{azure}} azurerm_role_assignment {_WHO}": _HELD,
    f"{{tenant}} {{azure}} azurerm_pim_eligible_role_assignment {_WHO}": _HELD,
    "{tenant} {azure} azurerm_role_management_policy": _HELD,
    "{tenant} {azure} azurerm_role_management_policy {address} activation_rules": (
        *_HELD,
        *_SECOND_FACTOR,
    ),
    "{tenant} {azure} terraform_data": (_AZURE, *_CAP),
    "{tenant} {azure} azurerm_user_assigned_identity": (*_HELD, *_PLACE),
    "{tenant} {azure} azurerm_federated_identity_credential": _HELD,
    "{tenant} {azure} azurerm_storage_account": _STORED,
    "{tenant} {azure} azurerm_storage_container": (_AUDIT,),
    "{tenant} {azure} azurerm_storage_container_immutability_policy": _STORED,
    "{tenant} {azure} azurerm_storage_management_policy": _STORED,
    "{tenant} {azure} azurerm_monitor_diagnostic_setting": (*_GROUP, _RESULTS, _AUDIT),
    "{tenant} {azure} azurerm_consumption_budget_resource_group": _CAP,
    "{tenant} {azure} azurerm_consumption_budget_resource_group quantum notification": (
        *_CAP,
        f"{_TENANT} spec.owner.contact",
    ),
}


def _read(path: str, value: Outline) -> dict[str, Any]:
    """The blocks of a file, by tenant and workspace."""
    _, _, tenant, _, *folders, _ = path.split("/")
    azure = ".".join(["azure", *(f"environments.{own}" for own in folders)])
    workspace: dict[str, Any] = {}
    for block, labels, content in unfolded(value):
        at = workspace
        for name in _names(block, labels, content):
            at = at.setdefault(name, {})
        at |= content
    return {tenant: {azure: workspace}}


def _names(block: str, labels: Sequence[str], content: Mapping[str, Any]) -> Key:
    """The key of a block: of a resource its type and label, then the names that this is of."""
    if block in ("moved", "removed"):
        return (block, content["from"])
    if block != "resource":
        return (block, *labels)
    kind, label = labels
    what, _, names = label.partition("_")
    of = names.split("__") if what in ("assignment", "eligible") else []
    return (kind, label, *of)


def _resource(key: Key) -> str:
    """The address of a resource, or what else a block is."""
    _, _, kind, *rest = key
    return ".".join([kind, *rest[: kind != "terraform"]])


PARTS: Final = Parts(("terraform/tenants/*/azure/*",), _read, FIELDS, resource=_resource)
