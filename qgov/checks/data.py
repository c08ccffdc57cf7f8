"""Where records live and for how long, and where audit events go: QG70x and QG71x."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from qgov.checks.facts import answering, found_at, ticks
from qgov.checks.rule import Found, Rule
from qgov.finding import Severity
from qgov.language.kinds.tenant import RETENTION_CLASSES, Retention
from qgov.language.scalars import format_duration
from qgov.model.access_model import AccessModel, Tenant
from qgov.model.tenants import retention_of

__all__ = ["RULES"]

YEAR: Final = 365 * 86_400
_CONTENT: Final = frozenset({"inputs", "results"})
_SENSITIVE: Final = frozenset({"confidential", "regulated"})


def _kept(model: AccessModel) -> Iterator[tuple[Tenant, str, Retention]]:
    for tenant in model.tenants.values():
        for name, retention in retention_of(tenant.spec.retention):
            yield tenant, name, retention


def _incomplete(model: AccessModel, _now: datetime) -> Iterator[Found]:
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


def _mixed(model: AccessModel, _now: datetime) -> Iterator[Found]:
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


def _wrong_store(model: AccessModel, _now: datetime) -> Iterator[Found]:
    holds = {n: frozenset(s.value.holds) for n, s in model.organization.stores.items()}
    for tenant, name, retention in _kept(model):
        known = holds.get(retention.store)
        if known is not None and name not in known:
            yield found_at(
                tenant.source, f"`{retention.store}` is not for {name}", "retention", name, "store"
            )


def _ownerless_store(model: AccessModel, _now: datetime) -> Iterator[Found]:
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


def _out_of_bounds(model: AccessModel, _now: datetime) -> Iterator[Found]:
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


def _mutable_audit(model: AccessModel, _now: datetime) -> Iterator[Found]:
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


def _short_audit(model: AccessModel, _now: datetime) -> Iterator[Found]:
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


def _year_of_audit(model: AccessModel, _now: datetime) -> Iterator[Found]:
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


def _unencrypted(model: AccessModel, _now: datetime) -> Iterator[Found]:
    for name, store in model.organization.stores.items():
        if store.value.encryption == "none":
            yield found_at(store, f"records in `{name}` are not encrypted", "encryption")


def _provider_key(model: AccessModel, _now: datetime) -> Iterator[Found]:
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


def _streams(model: AccessModel, _now: datetime) -> Iterator[Found]:
    covered = {s for sink in model.organization.audit_sinks.values() for s in sink.value.streams}
    missing = [stream for stream in ("jobs", "admin") if stream not in covered]
    if missing:
        yield found_at(
            model.organization.source,
            f"no audit sink takes the stream {ticks(missing)}",
            "auditSinks",
        )


def _mutable_sinks(model: AccessModel, _now: datetime) -> Iterator[Found]:
    organization = model.organization
    for sink in organization.audit_sinks.values():
        store = organization.stores.get(sink.value.store or "")
        if "admin" in sink.value.streams and (
            sink.value.immutable or (store is not None and store.value.immutable)
        ):
            return
    yield found_at(organization.source, "no write-once sink takes the stream `admin`", "auditSinks")


def _no_siem(model: AccessModel, _now: datetime) -> Iterator[Found]:
    if not any(s.value.type == "siem" for s in model.organization.audit_sinks.values()):
        yield found_at(model.organization.source, "audit events go to no SIEM", "auditSinks")


def _sink_to_nowhere(model: AccessModel, _now: datetime) -> Iterator[Found]:
    for name, sink in model.organization.audit_sinks.items():
        field = "store" if sink.value.type == "store" else "endpoint"
        if getattr(sink.value, field) is None:
            yield found_at(
                sink, f"the sink `{name}` of type {sink.value.type} has no `{field}`", "type"
            )


def _false_immutability(model: AccessModel, _now: datetime) -> Iterator[Found]:
    for name, sink in model.organization.audit_sinks.items():
        store = model.organization.stores.get(sink.value.store or "")
        if sink.value.immutable and store is not None and not store.value.immutable:
            yield found_at(
                sink,
                f"the sink `{name}` says write-once, its store `{store.name}` is not",
                "immutable",
            )


def _no_framework(model: AccessModel, _now: datetime) -> Iterator[Found]:
    for tenant in model.tenants.values():
        if tenant.spec.classification in _SENSITIVE and not tenant.spec.frameworks:
            yield found_at(
                tenant.source,
                f"`{tenant.name}` handles {tenant.spec.classification} data and names no framework",
                "classification",
            )


_SEPARATION = "Data separation and result handling"
_RETENTION = "Retention, tamper resistance, and evidence handling"
_CONTROLS = "Map controls to real obligations"

RULES: Final = (
    Rule(
        "QG701",
        "retention-incomplete",
        Severity.ERROR,
        "A tenant with projects does not say what happens to each class of records.",
        "What has no retention rule is kept for ever, or lost before it is needed.",
        "name `inputs`, `results`, `executionLogs` and `auditLogs` in `retention`",
        ("data-retention", "audit-retention"),
        _SEPARATION,
        _incomplete,
        bad="""
kind: Tenant
metadata: {name: borealis}
spec: {retention: {executionLogs: null}}
""",
        good="""
kind: Tenant
metadata: {name: borealis}
spec: {retention: {executionLogs: {keep: 90d, store: platform-logs}}}
""",
    ),
    Rule(
        "QG702",
        "content-with-logs",
        Severity.ERROR,
        "Inputs or results share a store with logs.",
        "Whoever may read the logs then reads the data, and a wrong retention rule deletes both.",
        "keep logs in a store of their own",
        ("data-retention", "classification"),
        _SEPARATION,
        _mixed,
        bad="""
kind: Organization
metadata: {name: acme}
spec: {stores: {borealis-data: {holds: [inputs, results, executionLogs]}}}
---
kind: Tenant
metadata: {name: borealis}
spec: {retention: {executionLogs: {store: borealis-data}}}
""",
        good="""
kind: Organization
metadata: {name: acme}
spec: {stores: {borealis-data: {holds: [inputs, results, executionLogs]}}}
---
kind: Tenant
metadata: {name: borealis}
spec: {retention: {executionLogs: {store: platform-logs}}}
""",
    ),
    Rule(
        "QG703",
        "store-not-for-this",
        Severity.ERROR,
        "A class of records goes to a store that is not declared to hold it.",
        "A convenient bucket that holds more than it says is a hidden risk at the next review.",
        "name a store that `holds` the class, or add the class to the store",
        ("data-retention", "classification"),
        _SEPARATION,
        _wrong_store,
        bad="""
kind: Tenant
metadata: {name: borealis}
spec: {retention: {results: {store: platform-logs}}}
""",
        good="""
kind: Organization
metadata: {name: acme}
spec: {stores: {platform-logs: {holds: [executionLogs, results]}}}
---
kind: Tenant
metadata: {name: borealis}
spec: {retention: {results: {store: platform-logs}}}
""",
    ),
    Rule(
        "QG704",
        "store-without-owner",
        Severity.WARNING,
        "A store's owner is a group that nobody knows.",
        "Data without an owner is found by e-discovery, not by its owner.",
        "name a group that owns a tenant, holds a role or is declared by the organization",
        ("data-retention", "classification"),
        _SEPARATION,
        _ownerless_store,
        bad="""
kind: Organization
metadata: {name: acme}
spec: {stores: {platform-logs: {owner: former-team}}}
""",
        good="""
kind: Organization
metadata: {name: acme}
spec: {groups: {log-keepers: {}}, stores: {platform-logs: {owner: log-keepers}}}
""",
    ),
    Rule(
        "QG705",
        "retention-out-of-bounds",
        Severity.ERROR,
        "Records are kept shorter or longer than a framework allows.",
        "The bound is an obligation towards somebody outside; a review reads it off this table.",
        "set `keep` within the framework's bounds",
        ("data-retention", "audit-retention"),
        _CONTROLS,
        _out_of_bounds,
        bad="""
kind: Tenant
metadata: {name: atlas}
spec: {retention: {results: {keep: 5y}}}
""",
        good="""
kind: Tenant
metadata: {name: atlas}
spec: {retention: {results: {keep: 2y}}}
""",
    ),
    Rule(
        "QG706",
        "mutable-audit-store",
        Severity.ERROR,
        "Audit logs that must be write-once go to a store that can be overwritten.",
        "Evidence that could have been changed proves nothing.",
        "name a store with `immutable: true`",
        ("audit-immutability",),
        _RETENTION,
        _mutable_audit,
        bad="""
kind: Organization
metadata: {name: acme}
spec: {stores: {plain: {type: s3, jurisdiction: eu, owner: platform-admins, holds: [auditLogs]}}}
---
kind: Tenant
metadata: {name: atlas}
spec: {retention: {auditLogs: {store: plain}}}
""",
        good="""
kind: Organization
metadata: {name: acme}
spec:
  stores:
    vault2: {type: s3, jurisdiction: eu, owner: platform-admins, holds: [auditLogs],
             immutable: true}
---
kind: Tenant
metadata: {name: atlas}
spec: {retention: {auditLogs: {store: vault2}}}
""",
    ),
    Rule(
        "QG707",
        "audit-before-results",
        Severity.WARNING,
        "Audit logs are deleted before the records that they are about.",
        "A result whose origin nobody can tell any more is worth little in a dispute.",
        "keep audit logs at least as long as results and execution logs",
        ("audit-retention",),
        _RETENTION,
        _short_audit,
        bad="""
kind: Tenant
metadata: {name: borealis}
spec: {retention: {results: {keep: 10y}}}
""",
        good="""
kind: Tenant
metadata: {name: borealis}
spec: {retention: {results: {keep: 10y}, auditLogs: {keep: 10y}}}
""",
    ),
    Rule(
        "QG708",
        "short-audit",
        Severity.WARNING,
        "Audit logs are kept for less than a year.",
        "Intrusions are found months later; the log is what tells how far they went.",
        "keep audit logs for a year or longer",
        ("audit-retention", "incident-response"),
        _RETENTION,
        _year_of_audit,
        bad="""
kind: Tenant
metadata: {name: borealis}
spec: {retention: {auditLogs: {keep: 90d}, executionLogs: {keep: 30d}, results: {keep: 30d}}}
""",
        good="""
kind: Tenant
metadata: {name: borealis}
spec: {retention: {auditLogs: {keep: 1y}, executionLogs: {keep: 30d}, results: {keep: 30d}}}
""",
    ),
    Rule(
        "QG709",
        "unencrypted-store",
        Severity.ERROR,
        "A store does not encrypt what it holds.",
        "Encryption at rest is expected by each framework, and costs nothing.",
        "set `encryption` to `provider-key` or `customer-key`",
        ("secrets", "classification"),
        _CONTROLS,
        _unencrypted,
        bad="""
kind: Organization
metadata: {name: acme}
spec: {stores: {borealis-data: {encryption: none}}}
""",
        good="""
kind: Organization
metadata: {name: acme}
spec: {stores: {borealis-data: {encryption: customer-key}}}
""",
    ),
    Rule(
        "QG710",
        "provider-holds-the-key",
        Severity.WARNING,
        "Regulated data is encrypted with a key that the storage provider holds.",
        "Whoever holds the key can be compelled to use it.",
        "set the store's `encryption` to `customer-key`",
        ("secrets", "classification", "residency"),
        _CONTROLS,
        _provider_key,
        bad="""
kind: Tenant
metadata: {name: borealis}
spec: {classification: regulated, isolation: dedicated}
""",
        good="""
kind: Organization
metadata: {name: acme}
spec: {stores: {borealis-data: {encryption: customer-key}}}
---
kind: Tenant
metadata: {name: borealis}
spec: {classification: regulated, isolation: dedicated}
""",
    ),
    Rule(
        "QG711",
        "stream-not-audited",
        Severity.ERROR,
        "No audit sink takes the jobs, or the administrative changes.",
        "Forensics need both: who ran it, and who made that possible.",
        "let the sinks take the streams `jobs` and `admin` between them",
        ("audit-content",),
        "What to log",
        _streams,
        bad="""
kind: Organization
metadata: {name: acme}
spec: {auditSinks: {siem: {streams: [admin]}, archive: {streams: [admin]}}}
""",
        good="""
kind: Organization
metadata: {name: acme}
spec: {auditSinks: {siem: {streams: [jobs]}, archive: {streams: [admin]}}}
""",
    ),
    Rule(
        "QG712",
        "mutable-admin-stream",
        Severity.WARNING,
        "Administrative changes are not captured in a write-once sink.",
        "Administrators are those who could tidy up the record of what they did.",
        "add a sink with `immutable: true` that takes the stream `admin`",
        ("audit-immutability",),
        "Lifecycle flow",
        _mutable_sinks,
        bad="""
kind: Organization
metadata: {name: acme}
spec: {auditSinks: {archive: {streams: [jobs]}}}
""",
        good="""
kind: Organization
metadata: {name: acme}
spec: {auditSinks: {archive: {streams: [admin]}}}
""",
    ),
    Rule(
        "QG713",
        "no-siem",
        Severity.WARNING,
        "Audit events are not exported to a SIEM.",
        "Logs that live only with the platform cannot be correlated with identity and cost.",
        "add a sink of type `siem`",
        ("audit-content", "incident-response"),
        "Keep logs structured and queryable",
        _no_siem,
        bad="""
kind: Organization
metadata: {name: acme}
spec: {auditSinks: {siem: null}}
""",
        good="""
kind: Organization
metadata: {name: acme}
spec: {auditSinks: {siem: {endpoint: https://siem.acme.example/other}}}
""",
    ),
    Rule(
        "QG714",
        "sink-to-nowhere",
        Severity.ERROR,
        "An audit sink does not say where it writes.",
        "Nothing runs when the audit cannot be written, so this stops every job.",
        "give a sink of type `store` its `store`, and one of type `siem` its `endpoint`",
        ("audit-content",),
        "What to log",
        _sink_to_nowhere,
        bad="""
kind: Organization
metadata: {name: acme}
spec: {auditSinks: {siem: {endpoint: null}}}
""",
        good="""
kind: Organization
metadata: {name: acme}
spec: {auditSinks: {siem: {endpoint: https://siem.acme.example/v2}}}
""",
    ),
    Rule(
        "QG715",
        "immutable-in-name-only",
        Severity.ERROR,
        "An audit sink says that it is write-once, and its store is not.",
        "The claim ends up in the evidence pack, and is false.",
        "set `immutable: true` on the store when object lock is on, or drop it from the sink",
        ("audit-immutability",),
        _RETENTION,
        _false_immutability,
        bad="""
kind: Organization
metadata: {name: acme}
spec: {stores: {audit-vault: {immutable: false}}}
""",
        good="""
kind: Organization
metadata: {name: acme}
spec: {stores: {audit-vault: {immutable: false}}, auditSinks: {archive: {immutable: false}}}
""",
    ),
    Rule(
        "QG716",
        "no-framework",
        Severity.WARNING,
        "A tenant with confidential or regulated data names no compliance framework.",
        "Controls that answer to no obligation are dropped when they are in the way.",
        "name the frameworks that bind the tenant in `frameworks`",
        ("assessment", "classification"),
        _CONTROLS,
        _no_framework,
        bad="""
kind: Tenant
metadata: {name: borealis}
spec: {classification: confidential}
""",
        good="""
kind: Tenant
metadata: {name: borealis}
spec: {classification: confidential, frameworks: [soc2]}
""",
    ),
)
"""Rules about retention, stores and audit sinks."""
