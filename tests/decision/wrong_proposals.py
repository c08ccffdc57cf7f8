"""What no honest asker proposes to Cedar, and requests that it would be a gain for.

Who asks Cedar looks up what a request could be about (`cedar/proposals.py`); that a grant is
the subject's, an elevation in time, a budget around the job is for the policies to say. Each
liar of `LIARS` makes an engine propose what is not so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import pytest

from qgov.decision.engines.cedar import CedarEngine, proposals
from qgov.decision.engines.cedar.entities import Budget, Grant, Known
from qgov.decision.engines.cedar.request import Asked, uid
from qgov.decision.request_parts import GivenApproval, GivenElevation
from qgov.model.access_model import AccessModel
from qgov.records import replace
from tests.decision.harness import DEVELOPER, FILES, PIPELINE, approval, asking, elevation
from tests.decision.jobs import EXPENSIVE
from tests.decision.test_reasons import PRODUCTION
from tests.strategies import linked

__all__ = ["LIARS", "TEMPTING", "WIDER", "everything", "forgeries", "no_budgets"]

Json = dict[str, Any]

WIDER: Final[AccessModel] = linked(
    {
        **FILES,
        "budgets/operators.yaml": FILES["budgets/guests.yaml"]
        .replace(b'"name": "guests"', b'"name": "operators"')
        .replace(b'"group": "guests"', b'"group": "operators"'),
    }
)
"""The tests' repository with a budget of a group that the same provider has."""

OPERATOR: Final = asking(
    PRODUCTION,
    groups=["operators"],
    usage={**DEVELOPER["context"]["usage"], "operators": {"spent_micros": 0}},
)
"""Holds a standing grant where Tom's elevation is for an eligible one."""

END: Final = {"time": "2026-11-23T18:00:00Z", "issued_at": "2026-11-23T17:55:00Z"}
BEFORE: Final = {"time": "2026-11-23T11:59:59Z", "issued_at": "2026-11-23T11:55:00Z"}

TEMPTING: Final[dict[str, Json]] = {
    "another's elevation": PRODUCTION,
    "another role's elevation": asking(PRODUCTION, elevations=[elevation(role="auditor")]),
    "an elevation beside": asking(
        PRODUCTION, elevations=[elevation(scope="aurora/production/vault")]
    ),
    "another elevation's review": asking(
        PRODUCTION, elevations=[elevation(approver_groups=["developers"])]
    ),
    "no elevation needed": OPERATOR,
    "none needed, and it ends soon": asking(
        OPERATOR, time="2026-11-23T11:50:00Z", issued_at="2026-11-23T11:45:00Z"
    ),
    "none needed, and it has ended": asking(OPERATOR, **END),
    "none needed, by its approver": asking(OPERATOR, id="ines@northwind.example"),
    "a grant of no such permission": asking(DEVELOPER, groups=["auditors"]),
    "a grant elsewhere": asking(DEVELOPER, groups=["operators"]),
    "another workload's grant": asking(PIPELINE, environment="sandbox", backend="local-simulator"),
    "another tenant's budgets": asking(PIPELINE, tenant="borealis", environment="sandbox"),
    "budgets of what is not there": asking(DEVELOPER, project="x"),
    "an approval elsewhere": asking(
        EXPENSIVE, approvals=[approval(scope="aurora/sandbox/chemistry")]
    ),
    "all of the budget": asking(DEVELOPER, used={"spent_micros": 98_250_001}),
    "most of the budget": asking(DEVELOPER, used={"spent_micros": 78_250_000}),
    "all, before an exception": asking(DEVELOPER, **BEFORE, used={"spent_micros": 98_250_001}),
    "most, before an exception": asking(DEVELOPER, **BEFORE, used={"spent_micros": 78_250_000}),
    "all, at an exception's end": asking(DEVELOPER, **END, used={"spent_micros": 98_250_001}),
    "most, at an exception's end": asking(DEVELOPER, **END, used={"spent_micros": 78_250_000}),
    "a token of another pattern": asking(PIPELINE, subject="repo:evil/aurora:ref:refs/heads/main"),
    "a token that is its pattern": asking(PIPELINE, subject="repo:northwind/*:ref:*/main"),
}
"""Requests of which a proposal that a policy does not look at changes the answer."""

Liar = Callable[[pytest.MonkeyPatch, CedarEngine], None]


def everything(patch: pytest.MonkeyPatch, _: CedarEngine) -> None:
    """Propose every grant, elevation, budget and approval for every request, and a budget's
    exception whatever the time."""
    patch.setattr(proposals, "_grants", _grants)
    patch.setattr(proposals, "_budgets", _budgets)
    patch.setattr(proposals, "_elevations", _elevations)
    patch.setattr(proposals, "_approvals", _approvals)
    patch.setattr(proposals, "_charges", _charges)


def no_budgets(patch: pytest.MonkeyPatch, _: CedarEngine) -> None:
    """Propose no budget."""
    patch.setattr(proposals, "_budgets", lambda *_: [])


def forgeries(patch: pytest.MonkeyPatch, cedar: CedarEngine) -> None:
    """Propose exceptions that nobody made, and that any token matches its workload's pattern."""
    known = cedar._known
    more = {"from": 0, "until": 2**40, "by_micros": 10**12}
    for name, budget in known.budgets.items():
        patch.setitem(known.budgets, name, budget._replace(raises=(more,)))
    for name in known.patterns:
        patch.setitem(known.patterns, name, "*")


LIARS: Final[tuple[Liar, ...]] = (everything, no_budgets, forgeries)

_honest_elevations = proposals._elevations
_honest_approvals = proposals._approvals
_honest_charges = proposals._charges


def _grants(asked: Asked, known: Known) -> Iterator[Grant]:
    """Every grant, as one that is held through each role that an elevation names."""
    elevated = _elevations(asked, known)
    roles = sorted({proposed["elevation"]["role"]["id"] for proposed in elevated})
    for held in known.grants.values():
        for grant in held:
            yield from (grant._replace(role=role, eligible=True) for role in roles or [grant.role])


def _elevations(asked: Asked, known: Known) -> list[Json]:
    """Everybody's, everywhere, and each as though a document said it."""
    elevations = asked.request.elevations or ()
    given = [replace(held, scope=held.scope or "x") for held in elevations]
    people = {asked.principal["id"] or "nobody", *known.elevations}
    people |= {held.subject for held in given if held.subject is not None}
    found: list[Json] = []
    for name in sorted(people):
        as_them = replace(
            _anywhere(asked, known, elevations=given), principal={**asked.principal, "id": name}
        )
        found += _honest_elevations(as_them, known)
    documents = [name for held in known.elevations.values() for name, _ in held]
    forged = [
        {**proposed, "document": uid("Elevation", name)} for proposed in found for name in documents
    ]
    return proposals._unique([*found, *forged])


def _approvals(asked: Asked, known: Known) -> Iterator[Json]:
    approvals = asked.request.approvals or ()
    given = [replace(approval, scope=approval.scope or "x") for approval in approvals]
    return _honest_approvals(_anywhere(asked, known, approvals=given), known)


def _anywhere(
    asked: Asked, known: Known, **given: Sequence[GivenElevation | GivenApproval]
) -> Asked:
    """The request with what is given, as though it were about every scope."""
    (each,) = given.values()
    scopes = {scope for _, scope in known.places} | {str(one.scope) for one in each}
    changes: dict[str, Any] = {name: tuple(parts) for name, parts in given.items()}
    return replace(asked, around=(*sorted(scopes),), request=replace(asked.request, **changes))


def _budgets(asked: Asked, known: Known) -> list[Budget]:
    """Every budget of whatever is called a project: of other places Cedar takes no such question."""
    return [*known.budgets.values()] if asked.executes and asked.place[0] == "Project" else []


def _charges(
    asked: Asked, budgets: list[Budget], approvals: list[Json]
) -> Iterator[proposals.Evaluation]:
    """Each budget with an exception: the one in force, or else the first."""
    for budget in budgets:
        now = asked.now
        if not any(r["from"] <= (now or 0) < r["until"] for r in budget.raises):
            now = budget.raises[0]["from"] if budget.raises else now
        yield from _honest_charges(replace(asked, now=now), [budget], approvals)
