"""What changes beside access as people read it: sections, clauses of the verdict, values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final, NamedTuple

from qgov.language.concerns import Concern
from qgov.plan.concerns import ConcernRow
from qgov.plan.directions import Direction
from qgov.render.counting import count, kinds
from qgov.render.plan_documents import value
from qgov.render.plan_witness import told_of

__all__ = [
    "FIRST",
    "Clause",
    "ConcernSection",
    "clauses",
    "concern_sections",
    "reach_of",
    "sides_of",
    "way_of",
    "witness_of",
]

FIRST: Final = frozenset({Concern.TRUST, Concern.RULES})
"""What stands above the accesses: who counts as whom, and what judges the change."""

_TITLES: Final = {
    Concern.TRUST: ("Trust", "TRUST CHANGES"),
    Concern.RULES: ("Rules", "RULES CHANGE"),
    Concern.MONEY: ("Money", "MONEY CHANGES"),
    Concern.RECORDS: ("Records", "RECORDS CHANGE"),
    Concern.OPERATIONS: ("Operations", "OPERATIONS CHANGE"),
    Concern.ACCESS: ("Access without effect", "ACCESS RULES CHANGE"),
}


class ConcernSection(NamedTuple):
    """The rows of one concern, most dangerous first."""

    concern: Concern
    title: str
    rows: tuple[ConcernRow, ...]


class Clause(NamedTuple):
    """A part of the verdict: what it is about, and what there is to say."""

    word: str
    told: str

    def __str__(self) -> str:
        return f"{self.word}: {self.told}"


def concern_sections(rows: Iterable[ConcernRow]) -> tuple[ConcernSection, ...]:
    """A section for each concern that changes, in the order in which a reviewer has to know
    of them."""
    found = {
        concern: ConcernSection(concern, _TITLES[concern][0], tuple(inside))
        for concern, inside in groupby(rows, key=lambda row: row.change.concern)
    }
    return tuple(found[concern] for concern in _TITLES if concern in found)


def clauses(sections: Iterable[ConcernSection]) -> Iterator[tuple[Concern, Clause]]:
    """What the verdict says of each concern."""
    for concern, _, rows in sections:
        told = _trust(rows) if concern is Concern.TRUST else _counted(rows)
        yield concern, Clause(_TITLES[concern][1], told)


def _counted(rows: Sequence[ConcernRow]) -> str:
    """`3 fields of 2 documents, 1 looser`."""
    documents = sorted({row.change.document for row in rows})
    where = documents[0] if len(documents) == 1 else count(len(documents), "document")
    loose = sum(row.change.direction is Direction.LOOSER for row in rows)
    return f"{count(len(rows), 'field')} of {where}" + (f", {loose:,} looser" if loose else "")


def _trust(rows: Sequence[ConcernRow]) -> str:
    first = _whom(rows[0])
    return first if len(rows) == 1 else f"{first}; {count(len(rows), 'field')} in all"


def _whom(row: ConcernRow) -> str:
    """Whose identity changes, in few words."""
    change = row.change
    goes = "goes" if change.after is None else "comes"
    match change.names:
        case ("spec", "identityProviders", name, *part):
            whom = f"identity provider {name}"
        case ("spec", "groups", name, "identityProvider"):
            return f"{name} answer to another identity provider"
        case ("spec", "groups", name):
            return f"the group {name} {goes}"
        case ("spec", "serviceAccounts", name, *part):
            whom = f"workload {change.document.partition('/')[2]}/{name}"
        case _ if change.whole == "spec":
            return f"{change.document} {goes}"
        case _:
            return f"{change.document}, {change.field}"
    return ", ".join([whom, *([".".join(part)] if part else [])])


def way_of(row: ConcernRow) -> str:
    """Which way the field goes: money as accesses do, others by how strict they are."""
    return str(row.money or row.change.direction)


def reach_of(row: ConcernRow) -> str:
    """`412 accesses of 9 groups`; empty where it is not known who holds any."""
    if row.reached is None:
        return ""
    accesses = count(row.reached.accesses, "access", "accesses")
    return f"{accesses} of {kinds(row.reached.principals)}" if row.reached.accesses else accesses


def witness_of(row: ConcernRow) -> str:
    """The witness in words, or why there is none; empty where none was sought."""
    found = told_of(row.witness, row.unwitnessed)
    return str(found) if found else ""


def sides_of(row: ConcernRow) -> tuple[str, str]:
    """What the field said before, and what it says now."""
    return value(row.change.before), value(row.change.after)
