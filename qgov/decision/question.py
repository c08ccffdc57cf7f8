"""The question that a request asks of a model: its names looked up, and the bindings
that its subject could act through."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from msgspec import Struct

from qgov.decision.request import (
    GivenElevation,
    JobSize,
    Request,
    RequestJson,
    Resource,
    Subject,
    Used,
    seconds,
)
from qgov.language.permissions import CATALOGUE, Permission
from qgov.language.persons import folded
from qgov.model.access_model import AccessModel, Binding, Budget, Environment, Tenant, Workload
from qgov.model.accesses import budgets_around
from qgov.model.conditions import Conditions
from qgov.model.floors import required
from qgov.model.principal import Principal, group, workload
from qgov.model.scope import EVERYWHERE, contains
from qgov.records import replace

__all__ = ["Candidate", "HeldElevation", "Question", "bound", "candidates", "in_force", "question"]


class Question(Struct, frozen=True):
    """A request and what the model knows of its subject and resource.

    `known` is whether the subject is, `audiences` those of the issuer's providers and
    `principals` who it acts as; `scope` is None unless the resource's labels name a scope
    that exists and has the depth of the permission; `job` and `usage` are empty where the
    request lacks them; `budgets` are those that the job falls under; `now` is in seconds,
    None when the request does not say.
    """

    model: AccessModel
    request: Request
    action: str
    job: JobSize
    usage: Used
    known: bool
    audiences: frozenset[str]
    principals: tuple[Principal, ...]
    workload: Workload | None
    permission: Permission | None
    scope: str | None
    tenant: Tenant | None
    environment: Environment | None
    budgets: tuple[Budget, ...]
    now: int | None
    issued_at: int | None


class HeldElevation(NamedTuple):
    """An elevation of the subject. `reviewed`: it is a document that was merged."""

    terms: GivenElevation
    reviewed: bool


class Candidate(NamedTuple):
    """A binding that gives the permission where the resource lies, with its folded
    conditions and the subject's elevations that name it."""

    binding: Binding
    conditions: Conditions
    elevations: tuple[HeldElevation, ...]


def question(model: AccessModel, given: RequestJson) -> Question:
    """The request with the names in it looked up."""
    request = Request.from_json(given)
    subject, resource = request.subject, request.resource
    permission = CATALOGUE.get(request.action or "")
    automated = subject.type == "workload"
    found = model.workloads.get(subject.id or "") if automated else None
    audiences = _audiences(model, subject.issuer)
    person = subject.type == "user" and subject.id is not None and bool(audiences)
    known = person or found is not None
    principals = _principals(model, subject, found) if known else ()
    scope = _scope(model, resource, permission) if permission else None
    runs_at = scope if permission is not None and permission.executes else None
    now, issued_at = request.context.time, request.token.issued_at
    return Question(
        model,
        request,
        request.action or "",
        request.job or JobSize(),
        request.usage or {},
        known,
        audiences,
        principals,
        found,
        permission,
        scope,
        tenant=model.tenants.get(resource.tenant or ""),
        environment=model.environment(scope) if scope else None,
        budgets=_budgets(model, runs_at, principals, resource.backend) if runs_at else (),
        now=None if now is None else seconds(now),
        issued_at=None if issued_at is None else seconds(issued_at),
    )


def _audiences(model: AccessModel, issuer: str | None) -> frozenset[str]:
    providers = model.organization.providers.values()
    return frozenset(p.value.audience for p in providers if p.value.issuer == issuer)


def _principals(
    model: AccessModel, subject: Subject, found: Workload | None
) -> tuple[Principal, ...]:
    """A workload, or a user's groups as far as their own provider issued the token."""
    if found is not None:
        return (workload(found.id),)
    groups, providers = model.groups, model.organization.providers
    return tuple(
        group(name)
        for name in sorted(set(subject.groups))
        if name in groups
        and groups[name].provider in providers
        and providers[groups[name].provider].value.issuer == subject.issuer
    )


def _scope(model: AccessModel, resource: Resource, permission: Permission) -> str | None:
    depth = permission.level.depth
    labels = [label for label in resource.labels[:depth] if label is not None]
    if len(labels) < depth or any(label is not None for label in resource.labels[depth:]):
        return None
    if depth == 0:
        return EVERYWHERE
    tenant = model.tenants.get(labels[0])
    environment = tenant.environments.get(labels[1]) if tenant and depth > 1 else None
    exists = (
        tenant is not None
        and (depth < 2 or environment is not None)
        and (depth < 3 or (environment is not None and labels[2] in environment.projects))
    )
    return "/".join(labels) if exists else None


def _budgets(
    model: AccessModel, scope: str, principals: tuple[Principal, ...], backend: str | None
) -> tuple[Budget, ...]:
    """The budgets around a project, those of a group only for its members, those of backends
    only for jobs on them."""
    return tuple(
        budget
        for budget in budgets_around(model, scope)
        if (budget.group is None or group(budget.group) in principals) and budget.counts_on(backend)
    )


def candidates(asked: Question) -> list[Candidate]:
    """The bindings that the subject could act through, in the model's order."""
    return [each for each in bound(asked) if in_force(asked, each.binding)]


def in_force(asked: Question, binding: Binding) -> bool:
    """Whether a binding has not ended. At no known time one that ends grants nothing."""
    if binding.expires is None:
        return True
    return asked.now is not None and asked.now < seconds(binding.expires)


def bound(asked: Question) -> list[Candidate]:
    """The candidates, and the bindings that would be if they had not ended."""
    if not asked.known or asked.scope is None:
        return []
    found = []
    for principal in asked.principals:
        for binding in _bindings(asked.model, principal):
            role = asked.model.roles[binding.role]
            if asked.action in role.permissions and contains(binding.scope, asked.scope):
                held = tuple(_elevations(asked, binding)) if binding.eligible else ()
                floor = asked.model.floor(asked.scope)
                conditions = replace(
                    required(floor, role, binding, asked.workload),
                    own_only=role.permissions[asked.action],
                    eligible=binding.eligible,
                )
                found.append(Candidate(binding, conditions, held))
    return found


def _bindings(model: AccessModel, principal: str) -> tuple[Binding, ...]:
    """A principal's bindings; the model sorts them by principal."""
    start = bisect_left(model.bindings, principal, key=lambda b: b.principal)
    return model.bindings[
        start : bisect_right(model.bindings, principal, key=lambda b: b.principal)
    ]


def _elevations(asked: Question, binding: Binding) -> Iterator[HeldElevation]:
    """The subject's elevations that name the binding's role at a scope inside the binding's
    and around the resource."""
    for held in _held(asked):
        role, scope = held.terms.role, held.terms.scope
        if (
            role == binding.role
            and scope is not None
            and contains(binding.scope, scope)
            and contains(scope, asked.scope or EVERYWHERE)
        ):
            yield held


def _held(asked: Question) -> Iterator[HeldElevation]:
    me = asked.request.subject.id or ""
    for e in asked.model.elevations_of.get(me, ()):
        terms = GivenElevation(
            me,
            e.role,
            e.scope,
            e.requested_by and folded(e.requested_by),
            e.approved_by and folded(e.approved_by),
            ticket=e.ticket,
            not_before=e.not_before,
            expires=e.expires,
        )
        yield HeldElevation(terms, reviewed=True)
    for given in asked.request.elevations or ():
        if given.subject in (None, me):
            yield HeldElevation(given, reviewed=False)
