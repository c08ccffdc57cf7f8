"""Who is in a group, where the configuration says more of it than a directory can keep."""

from __future__ import annotations

from collections.abc import Iterator

from qgov.finding import Finding
from qgov.targets.directory import Module

__all__ = ["left_out"]


def left_out(module: Module, *, rules: bool, requests: bool) -> Iterator[Finding]:
    """An error for each group whose members a rule is to say, where none can: the directory has no
    such rules that are written (`rules`), or the group is somebody else's; and for each that
    people are to ask to be in, where a directory takes no requests (`requests`)."""
    source, product = module.model.organization.source, module.provider.type
    for group in module.groups:
        if group.members_where is not None and not (rules and group.directory_id is None):
            what = "exists, and is its owner's" if rules else f"is of a {product}"
            yield Finding(
                "QG965",
                f"the group `{group.name}` {what}, so that no rule is written of who is in it",
                source.at("groups", group.name, "membersWhere"),
                "keep its members in the directory, and leave `membersWhere` out",
                document=source.document,
            )
        if group.requests is not None and not requests:
            yield Finding(
                "QG965",
                f"the group `{group.name}` is of a directory of type {product}, for which no way "
                "to ask is written",
                source.at("groups", group.name, "requests"),
                "let people ask where its members are kept, and leave `requests` out",
                document=source.document,
            )
