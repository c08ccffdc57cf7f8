"""Elevations, waivers and raised budgets: QG901 to QG910, QG916, QG917.

An exception that has expired ends by itself: it is listed once (QG904), and no other rule
speaks of it. None of these rules can be waived.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from qgov.checks import guide
from qgov.checks.catalogue import rules
from qgov.checks.facts import found_at
from qgov.checks.rule import Found, rule
from qgov.checks.waivers import waivable
from qgov.finding import Severity
from qgov.language.persons import approved_by_another
from qgov.language.scalars import format_duration, format_instant
from qgov.model.access_model import AccessModel, Elevation, Fact


def _all(model: AccessModel) -> Iterator[Fact[Any]]:
    for elevation in model.elevations:
        yield elevation.source
    yield from model.waivers
    yield from model.budget_exceptions


def _live(model: AccessModel, now: datetime) -> Iterator[Fact[Any]]:
    return (fact for fact in _all(model) if fact.value.expires > now)


def _elevations(model: AccessModel, now: datetime) -> Iterator[Elevation]:
    return (elevation for elevation in model.elevations if elevation.expires > now)


@rule("QG901", Severity.ERROR, "exceptions", "change-approval", guide=guide.LIFECYCLE)
def unapproved_exception(model: AccessModel, now: datetime) -> Iterator[Found]:
    """An exception was approved by nobody.

    Whoever opens the pull request would otherwise grant it.

    Remedy: let somebody else approve it, and write them into `approvedBy`.
    """
    for fact in _live(model, now):
        if fact.value.approved_by is None:
            yield found_at(fact, f"nobody approved {fact.document}")


@rule("QG902", Severity.ERROR, "exceptions", "separation-of-duties", guide=guide.LIFECYCLE)
def self_approved_exception(model: AccessModel, now: datetime) -> Iterator[Found]:
    """Whoever asked for an exception, or profits from it, approved it.

    An approval is worth something because somebody else gives it.

    Remedy: let somebody else approve it.
    """
    for fact in _live(model, now):
        spec = fact.value
        interested = spec.requested_by, getattr(spec, "subject", None)
        if spec.approved_by and not approved_by_another(spec.approved_by, *interested):
            yield found_at(
                fact, f"`{spec.approved_by}` approved {fact.document} for themselves", "approvedBy"
            )


@rule("QG903", Severity.ERROR, "exceptions", guide=guide.LIFECYCLE)
def exception_too_long(model: AccessModel, now: datetime) -> Iterator[Found]:
    """An exception lasts longer than the organization allows.

    An exception without an end is a rule that nobody decided.

    Remedy: bring `expires` forward, and ask again when it is still needed.
    """
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


@rule("QG904", Severity.WARNING, "exceptions", guide=guide.LIFECYCLE)
def expired_exception(model: AccessModel, now: datetime) -> Iterator[Found]:
    """An exception has ended.

    It no longer has any effect, and hides those that have.

    Remedy: remove the document.
    """
    for fact in _all(model):
        if fact.value.expires <= now:
            yield found_at(
                fact, f"{fact.document} ended at {format_instant(fact.value.expires)}", "expires"
            )


@rule("QG905", Severity.WARNING, "exceptions", "change-approval", guide=guide.TOOLING)
def exception_without_ticket(model: AccessModel, now: datetime) -> Iterator[Found]:
    """No ticket tracks an exception.

    The ticket is where the reason is still readable when its author has left.

    Remedy: write the ticket into `ticket`.
    """
    for fact in _live(model, now):
        if fact.value.ticket is None:
            yield found_at(fact, f"no ticket tracks {fact.document}")


@rule("QG906", Severity.ERROR, "exceptions", guide=guide.LIFECYCLE)
def exception_ends_before_it_begins(model: AccessModel, now: datetime) -> Iterator[Found]:
    """An exception ends before it begins.

    It never has any effect, which is not what was approved.

    Remedy: put `notBefore` before `expires`.
    """
    for fact in _live(model, now):
        start = fact.value.not_before
        if start is not None and start >= fact.value.expires:
            yield found_at(fact, f"{fact.document} ends before it begins", "notBefore")


@rule("QG907", Severity.ERROR, "just-in-time", "exceptions", guide=guide.JUST_IN_TIME)
def elevation_longer_than_binding(model: AccessModel, now: datetime) -> Iterator[Found]:
    """An elevation lasts longer than its binding allows, or does not say when it begins.

    The policy engine denies it at the moment it is needed.

    Remedy: shorten the elevation; write `notBefore`.
    """
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


@rule("QG908", Severity.ERROR, "just-in-time", "exceptions", guide=guide.JUST_IN_TIME)
def elevation_without_binding(model: AccessModel, now: datetime) -> Iterator[Found]:
    """An elevation matches no eligible binding.

    Elevations make use of what was reviewed before; they grant nothing new.

    Remedy: name a role and scope that a group is eligible for, or add the eligible binding.
    """
    for elevation in _elevations(model, now):
        if not elevation.through:
            message = f"nobody is eligible for `{elevation.role}` on `{elevation.scope}`"
            yield found_at(elevation.source, message, "role")


@rule("QG909", Severity.ERROR, "just-in-time", "exceptions", guide=guide.TOOLING)
def elevation_lacks_ticket(model: AccessModel, now: datetime) -> Iterator[Found]:
    """An elevation names no ticket, though its binding asks for one.

    The policy engine denies it at the moment it is needed.

    Remedy: write the ticket into `ticket`.
    """
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


@rule("QG910", Severity.ERROR, "exceptions", guide=guide.LIFECYCLE)
def waiver_of_no_rule(model: AccessModel, now: datetime) -> Iterator[Found]:
    """A waiver names a rule that does not exist or cannot be waived.

    It silences nothing, while everybody believes that the matter was decided.

    Remedy: write the code of a rule; exceptions, clouds and guardrails cannot be waived, but for
    QG951 of a tenant whose `isolation` is `shared`.
    """
    known = {rule.code for rule in rules()}
    for waiver in model.waivers:
        if waiver.value.expires <= now:
            continue
        code, document = waiver.value.rule, waiver.value.document
        if code not in known:
            yield found_at(waiver, f"`{code}` is not a rule that can be waived", "rule")
        elif not waivable(model, code, document):
            yield found_at(waiver, f"`{code}` cannot be waived for {document}", "rule")


@rule("QG916", Severity.WARNING, "exceptions", "cost", guide=guide.SCALABILITY)
def budget_more_than_doubled(model: AccessModel, now: datetime) -> Iterator[Found]:
    """An exception more than doubles a budget.

    Usage caps are raised through approval; a new order of magnitude is a new budget.

    Remedy: change the budget itself, so that finance reviews it.
    """
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


@rule("QG917", Severity.ERROR, "exceptions", "cost", guide=guide.SCALABILITY)
def nothing_to_raise(model: AccessModel, now: datetime) -> Iterator[Found]:
    """An exception raises a budget that has no money.

    It has no effect, which is not what was approved.

    Remedy: name a document with `budget`, or change the quota itself.
    """
    for fact in model.budget_exceptions:
        budget = model.budgets.get(fact.value.budget)
        if fact.value.expires > now and budget is not None and budget.limit_micros is None:
            yield found_at(fact, f"`{fact.value.budget}` has no money to add to", "budget")
