"""OCSF 1.8.0 (https://schema.ocsf.io/1.8.0): its classes, its enumerations and the objects
that our events are made of, each by the name that it has there.

Texts are bounded and in one line, whatever a request carries; an attribute that is not known
is left out. What OCSF has no attribute for is in `unmapped`. Times are milliseconds since 1970.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_address
from typing import Any, Final, NamedTuple

from qgov import __version__

__all__ = [
    "API_ACTIVITY",
    "AUTHENTICATION",
    "ENTITY_MANAGEMENT",
    "FAILURE",
    "GATEWAY",
    "INFORMATIONAL",
    "LOW",
    "MEDIUM",
    "OCSF_VERSION",
    "OTHER",
    "SUCCESS",
    "Activity",
    "Actor",
    "Event",
    "actor_object",
    "api_call",
    "base_event",
    "clean",
    "described",
    "endpoint_object",
    "entity_object",
    "known",
    "session_object",
    "status",
    "status_detail",
    "time_span",
    "trace_profile",
    "user_object",
]

OCSF_VERSION: Final = "1.8.0"
Event = dict[str, Any]
"""One event, as JSON values."""

MAX_TEXT: Final = 1000
"""Characters of one text, as in a request."""

API_ACTIVITY, ENTITY_MANAGEMENT, AUTHENTICATION = 6003, 3004, 3002
"""`class_uid`."""

INFORMATIONAL, LOW, MEDIUM = 1, 2, 3
"""`severity_id`."""

SUCCESS, FAILURE, OTHER = 1, 2, 99
"""`status_id`; 99 is Other in every enumeration."""


class Activity(NamedTuple):
    """What a class is an event of: `class_uid`, `activity_id` and `activity_name`."""

    class_uid: int
    id: int
    name: str


GATEWAY: Final = "qgov-gateway"
_SEVERITIES: Final = {INFORMATIONAL: "Informational", LOW: "Low", MEDIUM: "Medium"}
_STATUSES: Final = {SUCCESS: "Success", FAILURE: "Failure"}
_PRODUCT: Final = "qgov"
_ERROR = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,99}")


@dataclass(frozen=True)
class Actor:
    """Who asks, as the gateway knows it. `kind` is `user` or `workload`; `credential` is the
    kind of token, never the token; `token_id` and `session_id` are its `jti` and `sid`."""

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
    token_id: str = ""
    session_id: str = ""

    @cached_property
    def told(self) -> tuple[Event, Event, Event]:
        """The objects `actor` and `network_endpoint`, and what OCSF has no attribute for: they are
        the same in each event of a session."""
        return actor_object(self), endpoint_object(self), described(self)


def base_event(activity: Activity, uid: str, time_ms: int, stream: str, severity: int) -> Event:
    """What every event has: its class and activity, and its metadata."""
    return {
        "category_uid": activity.class_uid // 1000,
        "class_uid": activity.class_uid,
        "activity_id": activity.id,
        "activity_name": activity.name,
        "type_uid": activity.class_uid * 100 + activity.id,
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


def status(status_id: int, caption: str = "") -> dict[str, Any]:
    """`status_id` and `status`; one that is Other has a caption of its own."""
    return {"status_id": status_id, "status": caption or _STATUSES[status_id]}


def api_call(operation: str, request: str, actor: Actor) -> Event:
    """What an event of API Activity has besides."""
    acting, endpoint, beside = actor.told
    return {
        "api": {
            "operation": clean(operation),
            "service": {"name": GATEWAY},
            "request": {"uid": clean(request)},
        },
        "actor": {**acting},
        "src_endpoint": {**endpoint},
        "unmapped": {**beside},
    }


def described(actor: Actor) -> dict[str, Any]:
    """What OCSF has no attribute for, of who asks."""
    return known(
        {
            "credential": clean(actor.credential),
            "principal_type": clean(actor.kind),
            "managed_device": actor.managed_device,
        }
    )


def actor_object(actor: Actor) -> dict[str, Any]:
    """The object `actor`."""
    issuer = clean(actor.issuer)
    return known(
        {
            "user": user_object(actor),
            "session": session_object(actor),
            "idp": {"uid": issuer, "issuer": issuer} if issuer else None,
        }
    )


def user_object(actor: Actor) -> dict[str, Any]:
    """The object `user`: a person, or a service."""
    service = actor.kind == "workload"
    return known(
        {
            "uid": clean(actor.uid) or "unknown",
            "type_id": 4 if service else 1,
            "type": "Service" if service else "User",
            "groups": [{"name": clean(group)} for group in actor.groups if group],
        }
    )


def session_object(actor: Actor) -> dict[str, Any]:
    """The object `session`."""
    return known(
        {
            "uid": clean(actor.session_id),
            "credential_uid": clean(actor.token_id),
            "is_mfa": actor.mfa,
            "issuer": clean(actor.issuer),
            "created_time": actor.token_issued_ms,
        }
    )


def endpoint_object(actor: Actor) -> dict[str, Any]:
    """The object `network_endpoint` that a call came from."""
    found: dict[str, Any] = {"svc_name": GATEWAY}
    with suppress(ValueError):  # not an address: then the gateway is where the call came from
        found = {"ip": str(ip_address(actor.ip))}
    if actor.country:
        found["location"] = {"country": clean(actor.country)}
    return found


def trace_profile(
    found: Event, profiles: list[str], trace_id: str, operation: str, uid: str
) -> None:
    """Put an event into a trace, where there is one; it is a span when it has an end."""
    if not trace_id:
        return
    profiles.append("trace")
    found["metadata"]["correlation_uid"] = clean(trace_id)
    found["trace"] = {"uid": clean(trace_id)}
    if "start_time" in found and "end_time" in found:  # a span without an end is none
        found["trace"]["span"] = {
            "uid": uid,
            "operation": clean(operation),
            "start_time": found["start_time"],
            "end_time": found["end_time"],
        }


def status_detail(reasons: Iterable[str], error: str) -> dict[str, str]:
    """`status_code` and `status_detail`: the reasons, or the name of an error, such as
    `TimeoutError`. Raises ValueError for an error that is no name: its text could quote a
    circuit."""
    if error and not _ERROR.fullmatch(error):
        raise ValueError("error is not the name of an error")
    told = [clean(reason) for reason in reasons] or [error] * bool(error)
    return {"status_code": told[0], "status_detail": ", ".join(told)} if told else {}


def time_span(start_ms: int | None, end_ms: int | None) -> dict[str, int]:
    """`start_time`, `end_time` and `duration`, as far as they are known."""
    found = {"start_time": start_ms, "end_time": end_ms}
    if start_ms is not None and end_ms is not None:
        found["duration"] = max(0, end_ms - start_ms)
    return {name: value for name, value in found.items() if value is not None}


def entity_object(kind: str, name: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """The object `managed_entity`, of a type that OCSF has no number for."""
    return {"type_id": OTHER, "type": kind, "uid": clean(name) or "unknown", "data": dict(data)}


def clean(text: str) -> str:
    """The text in one line of bounded length: a request may carry anything, and is told of
    nevertheless."""
    if len(text) <= MAX_TEXT and text.isprintable():
        return text
    shown = "".join(mark if mark.isprintable() else "\ufffd" for mark in text[: MAX_TEXT + 1])
    return shown if len(shown) <= MAX_TEXT else f"{shown[: MAX_TEXT - 1]}…"


def known(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that are known; a zero and a False are."""
    return {n: value for n, value in fields.items() if value or value not in (None, "", [], {})}
