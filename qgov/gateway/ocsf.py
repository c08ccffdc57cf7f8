"""Audit events in the words of OCSF 1.8.0 (https://schema.ocsf.io/1.8.0).

A builder takes typed facts and nothing else: there is no way to hand it a circuit, a
parameter or a result. What OCSF has no field for is in `unmapped`. Times are milliseconds
since 1970, money is millionths of a currency unit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from typing import Any, Final

from qgov import __version__

__all__ = [
    "OCSF_VERSION",
    "Actor",
    "Event",
    "JobFacts",
    "Place",
    "Stage",
    "Threshold",
    "approval_used",
    "authentication_failed",
    "bundle_activated",
    "job_event",
    "step_event",
    "threshold_reached",
]

OCSF_VERSION: Final = "1.8.0"
Event = dict[str, Any]
"""One event, as JSON values."""

MAX_TEXT: Final = 1000
"""Characters of one text, as in a request."""

_API_ACTIVITY, _ENTITY_MANAGEMENT, _AUTHENTICATION = 6003, 3004, 3002
_INFO, _LOW, _MEDIUM = 1, 2, 3
_SEVERITIES: Final = {_INFO: "Informational", _LOW: "Low", _MEDIUM: "Medium"}
_SUCCESS, _FAILURE, _OTHER = 1, 2, 99
_STATUSES: Final = {_SUCCESS: "Success", _FAILURE: "Failure"}
_POLICY_ENTITY: Final = 5
_PRODUCT: Final = "qgov"
_GATEWAY: Final = "qgov-gateway"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_ERROR = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,99}")


class Stage(StrEnum):
    """Where a job is: `denied` never started; `started` is written before it runs; the others
    end it. `refused` is the wrapped sampler's refusal, `recovered` a job found after a crash.
    """

    DENIED = "requested-denied"
    STARTED = "started"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    REFUSED = "refused"
    RECOVERED = "recovered"


# Stage → severity, status, the status's name. A job that starts has not succeeded yet, and of
# a recovered one nobody knows.
_STAGES: Final[Mapping[Stage, tuple[int, int, str]]] = {
    Stage.DENIED: (_LOW, _FAILURE, "Failure"),
    Stage.STARTED: (_INFO, _OTHER, "Started"),
    Stage.SUCCEEDED: (_INFO, _SUCCESS, "Success"),
    Stage.FAILED: (_LOW, _FAILURE, "Failure"),
    Stage.REFUSED: (_LOW, _FAILURE, "Failure"),
    Stage.RECOVERED: (_MEDIUM, _OTHER, "Recovered"),
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks, as the gateway knows it. `kind` is `user` or `workload`; `credential` is the
    kind of token, never the token."""

    uid: str
    kind: str = "user"
    groups: tuple[str, ...] = ()
    issuer: str = ""
    mfa: bool | None = None
    managed_device: bool | None = None
    credential: str = ""
    token_issued_ms: int | None = None
    ip: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """The project that an event belongs to."""

    tenant: str
    environment: str = ""
    project: str = ""


@dataclass(frozen=True, slots=True)
class JobFacts:
    """What is told about a job, and all that can be. `circuits_sha256` is a digest in hex;
    raises ValueError when it, or the currency, is anything else."""

    job_id: str
    actor: Actor
    place: Place
    backend: str
    allow: bool
    revision: str
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    operation: str = "job:submit"
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


@dataclass(frozen=True, slots=True)
class Threshold:
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
    """API Activity (6003) Create: one stage of a job. `error` is the name of an error, such
    as `TimeoutError`: its text could quote a circuit. Raises ValueError for another one."""
    severity, status, status_name = _STAGES[stage]
    profiles = ["security_control"]
    found = {
        **_base(_API_ACTIVITY, 1, "Create", uid, time_ms, "jobs", severity),
        **_api(facts.operation, facts.job_id, facts.actor),
        "action_id": 1 if facts.allow else 2,
        "action": "Allowed" if facts.allow else "Denied",
        "disposition_id": 1 if facts.allow else 26,
        "disposition": "Allowed" if facts.allow else "Unauthorized",
        "status_id": status,
        "status": status_name,
        "message": f"{_clean(facts.operation)} {stage}",
        "resources": [_without_empty({"uid": _clean(facts.backend), "type": "quantum-backend"})],
        **_why(facts.reasons, error),
        **_span(start_ms, end_ms),
    }
    found["actor"]["authorizations"] = [
        {
            "decision": "allow" if facts.allow else "deny",
            "policy": {"uid": "qgov-bundle", "version": _clean(facts.revision)},
        }
    ]
    _place(found, facts.place)
    if facts.provider:
        profiles.append("cloud")
        found["cloud"] = _without_empty(
            {"provider": _clean(facts.provider), "region": _clean(facts.region)}
        )
        if facts.region:
            found["resources"][0]["region"] = _clean(facts.region)
    _trace(found, profiles, facts.trace_id, facts.step or facts.operation, uid)
    found["metadata"]["profiles"] = sorted(profiles)
    found["unmapped"] |= _without_empty(
        {
            "stage": str(stage),
            "job_id": _clean(facts.job_id),
            "reasons": [_clean(reason) for reason in facts.reasons],
            "warnings": [_clean(warning) for warning in facts.warnings],
            "revision": _clean(facts.revision),
            "queue": _clean(facts.queue),
            "step": _clean(facts.step),
            "region": _clean(facts.region),
            "job": _without_empty(
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
    place: Place,
    trace_id: str,
    uid: str,
    time_ms: int,
    start_ms: int | None = None,
    end_ms: int | None = None,
    error: str = "",
) -> Event:
    """API Activity (6003): a classical step of a hybrid workflow, in the same trace as its
    jobs. `stage` is started, succeeded or failed; `error` as for a job."""
    severity, status, status_name = _STAGES[stage]
    operation = f"step:{step}"
    found = {
        **_base(_API_ACTIVITY, _OTHER, "Step", uid, time_ms, "jobs", severity),
        **_api(operation, trace_id, actor),
        "status_id": status,
        "status": status_name,
        "message": f"{_clean(operation)} {stage}",
        **_why((), error),
        **_span(start_ms, end_ms),
    }
    _place(found, place)
    profiles: list[str] = []
    _trace(found, profiles, trace_id, operation, uid)
    found["metadata"]["profiles"] = profiles
    found["unmapped"] |= {"stage": str(stage), "step": _clean(step)}
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
        **_base(_ENTITY_MANAGEMENT, 3, "Update", uid, time_ms, "admin", _INFO),
        "status_id": _SUCCESS,
        "status": "Success",
        "entity": _without_empty({**entity, "version": _clean(before)}),
        "entity_result": {**entity, "version": _clean(after)},
        "message": f"policy bundle {_clean(after)} activated",
    }
    if comment:
        found["comment"] = _clean(comment)
    if actor is not None:
        found["actor"] = _actor(actor)
    return found


def authentication_failed(
    actor: Actor, reasons: Iterable[str], *, uid: str, time_ms: int, place: Place | None = None
) -> Event:
    """Authentication (3002) Logon, Failure: the gateway did not accept who asked."""
    told = tuple(reasons)
    found = {
        **_base(_AUTHENTICATION, 1, "Logon", uid, time_ms, "admin", _MEDIUM),
        "status_id": _FAILURE,
        "status": "Failure",
        "user": _user(actor),
        "service": {"name": _GATEWAY},
        "src_endpoint": _endpoint(actor),
        "session": _session(actor),
        "message": "authentication refused",
        **_why(told, ""),
        "unmapped": _without_empty(
            {"reasons": [_clean(reason) for reason in told], **_known_of(actor)}
        ),
    }
    if actor.mfa is not None:
        found["is_mfa"] = actor.mfa
    if place is not None:
        _place(found, place)
    return found


def threshold_reached(
    threshold: Threshold, *, uid: str, time_ms: int, actor: Actor | None = None, job_id: str = ""
) -> Event:
    """Entity Management (3004): usage reached a share of a budget's or quota's limit. Not an
    Update, because nobody changed the budget."""
    money = threshold.measure == "spent_micros"
    data = _without_empty(
        {
            "measure": _clean(threshold.measure),
            "used": threshold.used,
            "limit": threshold.limit,
            "share_percent": threshold.share_percent,
            "hard": threshold.hard,
            "currency": _clean(threshold.currency),
        }
    )
    found = {
        **_base(
            _ENTITY_MANAGEMENT,
            _OTHER,
            "Threshold Reached",
            uid,
            time_ms,
            "admin",
            _MEDIUM if threshold.hard else _LOW,
        ),
        "status_id": _SUCCESS,
        "status": "Success",
        "entity": _other_entity("Budget" if money else "Quota", threshold.budget, data),
        "message": f"{threshold.share_percent} % of {_clean(threshold.measure)} reached",
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
        "approver": _clean(approver),
        "budget": _clean(budget),
        "cost_micros": cost_micros,
        "currency": _clean(currency),
    }
    found = {
        **_base(_ENTITY_MANAGEMENT, _OTHER, "Use", uid, time_ms, "admin", _INFO),
        "status_id": _SUCCESS,
        "status": "Success",
        "entity": _other_entity("Approval", approval, _without_empty(data)),
        "message": "approval used",
    }
    return _by(found, actor, job_id)


def _base(
    class_uid: int, activity: int, name: str, uid: str, time_ms: int, stream: str, severity: int
) -> Event:
    return {
        "category_uid": class_uid // 1000,
        "class_uid": class_uid,
        "activity_id": activity,
        "activity_name": name,
        "type_uid": class_uid * 100 + activity,
        "time": time_ms,
        "severity_id": severity,
        "severity": _SEVERITIES[severity],
        "metadata": {
            "version": OCSF_VERSION,
            "product": {"name": _PRODUCT, "vendor_name": _PRODUCT, "version": __version__},
            "uid": uid,
            "log_name": stream,
        },
        "unmapped": {},
    }


def _api(operation: str, request: str, actor: Actor) -> Event:
    return {
        "api": {
            "operation": _clean(operation),
            "service": {"name": _GATEWAY},
            "request": {"uid": _clean(request)},
        },
        "actor": _actor(actor),
        "src_endpoint": _endpoint(actor),
        "unmapped": _known_of(actor),
    }


def _known_of(actor: Actor) -> dict[str, Any]:
    return _without_empty(
        {
            "credential": _clean(actor.credential),
            "principal_type": _clean(actor.kind),
            "managed_device": actor.managed_device,
        }
    )


def _actor(actor: Actor) -> dict[str, Any]:
    issuer = _clean(actor.issuer)
    return _without_empty(
        {
            "user": _user(actor),
            "session": _session(actor),
            "idp": {"uid": issuer, "issuer": issuer} if issuer else None,
        }
    )


def _user(actor: Actor) -> dict[str, Any]:
    service = actor.kind == "workload"
    return _without_empty(
        {
            "uid": _clean(actor.uid) or "unknown",
            "type_id": 4 if service else 1,
            "type": "Service" if service else "User",
            "groups": [{"name": _clean(group)} for group in actor.groups if group],
        }
    )


def _session(actor: Actor) -> dict[str, Any]:
    return _without_empty(
        {
            "is_mfa": actor.mfa,
            "issuer": _clean(actor.issuer),
            "created_time": actor.token_issued_ms,
        }
    )


def _endpoint(actor: Actor) -> dict[str, Any]:
    found: dict[str, Any] = {"svc_name": _GATEWAY}
    with suppress(ValueError):  # not an address: then the gateway is where the call came from
        found = {"ip": str(ip_address(actor.ip))}
    if actor.country:
        found["location"] = {"country": _clean(actor.country)}
    return found


def _place(found: Event, place: Place) -> None:
    if place.tenant:
        found["metadata"]["tenant_uid"] = _clean(place.tenant)
    found["unmapped"] |= _without_empty(
        {
            "tenant": _clean(place.tenant),
            "environment": _clean(place.environment),
            "project": _clean(place.project),
        }
    )


def _trace(found: Event, profiles: list[str], trace_id: str, operation: str, uid: str) -> None:
    if not trace_id:
        return
    profiles.append("trace")
    found["metadata"]["correlation_uid"] = _clean(trace_id)
    found["trace"] = {"uid": _clean(trace_id)}
    if "start_time" in found and "end_time" in found:  # a span without an end is none
        found["trace"]["span"] = {
            "uid": uid,
            "operation": _clean(operation),
            "start_time": found["start_time"],
            "end_time": found["end_time"],
        }


def _why(reasons: Iterable[str], error: str) -> dict[str, str]:
    if error and not _ERROR.fullmatch(error):
        raise ValueError("error is not the name of an error")
    told = [_clean(reason) for reason in reasons] or [error] * bool(error)
    return {"status_code": told[0], "status_detail": ", ".join(told)} if told else {}


def _span(start_ms: int | None, end_ms: int | None) -> dict[str, int]:
    found = {"start_time": start_ms, "end_time": end_ms}
    if start_ms is not None and end_ms is not None:
        found["duration"] = max(0, end_ms - start_ms)
    return {name: value for name, value in found.items() if value is not None}


def _other_entity(kind: str, name: str, data: Mapping[str, Any]) -> dict[str, Any]:
    return {"type_id": _OTHER, "type": kind, "uid": _clean(name) or "unknown", "data": dict(data)}


def _by(found: Event, actor: Actor | None, job_id: str) -> Event:
    if actor is not None:
        found["actor"] = _actor(actor)
    if job_id:
        found["unmapped"]["job_id"] = _clean(job_id)
    return found


def _clean(text: str) -> str:
    """The text in one line of bounded length: a request may carry anything, and is told of
    nevertheless."""
    shown = "".join(mark if mark.isprintable() else "\ufffd" for mark in text[: MAX_TEXT + 1])
    return shown if len(shown) <= MAX_TEXT else f"{shown[: MAX_TEXT - 1]}…"


def _without_empty(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that are known; a zero and a False are."""
    return {name: value for name, value in fields.items() if value not in (None, "", [], {})}
