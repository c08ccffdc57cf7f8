"""Nothing changes unseen: every edit of every field has its place in the plan.

Every field of every kind gets several other values, and every part that can go is taken away and
put back, one edit at a time; and `test_made_up_edits.py` makes values up. No edit moves an
artifact or a finding while the plan calls it equivalent, shows no row or asks nobody, and each
file and resource that moves names its rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice
from typing import Final, NamedTuple

import pytest

from qgov.language.concerns import Concern, leaves, parts_of
from qgov.language.kinds import KINDS
from tests.plan.edits import (
    Edit,
    Edited,
    documents,
    edited,
    leaves_of,
    removals,
    values,
)
from tests.plan.faults import fault
from tests.plan.shared import once_for_a_model  # noqa: F401 - a fixture, for all of them

pytestmark = pytest.mark.no_cover  # measuring it would double its time

FEWEST: Final = 1_500
EACH_LEAF: Final = 3
EACH_FIELD: Final = 10
REMOVED: Final = 6
"""At most so many edits of one place, of one field, and removals of one field."""


# ------------------------------------------------------------------------------ every field


class Outcome(NamedTuple):
    """What was edited, and what is wrong with its plan."""

    edit: Edit
    fault: str


def _every(kind: str) -> Iterator[Edited]:
    """Every edit of a kind that can be understood, up to so many of each field."""
    chosen: Counter[tuple[str, str, str]] = Counter()

    def wanted(edits: Iterable[Edit], most: int, what: str) -> Iterator[Edited]:
        for edit in edits:
            field = (what, edit.document.kind, edit.field)
            if chosen[field] >= most:
                continue
            if (made := edited(edit)) is not None:
                chosen[field] += 1
                yield made

    for document in (each for each in documents().values() if each.kind == kind):
        for path, _ in leaves_of(document.raw):
            if path[0] in ("metadata", "spec") and path != ("metadata", "name"):
                yield from islice(wanted(values(document, path), EACH_FIELD, "value"), EACH_LEAF)
        for made in wanted(removals(document), REMOVED, "removed"):
            yield made
            yield made.back


@cache
def _outcomes(kind: str) -> tuple[Outcome, ...]:
    return tuple(Outcome(made.edits[0], fault(made)) for made in _every(kind))


each_kind = pytest.mark.parametrize("kind", KINDS)


@each_kind
def test_every_edit_has_its_place_in_the_plan(kind: str) -> None:
    assert [f"{each.edit}: {each.fault}" for each in _outcomes(kind) if each.fault] == []


@each_kind
def test_every_field_is_edited(kind: str) -> None:
    declared = {
        field
        for name in ("metadata", "spec")
        for part in parts_of(KINDS[kind].model_fields[name].annotation)
        for field, _, _ in leaves(part, None, (name,))
    }
    unedited = {"metadata.name", *(field for of, field in UNEDITED if of == kind)}

    assert declared - {each.edit.field for each in _outcomes(kind)} == unedited


def test_edits_are_many_and_of_every_concern() -> None:
    found = [each for kind in KINDS for each in _outcomes(kind)]
    counted = Counter(str(concern) for each in found for concern in each.edit.concerns)
    print(f"{len(found)} edits: {dict(sorted(counted.items()))}")  # noqa: T201 - how much was tried

    assert len(found) >= FEWEST
    assert set(counted) == set(map(str, Concern))


UNEDITED: Final = {("Organization", "spec.auditSinks.format")}  # there is one
"""Fields that have no other value; another `metadata.name` is another document."""
