"""`qgov/plan/v1`: what a change does. Every other form of a plan is a view of it."""

from __future__ import annotations

from collections.abc import Mapping
from operator import itemgetter
from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from qgov.contracts.conditions import Conditions
from qgov.contracts.findings import Finding
from qgov.contracts.known_by import KnownBy
from qgov.contracts.telling import NOT_EMPTY, From, tell
from qgov.contracts.terms import (
    Commit,
    Count,
    Digest,
    DocumentId,
    Instant,
    Line,
    Permission,
    Principal,
    Scope,
    counts,
    one_of,
    said,
)
from qgov.contracts.witness import Witness
from qgov.language.concerns import Concern as About
from qgov.language.scalars import format_instant
from qgov.model.principal import group as group_of
from qgov.plan.changes import Change
from qgov.plan.concern_risk import CONCERN_RULES
from qgov.plan.directions import Direction
from qgov.plan.intent import OUTSIDE
from qgov.plan.rails import RAILS
from qgov.plan.risk import RULES, Risk

__all__ = ["Plan", "RailName", "RiskName", "Side", "Verdict", "content_of"]

RailName = Annotated[str, one_of(RAILS)]
RiskName = Annotated[str, one_of(map(str, Risk))]
Verdict = Annotated[
    str, one_of(("more permissive", "less permissive", "incomparable", "equivalent"))
]
_Code = Annotated[str, one_of((OUTSIDE,), "Null: no error.")]
_How = Annotated[str, one_of(("added", "removed", "changed"))]


class Side(TypedDict):
    """One side of a change: what was asked for, and the commit that it was."""

    ref: str
    commit: Commit | None


# -------------------------------------------------------------------------------- the accesses


class Cause(TypedDict):
    path: str
    line: Line
    side: NotRequired[Annotated[str, one_of(("head", "base"))]]


def _included_by(change: Any) -> list[str]:
    paths = (p for item in change.row.cells for p in (item.head or item.base))
    return sorted({group_of(p.binding.via) for p in paths if p.binding.via is not None})


def _scopes(change: Any) -> list[str]:
    return sorted({item.cell.scope for item in change.row.cells})


def _roles(change: Any) -> list[str]:
    return sorted({p.binding.role for item in change.row.cells for p in (item.head or item.base)})


class Row(TypedDict):
    principal: Annotated[Principal, From("row.principal")]
    permission: Annotated[Permission, From("row.permission")]
    scope: Annotated[Scope, From("row.scope")]
    backends: Annotated[list[str], From("row.backends")]
    change: Annotated[Change, From("row.change")]


class Access(Row):
    before: Annotated[Conditions | None, From(lambda c: next(iter(c.row.before), None))]
    after: Annotated[Conditions | None, From(lambda c: next(iter(c.row.after), None))]
    known_by: NotRequired[
        Annotated[
            KnownBy,
            said("To whom it is granted, or from whom revoked, where that is what moves it."),
            From("row.known_by"),
        ]
    ]
    risk: Annotated[RiskName, From("rule.risk")]
    rule: Annotated[str, one_of(rule.id for rule in RULES), From("rule.id")]
    causes: Annotated[list[Cause], Field(min_length=1)]
    via: NotRequired[Annotated[list[str], From(_roles)]]
    included_by: NotRequired[
        Annotated[
            list[Principal],
            said("The groups that are bound, where they include the principal."),
            From(_included_by),
            NOT_EMPTY,
        ]
    ]
    scopes: NotRequired[Annotated[list[Scope], From(_scopes)]]
    witness: Witness | None
    witness_lost: NotRequired[Witness]
    unwitnessed: NotRequired[Annotated[str, said("Why no request shows the change."), NOT_EMPTY]]
    before_alternatives: NotRequired[
        Annotated[list[Conditions], From(lambda c: c.row.before[1:]), NOT_EMPTY]
    ]
    after_alternatives: NotRequired[
        Annotated[list[Conditions], From(lambda c: c.row.after[1:]), NOT_EMPTY]
    ]


class Which(Row):
    """Which access; what else there is to say of it stands in `access`."""

    risk: Annotated[RiskName, From("rule.risk")]
    scopes: Annotated[list[Scope], From(_scopes)]
    code: NotRequired[Annotated[_Code | None, From(lambda _: None)]]  # `outside` alone has it


# ---------------------------------------------------------------------------- the other parts


class Reached(TypedDict):
    """The accesses that rest on a field, on either side."""

    accesses: Count
    principals: list[Principal]


class Concern(TypedDict):
    """A field that changes beside the table of accesses."""

    concern: Annotated[
        str, one_of(str(each) for each in About if each is not About.WORDS), From("change.concern")
    ]
    document: Annotated[DocumentId, From("change.document")]
    path: Annotated[str, From("change.origin.path")]
    field: Annotated[str, said("Its name within the document."), From("change.field")]
    before: Annotated[Any, From("change.before")]
    after: Annotated[Any, From("change.after")]
    direction: Annotated[str, one_of(map(str, Direction)), From("change.direction")]
    change: NotRequired[
        Annotated[
            str,
            one_of(map(str, (Change.WIDENED, Change.NARROWED, Change.CHANGED)), "Of money alone."),
            From("money"),
        ]
    ]
    risk: Annotated[RiskName, From("rule.risk")]
    rule: Annotated[str, one_of(rule.id for rule in CONCERN_RULES), From("rule.id")]
    causes: Annotated[list[Cause], Field(min_length=1), From(lambda row: [row.cause])]
    approvers: list[str]
    reached: NotRequired[Annotated[Reached, said("Of trust: what whom it identifies may do.")]]
    witness: Witness | None
    unwitnessed: NotRequired[Annotated[str, said("Why no request shows the change."), NOT_EMPTY]]


class GroupDeleted(TypedDict):
    """A directory group that goes, with its memberships."""

    group: Annotated[str, From("name")]
    provider: Annotated[str, said("The identity provider whose directory it goes from.")]
    message: str
    risk: Annotated[RiskName, From(lambda group: str(group.risk))]
    rule: Annotated[str, one_of(("group-deleted",))]
    causes: Annotated[list[Cause], Field(min_length=1), From(lambda group: [group.cause])]
    approvers: list[str]


class Exposure(TypedDict):
    """The most that can be spent in a month, and in a year."""

    amount_micros: Annotated[Count, said("A month.")]
    per_year_micros: NotRequired[Annotated[Count, said("A year.")]]
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    unbounded: NotRequired[list[Scope]]


class Quota(TypedDict):
    """A quota that differs, in its own measure; null: nothing bounds it over that period."""

    budget: str
    scope: str
    measure: str
    per: Annotated[str, said("`job`, `day`, `month`, `once` or a window as `28d`."), From("window")]
    before: Count | None
    after: Count | None


class Exposures(TypedDict):
    before: Annotated[Exposure, From(lambda plan: plan.exposure[0])]
    after: Annotated[Exposure, From(lambda plan: plan.exposure[1])]
    quotas: NotRequired[Annotated[list[Quota], NOT_EMPTY]]


class Difference(TypedDict):
    path: str
    change: _How
    before: Any
    after: Any
    concern: NotRequired[Annotated[str, one_of(map(str, About))]]


class Document(TypedDict):
    document: DocumentId
    path: str
    change: Annotated[
        str, one_of(("added", "removed", "renamed", "changed", "moved", "reformatted"))
    ]
    diff: list[Difference]


_Pointer = Annotated[str, Field(pattern="^/(access|concerns|documents|renames)/(0|[1-9][0-9]*)$")]
_Because = Annotated[
    list[_Pointer],
    Field(min_length=1),
    said("The rows of this plan that say why, as JSON Pointers (RFC 6901)."),
]


class Resource(TypedDict):
    resource: Annotated[str, said("Its address in Terraform, its name in a directory.")]
    change: _How
    because: _Because


class Artifact(TypedDict):
    path: str
    change: _How
    because: NotRequired[Annotated[_Because, NOT_EMPTY]]
    resources: NotRequired[Annotated[list[Resource], NOT_EMPTY]]


class Findings(TypedDict):
    new: Annotated[list[Finding], From("new_findings")]
    fixed: Annotated[list[Finding], From("fixed_findings")]


class NeededApproval(TypedDict):
    by: str
    because: str


class Guardrail(TypedDict):
    kind: Annotated[str, one_of(("always", "never"))]
    name: str
    holds: bool | None
    removed: bool
    broken_by: Annotated[str | None, NOT_EMPTY]


class Guardrails(TypedDict):
    checked: Annotated[Count, From("compared.accesses")]
    judged: Annotated[list[Guardrail], From("guardrails")]


class Rail(TypedDict):
    rail: RailName
    message: str
    overridden: bool


def _rails(plan: Any) -> list[Rail]:
    return [
        {"rail": r.rail, "message": r.message, "overridden": r.rail in plan.overridden}
        for r in plan.rails
    ]


Rename = TypedDict(
    "Rename",
    {
        "from": Annotated[DocumentId, From(itemgetter(0))],
        "to": Annotated[DocumentId, From(itemgetter(1))],
    },
)


class Compared(TypedDict):
    accesses: Count
    tenants: Count
    unchanged_tenants: Count
    skipped: Count


def _summary(plan: Any) -> dict[str, Any]:
    return {**plan.counts, "risk": None if plan.risk is None else str(plan.risk)}


class Event(TypedDict):
    when: Annotated[Instant, From(lambda event: format_instant(event.when))]
    what: str
    document: str


class Unmet(TypedDict):
    intent: Annotated[str, one_of(("gain", "lose")), From("wanted.verb")]
    principal: Annotated[str, From("wanted.principal")]
    permission: Annotated[str, From("wanted.permission")]
    scope: Annotated[str, From("wanted.scope")]
    backend: Annotated[str, From("wanted.backend")]
    line: Annotated[Line, From("wanted.origin.line")]
    why: str


def _outside(found: Any) -> list[Which]:
    return [
        {**tell(Which, change), "code": code}
        for part, code in ((found.gained, OUTSIDE), (found.lost, None))
        for change in part
    ]


class Intent(TypedDict):
    """The three parts. Where the intent was kept is no part of the plan: the lines are."""

    achieved: list[Which]
    not_achieved: list[Unmet]
    outside: Annotated[list[Which], From(_outside)]
    fields: NotRequired[Annotated[list[Concern], said("Outside, and an error.")]]


class Author(TypedDict):
    id: Annotated[str, From("author.id")]
    groups: Annotated[list[str], From("author.groups")]
    gains: list[Which]


class Plan(TypedDict):
    """What a change does to effective access."""

    schema: Literal["qgov/plan/v1"]
    base: Side
    head: Side
    digest: NotRequired[Annotated[Digest, From(lambda _: "")]]  # made from the rest
    verdict: NotRequired[Verdict]
    access: list[Access]
    concerns: NotRequired[list[Concern]]
    groups: NotRequired[list[GroupDeleted]]
    exposure: Annotated[Exposures, From(lambda plan: plan)]
    documents: list[Document]
    artifacts: list[Artifact]
    findings: Annotated[Findings, From(lambda plan: plan)]
    approvals: list[NeededApproval]
    guardrails: NotRequired[Annotated[Guardrails, From(lambda plan: plan)]]
    rails: NotRequired[Annotated[list[Rail], From(_rails)]]
    renames: NotRequired[list[Rename]]
    compared: NotRequired[Compared]
    summary: Annotated[
        dict[str, Any],
        counts(Change, risk={"enum": [*map(str, Risk), None]}),
        From(_summary),
    ]
    horizon: NotRequired[list[Event]]
    intent: NotRequired[Intent]
    author: NotRequired[Author]


_NAMES = ("schema", "base", "head", "digest")


def content_of(plan: Mapping[str, Any]) -> dict[str, Any]:
    """What a plan says, apart from the names of its sides: what its digest is over."""
    return {name: value for name, value in plan.items() if name not in _NAMES}
