"""Where records live and for how long: QG701 to QG705, QG709, QG710, QG716."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from qgov.checks import guide
from qgov.checks.facts import SENSITIVE, answering, at_record, classified, found_at, records
from qgov.checks.rule import Found, rule
from qgov.finding import Severity
from qgov.language.kinds.organization import RetentionBounds
from qgov.language.kinds.tenant import RETENTION_CLASSES
from qgov.language.scalars import format_duration
from qgov.model.access_model import AccessModel
from qgov.model.tenants import retention_of

_CONTENT: Final = frozenset({"inputs", "results"})


@rule("QG701", Severity.ERROR, "data-retention", "audit-retention", guide=guide.DATA)
def retention_incomplete(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A tenant with projects does not say what happens to each class of records.

    What has no retention rule is kept for ever, or lost before it is needed.

    Remedy: name `inputs`, `results`, `executionLogs` and `auditLogs` in `retention`.
    """
    for tenant in model.tenants.values():
        plan = tenant.spec.retention
        if plan.inputs and plan.results and plan.execution_logs and plan.audit_logs:
            continue
        if any(environment.projects for environment in tenant.environments.values()):
            named = {name for name, _ in retention_of(plan)}
            for missing in RETENTION_CLASSES:
                if missing not in named:
                    message = (
                        f"`{tenant.name}` does not say where it keeps `{missing}` and for how long"
                    )
                    yield found_at(tenant.source, message, "retention")


@rule("QG702", Severity.ERROR, "data-retention", "classification", guide=guide.DATA)
def content_with_logs(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """Inputs or results share a store with logs.

    Whoever may read the logs then reads the data, and a wrong retention rule deletes both.

    Remedy: keep logs in a store of their own.
    """
    for tenant in model.tenants.values():
        kept = retention_of(tenant.spec.retention)
        content = {r.store for name, r in kept if name in _CONTENT}
        for name, retention in kept:
            if name not in _CONTENT and retention.store in content:
                message = f"`{retention.store}` keeps {name} together with inputs or results"
                yield at_record(tenant, name, "store", message)


@rule("QG703", Severity.ERROR, "data-retention", "classification", guide=guide.DATA)
def store_not_for_this(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A class of records goes to a store that is not declared to hold it.

    A convenient bucket that holds more than it says is a hidden risk at the next review.

    Remedy: name a store that `holds` the class, or add the class to the store.
    """
    holds = {n: frozenset(s.value.holds) for n, s in model.organization.stores.items()}
    for tenant, name, retention in records(model):
        if name not in holds.get(retention.store, {name}):
            yield at_record(tenant, name, "store", f"`{retention.store}` is not for {name}")


@rule("QG704", Severity.WARNING, "data-retention", "classification", guide=guide.DATA)
def store_without_owner(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A store's owner is a group that nobody knows.

    Data without an owner is found by e-discovery, not by its owner.

    Remedy: name a group that owns a tenant, holds a role or is declared by the organization.
    """
    strangers = [
        (name, store)
        for name, store in model.organization.stores.items()
        if not model.groups[store.value.owner].declared
    ]
    known = answering(model) if strangers else frozenset()
    for name, store in strangers:
        if store.value.owner not in known:
            yield found_at(
                store,
                f"the owner `{store.value.owner}` of `{name}` holds no role and is not declared",
                "owner",
            )


@rule("QG705", Severity.ERROR, "data-retention", "audit-retention", guide=guide.OBLIGATIONS)
def retention_out_of_bounds(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """Records are kept shorter or longer than a framework allows.

    The bound is an obligation towards somebody outside; a review reads it off this table.

    Remedy: set `keep` within the framework's bounds.
    """
    frameworks = model.organization.frameworks
    for tenant in model.tenants.values():
        for framework in tenant.spec.frameworks:
            bounds = frameworks[framework].value.retention if framework in frameworks else {}
            for name, retention in retention_of(tenant.spec.retention):
                for asked in _unmet(bounds.get(name), retention.keep):  # type: ignore[call-overload]
                    kept = f"{name} are kept for {format_duration(retention.keep)}"
                    yield at_record(tenant, name, "keep", f"{kept}, `{framework}` {asked}")


def _unmet(bound: RetentionBounds | None, keep: int) -> Iterator[str]:
    if bound is not None and bound.min is not None and keep < bound.min:
        yield f"asks for {format_duration(bound.min)} at least"
    if bound is not None and bound.max is not None and keep > bound.max:
        yield f"allows {format_duration(bound.max)} at most"


@rule("QG709", Severity.ERROR, "secrets", "classification", guide=guide.OBLIGATIONS)
def unencrypted_store(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A store does not encrypt what it holds.

    Encryption at rest is expected by each framework, and costs nothing.

    Remedy: set `encryption` to `provider-key` or `customer-key`.
    """
    for name, store in model.organization.stores.items():
        if store.value.encryption == "none":
            yield found_at(store, f"records in `{name}` are not encrypted", "encryption")


@rule("QG710", Severity.WARNING, "secrets", "classification", "residency", guide=guide.OBLIGATIONS)
def provider_holds_the_key(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """Regulated data is encrypted with a key that the storage provider holds.

    Whoever holds the key can be compelled to use it.

    Remedy: set the store's `encryption` to `customer-key`.
    """
    stores = model.organization.stores
    held = {name for name, s in stores.items() if s.value.encryption == "provider-key"}
    handled = classified(model)
    for tenant, name, retention in records(model):
        kept = name in _CONTENT and retention.store in held
        if kept and handled[tenant.name] == "regulated":
            message = f"the provider holds the key to the regulated {name} in `{retention.store}`"
            yield at_record(tenant, name, "store", message)


@rule("QG716", Severity.WARNING, "assessment", "classification", guide=guide.OBLIGATIONS)
def no_framework(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A tenant with confidential or regulated data names no compliance framework.

    Controls that answer to no obligation are dropped when they are in the way.

    Remedy: name the frameworks that bind the tenant in `frameworks`.
    """
    for name, handled in classified(model).items():
        tenant = model.tenants[name]
        if handled in SENSITIVE and not tenant.spec.frameworks:
            message = f"`{name}` handles {handled} data and names no framework"
            yield found_at(tenant.source, message, "classification")
