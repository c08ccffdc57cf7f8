"""Making the plan of two sides: what each part of it is worked out from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from qgov.finding import Finding, Severity
from qgov.language.documents import Document
from qgov.language.intent import Intent
from qgov.model.access_model import AccessModel
from qgov.model.accesses import Cell, Path, accesses
from qgov.plan.approvers import Approver, approvers, approvers_of
from qgov.plan.author import Author, second_of_trust, second_person
from qgov.plan.causes import causes
from qgov.plan.changes import ChangedCell, difference, renamed, rows
from qgov.plan.concerns import ConcernRow, concern_rows
from qgov.plan.documents import DocumentChange, document_changes, rename_of, touched
from qgov.plan.exposure import Exposure, exposure
from qgov.plan.guardrails import guardrails
from qgov.plan.horizon import horizon
from qgov.plan.intent import parted, unnamed
from qgov.plan.plan import AccessChange, AuthorGains, Compared, Intended, Plan
from qgov.plan.rails import tripped
from qgov.plan.reach import Reach
from qgov.plan.risk import Risk, assess
from qgov.plan.self_check import artifact_changes
from qgov.plan.sides import Side
from qgov.plan.silenced import newly_silenced
from qgov.plan.tellings import Rows

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
    old, new = base.model, head.model
    renames = _renames(base, head)
    before = renamed(_table(old), renames.get("Tenant", {}), renames.get("Budget", {}))
    after = _table(new)
    changed = difference(before, after)

    def access_changes(cells: Iterable[ChangedCell]) -> tuple[AccessChange, ...]:
        return _access_changes(cells, old, new, whole=reach.whole)

    access = access_changes(changed)
    differing = list(touched(base.documents, head.documents, reach.changed))
    documents = tuple(document_changes(differing))
    concerns = concern_rows(differing, ((c.row, c.causes) for c in access))
    risks = [*(c.rule.risk for c in access), *(row.rule.risk for row in concerns)]
    worst = max(risks, default=Risk.LOW)
    asked = _asked(old or new, concerns, differing, worst)
    told = Rows(differing, documents, access, concerns, _by_document(renames))
    artifacts, refused = artifact_changes(old, new, told)
    old_findings = [*base.findings, *refused[0]]
    new_findings = [*head.findings, *refused[1]]
    intended = None
    if intent is not None:
        # The rows of each part: one of the plan may lie in several.
        parts = parted(intent, changed, before, after)
        achieved, gained, lost = map(access_changes, (parts.achieved, parts.gained, parts.lost))
        intended = Intended(
            intent.path, achieved, parts.unmet, gained, lost, unnamed(intent, concerns)
        )
    gains = None
    if author is not None:
        gains = AuthorGains(author, tuple(c for c in access if author.gains_by(c.row)))
    spent = _exposures(old, new)
    return Plan(
        base=base.snapshot,
        head=head.snapshot,
        currency=spent[1].currency,
        access=access,
        exposure=spent,
        documents=documents,
        artifacts=artifacts,
        new_findings=(
            *_minus(new_findings, old_findings),
            *newly_silenced(base, head, now),
        ),
        fixed_findings=_minus(old_findings, new_findings),
        concerns=tuple(
            replace(row, approvers=tuple(sorted({a.by for a in found})))
            for row, found in zip(concerns, asked, strict=True)
        ),
        approvals=_approvals(
            old or new,
            access,
            spent,
            _versions(base, head, documents, renames),
            gains,
            asked,
            worst,
            concerns,
        ),
        guardrails=tuple(guardrails(old, new, now, whole=reach.whole)),
        rails=tuple(tripped(old, new, before, changed)),
        overridden=tuple(sorted(overridden)),
        renames=_by_document(renames),
        horizon=None if horizon_s is None or not new else tuple(horizon(new, now, horizon_s)),
        compared=Compared(
            accesses=len({*before, *after}),
            tenants=len({name for model in (old, new) if model for name in model.tenants}),
            unchanged_tenants=reach.unchanged,
        ),
        intent=intended,
        author=gains,
    )


def _table(model: AccessModel | None) -> Mapping[Cell, tuple[Path, ...]]:
    return accesses(model) if model else {}


def _renames(base: Side, head: Side) -> dict[str, dict[str, str]]:
    """Kind → old name → new."""
    found: dict[str, dict[str, str]] = {}
    for document in head.documents.values():
        if (former := rename_of(document, base.documents)) is not None:
            found.setdefault(document.kind, {})[former[1]] = document.name
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


def _access_changes(
    cells: Iterable[ChangedCell],
    base: AccessModel | None,
    head: AccessModel | None,
    *,
    whole: bool,
) -> tuple[AccessChange, ...]:
    """The rows of some accesses, most dangerous first."""
    changes = [
        AccessChange(row, assess(row, base, head), causes(row, base, head))
        for row in rows(cells, base, head, whole=whole)
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
    """Who must approve, by the rules of the base, or of the first commit; `asked` are those
    of the rows beside access."""
    if rules is None:
        return ()
    most = max((c.rule.risk for c in access), default=None)
    found = {*approvers(rules, most, _rises(*spent), documents, worst)}
    found |= {each for row in asked for each in row}
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
    return (exposure(base) if base else nothing), (exposure(head) if head else nothing)


def _rises(before: Exposure, after: Exposure) -> bool:
    return (
        after.amount_micros > before.amount_micros
        or before.currency != after.currency
        or bool(set(after.unbounded) - set(before.unbounded))
    )


def _minus(findings: Collection[Finding], others: Collection[Finding]) -> tuple[Finding, ...]:
    """The findings that the others do not have, wherever they stand; notes left out."""
    known = Counter((f.code, f.document, f.message) for f in others)
    kept: list[Finding] = []
    for finding in findings:
        key = (finding.code, finding.document, finding.message)
        if known[key] > 0:
            known[key] -= 1
        elif finding.severity is not Severity.INFO:
            kept.append(finding)
    return tuple(kept)
