"""People who are not the company's own, and bindings that end by themselves: QG33x."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from qgov.checks import guide
from qgov.checks.facts import at_binding, found_at, privileged
from qgov.checks.rule import Found, rule
from qgov.finding import Severity
from qgov.language.scalars import format_instant
from qgov.model.access_model import AccessModel, Fact


@rule("QG341", Severity.ERROR, "joiner-mover-leaver", "least-privilege", guide=guide.LIFECYCLE)
def external_without_end(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """People from outside hold a role without an end.

    No directory of the company says when a contract ends, so nobody takes the role back.

    Remedy: write `expires` into the binding or the group.
    """
    for binding in model.bindings:
        if binding.external and binding.expires is None:
            message = f"`{binding.principal}` is from outside and holds `{binding.role}` for ever"
            yield at_binding(binding, message, "role")


@rule("QG342", Severity.ERROR, "least-privilege", "joiner-mover-leaver", guide=guide.LIFECYCLE)
def external_administers(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """People from outside hold a role that administers.

    What changes policy, money, identities or records is the company's own to answer for.

    Remedy: give the role to a group of the company, or a role without these permissions.
    """
    for binding in model.bindings:
        if binding.external and privileged(model.roles[binding.role]):
            message = f"`{binding.principal}` is from outside and administers as `{binding.role}`"
            yield at_binding(binding, message, "role")


@rule("QG343", Severity.ERROR, "separation-of-duties", "change-approval", guide=guide.LIFECYCLE)
def external_answers(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A group from outside approves, reviews or answers for something.

    An approval counts because the company stands behind it, also when the contract has ended.

    Remedy: name a group of the company, with nobody from outside in what it includes.
    """
    anybody = any(group.external for group in model.groups.values())
    for group, fact, path in _answering(model) if anybody else ():
        if outside := _outside(model, group):
            message = f"{outside}, and {fact.document} asks it as `{path[-1]}`"
            yield found_at(fact, message, *path)


def _outside(model: AccessModel, name: str) -> str:
    """That people from outside are in a group, or in one that it includes; empty: they are not."""
    groups = model.groups
    if name not in groups:
        return ""
    if groups[name].external:
        return f"`{name}` is from outside"
    inner = next((n for n in groups[name].includes if n in groups and groups[n].external), None)
    return "" if inner is None else f"`{name}` includes `{inner}`, which is from outside"


def _answering(model: AccessModel) -> Iterator[tuple[str, Fact[Any], tuple[str, ...]]]:
    """(group, by what, where in it) of everything that asks a group."""
    yield from _answering_for_all(model)
    for tenant in model.tenants.values():
        yield tenant.spec.owner.group, tenant.source, ("owner", "group")
    for workload in model.workloads.values():
        yield workload.spec.owner, workload.source, ("owner",)
    for binding in model.bindings:
        if binding.eligible is not None:
            yield binding.eligible.approvers, binding.source, ("eligible", "approvers")
    for budget in model.budgets.values():
        yield budget.owner, budget.source, ("owner",)
        if budget.approval is not None:
            yield budget.approval.approvers, budget.source, ("approval", "approvers")
    for review in model.reviews:
        yield review.value.reviewers, review, ("reviewers",)


def _answering_for_all(model: AccessModel) -> Iterator[tuple[str, Fact[Any], tuple[str, ...]]]:
    """The same of what the organization itself says."""
    spec, source = model.organization.spec, model.organization.source
    for risk in type(spec.review).model_fields:
        for group in getattr(spec.review, risk):
            yield group, source, ("review", risk)
    if spec.incident_response is not None:
        yield spec.incident_response.owner, source, ("incidentResponse", "owner")
    for store in model.organization.stores.values():
        yield store.value.owner, store, ("owner",)
    for name, declared in spec.groups.items():
        if declared.requests is not None:
            yield declared.requests.approvers, source, ("groups", name, "requests", "approvers")


@rule("QG990", Severity.ERROR, "joiner-mover-leaver", "least-privilege", guide=guide.LIFECYCLE)
def external_requestors(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """People from outside may ask to be in a group of the company's own.

    They would hold what it holds, and no rule about people from outside would look at it.

    Remedy: declare the group `external`, or name `requestors` of the company.
    """
    for name, spec in model.organization.spec.groups.items():
        by = (spec.requests.requestors if spec.requests else None) or ""
        if (outside := _outside(model, by)) and not spec.external:
            message = f"{outside}, and may ask to be in `{name}`"
            source = model.organization.source
            yield found_at(source, message, "groups", name, "requests", "requestors")


@rule("QG344", Severity.WARNING, "joiner-mover-leaver", guide=guide.LIFECYCLE)
def ended_binding(model: AccessModel, now: datetime) -> Iterator[Found]:
    """A binding, or a group that another includes, has ended.

    The policy grants nothing by it; a directory or cloud that got it by Terraform holds it until
    it is gone from the configuration.

    Remedy: remove the binding or the group's place in `includes`, and the group where it has no
    other; or write a later `expires`.
    """
    for binding in model.bindings:
        if binding.via is None and binding.expires is not None and binding.expires <= now:
            ended = format_instant(binding.expires)
            message = f"`{binding.principal}` as `{binding.role}` ended at {ended}"
            yield found_at(binding.source, message, "role")
    organization = model.organization
    for name, spec in organization.spec.groups.items():
        for index, inner in enumerate(spec.includes):
            end = model.groups[inner].expires if inner in model.groups else None
            if end is not None and end <= now:
                message = f"`{inner}`, which `{name}` includes, ended at {format_instant(end)}"
                yield found_at(organization.source, message, "groups", name, "includes", index)
