"""Money is compared by content: what becomes looser is widened, with the exposure of a year,
quotas in their own measure, and a witness where a request shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from jsonschema import Draft7Validator

from qgov.contracts.schema import output_schemas
from qgov.plan.exposure import QuotaChange
from qgov.plan.plan import Plan
from qgov.plan.witness_search import with_witnesses
from qgov.render.plan_json import as_value
from qgov.render.plan_markdown import as_markdown
from qgov.render.plan_text import as_text
from tests.plan.worlds import BASELINE, changed, plan_of, sides_of

BUDGET = "budgets/atlas.yaml"
ORGANIZATION = "qgov.yaml"
MILLION = 1_000_000
SPEND = "budget: {period: monthly, limit: 1000.00 EUR, warnAt: [80%], stopAt: 100%}"
RULE = "approval: {above: 50.00 EUR, approvers: finance, validFor: 7d}"
QUOTAS = (
    "quotas: [{measure: shots, per: day, limit: 10000}, {measure: circuits, per: job, limit: 5}]"
)
COUNTED = changed(BASELINE, {BUDGET: {f"  {RULE}\n": f"  {RULE}\n  {QUOTAS}\n"}})
EXCEPTION = """\
apiVersion: qgov/v1
kind: BudgetException
metadata: {name: atlas-more}
spec: {budget: atlas, increase: 250.00 EUR, reason: repetition, ticket: Q-2, requestedBy: mei@acme.example, approvedBy: ines@acme.example, notBefore: 2026-11-20T00:00:00Z, expires: 2026-12-01T00:00:00Z}
"""
RAISED = BASELINE | {"budgets/more.yaml": EXCEPTION}


def _witnessed(before: Mapping[str, str], after: Mapping[str, str]) -> Plan:
    plan = plan_of(before, after)
    base, head, _ = sides_of(before, after)
    return with_witnesses(plan, base.model, head.model)


def _edited(files: Mapping[str, str], path: str, old: str, new: str) -> Mapping[str, str]:
    return changed(files, {path: {old: new}})


CASES: Mapping[str, tuple[Mapping[str, str], tuple[str, str, str], str, str]] = {
    "limit": (BASELINE, (BUDGET, "1000.00", "2000.00"), "budget-exceeded", "1,000.000001 EUR"),
    "stop": (BASELINE, (BUDGET, "stopAt: 100%", "stopAt: 120%"), "budget-exceeded", ""),
    "stop gone": (BASELINE, (BUDGET, ", stopAt: 100%", ""), "budget-exceeded", ""),
    "backends": (
        BASELINE,
        (BUDGET, "scope: atlas\n", "scope: atlas\n  backends: [simulator]\n"),
        "budget-exceeded",
        "1,000.000001 EUR of atlas spent",
    ),
    "group": (
        BASELINE,
        (BUDGET, "scope: atlas\n", "scope: atlas\n  group: operators\n"),
        "budget-exceeded",
        "",
    ),
    "quota of a day": (
        COUNTED,
        (BUDGET, "limit: 10000", "limit: 50000"),
        "quota-exceeded",
        "10,000 shots of this day used in atlas",
    ),
    "quota by one": (COUNTED, (BUDGET, "limit: 10000", "limit: 10001"), "quota-exceeded", ""),
    "quota of a job": (
        COUNTED,
        (BUDGET, "limit: 5}", "limit: 9}"),
        "quota-exceeded",
        "for a job of 6 circuits",
    ),
    "quota gone": (
        COUNTED,
        (BUDGET, "{measure: shots, per: day, limit: 10000}, ", ""),
        "quota-exceeded",
        "",
    ),
    "threshold of an approval": (
        BASELINE,
        (BUDGET, "above: 50.00", "above: 60.00"),
        "approval-required",
        "50.000001 EUR",
    ),
    "age of an approval": (
        BASELINE,
        (BUDGET, "validFor: 7d", "validFor: 30d"),
        "approval-invalid",
        "approved 7d ago",
    ),
    "increase of an exception": (
        RAISED,
        ("budgets/more.yaml", "250.00", "900.00"),
        "budget-exceeded",
        "1,250.000001 EUR of atlas spent at 2026-11-20T00:00:00Z",
    ),
    "end of an exception": (
        RAISED,
        ("budgets/more.yaml", "expires: 2026-12-01", "expires: 2026-12-11"),
        "budget-exceeded",
        "1,000.000001 EUR of atlas spent at 2026-12-01T00:00:00Z",
    ),
    "beginning of an exception": (
        RAISED,
        ("budgets/more.yaml", "notBefore: 2026-11-20", "notBefore: 2026-11-10"),
        "budget-exceeded",
        "spent at 2026-11-10T00:00:00Z",
    ),
}


@pytest.mark.no_cover
@pytest.mark.parametrize("turned", [False, True], ids=["looser", "stricter"])
@pytest.mark.parametrize("name", CASES)
def test_what_can_be_spent_is_shown_by_a_request(name: str, turned: bool) -> None:
    before, (path, old, new), reason, says = CASES[name]
    sides = (before, _edited(before, path, old, new))
    plan = _witnessed(*(reversed(sides) if turned else sides))

    (row,) = [row for row in plan.concerns if row.change.concern == "money"]
    assert row.money == ("narrowed" if turned else "widened")
    assert row.witness is not None, row.unwitnessed
    assert row.witness.head.allow is not turned
    assert row.witness.base.allow is turned
    assert reason in (row.witness.head if turned else row.witness.base).reasons
    assert says in row.witness.says[0]
    value: Any = as_value(plan)
    (told,) = (c for c in value["concerns"] if c["concern"] == "money")
    assert told["change"] == row.money
    assert told["witness"]["head"]["allow"] is not turned
    assert plan.counts[row.money] >= 1
    for text in (as_text(plan), as_markdown(plan)):
        assert row.money in text
        assert reason in text
    if not turned:
        assert {"finance", "atlas-leads"} <= {a.by for a in plan.approvals}


@pytest.mark.parametrize(
    ("path", "old", "new", "why"),
    [
        (BUDGET, "period: monthly", "period: quarterly", "starts afresh"),
        (BUDGET, "warnAt: [80%]", "warnAt: [90%]", "only warns"),
        (
            ORGANIZATION,
            "qubits: 20\n      price: {perTask: 0.30 ",
            "qubits: 20\n      price: {perTask: 0.20 ",
            "estimated before it is asked for",
        ),
    ],
)
def test_what_no_request_tells_says_why(path: str, old: str, new: str, why: str) -> None:
    plan = _witnessed(BASELINE, _edited(BASELINE, path, old, new))

    (row,) = plan.concerns
    assert row.witness is None
    assert why in row.unwitnessed
    assert why in " ".join(as_text(plan).split())
    assert as_value(plan)["concerns"][0]["unwitnessed"] == row.unwitnessed


def test_what_is_used_of_another_budget_is_counted_by_itself() -> None:
    other = BASELINE[BUDGET].replace("{name: atlas}", "{name: tight}").replace("1000.00", "10.00")
    before = BASELINE | {"budgets/tight.yaml": other}
    plan = _witnessed(before, _edited(before, BUDGET, "1000.00", "2000.00"))

    (row,) = plan.concerns
    assert row.witness is not None
    usage = row.witness.request["context"]["usage"]
    assert {name: used["spent_micros"] for name, used in usage.items()} == {
        "atlas": 1000 * MILLION + 1,
        "tight": 0,
    }


def test_a_bound_below_that_of_a_job_has_no_witness_and_says_so() -> None:
    before = changed(
        COUNTED, {ORGANIZATION: {"    job: {shots: 50000}": "    job: {shots: 50000, circuits: 4}"}}
    )
    plan = _witnessed(before, _edited(before, BUDGET, "limit: 5}", "limit: 9}"))

    (row,) = plan.concerns
    assert row.witness is None
    assert "other bounds are as strict" in row.unwitnessed
    assert not [f for f in plan.new_findings if f.code == "QG160"]


@pytest.mark.parametrize(
    ("period", "month", "year"),
    [
        ("monthly", 1000, 12_000),
        ("quarterly", 1000, 4000),
        ("yearly", 1000, 1000),
        ("once", 1000, 1000),
        ("28d", 2000, 14_000),
        ("31d", 1000, 12_000),
        ("7d", 5000, 53_000),
        ("{from: 2026-11-01, until: 2027-11-01}", 1000, 1000),
    ],
)
def test_exposure_is_given_for_a_month_and_a_year(period: str, month: int, year: int) -> None:
    edits: dict[str, Any] = {"budgets/borealis.yaml": None}
    edits[BUDGET] = {"period: monthly": f"period: {period}"} if period != "monthly" else {}
    plan = plan_of(None, changed(BASELINE, edits))
    after = plan.exposure[1]

    assert (after.amount_micros, after.per_year_micros) == (month * MILLION, year * MILLION)
    told = as_value(plan)["exposure"]["after"]
    assert told["per_year_micros"] == year * MILLION


@pytest.mark.parametrize(
    ("period", "window", "year"),
    [
        ("monthly", "notBefore: 2026-11-20T00:00:00Z, expires: 2026-12-01T00:00:00Z", 12_250),
        ("monthly", "notBefore: 2026-11-20T00:00:00Z, expires: 2026-12-01T00:00:01Z", 12_500),
        ("monthly", "expires: 2026-12-01T00:00:00Z", 15_000),
        ("quarterly", "notBefore: 2026-11-20T00:00:00Z, expires: 2026-12-31T00:00:00Z", 4250),
        ("quarterly", "notBefore: 2026-11-20T00:00:00Z, expires: 2027-01-20T00:00:00Z", 4500),
        ("yearly", "notBefore: 2026-11-20T00:00:00Z, expires: 2027-01-20T00:00:00Z", 1250),
        ("once", "notBefore: 2026-11-20T00:00:00Z, expires: 2027-01-20T00:00:00Z", 1250),
        ("28d", "notBefore: 2026-11-20T00:00:00Z, expires: 2026-12-18T00:00:00Z", 14_250),
        ("28d", "notBefore: 2026-11-20T00:00:00Z, expires: 2026-12-18T00:00:01Z", 14_500),
        ("28d", "expires: 2026-12-18T00:00:00Z", 17_500),
    ],
)
def test_an_exception_counts_in_every_period_that_it_lies_in(
    period: str, window: str, year: int
) -> None:
    start, end = EXCEPTION.index("notBefore"), EXCEPTION.rindex("}")
    files = BASELINE | {
        BUDGET: BASELINE[BUDGET].replace("period: monthly", f"period: {period}"),
        "budgets/more.yaml": EXCEPTION[:start] + window + EXCEPTION[end:],
    }
    plan = plan_of(None, changed(files, {"budgets/borealis.yaml": None}))

    assert plan.exposure[1].per_year_micros == year * MILLION


CAMPAIGN = "period: {from: 2026-03-01, until: 2026-06-01}"


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("period: monthly", CAMPAIGN, "with a job that costs anything"),
        (CAMPAIGN, "period: monthly", "with a job that costs anything"),
        (
            CAMPAIGN,
            "period: {from: 2026-03-01, until: 2026-05-01}",
            "with a job that costs anything at 2026-05-01T00:00:00Z",
        ),
        (
            CAMPAIGN,
            "period: {from: 2026-02-01, until: 2026-06-01}",
            "with a job that costs anything at 2026-02-01T00:00:00Z",
        ),
    ],
)
def test_a_campaign_that_changes_has_a_witness(before: str, after: str, told: str) -> None:
    base = (
        changed(BASELINE, {BUDGET: {"period: monthly": before}}) if before == CAMPAIGN else BASELINE
    )
    plan = _witnessed(base, _edited(base, BUDGET, before, after))

    (row,) = plan.concerns
    assert row.witness is not None
    assert told in " ".join(as_text(plan).split())


def test_a_shorter_period_of_a_budget_around_others_costs_more_a_year_and_no_more_a_month() -> None:
    whole = (
        BASELINE[BUDGET]
        .replace("{name: atlas}", "{name: whole}")
        .replace("scope: atlas", 'scope: "*"')
        .replace("limit: 1000.00", "limit: 9000.00")
        .replace("period: monthly", "period: yearly")
    )
    before = BASELINE | {"budgets/whole.yaml": whole}
    plan = plan_of(before, _edited(before, "budgets/whole.yaml", "yearly", "monthly"))

    assert [e.amount_micros for e in plan.exposure] == [2000 * MILLION] * 2
    assert [e.per_year_micros for e in plan.exposure] == [9000 * MILLION, 24_000 * MILLION]
    text = as_text(plan)
    assert "cost exposure rises" in text
    assert "  2,000.00 EUR as before, a month at most\n" in text
    assert "  9,000.00 EUR → 24,000.00 EUR, a year at most\n" in text
    assert {"finance", "atlas-leads"} <= {a.by for a in plan.approvals}


def test_a_quota_is_told_in_its_own_measure() -> None:
    plan = plan_of(COUNTED, _edited(COUNTED, BUDGET, "limit: 10000", "limit: 50000"))

    assert plan.quotas == (QuotaChange("atlas", "atlas", "shots", "day", 10_000, 50_000),)
    for text in (as_text(plan), as_markdown(plan)):
        assert "10,000 → 50,000 shots a day in atlas" in text
    assert as_value(plan)["exposure"]["quotas"] == [
        {
            "budget": "atlas",
            "scope": "atlas",
            "measure": "shots",
            "per": "day",
            "before": 10_000,
            "after": 50_000,
        }
    ]
    gone = plan_of(COUNTED, BASELINE)
    assert {(q.measure, q.after) for q in gone.quotas} == {("shots", None), ("circuits", None)}
    assert "5 → any number circuits a job in atlas" in as_text(gone)


def test_a_quota_over_a_window_is_told_and_has_its_schema() -> None:
    plan = plan_of(COUNTED, _edited(COUNTED, BUDGET, "per: day", "per: 28d"))

    assert {(q.measure, q.window, q.after) for q in plan.quotas} == {
        ("shots", "day", None),
        ("shots", "28d", 10_000),
    }
    assert "10,000 shots a day → 10,000 in any 28d in atlas (atlas)" in as_text(plan)
    assert "any number" not in as_text(plan)
    told = as_value(plan)
    assert [each["per"] for each in told["exposure"]["quotas"]] == ["28d", "day"]
    Draft7Validator(output_schemas()["qgov/plan/v1"]).validate(told)


def test_an_exception_to_a_budget_under_another_name_is_shown_by_the_new_one() -> None:
    edits = {
        BUDGET: {"{name: atlas}": "{name: altair, previously: atlas}"},
        "budgets/more.yaml": {"budget: atlas": "budget: altair", "250.00": "900.00"},
    }
    for before, after in (
        (RAISED, changed(RAISED, edits)),
        (RAISED, changed(RAISED, edits | {"budgets/more.yaml": None})),
    ):
        plan = _witnessed(before, after)

        shown = [row.witness for row in plan.concerns if "Exception" in row.change.document]
        for witness in shown:
            assert witness is not None or "budgets/more.yaml" in after
            if witness is not None:
                assert "of altair spent" in witness.says[0]
                assert witness.at_base is not None
        assert any(shown)


def test_a_budget_under_another_name_has_the_same_quotas() -> None:
    after = _edited(COUNTED, BUDGET, "{name: atlas}", "{name: altair, previously: atlas}")

    assert plan_of(COUNTED, after).quotas == ()


def test_every_rule_for_expensive_jobs_is_a_condition() -> None:
    second = (
        BASELINE[BUDGET]
        .replace("{name: atlas}", "{name: second}")
        .replace("above: 50.00 EUR, approvers: finance", "above: 90.00 EUR, approvers: security")
    )
    before = BASELINE | {"budgets/second.yaml": second}
    plan = _witnessed(
        before, _edited(before, "budgets/second.yaml", second[second.index("  approval") :], "")
    )

    assert {(c.row.permission, str(c.row.change)) for c in plan.access} == {
        ("job:submit", "widened")
    }
    for change in plan.access:
        assert [r.approvers for r in change.row.before[0].approvals] == ["finance", "security"]
        assert change.witness is not None
        assert change.witness.base.reasons == ("approval-invalid",)
        value: Any = as_value(plan)
        told = value["access"][0]
        assert told["before"]["approval"]["approvers"] == "finance"
        assert [r["approvers"] for r in told["before"]["more_approvals"]] == ["security"]
        assert "more_approvals" not in told["after"]
    text = " ".join(as_text(plan).split())
    assert "approval by finance above 50.00 EUR and by security above 90.00 EUR" in text


RATES = changed(
    BASELINE,
    {
        ORGANIZATION: {
            "  currency: EUR\n": "  currency: EUR\n  exchangeRates:\n"
            '    USD: {rate: "0.92", source: treasury, asOf: 2026-11-02}\n'
        }
    },
)


@pytest.mark.parametrize(
    ("rate", "abroad", "goes", "risk"),
    [
        ("0.50", False, "widened", "medium"),
        ("0.99", False, "narrowed", "low"),
        ("0.50", True, "changed", "medium"),
        ("0.99", True, "changed", "medium"),
    ],
)
def test_a_rate_is_looser_when_lower_unless_it_moves_a_bound(
    rate: str, abroad: bool, goes: str, risk: str
) -> None:
    before = changed(RATES, {BUDGET: {"1000.00 EUR": "1000.00 USD"}}) if abroad else RATES
    plan = _witnessed(before, _edited(before, ORGANIZATION, "0.92", rate))

    (row,) = plan.concerns
    assert (row.money, str(row.rule.risk)) == (goes, risk)
    assert ("finance" in row.approvers) is (goes != "narrowed")
    assert ("estimated before it is asked for" in row.unwitnessed) is not abroad
    if abroad:
        assert row.witness is not None
        assert row.witness.head.allow is (rate == "0.99")
    amounts = [e.amount_micros for e in plan.exposure]
    assert (amounts[0] == amounts[1]) is not abroad


def test_a_budget_that_goes_shows_each_of_its_parts() -> None:
    plan = _witnessed(COUNTED, changed(COUNTED, {BUDGET: None}))

    reasons = {
        row.change.field: set(row.witness.base.reasons)
        for row in plan.concerns
        if row.change.concern == "money" and row.witness is not None
    }
    assert reasons["spec.budget"] == {"budget-exceeded"}
    assert reasons["spec.approval"] == {"approval-required"}
    assert any("quota-exceeded" in found for found in reasons.values())


CREDITS = """\
  exchangeRates:
    USD: {rate: "0.92", source: treasury, asOf: 2026-11-02}
  credits:
    HQC: {title: Credits, worth: 12.50 EUR, source: a plan, asOf: 2026-11-02}
"""
ABROAD = {"  currency: EUR\n": "  currency: EUR\n" + CREDITS}
IN_CREDITS = changed(BASELINE, {ORGANIZATION: ABROAD, BUDGET: {"1000.00 EUR": "80 HQC"}})


@pytest.mark.parametrize(
    ("worth", "bounding", "goes"),
    [
        ("9.00 EUR", False, "widened"),
        ("15.00 EUR", False, "narrowed"),
        ("9.00 EUR", True, "changed"),
        ("15.00 EUR", True, "changed"),
        ("13.00 USD", False, "changed"),
    ],
)
def test_what_a_credit_is_worth_goes_both_ways_where_a_budget_is_in_it(
    worth: str, bounding: bool, goes: str
) -> None:
    before = IN_CREDITS if bounding else changed(BASELINE, {ORGANIZATION: ABROAD})
    plan = _witnessed(before, _edited(before, ORGANIZATION, "12.50 EUR", worth))

    (row,) = plan.concerns
    assert row.change.field == "spec.credits.HQC.worth"
    assert row.money == goes
    if bounding:
        assert row.witness is not None
        assert row.witness.head.allow is (worth == "15.00 EUR")


def test_a_budget_that_is_written_in_another_unit_has_no_direction() -> None:
    plan = _witnessed(IN_CREDITS, _edited(IN_CREDITS, BUDGET, "80 HQC", "1001.00 EUR"))
    (row,) = plan.concerns
    assert row.money == "changed"
    assert row.witness is not None
    assert row.witness.head.allow


@pytest.mark.parametrize(
    ("old", "new", "goes"),
    [
        ("", "  backends: [garnet]\n", "widened"),
        ("  backends: [garnet, simulator]\n", "  backends: [garnet]\n", "widened"),
        ("  backends: [simulator]\n", "  backends: [simulator, garnet]\n", "narrowed"),
        ("  backends: [garnet]\n", "", "narrowed"),
        ("  backends: [garnet]\n", "  backends: [simulator]\n", "changed"),
    ],
)
def test_a_budget_of_fewer_backends_is_looser(old: str, new: str, goes: str) -> None:
    before = changed(BASELINE, {BUDGET: {"  owner:": f"{old}  owner:"}})
    plan = _witnessed(before, _edited(before, BUDGET, f"{old}  owner:", f"{new}  owner:"))
    (row,) = plan.concerns
    assert row.change.field == "spec.backends"
    assert row.money == goes
