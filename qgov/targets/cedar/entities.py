"""The model as Cedar's entities, as `policy/schema.cedarschema` describes them.

Instants are whole seconds since 1970, durations seconds, money micros of the organization's
currency. What a policy would have to add up is added up here: what a role, a grant and a
workload require, and the exceptions of a budget that hold at one time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import pairwise
from json import dumps
from typing import Any, Final

from qgov.language.periods import campaign_of, is_window
from qgov.language.persons import folded
from qgov.model.access_model import AccessModel, Binding, Budget, Elevation, Quota, Tenant
from qgov.model.accesses import budgets_around
from qgov.model.budgets import soft_threshold, windows_of
from qgov.model.conditions import Conditions, JobLimits
from qgov.model.principal import is_user, kind_of, name_of
from qgov.model.scope import EVERYWHERE
from qgov.model.tenants import claims_of, retention_of

__all__ = ["Entity", "entities", "floors", "others", "roles"]

Entity = dict[str, Any]
Json = dict[str, Any]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
UNREACHABLE: Final = 9 * 10**15
"""A threshold that no two numbers of a request (at most 10**15 each) add up to. Larger ones
are written as this, so that no sum leaves Cedar's 64 bits."""


def entities(model: AccessModel) -> list[Entity]:
    """Every entity of the model, in no particular order."""
    found = [*others(model), *roles(model)]
    asked = {(kind, name): floor for kind, name, floor in floors(model)}
    for entity in found:
        floor = asked.get((_kind(entity), entity["uid"]["id"]))
        if floor is not None:
            entity["attrs"] = {"floor": floor, **entity["attrs"]}
    return found


def _kind(entity: Entity) -> str:
    return str(entity["uid"]["type"]).removeprefix("QGov::")


def others(model: AccessModel) -> Iterator[Entity]:
    """Every entity but roles, and without floors."""
    yield from _places(model)
    yield from _subjects(model)
    yield from _grants(model)
    yield from map(_elevation, model.elevations)
    yield from (_backend(model, name) for name in model.organization.backends)
    for budget in model.budgets.values():
        yield from _budgets(budget)


def _entity(
    kind: str, name: str, attrs: Json, parents: Iterable[Json] = (), tags: Json | None = None
) -> Entity:
    given = {name: value for name, value in attrs.items() if value is not None}
    uid = {"type": f"QGov::{kind}", "id": name}
    tagged = {"tags": tags} if tags else {}
    return {"uid": uid, "attrs": given, "parents": list(parents), **tagged}


def _ref(kind: str, name: str) -> Json:
    return {"__entity": {"type": f"QGov::{kind}", "id": name}}


def _refs(kind: str, names: Iterable[str]) -> list[Json]:
    return [_ref(kind, name) for name in names]


# --------------------------------------------------------------------------- places


def _scope(name: str) -> list[Json]:
    return [{"type": "QGov::Scope", "id": name}]


def floors(model: AccessModel) -> Iterator[tuple[str, str, Json]]:
    """What every place asks for: the type of its entity, its name, the conditions."""
    yield "Organization", EVERYWHERE, _conditions(model.organization.floor)
    for tenant in model.tenants.values():
        yield "Tenant", tenant.name, _conditions(tenant.floor)
        for environment in tenant.environments.values():
            floor = _conditions(environment.floor)
            yield "Environment", environment.scope, floor
            for project in environment.projects:
                yield "Project", f"{environment.scope}/{project}", floor


def _places(model: AccessModel) -> Iterator[Entity]:
    yield _entity("Organization", EVERYWHERE, {}, _scope(EVERYWHERE))
    yield _entity("Scope", EVERYWHERE, {})
    for tenant in model.tenants.values():
        yield from _tenant(model, tenant)


def _tenant(model: AccessModel, tenant: Tenant) -> Iterator[Entity]:
    yield _entity("Scope", tenant.name, {}, _scope(EVERYWHERE))
    yield _entity(
        "Tenant",
        tenant.name,
        {
            "issuers": _refs("Issuer", tenant.issuers),
            "residency": list(tenant.residency),
        },
        _scope(tenant.name),
        {name: kept.keep for name, kept in retention_of(tenant.spec.retention)},
    )
    for environment in tenant.environments.values():
        of = _ref("Tenant", tenant.name)
        yield _entity("Scope", environment.scope, {}, _scope(tenant.name))
        yield _entity(
            "Environment",
            environment.scope,
            {
                "tenant": of,
                "backends": _refs("Backend", environment.backends),
                "queue": environment.queue,
            },
            _scope(environment.scope),
        )
        for project in environment.projects:
            scope = f"{environment.scope}/{project}"
            budgets = budgets_around(model, scope)
            yield _entity("Scope", scope, {}, _scope(environment.scope))
            yield _entity(
                "Project",
                scope,
                {
                    "tenant": of,
                    "environment": _ref("Environment", environment.scope),
                    "budgets": _charged(b for b in budgets if b.group is None),
                    "group_budgets": _charged(b for b in budgets if b.group),
                    "residency": _listed(environment.residency.get(project)),
                },
                _scope(scope),
            )


def _listed(names: tuple[str, ...] | None) -> list[str] | None:
    return None if names is None else list(names)


def _conditions(conditions: Conditions) -> Json:
    found: Json = {
        "mfa": conditions.mfa,
        "managed_device": conditions.managed_device,
        "job": _limits(conditions.job),
    }
    if conditions.max_token_age_s is not None:
        found["max_token_age_s"] = conditions.max_token_age_s
    if conditions.countries is not None:
        found["countries"] = list(conditions.countries)
    return found


def _limits(limits: JobLimits) -> Json:
    return {name: _threshold(bound) for name, bound in limits.as_json().items()}


def _threshold(value: int) -> int:
    return min(value, UNREACHABLE)


# ------------------------------------------------------------------ subjects and rights


def _subjects(model: AccessModel) -> Iterator[Entity]:
    audiences: dict[str, set[str]] = defaultdict(set)
    for provider in model.organization.providers.values():
        audiences[provider.value.issuer].add(provider.value.audience)
    federated = {w.issuer for w in model.workloads.values() if w.issuer is not None}
    for issuer in federated | set(audiences):
        # Only an issuer of people's tokens has audiences: by that the policies know one.
        known = sorted(audiences[issuer]) if issuer in audiences else None
        yield _entity("Issuer", issuer, {"audiences": known})
    for group in model.groups.values():
        own = model.organization.providers.get(group.provider)
        issued_by = _ref("Issuer", own.value.issuer) if own else None
        yield _entity("Group", group.name, {"issuer": issued_by})
    for workload in model.workloads.values():
        known_by = zip(("federation", "client"), claims_of(model, workload), strict=False)
        yield _entity(
            "Workload",
            workload.id,
            {
                "tenant": _ref("Tenant", workload.tenant),
                **{
                    name: {**claims._asdict(), "issuer": _ref("Issuer", claims.issuer)}
                    for name, claims in known_by
                },
            },
        )


def roles(model: AccessModel) -> Iterator[Entity]:
    """What each role permits."""
    for role in model.roles.values():
        names = sorted(role.permissions)
        own = [name for name in names if role.permissions[name]]
        yield _entity(
            "Role", role.name, {"permissions": _refs("Action", names), "own": _refs("Action", own)}
        )


def _grants(model: AccessModel) -> Iterator[Entity]:
    """A grant is named after what it says; a digest of the conditions tells apart two that say
    the same on different ones."""
    named: dict[str, dict[str, Json]] = defaultdict(dict)
    for binding in model.bindings:
        if is_user(binding.principal):
            continue  # a single account holds nothing, even where a binding names it
        kind, name = kind_of(binding.principal), name_of(binding.principal)
        attrs = {kind: _ref(kind.capitalize(), name), **_grant(model, binding)}
        title = f"{binding.principal} is {binding.role} on {binding.scope}"
        named[title][dumps(attrs, sort_keys=True)] = attrs
    for title, alike in named.items():
        for text, attrs in alike.items():
            suffix = "" if len(alike) == 1 else f" #{sha256(text.encode()).hexdigest()[:16]}"
            yield _entity("Grant", title + suffix, attrs)


def _grant(model: AccessModel, binding: Binding) -> Json:
    requires = model.roles[binding.role].requires & binding.requires
    if (workload := model.workload_of(binding.principal)) is not None:
        requires &= Conditions(max_token_age_s=workload.max_token_age_s)
    given: Json = {
        "role": _ref("Role", binding.role),
        "scope": _ref("Scope", binding.scope),
        "requires": _conditions(requires),
    }
    if binding.eligible is not None:
        approvers = _ref("Group", binding.eligible.approvers)
        given["eligible"] = {**binding.eligible.as_json(), "approvers": approvers}
    if binding.expires is not None:
        given["expires"] = _seconds(binding.expires)
    return given


def _elevation(held: Elevation) -> Entity:
    """It was merged after review, so it has no approvers' groups."""
    terms: Json = {
        "subject": folded(held.subject),
        "role": _ref("Role", held.role),
        "scope": _ref("Scope", held.scope),
        "requested_by": held.requested_by and folded(held.requested_by),
        "approved_by": held.approved_by and folded(held.approved_by),
        "approver_groups": [],
        "ticket": held.ticket is not None,
        "not_before": None if held.not_before is None else _seconds(held.not_before),
        "expires": _seconds(held.expires),
    }
    given = {name: value for name, value in terms.items() if value is not None}
    return _entity("Elevation", held.name, {"terms": given})


# -------------------------------------------------------------------- machines and money


def _backend(model: AccessModel, name: str) -> Entity:
    spec = model.organization.backends[name].value
    width = JobLimits(qubits=spec.qubits)
    return _entity(
        "Backend",
        name,
        {
            "class": spec.backend_class,
            "jurisdiction": spec.jurisdiction,
            "limits": _limits(width & model.organization.backend_limits[name]),
        },
    )


def _charged(budgets: Iterable[Budget]) -> list[Json]:
    return _refs("Budget", [entity["uid"]["id"] for each in budgets for entity in _budgets(each)])


def _budgets(budget: Budget) -> Iterator[Entity]:
    """A budget, and one for each other time than a day or month that it counts over."""
    whose: Json = {}
    if budget.group is not None:
        whose["group"] = _ref("Group", budget.group)
    if budget.backends:
        whose["backends"] = _refs("Backend", budget.backends)
    yield _entity("Budget", budget.name, {**_budget(budget), **whose})
    for window in windows_of(budget):
        counts = {"budget": budget.name, "over": window}
        quotas = _quotas(q._replace(window="window") for q in budget.quotas if q.window == window)
        yield _entity(
            "Budget", f"{budget.name}#{window}", {"quotas": quotas, "counts": counts, **whose}
        )


def _budget(budget: Budget) -> Json:
    given: Json = {"quotas": _quotas(q for q in budget.quotas if not is_window(q.window))}
    if budget.limit_micros is not None:
        warn = soft_threshold(budget.limit_micros, budget.warn_at)
        given["money"] = {
            "period": budget.period,
            **_campaign(budget),
            "raises": list(_raises(budget)),
            **_present(stop=budget.stop_micros, warn=warn),
        }
    if budget.approval is not None:
        given["approval"] = {
            "above_micros": _threshold(budget.approval.above_micros),
            "approvers": _ref("Group", budget.approval.approvers),
            "classes": list(budget.approval_classes),
            "valid_for_s": budget.approval.valid_for_s,
        }
    return given


def _campaign(budget: Budget) -> Json:
    campaign = campaign_of(budget.period)
    if campaign is None:
        return {}
    return {"campaign": dict(zip(("from", "until"), map(_seconds, campaign), strict=True))}


def _present(**thresholds: int | None) -> Json:
    return {name: _threshold(value) for name, value in thresholds.items() if value is not None}


def _quotas(quotas: Iterable[Quota]) -> Json:
    """A measure and window → the tightest of its thresholds."""
    found: dict[str, Json] = {}
    for quota in quotas:
        given = _present(stop=quota.limit, warn=soft_threshold(quota.limit, quota.warn_at))
        known = found.setdefault(f"{quota.measure}/{quota.window}", given)
        known |= {name: min(value, known.get(name, value)) for name, value in given.items()}
    return found


def _raises(budget: Budget) -> Iterator[Json]:
    """The exceptions of a budget as times that do not overlap, with what is added in each."""
    spans = [
        (0 if r.not_before is None else _seconds(r.not_before), _seconds(r.expires), r)
        for r in budget.raises
    ]
    edges = sorted({edge for start, end, _ in spans for edge in (start, end)})
    for start, end in pairwise(edges):
        more = sum(r.increase_micros for begins, ends, r in spans if begins <= start < ends)
        if more:
            yield {"from": start, "until": end, "by_micros": _threshold(more)}


def _seconds(instant: datetime) -> int:
    """Whole seconds since 1970, not before it."""
    return max(0, (instant - _EPOCH) // timedelta(seconds=1))
