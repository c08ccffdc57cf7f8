"""The guide's 90-day operational maturity plan."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, Final

from qgov.assess.item import Evidence, Item, Measure, Plan, Seen, by_rule, counted, listed, unseen
from qgov.assess.places import (
    elevating,
    holders,
    line_of,
    projects,
    readers,
    requested,
    risky,
    streams,
)
from qgov.assess.templates import Made, made_by
from qgov.finding import Origin
from qgov.model.access_model import AccessModel, Budget, Fact
from qgov.model.principal import name_of
from qgov.model.scope import EVERYWHERE, matches

__all__ = ["ITEMS"]

ITEMS: Final[list[Item]] = []
"""What the guide asks for within 90 days, in its order."""

_item: Final = partial(listed, ITEMS, Plan.MATURITY)

_STEPS: Final = (
    ("Tenant", "group assignment and roles"),
    ("Budget", "budget and quotas"),
    ("AccessTest", "what the owner expects"),
    ("page", "a welcome page"),
)
_MONTH_S: Final = 31 * 86_400
_OWNERS: Final = (
    ("security", ("access:review", "elevation:approve", "audit:read")),
    ("finance", ("approval:grant", "billing:read", "billing:write", "budget:write")),
    ("platform", ("policy:write", "identity:write")),
)
"""Whose owners a review needs, each known by any of these permissions."""


@_item(
    "onboarding",
    "Automated onboarding",
    "Onboarding workflows that scale",
    "that newcomers come in this way",
)
def _onboarding(seen: Seen) -> Iterator[Measure]:
    made = made_by(seen.templates)
    broken = [each for each in made if each.why]
    yield counted(
        "steps of onboarding are made from templates",
        [_step(made, kind, title) for kind, title in _STEPS],
        "add templates of a `Tenant`, a `Budget`, an `AccessTest` and a welcome page to "
        "`templates/`, as `qgov init` writes them",
    )
    if broken:
        yield counted(
            "templates render",
            [
                Evidence(not m.why, f"`{m.path}` {m.why}".rstrip(), partial(Origin, m.path))
                for m in made
            ],
            "correct the template: plain text, answers, conditions, and loops over answers",
        )


def _step(made: list[Made], kind: str, title: str) -> Evidence:
    for each in made:
        if kind in each.makes:
            return Evidence(True, title, partial(Origin, each.path))
    what = "a page" if kind == "page" else f"`{kind}`"
    return Evidence(False, f"{title}: no template makes {what}, not seen here")


@_item(
    "just-in-time", "Just-in-time elevation", "Group-based permissions and just-in-time elevation"
)
def _just_in_time(seen: Seen) -> Iterator[Measure]:
    model = seen.model
    if high := [(b.principal, line_of(b)) for b in risky(model)]:
        yield by_rule(seen, "QG406", "bindings to high-risk permissions are eligible only", high)
    eligible = [(b.principal, line_of(b)) for b in elevating(model)]
    if not eligible:
        yield unseen(
            "an eligible binding",
            "bind what is needed now and then with `eligible: {approvers: …, maxDuration: 4h, "
            "ticket: required}`",
        )
        return
    asked = [*eligible, *requested(model)]
    yield by_rule(seen, "QG408", "what people ask for is approved by somebody else", asked)
    yield by_rule(seen, "QG409", "eligible bindings end within the bounds", eligible)


@_item(
    "dashboard",
    "Feeds and readers of an audit dashboard",
    "Keep logs structured and queryable",
    "the dashboard itself",
)
def _dashboard(seen: Seen) -> Iterator[Measure]:
    model = seen.model
    yield counted(
        "audit streams are exported in a structured format",
        streams(model, "siem"),
        "add a sink of `type: siem` with its `endpoint` to `auditSinks`",
    )
    for permission, what in (("usage:read", "the usage"), ("audit:read", "the audit log")):
        yield counted(
            f"tenants have somebody who sees {what}",
            readers(model, permission, what),
            f"bind a group to a role with `{permission}` in the tenant or at `*`",
        )


@_item("quotas", "Quota controls for project leads", "Budgets, quotas, and approval thresholds")
def _quotas(seen: Seen) -> Iterator[Measure]:
    model = seen.model
    yield counted(
        "projects are counted by a quota of their tenant's own leads",
        list(_quota_of_projects(model)),
        "write a `Budget` of the project whose `owner` is a group of the tenant, with `quotas: "
        "[{measure: jobs, per: day, limit: …, warnAt: [80%]}]`",
    )
    soft = [
        (budget.name, line_of(budget.source))
        for budget in model.budgets.values()
        for quota in budget.quotas
        if quota.window != "job"
    ]
    if soft:
        yield by_rule(seen, "QG816", "quotas warn before they stop", soft)


def _quota_of_projects(model: AccessModel) -> Iterator[Evidence]:
    counting = {
        tenant: [b for b in budgets if _counts(b)] for tenant, budgets in model.budgets_in.items()
    }
    for scope, at, tenant in projects(model):
        known = (*counting.get(tenant.name, ()), *counting.get("", ()))
        found = [budget for budget in known if matches(budget.scope, scope)]
        own = next((b for b in found if _led(model, b, tenant.name)), None)
        if own is not None:
            yield Evidence(True, f"`{own.name}` of `{own.owner}`", line_of(own.source))
        elif found:
            says = f"`{scope}` is counted by `{found[0].name}` of `{found[0].owner}` only"
            yield Evidence(False, says, partial(found[0].source.at, "owner"))
        else:
            yield Evidence(False, f"nothing counts the jobs of `{scope}`", at)


def _counts(budget: Budget) -> bool:
    """Whether it counts the jobs of its projects, on whatever backend."""
    return not budget.backends and any(quota.window != "job" for quota in budget.quotas)


def _led(model: AccessModel, budget: Budget, tenant: str) -> bool:
    """Whether the budget's owner is the tenant's, or one of its groups alone."""
    group = model.groups.get(budget.owner)
    owner = model.tenants[tenant].spec.owner.group
    return budget.owner == owner or (group is not None and group.tenants == (tenant,))


@_item(
    "review",
    "Monthly review with security, finance and platform owners",
    "90-day operational maturity plan",
    "that the owners met",
)
def _review(seen: Seen) -> Iterator[Measure]:
    model = seen.model
    bound = [
        (name, line_of(tenant.source))
        for name, tenant in model.tenants.items()
        if tenant.spec.bindings or tenant.spec.service_accounts
    ]
    if not model.reviews:
        yield unseen("an access review", _WRITE_REVIEW)
        return
    if bound:
        yield by_rule(seen, "QG913", "tenants are reviewed again and again", bound)
    reviews = [(review.value.scope, line_of(review)) for review in model.reviews]
    yield by_rule(seen, "QG911", "reviews were held when they were due", reviews)
    yield counted(
        "tenants are reviewed every month",
        list(_monthly(model)),
        "set `every: 30d` in the `AccessReview` of the tenant or of `*`",
    )
    yield counted(
        "owners take part: security, finance, platform",
        [_takes_part(model, title, permissions) for title, permissions in _OWNERS],
        "write an `AccessReview` whose `reviewers` are a group of each, known by what it holds",
    )


_WRITE_REVIEW: Final = (
    "write an `AccessReview` of `*` for each of security, finance and platform owners, with "
    "`every: 30d`"
)


def _monthly(model: AccessModel) -> Iterator[Evidence]:
    every: dict[str, Fact[Any]] = {}
    for review in sorted(model.reviews, key=lambda r: int(r.value.every)):
        every.setdefault(review.value.scope, review)
    for name, tenant in model.tenants.items():
        whole = [every[scope] for scope in (name, EVERYWHERE) if scope in every]
        often = min(whole, key=lambda r: int(r.value.every), default=None)
        if often is None:
            yield Evidence(False, f"nobody reviews `{name}`", line_of(tenant.source))
        elif often.value.every > _MONTH_S:
            days = often.value.every // 86_400
            says = f"`{often.value.scope}` is reviewed every {days} days"
            yield Evidence(False, says, partial(often.at, "every"))
        else:
            yield Evidence(True, f"`{name}`", partial(often.at, "every"))


def _takes_part(model: AccessModel, title: str, permissions: tuple[str, ...]) -> Evidence:
    groups = {name_of(b.principal) for b in holders(model, *permissions)}
    for review in model.reviews:
        if review.value.reviewers in groups:
            says = f"{title}: `{review.value.reviewers}`"
            return Evidence(True, says, partial(review.at, "reviewers"))
    return Evidence(False, f"{title}: reviews nothing, not seen here")
