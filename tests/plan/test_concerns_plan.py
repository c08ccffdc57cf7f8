"""What changes beside access has its row in the plan: what, risk, and who is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from qgov.errors import ExitStatus
from qgov.finding import Severity
from qgov.language.concerns import Concern
from qgov.language.intent import read_intent
from qgov.plan.author import Author
from qgov.plan.concerns import ConcernRow
from qgov.plan.gates import exit_status
from qgov.plan.plan import Plan
from qgov.render.plan_json import as_value
from qgov.render.plan_markdown import as_markdown
from qgov.render.plan_text import as_text
from qgov.render.plan_view import verdict
from tests.plan.worlds import BASELINE, RICH, changed, plan_of

ATLAS = "tenants/atlas.yaml"
BUDGET = "budgets/atlas.yaml"
ORGANIZATION = "qgov.yaml"
NOBODY = {
    ORGANIZATION: BASELINE[ORGANIZATION].replace(
        """  review:
    low: [operators]
    medium: [security]
    high: [admins]
    critical: [admins, security]
    exposure: [finance]
""",
        "",
    )
}


def _plan(edits: Mapping[str, Any]) -> Plan:
    return plan_of(BASELINE, changed(BASELINE, edits))


def _row(plan: Plan) -> ConcernRow:
    (row,) = plan.concerns
    return row


CASES = {
    "issuer": (
        {ORGANIZATION: {"https://id.acme.example": "https://id.stranger.example"}},
        ("trust", "spec.identityProviders.corporate.issuer", "different", "critical"),
        {"admins", "security"},
    ),
    "session": (
        {ORGANIZATION: {"sessionLifetime: 8h": "sessionLifetime: 12h"}},
        ("trust", "spec.identityProviders.corporate.sessionLifetime", "looser", "critical"),
        {"admins", "security"},
    ),
    "shorter session": (
        {ORGANIZATION: {"sessionLifetime: 8h": "sessionLifetime: 4h"}},
        ("trust", "spec.identityProviders.corporate.sessionLifetime", "stricter", "medium"),
        {"security"},
    ),
    "federation": (
        {ATLAS: {"repo:acme/atlas:": "repo:mallory/atlas:"}},
        ("trust", "spec.serviceAccounts[nightly].federation.subject", "different", "critical"),
        {"admins", "security", "atlas-leads"},
    ),
    "review": (
        {ORGANIZATION: {"critical: [admins, security]": "critical: [admins]"}},
        ("rules", "spec.review.critical", "looser", "critical"),
        {"admins", "security"},
    ),
    "lock-out": (
        {ORGANIZATION: {"admins: {members: 3}": "admins: {members: 2}"}},
        ("rules", "spec.groups.admins.members", "looser", "high"),
        {"admins"},
    ),
    "stop": (
        {BUDGET: {", stopAt: 100%": ""}},
        ("money", "spec.budget.stopAt", "looser", "high"),
        {"admins", "atlas-leads", "finance"},
    ),
    "period": (
        {BUDGET: {"period: monthly": "period: yearly"}},
        ("money", "spec.budget.period", "stricter", "low"),
        {"atlas-leads"},
    ),
    "price": (
        {
            ORGANIZATION: {
                "qubits: 20\n      price: {perTask: 0.30 ": "qubits: 20\n      price: {perTask: 0.20 "
            }
        },
        ("money", "spec.backends.garnet.price.perTask", "looser", "medium"),
        {"security", "finance"},
    ),
    "sink": (
        {ORGANIZATION: {"streams: [jobs, admin]": "streams: [jobs]"}},
        ("records", "spec.auditSinks.archive.streams", "looser", "critical"),
        {"admins", "security"},
    ),
    "store": (
        {ORGANIZATION: {"holds: [executionLogs]}": "holds: [executionLogs], encryption: none}"}},
        ("records", "spec.stores.logs.encryption", "looser", "high"),
        {"admins"},
    ),
    "evidence for less long": (
        {ATLAS: {"auditLogs: {keep: 7y": "auditLogs: {keep: 400d"}},
        ("records", "spec.retention.auditLogs.keep", "looser", "high"),
        {"admins", "atlas-leads"},
    ),
    "evidence for longer": (
        {ATLAS: {"executionLogs: {keep: 400d": "executionLogs: {keep: 500d"}},
        ("records", "spec.retention.executionLogs.keep", "stricter", "low"),
        {"atlas-leads"},
    ),
    "results for less long": (
        {ATLAS: {"results: {keep: 180d": "results: {keep: 90d"}},
        ("records", "spec.retention.results.keep", "stricter", "medium"),
        {"atlas-leads"},
    ),
    "inputs for longer": (
        {ATLAS: {"inputs: {keep: 30d": "inputs: {keep: 60d"}},
        ("records", "spec.retention.inputs.keep", "looser", "medium"),
        {"atlas-leads"},
    ),
    "another account": (
        {ATLAS: {'account: "410000000101"': 'account: "410000000109"'}},
        ("operations", "spec.clouds.braket.account", "different", "high"),
        {"admins", "atlas-leads"},
    ),
    "an account goes": (
        {ATLAS: {'  clouds:\n    braket: {account: "410000000101"}\n': ""}},
        ("operations", "spec.clouds.braket", "different", "medium"),
        {"atlas-leads"},
    ),
    "queue": (
        {ORGANIZATION: {"priority: 500": "priority: 900"}},
        ("operations", "spec.queues.governed.priority", "different", "low"),
        {"operators"},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_field_beside_access_has_its_row(name: str) -> None:
    edits, row, asked = CASES[name]
    plan = _plan(edits)
    found = _row(plan)
    change = found.change

    assert (change.concern, change.field, change.direction, str(found.rule.risk)) == row
    assert set(found.approvers) == asked
    assert asked <= {a.by for a in plan.approvals}
    assert plan.risk is found.rule.risk
    assert plan.has_changes
    assert (
        plan.verdict
        == {
            "looser": "more permissive",
            "stricter": "less permissive",
            "different": "incomparable",
        }[row[2]]
    )
    assert f"{change.document}: {change.field}"[:60] in " ".join(as_text(plan).split())
    assert change.field in as_markdown(plan)
    (told,) = as_value(plan)["concerns"]
    assert (told["concern"], told["field"], told["direction"], told["risk"]) == row
    assert told["approvers"] == sorted(asked)
    assert told["path"] == told["causes"][0]["path"] in edits
    assert told["witness"] is None


def test_a_record_of_who_did_what_that_lands_elsewhere_is_of_high_risk() -> None:
    tenant = "tenants/atlas.yaml"
    plan = plan_of(
        RICH,
        changed(
            RICH, {tenant: {"auditStorageAccount: atlasaudit\n": "auditStorageAccount: other\n"}}
        ),
    )

    assert {(r.rule.id, str(r.rule.risk)) for r in plan.concerns} == {
        ("audit-account-moved", "high")
    }


SIMULATOR = "    simulator: {cloud: local,"
ELSEWHERE = (
    "    elsewhere: {cloud: local, vendor: acme, class: simulator, region: local, "
    "jurisdiction: ca, qubits: 20}\n"
)


def test_a_device_that_comes_weakens_no_records_and_is_reviewed_as_before() -> None:
    more = changed(BASELINE, {ORGANIZATION: {SIMULATOR: f"{ELSEWHERE}{SIMULATOR}"}})
    moved = changed(BASELINE, {ORGANIZATION: {"jurisdiction: on-premises": "jurisdiction: ca"}})

    def told(base: Mapping[str, str], head: Mapping[str, str]) -> set[tuple[str, str]]:
        return {(r.rule.id, str(r.rule.risk)) for r in plan_of(base, head).concerns}

    comes = {("records-of-device", "high"), ("operations-of-device", "medium")}
    assert told(BASELINE, more) == {*comes, ("access-unmoved", "low")}
    assert not {rule for rule, _ in told(more, BASELINE)} & {rule for rule, _ in comes}
    assert {rule for rule, _ in told(BASELINE, moved)} == {"records-changed"}


def test_a_closed_account_goes_as_it_should() -> None:
    closed = changed(
        BASELINE,
        {ATLAS: {'{account: "410000000101"}': ('{account: "410000000101", closed: true}')}},
    )
    gone = changed(BASELINE, {ATLAS: {'  clouds:\n    braket: {account: "410000000101"}\n': ""}})

    assert str(_row(plan_of(closed, gone)).rule.risk) == "low"


def test_less_that_is_counted_is_not_told_as_less_that_is_spent() -> None:
    price = "      price: {perTask: 0.30 EUR, source: Amazon Braket pricing, asOf: 2026-09-01}\n"
    free = changed(BASELINE, {ORGANIZATION: BASELINE[ORGANIZATION].replace(price, "")})
    less = _plan({BUDGET: {"limit: 1000.00": "limit: 900.00"}})

    assert verdict(plan_of(BASELINE, free)).endswith(
        "cost exposure falls, as jobs are counted for less"
    )
    assert verdict(less).endswith("cost exposure falls")


def test_words_alone_are_equivalent() -> None:
    plan = _plan({ORGANIZATION: {"metadata: {name: acme}": "metadata: {name: acme, title: Acme}"}})

    assert plan.concerns == ()
    assert plan.verdict == "equivalent"
    assert plan.approvals == ()
    assert verdict(plan) == "EQUIVALENT: no access changes"
    assert [d.change for d in plan.documents] == ["changed"]


def test_an_access_that_moves_is_told_as_one_and_not_again() -> None:
    plan = _plan({ORGANIZATION: {"maxTokenAge: 12h": "maxTokenAge: 11h"}})

    assert plan.access
    assert plan.concerns == ()


def test_access_that_moves_nothing_has_a_row_of_low_risk() -> None:
    role = """\
apiVersion: qgov/v1
kind: Role
metadata: {name: nobody}
spec: {permissions: [policy:write]}
"""
    plan = _plan({"roles/nobody.yaml": role})

    assert plan.access == ()
    assert {(r.change.concern, r.change.document, str(r.rule.risk)) for r in plan.concerns} == {
        (Concern.ACCESS, "Role/nobody", "low")
    }
    assert {r.approvers for r in plan.concerns} == {("operators",)}


def test_trust_and_rules_stand_first_in_the_verdict_and_above_the_gains() -> None:
    plan = _plan(
        {
            ORGANIZATION: {
                "https://id.acme.example": "https://id.stranger.example",
                "critical: [admins, security]": "critical: [admins]",
                "maxTokenAge: 12h": "maxTokenAge: 13h",
            },
            BUDGET: {"1000.00": "2000.00"},
        }
    )
    words = verdict(plan)

    assert words.startswith("TRUST CHANGES: identity provider corporate, issuer · RULES CHANGE: 1")
    assert words.index("RULES") < words.index("LESS PERMISSIVE") < words.index("MONEY CHANGES")
    for text in (as_text(plan), as_markdown(plan)):
        lines = [line.strip("# ").lower() for line in text.splitlines()]
        places = [lines.index(title) for title in ("trust", "rules", "gains", "money")]
        assert places == sorted(places)


def test_nothing_is_cut_however_much_changes_beside_it() -> None:
    accounts = "".join(
        f"    - {{name: w{n}, owner: atlas-leads, maxTokenLifetime: 15m, federation: {{issuer: "
        f"https://id.example, audience: qgov, subject: 'a{n}'}}}}\n"
        for n in range(60)
    )
    before = changed(BASELINE, {ATLAS: {"  serviceAccounts:\n": f"  serviceAccounts:\n{accounts}"}})
    after = changed(before, {ATLAS: before[ATLAS].replace("subject: 'a", "subject: 'b")})
    plan = plan_of(before, after)
    text, markdown = as_text(plan), as_markdown(plan)

    assert len(plan.concerns) == 60
    for n in range(60):
        field = f"spec.serviceAccounts[w{n}].federation.subject"
        assert text.count(f"a{n} → b{n} ") == 1
        assert markdown.count(field) >= 1


def test_what_does_not_fit_is_counted_under_its_concern() -> None:
    accounts = "".join(
        f"    - {{name: w{n}, owner: atlas-leads, maxTokenLifetime: 15m, federation: {{issuer: "
        f"https://id.example, audience: qgov, subject: 'a{n}-{'x' * 200}'}}}}\n"
        for n in range(120)
    )
    before = changed(BASELINE, {ATLAS: {"  serviceAccounts:\n": f"  serviceAccounts:\n{accounts}"}})
    edited = before[ATLAS].replace("subject: 'a", "subject: 'b").replace("priority: 500", "")
    after = changed(before, {ATLAS: edited, ORGANIZATION: {"priority: 500": "priority: 900"}})
    lines = as_markdown(plan_of(before, after)).splitlines()

    trust, operations = lines.index("#### Trust"), lines.index("#### Operations")
    assert any("more changes of trust do not fit here" in line for line in lines[trust:operations])


def test_where_the_base_names_nobody_the_plan_says_so() -> None:
    before = changed(BASELINE, NOBODY)
    after = changed(before, {ORGANIZATION: {"https://id.acme.example": "https://id.other.example"}})
    plan = plan_of(before, after)

    assert plan.approvals == ()
    assert plan.unasked == 1 + len(plan.access) == 137
    assert str(plan.risk) == "critical"
    for text in (as_text(plan), as_markdown(plan)):
        assert "NOBODY IS ASKED of 137 changes: the base names no reviewers" in text


def test_a_risk_without_reviewers_borrows_those_of_the_next_one_up() -> None:
    before = changed(
        BASELINE, {ORGANIZATION: {"    low: [operators]\n    medium: [security]\n": ""}}
    )
    plan = plan_of(before, changed(before, {ORGANIZATION: {"priority: 500": "priority: 900"}}))

    assert [(a.by, a.because) for a in plan.approvals] == [
        ("admins", "the change is of low risk, for which nobody is named")
    ]


def test_a_change_of_trust_is_outside_an_intent_that_does_not_name_it() -> None:
    edits = {ORGANIZATION: {"https://id.acme.example": "https://id.stranger.example"}}
    after = changed(BASELINE, edits)
    named = "intent: []\nfields: ['Organization/acme spec.identityProviders.*']\n"
    for text, outside in (("intent: []\n", 1), (named, 0)):
        intent, findings = read_intent("intent.yaml", text.encode())
        assert not findings
        plan = plan_of(BASELINE, after, intent=intent)

        assert len(plan.unnamed) == outside
        status = exit_status(plan, None, None, detailed=False)
        assert status == (ExitStatus.ERROR if outside else ExitStatus.WELL)
        assert ("outside the intent" in as_text(plan)) is bool(outside)


def test_who_writes_a_change_of_trust_needs_a_second_person() -> None:
    edits = {ORGANIZATION: {"https://id.acme.example": "https://id.stranger.example"}}
    plan = plan_of(BASELINE, changed(BASELINE, edits), author=Author("mei@acme.example"))

    because = (
        "somebody other than mei@acme.example, who wrote the change of who counts as a principal"
    )
    assert {a.by for a in plan.approvals if a.because == because} == {"admins", "security"}


def _waiver(expires: str) -> str:
    return f"""\
apiVersion: qgov/v1
kind: Waiver
metadata: {{name: quiet}}
spec:
  reason: too noisy
  ticket: Q-9
  requestedBy: mei@acme.example
  approvedBy: ines@acme.example
  rule: QG709
  document: Organization/acme
  expires: {expires}
"""


def test_what_a_waiver_of_the_change_hides_is_new() -> None:
    bare = {ORGANIZATION: {"holds: [executionLogs]}": "holds: [executionLogs], encryption: none}"}}
    exposed = changed(BASELINE, bare)
    short, long = (
        exposed | {"findings/quiet.yaml": _waiver(f"2026-12-{day}T00:00:00Z")} for day in (10, 20)
    )
    for before, after in ((BASELINE, short), (exposed, short), (short, long)):
        plan = plan_of(before, after)

        (found,) = [f for f in plan.new_findings if f.code == "QG709"]
        assert found.severity is Severity.WARNING
        assert "waived by this change until 2026-12-" in found.message
        (row,) = [r for r in plan.concerns if r.change.document == "Waiver/quiet"]
        assert (str(row.rule.risk), row.approvers) == ("high", ("admins",))
    elsewhere = changed(short, {ORGANIZATION: {"priority: 500": "priority: 900"}})
    for before, after in ((long, short), (short, elsewhere)):
        assert all(f.code != "QG709" for f in plan_of(before, after).new_findings)


WHOM = {
    "identity provider corporate, issuer": {ORGANIZATION: {"//id.acme": "//id.stranger"}},
    "workload atlas/nightly, federation.audience": {ATLAS: {"audience: qgov": "audience: other"}},
    "workload atlas/nightly": {ATLAS: {"- name: nightly": "- name: weekly"}},
}


@pytest.mark.parametrize("whom", WHOM)
def test_the_verdict_says_whose_identity_changes(whom: str) -> None:
    assert f"TRUST CHANGES: {whom}" in verdict(_plan(WHOM[whom]))
