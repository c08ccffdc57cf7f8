"""The parts of the entities, and which fields they come from. A test walks all of them."""

from __future__ import annotations

from typing import Any, Final

from qgov.targets.origins import BOUND, MONEY, NAMED, ORGANIZATION, floor
from qgov.targets.parts import Parts, Table

__all__ = ["FIELDS", "PARTS"]

_BACKEND: Final = f"{ORGANIZATION} spec.backends.{{backend}}"
_PROVIDERS: Final = f"{ORGANIZATION} spec.identityProviders.*"
_TENANT: Final = "Tenant/{tenant}"
_BUDGET: Final = "Budget/{budget} spec"
_CHARGED: Final = ("Budget/* spec.scope", "Budget/* spec.group", "Budget/* spec.quotas")
_ISSUERS: Final = (
    f"{_PROVIDERS}.issuer",
    f"{ORGANIZATION} spec.groups.*.identityProvider",
    f"{ORGANIZATION} spec.bindings",
)
_TIERS: Final = f"{ORGANIZATION} spec.tiers.*.floors"
_ACCOUNTS: Final = f"{_TENANT} spec.serviceAccounts[*]"
_FLOOR: Final = (
    f"{_TENANT} spec.environments.*.floors",
    f"{_TENANT} spec.floors",
    _TIERS,
    f"{ORGANIZATION} spec.floors",
)
_TIER: Final = (f"{_TENANT} spec.environments.*.tier",)
_PLACES: Final = (
    f"{_TENANT} spec.environments",
    f"{_TENANT} spec.environments.*.projects",
)

FIELDS: Final[Table] = {
    "": (ORGANIZATION,),
    "Scope {scope}": _PLACES,
    "Organization {scope}": (ORGANIZATION,),
    **floor("Organization {scope} attrs floor", f"{ORGANIZATION} spec.floors"),
    "Tenant {tenant}": (_TENANT,),
    **floor("Tenant {tenant} attrs floor", f"{_TENANT} spec.floors", f"{ORGANIZATION} spec.floors"),
    "Tenant {tenant} attrs issuers": (*_ISSUERS, f"{_TENANT} spec.identityProvider"),
    "Tenant {tenant} attrs residency": (f"{_TENANT} spec.residency",),
    "Tenant {tenant} tags": (f"{_TENANT} spec.retention",),
    "Environment {scope}": _PLACES,
    "Environment {scope} attrs backends": (
        f"{_TENANT} spec.environments.*.backends",
        f"{ORGANIZATION} spec.backends",
    ),
    "Environment {scope} attrs queue": (f"{_TENANT} spec.environments.*.queue",),
    **floor("Environment {scope} attrs floor", *_FLOOR, also=_TIER),
    "Project {scope}": _PLACES,
    **floor("Project {scope} attrs floor", *_FLOOR, also=_TIER),
    "Project {scope} attrs budgets": _CHARGED,
    "Project {scope} attrs group_budgets": _CHARGED,
    "Project {scope} attrs residency": (
        f"{_TENANT} spec.environments.*.projects",
        f"{_TENANT} spec.residency",
    ),
    "Issuer": (
        f"{_PROVIDERS}.issuer",
        f"{_PROVIDERS}.audience",
        "Tenant/* spec.serviceAccounts[*].federation.issuer",
    ),
    "Group {group}": (f"{_PROVIDERS}.issuer", *NAMED),
    "Workload {scope}": (f"{_ACCOUNTS}",),
    "Workload {scope} attrs federation": (f"{_ACCOUNTS}.federation",),
    "Workload {scope} attrs client": (
        f"{_ACCOUNTS}.federation",
        f"{_TENANT} spec.identityProvider",
        f"{_PROVIDERS}.type",
        f"{_PROVIDERS}.issuer",
        f"{_PROVIDERS}.audience",
    ),
    "Role {role}": ("Role/{role}",),
    "Role {role} attrs": ("Role/{role} spec.permissions",),
    "Grant {principal}": (
        *BOUND,
        "Role/* spec.requires",
        "Tenant/* spec.serviceAccounts[*].maxTokenLifetime",
        *MONEY,
    ),
    "Elevation {elevation}": ("Elevation/{elevation} spec",),
    "Backend {backend}": (_BACKEND,),
    "Backend {backend} attrs class": (f"{_BACKEND}.class",),
    "Backend {backend} attrs jurisdiction": (f"{_BACKEND}.jurisdiction",),
    "Backend {backend} attrs limits": (f"{_BACKEND}.limits", f"{_BACKEND}.qubits", *MONEY),
    "Budget {budget}": ("Budget/{budget}",),
    "Budget {budget} attrs group": (f"{_BUDGET}.group",),
    "Budget {budget} attrs backends": (f"{_BUDGET}.backends",),
    "Budget {budget} attrs quotas": (f"{_BUDGET}.quotas",),
    "Window {budget}": (
        "Budget/{budget}",
        f"{_BUDGET}.quotas",
        f"{_BUDGET}.group",
        f"{_BUDGET}.backends",
    ),
    "Budget {budget} attrs money": (f"{_BUDGET}.budget", *MONEY),
    "Budget {budget} attrs money raises": ("BudgetException/* spec", f"{_BUDGET}.budget", *MONEY),
    "Budget {budget} attrs approval": (f"{_BUDGET}.approval", *MONEY),
}


def _read(_: str, found: Any) -> dict[str, Any]:
    """The entities by type and name; grants below whom they are given to, and what a budget counts
    over windows under `Window`, below the budget's own name."""
    if not isinstance(found, dict):
        return {}
    windows: dict[str, dict[str, Any]] = {}
    budgets: dict[str, Any] = {}
    for name, entity in found.get("Budget", {}).items():
        budget, _, window = name.partition("#")
        if window:
            windows.setdefault(budget, {})[window] = entity
        else:
            budgets[name] = entity
    grants: dict[str, dict[str, Any]] = {}
    for name, entity in found.get("Grant", {}).items():
        grants.setdefault(name.partition(" is ")[0], {})[name] = entity
    return {**found, "Budget": budgets, "Grant": grants, "Window": windows}


PARTS: Final = Parts(("policy/cedar/*",), _read, FIELDS)
