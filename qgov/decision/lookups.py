"""What the specification looks up in a model for one request after the other, found once.

Nothing here depends on more of a request than the names that a function takes, and nothing is
decided: a model never changes, so what was found of it holds. What is kept is bounded.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Final, NamedTuple

from msgspec import Struct

from qgov.decision.request_parts import seconds
from qgov.language.periods import JOB, campaign_of
from qgov.language.permissions import CATALOGUE
from qgov.model.access_model import AccessModel, Binding, Budget, Environment
from qgov.model.budgets import soft_threshold
from qgov.model.conditions import NO_LIMITS, Conditions, JobLimits
from qgov.model.floors import required
from qgov.model.fold import budgets_around
from qgov.model.measures import COUNTED, JOBS
from qgov.model.principal import Principal, group
from qgov.model.scope import EVERYWHERE, contains
from qgov.model.tenants import Claims, claims_of, retention_of
from qgov.records import replace

__all__ = ["DEPTHS", "Count", "Lookups", "Money", "Place", "Terms", "lookups"]

KEPT: Final = 4096
"""How many answers of each kind are kept of a model."""

DEPTHS: Final = {name: permission.level.depth for name, permission in CATALOGUE.items()}
"""Permission → how many labels the scopes have that it is done at."""

Labels = tuple[str | None, ...]
"""Of a resource: tenant, environment and project."""


class Place(NamedTuple):
    """A scope that exists, the environment that it lies in, where its data may be, and how long
    its tenant keeps records of which class, in seconds."""

    scope: str
    environment: Environment | None
    residency: tuple[str, ...]
    retention: Mapping[str, int]


class Count(NamedTuple):
    """A quota: which attribute of the job it counts (None: the job itself), the counter of what
    was used before (None: it is of one job), and its hard and its soft threshold."""

    attribute: str | None
    counter: str | None
    stop: int
    warn: int | None


class Money(NamedTuple):
    """A budget's money in micros: its hard and its soft threshold, the first second of its
    campaign and the first one after it, and of each exception what it adds, from when on (None:
    always) and until before when."""

    stop: int | None
    warn: int | None
    campaign: tuple[int, int] | None
    raises: tuple[tuple[int, int | None, int], ...]


class Terms(NamedTuple):
    """What a budget asks of each job."""

    counts: tuple[Count, ...]
    money: Money | None


class Lookups(Struct, frozen=True):
    """What is looked up by name.

    `audiences`: issuer of people's tokens → the audiences of its providers. `groups`: that issuer
    → the groups that its tokens name → who they make somebody. `place`: labels, and how many
    there must be → what they name. `ways`: principal, permission and scope → the bindings that
    give it there, in the model's order, each with its folded conditions. `budgets`: project →
    those around it. `terms`: budget → its terms. `device`: backend → its bounds of one job.
    `claims`: workload → the tokens that it is known by.
    """

    audiences: Mapping[str, frozenset[str]]
    groups: Mapping[str, Mapping[str, Principal]]
    place: Callable[[Labels, int], Place | None]
    ways: Callable[[Principal, str, str], tuple[tuple[Binding, Conditions], ...]]
    budgets: Callable[[str], tuple[Budget, ...]]
    terms: Callable[[str], Terms]
    device: Callable[[str], JobLimits]
    claims: Callable[[str], tuple[Claims, ...]]


def lookups(model: AccessModel) -> Lookups:
    """Those of a model."""
    return model.once(_lookups)


def _lookups(model: AccessModel) -> Lookups:
    audiences: dict[str, set[str]] = {}
    groups: dict[str, dict[str, Principal]] = {}
    providers = model.organization.providers
    for provider in providers.values():
        audiences.setdefault(provider.value.issuer, set()).add(provider.value.audience)
    for name, each in model.groups.items():
        if each.provider in providers:
            issuer = providers[each.provider].value.issuer
            groups.setdefault(issuer, {})[name] = group(name)
    keeping = lru_cache(maxsize=KEPT)
    return Lookups(
        {issuer: frozenset(found) for issuer, found in audiences.items()},
        groups,
        keeping(partial(_place, model)),
        keeping(partial(_ways, model)),
        keeping(lambda scope: tuple(budgets_around(model, scope))),
        keeping(lambda budget: _terms(model.budgets[budget])),
        keeping(partial(_device, model)),
        keeping(lambda workload: claims_of(model, model.workloads[workload])),
    )


def _place(model: AccessModel, labels: Labels, depth: int) -> Place | None:
    """What the labels name, when they are as many as there must be and it exists."""
    named = [label for label in labels[:depth] if label is not None]
    if len(named) < depth or any(label is not None for label in labels[depth:]):
        return None
    if depth == 0:
        return Place(EVERYWHERE, None, (), {})
    tenant = model.tenants.get(named[0])
    environment = tenant.environments.get(named[1]) if tenant and depth > 1 else None
    if tenant is None or (depth > 1 and environment is None):
        return None
    if depth > 2 and (environment is None or named[2] not in environment.projects):
        return None
    scope = "/".join(named)
    retention = {name: kept.keep for name, kept in retention_of(tenant.spec.retention)}
    return Place(scope, environment, model.residency(scope), retention)


def _ways(
    model: AccessModel, principal: Principal, action: str, scope: str
) -> tuple[tuple[Binding, Conditions], ...]:
    """The bindings of a principal that give a permission around a scope, those that end
    included; they are sorted by principal."""
    start = bisect_left(model.bindings, principal, key=lambda b: b.principal)
    end = bisect_right(model.bindings, principal, key=lambda b: b.principal)
    found = []
    for binding in model.bindings[start:end]:
        role = model.roles[binding.role]
        if action in role.permissions and contains(binding.scope, scope):
            workload = model.workload_of(principal)
            conditions = replace(
                required(model.floor(scope), role, binding, workload),
                own_only=role.permissions[action],
                eligible=binding.eligible,
            )
            found.append((binding, conditions))
    return tuple(found)


def _terms(budget: Budget) -> Terms:
    counts = tuple(
        Count(
            None if quota.measure == JOBS else COUNTED[quota.measure],
            None if quota.window == JOB else f"{quota.measure}/{quota.window}",
            quota.limit,
            soft_threshold(quota.limit, quota.warn_at),
        )
        for quota in budget.quotas
    )
    return Terms(
        counts, None if budget.limit_micros is None else _money(budget, budget.limit_micros)
    )


def _money(budget: Budget, limit_micros: int) -> Money:
    campaign = campaign_of(budget.period)
    return Money(
        budget.stop_micros,
        soft_threshold(limit_micros, budget.warn_at),
        None if campaign is None else (seconds(campaign[0]), seconds(campaign[1])),
        tuple(
            (
                added.increase_micros,
                None if added.not_before is None else seconds(added.not_before),
                seconds(added.expires),
            )
            for added in budget.raises
        ),
    )


def _device(model: AccessModel, backend: str) -> JobLimits:
    organization = model.organization
    if backend not in organization.backends:
        return NO_LIMITS
    width = JobLimits(qubits=organization.backends[backend].value.qubits)
    return width & organization.backend_limits[backend]
