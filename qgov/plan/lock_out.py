"""The rail against a lock-out: somebody must be left who can undo a change."""

from __future__ import annotations

from qgov.model.access_model import AccessModel
from qgov.model.accesses import accesses
from qgov.model.scope import EVERYWHERE

__all__ = ["lock_out"]


def lock_out(base: AccessModel, head: AccessModel | None) -> list[str]:
    """That too few people are left who could undo the change, where that is so."""
    rails = base.organization.spec.rails
    before = _people(base, rails.recovery_permission)
    after = _people(head, rails.recovery_permission) if head else 0
    if after >= rails.min_people or after >= before:
        return []
    return [
        (
            f"leaves {after} people who hold `{rails.recovery_permission}` "
            f"and could undo this, fewer than {rails.min_people}"
        )
    ]


def _people(model: AccessModel, permission: str) -> int:
    """How many people the directory keeps at least in the groups that hold a permission."""
    holders = {
        group.name
        for cell in accesses(model).of(permission)
        if cell.scope == EVERYWHERE and (group := model.group_of(cell.principal)) is not None
    }
    return sum(model.groups[name].members for name in holders)
