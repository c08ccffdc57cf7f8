"""The question that a request asks of a model: its names looked up, and the bindings
that its subject could act through."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from msgspec import Struct

from qgov.decision.lookups import DEPTHS, Lookups, Place, lookups
from qgov.decision.request import Request
from qgov.decision.request_parts import GivenElevation, JobSize, RequestJson, Subject, Used, seconds
from qgov.language.permissions import CATALOGUE, Permission
from qgov.language.persons import folded
from qgov.model.access_model import AccessModel, Binding, Budget, Tenant, Workload
from qgov.model.conditions import Conditions
from qgov.model.principal import Principal, group, workload
from qgov.model.scope import EVERYWHERE, contains

__all__ = ["Candidate", "HeldElevation", "Question", "bound", "candidates", "in_force", "question"]


class Question(Struct, frozen=True):
    """A request and what the model knows of its subject and resource.

    `names` are the model's. `known` is whether the subject is, `audiences` those of the issuer's
    providers and `principals` who it acts as; `place` is None unless the resource's labels name
    a scope that exists and has the depth of the permission; `job` and `usage` are empty where
    the request lacks them; `budgets` are those that the job falls under; `now` is in seconds,
    None when the request does not say.
    """

    model: AccessModel
    names: Lookups
    request: Request
    action: str
    job: JobSize
    usage: Used
    known: bool
    audiences: frozenset[str]
    principals: tuple[Principal, ...]
    workload: Workload | None
    permission: Permission | None
    place: Place | None
    tenant: Tenant | None
    budgets: tuple[Budget, ...]
    now: int | None
    issued_at: int | None

    @property
    def scope(self) -> str | None:
        """Of the place."""
        return None if self.place is None else self.place.scope


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
    request, names = Request.from_json(given), lookups(model)
    subject, resource = request.subject, request.resource
    action = request.action or ""
    permission = CATALOGUE.get(action)
    found = model.workloads.get(subject.id or "") if subject.type == "workload" else None
    audiences = names.audiences.get(subject.issuer or "", _NONE)
    person = subject.type == "user" and subject.id is not None and bool(audiences)
    principals = _principals(names, subject, found) if person or found else ()
    place = names.place(resource.labels, DEPTHS[action]) if permission else None
    now, issued_at = request.context.time, request.token.issued_at
    return Question(
        model,
        names,
        request,
        action,
        request.job or JobSize(),
        request.usage or {},
        person or found is not None,
        audiences,
        principals,
        found,
        permission,
        place,
        model.tenants.get(resource.tenant or ""),
        _budgets(names, place.scope, principals, resource.backend)
        if place and permission and permission.executes
        else (),
        None if now is None else seconds(now),
        None if issued_at is None else seconds(issued_at),
    )


_NONE: Final[frozenset[str]] = frozenset()


def _principals(names: Lookups, subject: Subject, found: Workload | None) -> tuple[Principal, ...]:
    """A workload, or a user's groups as far as their own provider issued the token."""
    if found is not None:
        return (workload(found.id),)
    groups = names.groups.get(subject.issuer or "", {})
    return tuple(map(groups.__getitem__, sorted(groups.keys() & subject.groups)))


def _budgets(
    names: Lookups, scope: str, principals: tuple[Principal, ...], backend: str | None
) -> tuple[Budget, ...]:
    """The budgets around a project, those of a group only for its members, those of backends
    only for jobs on them."""
    around = [
        budget
        for budget in names.budgets(scope)
        if (budget.group is None or group(budget.group) in principals) and budget.counts_on(backend)
    ]
    return tuple(around)


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
    if asked.place is None:
        return []
    scope = asked.place.scope
    return [
        Candidate(
            binding, conditions, tuple(_elevations(asked, binding)) if binding.eligible else ()
        )
        for principal in asked.principals
        for binding, conditions in asked.names.ways(principal, asked.action, scope)
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
