"""Another id of a group is another group: its accesses change hands, and somebody has to mean it."""

from __future__ import annotations

import pytest

from qgov.language.concerns import Concern
from qgov.plan.changes import Change
from qgov.plan.plan import Plan
from qgov.plan.reissued import REISSUED
from qgov.render.plan_json import as_value
from qgov.render.plan_text import as_text
from tests.plan.worlds import RICH, changed, plan_of

OLD = "6f1c0a52-0f6e-4c37-9f0b-3a1d2c4e5f60"
NEW = "6f1c0a52-0f6e-4c37-9f0b-3a1d2c4e5f61"
GROUP = "group:engineers"


def edited(old: str, new: str) -> Plan:
    """The plan of one edit of the organization."""
    return plan_of(RICH, changed(RICH, {"qgov.yaml": {old: new}}))


def moves(plan: Plan) -> dict[Change, set[str | None]]:
    """What the group is known by in the rows that grant and revoke."""
    found: dict[Change, set[str | None]] = {}
    for each in plan.access:
        assert each.row.principal == GROUP
        assert each.row.known_by is not None
        found.setdefault(each.row.change, set()).add(each.row.known_by.group)
    return found


def test_another_id_takes_from_the_one_and_gives_to_the_other() -> None:
    plan = edited(OLD, NEW)
    assert moves(plan) == {Change.GRANTED: {NEW}, Change.REVOKED: {OLD}}
    assert {str(each.rule.risk) for each in plan.access} == {"critical"}
    (finding,) = (f for f in plan.new_findings if f.code == REISSUED)
    assert finding.severity == "error"
    assert RICH["qgov.yaml"].splitlines()[finding.origin.line - 1].strip().startswith("engineers:")
    assert "previously" in finding.remedy
    assert f"{NEW} in groups" in " ".join(as_text(plan).split())
    assert {a["known_by"]["group"] for a in as_value(plan)["access"]} == {OLD, NEW}


def test_another_id_that_says_the_former_one_is_meant() -> None:
    line = f"directoryId: {OLD}, team: acme-dev/engineers, title: Engineers, previously: makers"
    said = f"directoryId: {NEW}, team: acme-dev/engineers, title: Engineers, previously: {OLD}"
    plan = edited(line, said)
    assert not [f for f in plan.new_findings if f.code == REISSUED]
    assert moves(plan) == {Change.GRANTED: {NEW}, Change.REVOKED: {OLD}}


def test_case_makes_no_other_id() -> None:
    plan = edited(OLD, OLD.upper())
    assert plan.access == ()
    assert not [f for f in plan.new_findings if f.code == REISSUED]


@pytest.mark.parametrize(
    ("before", "after", "change", "known"),
    [
        ("", f", directoryId: {NEW}", Change.GRANTED, NEW),
        (f", directoryId: {OLD}", "", Change.REVOKED, OLD),
    ],
)
def test_the_first_id_lets_people_in_and_none_shuts_them_out(
    before: str, after: str, change: Change, known: str
) -> None:
    line = f", directoryId: {OLD}"
    base = changed(RICH, {"qgov.yaml": {line: before}}) if before != line else RICH
    plan = plan_of(base, changed(RICH, {"qgov.yaml": {line: after}}))
    assert moves(plan) == {change: {known}}


def test_another_name_in_entra_moves_no_access() -> None:
    plan = edited("SG-Quantum-Engineers", "SG-Quantum-Makers")
    assert plan.access == ()
    assert [row.change.field for row in plan.concerns] == ["spec.groups.engineers.directoryName"]


def test_another_name_elsewhere_does() -> None:
    plan = edited("Quantum Guests", "Quantum Visitors")
    known = {each.row.known_by.group for each in plan.access if each.row.known_by}
    assert known == {"Quantum Guests", "Quantum Visitors"}


ASKED = "requests: {requestors: engineers, approvers: testers, maxDuration: 180d, reviewEvery: 90d}"


@pytest.mark.parametrize(
    ("now", "field", "risk"),
    [
        (ASKED.replace("requestors: engineers, ", ""), ".requestors", "high"),
        (ASKED.replace("testers", "engineers"), ".approvers", "high"),
        (ASKED.replace("180d", "181d"), ".maxDuration", "high"),
        (ASKED.replace("180d", "179d"), ".maxDuration", "low"),
        (ASKED.replace(", reviewEvery: 90d", ""), ".reviewEvery", "high"),
        ("external: false", "", "low"),
    ],
)
def test_how_people_come_to_be_in_a_group_is_trust(now: str, field: str, risk: str) -> None:
    for old, new, told in ((ASKED, now, risk), (now, ASKED, None)):
        before = changed(RICH, {"qgov.yaml": {ASKED: old}}) if old != ASKED else RICH
        plan = plan_of(before, changed(before, {"qgov.yaml": {old: new}}))
        (row,) = plan.concerns

        assert row.change.field == f"spec.groups.newcomers.requests{field}"
        assert row.change.concern is Concern.TRUST
        opposite = "high" if risk == "low" or field == ".approvers" else "low"
        assert str(row.rule.risk) == (told or opposite)
