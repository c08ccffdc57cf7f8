"""Paths to an access, and a request that meets everything that a path asks for.

A near miss is such a request with one thing changed, so that what it is denied for can
only be that thing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from qgov.decision.made_up import CONFORMANCE, SOME_TIME, asked, asker, elevation
from qgov.decision.request import Request
from qgov.language.periods import campaign_of
from qgov.model.access_model import AccessModel, Binding, Budget, Elevation
from qgov.model.accesses import Cell, Path, budgets_at
from qgov.model.budgets import is_open
from qgov.model.conditions import ApprovalRule, Conditions
from qgov.model.principal import Principal, is_group, is_workload, kind_of, name_of
from qgov.model.scope import EVERYWHERE
from qgov.records import replace

__all__ = ["SECOND", "AccessPath", "asks", "binding_id", "shut", "sound"]

SECOND: Final = timedelta(seconds=1)


class AccessPath(Struct, frozen=True):
    """One path to one access. `alone`: the principal has no other to this access; `reach` are
    the scopes where it may use the permission."""

    model: AccessModel
    principal: Principal
    permission: str
    scope: str
    backend: str
    path: Path
    alone: bool = True
    reach: frozenset[str] = frozenset()

    @property
    def binding(self) -> Binding:
        """The binding that it goes through."""
        return self.path.binding

    @property
    def conditions(self) -> Conditions:
        """What it takes."""
        return self.path.conditions

    @property
    def elevation(self) -> Elevation | None:
        """The reviewed elevation that it goes through, if it does."""
        return self.path.elevation

    @property
    def person(self) -> bool:
        """Whether it is a person's."""
        return not is_workload(self.principal)

    @property
    def subject(self) -> str:
        """The id of its subject."""
        return CONFORMANCE.somebody if is_group(self.principal) else name_of(self.principal)

    @property
    def time(self) -> datetime:
        """A moment at which it is open, and there is money for its jobs where there ever is."""
        held, end = self.elevation, self.conditions.expires
        moment = held.not_before if held is not None and held.not_before else SOME_TIME
        moment = moment if end is None or moment < end else end - SECOND
        if held is not None or self.has_money_at(moment):
            return moment
        begins = (campaign[0] for b in self.budgets if (campaign := campaign_of(b.period)))
        open_ = (at for at in begins if (end is None or at < end) and self.has_money_at(at))
        return next(open_, moment)

    def has_money_at(self, moment: datetime) -> bool:
        """Whether no budget around it is for a campaign that stops it then."""
        return all(b.stop_micros is None or is_open(b, moment) for b in self.budgets)

    @property
    def budgets(self) -> list[Budget]:
        """The budgets that a job falls under."""
        if not self.backend:
            return []
        return budgets_at(self.model, self.scope, self.binding.principal, self.backend)

    @property
    def approval_rules(self) -> list[ApprovalRule]:
        """What the budgets ask of an expensive job on the backend."""
        facts = self.model.organization.backends
        return [
            b.approval
            for b in self.budgets
            if b.approval and facts[self.backend].value.backend_class in b.approval_classes
        ]


def asks(
    model: AccessModel,
    cell: Cell,
    groups: tuple[str, ...] | None = None,
    *,
    now: datetime = SOME_TIME,
    issuer: str | None = None,
) -> Request:
    """The cell's principal asks under the best circumstances, as a member of `groups`, or else of
    the group that it is. `issuer`: see `asker`."""
    if groups is None:
        groups = (name_of(cell.principal),) if is_group(cell.principal) else ()
    who = asker(model, cell.principal, groups, CONFORMANCE, issuer)
    return asked(model, who, cell.permission, cell.scope, cell.backend, CONFORMANCE, now)


def sound(path: AccessPath) -> Request:
    """A request that the path allows when it is open."""
    cell = Cell(path.principal, path.permission, path.scope, path.backend)
    groups = (name_of(path.binding.principal),) if path.person else ()
    request = asks(path.model, cell, groups, now=path.time)
    if path.conditions.countries:
        country = path.conditions.countries[0]
        request = replace(request, context=replace(request.context, country=country))
    if (eligible := path.conditions.eligible) is not None:
        held = elevation(
            request,
            CONFORMANCE,
            role=path.binding.role,
            scope=path.binding.scope,
            approvers=(eligible.approvers,),
            duration_s=eligible.max_duration_s,
        )
        request = replace(request, elevations=(held,))
    return request


def shut(path: AccessPath) -> bool:
    """Whether the path allows no request at all by the documents, not even the smallest."""
    conditions, held = path.conditions, path.elevation
    quotas: Iterator[int] = (
        quota.limit
        for budget in path.budgets
        for quota in budget.quotas
        if quota.measure in ("jobs", "shots", "circuits")
    )
    return (
        conditions.countries == ()
        or (held is not None and held.not_before is not None and path.time < held.not_before)
        or any(getattr(conditions.job, name) == 0 for name in ("shots", "circuits", "qubits"))
        or any(limit < 1 for limit in quotas)
    )


def binding_id(binding: Binding) -> str:
    """A binding in the words of its document: `aurora/aurora-developers/researcher@sandbox`."""
    tenant, _, below = binding.scope.partition("/")
    who = name_of(binding.principal)
    if not is_group(binding.principal):
        who = f"{kind_of(binding.principal)}:{who.rpartition('/')[2]}"
    return f"{tenant}/{who}/{binding.role}@{below or EVERYWHERE}"
