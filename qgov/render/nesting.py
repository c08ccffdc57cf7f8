"""Through which group an included one holds what it holds, in words."""

from __future__ import annotations

from collections.abc import Iterator

from qgov.model.access_model import AccessModel, Binding
from qgov.model.nesting import steps_between
from qgov.model.principal import group, name_of
from qgov.render.text import plain

__all__ = ["as_member", "memberships"]


def as_member(binding: Binding) -> str:
    """What follows a role that is another group's: empty for one of its own."""
    return "" if binding.via is None else f" as a member of {plain(group(binding.via))}"


def memberships(model: AccessModel, binding: Binding) -> Iterator[str]:
    """Each line of `includes` by which the principal is in the group that is bound."""
    if binding.via is None:
        return
    organization = model.organization
    for name, index, inner in steps_between(
        organization.spec.groups, binding.via, name_of(binding.principal)
    ):
        origin = organization.source.at("groups", name, "includes", index)
        yield f"{plain(group(name))} includes {plain(group(inner))}  {plain(str(origin))}"
