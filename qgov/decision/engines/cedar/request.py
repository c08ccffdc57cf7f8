"""A request in the words of Cedar's schema: texts become references, instants numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from qgov.decision.engines.cedar.entities import Known
from qgov.decision.request import Request, normalize, seconds
from qgov.language.permissions import CATALOGUE

__all__ = ["Asked", "asked_of", "present", "reference", "uid"]

Json = dict[str, Any]

_SUBJECTS: Final = {"user": "User", "workload": "Workload"}
_PLACES: Final = {
    (): "Organization",
    ("tenant",): "Tenant",
    ("tenant", "environment"): "Environment",
    ("tenant", "environment", "project"): "Project",
}
"""Which labels a resource has → what it is."""

_JOB: Final = {
    "shots": "shots",
    "circuits": "circuits",
    "qubits": "qubits",
    "estimated_qpu_seconds": "qpu_seconds",
    "estimated_simulator_seconds": "simulator_seconds",
    "estimated_cost_micros": "cost_micros",
}
"""The request's words for a job → the schema's."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A normalized request in the schema's terms.

    `place` is the type and id of the resource, `around` the scopes that contain it (itself
    first) when it exists and is such as the action is done at, `groups` those of the token
    that any grant or budget names. `common` is what any question may say, `claims` what
    only those about a way do; `request` is the normalized request.
    """

    principal: Json
    resource: Json
    action: str
    place: tuple[str, str]
    around: tuple[str, ...]
    groups: tuple[str, ...]
    now: int | None
    common: Json
    claims: Json
    executes: bool
    request: Json

    @property
    def listed(self) -> bool:
        """Whether the catalogue has the action."""
        return self.action in CATALOGUE


def asked_of(request: Request, known: Known) -> Asked:
    """The request in the schema's terms: its texts as references, its instants as numbers."""
    asked = normalize(request)
    subject, labels, context = asked["subject"], asked["resource"]["properties"], asked["context"]
    kind, name = _SUBJECTS.get(subject.get("type", ""), "Stranger"), subject.get("id", "")
    if kind == "User" and not name:
        kind = "Stranger"
    groups = tuple(sorted(known.groups.intersection(subject["properties"]["groups"])))
    place = _place(labels)
    action = asked["action"].get("name", "")
    permission = CATALOGUE.get(action)
    executes = permission is not None and permission.executes
    level = permission.level.capitalize() if permission is not None else ""
    now = seconds(context["time"]) if "time" in context else None
    common = {
        "id": subject.get("id"),
        "issuer": reference("Issuer", subject["properties"].get("issuer")),
        "groups": [reference("Group", group) for group in groups],
        "now": now,
    }
    if executes:
        job = {_JOB[name]: value for name, value in context["job"].items()}
        common |= {"backend": reference("Backend", labels.get("backend")), "job": job}
    return Asked(
        uid(kind, name),
        uid(*place),
        action,
        place,
        tuple(_around(place[1])) if place in known.places and place[0] == level else (),
        groups,
        now,
        present(common),
        present(_claims(asked, known)),
        executes,
        asked,
    )


def _claims(asked: Json, known: Known) -> Json:
    """What a way is asked of besides: the token, the device, the resource's labels."""
    subject, labels, context = asked["subject"], asked["resource"]["properties"], asked["context"]
    token = context["token"]
    token_subject = subject["properties"].get("subject")
    pattern = known.patterns.get(subject.get("id", ""))
    matches = token_subject is not None and pattern is not None and _like(token_subject, pattern)
    return {
        "token_kind": token.get("kind"),
        "token_subject": token_subject,
        "audience": token.get("audience"),
        "issued_at": seconds(token["issued_at"]) if "issued_at" in token else None,
        "matched": pattern if matches else None,
        "mfa": context.get("mfa"),
        "managed_device": context.get("managed_device"),
        "country": context.get("country"),
        "owner": labels.get("owner"),
        "tenant": reference("Tenant", labels.get("tenant")),
    }


def uid(kind: str, name: str) -> Json:
    """A reference to an entity."""
    return {"type": f"QGov::{kind}", "id": name}


def reference(kind: str, name: str | None) -> Json | None:
    """A reference, or None to nothing."""
    return None if name is None else uid(kind, name)


def present(fields: Mapping[str, Any]) -> Json:
    """The fields that have a value."""
    return {name: value for name, value in fields.items() if value is not None}


def _place(labels: Mapping[str, str]) -> tuple[str, str]:
    names = tuple(name for name in ("tenant", "environment", "project") if name in labels)
    kind = _PLACES.get(names, "Nowhere")
    return kind, "/".join(labels[name] for name in names) or ("*" if not names else "")


def _around(scope: str) -> Iterator[str]:
    while scope not in ("", "*"):
        yield scope
        scope = scope.rpartition("/")[0]
    yield "*"


def _like(text: str, pattern: str) -> bool:
    """Whether `text` is the pattern with each `*` standing for any text. Cedar's own `like`
    takes patterns of the policy's text alone."""
    first, *rest = pattern.split("*")
    if not rest:
        return text == pattern
    last = rest.pop()
    if len(text) < len(first) + len(last) or not (text.startswith(first) and text.endswith(last)):
        return False
    left = text[len(first) : len(text) - len(last)]
    for part in rest:
        _, found, left = left.partition(part) if part else ("", "*", left)
        if not found:
            return False
    return True
