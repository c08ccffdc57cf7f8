"""After a kill at any point: the ledger and the log say the same of every job again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from qgov.gateway.audit import AuditLog
from qgov.gateway.audit_events import JobFacts, ProjectLabels, Stage, job_event
from qgov.gateway.ledger import Job, Ledger
from qgov.gateway.ocsf import Actor
from qgov.gateway.verification import events

__all__ = ["differences", "recover"]

ENDED = ("settled", "released")


def recover(
    ledger: Ledger, jobs: AuditLog, clock: Callable[[], datetime], new_id: Callable[[], str]
) -> list[Job]:
    """End the jobs of processes that have died: one that may have run counts its estimate,
    one that did not start gives it back; then each that the log saw start is told of there.
    Raises LedgerError and AuditError."""
    found = ledger.abandoned()
    for job in found:
        if job.state == "started":
            ledger.settle(job.id, job.estimate, clock())
        else:
            ledger.release(job.id)
    with ledger.census() as owners:
        if found or owners.dead:
            ours = {job.id for job in found}
            for job_id in _untold(jobs.path):
                ended = ledger.job(job_id)
                # A living process is about to tell of its own.
                told_by_another = ended and ended.owner in owners.living and job_id not in ours
                if ended and ended.state in ENDED and not told_by_another:
                    _tell(jobs, ended, clock(), new_id())
    return found


def differences(ledger: Ledger, path: Path) -> list[str]:
    """Where the ledger and the log of jobs disagree: nowhere, when nothing runs. Raises
    LedgerError and AuditError."""
    stages = _stages(path)
    wrong = [f"{job_id}: the log knows it, the ledger does not" for job_id in stages]
    wrong = [text for text in wrong if ledger.job(text.partition(":")[0]) is None]
    for job in ledger.jobs():
        seen = stages.get(job.id, [])
        ends = [cost for stage, cost in seen if stage != Stage.STARTED]
        started = len(seen) - len(ends)
        counted = job.actual.cost_micros if job.actual else 0
        if job.state not in ENDED:
            wrong.append(f"{job.id}: {job.state} and never ended")
        elif job.state == "settled" and (started, ends) != (1, [counted]):
            wrong.append(f"{job.id}: settled at {counted} micros, in the log {seen}")
        elif job.state == "released" and (len(ends) != started or any(ends)):
            wrong.append(f"{job.id}: released, in the log {seen}")
    return wrong


def _stages(path: Path) -> dict[str, list[tuple[str, int]]]:
    """Job → its stages from `started` on, each with the cost that the log says it had."""
    found: dict[str, list[tuple[str, int]]] = {}
    for event in events(path):
        told: Mapping[str, Any] = event.get("unmapped", {})
        job_id, stage = told.get("job_id"), told.get("stage")
        if stage == Stage.STARTED and job_id:
            found.setdefault(job_id, []).append((stage, 0))
        elif job_id in found:
            found[job_id].append((str(stage), told.get("job", {}).get("actual_cost_micros", 0)))
    return found


def _untold(path: Path) -> list[str]:
    """Jobs that started and of whose end nothing is written."""
    return [job_id for job_id, stages in _stages(path).items() if len(stages) == 1]


def _tell(jobs: AuditLog, job: Job, now: datetime, uid: str) -> None:
    details: Mapping[str, Any] = job.details or {}
    actual = job.actual
    facts = JobFacts(
        job_id=job.id,
        actor=Actor(details["subject"], details["kind"], issuer=details["issuer"]),
        labels=ProjectLabels(details["tenant"], details["environment"], details["project"]),
        backend=details["backend"],
        allow=True,
        revision=details["revision"],
        circuits_sha256=details["circuits_sha256"],
        shots=details["shots"],
        circuits=details["circuits"],
        width=details["width"],
        currency=details["currency"],
        estimated_cost_micros=job.estimate.cost_micros,
        estimated_qpu_ms=job.estimate.qpu_ms,
        trace_id=details["trace_id"],
    )
    time_ms = int(now.timestamp() * 1000)
    jobs.append(
        job_event(
            Stage.RECOVERED,
            facts,
            uid=uid,
            time_ms=time_ms,
            actual_cost_micros=actual.cost_micros if actual else 0,
            actual_qpu_ms=actual.qpu_ms if actual else 0,
        )
    )
