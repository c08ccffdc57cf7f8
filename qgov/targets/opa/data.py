"""The model as the policy's data: every fact under the key that it is looked up by.

Instants are whole seconds since 1970, durations seconds. Only names, ids and addresses
of the language's closed alphabets are written, never free text.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from qgov.language.permissions import CATALOGUE
from qgov.model.access_model import AccessModel, Elevation, Environment, Tenant, Workload
from qgov.model.conditions import Conditions
from qgov.model.scope import tenant_of
from qgov.model.tenants import retention_of

__all__ = ["model_data", "pattern_parts"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Json = dict[str, Any]


def model_data(model: AccessModel) -> Json:
    """What the policy finds at `data.qgov.model`. What holds inside of a tenant lies in the
    tenant's part, so that a decision about one reads nothing of another."""
    issuers: dict[str, dict[str, bool]] = defaultdict(dict)
    for provider in model.organization.providers.values():
        issuers[provider.value.issuer][provider.value.audience] = True
    grants = _grants(model)
    return {
        "actions": {
            p.name: {"level": p.level.depth, "executes": p.executes} for p in CATALOGUE.values()
        },
        "backends": {
            name: fact.value.jurisdiction for name, fact in model.organization.backends.items()
        },
        "elevations": _elevations(model.elevations),
        "floor": _conditions(model.organization.floor),
        "grants": grants.get("", {}),
        "issuers": issuers,
        "roles": {
            role.name: {"permissions": role.permissions, "requires": _conditions(role.requires)}
            for role in model.roles.values()
        },
        "tenants": {
            tenant.name: _tenant(tenant, grants.get(tenant.name, {}))
            for tenant in model.tenants.values()
        },
        "workloads": {workload.id: _workload(workload) for workload in model.workloads.values()},
    }


def pattern_parts(pattern: str) -> list[str]:
    """A pattern split at each `*`; runs of `*` are one: `a*b` is `["a", "b"]`."""
    first, *rest = pattern.split("*")
    if not rest:
        return [first]
    return [first, *filter(None, rest[:-1]), rest[-1]]


def _conditions(conditions: Conditions) -> Json:
    """One layer of conditions; absent means not required."""
    found: Json = {}
    if conditions.mfa:
        found["mfa"] = True
    if conditions.managed_device:
        found["managed_device"] = True
    if conditions.max_token_age_s is not None:
        found["max_token_age_s"] = conditions.max_token_age_s
    if conditions.countries is not None:
        found["countries"] = dict.fromkeys(conditions.countries, True)
    return found


def _grants(model: AccessModel) -> Mapping[str, Mapping[str, Json]]:
    """Tenant (empty for the organization) → principal → whose it is, and scope → what is
    granted there, in the order of the model's bindings."""
    issuers = {name: fact.value.issuer for name, fact in model.organization.providers.items()}
    found: dict[str, dict[str, Json]] = defaultdict(dict)
    for binding in model.bindings:
        kind, _, name = binding.principal.partition(":")
        if kind not in ("group", "workload"):
            continue  # a single account holds nothing, whatever a binding says
        grant: Json = {"role": binding.role}
        if binding.eligible is not None:
            grant["eligible"] = binding.eligible.as_json()
        if requires := _conditions(binding.requires):
            grant["requires"] = requires
        held = found[tenant_of(binding.scope)]
        if binding.principal not in held:
            held[binding.principal] = {"at": {}}
            if kind == "group":
                # A group of no known provider has nobody: no user's issuer is empty.
                held[binding.principal]["issuer"] = issuers.get(model.groups[name].provider, "")
        held[binding.principal]["at"].setdefault(binding.scope, []).append(grant)
    return found


def _tenant(tenant: Tenant, grants: Mapping[str, Json]) -> Json:
    return {
        "environments": {name: _environment(e) for name, e in tenant.environments.items()},
        "floor": _conditions(tenant.floor),
        "grants": grants,
        "issuers": dict.fromkeys(tenant.issuers, True),
        "residency": dict.fromkeys(tenant.residency, True),
        "retention": {name: kept.keep for name, kept in retention_of(tenant.spec.retention)},
    }


def _environment(environment: Environment) -> Json:
    return {
        "backends": dict.fromkeys(environment.backends, True),
        "floor": _conditions(environment.floor),
        "projects": dict.fromkeys(environment.projects, True),
        "queue": environment.queue,
    }


def _workload(workload: Workload) -> Json:
    found: Json = {"tenant": workload.tenant}
    if workload.max_token_age_s is not None:
        found["requires"] = {"max_token_age_s": workload.max_token_age_s}
    if workload.subject is not None:
        found["federation"] = {
            "issuer": workload.issuer,
            "audience": workload.audience,
            "subject": pattern_parts(workload.subject),
        }
    return found


def _elevations(elevations: tuple[Elevation, ...]) -> Mapping[str, list[Json]]:
    """Subject → elevations. They were merged after review, hence no approvers' groups."""
    found: dict[str, list[Json]] = defaultdict(list)
    for held in elevations:
        found[held.subject].append(
            {
                "approved_by": held.approved_by or "",
                "expires": _seconds(held.expires),
                "not_before": _seconds(held.not_before),
                "requested_by": held.requested_by or "",
                "reviewed": True,
                "role": held.role,
                "scope": held.scope,
                "ticket": held.ticket is not None,
            }
        )
    return found


def _seconds(instant: datetime | None) -> int:
    """Whole seconds since 1970, not before it; -1 for none."""
    return -1 if instant is None else max(0, (instant - _EPOCH) // timedelta(seconds=1))
