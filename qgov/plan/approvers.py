"""Who must approve a change, by rule: its risk, whose tenant it touches, whose money."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from qgov.language.concerns import Concern
from qgov.language.documents import Document
from qgov.model.access_model import AccessModel, Tenant
from qgov.model.belonging import belongs_to
from qgov.model.scope import contains, tenant_of
from qgov.plan.changes import Row
from qgov.plan.concerns import ConcernRow
from qgov.plan.directions import Direction
from qgov.plan.groups import GroupDeleted
from qgov.plan.risk import Risk

__all__ = [
    "Approver",
    "approvers",
    "approvers_of",
    "approvers_of_entrance",
    "approvers_of_group",
    "reviewers",
]


@dataclass(frozen=True, slots=True, order=True)
class Approver:
    """A group and why its approval is needed; `as_owner` of something that changes."""

    by: str
    because: str
    as_owner: bool = False


def approvers(
    model: AccessModel,
    risk: Risk | None,
    exposure_rises: bool,
    documents: Iterable[Document],
    worst: Risk,
) -> list[Approver]:
    """The approvals needed under `model`'s rules (the base's: a change cannot choose its
    own approvers). `risk` is the accesses', `worst` that of the whole change. `documents` are
    the changed ones as they were and as they become, so that both who gives something up and
    who receives it are asked."""
    review = model.organization.spec.review
    found: set[Approver] = set()
    if risk is not None:
        what = "the change" if risk is worst else "a change of access"
        groups = getattr(review, str(risk))
        found |= {Approver(group, f"{what} is of {risk} risk") for group in groups}
    if exposure_rises:
        found |= {Approver(group, "more money can be spent") for group in review.exposure}
    for document in documents:
        found |= _owners(model, document)
    return sorted(found)


def approvers_of(
    model: AccessModel, row: ConcernRow, documents: Iterable[Document], worst: Risk
) -> list[Approver]:
    """The approvals that a changed field needs under `model`'s rules. `documents` are its own
    as it was and as it becomes: their owner answers for a low or medium risk alone, and where
    nobody owns them, the next higher risk that has reviewers lends them. `worst` is the risk
    of the whole change."""
    concern = row.change.concern
    found = {owner for document in documents for owner in _owners(model, document)}
    found |= _reviewers(model, row.rule.risk, f"a change of {concern}", found, worst)
    if row.loosens:
        found |= {_owner(tenant) for tenant in _whose_people(model, row)}
    if concern is Concern.MONEY and row.loosens:
        more = row.change.direction is Direction.LOOSER
        spent = "more money can be spent" if more else "money is counted otherwise"
        found |= {Approver(group, spent) for group in model.organization.spec.review.exposure}
    return sorted(found)


def approvers_of_entrance(model: AccessModel, rows: Iterable[Row]) -> set[Approver]:
    """The owners of the tenants whose bindings let somebody in by these rows, wherever that is
    written: in the organization's own bindings, or by a group that is in another one. A binding
    that was there as it is lets nobody in, and one that holds everywhere is the organization's."""
    # Many accesses have few bindings, most of which are those of the base themselves.
    ways = {
        id(path.binding): path.binding for row in rows for item in row.cells for path in item.head
    }
    for binding in model.bindings:
        ways.pop(id(binding), None)
    places = {(way.principal, way.role, way.scope) for way in ways.values()}
    known = {b for b in model.bindings if (b.principal, b.role, b.scope) in places}
    into = {tenant_of(way.scope) for way in ways.values() if way not in known}
    return {_owner(model.tenants[name]) for name in into if name in model.tenants}


def _whose_people(model: AccessModel, row: ConcernRow) -> list[Tenant]:
    """The tenants in which a group holds, owns or approves something, where a field says who is
    in it."""
    match row.change.names:
        case ("spec", "groups", name, *_) if row.change.concern in (Concern.TRUST, Concern.ACCESS):
            bound = model.groups[name].tenants if name in model.groups else ()
            owned = {t.name for t in model.tenants.values() if t.spec.owner.group == name}
            approved = {
                tenant_of(binding.scope)
                for binding in model.bindings
                if binding.eligible is not None and binding.eligible.approvers == name
            }
            names = {*bound, *owned, *approved}
            return [model.tenants[tenant] for tenant in names if tenant in model.tenants]
    return []


def _owner(tenant: Tenant) -> Approver:
    return Approver(tenant.spec.owner.group, f"owner of the tenant {tenant.name}", True)


def approvers_of_group(model: AccessModel, group: GroupDeleted, worst: Risk) -> list[Approver]:
    """The approvals that the end of a directory group needs: its tenants' owners, else whoever
    reviews the risk."""
    tenants = [model.tenants[name] for name in group.tenants if name in model.tenants]
    found = {_owner(tenant) for tenant in tenants}
    return sorted(found | _reviewers(model, group.risk, "the end of a group", found, worst))


def _reviewers(
    model: AccessModel, risk: Risk, what: str, owners: Collection[Approver], worst: Risk
) -> set[Approver]:
    """Who reviews a risk, where no owner answers for it alone."""
    groups, named = reviewers(model, risk, up_to=risk if owners else Risk.CRITICAL)
    groups = [] if owners and risk < Risk.HIGH else groups
    because = f"{'the change' if risk is worst else what} is of {risk} risk"
    if named is not risk:
        because += ", for which nobody is named"
    return {Approver(group, because) for group in groups}


def reviewers(
    model: AccessModel, risk: Risk, *, up_to: Risk = Risk.CRITICAL
) -> tuple[list[str], Risk]:
    """The groups that review a risk or, where it has none, the next one up that has; and the
    risk that names them."""
    review = model.organization.spec.review
    for each in Risk:
        if risk <= each <= up_to and (groups := getattr(review, str(each))):
            return list(groups), each
    return [], risk


def _owners(model: AccessModel, document: Document) -> set[Approver]:
    found: set[Approver] = set()
    tenant = model.tenants.get(belongs_to(document))
    if tenant is not None:
        found.add(_owner(tenant))
    if document.kind == "Budget" and document.name in model.budgets:
        found.add(
            Approver(
                model.budgets[document.name].owner, f"owner of the budget {document.name}", True
            )
        )
    if document.kind == "Waiver":
        kind, _, name = document.spec.document.partition("/")
        if kind == "Budget" and name in model.budgets:
            found.add(Approver(model.budgets[name].owner, f"owner of the budget {name}"))
    if document.kind == "BudgetException" and document.spec.budget in model.budgets:
        found.add(
            Approver(
                model.budgets[document.spec.budget].owner,
                f"owner of the budget {document.spec.budget}",
                True,
            )
        )
    if document.kind == "Elevation":
        found |= {
            Approver(
                binding.eligible.approvers,
                f"approves elevations to {binding.role} on {binding.scope}",
            )
            for binding in model.bindings
            if binding.eligible is not None
            and binding.role == document.spec.role
            and contains(binding.scope, document.spec.on)
        }
    return found
