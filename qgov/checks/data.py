"""Where records live and for how long, and where audit events go: QG70x and QG71x."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from qgov.checks import guide
from qgov.checks.facts import answering, found_at, ticks
from qgov.checks.rule import Found, rule
from qgov.finding import Severity
from qgov.language.kinds.tenant import RETENTION_CLASSES, Retention
from qgov.language.scalars import format_duration
from qgov.model.access_model import AccessModel, Tenant
from qgov.model.tenants import retention_of

YEAR: Final = 365 * 86_400
_CONTENT: Final = frozenset({"inputs", "results"})
_SENSITIVE: Final = frozenset({"confidential", "regulated"})


def _kept(model: AccessModel) -> Iterator[tuple[Tenant, str, Retention]]:
    for tenant in model.tenants.values():
        for name, retention in retention_of(tenant.spec.retention):
            yield tenant, name, retention


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
            missing = [name for name in RETENTION_CLASSES if name not in named]
            yield found_at(
                tenant.source,
                f"`{tenant.name}` does not say where it keeps {ticks(missing)} and for how long",
                "retention",
            )


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
                yield found_at(
                    tenant.source,
                    f"`{retention.store}` keeps {name} together with inputs or results",
                    "retention",
                    name,
                    "store",
                )


@rule("QG703", Severity.ERROR, "data-retention", "classification", guide=guide.DATA)
def store_not_for_this(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A class of records goes to a store that is not declared to hold it.

    A convenient bucket that holds more than it says is a hidden risk at the next review.

    Remedy: name a store that `holds` the class, or add the class to the store.
    """
    holds = {n: frozenset(s.value.holds) for n, s in model.organization.stores.items()}
    for tenant, name, retention in _kept(model):
        known = holds.get(retention.store)
        if known is not None and name not in known:
            yield found_at(
                tenant.source, f"`{retention.store}` is not for {name}", "retention", name, "store"
            )


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
        if not tenant.spec.frameworks:
            continue
        kept = retention_of(tenant.spec.retention)
        for framework in tenant.spec.frameworks:
            bounds = frameworks[framework].value.retention if framework in frameworks else {}
            for name, retention in kept:
                bound = bounds.get(name)  # type: ignore[call-overload]
                if bound is None:
                    continue
                if bound.min is not None and retention.keep < bound.min:
                    yield found_at(
                        tenant.source,
                        f"{name} are kept for "
                        f"{format_duration(retention.keep)}, `{framework}` asks for "
                        f"{format_duration(bound.min)} at least",
                        "retention",
                        name,
                        "keep",
                    )
                if bound.max is not None and retention.keep > bound.max:
                    yield found_at(
                        tenant.source,
                        f"{name} are kept for "
                        f"{format_duration(retention.keep)}, `{framework}` allows "
                        f"{format_duration(bound.max)} at most",
                        "retention",
                        name,
                        "keep",
                    )


@rule("QG706", Severity.ERROR, "audit-immutability", guide=guide.RETENTION)
def mutable_audit_store(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """Audit logs that must be write-once go to a store that can be overwritten.

    Evidence that could have been changed proves nothing.

    Remedy: name a store with `immutable: true`.
    """
    stores, frameworks = model.organization.stores, model.organization.frameworks
    asking = {name for name, f in frameworks.items() if f.value.immutable_audit}
    for tenant in model.tenants.values():
        audit = tenant.spec.retention.audit_logs
        if audit is None or audit.store not in stores or stores[audit.store].value.immutable:
            continue
        by = [f for f in tenant.spec.frameworks if f in asking]
        if by or tenant.spec.classification == "regulated":
            yield found_at(
                tenant.source,
                f"`{audit.store}` can be overwritten, though "
                f"{ticks(by) or 'regulated data'} asks for write-once audit logs",
                "retention",
                "auditLogs",
                "store",
            )


@rule("QG707", Severity.WARNING, "audit-retention", guide=guide.RETENTION)
def audit_before_results(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """Audit logs are deleted before the records that they are about.

    A result whose origin nobody can tell any more is worth little in a dispute.

    Remedy: keep audit logs at least as long as results and execution logs.
    """
    for tenant in model.tenants.values():
        plan = tenant.spec.retention
        if plan.audit_logs is None:
            continue
        others = [r.keep for r in (plan.results, plan.execution_logs) if r is not None]
        if others and plan.audit_logs.keep < max(others):
            yield found_at(
                tenant.source,
                "audit logs go after "
                f"{format_duration(plan.audit_logs.keep)}, what they are about stays "
                f"{format_duration(max(others))}",
                "retention",
                "auditLogs",
                "keep",
            )


@rule("QG708", Severity.WARNING, "audit-retention", "incident-response", guide=guide.RETENTION)
def short_audit(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """Audit logs are kept for less than a year.

    Intrusions are found months later; the log is what tells how far they went.

    Remedy: keep audit logs for a year or longer.
    """
    for tenant in model.tenants.values():
        audit = tenant.spec.retention.audit_logs
        if audit is not None and audit.keep < YEAR:
            yield found_at(
                tenant.source,
                f"audit logs are kept for {format_duration(audit.keep)}",
                "retention",
                "auditLogs",
                "keep",
            )


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
    for tenant in model.tenants.values():
        if tenant.spec.classification != "regulated":
            continue
        for name, retention in retention_of(tenant.spec.retention):
            store = stores.get(retention.store)
            if name in _CONTENT and store and store.value.encryption == "provider-key":
                yield found_at(
                    tenant.source,
                    f"the provider holds the key to the regulated {name} in `{retention.store}`",
                    "retention",
                    name,
                    "store",
                )


@rule("QG711", Severity.ERROR, "audit-content", guide=guide.LOGGING)
def stream_not_audited(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """No audit sink takes the jobs, or the administrative changes.

    Forensics need both: who ran it, and who made that possible.

    Remedy: let the sinks take the streams `jobs` and `admin` between them.
    """
    covered = {s for sink in model.organization.audit_sinks.values() for s in sink.value.streams}
    missing = [stream for stream in ("jobs", "admin") if stream not in covered]
    if missing:
        yield found_at(
            model.organization.source,
            f"no audit sink takes the stream {ticks(missing)}",
            "auditSinks",
        )


@rule("QG712", Severity.WARNING, "audit-immutability", guide=guide.LIFECYCLE)
def mutable_admin_stream(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """Administrative changes are not captured in a write-once sink.

    Administrators are those who could tidy up the record of what they did.

    Remedy: add a sink with `immutable: true` that takes the stream `admin`.
    """
    organization = model.organization
    for sink in organization.audit_sinks.values():
        store = organization.stores.get(sink.value.store or "")
        if "admin" in sink.value.streams and (
            sink.value.immutable or (store is not None and store.value.immutable)
        ):
            return
    yield found_at(organization.source, "no write-once sink takes the stream `admin`", "auditSinks")


@rule("QG713", Severity.WARNING, "audit-content", "incident-response", guide=guide.QUERYABLE)
def no_siem(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """Audit events are not exported to a SIEM.

    Logs that live only with the platform cannot be correlated with identity and cost.

    Remedy: add a sink of type `siem`.
    """
    if not any(s.value.type == "siem" for s in model.organization.audit_sinks.values()):
        yield found_at(model.organization.source, "audit events go to no SIEM", "auditSinks")


@rule("QG714", Severity.ERROR, "audit-content", guide=guide.LOGGING)
def sink_to_nowhere(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """An audit sink does not say where it writes.

    Nothing runs when the audit cannot be written, so this stops every job.

    Remedy: give a sink of type `store` its `store`, and one of type `siem` its `endpoint`.
    """
    for name, sink in model.organization.audit_sinks.items():
        field = "store" if sink.value.type == "store" else "endpoint"
        if getattr(sink.value, field) is None:
            yield found_at(
                sink, f"the sink `{name}` of type {sink.value.type} has no `{field}`", "type"
            )


@rule("QG715", Severity.ERROR, "audit-immutability", guide=guide.RETENTION)
def immutable_in_name_only(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """An audit sink says that it is write-once, and its store is not.

    The claim ends up in the evidence pack, and is false.

    Remedy: set `immutable: true` on the store when object lock is on, or drop it from the
    sink.
    """
    for name, sink in model.organization.audit_sinks.items():
        store = model.organization.stores.get(sink.value.store or "")
        if sink.value.immutable and store is not None and not store.value.immutable:
            yield found_at(
                sink,
                f"the sink `{name}` says write-once, its store `{store.name}` is not",
                "immutable",
            )


@rule("QG716", Severity.WARNING, "assessment", "classification", guide=guide.OBLIGATIONS)
def no_framework(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A tenant with confidential or regulated data names no compliance framework.

    Controls that answer to no obligation are dropped when they are in the way.

    Remedy: name the frameworks that bind the tenant in `frameworks`.
    """
    for tenant in model.tenants.values():
        if tenant.spec.classification in _SENSITIVE and not tenant.spec.frameworks:
            yield found_at(
                tenant.source,
                f"`{tenant.name}` handles {tenant.spec.classification} data and names no framework",
                "classification",
            )
