"""What Cedar is asked about one request.

One question for each way (a grant that the subject could act through, with each elevation
that it could do so by) and one for each budget around a job (with each approval that
could be for it). These are proposals, found by key: whether a grant, an elevation, a
budget or an approval is one, and what it lacks, is for the policies to say.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from msgspec.json import encode

from qgov.decision.engines.cedar.entities import Budget, Grant, Known
from qgov.decision.engines.cedar.request import Asked, number, present, reference, uid
from qgov.decision.request_parts import GivenApproval, GivenElevation

__all__ = ["Evaluation", "questions"]

Json = dict[str, Any]


class Evaluation(NamedTuple):
    """One evaluation. `way` is the grant's name (empty without one), `budget` the budget's
    (None: the question is about a way); `context` is JSON, an object of the parts `told`."""

    way: str
    budget: str | None
    action: str
    context: str
    told: frozenset[str]


def questions(asked: Asked, known: Known) -> Iterator[Evaluation]:
    """Everything that Cedar is asked about a request."""
    budgets = _budgets(asked, known)
    action = asked.action if asked.listed else "unlisted"
    about = {**asked.common, **asked.claims}
    if asked.executes:
        about["budgets"] = [uid("Budget", budget.name) for budget in budgets]
    said = _open(about)
    grants = list(_grants(asked, known))
    elevations = _elevations(asked, known) if any(grant.eligible for grant in grants) else []
    for grant in grants:
        fields = {"grant": uid("Grant", grant.name)}
        given = [
            proposed
            for proposed in elevations
            if grant.eligible and proposed["elevation"]["role"]["id"] == grant.role
        ]
        for proposed in given or [{}]:
            yield Evaluation(grant.name, None, action, *_close(said, {**fields, **proposed}))
    if not grants:
        yield Evaluation("", None, action, *_close(said, {}))
    if budgets:
        yield from _charges(asked, budgets, list(_approvals(asked, known)))


Said = tuple[str, frozenset[str]]
"""A context as JSON, and the names of its parts."""


def _open(fields: Json) -> Said:
    """The context that many questions begin with; never empty."""
    return encode(fields)[:-1].decode(), frozenset(fields)


def _close(opened: Said, fields: Json) -> Said:
    text, told = opened
    if not fields:
        return f"{text}}}", told
    return f"{text},{encode(fields)[1:].decode()}", told.union(fields)


def _grants(asked: Asked, known: Known) -> Iterator[Grant]:
    """Those of the subject's groups, or of the workload, around the resource."""
    name = asked.principal["id"]
    holders: Iterable[tuple[str, str]] = [("group", group) for group in asked.groups]
    if asked.principal["type"] == "QGov::Workload":
        holders = [("workload", name)]
    for kind, holder in holders:
        for scope in asked.around:
            for grant in known.grants.get((kind, holder, scope), ()):
                if asked.action in grant.permissions:
                    yield grant


def _elevations(asked: Asked, known: Known) -> list[Json]:
    """Those of the subject around the resource, with the document that says so."""
    name = asked.principal["id"]
    found = [
        {"elevation": _short(terms), "document": uid("Elevation", document)}
        for document, terms in known.elevations.get(name, ())
    ]
    found += [
        {"elevation": _held(given, known)}
        for given in asked.request.elevations or ()
        if given.subject in (None, name) and given.role is not None and given.scope is not None
    ]
    return _unique(f for f in found if f["elevation"]["scope"]["id"] in asked.around)


def _short(terms: Json) -> Json:
    """An entity's attributes as a context says them: references without `__entity`."""
    return {
        name: value["__entity"] if isinstance(value, dict) else value
        for name, value in terms.items()
    }


def _held(given: GivenElevation, known: Known) -> Json:
    return present(
        {
            "subject": given.subject,
            "role": reference("Role", given.role),
            "scope": reference("Scope", given.scope),
            **_approved(given, known),
            "ticket": given.ticket is not None,
            "not_before": number(given.not_before),
        }
    )


def _approved(given: GivenElevation | GivenApproval, known: Known) -> Json:
    """What elevations and approvals say alike. Of the approvers' groups those that count
    anywhere: there may be thousands of others."""
    groups = sorted(known.approvers.intersection(given.approver_groups))
    return {
        "requested_by": given.requested_by,
        "approved_by": given.approved_by,
        "approver_groups": [uid("Group", group) for group in groups],
        "expires": number(given.expires),
    }


def _budgets(asked: Asked, known: Known) -> list[Budget]:
    """Everybody's budgets around a job, and those of the subject's groups."""
    if not asked.executes or not asked.around:
        return []
    project = known.projects[asked.place[1]]
    mine = [known.budgets[name] for name in project.group_budgets]
    return [
        *(known.budgets[name] for name in project.budgets),
        *(budget for budget in mine if budget.group in asked.groups),
    ]


def _charges(asked: Asked, budgets: list[Budget], approvals: list[Json]) -> Iterator[Evaluation]:
    """What a budget is asked costs by the word: it is told what its kind has a use for."""
    for budget in budgets:
        used = (asked.request.usage or {}).get(budget.of, {})
        needed = {"job", "groups"}
        needed |= {"issuer"} if budget.group is not None else set()
        needed |= {"now"} if budget.timed else set()
        needed |= {"id", "backend"} if budget.approves else set()
        needed |= {"backend"} if budget.selects else set()
        fields = {name: value for name, value in asked.common.items() if name in needed}
        if budget.group is None:
            fields["groups"] = []
        fields["budget"] = uid("Budget", budget.name)
        fields["used"] = {
            name: used[said] for name, said in budget.counters.items() if said in used
        }
        for added in budget.raises:
            if asked.now is not None and added["from"] <= asked.now < added["until"]:
                fields["raise"] = added
        said = _open(fields)
        proposed = [{"approval": given} for given in approvals] if budget.approves else []
        for approval in proposed or [{}]:
            yield Evaluation("", budget.name, "charge", *_close(said, approval))


def _approvals(asked: Asked, known: Known) -> Iterator[Json]:
    """Those that name a scope around the resource."""
    found = (
        present(
            {
                "subject": given.subject,
                "scope": reference("Scope", given.scope),
                "backend": reference("Backend", given.backend),
                "max_cost_micros": given.max_cost_micros,
                **_approved(given, known),
                "approved_at": number(given.approved_at),
            }
        )
        for given in asked.request.approvals or ()
        if given.scope in asked.around
    )
    return iter(_unique(found))


def _unique(found: Iterable[Json]) -> list[Json]:
    """Each once: a list that says one thing a thousand times is asked about once."""
    return list({json.dumps(each, sort_keys=True): each for each in found}.values())
