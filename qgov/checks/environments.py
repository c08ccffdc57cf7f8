"""What environments of each tier allow, production above all: QG506 to QG513, QG516."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from qgov.checks import guide
from qgov.checks.facts import (
    PRODUCTION,
    at_backend,
    at_binding,
    at_environment,
    at_project,
    environments,
    found_at,
    submitting,
    uses,
)
from qgov.checks.rule import Found, rule
from qgov.finding import Severity
from qgov.model.access_model import AccessModel, Environment, Tenant
from qgov.model.conditions import Conditions
from qgov.model.scope import EVERYWHERE, depth

_SHORT_TOKEN_S: Final = 12 * 3600
_CLASSES: Final[dict[str, Sequence[str]]] = {
    "sandbox": ("simulator",),
    "test": ("simulator", "qpu"),
    PRODUCTION: ("simulator", "qpu"),
}
"""The classes of backends that a tier allows when the organization does not say."""


@rule("QG506", Severity.ERROR, "tenant-isolation", "cost", guide=guide.TIERS)
def backend_class_not_of_tier(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """An environment names a backend of a class that its tier does not allow.

    Sandboxes are cheap and permissive; a QPU in one is expensive and permissive.

    Remedy: move the backend to an environment of another tier, or allow its class in the tier.
    """
    backends = model.organization.backends
    declared = {name: t.backend_classes for name, t in model.organization.spec.tiers.items()}
    refused = {
        tier: {b for b, fact in backends.items() if fact.value.backend_class not in allowed}
        for tier, allowed in (_CLASSES | declared).items()
    }
    for tenant, environment, backend in uses(model, set().union(*refused.values())):
        if backend in refused[environment.tier]:
            message = (
                f"`{environment.scope}` is a {environment.tier} and may not use "
                f"the {backends[backend].value.backend_class} `{backend}`"
            )
            yield at_backend(tenant, environment, backend, message)


def _of_tier(model: AccessModel, tier: str) -> Iterator[tuple[Tenant, Environment]]:
    for tenant, environment in environments(model):
        if environment.tier == tier:
            yield tenant, environment


@rule("QG507", Severity.ERROR, "strong-authentication", guide=guide.MFA)
def production_without_mfa(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A production environment has no floor that asks for a second factor.

    A role that forgets to require it would let a stolen password into production.

    Remedy: set `mfa: true` in the floors of the tier, the tenant or the organization.
    """
    for tenant, environment in _of_tier(model, PRODUCTION):
        if not environment.floor.mfa:
            message = f"`{environment.scope}` asks nobody for a second factor"
            yield at_environment(tenant, environment, message)


@rule("QG508", Severity.WARNING, "strong-authentication", "tenant-isolation", guide=guide.TIERS)
def loose_production(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A production environment accepts unmanaged devices, or tokens older than 12 hours.

    Production-like areas are tightly restricted, whatever role is used in them.

    Remedy: set `managedDevice: true` and a `maxTokenAge` of at most 12h in the tier's floors.
    """
    for tenant, environment in _of_tier(model, PRODUCTION):
        floor = environment.floor
        missing = [] if floor.managed_device else ["managedDevice"]
        if floor.max_token_age_s is None or floor.max_token_age_s > _SHORT_TOKEN_S:
            missing.append("maxTokenAge")
        for name in missing:
            message = f"`{environment.scope}` lacks the floor `{name}`"
            yield at_environment(tenant, environment, message)


@rule("QG509", Severity.WARNING, "tenant-isolation", "assessment", guide=guide.TIERS)
def test_unlike_production(model: AccessModel, _now: datetime) -> Iterator[Found]:  # noqa: PT019 - no test
    """A test environment has weaker controls than the tenant's production.

    What was tested without the controls fails, or worse works, when they are switched on.

    Remedy: give the tier `test` the floors of `production`.
    """
    for tenant, environment in _of_tier(model, "test"):
        for other in tenant.environments.values():
            lacking = _lacking(environment.floor, other.floor) if other.tier == PRODUCTION else []
            for name in lacking:
                message = f"`{environment.scope}` lacks `{name}` of `{other.scope}`"
                yield at_environment(tenant, environment, message)


def _lacking(here: Conditions, there: Conditions) -> list[str]:
    """The controls of `there` that `here` does not have as strictly."""
    here_age, there_age = here.max_token_age_s, there.max_token_age_s
    weaker = (
        ("mfa", there.mfa and not here.mfa),
        ("managedDevice", there.managed_device and not here.managed_device),
        ("maxTokenAge", there_age is not None and (here_age is None or here_age > there_age)),
        (
            "countries",
            there.countries is not None
            and (here.countries is None or not set(here.countries) <= set(there.countries)),
        ),
    )
    return [name for name, lacks in weaker if lacks]


@rule("QG510", Severity.WARNING, "least-privilege", "tenant-isolation", guide=guide.TIERS)
def production_by_the_way(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A binding lets a group run jobs in production without naming it.

    Production is restricted to approved projects; a binding on the whole tenant also covers
    every environment that is added later.

    Remedy: bind the role on each environment, and on production just-in-time.
    """
    roles = submitting(model)
    with_production = {tenant.name for tenant, _ in _of_tier(model, PRODUCTION)}
    for binding in model.bindings:
        if binding.role not in roles or depth(binding.scope) > 1:
            continue
        if binding.scope in with_production or (binding.scope == EVERYWHERE and with_production):
            yield at_binding(
                binding,
                f"`{binding.principal}` may run jobs in every "
                f"environment of `{binding.scope}`, production included",
                "on",
            )


@rule("QG511", Severity.WARNING, "tenant-isolation", guide=guide.FOUNDATION)
def production_only(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A tenant has production and neither a sandbox nor a test environment.

    People experiment where they can; without a sandbox that is production.

    Remedy: add an environment of tier `sandbox` or `test`.
    """
    for tenant in model.tenants.values():
        tiers = {environment.tier for environment in tenant.environments.values()}
        if PRODUCTION in tiers and len(tiers) == 1:
            message = f"`{tenant.name}` has production and no place to experiment or to test"
            yield found_at(tenant.source, message, "environments")


@rule("QG512", Severity.WARNING, "cost", guide=guide.QUEUES)
def production_without_queue(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A production environment with a QPU names no queue.

    Users should know when to expect execution and what happens when capacity is short.

    Remedy: name the environment's `queue`.
    """
    qpus = {n for n, b in model.organization.backends.items() if b.value.backend_class == "qpu"}
    for tenant, environment in _of_tier(model, PRODUCTION):
        if environment.queue is None and not qpus.isdisjoint(environment.backends):
            message = f"jobs of `{environment.scope}` go to no queue"
            yield at_environment(tenant, environment, message)


@rule("QG513", Severity.WARNING, "cost", guide=guide.QUEUES)
def sandbox_before_production(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """Sandbox jobs have a higher priority than production's.

    Work is prioritized by business need, not by who shouts loudest.

    Remedy: put the sandbox into a queue of lower priority.
    """
    priority = {name: queue.value.priority for name, queue in model.organization.queues.items()}
    for tenant, environment in _of_tier(model, PRODUCTION):
        if environment.queue is None:
            continue
        for other in tenant.environments.values():
            if (
                other.tier == "sandbox"
                and other.queue
                and priority.get(other.queue, 0) > priority.get(environment.queue, 0)
            ):
                message = f"jobs of `{other.scope}` run before those of `{environment.scope}`"
                yield at_environment(tenant, other, message, "queue")


@rule("QG516", Severity.INFO, "joiner-mover-leaver", guide=guide.ONBOARDING)
def project_without_users(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """Nobody may run jobs in a project.

    The request was granted up to the last step; its people wait for a binding.

    Remedy: bind a group that may submit, or remove the project.
    """
    roles = submitting(model)
    scopes = {binding.scope for binding in model.bindings if binding.role in roles}
    if EVERYWHERE in scopes:
        return
    for tenant, environment in environments(model):
        if tenant.name in scopes or environment.scope in scopes:
            continue
        for project in environment.projects:
            if f"{environment.scope}/{project}" not in scopes:
                message = f"nobody may run jobs in `{environment.scope}/{project}`"
                yield at_project(tenant, environment, project, message)
