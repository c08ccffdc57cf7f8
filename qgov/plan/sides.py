"""The two sides of a plan, each loaded as far as the change reaches.

Documents of a tenant that no changed file belongs to are the same on both sides, so
neither side loads them: their accesses, findings and artifacts cannot differ. A change
to the organization or to a role reaches every tenant, and then everything is loaded.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from qgov.checks import check
from qgov.finding import Finding, Origin, Severity, has_errors, in_order
from qgov.language.documents import Document, Documents, read_documents
from qgov.model.access_model import AccessModel, Exclusive
from qgov.model.link import link
from qgov.model.scope import tenant_of
from qgov.plan.exposure import exposure
from qgov.plan.index import NAMED, Index, Summary, Tie, belongs_to, exclusive_of, summarize
from qgov.repository import Snapshot

__all__ = ["Reach", "Side", "load_sides"]

REACHES_NONE: Final = frozenset({"AccessTest"})
"""Kinds that change no access."""

REACHES_OTHERS: Final = frozenset({"BudgetException", "Waiver"})
"""Kinds that reach as far as the document they are about; what else is not of one tenant
reaches all of them."""


@dataclass(frozen=True, slots=True)
class Side:
    """One side: what was loaded of it, what it means, and what is wrong with it.

    `readable` says whether it could be understood whole; an empty repository can, and
    has no model.
    """

    snapshot: Snapshot
    model: AccessModel | None
    findings: tuple[Finding, ...]
    documents: Mapping[tuple[str, str], Document]
    readable: bool


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a change reaches. `tenants` None means everywhere; `unchanged` counts the
    tenants that were not loaded because they are the same on both sides."""

    changed: frozenset[str]
    tenants: frozenset[str] | None
    unchanged: int


def load_sides(
    base: Snapshot, head: Snapshot, index: Index, now: datetime, *, whole: bool = False
) -> tuple[Side, Side, Reach]:
    """Both sides and how far the change between them reaches. Learns new blobs into
    `index`. `now` is the clock of the rules, the same for both sides. `whole` loads what
    the change does not reach as well."""
    fresh = _learn(index, base, head)
    reach = _reach(base, head, index)
    if whole:
        reach = Reach(reach.changed, None, 0)
    sides = _sides(base, head, index, reach, fresh, now)
    if reach.tenants is not None and (_judged_apart(sides) or _shares_money(sides)):
        reach = Reach(reach.changed, None, 0)
        sides = _sides(base, head, index, reach, fresh, now)
    return sides[0], sides[1], reach


def _sides(
    base: Snapshot,
    head: Snapshot,
    index: Index,
    reach: Reach,
    fresh: Mapping[str, tuple[Documents, list[Finding]]],
    now: datetime,
) -> list[Side]:
    # What is the same on both sides is sorted once for both.
    common = dict(base.blobs.items() & head.blobs.items())
    shared = _far(common, index, reach)
    return [_side(snapshot, common, shared, index, reach, fresh, now) for snapshot in (base, head)]


def _learn(
    index: Index, base: Snapshot, head: Snapshot
) -> dict[str, tuple[Documents, list[Finding]]]:
    """Index the blobs that it does not know; returns what was parsed, by blob."""
    parsed: dict[str, tuple[Documents, list[Finding]]] = {}
    for snapshot in (base, head):
        unknown = {b: p for p, b in snapshot.blobs.items() if b not in index}
        for path, data in snapshot.read(unknown.values()).items():
            documents, findings = read_documents({path: data})
            blob = snapshot.blobs[path]
            index[blob] = None if findings else summarize(documents.valid)
            parsed[f"{blob} {path}"] = (documents, findings)
    return parsed


def _reach(base: Snapshot, head: Snapshot, index: Index) -> Reach:
    changed = frozenset(path for path, _ in base.blobs.items() ^ head.blobs.items())
    everything = [
        summary
        for blob in {*base.blobs.values(), *head.blobs.values()}
        for summary in index[blob] or ()
    ]
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
    tenants |= _neighbours(tenants, base, head, index)
    everyone = {summary.name for summary in everything if summary.kind == "Tenant"}
    return Reach(changed, frozenset(tenants), len(everyone - tenants))


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


def _neighbours(tenants: Collection[str], base: Snapshot, head: Snapshot, index: Index) -> set[str]:
    """Tenants that bear on what changes between the given ones and others."""
    before, after = (
        {
            (summary.tenant, tie)
            for blob in snapshot.blobs.values()
            for summary in index[blob] or ()
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
        for blob in {*base.blobs.values(), *head.blobs.values()}
        for summary in index[blob] or ()
        for theirs in summary.tied()
        if any(
            theirs.use != tie.use or theirs.alone or tie.alone for tie in moved.get(theirs.key, ())
        )
    }


@dataclass(frozen=True, slots=True)
class Far:
    """Of some blobs: the paths to load; of all others the names of their documents and of
    the groups that these bring into being, and their summaries by what they claim."""

    wanted: tuple[str, ...]
    names: frozenset[tuple[str, str]]
    claimed: Mapping[str, Sequence[tuple[str, Summary]]]


def _far(blobs: Mapping[str, str], index: Index, reach: Reach) -> Far:
    wanted: list[str] = []
    names: set[tuple[str, str]] = set()
    claimed: dict[str, list[tuple[str, Summary]]] = defaultdict(list)
    for path, blob in blobs.items():
        summaries = index[blob]
        if summaries is None or _is_wanted(summaries, reach, path):
            wanted.append(path)
            continue
        for summary in summaries:
            _add_far(path, summary, names, claimed)
    return Far(tuple(wanted), frozenset(names), claimed)


def _add_far(
    path: str,
    summary: Summary,
    names: set[tuple[str, str]],
    claimed: dict[str, list[tuple[str, Summary]]],
) -> None:
    names.add((summary.kind, summary.name))
    for claim in summary.exclusives:
        claimed[claim].append((path, summary))
        what, key = exclusive_of(claim)
        if what in ("group", NAMED):
            names.add(("Group", key))


def _side(
    snapshot: Snapshot,
    common: Mapping[str, str],
    shared: Far,
    index: Index,
    reach: Reach,
    fresh: Mapping[str, tuple[Documents, list[Finding]]],
    now: datetime,
) -> Side:
    own = _far({p: b for p, b in snapshot.blobs.items() if p not in common}, index, reach)
    wanted = (*shared.wanted, *own.wanted)
    documents, findings = _documents(snapshot, wanted, fresh)
    findings = [*snapshot.findings, *findings]
    kept = [d for d in documents.valid if _is_kept(d, reach)]
    elsewhere, claims = _elsewhere(snapshot, index, kept, wanted, (shared, own))
    model, unresolved = link(Documents(tuple(kept), documents.broken), elsewhere, claims)
    findings += unresolved if snapshot.blobs else []
    readable = not has_errors(findings)
    if model is not None and readable:
        findings += check(model, now)
    shown = [d for d in documents.valid if d.path in reach.changed]
    return Side(
        snapshot,
        model if readable else None,
        tuple(in_order(findings)),
        {(d.kind, d.name): d for d in (*kept, *shown)},
        readable,
    )


def _is_wanted(summaries: tuple[Summary, ...], reach: Reach, path: str) -> bool:
    return path in reach.changed or any(
        summary.kind not in REACHES_NONE
        and (reach.tenants is None or not summary.tenant or summary.tenant in reach.tenants)
        for summary in summaries
    )


def _is_kept(document: Document, reach: Reach) -> bool:
    # Access tests speak of all tenants; they are evaluated by the tests, not by a plan.
    if document.kind in REACHES_NONE:
        return False
    tenant = belongs_to(document)
    return reach.tenants is None or not tenant or tenant in reach.tenants


def _documents(
    snapshot: Snapshot,
    wanted: Iterable[str],
    fresh: Mapping[str, tuple[Documents, list[Finding]]],
) -> tuple[Documents, list[Finding]]:
    paths = sorted(wanted)
    known = {p: fresh[key] for p in paths if (key := f"{snapshot.blobs[p]} {p}") in fresh}
    data = snapshot.read(p for p in paths if p not in known)
    valid: list[Document] = []
    broken: set[tuple[str, str]] = set()
    findings: list[Finding] = []
    for path in paths:
        documents, refused = known.get(path) or read_documents({path: data[path]})
        valid += documents.valid
        broken |= documents.broken
        findings += refused
    return Documents(tuple(valid), frozenset(broken)), findings


def _elsewhere(
    snapshot: Snapshot,
    index: Index,
    kept: Iterable[Document],
    wanted: Iterable[str],
    far: Iterable[Far],
) -> tuple[set[tuple[str, str]], list[Exclusive]]:
    """The names of the documents that are not kept, of the groups that they bring into
    being, and what they claim that a kept one claims as well."""
    here = {(d.kind, d.name) for d in kept}
    ours: set[str] = set()
    names: set[tuple[str, str]] = set()
    claimed: dict[str, list[tuple[str, Summary]]] = defaultdict(list)
    for path in wanted:
        for summary in index[snapshot.blobs[path]] or ():
            if (summary.kind, summary.name) in here:
                ours.update(summary.exclusives)
            else:
                _add_far(path, summary, names, claimed)
    names = names.union(*(part.names for part in far))
    claims = [
        Exclusive(*exclusive_of(claim), summary.tenant, Origin(path))
        for claim in sorted(ours)
        if exclusive_of(claim)[0] != NAMED
        for theirs in (claimed, *(part.claimed for part in far))
        for path, summary in theirs.get(claim, ())
    ]
    return names, claims


def _shares_money(sides: Iterable[Side]) -> bool:
    """Whether what may be spent differs under a budget that other tenants draw on too."""
    models = [side.model for side in sides if side.model is not None]
    return len({exposure(model) for model in models}) > 1 and any(
        not tenant_of(budget.scope) for model in models for budget in model.budgets.values()
    )


def _judged_apart(sides: Iterable[Side]) -> bool:
    """Whether the rules find something on one side only. A rule may look at all tenants (a
    group that some tenant binds, a role that nobody holds), so the whole repository decides."""
    base, head = (
        {(f.code, f.document, f.message) for f in side.findings if f.severity is not Severity.INFO}
        for side in sides
    )
    return base != head
