"""Nothing changes unseen: every edit of every field has its place in the plan.

Every field of every kind gets several other values, and every part that can go is taken away and
put back, one edit at a time; then Hypothesis makes up values, and edits two documents at once. No edit moves an
artifact or a finding while the plan calls it equivalent, shows no row or asks nobody, and each
file and resource that moves names its rows.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from functools import cache
from itertools import islice
from typing import Any, Final, NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from qgov.language.concerns import Concern, leaves, parts_of
from qgov.language.kinds import KINDS
from qgov.plan.plan import UNACCOUNTED, Plan
from tests.plan.edits import (
    Edit,
    Edited,
    at,
    documents,
    edit_of,
    edited,
    leaves_of,
    removals,
    values,
)

pytestmark = pytest.mark.no_cover  # measuring it would double its time

FEWEST: Final = 1_500
EACH_LEAF: Final = 3
EACH_FIELD: Final = 10
REMOVED: Final = 6
"""At most so many edits of one place, of one field, and removals of one field."""

FILES: Final = ("policy/", "idp/", "terraform/")
"""What enforces access: each file that differs has to name its rows."""


def fault(made: Edited) -> str:
    """What is wrong with the plan of edits; empty when it tells them as it must."""
    plan = made.plan
    if any(finding.code == UNACCOUNTED for finding in plan.new_findings):
        return next(f.message for f in plan.new_findings if f.code == UNACCOUNTED)
    about = frozenset().union(*(edit.concerns for edit in made.edits))
    if about == {Concern.WORDS}:
        return _fault_of_words(made)
    if plan.verdict == "equivalent":
        return f"{sorted(about)} is equivalent"
    if not plan.access and not plan.concerns:
        return "no row"
    asked = bool(plan.approvals) and all(row.approvers for row in plan.concerns)
    # Where the base names nobody, the plan says that nobody is asked.
    if not asked and (made.reviewed or not plan.unasked):
        return "nobody is asked"
    return _fault_of_findings(made) or _fault_of_artifacts(made) or _fault_of_rows(made)


def _fault_of_words(made: Edited) -> str:
    plan = made.plan
    if plan.concerns or plan.access or plan.verdict != "equivalent":
        return "words have a row"
    silent = (p for p in made.files if p.startswith(("policy/", "idp/")) and "/realm." not in p)
    if moved := sorted(silent):
        return f"words move {moved}"
    if made.findings:
        return f"words move {sorted(made.findings)}"
    return _fault_of_artifacts(made)


def _fault_of_findings(made: Edited) -> str:
    plan = made.plan
    told = {(f.code, f.document, f.message) for f in (*plan.new_findings, *plan.fixed_findings)}
    return f"not told: {sorted(made.findings - told)}" if made.findings - told else ""


def _fault_of_artifacts(made: Edited) -> str:
    if not made.compiles:
        return ""
    told = {change.path: change for change in made.plan.artifacts}
    if told.keys() != made.files:
        return f"other files: {sorted(told.keys() ^ made.files)}"
    for path in sorted(made.files):
        change = told[path]
        if path.startswith(FILES) and not change.because:
            return f"{path} has no row"
        if not all(_is_row(made.plan, pointer) for pointer in change.because):
            return f"{path} has rows that are not there: {change.because}"
        if path.startswith(FILES[1:]):
            named = {each.resource for each in change.resources if each.because}
            if untold := made.resources(path) - named:
                return f"{path} does not tell {sorted(untold)}"
    return ""


def _is_row(plan: Plan, pointer: str) -> bool:
    _, part, number = pointer.split("/")
    return int(number) < len(getattr(plan, part))


def _fault_of_rows(made: Edited) -> str:
    """A field that changes by itself has one row, or rows of access."""
    if len(made.edits) > 1:
        return ""
    (edit,), plan = made.edits, made.plan
    if edit.is_key or len(edit.concerns) > 1:
        return ""
    fewest = 0 if edit.concerns == {Concern.ACCESS} and plan.access else 1
    found = [row.change.field for row in plan.concerns]
    return "" if fewest <= len(found) <= 1 else f"{len(found)} rows: {found}"


# ------------------------------------------------------------------------------ every field


class Outcome(NamedTuple):
    """What was edited, and what is wrong with its plan."""

    edit: Edit
    fault: str


def _every() -> Iterator[Edited]:
    """Every edit that can be understood, up to so many of each field."""
    chosen: Counter[tuple[str, str, str]] = Counter()

    def wanted(edits: Iterable[Edit], most: int, what: str) -> Iterator[Edited]:
        for edit in edits:
            field = (what, edit.document.kind, edit.field)
            if chosen[field] >= most:
                continue
            if (made := edited(edit)) is not None:
                chosen[field] += 1
                yield made

    for document in documents().values():
        for path, _ in leaves_of(document.raw):
            if path[0] in ("metadata", "spec") and path != ("metadata", "name"):
                yield from islice(wanted(values(document, path), EACH_FIELD, "value"), EACH_LEAF)
        for made in wanted(removals(document), REMOVED, "removed"):
            yield made
            yield made.back


@cache
def _outcomes() -> tuple[Outcome, ...]:
    return tuple(Outcome(made.edits[0], fault(made)) for made in _every())


def test_every_edit_has_its_place_in_the_plan() -> None:
    found = _outcomes()
    counted = Counter(str(concern) for each in found for concern in each.edit.concerns)
    print(f"{len(found)} edits: {dict(sorted(counted.items()))}")  # noqa: T201 - how much was tried

    assert [f"{each.edit}: {each.fault}" for each in found if each.fault] == []
    assert len(found) >= FEWEST
    assert set(counted) == set(map(str, Concern))


def test_every_field_of_every_kind_is_edited() -> None:
    declared = {
        (kind, field)
        for kind, document in KINDS.items()
        for name in ("metadata", "spec")
        for part in parts_of(document.model_fields[name].annotation)
        for field, _, _ in leaves(part, None, (name,))
    }
    tried = {(each.edit.document.kind, each.edit.field) for each in _outcomes()}

    assert declared - tried == UNEDITED


UNEDITED: Final = {
    *((kind, "metadata.name") for kind in KINDS),  # another document
    ("Organization", "spec.auditSinks.format"),  # there is one
}
"""Fields that have no other value."""


# ------------------------------------------------------------------------------- made up

bounded: Final = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@cache
def _places() -> tuple[tuple[str, tuple[str | int, ...]], ...]:
    return tuple(
        (id_, path)
        for id_, document in documents().items()
        for path, _ in leaves_of(document.raw)
        if path[0] in ("metadata", "spec") and path != ("metadata", "name")
    )


_FORMS: Final[dict[str, st.SearchStrategy[str]]] = {
    r"\d+[smhdwy]": st.tuples(st.integers(1, 500), st.sampled_from("mhd")).map(
        lambda t: f"{t[0]}{t[1]}"
    ),
    r"[\d.]+ [A-Z]{3}": st.tuples(st.integers(0, 10**6), st.sampled_from(("EUR", "USD"))).map(
        lambda t: f"{t[0] // 100}.{t[0] % 100:02} {t[1]}"
    ),
    r"\d+%": st.integers(1, 100).map(lambda n: f"{n}%"),
    r"\d{4}-\d\d-\d\d": st.dates(date(2026, 1, 1), date(2026, 11, 1)).map(str),
    r"\d{4}-\d\d-\d\dT.*": st.dates(date(2026, 10, 1), date(2027, 1, 1)).map(
        lambda d: f"{d}T12:00:00Z"
    ),
    r"https://.*": st.from_regex(r"\Ahttps://[a-z]{1,9}\.example(/[a-z]{1,5})?\Z"),
    r"[a-z0-9-]+": st.from_regex(r"\A[a-z][a-z0-9]{0,9}\Z"),
    r"\S+@\S+": st.from_regex(r"\A[a-z]{1,9}@acme\.example\Z"),
    r"(?s).*": st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), min_size=1),
}
"""How a value is written → others that are written like it."""


@st.composite
def edits(draw: st.DrawFn) -> Edit:
    """A leaf with a value that is made up, or has it elsewhere."""
    id_, path = draw(st.sampled_from(_places()))
    document = documents()[id_]
    before = at(document.raw, path)
    if isinstance(before, bool):
        after: Any = not before
    elif isinstance(before, int):
        after = draw(st.integers(0, 10**6))
    else:
        forms = (made for form, made in _FORMS.items() if re.fullmatch(form, str(before)))
        known = [str(at(d.raw, p)) for i, p in _places() for d in [documents()[i]]]
        after = draw(st.one_of(next(forms), st.sampled_from(known)))
    edit = edit_of(document, path, after)
    assume(edit is not None)
    assert edit is not None
    return edit


_made_up: Counter[str] = Counter()


@bounded
@given(edits())
def _made_up_value(edit: Edit) -> None:
    made = edited(edit)
    assume(made is not None)
    assert made is not None
    _made_up["values"] += 1
    assert fault(made) == "", edit


@bounded
@given(edits(), edits())
def _two_at_once(one: Edit, other: Edit) -> None:
    assume(one.document.id != other.document.id)
    made = edited(one, other)
    assume(made is not None)
    assert made is not None
    _made_up["pairs"] += 1
    assert fault(made) == "", (str(one), str(other))


def test_made_up_edits_have_their_place_in_the_plan() -> None:
    _made_up_value()
    _two_at_once()
    print(f"made up: {dict(_made_up)}")  # noqa: T201 - how much was tried

    assert min(_made_up["values"], _made_up["pairs"]) >= 100
