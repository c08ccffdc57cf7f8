"""The resources of the Terraform and the limits of the allocation tool, and which fields they come
from. A test walks all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from qgov.targets.origins import BOUND, MONEY, ORGANIZATION
from qgov.targets.outlines import unfolded
from qgov.targets.parts import Key, Parts, Table

__all__ = ["FIELDS", "PARTS"]

_BACKENDS: Final = f"{ORGANIZATION} spec.backends.*"
_TENANT: Final = "Tenant/{tenant}"
_IBM: Final = f"{_TENANT} spec.clouds.ibm"
_RENAMED: Final = (
    f"{ORGANIZATION} spec.groups.*.previously",
    "Role/* metadata.previously",
    f"{_TENANT} metadata.previously",
    f"{_TENANT} spec.environments.*.previously",
    f"{_TENANT} spec.environments.*.projects[*].previously",
    f"{_TENANT} spec.serviceAccounts[*].previously",
)


def _devices(tenant: str) -> tuple[str, ...]:
    """What an instance has of devices, and which environments it runs jobs of."""
    return (
        *(f"{_BACKENDS}.{field}" for field in ("cloud", "jurisdiction", "region", "target")),
        *(
            f"{tenant} spec.{field}"
            for field in ("residency", "environments.*.backends", "environments.*.projects")
        ),
        f"{tenant} spec.clouds.ibm",
    )


def _held(tenant: str, role: str) -> tuple[str, ...]:
    """What gives a role at a scope, of which IBM has something to say."""
    return (
        *(field.replace(_TENANT, tenant) for field in BOUND),
        f"{tenant} spec.identityProvider",
        f"{tenant} spec.serviceAccounts[*].federation",
        f"{ORGANIZATION} spec.groups.*.identityProvider",
        f"{ORGANIZATION} spec.identityProviders.*.issuer",
        f"Role/{role} spec.permissions",
        *_devices(tenant),
    )


_DEVICES: Final = _devices(_TENANT)
_HELD: Final = _held(_TENANT, "{role}")
_ALL: Final = _held(_TENANT, "*")
_TOKEN_AGE: Final = (
    *(
        f"{floor}maxTokenAge"
        for floor in (
            f"{ORGANIZATION} spec.floors.",
            f"{ORGANIZATION} spec.tiers.*.floors.",
            f"{_TENANT} spec.floors.",
            f"{_TENANT} spec.environments.*.floors.",
            "Role/{role} spec.requires.",
        )
    ),
    *_HELD,
    f"{_TENANT} spec.environments.*.tier",
    f"{_TENANT} spec.serviceAccounts[*].maxTokenLifetime",
)
_CLAIM: Final = (
    *_HELD,
    f"{ORGANIZATION} spec.identityProviders.*.groupsClaim",
    f"{ORGANIZATION} spec.identityProviders.*.type",
)
_LIMIT: Final = (
    *_DEVICES,
    *MONEY,
    f"{_BACKENDS}.price",
    "Budget/* spec.budget",
    "Budget/* spec.group",
    "Budget/* spec.quotas",
    "Budget/* spec.backends",
    "Budget/* spec.scope",
    "BudgetException/* spec",
)
_ELEVATED: Final = (*_HELD, "Elevation/{elevation} spec")
_ONE: Final = "tenant {tenant} {kind} {address}"

FIELDS: Final[Table] = {
    "tenant {tenant}": (_IBM,),
    "tenant {tenant} terraform": (_IBM,),
    "tenant {tenant} variable": (*_ALL, "Elevation/* spec"),
    "tenant {tenant} provider": (_IBM,),
    "tenant {tenant} import": (_IBM,),
    "tenant {tenant} removed": (_IBM,),
    "tenant {tenant} moved": (*_ALL, *_RENAMED),
    "tenant {tenant} ibm_resource_instance": (_IBM,),
    "tenant {tenant} ibm_resource_instance {address} parameters_json": _LIMIT,
    "tenant {tenant} terraform_data": (_IBM,),
    "tenant {tenant} ibm_cbr_zone": (_IBM,),
    "tenant {tenant} ibm_cbr_rule": (_IBM,),
    "tenant {tenant} ibm_iam_custom_role {address} {role}": _HELD,
    f"{_ONE} standing {{role}} {{scope}}": _HELD,
    f"{_ONE} eligible {{role}} {{scope}}": _HELD,
    f"{_ONE} rule {{role}} {{scope}} {{group}}": _CLAIM,
    f"{_ONE} rule {{role}} {{scope}} {{group}} expiration": _TOKEN_AGE,
    f"{_ONE} elevation {{elevation}} {{role}} {{scope}}": _ELEVATED,
    "tenant {tenant} ibm_iam_service_id": (*_ALL, f"{_TENANT} spec.serviceAccounts[*].owner"),
    f"{_ONE} workload {{workload}} {{role}} {{scope}}": _HELD,
    "tenant {tenant} qauvern": (_IBM,),
    "tenant {tenant} qauvern {plan} instances": _LIMIT,
    "account {account}": ("Tenant/* spec.clouds.ibm",),
}

_COUNTS: Final = {
    "standing": 2,
    "eligible": 2,
    "rule": 3,
    "elevation": 3,
    "workload": 3,
}
"""How many names a label tells, by what it is of; that of an instance may follow."""


def _read(path: str, value: Any) -> dict[str, Any]:
    """The blocks of a file by tenant or account, or what the allocation tool is told."""
    _, kind, *names, _file = path.split("/")
    found: dict[str, Any] = {}
    if not isinstance(value, tuple):
        instances = {each["name"]: each for each in value["instances"]}
        found["qauvern"] = {value["plan"]: {**value, "instances": instances}}
    else:
        for block, labels, content in unfolded(value):
            at = found
            for name in _names(block, labels, content):
                at = at.setdefault(name, {})
            at |= content
    return {"tenant": {names[0]: found}} if kind == "tenants" else {"account": {names[1]: found}}


def _names(block: str, labels: Sequence[str], content: Mapping[str, Any]) -> Key:
    """The key of a block: of a resource its type and label, then the names that this is of."""
    if block in ("moved", "removed"):
        return (block, content["from"])
    if block == "import":
        return (block, content["to"])
    if block != "resource":
        return (block, *labels)
    kind, label = labels
    what, _, rest = label.partition("_")
    names = [name.replace("_", "/") for name in rest.split("__")]
    if kind == "ibm_iam_custom_role":
        return (kind, label, names[0])
    if what in _COUNTS and (what != "workload" or kind != "ibm_iam_service_id"):
        return (kind, label, what, *names[: _COUNTS[what]])
    return (kind, label)


def _resource(key: Key) -> str:
    """The address of a resource, or what else a block is."""
    _, _, kind, *rest = key
    if kind == "qauvern":  # the name of an instance stands after the plan and `instances`
        return ".".join([kind, *rest[2:3]])
    return ".".join([kind, *rest[: kind != "terraform"]])


PARTS: Final = Parts(
    ("terraform/tenants/*/ibm/*", "terraform/accounts/ibm/*"), _read, FIELDS, resource=_resource
)
