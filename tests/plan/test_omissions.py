"""The test of totality sees what a plan leaves out: each omission here is planted, and found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

import pytest

from qgov.errors import ExitStatus
from qgov.language import concerns as language
from qgov.language.concerns import Concern, Declared
from qgov.plan import approvals, approvers, concerns, fields, make, tellings
from qgov.plan.approvers import Approver
from qgov.plan.concerns import ConcernRow
from qgov.plan.fields import FieldChange
from qgov.plan.gates import exit_status
from qgov.plan.plan import UNACCOUNTED, ArtifactChange, Plan
from qgov.records import replace
from qgov.targets import outlined
from tests.plan.edits import Edited, documents, edited, values
from tests.plan.faults import fault

pytestmark = pytest.mark.no_cover  # as the test that it is about

ISSUER = "spec.identityProviders.corporate.issuer"
LIMIT = "spec.budget.limit"
PRICE = "spec.backends.garnet.price.perTask"
QUEUE = "spec.environments.test.queue"
SESSION = "spec.identityProviders.corporate.sessionLifetime"


def _edit(id_: str, label: str) -> Edited:
    """The first edit of a field that can be understood."""
    document = documents()[id_]
    return next(m for e in values(document, tuple(label.split("."))) if (m := edited(e)))


def _words(monkeypatch: pytest.MonkeyPatch) -> None:
    """A field is declared to be words."""
    honest = language.declared

    def declared(part: Any, name: str) -> Declared:
        said = honest(part, name)
        return said if name != "issuer" else replace(said, concern=Concern.WORDS)

    monkeypatch.setattr(fields, "declared", declared)


def _dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """A field is left out of the comparison of documents."""
    honest = fields.field_changes

    def field_changes(*pair: Any) -> list[FieldChange]:
        return [change for change in honest(*pair) if change.field != PRICE]

    for module in (concerns, tellings):
        monkeypatch.setattr(module, "field_changes", field_changes)


def _without_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """A concern has no rows."""
    honest = concerns.concern_rows

    def concern_rows(*given: Any) -> list[ConcernRow]:
        return [row for row in honest(*given) if row.change.concern is not Concern.OPERATIONS]

    monkeypatch.setattr(make, "concern_rows", concern_rows)


def _nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """The approvers of a concern are forgotten."""
    honest = approvers.approvers_of

    def approvers_of(rules: Any, row: ConcernRow, *more: Any) -> list[Approver]:
        return [] if row.change.concern is Concern.MONEY else honest(rules, row, *more)

    monkeypatch.setattr(approvals, "approvers_of", approvers_of)


def _unheard(monkeypatch: pytest.MonkeyPatch) -> None:
    """The verdict does not hear of a concern."""
    honest = Plan.verdict

    def verdict(plan: Plan) -> str:
        heard = tuple(row for row in plan.concerns if row.change.concern is not Concern.TRUST)
        return cast("str", honest.__get__(replace(plan, concerns=heard)))

    monkeypatch.setattr(Plan, "verdict", property(verdict))


def _unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The plan does not check itself."""

    def artifact_changes(*sides: Any) -> tuple[list[ArtifactChange], tuple[list[Any], list[Any]]]:
        old, new = (found.files for found in outlined(*sides[:2]))
        paths = sorted(p for p in {*old, *new} if old.get(p) != new.get(p))
        return [ArtifactChange(path, "changed") for path in paths], ([], [])

    monkeypatch.setattr(make, "artifact_changes", artifact_changes)


OMISSIONS: Final[list[tuple[Callable[[pytest.MonkeyPatch], None], str, str]]] = [
    (_words, "Organization/acme", ISSUER),
    (_dropped, "Organization/acme", PRICE),
    (_without_rows, "Tenant/atlas", QUEUE),
    (_nobody, "Budget/atlas", LIMIT),
    (_unheard, "Organization/acme", SESSION),
    (_unchecked, "Organization/acme", PRICE),
]


@pytest.mark.parametrize(
    ("omit", "document", "field"), OMISSIONS, ids=[omit.__name__ for omit, _, _ in OMISSIONS]
)
def test_an_omission_is_found(
    omit: Callable[[pytest.MonkeyPatch], None],
    document: str,
    field: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert fault(_edit(document, field)) == ""
    omit(monkeypatch)

    assert fault(_edit(document, field)) != ""


@pytest.mark.parametrize(("omit", "document", "field"), OMISSIONS[:3])
def test_a_plan_without_a_row_for_what_is_compiled_is_an_error(
    omit: Callable[[pytest.MonkeyPatch], None],
    document: str,
    field: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The plan finds it by itself, and fails closed."""
    omit(monkeypatch)
    plan = _edit(document, field).plan

    assert {f.code for f in plan.new_findings if f.severity == "error"} >= {UNACCOUNTED}
    assert plan.verdict == "incomparable"
    assert exit_status(plan, None, None, detailed=True) is ExitStatus.ERROR
