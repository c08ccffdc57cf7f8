"""The specification: who may do what, in plain Python.

Rego and Cedar say the same in their own words, and tests hold all three to one answer.
A rule looks at the question and yields the reasons that it denies for. The rules of `RULES`
are about the request as a whole; those of `CONDITIONS` about one candidate, a binding that
the subject could act through. A request is allowed when no rule denies and one candidate
lacks nothing.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from qgov.decision.request import Decision, Request, normalize, seconds
from qgov.language.permissions import CATALOGUE, Permission
from qgov.model.access_model import AccessModel, Binding, Environment, Tenant, Workload
from qgov.model.conditions import Conditions, Eligibility
from qgov.model.scope import EVERYWHERE, contains
from qgov.model.tenants import retention_of

__all__ = ["Candidate", "Question", "candidates", "decide", "question"]

SKEW_S: Final = 60
EXPIRING_S: Final = 900
ON_PREMISES: Final = "on-premises"


@dataclass(frozen=True, slots=True)
class Question:
    """A normalized request and what the model knows of its subject and resource.

    `known` is whether the subject is; `scope` is None unless the resource's labels name a
    scope that exists and has the depth of the permission; `now` is in seconds, None when
    the request does not say.
    """

    model: AccessModel
    subject: dict[str, Any]
    action: str
    labels: dict[str, str]
    context: dict[str, Any]
    token: dict[str, Any]
    user: bool
    known: bool
    issuer: str | None
    workload: Workload | None
    permission: Permission | None
    scope: str | None
    tenant: Tenant | None
    environment: Environment | None
    now: int | None
    issued_at: int | None


class Held(NamedTuple):
    """An elevation of the subject. `reviewed`: it is a document that was merged."""

    role: str
    scope: str
    requested_by: str | None
    approved_by: str | None
    approver_groups: tuple[str, ...]
    reviewed: bool
    ticket: str | None
    not_before: int | None
    expires: int | None


class Candidate(NamedTuple):
    """A binding that gives the permission where the resource lies, with its folded
    conditions and the subject's elevations that name it."""

    binding: Binding
    conditions: Conditions
    elevations: tuple[Held, ...]


def decide(model: AccessModel, request: Request, revision: str = "") -> Decision:
    """Answer one request. Pure; an attribute that a rule needs and the request lacks denies."""
    asked = question(model, request)
    denials = {reason for rule in RULES for reason in rule(asked)}
    ways = candidates(asked)
    lacks = [
        {reason for condition in CONDITIONS for reason in condition(asked, way)} for way in ways
    ]
    if not ways:
        denials.add("no-grant")
    elif all(lacks):
        denials.update(*lacks)
    satisfied = [way for way, lacking in zip(ways, lacks, strict=True) if not lacking]
    return Decision(
        allow=not denials,
        reasons=tuple(sorted(denials)),
        warnings=() if denials else tuple(_warnings(asked, satisfied)),
        obligations=_obligations(asked),
        revision=revision,
    )


def question(model: AccessModel, request: Request) -> Question:
    """The request with the names in it looked up."""
    asked = normalize(request)
    subject, context = asked["subject"], asked["context"]
    labels, token = asked["resource"]["properties"], context["token"]
    action = asked["action"].get("name", "")
    permission = CATALOGUE.get(action)
    user = subject.get("type") == "user"
    issuer = subject["properties"].get("issuer")
    workload = model.workloads.get(subject.get("id")) if subject.get("type") == "workload" else None
    known_user = user and "id" in subject and bool(_audiences(model, issuer))
    scope = _scope(model, labels, permission) if permission else None
    return Question(
        model,
        subject,
        action,
        labels,
        context,
        token,
        user,
        known_user or workload is not None,
        issuer,
        workload,
        permission,
        scope,
        tenant=model.tenants.get(labels.get("tenant", "")),
        environment=model.environment(scope) if scope else None,
        now=seconds(context["time"]) if "time" in context else None,
        issued_at=seconds(token["issued_at"]) if "issued_at" in token else None,
    )


def _audiences(model: AccessModel, issuer: str | None) -> set[str]:
    providers = model.organization.providers.values()
    return {p.value.audience for p in providers if p.value.issuer == issuer}


def _scope(model: AccessModel, labels: dict[str, str], permission: Permission) -> str | None:
    names = ("tenant", "environment", "project")
    depth = permission.level.depth
    if {name for name in names if name in labels} != set(names[:depth]):
        return None
    if depth == 0:
        return EVERYWHERE
    tenant = model.tenants.get(labels["tenant"])
    environment = tenant.environments.get(labels.get("environment", "")) if tenant else None
    exists = (
        tenant is not None
        and (depth < 2 or environment is not None)
        and (depth < 3 or (environment is not None and labels["project"] in environment.projects))
    )
    return "/".join(labels[name] for name in names[:depth]) if exists else None


# ------------------------------------------------------------------ rules about the request


def _subject(asked: Question) -> Iterator[str]:
    if not asked.known:
        yield "subject-unknown"


def _credential(asked: Question) -> Iterator[str]:
    kind = asked.token.get("kind")
    workload = asked.subject.get("type") == "workload"
    if kind is None:
        yield "context-missing"
    elif kind not in ({"oidc"} if workload else {"oidc", "saml"}):
        yield "static-credential"


def _times(asked: Question) -> Iterator[str]:
    if asked.now is None or asked.issued_at is None:
        yield "context-missing"
    elif asked.issued_at > asked.now + SKEW_S:
        yield "token-stale"


def _federation(asked: Question) -> Iterator[str]:
    audience = asked.token.get("audience")
    if asked.workload is not None:
        yield from _workload_federation(asked, asked.workload, audience)
    elif asked.known:
        if audience is None:
            yield "context-missing"
        elif audience not in _audiences(asked.model, asked.issuer):
            yield "federation-mismatch"


def _workload_federation(
    asked: Question, workload: Workload, audience: str | None
) -> Iterator[str]:
    if workload.subject is None:
        yield "federation-mismatch"
        return
    claims = (asked.issuer, audience, asked.subject["properties"].get("subject"))
    if None in claims:
        yield "context-missing"
    issuer, audience, subject = claims
    if (
        issuer not in (None, workload.issuer)
        or audience not in (None, workload.audience)
        or not (subject is None or _like(subject, workload.subject))
    ):
        yield "federation-mismatch"


def _like(text: str, pattern: str) -> bool:
    """Whether `text` is the pattern with each `*` standing for any text."""
    first, *rest = pattern.split("*")
    if not rest:
        return text == pattern
    last = rest.pop()
    if not (text.startswith(first) and text.removeprefix(first).endswith(last)):
        return False
    at, end = len(first), len(text) - len(last)
    for part in rest:
        found = text.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


def _place(asked: Question) -> Iterator[str]:
    if asked.permission is not None and asked.scope is None:
        yield "scope-unknown"


def _isolation(asked: Question) -> Iterator[str]:
    if asked.tenant is None or not asked.known:
        return
    inside = (
        asked.issuer in asked.tenant.issuers
        if asked.workload is None
        else asked.workload.tenant == asked.tenant.name
    )
    if not inside:
        yield "tenant-mismatch"


# ---------------------------------------------------------------------- rules about the job


def _backend(asked: Question) -> Iterator[str]:
    backend = asked.labels.get("backend")
    if backend is None:
        yield "context-missing"
    elif asked.environment is not None and backend not in asked.environment.backends:
        yield "backend-not-entitled"


def _residency(asked: Question) -> Iterator[str]:
    fact = asked.model.organization.backends.get(asked.labels.get("backend", ""))
    if fact is None or asked.tenant is None or asked.scope is None:
        return
    if fact.value.jurisdiction not in (*asked.tenant.residency, ON_PREMISES):
        yield "residency"


JOB_RULES: Final[tuple[Callable[[Question], Iterator[str]], ...]] = (_backend, _residency)
"""What is asked of everything that executes."""


def _job(asked: Question) -> Iterator[str]:
    if asked.permission is not None and asked.permission.executes:
        for rule in JOB_RULES:
            yield from rule(asked)


RULES: Final[tuple[Callable[[Question], Iterator[str]], ...]] = (
    _subject,
    _credential,
    _times,
    _federation,
    _place,
    _isolation,
    _job,
)
"""What is asked of the request, whoever could act through which binding."""


# -------------------------------------------------------------------------- candidates


def candidates(asked: Question) -> list[Candidate]:
    """The bindings that the subject could act through, in the model's order."""
    if not asked.known or asked.scope is None:
        return []
    found = []
    for principal in _principals(asked):
        for binding in _bindings(asked.model, principal):
            role = asked.model.roles[binding.role]
            if asked.action in role.permissions and contains(binding.scope, asked.scope):
                held = tuple(_elevations(asked, binding)) if binding.eligible else ()
                found.append(Candidate(binding, _folded(asked, binding), held))
    return found


def _principals(asked: Question) -> list[str]:
    if asked.workload is not None:
        return [f"workload:{asked.workload.id}"]
    groups, providers = asked.model.groups, asked.model.organization.providers
    return [
        f"group:{name}"
        for name in sorted(set(asked.subject["properties"]["groups"]))
        if name in groups
        and groups[name].provider in providers
        and providers[groups[name].provider].value.issuer == asked.issuer
    ]


def _bindings(model: AccessModel, principal: str) -> tuple[Binding, ...]:
    """A principal's bindings; the model sorts them by principal."""
    start = bisect_left(model.bindings, principal, key=lambda b: b.principal)
    return model.bindings[
        start : bisect_right(model.bindings, principal, key=lambda b: b.principal)
    ]


def _folded(asked: Question, binding: Binding) -> Conditions:
    model, role = asked.model, asked.model.roles[binding.role]
    folded = model.floor(asked.scope or EVERYWHERE) & role.requires & binding.requires
    if asked.workload is not None:
        # Automation has no second factor, device or country; its token is the proof.
        folded = replace(folded, mfa=False, managed_device=False, countries=None)
        folded &= Conditions(max_token_age_s=asked.workload.max_token_age_s)
    return replace(folded, own_only=role.permissions[asked.action], eligible=binding.eligible)


def _elevations(asked: Question, binding: Binding) -> Iterator[Held]:
    """The subject's elevations that name the binding's role at a scope inside the binding's
    and around the resource."""
    for held in _held(asked):
        if (
            held.role == binding.role
            and contains(binding.scope, held.scope)
            and contains(held.scope, asked.scope or EVERYWHERE)
        ):
            yield held


def _held(asked: Question) -> Iterator[Held]:
    me = asked.subject["id"]
    for e in asked.model.elevations:
        if e.subject == me:
            yield Held(
                e.role,
                e.scope,
                e.requested_by,
                e.approved_by,
                (),
                True,
                e.ticket,
                None if e.not_before is None else seconds(e.not_before),
                seconds(e.expires),
            )
    for given in asked.context["elevations"]:
        if given.get("subject", me) == me and "role" in given and "scope" in given:
            begins, ends = given.get("not_before"), given.get("expires")
            yield Held(
                given["role"],
                given["scope"],
                given.get("requested_by"),
                given.get("approved_by"),
                tuple(given["approver_groups"]),
                False,
                given.get("ticket"),
                seconds(begins) if begins else None,
                seconds(ends) if ends else None,
            )


# --------------------------------------------------------------- conditions of a candidate


def _token_age(asked: Question, candidate: Candidate) -> Iterator[str]:
    bound = candidate.conditions.max_token_age_s
    if bound is None or asked.now is None or asked.issued_at is None:
        return
    if asked.now - asked.issued_at > bound:
        yield "token-stale"


def _mfa(asked: Question, candidate: Candidate) -> Iterator[str]:
    if candidate.conditions.mfa:
        yield from _affirmed(asked.context.get("mfa"), "mfa-missing")


def _device(asked: Question, candidate: Candidate) -> Iterator[str]:
    if candidate.conditions.managed_device:
        yield from _affirmed(asked.context.get("managed_device"), "device-unmanaged")


def _country(asked: Question, candidate: Candidate) -> Iterator[str]:
    countries = candidate.conditions.countries
    if countries is not None:
        country = asked.context.get("country")
        yield from _affirmed(country and country in countries, "country-blocked")


def _ownership(asked: Question, candidate: Candidate) -> Iterator[str]:
    if candidate.conditions.own_only:
        owner = asked.labels.get("owner")
        yield from _affirmed(owner and owner == asked.subject["id"], "not-owner")


def _affirmed(answer: bool | str | None, reason: str) -> Iterator[str]:
    if answer is None:
        yield "context-missing"
    elif not answer:
        yield reason


def _elevation(asked: Question, candidate: Candidate) -> Iterator[str]:
    if candidate.conditions.eligible is None:
        return
    if not candidate.elevations:
        yield "elevation-required"
    faults = [
        set(_faults(asked, held, candidate.conditions.eligible)) for held in candidate.elevations
    ]
    if all(faults):
        yield from set().union(*faults)


def _faults(asked: Question, held: Held, eligible: Eligibility) -> Iterator[str]:
    """What is wrong with an elevation; it holds from `not_before` until before `expires`."""
    begins, ends, now = held.not_before, held.expires, asked.now
    if ends is None or (now is not None and (now >= ends or (begins is not None and now < begins))):
        yield "elevation-expired"
    if (
        held.approved_by is None
        or not (held.reviewed or eligible.approvers in held.approver_groups)
        or begins is None
        or ends is None
        or ends - begins > eligible.max_duration_s
        or (eligible.ticket and held.ticket is None)
    ):
        yield "elevation-unapproved"
    by = held.approved_by
    if by is not None and by in (asked.subject["id"], held.requested_by):
        yield "elevation-self-approved"


CONDITIONS: Final[tuple[Callable[[Question, Candidate], Iterator[str]], ...]] = (
    _token_age,
    _mfa,
    _device,
    _country,
    _ownership,
    _elevation,
)
"""What is asked of one way to act."""


# ------------------------------------------------------------------ beside the answer


def _warnings(asked: Question, satisfied: list[Candidate]) -> Iterator[str]:
    if any(candidate.binding.eligible is None for candidate in satisfied):
        return
    ends = [
        held.expires
        for candidate in satisfied
        for held in candidate.elevations
        if candidate.binding.eligible
        and held.expires is not None
        and not set(_faults(asked, held, candidate.binding.eligible))
    ]
    if asked.now is not None and max(ends) - asked.now <= EXPIRING_S:
        yield "elevation-expiring"


def _obligations(asked: Question) -> dict[str, Any]:
    plan = retention_of(asked.tenant.spec.retention) if asked.tenant and asked.scope else []
    jobs = asked.action.startswith(("job:", "input:", "result:"))
    return {
        "queue": asked.environment.queue if asked.environment else None,
        "audit_stream": "jobs" if jobs else "admin",
        "retention": {name: kept.keep for name, kept in plan},
    }
