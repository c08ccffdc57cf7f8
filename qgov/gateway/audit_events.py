"""What the gateway tells its audit log: a job's stages, a workflow's steps, and what an
administrator wants to know of. Each is an event of one OCSF class.

A builder takes typed facts and nothing else: there is no way to hand it a circuit, a
parameter or a result. Times are milliseconds since 1970, money is millionths of a currency
unit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from msgspec import Struct

from qgov.gateway import ocsf
from qgov.gateway.ocsf import Activity, Actor, Event, clean, known

__all__ = [
    "BUNDLE",
    "SUBMIT",
    "JobFacts",
    "ProjectLabels",
    "Stage",
    "Threshold",
    "approval_used",
    "authentication_failed",
    "bundle_activated",
    "job_event",
    "step_event",
    "threshold_reached",
]

BUNDLE: Final = Activity(ocsf.ENTITY_MANAGEMENT, 3, "Update")
"""What `bundle_activated` is."""

SUBMIT: Final = "job:submit"
"""The operation of a job's own stages; another one is done to a job."""

_JOB: Final = Activity(ocsf.API_ACTIVITY, 1, "Create")
_DONE_TO_JOB: Final = {
    "read": Activity(ocsf.API_ACTIVITY, 2, "Read"),
    "cancel": Activity(ocsf.API_ACTIVITY, 3, "Update"),
    "delete": Activity(ocsf.API_ACTIVITY, 4, "Delete"),
}
_STEP: Final = Activity(ocsf.API_ACTIVITY, ocsf.OTHER, "Step")
_SIGN_IN: Final = Activity(ocsf.AUTHENTICATION, 1, "Logon")
_THRESHOLD: Final = Activity(ocsf.ENTITY_MANAGEMENT, ocsf.OTHER, "Threshold Reached")
_APPROVAL: Final = Activity(ocsf.ENTITY_MANAGEMENT, ocsf.OTHER, "Use")
_POLICY_ENTITY: Final = 5
_SHA256 = re.compile(r"[0-9a-f]{64}")
_CURRENCY = re.compile(r"[A-Z]{3}")


class Stage(StrEnum):
    """Where a job is: `denied` never started; `started` is written before it runs; the others
    end it. `refused` is what the gateway does not ask for, `recovered` a job found after a crash.
    """

    DENIED = "requested-denied"
    STARTED = "started"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    REFUSED = "refused"
    RECOVERED = "recovered"


# Stage → severity, status, and its caption where that is Other. A job that starts has not
# succeeded yet, and of a recovered one nobody knows.
_STAGES: Final[Mapping[Stage, tuple[int, int, str]]] = {
    Stage.DENIED: (ocsf.LOW, ocsf.FAILURE, ""),
    Stage.STARTED: (ocsf.INFORMATIONAL, ocsf.OTHER, "Started"),
    Stage.SUCCEEDED: (ocsf.INFORMATIONAL, ocsf.SUCCESS, ""),
    Stage.FAILED: (ocsf.LOW, ocsf.FAILURE, ""),
    Stage.REFUSED: (ocsf.LOW, ocsf.FAILURE, ""),
    Stage.RECOVERED: (ocsf.MEDIUM, ocsf.OTHER, "Recovered"),
}


class ProjectLabels(NamedTuple):
    """The project that an event belongs to."""

    tenant: str
    environment: str = ""
    project: str = ""


class JobFacts(Struct, frozen=True):
    """What is told about a job, and all that can be. `circuits_sha256` is a digest in hex;
    raises ValueError when it, or the currency, is anything else."""

    job_id: str
    actor: Actor
    labels: ProjectLabels
    backend: str
    allow: bool
    revision: str
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    operation: str = SUBMIT
    provider: str = ""
    region: str = ""
    circuits_sha256: str = ""
    shots: int = 0
    circuits: int = 0
    width: int = 0
    currency: str = ""
    estimated_cost_micros: int | None = None
    estimated_qpu_ms: int | None = None
    queue: str = ""
    trace_id: str = ""
    step: str = ""

    def __post_init__(self) -> None:
        if self.circuits_sha256 and not _SHA256.fullmatch(self.circuits_sha256):
            raise ValueError("circuits_sha256 is not a SHA-256 digest in hex")
        if self.currency and not _CURRENCY.fullmatch(self.currency):
            raise ValueError("currency is not three capital letters")


class Threshold(Struct, frozen=True):
    """A share of a limit that usage has reached. `measure` is `spent_micros` or one like
    `shots/day`; `used` and `limit` are in its unit; `hard` ones stop jobs."""

    budget: str
    measure: str
    used: int
    limit: int
    share_percent: int
    hard: bool
    currency: str = ""


def job_event(
    stage: Stage,
    facts: JobFacts,
    *,
    uid: str,
    time_ms: int,
    start_ms: int | None = None,
    end_ms: int | None = None,
    actual_cost_micros: int | None = None,
    actual_qpu_ms: int | None = None,
    error: str = "",
) -> Event:
    """API Activity (6003): one stage of a job (Create), or of what is done to one. `error` is
    the name of an error, such as `TimeoutError`: its text could quote a circuit. Raises
    ValueError for another one."""
    severity, outcome, caption = _STAGES[stage]
    activity = _DONE_TO_JOB.get(facts.operation.partition(":")[2], _JOB)
    profiles = ["security_control"]
    found = {
        **ocsf.base_event(activity, uid, time_ms, "jobs", severity),
        **ocsf.api_call(facts.operation, facts.job_id, facts.actor),
        "action_id": 1 if facts.allow else 2,
        "action": "Allowed" if facts.allow else "Denied",
        "disposition_id": 1 if facts.allow else 26,
        "disposition": "Allowed" if facts.allow else "Unauthorized",
        **ocsf.status(outcome, caption),
        "message": f"{clean(facts.operation)} {stage}",
        "resources": [known({"uid": clean(facts.backend), "type": "quantum-backend"})],
        **ocsf.status_detail(facts.reasons, error),
        **ocsf.time_span(start_ms, end_ms),
    }
    found["actor"]["authorizations"] = [
        {
            "decision": "allow" if facts.allow else "deny",
            "policy": {"uid": "qgov-bundle", "version": clean(facts.revision)},
        }
    ]
    _of_project(found, facts.labels)
    if facts.provider:
        profiles.append("cloud")
        found["cloud"] = known({"provider": clean(facts.provider), "region": clean(facts.region)})
        if facts.region:
            found["resources"][0]["region"] = clean(facts.region)
    ocsf.trace_profile(found, profiles, facts.trace_id, facts.step or facts.operation, uid)
    found["metadata"]["profiles"] = sorted(profiles)
    found["unmapped"] |= known(
        {
            "stage": str(stage),
            "job_id": clean(facts.job_id),
            "reasons": [clean(reason) for reason in facts.reasons],
            "warnings": [clean(warning) for warning in facts.warnings],
            "revision": clean(facts.revision),
            "queue": clean(facts.queue),
            "step": clean(facts.step),
            "region": clean(facts.region),
            "job": known(
                {
                    "circuits_sha256": facts.circuits_sha256,
                    "shots": facts.shots,
                    "circuits": facts.circuits,
                    "width": facts.width,
                    "currency": facts.currency,
                    "estimated_cost_micros": facts.estimated_cost_micros,
                    "estimated_qpu_ms": facts.estimated_qpu_ms,
                    "actual_cost_micros": actual_cost_micros,
                    "actual_qpu_ms": actual_qpu_ms,
                }
            ),
        }
    )
    return found


def step_event(
    stage: Stage,
    step: str,
    *,
    actor: Actor,
    labels: ProjectLabels,
    trace_id: str,
    uid: str,
    time_ms: int,
    start_ms: int | None = None,
    end_ms: int | None = None,
    error: str = "",
) -> Event:
    """API Activity (6003): a classical step of a hybrid workflow, in the same trace as its
    jobs. `stage` is started, succeeded or failed; `error` as for a job."""
    severity, outcome, caption = _STAGES[stage]
    operation = f"step:{step}"
    found = {
        **ocsf.base_event(_STEP, uid, time_ms, "jobs", severity),
        **ocsf.api_call(operation, trace_id, actor),
        **ocsf.status(outcome, caption),
        "message": f"{clean(operation)} {stage}",
        **ocsf.status_detail((), error),
        **ocsf.time_span(start_ms, end_ms),
    }
    _of_project(found, labels)
    profiles: list[str] = []
    ocsf.trace_profile(found, profiles, trace_id, operation, uid)
    found["metadata"]["profiles"] = profiles
    found["unmapped"] |= {"stage": str(stage), "step": clean(step)}
    return found


def bundle_activated(
    before: str,
    after: str,
    *,
    uid: str,
    time_ms: int,
    actor: Actor | None = None,
    comment: str = "",
) -> Event:
    """Entity Management (3004) Update: another revision of the policy decides from now on.
    `before` is empty for the first one; `comment` is where it was reviewed."""
    entity = {"type_id": _POLICY_ENTITY, "type": "Policy", "uid": "qgov-bundle"}
    found = {
        **ocsf.base_event(BUNDLE, uid, time_ms, "admin", ocsf.INFORMATIONAL),
        **ocsf.status(ocsf.SUCCESS),
        "entity": known({**entity, "version": clean(before)}),
        "entity_result": {**entity, "version": clean(after)},
        "message": f"policy bundle {clean(after)} activated",
    }
    if comment:
        found["comment"] = clean(comment)
    return _by(found, actor)


def authentication_failed(
    actor: Actor,
    reasons: Iterable[str],
    *,
    uid: str,
    time_ms: int,
    labels: ProjectLabels | None = None,
) -> Event:
    """Authentication (3002) Logon, Failure: the gateway did not accept who asked."""
    told = tuple(reasons)
    found = {
        **ocsf.base_event(_SIGN_IN, uid, time_ms, "admin", ocsf.MEDIUM),
        **ocsf.status(ocsf.FAILURE),
        "user": ocsf.user_object(actor),
        "service": {"name": ocsf.GATEWAY},
        "src_endpoint": ocsf.endpoint_object(actor),
        "session": ocsf.session_object(actor),
        "message": "authentication refused",
        **ocsf.status_detail(told, ""),
        "unmapped": known({"reasons": [clean(reason) for reason in told], **ocsf.described(actor)}),
    }
    if actor.mfa is not None:
        found["is_mfa"] = actor.mfa
    if labels is not None:
        _of_project(found, labels)
    return found


def threshold_reached(
    threshold: Threshold, *, uid: str, time_ms: int, actor: Actor | None = None, job_id: str = ""
) -> Event:
    """Entity Management (3004): usage reached a share of a budget's or quota's limit. Not an
    Update, because nobody changed the budget."""
    kind = "Budget" if threshold.measure == "spent_micros" else "Quota"
    severity = ocsf.MEDIUM if threshold.hard else ocsf.LOW
    data = known(
        {
            "measure": clean(threshold.measure),
            "used": threshold.used,
            "limit": threshold.limit,
            "share_percent": threshold.share_percent,
            "hard": threshold.hard,
            "currency": clean(threshold.currency),
        }
    )
    found = {
        **ocsf.base_event(_THRESHOLD, uid, time_ms, "admin", severity),
        **ocsf.status(ocsf.SUCCESS),
        "entity": ocsf.entity_object(kind, threshold.budget, data),
        "message": f"{threshold.share_percent} % of {clean(threshold.measure)} reached",
    }
    return _by(found, actor, job_id)


def approval_used(
    approval: str,
    approver: str,
    *,
    budget: str,
    job_id: str,
    cost_micros: int,
    currency: str,
    actor: Actor,
    uid: str,
    time_ms: int,
) -> Event:
    """Entity Management (3004): a job was allowed by an approver's exception."""
    data = {
        "approver": clean(approver),
        "budget": clean(budget),
        "cost_micros": cost_micros,
        "currency": clean(currency),
    }
    found = {
        **ocsf.base_event(_APPROVAL, uid, time_ms, "admin", ocsf.INFORMATIONAL),
        **ocsf.status(ocsf.SUCCESS),
        "entity": ocsf.entity_object("Approval", approval, known(data)),
        "message": "approval used",
    }
    return _by(found, actor, job_id)


def _of_project(found: Event, labels: ProjectLabels) -> None:
    if labels.tenant:
        found["metadata"]["tenant_uid"] = clean(labels.tenant)
    found["unmapped"] |= known({name: clean(text) for name, text in labels._asdict().items()})


def _by(found: Event, actor: Actor | None, job_id: str = "") -> Event:
    if actor is not None:
        found["actor"] = ocsf.actor_object(actor)
    if job_id:
        found["unmapped"]["job_id"] = clean(job_id)
    return found
