"""How far a change reaches.

Documents of a tenant that no changed file belongs to are the same on both sides, so a plan
loads them on neither: their accesses, findings and artifacts cannot differ. A change to the
organization or to a role reaches every tenant, and then everything is loaded.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from qgov.plan.index import Index, Summary, Tie
from qgov.repository import Snapshot

__all__ = ["Reach", "reach_of"]

REACHES_NONE: Final = frozenset({"AccessTest"})
"""Kinds that change no access."""

REACHES_OTHERS: Final = frozenset({"BudgetException", "Waiver"})
"""Kinds that reach as far as the document they are about; what else is not of one tenant
reaches all of them."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a change reaches. `tenants` None means everywhere; `unchanged` counts the
    tenants that were not loaded because they are the same on both sides."""

    changed: frozenset[str]
    tenants: frozenset[str] | None
    unchanged: int

    @property
    def whole(self) -> bool:
        """Whether it reaches everything."""
        return self.tenants is None

    @property
    def everywhere(self) -> Reach:
        """The same change, as if it reached everything."""
        return Reach(self.changed, None, 0)

    def covers(self, kind: str, tenant: str) -> bool:
        """Whether a document of a kind and tenant (empty: the organization) is loaded. Access
        tests speak of all tenants; they are evaluated by the tests, not by a plan."""
        if kind in REACHES_NONE:
            return False
        return self.tenants is None or not tenant or tenant in self.tenants


def reach_of(base: Snapshot, head: Snapshot, index: Index) -> Reach:
    """How far the change between two snapshots reaches; `index` knows all their blobs."""
    changed = frozenset(path for path, _ in base.blobs.items() ^ head.blobs.items())
    everything = list(_summaries(index, {*base.blobs.values(), *head.blobs.values()}))
    owners: dict[tuple[str, str], set[str]] = defaultdict(set)
    for summary in everything:
        owners[summary.kind, summary.name].add(summary.tenant)
    tenants: set[str] = set()
    for path in changed:
        for blob in {base.blobs.get(path), head.blobs.get(path)} - {None}:
            summaries = index[str(blob)]
            if summaries is None:
                return Reach(changed, None, 0)
            for summary in summaries:
                tenants |= _touched(summary, owners)
    if "" in tenants:
        return Reach(changed, None, 0)
    tenants |= _neighbours(tenants, base, head, index, everything)
    everyone = {summary.name for summary in everything if summary.kind == "Tenant"}
    return Reach(changed, frozenset(tenants), len(everyone - tenants))


def _summaries(index: Index, blobs: Iterable[str]) -> Iterator[Summary]:
    return (summary for blob in blobs for summary in index[blob] or ())


def _touched(summary: Summary, owners: Mapping[tuple[str, str], set[str]]) -> set[str]:
    """The tenants that a changed document reaches; an empty name stands for all."""
    if summary.kind in REACHES_NONE:
        return set()
    about = [id_.partition("/") for id_ in summary.about]
    refers = {tenant for kind, _, name in about for tenant in owners.get((kind, name), ())}
    if summary.tenant:
        # Another document of the same name is a clash that must be seen.
        return refers | owners[summary.kind, summary.name]
    return refers or {""} if summary.kind in REACHES_OTHERS else {""}


def _neighbours(
    tenants: Collection[str],
    base: Snapshot,
    head: Snapshot,
    index: Index,
    everything: Iterable[Summary],
) -> set[str]:
    """Tenants that bear on what changes between the given ones and others."""
    before, after = (
        {
            (summary.tenant, tie)
            for summary in _summaries(index, snapshot.blobs.values())
            if summary.tenant in tenants
            for tie in summary.tied()
        }
        for snapshot in (base, head)
    )
    moved: dict[str, set[Tie]] = defaultdict(set)
    for _, tie in before ^ after:
        moved[tie.key].add(tie)
    if not moved:
        return set()
    return {
        summary.tenant
        for summary in everything
        for theirs in summary.tied()
        if any(
            theirs.use != tie.use or theirs.alone or tie.alone for tie in moved.get(theirs.key, ())
        )
    }
