"""The guide's 30-day foundation plan."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Final

from qgov.assess.item import Evidence, Item, Measure, Plan, Seen, by_rule, counted, listed, unseen
from qgov.assess.places import able_to_spend, line_of, moneyed, of_tier, people, providers, streams
from qgov.checks.facts import PRODUCTION, privileged, roles_with, submitting
from qgov.model.access_model import AccessModel

__all__ = ["ITEMS"]

ITEMS: Final[list[Item]] = []
"""What the guide asks for in the first 30 days, in its order."""

_item: Final = partial(listed, ITEMS, Plan.FOUNDATION)

_ADMINISTERS: Final = ("policy:write", "identity:write", "billing:write", "secret:rotate")
_AUDITS: Final = frozenset({"audit:read", "log:read"})
_CATEGORIES: Final[tuple[tuple[str, bool, Callable[[Mapping[str, bool]], int]], ...]] = (
    ("platform administrators", False, lambda held: sum(p in held for p in _ADMINISTERS)),
    ("auditors", False, lambda held: held.keys() >= _AUDITS),
    ("quantum developers", True, lambda held: held.get("result:read") is False),
    ("researchers", True, lambda held: "result:read" in held),
)
"""Title, whether the role runs jobs, and how well its permissions fit (0: not at all)."""


@_item(
    "identity-federation",
    "Identity federation",
    "Use SSO and federation as the default",
    "that the provider is set up as it is written here",
)
def _federation(seen: Seen) -> Iterator[Measure]:
    model = seen.model
    yield by_rule(seen, "QG302", "identity providers sign people in by SSO", providers(model))
    if model.workloads:
        accounts = [(id_, line_of(w.source)) for id_, w in model.workloads.items()]
        yield by_rule(seen, "QG601", "service accounts are known by federation", accounts)


@_item(
    "mfa-enforcement",
    "MFA enforcement",
    "Enforce MFA and conditional access",
    "that the provider asks as it is written here",
)
def _mfa(seen: Seen) -> Iterator[Measure]:
    model = seen.model
    if production := of_tier(model, PRODUCTION):
        yield by_rule(seen, "QG507", "production environments ask for a second factor", production)
    if roles := [(n, line_of(r.source)) for n, r in model.roles.items() if privileged(r)]:
        yield by_rule(seen, "QG304", "privileged roles ask for a second factor", roles)
    yield counted(
        "identity providers ask everyone for a second factor",
        list(_asking(model)),
        "set `floors: {mfa: true}` in `qgov.yaml`, or write `mfa: enforced` at the provider",
    )


def _asking(model: AccessModel) -> Iterator[Evidence]:
    """For each provider, whether everyone's second factor is written down: what `mfa` means
    when it is absent is an assumption of the language, not something seen."""
    organization = model.organization
    for name, provider in organization.providers.items():
        if organization.floor.mfa:
            at = partial(organization.source.at, "floors", "mfa")
            yield Evidence(True, f"the floors ask everyone of `{name}`", at)
        elif provider.value.mfa == "enforced" and "mfa" in provider.value.model_fields_set:
            yield Evidence(True, f"`{name}` asks everyone", partial(provider.at, "mfa"))
        elif provider.value.mfa == "enforced":
            says = f"no floor asks, and `{name}` does not say: not seen here"
            yield Evidence(False, says, line_of(provider))
        else:
            yield Evidence(
                False, f"no floor asks, and `{name}` need not", partial(provider.at, "mfa")
            )


@_item("role-definitions", "Role definitions", "Recommended roles for quantum cloud governance")
def _roles(seen: Seen) -> Iterator[Measure]:
    yield counted(
        "categories of roles are defined and held",
        list(_categories(seen.model)),
        "write a `Role` for each category and bind a directory group to it: platform "
        "administrators, quantum developers, researchers, auditors",
    )
    readers = roles_with(seen.model, "audit:read")
    if readers:
        yield by_rule(
            seen,
            "QG404",
            "roles that read the audit log run no jobs",
            [(name, line_of(seen.model.roles[name].source)) for name in sorted(readers)],
        )


def _categories(model: AccessModel) -> Iterator[Evidence]:
    """The guide's four categories, each by what it may do; a role stands for one only."""
    submits = submitting(model)
    held = {binding.role: binding for binding in reversed(people(model))}
    left = sorted(model.roles)
    for title, executes, fitness in _CATEGORIES:
        fits = {
            name: fitness(model.roles[name].permissions)
            for name in left
            if (name in submits) is executes
        }
        ordered = sorted((n for n in fits if fits[n]), key=lambda n: (n not in held, -fits[n], n))
        if not ordered:
            yield Evidence(False, f"{title}: no role, not seen here")
            continue
        role = model.roles[ordered[0]]
        left.remove(role.name)
        if binding := held.get(role.name):
            says = f"{title}: `{role.name}`, held by `{binding.principal}`"
            yield Evidence(True, says, line_of(role.source))
        else:
            yield Evidence(False, f"{title}: nobody holds `{role.name}`", line_of(role.source))


@_item("log-export", "Basic log export", "Keep logs structured and queryable", "that events arrive")
def _logs(seen: Seen) -> Iterator[Measure]:
    yield counted(
        "audit streams are exported",
        streams(seen.model, "siem", "store"),
        "add `auditSinks` to `qgov.yaml` that take the streams `jobs` and `admin`, with the "
        "`endpoint` of a SIEM or a `store`",
    )


@_item("tiers", "Sandbox and shared test tiers", "Sandbox, shared test, and production-like tiers")
def _tiers(seen: Seen) -> Iterator[Measure]:
    model = seen.model
    places = []
    for tier in ("sandbox", "test"):
        found = of_tier(model, tier)
        says = f"`{found[0][0]}` is of tier {tier}" if found else f"no environment of tier {tier}"
        places.append(Evidence(bool(found), says, found[0][1] if found else None))
    yield counted(
        "tiers for experiments exist",
        places,
        "add an environment of `tier: sandbox` and one of `tier: test` to a tenant",
    )
    in_production = {scope.partition("/")[0] for scope, _ in of_tier(model, PRODUCTION)}
    if in_production:
        yield by_rule(
            seen,
            "QG511",
            "tenants with production experiment elsewhere",
            [(name, line_of(model.tenants[name].source)) for name in sorted(in_production)],
        )


@_item(
    "budgets", "Initial budgets and alert thresholds", "Budgets, quotas, and approval thresholds"
)
def _budgets(seen: Seen) -> Iterator[Measure]:
    model = seen.model
    if spenders := able_to_spend(model):
        yield by_rule(seen, "QG801", "projects that can spend are stopped by a budget", spenders)
    budgets = [(budget.name, line_of(budget.source)) for budget in moneyed(model)]
    if budgets:
        yield by_rule(seen, "QG803", "budgets with money have an alert threshold", budgets)
    else:
        yield unseen(
            "a budget with money",
            "write a `Budget` for each tenant: `budget: {period: monthly, limit: …, "
            "warnAt: [50%, 80%], stopAt: 100%}`",
        )
