"""The question that a request asks of a model: its names looked up, and the bindings
that its subject could act through."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from qgov.decision.request import Request, normalize, seconds
from qgov.language.permissions import CATALOGUE, Permission
from qgov.model.access_model import AccessModel, Binding, Budget, Environment, Tenant, Workload
from qgov.model.accesses import budgets_around
from qgov.model.conditions import Conditions
from qgov.model.scope import EVERYWHERE, contains

__all__ = ["Candidate", "Held", "Question", "candidates", "question"]


@dataclass(frozen=True, slots=True)
class Question:
    """A normalized request and what the model knows of its subject and resource.

    `known` is whether the subject is, `audiences` those of the issuer's providers and
    `principals` who it acts as; `scope` is None unless the resource's labels name a scope
    that exists and has the depth of the permission; `budgets` are those that the job falls
    under; `now` is in seconds, None when the request does not say.
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
    audiences: frozenset[str]
    principals: tuple[str, ...]
    workload: Workload | None
    permission: Permission | None
    scope: str | None
    tenant: Tenant | None
    environment: Environment | None
    budgets: tuple[Budget, ...]
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
    audiences = _audiences(model, issuer)
    known = (user and "id" in subject and bool(audiences)) or workload is not None
    principals = _principals(model, subject, workload, issuer) if known else ()
    scope = _scope(model, labels, permission) if permission else None
    runs_at = scope if permission is not None and permission.executes else None
    return Question(
        model,
        subject,
        action,
        labels,
        context,
        token,
        user,
        known,
        issuer,
        audiences,
        principals,
        workload,
        permission,
        scope,
        tenant=model.tenants.get(labels.get("tenant", "")),
        environment=model.environment(scope) if scope else None,
        budgets=_budgets(model, runs_at, principals) if runs_at else (),
        now=seconds(context["time"]) if "time" in context else None,
        issued_at=seconds(token["issued_at"]) if "issued_at" in token else None,
    )


def _audiences(model: AccessModel, issuer: str | None) -> frozenset[str]:
    providers = model.organization.providers.values()
    return frozenset(p.value.audience for p in providers if p.value.issuer == issuer)


def _principals(
    model: AccessModel, subject: dict[str, Any], workload: Workload | None, issuer: str | None
) -> tuple[str, ...]:
    """A workload, or a user's groups as far as their own provider issued the token."""
    if workload is not None:
        return (f"workload:{workload.id}",)
    groups, providers = model.groups, model.organization.providers
    return tuple(
        f"group:{name}"
        for name in sorted(set(subject["properties"]["groups"]))
        if name in groups
        and groups[name].provider in providers
        and providers[groups[name].provider].value.issuer == issuer
    )


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


def _budgets(model: AccessModel, scope: str, principals: tuple[str, ...]) -> tuple[Budget, ...]:
    """The budgets around a project, those of a group only for its members."""
    return tuple(
        budget
        for budget in budgets_around(model, scope)
        if budget.group is None or f"group:{budget.group}" in principals
    )


def candidates(asked: Question) -> list[Candidate]:
    """The bindings that the subject could act through, in the model's order."""
    if not asked.known or asked.scope is None:
        return []
    found = []
    for principal in asked.principals:
        for binding in _bindings(asked.model, principal):
            role = asked.model.roles[binding.role]
            if asked.action in role.permissions and contains(binding.scope, asked.scope):
                held = tuple(_elevations(asked, binding)) if binding.eligible else ()
                found.append(Candidate(binding, _folded(asked, binding), held))
    return found


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
    for e in asked.model.elevations_of.get(me, ()):
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
