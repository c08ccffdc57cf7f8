"""Conditions and witnesses keep their parts until they are printed."""

from __future__ import annotations

from qgov.decision.decision import Decision
from qgov.model.conditions import Conditions, Eligibility
from qgov.plan.changes import Change
from qgov.plan.plan import AccessChange
from qgov.plan.witness import Witness
from qgov.records import replace
from qgov.render.plan_entries import Phrase, entries_of
from qgov.render.plan_witness import told
from tests.plan.worlds import BASELINE, changed, plan_of

ROW = '    - {group: atlas-leads, role: reader, on: "*"}\n'
ALLOWED, DENIED = Decision(True, (), revision="r"), Decision(False, ("mfa-missing",), revision="r")


def _gain() -> AccessChange:
    added = f"{ROW}    - {{group: staff, role: reader, on: sandbox}}\n"
    plan = plan_of(BASELINE, changed(BASELINE, {"tenants/atlas.yaml": {ROW: added}}))
    return plan.access[0]


def test_a_name_may_have_an_arrow_in_it() -> None:
    before = Conditions(eligible=Eligibility("a → b", 3600, False))
    after = Conditions(eligible=Eligibility("a", 3600, False))
    gain = _gain()
    row = replace(gain.row, change=Change.WIDENED, before=(before,), after=(after,))
    (entry,) = entries_of([replace(gain, row=row)], "EUR")

    (phrase,) = entry.items[0].phrases
    assert phrase.before == "just in time, approved by a → b, at most 1h"
    assert phrase.after == "just in time, approved by a, at most 1h"
    assert str(phrase) == f"{phrase.before} → {phrase.after}"


def test_what_is_held_on_one_side_is_said_alone() -> None:
    assert str(Phrase("", "MFA")) == str(Phrase("MFA", "")) == "MFA"
    assert str(Phrase("MFA", "MFA  or  from DE", whole=True)) == "MFA  →  MFA  or  from DE"


def test_what_is_lost_besides_is_told_behind_what_is_gained() -> None:
    gained = Witness({}, DENIED, ALLOWED, ("without MFA",))
    for says, start in ((("from FR", "for 9 shots"), " from FR and for 9 shots: "), ((), ": ")):
        lost = Witness({}, ALLOWED, DENIED, says)
        found = told([replace(_gain(), witness=gained, witness_lost=lost)])

        assert str(found) == (
            "a member of staff, without MFA: denied before (mfa-missing), allowed now; "
            f"but{start}allowed before, denied now (mfa-missing)"
        )
