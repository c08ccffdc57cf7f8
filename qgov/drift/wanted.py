"""What the reviewed model says that a system should hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from qgov.drift.facts import Held
from qgov.language.persons import approved_by_another
from qgov.model.access_model import AccessModel, Binding
from qgov.model.principal import user

__all__ = ["approving", "bindings_of", "elevated", "held", "provider_of"]


def provider_of(model: AccessModel, binding: Binding) -> str:
    """The identity provider that a binding's principal is known by."""
    if (group := model.group_of(binding.principal)) is not None:
        return group.provider
    workload = model.workload_of(binding.principal)
    return "" if workload is None else model.tenants[workload.tenant].provider


def bindings_of(model: AccessModel, provider: str) -> list[Binding]:
    """The bindings of an identity provider's groups and workloads."""
    return [b for b in model.bindings if provider_of(model, b) == provider]


def held(bindings: Iterable[Binding]) -> tuple[Held, ...]:
    """What bindings give."""
    return tuple(Held(b.principal, b.role, b.scope, (), b.eligible is not None) for b in bindings)


def elevated(model: AccessModel, provider: str, now: datetime) -> Iterator[Held]:
    """Who is elevated now, at an identity provider, by a document that counts."""
    for each in model.elevations:
        through = [b for b in each.through if provider_of(model, b) == provider]
        if (
            through
            and approved_by_another(each.approved_by, each.subject, each.requested_by)
            and each.not_before is not None
            and each.not_before <= now < each.expires
        ):
            yield Held(user(each.subject), each.role, each.scope)


def approving(model: AccessModel) -> frozenset[str]:
    """The groups that elevations and expensive jobs wait for."""
    asked = {b.eligible.approvers for b in model.bindings if b.eligible is not None}
    asked |= {b.approval.approvers for b in model.budgets.values() if b.approval is not None}
    return frozenset(asked)
