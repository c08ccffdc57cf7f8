"""The directory groups that a change deletes, with their memberships: no commit brings those
back."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from qgov.model.access_model import AccessModel, Group
from qgov.model.groups import groups_gone
from qgov.plan.causes import Cause
from qgov.plan.risk import Risk

__all__ = ["RISK", "GroupDeleted", "deleted"]

RISK: Final = Risk.MEDIUM


class GroupDeleted(Struct, frozen=True):
    """A group that goes from the directory of its provider, the line that named it first, and
    the groups that its end asks; `tenants` are those that bound it."""

    name: str
    provider: str
    tenants: tuple[str, ...]
    cause: Cause
    approvers: tuple[str, ...] = ()

    @property
    def message(self) -> str:
        """What becomes of it, in a sentence."""
        return f"the directory group {self.name} and its memberships are deleted"

    @property
    def risk(self) -> Risk:
        """How dangerous that is."""
        return RISK

    @property
    def rule(self) -> str:
        """The id of the rule that sets the risk."""
        return "group-deleted"

    @property
    def reason(self) -> str:
        """The rule in words."""
        return "who is in a group is kept by the directory alone"


def deleted(base: AccessModel | None, head: AccessModel | None) -> tuple[GroupDeleted, ...]:
    """The groups that go between two models, which are whole where any does, by name."""
    if base is None:
        return ()
    gone = groups_gone(base, head) if head is not None else tuple(base.groups.values())
    return tuple(_deleted(group) for group in gone if head is None or not _stays(head, group))


def _stays(head: AccessModel, group: Group) -> bool:
    """Whether its directory keeps it, as it is retired there."""
    fact = head.organization.providers.get(group.provider)
    return fact is not None and group.name in fact.value.retired


def _deleted(group: Group) -> GroupDeleted:
    cause = Cause("base", group.origin.path, group.origin.line)
    return GroupDeleted(group.name, group.provider, group.tenants, cause)
