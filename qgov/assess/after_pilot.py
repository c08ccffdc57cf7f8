"""What “good” looks like after the pilot, in the guide's own four sentences."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from qgov.assess.item import Evidence, Item, Measure, Plan, Seen, by_rule, counted, listed, unseen
from qgov.assess.places import line_of, moneyed, people, providers, readers, streams
from qgov.model.access_model import AccessModel
from qgov.model.conditions import NONE

__all__ = ["ITEMS"]

ITEMS: Final[list[Item]] = []
"""What the guide calls good, in its order."""

_item: Final = partial(listed, ITEMS, Plan.GOOD)

_RISKS: Final = ("low", "medium", "high", "critical")


@_item("sso", "Users authenticate through SSO", "Identity-first access over shared logins")
def _sso(seen: Seen) -> Iterator[Measure]:
    model = seen.model
    yield by_rule(seen, "QG302", "identity providers sign people in by SSO", providers(model))
    yield by_rule(seen, "QG307", "identity providers end a session within a day", providers(model))
    if bindings := [(binding.principal, line_of(binding)) for binding in people(model)]:
        yield by_rule(seen, "QG301", "bindings name a group, not an account", bindings)


@_item("central-policy", "Admins manage policies centrally", "API-first administration")
def _central(seen: Seen) -> Iterator[Measure]:
    model = seen.model
    organization = model.organization
    at = partial(organization.source.at, "floors")
    says = "conditions that hold everywhere" if organization.floor != NONE else "no floors"
    yield counted(
        "organizations set floors",
        [Evidence(organization.floor != NONE, says, at)],
        "set `floors: {mfa: true, maxTokenAge: 12h}` in `qgov.yaml`",
    )
    yield by_rule(
        seen,
        "QG985",
        "organizations have guardrails",
        [(organization.name, partial(organization.source.at, "guardrails"))],
    )
    yield counted(
        "risks of a change name who approves it",
        list(_approvers(model)),
        "name the approving groups under `review:` in `qgov.yaml`",
    )


def _approvers(model: AccessModel) -> Iterator[Evidence]:
    source = model.organization.source
    for risk in _RISKS:
        names = getattr(model.organization.spec.review, risk)
        if names:
            yield Evidence(True, f"{risk}: `{names[0]}`", partial(source.at, "review", risk))
        else:
            yield Evidence(False, f"nobody has to approve a change of {risk} risk", line_of(source))


@_item("siem", "Logs land in the SIEM", "Keep logs structured and queryable", "that events arrive")
def _siem(seen: Seen) -> Iterator[Measure]:
    organization = seen.model.organization
    yield counted(
        "audit streams go to a SIEM",
        streams(seen.model, "siem"),
        "add a sink of `type: siem` with its `endpoint` to `auditSinks`",
    )
    at = partial(organization.source.at, "auditSinks")
    yield by_rule(seen, "QG712", "streams of administration are write-once", [("admin", at)])


@_item(
    "visible-budgets",
    "Budgets are visible before they are exceeded",
    "Budgets, quotas, and approval thresholds",
)
def _visible(seen: Seen) -> Iterator[Measure]:
    model = seen.model
    if not moneyed(model):
        yield unseen("a budget with money", "write a `Budget` with `limit` and `warnAt`")
    else:
        yield counted(
            "budgets warn below 100% and before they stop",
            list(_early(model)),
            "set `warnAt: [50%, 80%]`, below `stopAt`",
        )
    yield counted(
        "tenants have somebody who sees the budgets",
        readers(model, "budget:read", "the budgets"),
        "bind a group to a role with `budget:read` in the tenant or at `*`",
    )


def _early(model: AccessModel) -> Iterator[Evidence]:
    for budget in moneyed(model):
        first, stop = min(budget.warn_at, default=None), budget.stop_at or 10_000
        if first is None:
            yield Evidence(
                False, f"`{budget.name}` never warns", partial(budget.source.at, "budget")
            )
            continue
        at = partial(budget.source.at, "budget", "warnAt")
        says = f"`{budget.name}` first warns at {first / 100:g}%"
        yield Evidence(first < min(stop, 10_000), says, at)
