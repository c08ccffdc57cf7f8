"""The parts of the policy's data, and which fields they come from. A test walks all of them."""

from __future__ import annotations

from typing import Any, Final

from qgov.model.access_model import AccessModel
from qgov.targets.opa.data import model_data
from qgov.targets.origins import BOUND, MONEY, NAMED, ORGANIZATION, floor
from qgov.targets.parts import Parts, Table

__all__ = ["FIELDS", "PARTS", "data_of"]

_BACKEND: Final = f"{ORGANIZATION} spec.backends.{{backend}}"
_PROVIDERS: Final = f"{ORGANIZATION} spec.identityProviders.*"
_PROVIDER: Final = f"{ORGANIZATION} spec.identityProviders.{{provider}}"
_TENANT: Final = "Tenant/{tenant}"
_ENVIRONMENT: Final = f"{_TENANT} spec.environments.{{environment}}"
_WORKLOAD: Final = f"{_TENANT} spec.serviceAccounts[{{workload}}]"
_BUDGET: Final = "Budget/{budget} spec"
_WHOSE: Final = (
    f"{_PROVIDERS}.issuer",
    f"{ORGANIZATION} spec.groups.*.identityProvider",
    f"{ORGANIZATION} spec.groups.*.includes",
    f"{ORGANIZATION} spec.bindings",
    f"{_TENANT} spec.identityProvider",
    f"{_TENANT} spec.bindings",
)
"""Which issuer's tokens name a group."""


def _money(at: str) -> Table:
    return {
        f"{at} {{budget}}": ("Budget/{budget}", f"{_BUDGET}.scope"),
        f"{at} {{budget}} formerly": ("Budget/{budget} metadata.previously", "Budget/{budget}"),
        f"{at} {{budget}} backends": (f"{_BUDGET}.backends",),
        f"{at} {{budget}} group": (f"{_BUDGET}.group",),
        f"{at} {{budget}} issuer": (f"{_BUDGET}.group", *_WHOSE, "Tenant/* spec.identityProvider"),
        f"{at} {{budget}} quotas": (f"{_BUDGET}.quotas",),
        f"{at} {{budget}} money campaign": (f"{_BUDGET}.budget.period", f"{_BUDGET}.budget"),
        f"{at} {{budget}} money period": (f"{_BUDGET}.budget.period", f"{_BUDGET}.budget"),
        f"{at} {{budget}} money raises": ("BudgetException/* spec", f"{_BUDGET}.budget", *MONEY),
        f"{at} {{budget}} money stop": (
            f"{_BUDGET}.budget.limit",
            f"{_BUDGET}.budget.stopAt",
            *MONEY,
        ),
        f"{at} {{budget}} money warn": (
            f"{_BUDGET}.budget.limit",
            f"{_BUDGET}.budget.warnAt",
            *MONEY,
        ),
        f"{at} {{budget}} approval above": (f"{_BUDGET}.approval.above", *MONEY),
        f"{at} {{budget}} approval approvers": (f"{_BUDGET}.approval.approvers",),
        f"{at} {{budget}} approval classes": (f"{_BUDGET}.approval.forClasses",),
        f"{at} {{budget}} approval valid_for_s": (f"{_BUDGET}.approval.validFor",),
    }


FIELDS: Final[Table] = {
    "": (ORGANIZATION,),
    "actions": (ORGANIZATION,),
    "backends {backend} class": (f"{_BACKEND}.class",),
    "backends {backend} cloud": (f"{_BACKEND}.cloud",),
    "backends {backend} jurisdiction": (f"{_BACKEND}.jurisdiction",),
    "backends {backend} limits": (f"{_BACKEND}.limits", f"{_BACKEND}.qubits", *MONEY),
    "backends {backend} price": (f"{_BACKEND}.price", *MONEY),
    "backends {backend} region": (f"{_BACKEND}.region",),
    "backends {backend} timing": (f"{_BACKEND}.timing",),
    **_money("budgets"),
    "currency": (f"{ORGANIZATION} spec.currency",),
    "elevations": ("Elevation/* spec",),
    **floor("floor", f"{ORGANIZATION} spec.floors"),
    "grants {principal} at {scope}": (*BOUND, *MONEY),
    "grants {principal} issuer": _WHOSE,
    "identity {provider}": (_PROVIDER,),
    "identity {provider} type": (f"{_PROVIDER}.type",),
    "identity {provider} issuer": (f"{_PROVIDER}.issuer",),
    "identity {provider} audience": (f"{_PROVIDER}.audience",),
    "identity {provider} groups": (f"{_PROVIDER}.groupsClaim",),
    "identity {provider} named": (*NAMED, f"{_PROVIDER}.type", f"{ORGANIZATION} spec.groups"),
    "identity {provider} algorithms": (f"{_PROVIDER}.tokens.algorithms",),
    "identity {provider} clients": (f"{_PROVIDER}.tokens.clients", f"{_PROVIDER}.audience"),
    "identity {provider} person": (f"{_PROVIDER}.tokens.person",),
    "identity {provider} age": (f"{_PROVIDER}.tokens.age",),
    "identity {provider} acr": (f"{_PROVIDER}.tokens.secondFactor", f"{_PROVIDER}.type"),
    "identity {provider} amr": (f"{_PROVIDER}.tokens.secondFactor", f"{_PROVIDER}.type"),
    "identity {provider} managed_device": (f"{_PROVIDER}.tokens.managedDevice",),
    "identity {provider} country": (f"{_PROVIDER}.tokens.country",),
    "identity {provider} introspection": (f"{_PROVIDER}.tokens.introspection",),
    "issuers": (f"{_PROVIDERS}.issuer", f"{_PROVIDERS}.audience"),
    "roles {role}": ("Role/{role}",),
    "roles {role} permissions": ("Role/{role} spec.permissions",),
    **floor("roles {role} requires", "Role/{role} spec.requires"),
    "tenants {tenant}": (_TENANT,),
    **_money("tenants {tenant} budgets"),
    "tenants {tenant} elevations": ("Elevation/* spec",),
    "tenants {tenant} environments {environment}": (_ENVIRONMENT,),
    "tenants {tenant} environments {environment} backends": (
        f"{_ENVIRONMENT}.backends",
        f"{ORGANIZATION} spec.backends",
    ),
    **floor(
        "tenants {tenant} environments {environment} floor",
        f"{_ENVIRONMENT}.floors",
        f"{_TENANT} spec.floors",
        f"{ORGANIZATION} spec.tiers.*.floors",
        f"{ORGANIZATION} spec.floors",
        also=(f"{_ENVIRONMENT}.tier",),
    ),
    "tenants {tenant} environments {environment} projects": (
        f"{_ENVIRONMENT}.projects",
        f"{_TENANT} spec.residency",
        "Budget/* spec.scope",
    ),
    "tenants {tenant} environments {environment} queue": (f"{_ENVIRONMENT}.queue",),
    **floor("tenants {tenant} floor", f"{_TENANT} spec.floors", f"{ORGANIZATION} spec.floors"),
    "tenants {tenant} grants {principal} at {scope}": (*BOUND, *MONEY),
    "tenants {tenant} grants {principal} issuer": _WHOSE,
    "tenants {tenant} issuers": _WHOSE,
    "tenants {tenant} residency": (f"{_TENANT} spec.residency",),
    "tenants {tenant} retention": (f"{_TENANT} spec.retention",),
    "tenants {tenant} workloads {workload}": (_WORKLOAD,),
    "tenants {tenant} workloads {workload} federation": (f"{_WORKLOAD}.federation",),
    "tenants {tenant} workloads {workload} client": (
        f"{_WORKLOAD}.federation",
        f"{_TENANT} spec.identityProvider",
        f"{_PROVIDERS}.type",
        f"{_PROVIDERS}.issuer",
        f"{_PROVIDERS}.audience",
    ),
    "tenants {tenant} workloads {workload} requires": (f"{_WORKLOAD}.maxTokenLifetime",),
}


def data_of(model: AccessModel) -> dict[str, Any]:
    """The policy's data, made once for a model."""
    return model.once(model_data)


def _read(_: str, data: Any) -> dict[str, Any]:
    if not isinstance(data, dict):
        return {}  # the policy itself, the same for every model of this version
    sharded = data.get("tenants", {}).values()
    return {**data, "tenants": {name: part for shard in sharded for name, part in shard.items()}}


PARTS: Final = Parts(("policy/opa/*",), _read, FIELDS)
