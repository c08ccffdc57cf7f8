"""Elevations, waivers, raised budgets and access reviews: QG90x and QG91x.

An exception that has expired ends by itself: it is listed once (QG904), and no other
rule speaks of it. None of these rules can be waived.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any, Final

from qgov.checks.facts import found_at
from qgov.checks.rule import Found, Rule
from qgov.finding import Severity
from qgov.language.scalars import format_duration, format_instant
from qgov.model.access_model import AccessModel, Elevation, Fact
from qgov.model.scope import EVERYWHERE, tenant_of

__all__ = ["RULES"]


def _all(model: AccessModel) -> Iterator[Fact[Any]]:
    for elevation in model.elevations:
        yield elevation.source
    yield from model.waivers
    yield from model.budget_exceptions


def _live(model: AccessModel, now: datetime) -> Iterator[Fact[Any]]:
    return (fact for fact in _all(model) if fact.value.expires > now)


def _elevations(model: AccessModel, now: datetime) -> Iterator[Elevation]:
    return (elevation for elevation in model.elevations if elevation.expires > now)


def _unapproved(model: AccessModel, now: datetime) -> Iterator[Found]:
    for fact in _live(model, now):
        if fact.value.approved_by is None:
            yield found_at(fact, f"nobody approved {fact.document}")


def _self_approved(model: AccessModel, now: datetime) -> Iterator[Found]:
    for fact in _live(model, now):
        spec = fact.value
        asked = {_person(spec.requested_by), _person(getattr(spec, "subject", None))}
        if spec.approved_by is not None and _person(spec.approved_by) in asked:
            yield found_at(
                fact, f"`{spec.approved_by}` approved {fact.document} for themselves", "approvedBy"
            )


def _person(id_: str | None) -> str | None:
    """Directory ids differ by more than case."""
    return id_ and id_.lower()


def _too_long(model: AccessModel, now: datetime) -> Iterator[Found]:
    bounds = model.organization.spec.compliance.exceptions
    longest = {
        "Elevation": bounds.elevation,
        "Waiver": bounds.waiver,
        "BudgetException": bounds.budget,
    }
    for fact in _live(model, now):
        start = fact.value.not_before or now
        bound = longest[fact.source.kind]
        if fact.value.expires - start > timedelta(seconds=bound):
            yield found_at(
                fact,
                f"{fact.document} lasts until "
                f"{format_instant(fact.value.expires)}, longer than "
                f"{format_duration(bound)}",
                "expires",
            )


def _expired(model: AccessModel, now: datetime) -> Iterator[Found]:
    for fact in _all(model):
        if fact.value.expires <= now:
            yield found_at(
                fact, f"{fact.document} ended at {format_instant(fact.value.expires)}", "expires"
            )


def _no_ticket(model: AccessModel, now: datetime) -> Iterator[Found]:
    for fact in _live(model, now):
        if fact.value.ticket is None:
            yield found_at(fact, f"no ticket tracks {fact.document}")


def _backwards(model: AccessModel, now: datetime) -> Iterator[Found]:
    for fact in _live(model, now):
        start = fact.value.not_before
        if start is not None and start >= fact.value.expires:
            yield found_at(fact, f"{fact.document} ends before it begins", "notBefore")


def _longer_than_binding(model: AccessModel, now: datetime) -> Iterator[Found]:
    for elevation in _elevations(model, now):
        limits = [b.eligible.max_duration_s for b in elevation.through if b.eligible]
        if not limits:
            continue
        if elevation.not_before is None:
            yield found_at(
                elevation.source,
                f"`{elevation.name}` does not say when it begins, so "
                "nobody can tell how long it lasts",
                "expires",
            )
        elif elevation.expires - elevation.not_before > timedelta(seconds=max(limits)):
            lasts = int((elevation.expires - elevation.not_before).total_seconds())
            yield found_at(
                elevation.source,
                f"`{elevation.name}` lasts {format_duration(lasts)}, "
                f"the binding allows {format_duration(max(limits))}",
                "expires",
            )


def _without_binding(model: AccessModel, now: datetime) -> Iterator[Found]:
    for elevation in _elevations(model, now):
        if not elevation.through:
            yield found_at(
                elevation.source,
                f"nobody is eligible for `{elevation.role}` on `{elevation.scope}`",
                "role",
            )


def _binding_wants_ticket(model: AccessModel, now: datetime) -> Iterator[Found]:
    for elevation in _elevations(model, now):
        if (
            elevation.ticket is None
            and elevation.through
            and all(b.eligible is not None and b.eligible.ticket for b in elevation.through)
        ):
            yield found_at(
                elevation.source,
                f"the binding to `{elevation.role}` asks for a "
                "ticket, and the elevation names none",
            )


def _unknown_rule(model: AccessModel, now: datetime) -> Iterator[Found]:
    # Looked up late, as the catalogue finds its concerns: this module is a part of it.
    known = {rule.code for rule in import_module("qgov.checks").rules()}
    for waiver in model.waivers:
        if waiver.value.expires <= now:
            continue
        code = waiver.value.rule
        if code not in known:
            yield found_at(waiver, f"`{code}` is not a rule that can be waived", "rule")
        elif code.startswith("QG9"):
            yield found_at(waiver, f"`{code}` cannot be waived", "rule")


def _overdue(model: AccessModel, now: datetime) -> Iterator[Found]:
    today = now.date()
    for review in model.reviews:
        late = (today - review.value.completed).days * 86_400 - review.value.every
        if late > 0:
            yield found_at(
                review,
                f"the access review of `{review.value.scope}` was due {format_duration(late)} ago",
                "completed",
            )


def _cadences(model: AccessModel) -> tuple[dict[str, Fact[Any]], Fact[Any] | None]:
    """The most frequent review of each tenant as a whole, and of everything."""
    best: dict[str, Fact[Any]] = {}
    for review in model.reviews:
        name = tenant_of(review.value.scope)
        if review.value.scope not in (EVERYWHERE, name):
            continue
        if name not in best or review.value.every < best[name].value.every:
            best[name] = review
    return best, best.get("")


def _too_rare(model: AccessModel, _now: datetime) -> Iterator[Found]:
    bounds = {
        n: f.value.review_every
        for n, f in model.organization.frameworks.items()
        if f.value.review_every is not None
    }
    best, everything = _cadences(model)
    for name, tenant in model.tenants.items():
        reviews = [r for r in (best.get(name), everything) if r is not None]
        if not bounds or not reviews:
            continue
        review = min(reviews, key=lambda r: int(r.value.every))
        for framework in tenant.spec.frameworks:
            if review.value.every > bounds.get(framework, review.value.every):
                yield found_at(
                    review,
                    f"`{name}` is reviewed every "
                    f"{format_duration(review.value.every)}, `{framework}` asks for "
                    f"{format_duration(bounds[framework])}",
                    "every",
                )


def _missing_review(model: AccessModel, _now: datetime) -> Iterator[Found]:
    best, everything = _cadences(model)
    if everything is not None:
        return
    for name, tenant in model.tenants.items():
        if name not in best and (tenant.spec.bindings or tenant.spec.service_accounts):
            yield Found(
                tenant.source.origin,
                f"nobody reviews who has access to `{name}`",
                tenant.source.document,
            )


def _untrue_review(model: AccessModel, now: datetime) -> Iterator[Found]:
    for review in model.reviews:
        if review.value.completed > now.date():
            yield found_at(
                review, f"the review of `{review.value.scope}` lies in the future", "completed"
            )


def _unattested(model: AccessModel, _now: datetime) -> Iterator[Found]:
    for review in model.reviews:
        if review.value.completed_by is None or review.value.evidence is None:
            missing = "completedBy" if review.value.completed_by is None else "evidence"
            yield found_at(
                review, f"the review of `{review.value.scope}` has no `{missing}`", "completed"
            )


def _doubled_budget(model: AccessModel, now: datetime) -> Iterator[Found]:
    for fact in model.budget_exceptions:
        budget = model.budgets.get(fact.value.budget)
        spend = budget.source.value.budget if budget is not None else None
        if fact.value.expires <= now or spend is None:
            continue
        increase, limit = fact.value.increase, spend.limit
        if increase.currency == limit.currency and increase.micros > limit.micros:
            yield found_at(
                fact, f"{fact.document} more than doubles `{fact.value.budget}`", "increase"
            )


def _idle_raise(model: AccessModel, now: datetime) -> Iterator[Found]:
    for fact in model.budget_exceptions:
        budget = model.budgets.get(fact.value.budget)
        if fact.value.expires > now and budget is not None and budget.limit_micros is None:
            yield found_at(fact, f"`{fact.value.budget}` has no money to add to", "budget")


_FLOW = "Lifecycle flow"
_TOOLS = "Tooling alignment with developer workflows"
_SCALE = "Scalability without losing control"
_JIT = "Group-based permissions and just-in-time elevation"
_REVIEW = "90-day operational maturity plan"

RULES: Final = (
    Rule(
        "QG901",
        "unapproved-exception",
        Severity.ERROR,
        "An exception was approved by nobody.",
        "Whoever opens the pull request would otherwise grant it.",
        "let somebody else approve it, and write them into `approvedBy`",
        ("exceptions", "change-approval"),
        _FLOW,
        _unapproved,
        bad="""
kind: Elevation
metadata: {name: atlas-mei}
spec: {approvedBy: null}
""",
        good="""
kind: Elevation
metadata: {name: atlas-mei}
spec: {approvedBy: olga@acme.example}
""",
    ),
    Rule(
        "QG902",
        "self-approved-exception",
        Severity.ERROR,
        "Whoever asked for an exception, or profits from it, approved it.",
        "An approval is worth something because somebody else gives it.",
        "let somebody else approve it",
        ("exceptions", "separation-of-duties"),
        _FLOW,
        _self_approved,
        bad="""
kind: Elevation
metadata: {name: atlas-mei}
spec: {approvedBy: Mei@acme.example}
""",
        good="""
kind: Elevation
metadata: {name: atlas-mei}
spec: {requestedBy: mei@acme.example, approvedBy: olga@acme.example}
""",
    ),
    Rule(
        "QG903",
        "exception-too-long",
        Severity.ERROR,
        "An exception lasts longer than the organization allows.",
        "An exception without an end is a rule that nobody decided.",
        "bring `expires` forward, and ask again when it is still needed",
        ("exceptions",),
        _FLOW,
        _too_long,
        bad="""
kind: Waiver
metadata: {name: borealis-no-federation}
spec: {expires: 2030-01-01T00:00:00Z}
""",
        good="""
kind: Waiver
metadata: {name: borealis-no-federation}
spec: {expires: 2026-12-31T00:00:00Z}
""",
    ),
    Rule(
        "QG904",
        "expired-exception",
        Severity.WARNING,
        "An exception has ended.",
        "It no longer has any effect, and hides those that have.",
        "remove the document",
        ("exceptions",),
        _FLOW,
        _expired,
        bad="""
kind: Elevation
metadata: {name: atlas-mei}
spec: {notBefore: 2026-11-22T18:00:00Z, expires: 2026-11-22T22:00:00Z}
""",
        good="""
kind: Elevation
metadata: {name: atlas-mei}
spec: {notBefore: 2026-11-24T18:00:00Z, expires: 2026-11-24T22:00:00Z}
""",
    ),
    Rule(
        "QG905",
        "exception-without-ticket",
        Severity.WARNING,
        "No ticket tracks an exception.",
        "The ticket is where the reason is still readable when its author has left.",
        "write the ticket into `ticket`",
        ("exceptions", "change-approval"),
        _TOOLS,
        _no_ticket,
        bad="""
kind: BudgetException
metadata: {name: atlas-more}
spec: {ticket: null}
""",
        good="""
kind: BudgetException
metadata: {name: atlas-more}
spec: {ticket: QGOV-200}
""",
    ),
    Rule(
        "QG906",
        "exception-ends-before-it-begins",
        Severity.ERROR,
        "An exception ends before it begins.",
        "It never has any effect, which is not what was approved.",
        "put `notBefore` before `expires`",
        ("exceptions",),
        _FLOW,
        _backwards,
        bad="""
kind: BudgetException
metadata: {name: atlas-more}
spec: {notBefore: 2026-12-24T00:00:00Z}
""",
        good="""
kind: BudgetException
metadata: {name: atlas-more}
spec: {notBefore: 2026-11-24T00:00:00Z}
""",
    ),
    Rule(
        "QG907",
        "elevation-longer-than-binding",
        Severity.ERROR,
        "An elevation lasts longer than its binding allows, or does not say when it begins.",
        "The policy engine denies it at the moment it is needed.",
        "shorten the elevation; write `notBefore`",
        ("just-in-time", "exceptions"),
        _JIT,
        _longer_than_binding,
        bad="""
kind: Elevation
metadata: {name: atlas-mei}
spec: {expires: 2026-11-24T18:30:00Z}
""",
        good="""
kind: Elevation
metadata: {name: atlas-mei}
spec: {expires: 2026-11-23T21:30:00Z}
""",
    ),
    Rule(
        "QG908",
        "elevation-without-binding",
        Severity.ERROR,
        "An elevation matches no eligible binding.",
        "Elevations make use of what was reviewed before; they grant nothing new.",
        "name a role and scope that a group is eligible for, or add the eligible binding",
        ("just-in-time", "exceptions"),
        _JIT,
        _without_binding,
        bad="""
kind: Elevation
metadata: {name: atlas-mei}
spec: {role: pipeline}
""",
        good="""
kind: Elevation
metadata: {name: atlas-mei}
spec: {on: atlas/production/chem}
""",
    ),
    Rule(
        "QG909",
        "elevation-lacks-ticket",
        Severity.ERROR,
        "An elevation names no ticket, though its binding asks for one.",
        "The policy engine denies it at the moment it is needed.",
        "write the ticket into `ticket`",
        ("just-in-time", "exceptions"),
        _TOOLS,
        _binding_wants_ticket,
        bad="""
kind: Elevation
metadata: {name: atlas-mei}
spec: {ticket: null}
""",
        good="""
kind: Elevation
metadata: {name: atlas-mei}
spec: {ticket: QGOV-201}
""",
    ),
    Rule(
        "QG910",
        "waiver-of-no-rule",
        Severity.ERROR,
        "A waiver names a rule that does not exist or cannot be waived.",
        "It silences nothing, while everybody believes that the matter was decided.",
        "write the code of a rule; exceptions, clouds and guardrails cannot be waived",
        ("exceptions",),
        _FLOW,
        _unknown_rule,
        bad="""
kind: Waiver
metadata: {name: borealis-no-federation}
spec: {rule: QG699}
""",
        good="""
kind: Waiver
metadata: {name: borealis-no-federation}
spec: {rule: QG604}
""",
    ),
    Rule(
        "QG911",
        "review-overdue",
        Severity.WARNING,
        "An access review is overdue.",
        "Rights that nobody looks at only ever grow.",
        "review the access, and write the day into `completed`",
        ("access-review",),
        _REVIEW,
        _overdue,
        bad="""
kind: AccessReview
metadata: {name: everything}
spec: {completed: 2026-09-01}
""",
        good="""
kind: AccessReview
metadata: {name: everything}
spec: {completed: 2026-11-23}
""",
    ),
    Rule(
        "QG912",
        "review-too-rare",
        Severity.ERROR,
        "A tenant's access is reviewed less often than a framework asks for.",
        "The cadence is an obligation towards somebody outside.",
        "shorten `every`, or add a review of the tenant",
        ("access-review", "assessment"),
        "Map controls to real obligations",
        _too_rare,
        bad="""
kind: AccessReview
metadata: {name: everything}
spec: {every: 180d}
""",
        good="""
kind: AccessReview
metadata: {name: everything}
spec: {every: 90d}
""",
    ),
    Rule(
        "QG913",
        "no-review",
        Severity.WARNING,
        "No access review covers a tenant.",
        "People change projects; only a review notices.",
        "write an `AccessReview` of the tenant, or one of `*`",
        ("access-review",),
        _REVIEW,
        _missing_review,
        bad="""
kind: AccessReview
metadata: {name: everything}
spec: {scope: atlas}
---
kind: Tenant
metadata: {name: borealis}
spec: {costCenter: CC-201}
""",
        good="""
kind: AccessReview
metadata: {name: everything}
spec: {scope: atlas}
---
kind: AccessReview
metadata: {name: borealis}
spec:
  scope: borealis
  reviewers: borealis-leads
  every: 90d
  completed: 2026-11-10
  completedBy: ines@acme.example
  evidence: https://wiki.acme.example/reviews/borealis
""",
    ),
    Rule(
        "QG914",
        "review-of-tomorrow",
        Severity.ERROR,
        "An access review was completed in the future.",
        "It would keep the review from ever being due.",
        "write the day on which the review was completed",
        ("access-review",),
        _REVIEW,
        _untrue_review,
        bad="""
kind: AccessReview
metadata: {name: everything}
spec: {completed: 2027-11-10}
""",
        good="""
kind: AccessReview
metadata: {name: everything}
spec: {completed: 2026-11-22}
""",
    ),
    Rule(
        "QG915",
        "review-without-evidence",
        Severity.WARNING,
        "An access review does not say who attested it, or where the record is.",
        "An auditor asks for the record, not for the date.",
        "write `completedBy` and `evidence`",
        ("access-review", "assessment"),
        "Evidence packs for security reviews",
        _unattested,
        bad="""
kind: AccessReview
metadata: {name: everything}
spec: {evidence: null}
""",
        good="""
kind: AccessReview
metadata: {name: everything}
spec: {evidence: https://wiki.acme.example/reviews/november}
""",
    ),
    Rule(
        "QG916",
        "budget-more-than-doubled",
        Severity.WARNING,
        "An exception more than doubles a budget.",
        "Usage caps are raised through approval; a new order of magnitude is a new budget.",
        "change the budget itself, so that finance reviews it",
        ("exceptions", "cost"),
        _SCALE,
        _doubled_budget,
        bad="""
kind: BudgetException
metadata: {name: atlas-more}
spec: {increase: 50000.00 EUR}
""",
        good="""
kind: BudgetException
metadata: {name: atlas-more}
spec: {increase: 5000.00 EUR}
""",
    ),
    Rule(
        "QG917",
        "nothing-to-raise",
        Severity.ERROR,
        "An exception raises a budget that has no money.",
        "It has no effect, which is not what was approved.",
        "name a document with `budget`, or change the quota itself",
        ("exceptions", "cost"),
        _SCALE,
        _idle_raise,
        bad="""
kind: Budget
metadata: {name: borealis-demo}
spec:
  scope: borealis/sandbox
  owner: borealis-leads
  quotas: [{measure: jobs, per: day, limit: 500, warnAt: [80%]}]
---
kind: BudgetException
metadata: {name: atlas-more}
spec: {budget: borealis-demo}
""",
        good="""
kind: BudgetException
metadata: {name: atlas-more}
spec: {budget: atlas-chem}
""",
    ),
)
"""Rules about exceptions and attestations."""
