"""Access reviews: QG911 to QG915."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from qgov.checks import guide
from qgov.checks.facts import found_at
from qgov.checks.rule import Found, rule
from qgov.finding import Severity
from qgov.language.kinds.exceptions import AccessReviewSpec
from qgov.language.scalars import format_duration
from qgov.model.access_model import AccessModel, Fact
from qgov.model.scope import EVERYWHERE, tenant_of


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


def late_s(review: AccessReviewSpec, now: datetime) -> int:
    """How long a review has been due, in seconds; not above 0 where it is not."""
    return (now.date() - review.completed).days * 86_400 - int(review.every)


@rule("QG911", Severity.WARNING, "access-review", guide=guide.MATURITY)
def review_overdue(model: AccessModel, now: datetime) -> Iterator[Found]:
    """An access review is overdue.

    Rights that nobody looks at only ever grow.

    Remedy: review the access, and write the day into `completed`.
    """
    for review in model.reviews:
        if (late := late_s(review.value, now)) > 0:
            yield found_at(
                review,
                f"the access review of `{review.value.scope}` was due {format_duration(late)} ago",
                "completed",
            )


@rule("QG912", Severity.ERROR, "access-review", "assessment", guide=guide.OBLIGATIONS)
def review_too_rare(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A tenant's access is reviewed less often than a framework asks for.

    The cadence is an obligation towards somebody outside.

    Remedy: shorten `every`, or add a review of the tenant.
    """
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


@rule("QG913", Severity.WARNING, "access-review", guide=guide.MATURITY)
def no_review(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """No access review covers a tenant.

    People change projects; only a review notices.

    Remedy: write an `AccessReview` of the tenant, or one of `*`.
    """
    best, everything = _cadences(model)
    if everything is not None:
        return
    for name, tenant in model.tenants.items():
        if name not in best and (tenant.spec.bindings or tenant.spec.service_accounts):
            message = f"nobody reviews who has access to `{name}`"
            yield Found(tenant.source.origin, message, tenant.source.document)


@rule("QG914", Severity.ERROR, "access-review", guide=guide.MATURITY)
def review_of_tomorrow(model: AccessModel, now: datetime) -> Iterator[Found]:
    """An access review was completed in the future.

    It would keep the review from ever being due.

    Remedy: write the day on which the review was completed.
    """
    for review in model.reviews:
        if review.value.completed > now.date():
            yield found_at(
                review, f"the review of `{review.value.scope}` lies in the future", "completed"
            )


@rule("QG915", Severity.WARNING, "access-review", "assessment", guide=guide.EVIDENCE)
def review_without_evidence(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """An access review does not say who attested it, or where the record is.

    An auditor asks for the record, not for the date.

    Remedy: write `completedBy` and `evidence`.
    """
    for review in model.reviews:
        if review.value.completed_by is None or review.value.evidence is None:
            missing = "completedBy" if review.value.completed_by is None else "evidence"
            yield found_at(
                review, f"the review of `{review.value.scope}` has no `{missing}`", "completed"
            )
