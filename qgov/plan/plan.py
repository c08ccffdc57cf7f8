"""The plan: a value that says what a change does. Computed once, rendered many times."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from qgov.finding import Finding, Severity
from qgov.language.documents import Document
from qgov.language.intent import Intent
from qgov.model.access_model import AccessModel
from qgov.model.accesses import Cell, accesses
from qgov.plan.approvals import Approver, approvers
from qgov.plan.author import Author, second_person
from qgov.plan.causes import Cause, causes
from qgov.plan.changes import Change, ChangedCell, Row, difference, renamed, rows
from qgov.plan.documents import DocumentChange, document_changes, rename_of
from qgov.plan.exposure import Exposure, exposure
from qgov.plan.guardrails import GuardrailResult, guardrails
from qgov.plan.horizon import Event, horizon
from qgov.plan.intent import Unmet, parted
from qgov.plan.rails import Tripped, tripped
from qgov.plan.risk import Risk, RiskRule, assess
from qgov.plan.sides import Reach, Side
from qgov.plan.witness import Witness
from qgov.repository import Snapshot
from qgov.targets import emit

__all__ = [
    "AccessChange",
    "ArtifactChange",
    "AuthorGains",
    "Compared",
    "Intended",
    "Plan",
    "make_plan",
]


@dataclass(frozen=True, slots=True)
class AccessChange:
    """One row of the plan with its risk and the lines that caused it.

    Where witnesses were asked for, `witness` shows the change, and `unwitnessed` says why no
    request can; a change of both kinds has one of what is lost besides (`witness_lost`).
    """

    row: Row
    rule: RiskRule
    causes: tuple[Cause, ...]
    witness: Witness | None = None
    witness_lost: Witness | None = None
    unwitnessed: str = ""

    @property
    def gains(self) -> bool:
        """Whether somebody can do more than before."""
        return self.row.change in (Change.GRANTED, Change.WIDENED)

    @property
    def loses(self) -> bool:
        """Whether somebody can do less than before."""
        return self.row.change in (Change.REVOKED, Change.NARROWED)


@dataclass(frozen=True, slots=True)
class ArtifactChange:
    """An emitted file that is added, removed or changed."""

    path: str
    change: str


@dataclass(frozen=True, slots=True)
class Compared:
    """What the plan looked at. An empty difference means nothing unless `skipped` is 0."""

    accesses: int
    tenants: int
    unchanged_tenants: int
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class Intended:
    """The change against what it was meant to do, where that was declared (in `path`).
    `gained`, an error, and `lost` are outside the intent."""

    path: str
    achieved: tuple[AccessChange, ...]
    not_achieved: tuple[Unmet, ...]
    gained: tuple[AccessChange, ...]
    lost: tuple[AccessChange, ...]


@dataclass(frozen=True, slots=True)
class AuthorGains:
    """What the author of the change gains by it, where the author is known."""

    author: Author
    gains: tuple[AccessChange, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a change does to effective access, cost, records and artifacts."""

    base: Snapshot
    head: Snapshot
    currency: str
    access: tuple[AccessChange, ...]
    exposure: tuple[Exposure, Exposure]
    documents: tuple[DocumentChange, ...]
    artifacts: tuple[ArtifactChange, ...]
    new_findings: tuple[Finding, ...]
    fixed_findings: tuple[Finding, ...]
    approvals: tuple[Approver, ...]
    guardrails: tuple[GuardrailResult, ...]
    rails: tuple[Tripped, ...]
    overridden: tuple[str, ...]
    renames: tuple[tuple[str, str], ...]
    horizon: tuple[Event, ...] | None
    compared: Compared
    intent: Intended | None = None
    author: AuthorGains | None = None

    @property
    def risk(self) -> Risk | None:
        """The highest risk of any access change."""
        return max((change.rule.risk for change in self.access), default=None)

    @property
    def verdict(self) -> str:
        """`more permissive`, `less permissive`, `incomparable` or `equivalent`."""
        more = any(c.gains or c.row.change is Change.CHANGED for c in self.access)
        less = any(c.loses or c.row.change is Change.CHANGED for c in self.access)
        if more and less:
            return "incomparable"
        return "more permissive" if more else "less permissive" if less else "equivalent"

    @property
    def has_changes(self) -> bool:
        """Whether access, exposure or the meaning of a document changes; moved or
        reformatted text is no change."""
        return bool(
            self.access
            or self.exposure[0] != self.exposure[1]
            or self.artifacts
            or any(d.is_real for d in self.documents)
        )

    @property
    def stopped_by(self) -> tuple[Tripped, ...]:
        """The rails that were tripped and not overridden."""
        return tuple(rail for rail in self.rails if rail.rail not in self.overridden)

    @property
    def overrun(self) -> tuple[GuardrailResult, ...]:
        """The guardrails that the change takes away and runs into. One that it leaves in
        place and breaks is a finding."""
        return tuple(g for g in self.guardrails if g.removed and g.holds is False)

    @property
    def unintended(self) -> tuple[AccessChange, ...]:
        """The gains that the change's declared intent does not name."""
        return self.intent.gained if self.intent else ()

    @property
    def counts(self) -> dict[str, int]:
        """Rows by kind of change."""
        found = Counter(str(change.row.change) for change in self.access)
        return {str(kind): found[str(kind)] for kind in Change}


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
    old_model, new_model = base.model, head.model
    old_table = accesses(old_model) if old_model else {}
    new_table = accesses(new_model) if new_model else {}
    renames = _renames(base, head)
    old_table = renamed(old_table, renames.get("Tenant", {}), renames.get("Budget", {}))
    changed = difference(old_table, new_table)
    access = _access_changes(
        rows(changed, old_model, new_model, whole=reach.tenants is None), old_model, new_model
    )
    before, after = _exposures(old_model, new_model)
    documents = tuple(document_changes(base.documents, head.documents, reach.changed))
    rules = old_model or new_model
    worst = max((c.rule.risk for c in access), default=None)
    artifacts, old_unsupported, new_unsupported = _artifacts(old_model, new_model)
    old_findings = [*base.findings, *old_unsupported]
    new_findings = [*head.findings, *new_unsupported]
    tenants = {t for m in (old_model, new_model) if m for t in m.tenants}
    theirs = tuple(c for c in access if author is not None and author.gains_by(c.row))
    return Plan(
        base=base.snapshot,
        head=head.snapshot,
        currency=after.currency,
        access=tuple(access),
        exposure=(before, after),
        documents=documents,
        artifacts=tuple(artifacts),
        new_findings=_minus(new_findings, old_findings),
        fixed_findings=_minus(old_findings, new_findings),
        approvals=tuple(
            sorted(
                {
                    *approvers(
                        rules,
                        worst,
                        _rises(before, after),
                        _versions(base, head, documents, renames),
                    ),
                    *_second_person(rules, author, theirs),
                }
            )
        )
        if rules
        else (),
        guardrails=tuple(guardrails(old_model, new_model, now, whole=reach.tenants is None)),
        rails=tuple(tripped(old_model, new_model, old_table, changed)),
        overridden=tuple(sorted(overridden)),
        renames=tuple(
            sorted(
                (f"{kind}/{old}", f"{kind}/{new}")
                for kind, names in renames.items()
                for old, new in names.items()
            )
        ),
        horizon=tuple(horizon(new_model, now, horizon_s))
        if horizon_s is not None and new_model
        else None,
        compared=Compared(len({*old_table, *new_table}), len(tenants), reach.unchanged),
        intent=None
        if intent is None
        else _intended(
            intent, changed, (old_table, new_table), old_model, new_model, reach.tenants is None
        ),
        author=None if author is None else AuthorGains(author, theirs),
    )


def _second_person(
    rules: AccessModel, author: Author | None, gains: Collection[AccessChange]
) -> list[Approver]:
    if author is None:
        return []
    first = sorted(gains, key=lambda c: (-c.rule.risk, c.row.permission != "job:submit"))
    worst = max((c.rule.risk for c in gains), default=None)
    return second_person(rules, author, [c.row for c in first], worst)


def _intended(
    intent: Intent,
    changed: list[ChangedCell],
    tables: tuple[Mapping[Cell, Any], Mapping[Cell, Any]],
    base: AccessModel | None,
    head: AccessModel | None,
    whole: bool,
) -> Intended:
    """The rows of each part: one of the plan may lie in several."""

    def of(cells: Collection[ChangedCell]) -> tuple[AccessChange, ...]:
        return tuple(_access_changes(rows(cells, base, head, whole=whole), base, head))

    parts = parted(intent, changed, *tables)
    return Intended(intent.path, of(parts.achieved), parts.unmet, of(parts.gained), of(parts.lost))


def _renames(base: Side, head: Side) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for document in head.documents.values():
        if (former := rename_of(document, base.documents)) is not None:
            found.setdefault(document.kind, {})[former[1]] = document.name
    return found


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


def _access_changes(
    found: list[Row], base: AccessModel | None, head: AccessModel | None
) -> list[AccessChange]:
    changes = [AccessChange(row, assess(row, base, head), causes(row, base, head)) for row in found]
    return sorted(
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


def _artifacts(
    base: AccessModel | None, head: AccessModel | None
) -> tuple[list[ArtifactChange], list[Finding], list[Finding]]:
    """Artifacts that differ, and what the targets cannot express of either side. From the
    loaded part of both models: what an unchanged tenant adds to a file is the same on both."""
    old, refused_before = emit(base) if base else ({}, [])
    new, refused_after = emit(head) if head else ({}, [])
    changes = [
        ArtifactChange(
            path, "removed" if path not in new else "added" if path not in old else "changed"
        )
        for path in sorted({*old, *new})
        if old.get(path) != new.get(path)
    ]
    return changes, refused_before, refused_after


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


def digest(content: Mapping[str, Any]) -> str:
    """`sha256:…` over the canonical JSON of a plan: what an approval is about."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
