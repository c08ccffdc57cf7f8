"""Spend that starts afresh: a budget goes, and another, which does not say that it is the same
(`previously`), takes its place and has counted nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Final

from qgov.language.concerns import Concern
from qgov.language.documents import Document
from qgov.model.scope import EVERYWHERE
from qgov.plan.directions import Direction
from qgov.plan.fields import FieldChange, Place

__all__ = ["SPENT", "spent_afresh"]

SPENT: Final = "spent"
"""What stands for the field: no document says what was spent."""


def spent_afresh(
    documents: Iterable[tuple[Document | None, Document | None]],
) -> Iterator[FieldChange]:
    """A change for each budget that counts and goes while others begin to count in its scope;
    it is a change of the budget that goes, whose owner it asks. `documents` are those that
    differ (before, after)."""
    pairs = list(documents)
    tenants = {o.name: n.name for o, n in pairs if o and n and n.kind == "Tenant"}
    gone = [old for old, new in pairs if old and new is None and _counts(old)]
    come = sorted(
        (new for old, new in pairs if new and old is None and _counts(new)), key=lambda d: d.name
    )
    for old in gone:
        tenant, slash, rest = old.spec.scope.partition("/")
        scope = f"{tenants.get(tenant, tenant)}{slash}{rest}"
        if instead := [
            new.id
            for new in come
            if _overlap(scope, new.spec.scope) and _meet(old.spec.backends, new.spec.backends)
        ]:
            path = ("metadata", "name")
            yield FieldChange(
                Concern.MONEY,
                old.id,
                (SPENT,),
                SPENT,
                f"as counted under {old.id}",
                f"nothing, under {', '.join(instead)}",
                Direction.LOOSER,
                old.at(*path),
                "base",
                places=(Place("base", old, path),),
            )


def _counts(document: Document) -> bool:
    spec = document.spec
    return document.kind == "Budget" and bool(spec.budget or spec.quotas)


def _meet(one: Collection[str] | None, other: Collection[str] | None) -> bool:
    """Whether jobs on one backend count under both; None: on every backend."""
    return one is None or other is None or not {*one}.isdisjoint(other)


def _overlap(one: str, other: str) -> bool:
    """Whether a project can lie in both; a pattern's `*` stands for any label."""
    labels = zip(one.split("/"), other.split("/"), strict=False)
    return all(a == b or EVERYWHERE in (a, b) for a, b in labels)
