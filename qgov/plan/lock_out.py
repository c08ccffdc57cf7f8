"""The rail against a lock-out: somebody must be left who can undo a change, and in each group
that approves something, somebody other than whoever asks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final, NamedTuple

from qgov.model.access_model import AccessModel
from qgov.model.accesses import accesses
from qgov.model.renames import renames
from qgov.model.scope import EVERYWHERE
from qgov.plan.risk import Risk

__all__ = ["lock_out"]

PAIR: Final = 2
"""Whoever asks, and whoever approves."""

MOST_TOLD: Final = 5
"""How many groups are named before they are counted, and uses of one."""


def lock_out(base: AccessModel, head: AccessModel | None) -> list[str]:
    """That too few people are left who could undo the change, or approve something, where that
    is so."""
    found = [*_nobody_undoes(base, head)]
    small = [*_nobody_approves(base, head)] if head is not None else []
    if len(small) > MOST_TOLD:
        small[MOST_TOLD:] = [f"and {len(small) - MOST_TOLD} more groups of approvers likewise"]
    return [*found, *small]


def _nobody_undoes(base: AccessModel, head: AccessModel | None) -> Iterator[str]:
    rails = base.organization.spec.rails
    before = _people(base, rails.recovery_permission)
    after = _people(head, rails.recovery_permission) if head else 0
    if after < rails.min_people and after < before:
        yield (
            f"leaves {after} people who hold `{rails.recovery_permission}` "
            f"and could undo this, fewer than {rails.min_people}"
        )


def _people(model: AccessModel, permission: str) -> int:
    """How many people the directory keeps at least in the groups that hold a permission."""
    holders = {
        group.name
        for cell in accesses(model).of(permission)
        if cell.scope == EVERYWHERE and (group := model.group_of(cell.principal)) is not None
    }
    return sum(model.groups[name].members for name in holders)


# -------------------------------------------------------------------------------- approvers


class _Use(NamedTuple):
    """What a group approves, which says where it stands; `undoes` that without it nobody may
    undo a change."""

    what: str
    undoes: bool


def _nobody_approves(base: AccessModel, head: AccessModel) -> Iterator[str]:
    """For each group of approvers that becomes too small, what it approves."""
    rails = base.organization.spec.rails
    before, after = _uses(base, rails.recovery_permission), _uses(head, rails.recovery_permission)
    known = {group for groups in before.values() for group in groups}
    former = renames(head).group
    found: dict[tuple[str, int, int], dict[str, None]] = defaultdict(dict)
    for use, groups in after.items():
        needed = max(PAIR, rails.min_people) if use.undoes else PAIR
        for group in groups:
            old, now = former(group), _members(head, group)
            was = max(
                _members(base, old) if old in known else 0,
                min((_members(base, each) for each in before.get(use, ())), default=0),
            )
            if now < min(needed, was):
                found[group, now, needed][use.what] = None
    for (name, members, needed), told in sorted(found.items(), key=lambda item: item[0]):
        what = list(told)
        rest = f" and {len(what) - MOST_TOLD} more" if len(what) > MOST_TOLD else ""
        people = "1 person" if members == 1 else f"{members} people"
        yield (
            f"leaves `{name}` with {people}, fewer than the {needed} that an approval needs: "
            f"it approves {', '.join(what[:MOST_TOLD])}{rest}"
        )


def _members(model: AccessModel, group: str) -> int:
    """How many people a group has at least; a reviewer that is no group is nobody."""
    return model.groups[group].members if group in model.groups else 0


def _uses(model: AccessModel, recovery: str) -> dict[_Use, list[str]]:
    """The groups that must approve something."""
    found: dict[_Use, list[str]] = defaultdict(list)
    review = model.organization.spec.review
    for risk in Risk:
        use = _Use(f"changes of {risk} risk", risk is Risk.CRITICAL)
        found[use] += getattr(review, str(risk))
    found[_Use("more exposure", undoes=False)] += review.exposure
    for binding in model.bindings:
        if binding.eligible is not None:
            what = f"elevations to {binding.role} on {binding.scope}"
            undoes = recovery in model.roles[binding.role].permissions
            found[_Use(what, undoes)].append(binding.eligible.approvers)
    for budget in model.budgets.values():
        what = f"changes of the budget {budget.name}"
        found[_Use(what, undoes=False)].append(budget.owner)
        if budget.approval is not None:
            what = f"jobs of the budget {budget.name}"
            found[_Use(what, undoes=False)].append(budget.approval.approvers)
    for tenant in model.tenants.values():
        what = f"changes of the tenant {tenant.name}"
        found[_Use(what, undoes=False)].append(tenant.spec.owner.group)
    return found
