"""Who is asked of a change: each row, and all of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from qgov.language.documents import Document
from qgov.model.access_model import AccessModel
from qgov.plan.approvers import (
    Approver,
    approvers,
    approvers_of,
    approvers_of_entrance,
    approvers_of_group,
)
from qgov.plan.author import second_of_trust, second_person
from qgov.plan.concerns import ConcernRow
from qgov.plan.exposure import Exposure
from qgov.plan.groups import GroupDeleted
from qgov.plan.plan import AccessChange, AuthorGains
from qgov.plan.risk import Risk
from qgov.records import replace

__all__ = ["asking"]


def asking(
    rules: AccessModel | None,
    access: Collection[AccessChange],
    concerns: Sequence[ConcernRow],
    groups: Sequence[GroupDeleted],
    differing: Iterable[tuple[Document | None, Document | None]],
    versions: Iterable[Document],
    spent: tuple[Exposure, Exposure],
    author: AuthorGains | None,
) -> tuple[tuple[ConcernRow, ...], tuple[GroupDeleted, ...], tuple[Approver, ...]]:
    """The rows beside access and the groups with whom each asks, and all who must approve, by
    the rules of the base, or of the first commit."""
    risks = [*(c.rule.risk for c in access), *(row.rule.risk for row in concerns)]
    worst = max([*risks, *(group.risk for group in groups)], default=Risk.LOW)
    asked = _asked(rules, concerns, differing, worst)
    ends = [approvers_of_group(rules, group, worst) if rules else [] for group in groups]
    rows = tuple(replace(r, approvers=_by(f)) for r, f in zip(concerns, asked, strict=True))
    gone = tuple(replace(g, approvers=_by(f)) for g, f in zip(groups, ends, strict=True))
    every = [*asked, *ends]
    return rows, gone, _approvals(rules, access, spent, versions, author, every, worst, concerns)


def _by(found: Iterable[Approver]) -> tuple[str, ...]:
    return tuple(sorted({approver.by for approver in found}))


def _approvals(
    rules: AccessModel | None,
    access: Collection[AccessChange],
    spent: tuple[Exposure, Exposure],
    documents: Iterable[Document],
    author: AuthorGains | None,
    asked: Iterable[Iterable[Approver]],
    worst: Risk,
    concerns: Iterable[ConcernRow],
) -> tuple[Approver, ...]:
    """Who must approve; `asked` are those of the rows beside access."""
    if rules is None:
        return ()
    most = max((c.rule.risk for c in access), default=None)
    found = {*approvers(rules, most, spent[1].exceeds(spent[0]), documents, worst)}
    found |= {each for row in asked for each in row}
    found |= approvers_of_entrance(rules, (c.row for c in access if not c.loses))
    if author is not None and any(row.moves_trust for row in concerns):
        found |= {*second_of_trust(rules, author.author)}
    if author is not None:
        first = sorted(author.gains, key=lambda c: (-c.rule.risk, c.row.permission != "job:submit"))
        theirs = max((c.rule.risk for c in first), default=None)
        found |= {*second_person(rules, author.author, [c.row for c in first], theirs)}
    return tuple(sorted(found))


def _asked(
    rules: AccessModel | None,
    concerns: Iterable[ConcernRow],
    documents: Iterable[tuple[Document | None, Document | None]],
    worst: Risk,
) -> list[list[Approver]]:
    """Whom each row beside access asks."""
    versions = {
        (new or old).id: [d for d in (old, new) if d is not None]  # type: ignore[union-attr]
        for old, new in documents
    }
    return [
        approvers_of(rules, row, versions[row.change.document], worst) if rules else []
        for row in concerns
    ]
