"""The two sides of a plan, base and head, each loaded as far as the change reaches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from msgspec import Struct, field

from qgov.finding import Finding, Origin, Severity, has_errors
from qgov.language.documents import Document, Documents, joined, read_files
from qgov.language.intent import Intent
from qgov.model.access_model import AccessModel, Exclusive
from qgov.model.belonging import belongs_to
from qgov.model.scope import tenant_of
from qgov.pipeline import Loaded, Rest, check, understand
from qgov.plan.exposure import exposure
from qgov.plan.groups import deleted
from qgov.plan.index import (
    NAMED,
    Index,
    Summary,
    about,
    exclusive_of,
    load_index,
    save_index,
    summarize,
)
from qgov.plan.intent import reaches_all, undefined
from qgov.plan.reach import REACHES_NONE, Reach, reach_of
from qgov.plan.values import Kept, Parsed
from qgov.records import replace
from qgov.repository import RepositoryError, Snapshot

__all__ = ["LEEWAY", "Judgement", "Side", "load_cached", "load_sides", "time_of"]


class Side(Struct, frozen=True):
    """One side: what was loaded of it, and what that means; `now` is the time by which the rules
    judge it.

    `readable` says whether it could be understood whole; an empty repository can, and
    has no model.
    """

    snapshot: Snapshot
    loaded: Loaded
    documents: Mapping[tuple[str, str], Document]
    readable: bool
    now: datetime

    @property
    def model(self) -> AccessModel | None:
        """What it means."""
        return self.loaded.model

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What keeps it from being understood."""
        return self.loaded.findings

    def judged(self) -> Judgement:
        """What is wrong with it, and what waivers hide of that. A rule is asked once, however
        often this is."""
        checked = check(self.loaded, self.now)
        return checked.findings, checked.silenced


Judgement = tuple[tuple[Finding, ...], tuple[Finding, ...]]
"""What the rules find, and what they would, were it not waived."""


LEEWAY: Final = timedelta(days=1)
"""How far a commit may be dated ahead: clocks and time zones differ, rules count in days."""


def time_of(base: Snapshot, head: Snapshot, clock: datetime) -> datetime | None:
    """The time by which the rules judge both sides: the head's own, so that two commits always
    give the same plan; None for what is not committed yet.

    The author of a change chooses its date. So it counts only if it is later than what was
    merged, and raises RepositoryError where it is more than a day later than both that and
    `clock`: elevations, waivers and reviews would have run out, or not have begun.
    """
    if head.time is None:
        return None
    merged = head.time if base.time is None else base.time
    latest = clock if base.time is None else max(merged, clock)
    if head.time - latest > LEEWAY:
        raise RepositoryError(
            f"{head.ref} is dated {head.time:%Y-%m-%dT%H:%M:%SZ}, more than a day after "
            f"{latest:%Y-%m-%dT%H:%M:%SZ}: commit it again by a clock that is right, or give --now"
        )
    return max(merged, head.time)


def load_cached(
    cache: Path,
    base: Snapshot,
    head: Snapshot,
    now: datetime,
    intent: Intent | None = None,
    *,
    whole: bool = False,
) -> tuple[Side, Side, Reach]:
    """What `load_sides` loads, and as much as an intent speaks of besides; the index is kept
    in the folder `cache`, and what documents say once all of them are loaded."""
    index = load_index(cache / "index.json")
    known, values = len(index), Kept(cache / "values.json")
    # What an intent speaks of may lie in a tenant that the change does not touch.
    whole = whole or (intent is not None and reaches_all(intent))
    before, after, reach = load_sides(base, head, index, now, values, whole=whole)
    if intent and not reach.whole and undefined(intent, (before.model, after.model)):
        before, after, reach = load_sides(base, head, index, now, values, whole=True)
    if len(index) != known:
        save_index(
            cache / "index.json",
            {b: index[b] for side in (base, head) for b in side.blobs.values()},
        )
    return before, after, reach


def load_sides(
    base: Snapshot,
    head: Snapshot,
    index: Index,
    now: datetime,
    kept: Kept | None = None,
    *,
    whole: bool = False,
) -> tuple[Side, Side, Reach]:
    """Both sides and how far the change between them reaches. Learns new blobs into
    `index`. `now` is the clock of the rules, the same for both sides. What documents say is looked
    up in `kept` and kept there. `whole` loads what the change does not reach as well."""
    parsed = _learn(index, base, head)
    reach = reach_of(base, head, index)
    if whole:
        reach = reach.everywhere
    sides = _sides(base, head, index, reach, parsed, now, kept)
    if not reach.whole and (
        _judged_apart(sides) or _shares_money(sides) or deleted(*(s.model for s in sides))
    ):
        reach = reach.everywhere
        sides = _sides(base, head, index, reach, parsed, now, kept)
    if reach.whole and kept is not None:
        kept.keep((base, head), parsed)
    return sides[0], sides[1], reach


def _learn(index: Index, base: Snapshot, head: Snapshot) -> Parsed:
    """Index the blobs that it does not know; returns what was parsed."""
    parsed: Parsed = {}
    for snapshot in (base, head):
        unknown = {b: p for p, b in snapshot.blobs.items() if b not in index}
        for path, (documents, findings) in read_files(snapshot.read(unknown.values())).items():
            blob = snapshot.blobs[path]
            index[blob] = None if findings else summarize(documents.valid)
            parsed[path, blob] = (documents, findings)
    return parsed


def _sides(
    base: Snapshot,
    head: Snapshot,
    index: Index,
    reach: Reach,
    parsed: Parsed,
    now: datetime,
    kept: Kept | None,
) -> list[Side]:
    if reach.whole and kept is not None:
        for snapshot in (base, head):
            kept.read(snapshot, parsed)
    # What is the same on both sides is sorted once for both; what is changed is wanted.
    near, far = [], _Far()
    for path, blob in sorted(base.blobs.items() & head.blobs.items()):
        summaries = index[blob]
        if summaries is None or any(reach.covers(s.kind, s.tenant, s.about) for s in summaries):
            near.append(path)
        else:
            for summary in summaries:
                far.add(path, summary)
    one, known = _side(base, near, far, index, reach, parsed, now)
    return [one, _side(head, near, far, index, reach, parsed, now, known)[0]]


class _Far(Struct, frozen=True):
    """Documents that are not loaded: their names and those of the groups that they bring into
    being, and which of them has what to itself."""

    names: set[tuple[str, str]] = field(default_factory=set)
    holders: dict[str, list[tuple[str, Summary]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, path: str, summary: Summary) -> None:
        self.names.add((summary.kind, summary.name))
        for text in summary.exclusives:
            self.holders[text].append((path, summary))
            what, key = exclusive_of(text)
            if what in ("group", NAMED):
                self.names.add(("Group", key))


def _side(
    snapshot: Snapshot,
    near: Sequence[str],
    far: _Far,
    index: Index,
    reach: Reach,
    parsed: Parsed,
    now: datetime,
    known: tuple[Loaded, Rest] | None = None,
) -> tuple[Side, tuple[Loaded, Rest]]:
    paths = sorted((*near, *(path for path in reach.changed if path in snapshot.blobs)))
    documents, refused = _read(snapshot, paths, parsed)
    kept = tuple(d for d in documents.valid if _is_near(d, reach))
    rest = _rest(snapshot, paths, kept, far, index)
    loaded = understand(
        Documents(kept, documents.broken, documents.partial),
        [*snapshot.findings, *refused],
        rest,
        known[0] if known and known[1] == rest else None,
    )
    if not snapshot.blobs:
        # An empty repository lacks an organization, and that is no fault of it.
        readable = not has_errors(snapshot.findings)
        nothing = replace(loaded, model=None, findings=snapshot.findings)
        return Side(snapshot, nothing, {}, readable, now), (loaded, rest)
    shown = [d for d in documents.valid if d.path in reach.changed]
    told = {(d.kind, d.name): d for d in (*kept, *shown)}
    return Side(snapshot, loaded, told, loaded.model is not None, now), (loaded, rest)


def _is_near(document: Document, reach: Reach) -> bool:
    """Whether a document of a file that is read is loaded."""
    if document.kind in REACHES_NONE and document.path in reach.changed:
        return True
    return reach.covers(document.kind, belongs_to(document), about(document))


def _read(
    snapshot: Snapshot, paths: Iterable[str], parsed: Parsed
) -> tuple[Documents, list[Finding]]:
    """The documents of some paths; what was parsed already is not read again."""
    keys = {path: (path, snapshot.blobs[path]) for path in paths}
    data = snapshot.read(path for path, key in keys.items() if key not in parsed)
    parsed |= {keys[path]: found for path, found in read_files(data).items()}
    return joined(parsed[key] for key in keys.values())


def _rest(
    snapshot: Snapshot,
    paths: Iterable[str],
    kept: Iterable[Document],
    far: _Far,
    index: Index,
) -> Rest:
    """What is known of the documents that are not kept, those in the files that were read
    included."""
    here = {(d.kind, d.name) for d in kept}
    ours: set[str] = set()
    beside = _Far()
    for path in paths:
        for summary in index[snapshot.blobs[path]] or ():
            if (summary.kind, summary.name) in here:
                ours.update(summary.exclusives)
            else:
                beside.add(path, summary)
    return Rest(
        far.names | beside.names,
        [
            Exclusive(*exclusive_of(text), summary.tenant, Origin(path))
            for text in sorted(ours)
            if exclusive_of(text)[0] != NAMED
            for path, summary in (*far.holders.get(text, ()), *beside.holders.get(text, ()))
        ],
    )


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
        {f.key for f in side.judged()[0] if f.severity is not Severity.INFO} for side in sides
    )
    return base != head
