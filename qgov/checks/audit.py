"""Where audit events go and how long they stay: QG706 to QG708, QG711 to QG715."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from qgov.checks import guide
from qgov.checks.facts import at_record, classified, found_at, ticks
from qgov.checks.rule import Found, rule
from qgov.finding import Severity
from qgov.language.scalars import format_duration
from qgov.model.access_model import AccessModel

_YEAR: Final = 365 * 86_400


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
        if by or classified(model)[tenant.name] == "regulated":
            message = (
                f"`{audit.store}` can be overwritten, though `{tenant.name}` needs write-once "
                "audit logs"
            )
            asks = ticks(by) or "regulated data"
            yield at_record(tenant, "auditLogs", "store", message, f"for {asks}")


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
            message = (
                f"audit logs go after {format_duration(plan.audit_logs.keep)}, "
                f"what they are about stays {format_duration(max(others))}"
            )
            yield at_record(tenant, "auditLogs", "keep", message)


@rule("QG708", Severity.WARNING, "audit-retention", "incident-response", guide=guide.RETENTION)
def short_audit(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """Audit logs are kept for less than a year.

    Intrusions are found months later; the log is what tells how far they went.

    Remedy: keep audit logs for a year or longer.
    """
    for tenant in model.tenants.values():
        audit = tenant.spec.retention.audit_logs
        if audit is not None and audit.keep < _YEAR:
            message = f"audit logs are kept for {format_duration(audit.keep)}"
            yield at_record(tenant, "auditLogs", "keep", message)


@rule("QG711", Severity.ERROR, "audit-content", guide=guide.LOGGING)
def stream_not_audited(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """No audit sink takes the jobs, or the administrative changes.

    Forensics need both: who ran it, and who made that possible.

    Remedy: let the sinks take the streams `jobs` and `admin` between them.
    """
    covered = {s for sink in model.organization.audit_sinks.values() for s in sink.value.streams}
    for stream in ("jobs", "admin"):
        if stream in covered:
            continue
        message = f"no audit sink takes the stream `{stream}`"
        yield found_at(model.organization.source, message, "auditSinks")


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
            message = f"the sink `{name}` says write-once, its store `{store.name}` is not"
            yield found_at(sink, message, "immutable")
