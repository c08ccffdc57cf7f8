"""Facts that the gateway's tests share."""

from __future__ import annotations

from typing import Any

from qgov.gateway.audit_events import JobFacts, ProjectLabels, Stage, job_event
from qgov.gateway.ocsf import Actor

__all__ = ["FACTS", "LABELS", "MEI", "NIGHTLY", "event"]

MEI = Actor(
    "mei@northwind.example",
    groups=("aurora-developers", "aurora-researchers"),
    issuer="https://id.northwind.example",
    mfa=True,
    managed_device=True,
    credential="oidc",
    token_issued_ms=1_795_428_000_000,
    ip="192.0.2.7",
    country="DE",
)
NIGHTLY = Actor("aurora/aurora-nightly", "workload", issuer="https://ci.example", credential="oidc")
LABELS = ProjectLabels("aurora", "production", "chemistry")
FACTS = JobFacts(
    job_id="job-1",
    actor=MEI,
    labels=LABELS,
    backend="iqm-garnet",
    allow=True,
    revision="r1",
    warnings=("budget-near",),
    provider="IQM",
    region="eu-north",
    circuits_sha256="ab" * 32,
    shots=1000,
    circuits=2,
    width=5,
    currency="EUR",
    estimated_cost_micros=1_750_000,
    estimated_qpu_ms=2100,
    queue="standard",
    trace_id="trace-1",
    step="sample",
)


def event(uid: str = "e-1", **facts: Any) -> dict[str, Any]:
    """One event, as a log gets it."""
    return job_event(Stage.STARTED, FACTS, uid=uid, time_ms=1_795_428_000_000, **facts)
