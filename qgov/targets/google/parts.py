"""The resources of the Terraform and the steps for people, and which fields they come from. A
test walks all of them."""

from __future__ import annotations

from typing import Any, Final

from qgov.targets.origins import BOUND, ORGANIZATION
from qgov.targets.outlines import unfolded
from qgov.targets.parts import Key, Parts, Table
from qgov.targets.steps import Steps

__all__ = ["FIELDS", "PARTS"]

_BACKENDS: Final = f"{ORGANIZATION} spec.backends.*"
_TENANT: Final = "Tenant/{tenant}"
_GOOGLE: Final = (f"{_TENANT} spec.clouds.google",)
_PROCESSORS: Final = (
    f"{_BACKENDS}.cloud",
    f"{_BACKENDS}.jurisdiction",
    f"{_BACKENDS}.target",
    f"{_TENANT} spec.residency",
    f"{_TENANT} spec.environments.*.backends",
    f"{_TENANT} spec.environments.*.projects",
    *_GOOGLE,
)
_LISTED: Final = (
    *BOUND,
    *_PROCESSORS,
    f"{_TENANT} spec.identityProvider",
    f"{_TENANT} spec.serviceAccounts[*].federation",
    f"{ORGANIZATION} spec.groups.*.identityProvider",
    f"{ORGANIZATION} spec.identityProviders.*.issuer",
    "Role/* spec.permissions",
)
FIELDS: Final[Table] = {
    "{tenant}": _GOOGLE,
    "{tenant} terraform": _GOOGLE,
    "{tenant} provider": _GOOGLE,
    "{tenant} google_project_service": _GOOGLE,
    "{tenant} google_project_iam_audit_config": _GOOGLE,
    "{tenant} google_iam_workload_identity_pool": _LISTED,
    "{tenant} google_iam_workload_identity_pool_provider": _LISTED,
    "{tenant} google_service_account": _LISTED,
    "{tenant} google_service_account_iam_member": _LISTED,
    "{tenant} steps": _GOOGLE,
    "{tenant} steps about": (f"{_TENANT} spec.owner.group",),
    "{tenant} steps tasks": _PROCESSORS,
    "{tenant} steps people": _LISTED,
}


def _read(path: str, value: Any) -> dict[str, Any]:
    """The blocks of a file, or the steps, by tenant."""
    found: dict[str, Any] = {}
    if isinstance(value, Steps):
        people = {" ".join(key): email for key, email in value.people.items()}
        tasks = {str(number): task for number, task in enumerate(value.tasks, 1)}
        found["steps"] = {"about": (value.title, *value.about), "tasks": tasks, "people": people}
    else:
        for block, labels, content in unfolded(value):
            at = found
            for name in labels if block == "resource" else (block, *labels):
                at = at.setdefault(name, {})
            at |= content
    return {path.split("/")[2]: found}


def _resource(key: Key) -> str:
    """The address of a resource, or what else a block is."""
    _, kind, *rest = key
    return ".".join([kind, *rest[: kind not in ("terraform", "steps")]])


PARTS: Final = Parts(("terraform/tenants/*/google/*",), _read, FIELDS, resource=_resource)
