"""Principals that other tokens count as than before: somebody else has their accesses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

from msgspec import Struct

from qgov.finding import Origin
from qgov.model.access_model import AccessModel
from qgov.model.accesses import linked_alike
from qgov.model.known_by import KnownBy, known_by, says_so
from qgov.model.principal import Principal, group, workload
from qgov.plan.renaming import renamed_principal
from qgov.records import replace

__all__ = ["Moved", "causes_of", "moved"]


class Moved(Struct, frozen=True):
    """A principal, by its name on each side, that is known by something other than before."""

    at_base: Principal
    at_head: Principal
    before: KnownBy
    after: KnownBy

    @property
    def lets_in(self) -> bool:
        """Whether somebody counts as the principal who did not."""
        return not self.after.within(self.before)

    @property
    def shuts_out(self) -> bool:
        """Whether somebody does no longer count as the principal."""
        return not self.before.within(self.after)


def moved(
    base: AccessModel | None, head: AccessModel | None, tenants: Mapping[str, str]
) -> dict[Principal, Moved]:
    """Each principal of both sides that is known by something else. `tenants` are those that
    are renamed, old name → new."""
    if base is None or head is None or linked_alike(base, head):
        return {}
    found: dict[Principal, Moved] = {}
    for principal in _principals(base):
        name = renamed_principal(principal, tenants)
        before, after = known_by(base, principal), known_by(head, name)
        if before is not None and after is not None and _as_named(before, name) != after:
            found[name] = Moved(principal, name, before, after)
    return found


def _as_named(known: KnownBy, name: Principal) -> KnownBy:
    """With its client under another name: a workload that is renamed has the same client."""
    if known.client is None:
        return known
    return replace(known, client=replace(known.client, subject=name))


def _principals(model: AccessModel) -> Iterator[Principal]:
    return chain(map(group, model.groups), map(workload, model.workloads))


def causes_of(
    who: Moved, base: AccessModel | None, head: AccessModel | None
) -> Iterator[tuple[str, Origin]]:
    """(side, place) of each fact that makes the difference."""
    if base is None or head is None:
        return
    before, after = says_so(base, who.at_base), says_so(head, who.at_head)
    for key in {**after, **before}:
        old, new = before.get(key), after.get(key)
        if old is None or new is None:
            # What another provider says of itself is told by which one it is.
            continue
        if old[0] != new[0]:
            side, place = "head", new[1]()
            if place is None:
                side, place = "base", old[1]()
            if place is not None:
                yield side, place
