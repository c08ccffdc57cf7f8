"""How far a change reaches.

Documents of a tenant that no changed file belongs to are the same on both sides, so a plan
loads them on neither: their accesses, findings and artifacts cannot differ. A change to the
organization or to a role reaches every tenant, and then everything is loaded.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from msgspec import Struct

from qgov.plan.index import Index, Summary, Tie
from qgov.repository import Snapshot

__all__ = ["Reach", "reach_of"]

REACHES_NONE: Final = frozenset({"AccessTest"})
"""Kinds that change no access."""

REACHES_OTHERS: Final = frozenset({"BudgetException", "Waiver"})
"""Kinds that reach as far as the document they are about; what else is not of one tenant
reaches all of them."""


class Reach(Struct, frozen=True):
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
    sides = [{s.blobs[path] for path in changed if path in s.blobs} for s in (base, head)]
    if any(index[blob] is None for blobs in sides for blob in blobs):
        return Reach(changed, None, 0)
    everything = list(_summaries(index, {*base.blobs.values(), *head.blobs.values()}))
    differing = list(_summaries(index, sides[0] | sides[1]))
    wanted = {name for summary in differing for name in _names(summary)}
    owners: dict[tuple[str, str], set[str]] = defaultdict(set)
    for summary in everything:
        if (summary.kind, summary.name) in wanted:
            owners[summary.kind, summary.name].add(summary.tenant)
    tenants = {tenant for summary in differing for tenant in _touched(summary, owners)}
    if "" in tenants:
        return Reach(changed, None, 0)
    before, after = (
        {
            (summary.tenant, tie)
            for summary in _summaries(index, blobs)
            if summary.tenant in tenants
            for tie in summary.tied()
        }
        for blobs in sides
    )
    tenants |= _neighbours({tie for _, tie in before ^ after}, everything)
    everyone = {summary.name for summary in everything if summary.kind == "Tenant"}
    return Reach(changed, frozenset(tenants), len(everyone - tenants))


def _summaries(index: Index, blobs: Iterable[str]) -> Iterator[Summary]:
    return (summary for blob in blobs for summary in index[blob] or ())


def _names(summary: Summary) -> list[tuple[str, str]]:
    """The (kind, name) of a document, and of those that it is about."""
    about = (id_.partition("/") for id_ in summary.about)
    return [(summary.kind, summary.name), *((kind, name) for kind, _, name in about)]


def _touched(summary: Summary, owners: Mapping[tuple[str, str], set[str]]) -> set[str]:
    """The tenants that a changed document reaches; an empty name stands for all."""
    if summary.kind in REACHES_NONE:
        return set()
    _, *about = _names(summary)
    refers = {tenant for name in about for tenant in owners.get(name, ())}
    if summary.tenant:
        # Another document of the same name is a clash that must be seen.
        return refers | owners[summary.kind, summary.name]
    return refers or {""} if summary.kind in REACHES_OTHERS else {""}


def _neighbours(moved: Iterable[Tie], everything: Iterable[Summary]) -> set[str]:
    """Tenants that bear on ties that come or go."""
    by_key: dict[str, set[Tie]] = defaultdict(set)
    for tie in moved:
        by_key[tie.key].add(tie)
    if not by_key:
        return set()
    return {
        summary.tenant
        for summary in everything
        for theirs in (Tie(*tie) for tie in summary.ties if tie[0] in by_key)
        if any(theirs.use != tie.use or theirs.alone or tie.alone for tie in by_key[theirs.key])
    }
