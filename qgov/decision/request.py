"""The one question and its answer. The shape is OpenID AuthZEN 1.0's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any, Final

from pydantic_core import PydanticCustomError

from qgov.language.scalars import parse_instant

__all__ = [
    "MEASURES",
    "REASONS",
    "WARNINGS",
    "WINDOWS",
    "Decision",
    "Request",
    "normalize",
    "seconds",
]

Request = Mapping[str, Any]
"""`{"subject", "action", "resource", "context"}` as JSON values; see docs/decision.md."""

REASONS: Final = (
    "subject-unknown",
    "static-credential",
    "token-stale",
    "federation-mismatch",
    "mfa-missing",
    "device-unmanaged",
    "country-blocked",
    "scope-unknown",
    "tenant-mismatch",
    "no-grant",
    "not-owner",
    "elevation-required",
    "elevation-expired",
    "elevation-unapproved",
    "elevation-self-approved",
    "backend-not-entitled",
    "residency",
    "job-too-large",
    "quota-exceeded",
    "budget-exceeded",
    "approval-required",
    "approval-invalid",
    "context-missing",
)
"""Why a request is denied, in the order that the reference evaluates them."""

WARNINGS: Final = ("quota-near", "budget-near", "elevation-expiring")
"""What an allowed request is told."""

MEASURES: Final = ("jobs", "shots", "circuits", "qpuSeconds", "simulatorSeconds")
"""What quotas count, as the language spells it."""

WINDOWS: Final = ("day", "month")
"""Over what quotas count beside a single job: calendar days and months in UTC."""

MAX_TEXT: Final = 1000
MAX_COUNT: Final = 10**15
"""The largest number that is read: every engine adds two such numbers exactly."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_YEARS: Final = range(1970, 2262)


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer. `reasons` lists every rule that denies, sorted; empty when allowed."""

    allow: bool
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    obligations: Mapping[str, Any] = field(default_factory=dict)
    revision: str = ""


def normalize(request: Request) -> dict[str, Any]:
    """The request as every engine reads it: the known fields of the right type, no others.

    What has another type, is empty, too long or not printable is left out, as if the
    request lacked it. Instants become RFC 3339 in UTC with whole seconds (fractions are
    cut), and seconds of device time whole numbers (rounded up), because engines read the
    other forms differently. Idempotent.
    """
    found: dict[str, Any] = _REQUEST(request)
    return found


def seconds(instant: str | datetime) -> int:
    """Whole seconds since 1970, not before it; a text is one that `normalize` wrote."""
    moment = datetime.fromisoformat(instant) if isinstance(instant, str) else instant
    return max(0, (moment - _EPOCH) // timedelta(seconds=1))


Reader = Callable[[Any], Any]
"""A value to what it is read as; None when it is not what was expected."""


def _object(**fields: Reader) -> Reader:
    """An object of known fields; anything else reads as an empty one."""
    always = {name: reader for name, reader in fields.items() if reader(None) is not None}

    def read(value: Any) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, child in value.items() if isinstance(value, Mapping) else ():
            if name in fields and (kept := fields[name](child)) is not None:
                found[name] = kept
        for name, reader in always.items():
            if name not in found:
                found[name] = reader(None)
        return found

    return read


def _whole(**fields: Reader) -> Reader:
    """An object that is left out when one of its known fields is not what was expected."""
    shape = _object(**fields)

    def read(value: Any) -> dict[str, Any] | None:
        found: dict[str, Any] = shape(value)
        given = value if isinstance(value, Mapping) else {}
        spoilt = any(given.get(name) is not None and name not in found for name in fields)
        return None if spoilt or not found else found

    return read


def _list(reader: Reader) -> Reader:
    """A list; what is no element, and anything else than a list, is left out."""

    def read(value: Any) -> list[Any]:
        elements = map(reader, value if isinstance(value, list | tuple) else ())
        return [element for element in elements if element is not None]

    return read


def _text(value: Any) -> str | None:
    usable = isinstance(value, str) and 0 < len(value) <= MAX_TEXT and value.isprintable()
    return value if usable else None


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _count(value: Any) -> int | None:
    sound = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_COUNT
    return value if sound else None


def _device_seconds(value: Any) -> int | None:
    """Rounded up, so that what is left of a limit is never overdrawn by a fraction."""
    if isinstance(value, float) and 0 <= value <= MAX_COUNT:
        return ceil(value)
    return _count(value)


def _by_name(reader: Reader) -> Reader:
    """An object of any names; what is no name or not what was expected is left out."""

    def read(value: Any) -> dict[str, Any]:
        given = value if isinstance(value, Mapping) else {}
        found = ((name, reader(child)) for name, child in given.items() if _text(name))
        return {name: child for name, child in found if child is not None}

    return read


def _instant(value: Any) -> str | None:
    try:
        moment = parse_instant(value)
    except PydanticCustomError:
        return None
    return moment.replace(microsecond=0).isoformat() if moment.year in _YEARS else None


_USAGE: Final = _object(
    spent_micros=_count,
    **{
        f"{measure}/{window}": _device_seconds if measure.endswith("Seconds") else _count
        for measure in MEASURES
        for window in WINDOWS
    },
)

_REQUEST: Final = _object(
    subject=_object(
        type=_text,
        id=_text,
        properties=_object(groups=_list(_text), issuer=_text, subject=_text),
    ),
    action=_object(name=_text),
    resource=_object(
        type=_text,
        id=_text,
        properties=_object(
            tenant=_text, environment=_text, project=_text, backend=_text, owner=_text
        ),
    ),
    context=_object(
        time=_instant,
        mfa=_flag,
        managed_device=_flag,
        country=_text,
        token=_object(kind=_text, issued_at=_instant, audience=_text),
        job=_object(
            shots=_count,
            circuits=_count,
            qubits=_count,
            estimated_cost_micros=_count,
            estimated_qpu_seconds=_device_seconds,
            estimated_simulator_seconds=_device_seconds,
        ),
        usage=_by_name(_USAGE),
        approvals=_list(
            _whole(
                subject=_text,
                scope=_text,
                backend=_text,
                max_cost_micros=_count,
                requested_by=_text,
                approved_by=_text,
                approver_groups=_list(_text),
                approved_at=_instant,
                expires=_instant,
            )
        ),
        elevations=_list(
            _whole(
                subject=_text,
                role=_text,
                scope=_text,
                requested_by=_text,
                approved_by=_text,
                approver_groups=_list(_text),
                ticket=_text,
                not_before=_instant,
                expires=_instant,
            )
        ),
    ),
)
"""The request's shape. A new attribute is a line here."""
