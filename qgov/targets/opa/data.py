"""The model as the policy's data: every fact under the key that it is looked up by.

Instants are whole seconds since 1970, durations seconds, money micros of the organization's
currency. Only names, ids and addresses of the language's closed alphabets are written,
never free text.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from hashlib import sha256
from typing import Any, Final

from qgov.language.periods import campaign_of
from qgov.language.permissions import CATALOGUE
from qgov.language.persons import folded
from qgov.model.access_model import (
    AccessModel,
    Budget,
    Environment,
    Quota,
    Raise,
    Tenant,
    Workload,
)
from qgov.model.accesses import budgets_around
from qgov.model.budgets import soft_threshold
from qgov.model.conditions import Conditions, JobLimits
from qgov.model.price import Price
from qgov.model.principal import group, is_group, is_user, name_of
from qgov.model.scope import tenant_of
from qgov.model.tenants import claims_of, retention_of
from qgov.targets.opa.identity import identity_data

__all__ = ["floors", "model_data", "others", "pattern_parts", "roles", "shard_of"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
UNREACHABLE: Final = 9 * 10**15
"""A threshold that no two numbers of a request (at most 10**15 each) add up to. Larger ones
are written as this, so that every engine counts exactly."""


Json = dict[str, Any]

_PARTS: Final = ("per_task_micros", "per_shot_micros", "per_hour_micros", "minimum_micros")
_PLACES: Final = 32


def model_data(model: AccessModel) -> Json:
    """What the policy finds at `data.qgov.model`. What holds inside of a tenant lies in the
    tenant's part, so that a decision about one reads nothing of another. The tenants lie
    in shards, because rego-cpp reads the names of an object one after the other."""
    found, asked = {**others(model), **roles(model)}, floors(model)
    found["floor"] = asked["floor"]
    for shard, tenants in asked["tenants"].items():
        for name, tenant in tenants.items():
            of = found["tenants"][shard][name]
            of["floor"] = tenant["floor"]
            for environment, inside in tenant["environments"].items():
                of["environments"][environment] |= inside
    return found


def roles(model: AccessModel) -> Json:
    """What each role permits, and asks for."""
    return {
        "roles": {
            role.name: {"permissions": role.permissions, "requires": _conditions(role.requires)}
            for role in model.roles.values()
        }
    }


def floors(model: AccessModel) -> Json:
    """What the organization, each tenant and each environment asks for."""
    shards: dict[str, Json] = defaultdict(dict)
    for tenant in model.tenants.values():
        shards[shard_of(tenant.name)][tenant.name] = {
            "floor": _conditions(tenant.floor),
            "environments": {
                name: {"floor": _conditions(each.floor)}
                for name, each in tenant.environments.items()
            },
        }
    return {"floor": _conditions(model.organization.floor), "tenants": shards}


def others(model: AccessModel) -> Json:
    """All but roles and floors."""
    issuers: dict[str, dict[str, bool]] = defaultdict(dict)
    for provider in model.organization.providers.values():
        issuers[provider.value.issuer][provider.value.audience] = True
    grants, elevations, workloads = _grants(model), _elevations(model), _workloads(model)
    shards: dict[str, Json] = defaultdict(dict)
    for tenant in model.tenants.values():
        shards[shard_of(tenant.name)][tenant.name] = {
            "elevations": elevations.get(tenant.name, {}),
            "grants": grants.get(tenant.name, {}),
            "workloads": workloads.get(tenant.name, {}),
            **_tenant(model, tenant),
        }
    return {
        "actions": {
            p.name: {"level": p.level.depth, "executes": p.executes} for p in CATALOGUE.values()
        },
        "backends": {name: _backend(model, name) for name in model.organization.backends},
        "budgets": _budgets(model, ""),
        "currency": model.organization.spec.currency,
        "elevations": elevations.get("", {}),
        "grants": grants.get("", {}),
        "identity": identity_data(model),
        "issuers": issuers,
        "tenants": shards,
    }


def shard_of(tenant: str) -> str:
    """The shard that a tenant lies in: 256 of them, so that 10,000 tenants are 40 in each."""
    return sha256(tenant.encode()).hexdigest()[:2]


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
    if job := _limits(conditions.job):
        found["job"] = job
    return found


def _limits(limits: JobLimits) -> Json:
    return {name: _threshold(bound) for name, bound in limits.as_json().items()}


def _threshold(value: int) -> int:
    return min(value, UNREACHABLE)


def _backend(model: AccessModel, name: str) -> Json:
    spec = model.organization.backends[name].value
    width = JobLimits(qubits=spec.qubits)
    found: Json = {
        "class": spec.backend_class,
        "jurisdiction": spec.jurisdiction,
        "limits": _limits(width & model.organization.backend_limits[name]),
        # What follows is for the enforcement point, which estimates cost and writes the log.
        "cloud": spec.cloud,
        "region": spec.region,
    }
    if (price := model.organization.prices.get(name)) is not None:
        found["price"] = _price(price)
    if spec.timing is not None:
        found["timing"] = {
            "overhead_s": spec.timing.overhead,
            "shots_per_second": spec.timing.shots_per_second,
        }
    return found


def _price(price: Price) -> Json:
    """The parts that it has, and those that every bundle has. What is no whole number of micros
    is a decimal in a text, so that nobody reads it as a float."""
    return {
        name: value if isinstance(value, int) else _decimal(value)
        for name, value in price._asdict().items()
        if value or name in _PARTS
    }


def _decimal(value: Fraction) -> str:
    """A fraction that ends: a price, the worth of a credit and a rate have at most 32 decimals."""
    digits = f"{int(value * 10**_PLACES):0{_PLACES + 1}}"
    return f"{digits[:-_PLACES]}.{digits[-_PLACES:].rstrip('0')}"


def _grants(model: AccessModel) -> Mapping[str, Mapping[str, Json]]:
    """Tenant (empty for the organization) → principal → whose it is, and scope → what is
    granted there, in the order of the model's bindings."""
    found: dict[str, dict[str, Json]] = defaultdict(dict)
    for binding in model.bindings:
        if is_user(binding.principal):
            continue  # a single account holds nothing, even where a binding names it
        grant: Json = {"role": binding.role}
        if binding.eligible is not None:
            grant["eligible"] = binding.eligible.as_json()
        if requires := _conditions(binding.requires):
            grant["requires"] = requires
        if binding.expires is not None:
            grant["expires"] = _seconds(binding.expires)
        held = found[tenant_of(binding.scope)]
        if binding.principal not in held:
            held[binding.principal] = {"at": {}}
            if is_group(binding.principal):
                issuer = _issuer(model, name_of(binding.principal))
                held[binding.principal]["issuer"] = issuer
        grants = held[binding.principal]["at"].setdefault(binding.scope, [])
        if grant not in grants:  # the same of two groups that include this one
            grants.append(grant)
    return found


def _tenant(model: AccessModel, tenant: Tenant) -> Json:
    return {
        "budgets": _budgets(model, tenant.name),
        "environments": {name: _environment(model, e) for name, e in tenant.environments.items()},
        "issuers": dict.fromkeys(tenant.issuers, True),
        "residency": dict.fromkeys(tenant.residency, True),
        "retention": {name: kept.keep for name, kept in retention_of(tenant.spec.retention)},
    }


def _budgets(model: AccessModel, tenant: str) -> Json:
    """The budgets of a tenant (empty: of any) by name."""
    return {budget.name: _budget(model, budget) for budget in model.budgets_in.get(tenant, ())}


def _budget(model: AccessModel, budget: Budget) -> Json:
    found: Json = {"quotas": [_quota(quota) for quota in budget.quotas]}
    if budget.formerly:
        found["formerly"] = list(budget.formerly)  # for the ledger alone
    if budget.backends:
        found["backends"] = dict.fromkeys(budget.backends, True)
    if budget.group is not None:
        found["group"] = group(budget.group)
        found["issuer"] = _issuer(model, budget.group)
    if budget.limit_micros is not None:
        found["money"] = {
            "period": budget.period,
            **_campaign(budget),
            "raises": [_raise(added) for added in budget.raises],
            **_thresholds(budget.stop_micros, soft_threshold(budget.limit_micros, budget.warn_at)),
        }
    if budget.approval is not None:
        found["approval"] = {
            "above": _threshold(budget.approval.above_micros),
            "approvers": budget.approval.approvers,
            "classes": dict.fromkeys(budget.approval_classes, True),
            "valid_for_s": budget.approval.valid_for_s,
        }
    return found


def _campaign(budget: Budget) -> Json:
    """When there is money, where that is not always."""
    campaign = campaign_of(budget.period)
    if campaign is None:
        return {}
    return {"campaign": dict(zip(("from", "until"), map(_seconds, campaign), strict=True))}


def _thresholds(stop: int | None, warn: int | None) -> Json:
    given = {"stop": stop, "warn": warn}
    return {name: _threshold(value) for name, value in given.items() if value is not None}


def _quota(quota: Quota) -> Json:
    return {
        "measure": quota.measure,
        "window": quota.window,
        **_thresholds(quota.limit, soft_threshold(quota.limit, quota.warn_at)),
    }


def _raise(added: Raise) -> Json:
    return {
        "increase": _threshold(added.increase_micros),
        "not_before": _seconds(added.not_before),
        "expires": _seconds(added.expires),
    }


def _issuer(model: AccessModel, group: str) -> str:
    """Whose tokens name a group. A group without a known provider has no members: no user's
    issuer is empty."""
    known = model.groups.get(group)
    provider = model.organization.providers.get(known.provider) if known else None
    return provider.value.issuer if provider else ""


def _environment(model: AccessModel, environment: Environment) -> Json:
    return {
        "backends": dict.fromkeys(environment.backends, True),
        "projects": {
            project: _project(model, environment, project) for project in environment.projects
        },
        "queue": environment.queue,
    }


def _project(model: AccessModel, environment: Environment, project: str) -> Json:
    budgets = budgets_around(model, f"{environment.scope}/{project}")
    found: Json = {"budgets": [budget.name for budget in budgets]}
    if project in environment.residency:
        found["residency"] = dict.fromkeys(environment.residency[project], True)
    return found


def _workloads(model: AccessModel) -> Mapping[str, Json]:
    """Tenant → name → workload."""
    found: dict[str, Json] = defaultdict(dict)
    for workload in model.workloads.values():
        found[workload.tenant][workload.id.partition("/")[2]] = _workload(model, workload)
    return found


def _workload(model: AccessModel, workload: Workload) -> Json:
    found: Json = {}
    if workload.max_token_age_s is not None:
        found["requires"] = {"max_token_age_s": workload.max_token_age_s}
    # The token of its own issuer, and that of its client at its tenant's identity provider.
    for name, claims in zip(("federation", "client"), claims_of(model, workload), strict=False):
        found[name] = {**claims._asdict(), "subject": pattern_parts(claims.subject)}
    return found


def _elevations(model: AccessModel) -> Mapping[str, Json]:
    """Tenant (empty for the organization) → subject → elevations. They were merged after
    review, so that no groups of their approvers are known."""
    found: dict[str, dict[str, list[Json]]] = defaultdict(lambda: defaultdict(list))
    for held in model.elevations:
        found[tenant_of(held.scope)][folded(held.subject)].append(
            {
                "approved_by": folded(held.approved_by or ""),
                "approver_groups": [],
                "expires": _seconds(held.expires),
                "not_before": _seconds(held.not_before),
                "requested_by": folded(held.requested_by or ""),
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
