"""Making the plan of two sides: what each part of it is worked out from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from msgspec import Struct

from qgov.beside import beside
from qgov.finding import Finding, Severity
from qgov.language.documents import Document
from qgov.language.intent import Intent
from qgov.language.permissions import CATALOGUE
from qgov.model.access_model import AccessModel
from qgov.model.accesses import AccessTable, Cell, Path, accesses, linked_alike
from qgov.model.renames import renamed_scopes
from qgov.plan.approvals import asking
from qgov.plan.author import Author
from qgov.plan.causes import Causes
from qgov.plan.changes import ChangedCell, difference, rows
from qgov.plan.concerns import ConcernRow, concern_rows
from qgov.plan.documents import DocumentChange, document_changes, rename_of, touched
from qgov.plan.exposure import Exposure, exposure, quota_changes
from qgov.plan.groups import deleted
from qgov.plan.guardrails import guardrails
from qgov.plan.horizon import horizon
from qgov.plan.intent import parted, unnamed
from qgov.plan.moved import moved
from qgov.plan.plan import AccessChange, AuthorGains, Compared, Intended, Plan
from qgov.plan.rails import tripped
from qgov.plan.rates import with_rates
from qgov.plan.reach import Reach
from qgov.plan.reissued import reissued
from qgov.plan.renaming import SCOPES, renamed
from qgov.plan.risk import assess
from qgov.plan.self_check import artifact_changes
from qgov.plan.sides import Judgement, Side
from qgov.plan.silenced import newly_silenced
from qgov.plan.tellings import Rows
from qgov.plan.trusted import with_reach, with_trust
from qgov.plan.unclosed import unclosed
from qgov.plan.unretired import revived, unretired
from qgov.targets import unsupported

__all__ = ["make_plan"]


def make_plan(
    base: Side,
    head: Side,
    reach: Reach,
    *,
    now: datetime,
    overridden: Collection[str] = (),
    horizon_s: int | None = None,
    intent: Intent | None = None,
    author: Author | None = None,
) -> Plan:
    """The plan from `base` to `head`. Both sides must be readable. `now` is the clock for
    the horizon and the guardrails; nothing else in a plan depends on the time. Of `intent`
    every name must exist, and of `author` nothing is known but what is said."""
    assert base.readable
    assert head.readable
    with beside(
        partial(unsupported, base.model, head.model),
        lambda: (base.judged(), head.judged()),
        documents=len(head.documents),
    ) as (refused, judged):
        old, new = base.model, head.model
        both = _accesses(base, head, whole=reach.whole)
        access = both.told(both.changed)
        differing = list(touched(base.documents, head.documents, reach.changed))
        documents = tuple(document_changes(differing))
        concerns = concern_rows(differing, ((c.row, c.causes) for c in access))
        concerns = with_rates(concerns, (old, new))
        concerns = with_reach(concerns, (both.before, both.after), (old, new))
        gains = None
        if author is not None:
            gains = AuthorGains(author, tuple(c for c in access if author.gains_by(c.row)))
        spent = _exposures(old, new)
        crossed = tuple(guardrails(old, new, now, whole=reach.whole))
        rails = tuple(tripped(old, new, both.before, both.changed))
        told = Rows(differing, documents, access, concerns, _by_document(both.renames))
        artifacts, unfit = artifact_changes(old, new, told, refused())
        gone = deleted(old, new)
        versions = _versions(base, head, documents, both.renames)
        asked, groups, approvals = asking(
            old or new, access, concerns, gone, differing, versions, spent, gains
        )
        came, went = _findings((base, head), judged(), unfit, now)
        came = (*came, *unretired(gone, old, new), *revived(old, new), *unclosed(old, new))
        return Plan(
            base=base.snapshot,
            head=head.snapshot,
            currency=spent[1].currency,
            access=access,
            exposure=spent,
            quotas=quota_changes(old, new, both.renames.get("Budget", {})),
            documents=documents,
            artifacts=artifacts,
            new_findings=came,
            fixed_findings=went,
            concerns=asked,
            groups=groups,
            approvals=approvals,
            guardrails=crossed,
            rails=rails,
            overridden=tuple(sorted(overridden)),
            renames=_by_document(both.renames),
            horizon=None if horizon_s is None or not new else tuple(horizon(new, now, horizon_s)),
            compared=_compared(both, reach),
            intent=None if intent is None else _intended(intent, both, asked),
            author=gains,
        )


class _Accesses(Struct, frozen=True):
    """The accesses of both sides, `before` under the names of the head, and those that differ;
    `renames` is kind → old name → new, and `whole` says that every tenant was loaded."""

    base: AccessModel | None
    head: AccessModel | None
    renames: Mapping[str, Mapping[str, str]]
    before: Mapping[Cell, tuple[Path, ...]]
    after: Mapping[Cell, tuple[Path, ...]]
    changed: Sequence[ChangedCell]
    whole: bool

    def told(self, cells: Iterable[ChangedCell]) -> tuple[AccessChange, ...]:
        """The rows of some accesses, most dangerous first."""
        causes = Causes(self.base, self.head)
        changes = [
            AccessChange(row, assess(row, self.base, self.head), causes.of(row))
            for row in rows(cells, self.base, self.head, whole=self.whole)
        ]
        return tuple(
            sorted(
                changes,
                key=lambda c: (
                    -c.rule.risk,
                    not c.gains,
                    c.row.principal,
                    c.row.scope,
                    c.row.permission,
                    c.row.backends,
                ),
            )
        )


def _accesses(base: Side, head: Side, *, whole: bool) -> _Accesses:
    renames = _renames(base, head)
    scopes = {was: name for kind in SCOPES for was, name in renames.get(kind, {}).items()}
    if base.model and head.model:
        accesses(head.model).share(accesses(base.model))
    before = renamed(_table(base.model), scopes, renames.get("Budget", {}))
    after = _table(head.model)
    changes_hands = moved(base.model, head.model, renames.get("Tenant", {}))
    changed = difference(before, after, changes_hands)
    return _Accesses(base.model, head.model, renames, before, after, changed, whole)


def _table(model: AccessModel | None) -> Mapping[Cell, tuple[Path, ...]]:
    return accesses(model) if model else {}


def _renames(base: Side, head: Side) -> dict[str, dict[str, str]]:
    """Kind → old name → new; also of environments and projects, whose names are scopes."""
    found: dict[str, dict[str, str]] = {}
    for document in head.documents.values():
        if (former := rename_of(document, base.documents)) is not None:
            found.setdefault(document.kind, {})[former[1]] = document.name
    if base.model and head.model:
        inside = renamed_scopes(base.model, head.model, found.get("Tenant", {}))
        found |= {what.capitalize(): names for what, names in inside.items() if names}
    return found


def _by_document(renames: Mapping[str, Mapping[str, str]]) -> tuple[tuple[str, str], ...]:
    """(old, new), each as `Kind/name`."""
    return tuple(
        sorted(
            (f"{kind}/{was}", f"{kind}/{name}")
            for kind, names in renames.items()
            for was, name in names.items()
        )
    )


def _compared(both: _Accesses, reach: Reach) -> Compared:
    models = [model for model in (both.base, both.head) if model]
    return Compared(
        accesses=_count(both.before, both.after),
        tenants=len({name for model in models for name in model.tenants}),
        unchanged_tenants=reach.unchanged,
    )


def _count(before: Mapping[Cell, Any], after: Mapping[Cell, Any]) -> int:
    """How many accesses there are on either side."""
    if not (isinstance(before, AccessTable) and isinstance(after, AccessTable)):
        return len(before.keys() | after.keys())
    return sum(
        sum(after.sizes(permission).values())
        if after.is_shared(permission)
        else len(before.of(permission).keys() | after.of(permission).keys())
        for permission in CATALOGUE
    )


def _intended(intent: Intent, both: _Accesses, concerns: Sequence[ConcernRow]) -> Intended:
    """The rows of each part of the intent: one of the plan may lie in several."""
    parts = parted(intent, both.changed, both.before, both.after)
    intended = Intended(
        intent.path,
        both.told(parts.achieved),
        parts.unmet,
        both.told(parts.gained),
        both.told(parts.lost),
        unnamed(intent, concerns),
    )
    return with_trust(intended, concerns)


def _versions(
    base: Side,
    head: Side,
    changes: Collection[DocumentChange],
    renames: Mapping[str, Mapping[str, str]],
) -> list[Document]:
    """What the changed documents were and what they become."""
    wanted = {c.document for c in changes if c.is_real}
    wanted |= {f"{kind}/{old}" for kind, names in renames.items() for old in names}
    return [d for side in (base, head) for d in side.documents.values() if d.id in wanted]


def _exposures(base: AccessModel | None, head: AccessModel | None) -> tuple[Exposure, Exposure]:
    model = head or base
    currency = model.organization.spec.currency if model else "XXX"
    nothing = Exposure(0, currency)
    before = exposure(base) if base else nothing
    if base and head and linked_alike(base, head) and accesses(head).is_shared("job:submit"):
        return before, before
    return before, (exposure(head) if head else nothing)


def _findings(
    sides: tuple[Side, Side],
    judged: tuple[Judgement, Judgement],
    unfit: tuple[list[Finding], list[Finding]],
    now: datetime,
) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """The findings that come, silenced ones included, and those that go; `unfit` are those of the
    artifacts."""
    (was, _), (is_now, hidden) = judged
    old, new = [*was, *unfit[0]], [*is_now, *unfit[1]]
    silenced = newly_silenced(*sides, hidden, now)
    came = (*_minus(new, old), *silenced, *reissued(*(side.model for side in sides)))
    return came, _minus(old, new)


def _minus(findings: Collection[Finding], others: Collection[Finding]) -> tuple[Finding, ...]:
    """The findings that the others do not have, wherever they stand; notes left out."""
    known = Counter(f.key for f in others)
    kept: list[Finding] = []
    for finding in findings:
        if known[finding.key] > 0:
            known[finding.key] -= 1
        elif finding.severity is not Severity.INFO:
            kept.append(finding)
    return tuple(kept)
