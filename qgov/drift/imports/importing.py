"""A source read, said as a configuration that validates, and held against the source again."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from qgov.drift.drift import Drift, Kind, Report, alike
from qgov.drift.facts import Held, Setting
from qgov.drift.imports.documents import administered, documents
from qgov.drift.imports.reading import read_facts
from qgov.drift.imports.said import Bound, Directory, Note, Said, Why, Wishes
from qgov.drift.imports.terraform import beside
from qgov.drift.observe import observe
from qgov.drift.observer import Asked, Observation, Observer
from qgov.drift.undo import Fact
from qgov.errors import FindingsError
from qgov.errors import Report as Refusal
from qgov.finding import Finding, Origin, Severity
from qgov.model.access_model import AccessModel
from qgov.model.principal import is_workload, name_of
from qgov.pipeline import check, emit, load

__all__ = ["Imported", "import_from", "seed"]

_HEADING: Final = (
    "NOT IMPORTED: what exists is not a configuration that validates; nothing is written"
)
_ROUNDS: Final = 20
"""How often what a rule refuses is taken out: each may bring the next to light."""


@dataclass(frozen=True, slots=True)
class Imported:
    """A configuration of what exists (path → bytes), what it says of how much, what somebody
    should look at, and how it differs from the source (None: that could not be compared)."""

    source: str
    files: Mapping[str, bytes]
    counts: Mapping[str, int]
    notes: tuple[Note, ...]
    report: Report | None

    @property
    def drift(self) -> tuple[Drift, ...]:
        """What differs."""
        return () if self.report is None else self.report.drift


def import_from(
    observer: Observer,
    what: str,
    directory: Directory,
    wishes: Wishes,
    environment: Mapping[str, str],
    now: datetime,
) -> Imported:
    """The configuration of what a source holds.

    Raises UnreadableError where it cannot be read whole, FindingsError where what exists is no
    configuration that validates.
    """
    asked = Asked(seed(directory, wishes), what, environment, now)
    (seen,) = observer.observe(asked)
    said = read_facts(directory, seen.found, lambda held: _direct(seen, held))
    said = administered(said, wishes.admins, wishes.approvers)
    said, files, assumed, model = _valid(said, wishes.organization, now)
    flow = seen.found.settings.get(Setting("realm", "", "browserFlow"))
    more, imports, left = beside(
        model, directory.name, seen.existing, None if flow is None else str(flow)
    )
    report = observe(model, [(observer, what)], environment, now)
    counts = {
        "groups": len(said.groups),
        "roles": len(said.roles),
        "bindings": len(said.bindings),
        "workloads": len(said.workloads),
        "imports": imports,
    }
    notes = (*said.notes, *assumed, *left, *(_differs(*each) for each in alike(report.drift)))
    return Imported(seen.name, {**files, **more}, counts, (*dict.fromkeys(notes),), report)


def _direct(seen: Observation, held: Held) -> bool:
    return bool(seen.undo(Fact(held, extra=True)).steps)


def seed(directory: Directory, wishes: Wishes) -> AccessModel:
    """What is known before anything was read: that there is a directory."""
    bare = administered(Said(directory), wishes.admins, wishes.approvers)
    found = load(documents(bare, wishes.organization)[0])
    if found.model is None:
        raise FindingsError(Refusal(found.findings, _HEADING))
    return found.model


# ------------------------------------------------------------------- what the rules let be said


def _valid(
    said: Said, organization: str, now: datetime
) -> tuple[Said, dict[str, bytes], list[Note], AccessModel]:
    """The same without what a rule refuses. Raises FindingsError for what cannot be left out."""
    errors: list[Finding] = []
    for _ in range(_ROUNDS):
        files, assumed = documents(said, organization)
        found = emit(check(load(files), now))
        errors = [each for each in found.findings if each.severity is Severity.ERROR]
        if found.model is not None and not errors:
            return said, files, assumed, found.model
        if found.model is None or (less := _without(said, found.model, errors)) == said:
            raise FindingsError(Refusal(errors, _HEADING))
        said = less
    raise FindingsError(Refusal(errors, _HEADING))


def _without(said: Said, model: AccessModel, errors: Collection[Finding]) -> Said:
    """Without the bindings and workloads that errors stand at, or in."""
    begins: dict[tuple[str, int], Bound | str] = {}
    for name, one in model.workloads.items():
        begins[_line(one.source.at())] = name
    for binding in model.bindings:
        key = binding.principal, binding.role, binding.scope
        begins[_line(binding.origin)] = next(b for b in said.bindings if b[:3] == key)
    starts = sorted(begins)
    bindings, workloads, notes = dict.fromkeys(said.bindings), {**said.workloads}, [*said.notes]
    for each in errors:
        index = bisect_right(starts, _line(each.origin)) - 1
        if index < 0 or starts[index][0] != each.origin.path:
            continue
        refused = begins[starts[index]]
        if isinstance(refused, str):
            workloads.pop(refused, None)
            what = f"the workload `{refused}`"
        else:
            bindings.pop(refused, None)
            who = f"`{refused.principal}`"
            what = f"the role `{refused.role}` of {who} on `{refused.scope}`"
        notes.append(
            Note(
                Why.UNSAID,
                what,
                f"the rule {each.code} refuses it: {each.message}",
                f"{each.remedy}; until then it stays as it is",
            )
        )
    kept = tuple(
        b for b in bindings if not is_workload(b.principal) or name_of(b.principal) in workloads
    )
    return replace(said, bindings=kept, workloads=workloads, notes=(*dict.fromkeys(notes),))


def _line(origin: Origin) -> tuple[str, int]:
    return origin.path, origin.line


# ---------------------------------------------------------------------- how it differs, in words

_APPLIED: Final = {
    Kind.MISSING: "the configuration says it, and the first apply makes it",
    Kind.CHANGED: "the configuration says otherwise, and the first apply makes it so",
    Kind.UNMANAGED: "the language has no word for it, so it stays as it is, and drift tells of it",
    Kind.OUTLIVED: "elevations are asked for and approved, and never imported",
    Kind.STALE_BUNDLE: "a bundle is made of the configuration: deploy it",
}


def _differs(drift: Drift, more: int) -> Note:
    also = f" ({more} more such accesses)" if more else ""
    return Note(
        Why.UNSAID if drift.kind in (Kind.UNMANAGED, Kind.OUTLIVED) else Why.CHANGES,
        f"{drift.message}{also}",
        _APPLIED[drift.kind],
        _REMEDY[drift.kind in (Kind.UNMANAGED, Kind.OUTLIVED)],
    )


_REMEDY: Final = {
    True: "say it in another way, or take it back where it was made",
    False: "look at it in the plan of Terraform before it is applied",
}
