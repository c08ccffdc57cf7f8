"""A source read, said as a configuration that validates, and held against the source again."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from msgspec import Struct

from qgov.drift.drift import Drift, Report
from qgov.drift.facts import Setting
from qgov.drift.imports.administrators import administered
from qgov.drift.imports.differing import differences
from qgov.drift.imports.documents import documents
from qgov.drift.imports.keys import key_note, keys_file, keys_of
from qgov.drift.imports.reading import read_facts
from qgov.drift.imports.said import Bound, Directory, Note, Said, Why, Wishes
from qgov.drift.imports.source import Source
from qgov.drift.imports.terraform import beside
from qgov.drift.imports.waivers import waiver
from qgov.drift.observe import observe
from qgov.drift.observer import Observer, UnreadableError
from qgov.errors import FindingsError
from qgov.errors import Report as Refusal
from qgov.finding import Finding, Origin, Severity
from qgov.model.access_model import AccessModel
from qgov.model.principal import is_workload, name_of
from qgov.pipeline import check, emit, load
from qgov.records import replace

__all__ = ["Imported", "import_from", "seed"]

_HEADING: Final = (
    "NOT IMPORTED: what exists is not a configuration that validates; nothing is written"
)
_ROUNDS: Final = 20
"""How often what a rule refuses is taken out: each may bring the next to light."""


class Imported(Struct, frozen=True):
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
    source: Source,
    directory: Directory,
    wishes: Wishes,
    environment: Mapping[str, str],
    now: datetime,
) -> Imported:
    """The configuration of what a source holds, compared with it again (`what` is what the
    observer is asked for).

    Raises UnreadableError where it cannot be read whole, FindingsError where what exists is no
    configuration that validates.
    """
    said = read_facts(directory, source.facts, source.direct, source.words)
    said, files, assumed, model = _valid(said, wishes, now)
    flow = source.facts.settings.get(Setting("realm", "", "browserFlow"))
    more, imports, left, kept = beside(
        model, directory.name, source.existing, None if flow is None else str(flow)
    )
    keys = keys_of(said, source.facts)
    files |= keys_file(directory.name, keys)
    report: Report | None = None
    try:
        known = {**environment, **{key.variable: key.url for key in keys}}
        report = observe(model, [(observer, what)], known, now)
    except UnreadableError as error:
        if observer.name != "terraform":
            raise
        assumed.append(_not_compared(error))
    counts = {
        "groups": len(said.groups),
        "roles": len(said.roles),
        "bindings": len(said.bindings),
        "workloads": len(said.workloads),
        "imports": imports,
    }
    if imports and observer.name == "terraform":
        assumed.append(_MOVES)
    rest = () if report is None else differences(report.drift, kept)
    notes = (*said.notes, *source.notes, *assumed, *left, *map(key_note, keys), *rest)
    name = f"{observer.name}:{what}"
    return Imported(name, {**files, **more}, counts, (*dict.fromkeys(notes),), report)


_MOVES: Final = Note(
    Why.ASSUMED,
    "what Terraform manages today moves to the compiled module",
    "a thing that two states manage is changed by both",
    "take it out of the other state (`terraform state rm`) when the first apply has taken it over",
)


def _not_compared(error: UnreadableError) -> Note:
    return Note(
        Why.ASSUMED,
        "the configuration is as the state, which was not compared with it again",
        str(error),
        "compare the directory itself: `qgov drift --source scim` or `keycloak`",
    )


def seed(directory: Directory, wishes: Wishes) -> AccessModel:
    """What is known before anything was read: that there is a directory."""
    bare = administered(Said(directory), wishes.admins, wishes.approvers)
    found = load(documents(bare, wishes.organization)[0])
    if found.model is None:
        raise FindingsError(Refusal(found.findings, _HEADING))
    return found.model


# ------------------------------------------------------------------- what the rules let be said


def _valid(
    said: Said, wishes: Wishes, now: datetime
) -> tuple[Said, dict[str, bytes], list[Note], AccessModel]:
    """The same with what a rule refuses waived, or without it. Raises FindingsError for what can
    be neither."""
    errors: list[Finding] = []
    waived: dict[tuple[str, str], None] = {}
    for _ in range(_ROUNDS):
        said = administered(said, wishes.admins, wishes.approvers)
        files, assumed = documents(said, wishes.organization)
        if wishes.leave is not None:
            for rule, document in waived:
                path, content, note = waiver(rule, document, wishes.leave, now)
                files[path] = content
                assumed.append(note)
        found = emit(check(load(files), now))
        errors = [each for each in found.findings if each.severity is Severity.ERROR]
        if found.model is not None and not errors:
            return said, files, assumed, found.model
        less = said
        if found.model is not None:
            refused = {(each.code, each.document): None for each in errors if each.document}
            if wishes.leave is not None and not refused.keys() <= waived.keys():
                waived |= refused
                continue
            less = _without(said, found.model, errors)
        if less == said and not said.words:
            break
        said = less if less != said else replace(said, words={})
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
                f"the rule {each.code} refuses it: {each.told}",
                f"{each.remedy}; until then it stays as it is",
            )
        )
    kept = tuple(
        b for b in bindings if not is_workload(b.principal) or name_of(b.principal) in workloads
    )
    return replace(said, bindings=kept, workloads=workloads, notes=(*dict.fromkeys(notes),))


def _line(origin: Origin) -> tuple[str, int]:
    return origin.path, origin.line
