"""The plan: a value that says what a change does. Computed once, rendered many times."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from qgov.finding import Finding
from qgov.plan.approvers import Approver
from qgov.plan.author import Author
from qgov.plan.causes import Cause
from qgov.plan.changes import Change, Row
from qgov.plan.concerns import ConcernRow
from qgov.plan.documents import DocumentChange
from qgov.plan.exposure import Exposure, QuotaChange
from qgov.plan.groups import GroupDeleted
from qgov.plan.guardrails import GuardrailResult
from qgov.plan.horizon import Event
from qgov.plan.intent import Unmet
from qgov.plan.rails import Tripped
from qgov.plan.risk import Risk, RiskRule
from qgov.plan.witness import Witness
from qgov.repository import Snapshot

__all__ = [
    "UNACCOUNTED",
    "AccessChange",
    "ArtifactChange",
    "AuthorGains",
    "Compared",
    "Intended",
    "Plan",
    "ResourceChange",
    "digest",
]

UNACCOUNTED: Final = "QG161"
"""The code of an artifact that changes without a row."""


class AccessChange(Struct, frozen=True):
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


class ResourceChange(Struct, frozen=True):
    """A resource of an emitted file that is added, removed or changed, and the rows that say
    why."""

    resource: str
    change: str
    because: tuple[str, ...]


class ArtifactChange(Struct, frozen=True):
    """An emitted file that is added, removed or changed. `because` are the rows that say why, as
    JSON Pointers (RFC 6901) into the plan; empty where the target does not know. `resources` are
    those of the file that differ, where it has such."""

    path: str
    change: str
    because: tuple[str, ...] = ()
    resources: tuple[ResourceChange, ...] = ()


class Compared(Struct, frozen=True):
    """What the plan looked at. An empty difference means nothing unless `skipped` is 0."""

    accesses: int
    tenants: int
    unchanged_tenants: int
    skipped: int = 0


class Intended(Struct, frozen=True):
    """The change against what it was meant to do, where that was declared (in `path`).
    `gained` and `fields`, both errors, and `lost` are outside the intent."""

    path: str
    achieved: tuple[AccessChange, ...]
    not_achieved: tuple[Unmet, ...]
    gained: tuple[AccessChange, ...]
    lost: tuple[AccessChange, ...]
    fields: tuple[ConcernRow, ...] = ()


class AuthorGains(Struct, frozen=True):
    """What the author of the change gains by it, where the author is known."""

    author: Author
    gains: tuple[AccessChange, ...]


class Plan(Struct, frozen=True):
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
    concerns: tuple[ConcernRow, ...] = ()
    quotas: tuple[QuotaChange, ...] = ()
    groups: tuple[GroupDeleted, ...] = ()

    @property
    def risk(self) -> Risk | None:
        """The highest risk of anything that changes."""
        return max(
            [
                *(change.rule.risk for change in self.access),
                *(row.rule.risk for row in self.concerns),
                *(group.risk for group in self.groups),
            ],
            default=None,
        )

    @property
    def verdict(self) -> str:
        """`more permissive`, `less permissive`, `incomparable` or `equivalent`: the last
        where nothing but words changes. What no row accounts for may be more."""
        more = any(c.gains or c.row.change is Change.CHANGED for c in self.access)
        less = any(c.loses or c.row.change is Change.CHANGED for c in self.access)
        more = more or any(row.loosens for row in self.concerns)
        less = less or bool(self.groups) or any(row.tightens for row in self.concerns)
        if any(finding.code == UNACCOUNTED for finding in self.new_findings):
            return "incomparable"
        if not more and not less and self.exposure[0] != self.exposure[1]:
            return "incomparable"
        if more and less:
            return "incomparable"
        return "more permissive" if more else "less permissive" if less else "equivalent"

    @property
    def has_changes(self) -> bool:
        """Whether access, exposure or the meaning of a document changes; moved or
        reformatted text is no change."""
        return bool(
            self.access
            or self.concerns
            or self.groups
            or self.exposure[0] != self.exposure[1]
            or self.artifacts
            or any(d.is_real for d in self.documents)
        )

    @property
    def unasked(self) -> int:
        """How many changes nobody reviews, by the rules of the base."""
        asked = [*(r.approvers for r in self.concerns), *(g.approvers for g in self.groups)]
        beside = asked.count(())
        return beside if self.approvals else beside + len(self.access)

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
    def unnamed(self) -> tuple[ConcernRow, ...]:
        """The fields that become looser or others without the intent naming them."""
        return self.intent.fields if self.intent else ()

    @property
    def counts(self) -> dict[str, int]:
        """Rows of access and of money by kind of change."""
        found = Counter(str(change.row.change) for change in self.access)
        found.update(str(row.money) for row in self.concerns)
        return {str(kind): found[str(kind)] for kind in Change}


_NOT_DIGESTED: Final = frozenset({"schema", "base", "head", "digest"})
"""How a plan is called where it was made, and the digest itself, are no part of what it says."""


def digest(document: Mapping[str, Any]) -> str:
    """`sha256:…` over the canonical JSON of what a plan says: what an approval is about.
    `document` is a `qgov/plan/v1`, its digest being there already or not."""
    content = {name: value for name, value in document.items() if name not in _NOT_DIGESTED}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
