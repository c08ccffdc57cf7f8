"""Who is in the groups of the configuration: counted, and named only where that is asked for."""

from __future__ import annotations

from collections.abc import Iterator

from qgov.drift.drift import GroupPeople
from qgov.drift.observer import Observation
from qgov.drift.wanted import approving
from qgov.model.access_model import AccessModel

__all__ = ["people_of"]


def people_of(model: AccessModel, seen: Observation, *, names: bool) -> Iterator[GroupPeople]:
    """The groups that a source knows the members of."""
    approvers = approving(model)
    for path, people in sorted(seen.found.groups.items()):
        group = model.groups.get(path)
        known = [each.signed_in for each in people if each.signed_in is not None]
        yield GroupPeople(
            seen.name,
            path,
            len(people),
            group.members if group is not None and group.declared else None,
            path in approvers,
            sum(not each.enabled for each in people),
            known.count(False) if known else None,
            sum(each.external for each in people),
            sum(each.service_account for each in people),
            tuple(sorted(each.name for each in people)) if names else (),
        )
