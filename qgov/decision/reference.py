"""The specification: who may do what, in plain Python.

Rego and Cedar say the same in their own words, and tests hold all three to one answer.
A rule looks at the question and yields the reasons that it denies for. The rules of `RULES`
are about the request as a whole (those about the job stand in `qgov.decision.job_rules`),
those of `CONDITIONS` about one candidate, a binding that the subject could act through. A
request is allowed when no rule denies and one candidate lacks nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from qgov.decision.decision import Decision
from qgov.decision.job_rules import JOB_RULES, JOB_WARNINGS, too_large
from qgov.decision.question import Candidate, HeldElevation, Question, candidates, question
from qgov.decision.request_parts import RequestJson, seconds
from qgov.model.access_model import AccessModel, Workload
from qgov.model.conditions import Eligibility

__all__ = ["CONDITIONS", "RULES", "SKEW_S", "decide", "like"]

SKEW_S: Final = 60
"""How far two clocks may be apart."""
EXPIRING_S: Final = 900


def decide(model: AccessModel, request: RequestJson, revision: str = "") -> Decision:
    """Answer one request. Pure; an attribute that a rule needs and the request lacks denies."""
    asked = question(model, request)
    denials = {reason for rule in RULES for reason in rule(asked)}
    found = candidates(asked)
    lacks = [{reason for lack in CONDITIONS for reason in lack(asked, each)} for each in found]
    if not found:
        denials.add("no-grant")
    elif all(lacks):
        denials.update(*lacks)
    satisfied = [each for each, lacking in zip(found, lacks, strict=True) if not lacking]
    return Decision(
        allow=not denials,
        reasons=tuple(sorted(denials)),
        warnings=() if denials else tuple(sorted(_warnings(asked, satisfied))),
        obligations=_obligations(asked),
        revision=revision,
    )


# ------------------------------------------------------------------ rules about the request


def _subject(asked: Question) -> Iterator[str]:
    if not asked.known:
        yield "subject-unknown"


def _credential(asked: Question) -> Iterator[str]:
    kind = asked.request.token.kind
    workload = asked.request.subject.type == "workload"
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
    audience = asked.request.token.audience
    if asked.workload is not None:
        yield from _workload_federation(asked, asked.workload, audience)
    elif asked.known:
        if audience is None:
            yield "context-missing"
        elif audience not in asked.audiences:
            yield "federation-mismatch"


def _workload_federation(
    asked: Question, workload: Workload, audience: str | None
) -> Iterator[str]:
    known_by = asked.names.claims(workload.id)
    issuer, subject = asked.request.subject.issuer, asked.request.subject.subject
    if known_by and None in (issuer, audience, subject):
        yield "context-missing"
    if not any(
        issuer in (None, claims.issuer)
        and audience in (None, claims.audience)
        and (subject is None or like(subject, claims.subject))
        for claims in known_by
    ):
        yield "federation-mismatch"


def like(text: str, pattern: str) -> bool:
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
    if asked.permission is not None and asked.place is None:
        yield "scope-unknown"


def _isolation(asked: Question) -> Iterator[str]:
    if asked.tenant is None or not asked.known:
        return
    inside = (
        asked.request.subject.issuer in asked.tenant.issuers
        if asked.workload is None
        else asked.workload.tenant == asked.tenant.name
    )
    if not inside:
        yield "tenant-mismatch"


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


# --------------------------------------------------------------- conditions of a candidate


def _token_age(asked: Question, candidate: Candidate) -> Iterator[str]:
    bound = candidate.conditions.max_token_age_s
    if bound is None or asked.now is None or asked.issued_at is None:
        return
    if asked.now - asked.issued_at > bound:
        yield "token-stale"


def _mfa(asked: Question, candidate: Candidate) -> Iterator[str]:
    if candidate.conditions.mfa:
        yield from _affirmed(asked.request.context.mfa, "mfa-missing")


def _device(asked: Question, candidate: Candidate) -> Iterator[str]:
    if candidate.conditions.managed_device:
        yield from _affirmed(asked.request.context.managed_device, "device-unmanaged")


def _country(asked: Question, candidate: Candidate) -> Iterator[str]:
    countries = candidate.conditions.countries
    if countries is not None:
        country = asked.request.context.country
        yield from _affirmed(country and country in countries, "country-blocked")


def _ownership(asked: Question, candidate: Candidate) -> Iterator[str]:
    if candidate.conditions.own_only:
        owner = asked.request.resource.owner
        yield from _affirmed(owner and owner == asked.request.subject.id, "not-owner")


def _size(asked: Question, candidate: Candidate) -> Iterator[str]:
    if asked.permission is not None and asked.permission.executes:
        yield from too_large(asked, candidate.conditions.job)


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


def _faults(asked: Question, held: HeldElevation, eligible: Eligibility) -> Iterator[str]:
    """What is wrong with an elevation; it holds from `not_before` until before `expires`."""
    terms, now = held.terms, asked.now
    begins = None if terms.not_before is None else seconds(terms.not_before)
    ends = None if terms.expires is None else seconds(terms.expires)
    if ends is None or (now is not None and (now >= ends or (begins is not None and now < begins))):
        yield "elevation-expired"
    by = terms.approved_by
    if (
        by is None
        or not (held.reviewed or eligible.approvers in terms.approver_groups)
        or begins is None
        or ends is None
        or ends - begins > eligible.max_duration_s
        or (eligible.ticket and terms.ticket is None)
    ):
        yield "elevation-unapproved"
    if by is not None and by in (asked.request.subject.id, terms.requested_by):
        yield "elevation-self-approved"


CONDITIONS: Final[tuple[Callable[[Question, Candidate], Iterator[str]], ...]] = (
    _token_age,
    _mfa,
    _device,
    _country,
    _ownership,
    _size,
    _elevation,
)
"""What is asked of one way to act."""


# ------------------------------------------------------------------ beside the answer


def _warnings(asked: Question, satisfied: list[Candidate]) -> Iterator[str]:
    for warn in JOB_WARNINGS:
        yield from warn(asked)
    yield from _expiring(asked, satisfied)


def _expiring(asked: Question, satisfied: list[Candidate]) -> Iterator[str]:
    for candidate in satisfied:
        if candidate.binding.eligible is None:
            return
    ends = [
        seconds(held.terms.expires)
        for candidate in satisfied
        for held in candidate.elevations
        if candidate.binding.eligible
        and held.terms.expires is not None
        and not set(_faults(asked, held, candidate.binding.eligible))
    ]
    if asked.now is not None and max(ends) - asked.now <= EXPIRING_S:
        yield "elevation-expiring"


def _obligations(asked: Question) -> dict[str, Any]:
    place = asked.place
    jobs = asked.action.startswith(("job:", "input:", "result:"))
    return {
        "queue": place.environment.queue if place and place.environment else None,
        "audit_stream": "jobs" if jobs else "admin",
        "retention": dict(place.retention) if place else {},
        "budgets": sorted(budget.name for budget in asked.budgets),
    }
