"""Each access change is shown by a request that the two compiled policies decide differently."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from qgov.contracts.schema import output_schemas
from qgov.decision.engine import Settings
from qgov.decision.engines import engines
from qgov.decision.reference import decide
from qgov.finding import has_errors
from qgov.model.accesses import accesses
from qgov.plan import witness_search as witnesses
from qgov.plan.attempts import attempts
from qgov.plan.changes import Change, ChangedCell, difference
from qgov.plan.make import make_plan
from qgov.plan.plan import Plan
from qgov.plan.renamed_side import RenamedSide
from qgov.plan.without_effect import ALIKE, NOBODY, without_effect
from qgov.plan.witness_search import ENGINE, MISSING, with_witnesses
from qgov.render.plan_json import as_json
from qgov.render.plan_markdown import as_markdown
from qgov.render.plan_text import as_text
from qgov.targets import emit
from tests.cli.process import ROOT, spawn_once
from tests.plan.test_access import ELEVATION, LOOSENED
from tests.plan.worlds import BASELINE, NOW, World, changed, sides_of
from tests.strategies import repositories

pytest.importorskip("cedarpy")

ATLAS = "tenants/atlas.yaml"
GOLDEN = Path(__file__).parent / "golden"
REGRESSIONS = Path(__file__).parent / "regressions"
WRITE = os.environ.get("QGOV_WRITE_GOLDEN") == "1"
Files = Mapping[str, str]


def witnessed(before: Files | None, after: Files | None) -> Plan:
    """The plan of a change with its witnesses, each held to what it claims."""
    base, head, reach = sides_of(before, after)
    plan = with_witnesses(make_plan(base, head, reach, now=NOW), base.model, head.model)
    for change in plan.access:
        gained = {
            Change.GRANTED: (True,),
            Change.WIDENED: (True,),
            Change.REVOKED: (False,),
            Change.NARROWED: (False,),
            Change.CHANGED: (True, False),
        }[change.row.change]
        for witness in filter(None, (change.witness, change.witness_lost)):
            assert witness.base.allow is not witness.head.allow
            assert witness.head.allow in gained
            request = witness.request
            action, properties = request["action"]["name"], request["resource"]["properties"]
            scope = "/".join(
                properties[p] for p in ("tenant", "environment", "project") if p in properties
            )
            if witness.of is None:
                cells = {(i.cell.scope or "*", i.cell.backend) for i in change.row.cells}
                assert (scope or "*", properties.get("backend", "")) in cells
            assert action == change.row.permission
            for model, decision, asked in (
                (base.model, witness.base, witness.at_base or request),
                (head.model, witness.head, request),
            ):
                if model is not None:
                    # The specification says the same, which Cedar did not know of.
                    meant = decide(model, asked)
                    assert (decision.allow, decision.reasons) == (meant.allow, meant.reasons)
    return plan


def said(plan: Plan) -> set[tuple[str, ...]]:
    """What is special about the witnesses; every change must have one."""
    assert plan.access
    assert all(change.witness for change in plan.access), [
        (c.row.principal, c.row.permission, c.row.scope, c.unwitnessed)
        for c in plan.access
        if c.witness is None
    ]
    assert MISSING not in {f.code for f in plan.new_findings}
    return {change.witness.says for change in plan.access if change.witness}


SHOWN: dict[str, set[tuple[str, ...]]] = {
    "organization, MFA": {("without MFA",)},
    "organization, token": {("with a token 13h old",)},
    "organization, token gone": {("with a token 13h old",)},
    "organization, countries": {("from NL",)},
    "organization, anywhere": {("from US",)},
    "organization, shots": {("for a job of 50,001 shots",)},
    "tier, device": {("from an unmanaged device",)},
    "tier, token": {("with a token 9h old",)},
    "tier, circuits": {("for a job of 101 circuits",)},
    "environment, device": {("from an unmanaged device",)},
    "environment, token": {("with a token 10h old",), ("with a token 12h old",)},
    "role requires": {("with a token 11h old",)},
    "role, others' jobs": {("on what somebody else owns",)},
    "workload token": {("with a token 20m old",)},
    "eligible, longer": {("elevated for 5h",)},
    "eligible, no ticket": {("elevated without a ticket",)},
    "eligible to standing": {("without an elevation",)},
    "budget removed": {("when the budget atlas is spent",)},
    "approval above more": {("for a job of 50.000001 EUR without an approval",)},
    "approval removed": {("for a job of 50.000001 EUR without an approval",)},
    "approval for longer": {("for a job of 50.000001 EUR approved 7d ago",)},
}


MEASURED = ("approval for longer", "budget removed")
"""What covers something that no other test does; measuring the others would double their time."""


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name in MEASURED else pytest.mark.no_cover)
        for name in LOOSENED
    ],
)
def test_a_loosened_condition_is_shown_by_a_request_that_lacks_just_that(name: str) -> None:
    edited = changed(BASELINE, LOOSENED[name])
    wider, narrower = witnessed(BASELINE, edited), witnessed(edited, BASELINE)

    assert said(wider) == SHOWN[name]
    assert said(narrower) == SHOWN[name]
    for plan, of in ((wider, "base"), (narrower, "head")):
        reasons = {getattr(c.witness, of).reasons for c in plan.access}
        assert all(len(found) == 1 for found in reasons), "only what went is missed"


def test_a_budget_with_quotas_is_missed_by_what_it_counts() -> None:
    quotas = (
        "quotas: [{measure: jobs, per: day, limit: 10}, {measure: shots, per: job, limit: 500}]"
    )
    before = changed(
        BASELINE,
        {
            "budgets/atlas.yaml": f"apiVersion: qgov/v1\nkind: Budget\nmetadata: {{name: atlas}}\nspec:\n  scope: atlas\n  owner: atlas-leads\n  {quotas}\n"
        },
    )
    plan = witnessed(before, changed(before, {"budgets/atlas.yaml": None}))

    assert said(plan) <= {
        ("when the jobs of this day in atlas are used up",),
        ("for a job of 501 shots",),
    }
    assert {r for c in plan.access for r in (c.witness.base.reasons if c.witness else ())} == {
        "quota-exceeded"
    }


def test_a_budget_beyond_all_numbers_is_missed_by_an_unknown_use() -> None:
    edits = {"budgets/atlas.yaml": {"limit: 1000.00 EUR": "limit: 999999999999.00 EUR"}}
    before = changed(BASELINE, edits)

    assert said(witnessed(before, changed(before, {"budgets/atlas.yaml": None}))) == {
        ("when nobody knows what is used of atlas",)
    }


def test_another_group_of_approvers_is_shown_by_the_approvals_of_one_of_them() -> None:
    edited = changed(
        BASELINE, {"budgets/atlas.yaml": {"approvers: finance": "approvers: security"}}
    )
    plan = witnessed(BASELINE, edited)

    cost = "for a job of 50.000001 EUR without an approval by"
    assert said(plan) == {(f"{cost} finance",)}
    assert {c.witness_lost.says for c in plan.access if c.witness_lost} == {(f"{cost} security",)}


def test_other_approvers_of_elevations_show_what_is_gained_and_what_is_lost() -> None:
    edited = changed(BASELINE, {ATLAS: {"approvers: atlas-leads": "approvers: security"}})
    plan = witnessed(BASELINE, edited)

    assert {c.row.change for c in plan.access} == {Change.CHANGED}
    assert said(plan) == {("elevated by security",)}
    assert {c.witness_lost.says for c in plan.access if c.witness_lost} == {
        ("elevated by atlas-leads",)
    }
    assert all(c.witness and c.witness.head.allow for c in plan.access)
    assert all(c.witness_lost and c.witness_lost.base.allow for c in plan.access)


def test_countries_exchanged_show_both() -> None:
    plan = witnessed(BASELINE, changed(BASELINE, {"qgov.yaml": {"[DE, FI, FR]": "[DE, FI, NL]"}}))

    assert said(plan) == {("from NL",)}
    assert {c.witness_lost.says for c in plan.access if c.witness_lost} == {("from FR",)}


def test_somebody_is_elsewhere_however_many_countries_are_allowed() -> None:
    every = "[DE, FI, FR, US, GB, JP, BR, IN, ZA, CA, AU, MX, KR]"
    before = changed(BASELINE, {"qgov.yaml": {"[DE, FI, FR]": every}})
    after = changed(before, {"qgov.yaml": {f"    countries: {every}\n": ""}})

    assert said(witnessed(before, after)) == {("from AA",)}


def test_a_dearer_job_that_needs_an_approval_has_one() -> None:
    before = changed(BASELINE, {"qgov.yaml": {"{shots: 50000}": "{cost: 60.00 EUR}"}})
    after = changed(BASELINE, {"qgov.yaml": {"{shots: 50000}": "{cost: 70.00 EUR}"}})
    plan = witnessed(before, after)

    assert said(plan) == {("for a job of 60.000001 EUR",)}
    assert {c.witness.base.reasons for c in plan.access if c.witness} == {("job-too-large",)}


def test_what_differs_besides_is_suited_where_both_sides_can_be() -> None:
    before = BASELINE | {"tenants/mei.yaml": ELEVATION}
    later = {"notBefore: 2026-11-23T08:00:00": "notBefore: 2026-11-23T09:00:00"}
    device = "floors: {managedDevice: true, maxTokenAge: 8h, job"
    after = changed(
        before,
        {
            "qgov.yaml": {"[DE, FI, FR]": "[AT, DE]", device: "floors: {maxTokenAge: 8h, job"},
            "tenants/mei.yaml": later,
        },
    )
    mine = [c.witness for c in witnessed(before, after).access if c.row.scope == "atlas/production"]

    assert {w.says for w in mine if w} == {("from an unmanaged device",)}
    assert {w.base.reasons for w in mine if w} == {("device-unmanaged",)}


def test_alternatives_are_all_missed_at_once() -> None:
    two = """\
    - {group: atlas-leads, role: reader, on: sandbox, requires: {countries: [DE]}}
    - {group: atlas-leads, role: reader, on: sandbox, requires: {maxTokenAge: 1h}}
"""
    wide = changed(BASELINE, {ATLAS: {'    - {group: atlas-leads, role: reader, on: "*"}\n': two}})
    one = changed(wide, {ATLAS: {two: "    - {group: atlas-leads, role: reader, on: sandbox}\n"}})

    assert said(witnessed(wide, one)) == {("with a token 12h old", "from FI")}


# ------------------------------------------------------------------------- who asks, and when


def test_everything_is_granted_from_the_empty_repository_and_revoked_to_it() -> None:
    first, last = witnessed(None, BASELINE), witnessed(BASELINE, None)

    assert said(first) == said(last) == {()}
    assert {c.witness.base.revision for c in first.access if c.witness} == {""}
    assert {c.witness.head.revision for c in last.access if c.witness} == {""}
    assert "a member of atlas-developers: denied before (no policy), allowed now" in " ".join(
        as_text(first).split()
    )


def test_an_elevated_person_asks_inside_the_window() -> None:
    plan = witnessed(BASELINE, BASELINE | {"tenants/mei.yaml": ELEVATION})

    assert said(plan) == {()}
    for change in plan.access:
        assert change.witness is not None
        assert change.witness.request["subject"]["id"] == "mei@acme.example"
        assert change.witness.request["context"]["time"] == "2026-11-23T07:00:00+00:00"
        assert change.witness.base.reasons == ("elevation-required",)


@pytest.mark.parametrize(
    ("old", "new", "moment"),
    [
        ("expires: 2026-11-23T12:00:00", "expires: 2026-11-23T11:00:00", "2026-11-23T10:00:00Z"),
        (
            "notBefore: 2026-11-23T08:00:00",
            "notBefore: 2026-11-23T09:00:00",
            "2026-11-23T07:00:00Z",
        ),
    ],
)
def test_a_shorter_elevation_is_shown_at_a_moment_that_it_lost(
    old: str, new: str, moment: str
) -> None:
    before = BASELINE | {"tenants/mei.yaml": ELEVATION}
    after = BASELINE | {"tenants/mei.yaml": ELEVATION.replace(old, new)}

    assert said(witnessed(before, after)) == {(f"at {moment}",)}
    assert said(witnessed(after, before)) == {(f"at {moment}",)}


def test_an_elevation_to_what_becomes_standing_is_no_loss() -> None:
    before = BASELINE | {"tenants/mei.yaml": ELEVATION}
    standing = ", eligible: {approvers: atlas-leads, maxDuration: 4h, ticket: required}"
    plan = witnessed(before, changed(before, {ATLAS: {standing: ""}}))

    assert {c.row.change for c in plan.access} == {Change.WIDENED}
    assert {c.row.principal for c in plan.access} == {
        "group:atlas-developers",
        "user:mei@acme.example",
    }
    assert said(plan) == {("without an elevation",), ("at 2026-11-23T11:00:00Z",)}
    back = witnessed(changed(before, {ATLAS: {standing: ""}}), before)
    assert {c.row.change for c in back.access} == {Change.NARROWED}
    assert len(said(back)) == 2


def test_what_is_renamed_is_asked_of_the_base_by_its_old_name() -> None:
    renamed = {
        path.replace("atlas", "altair"): text.replace("atlas", "altair").replace(
            "altair-", "atlas-"
        )
        for path, text in BASELINE.items()
    }
    for kind in ("tenants", "budgets"):
        path = f"{kind}/altair.yaml"
        renamed[path] = renamed[path].replace("{name: altair}", "{name: altair, previously: atlas}")
    tenant = renamed["tenants/altair.yaml"]
    renamed["tenants/altair.yaml"] = tenant.replace("acme/altair", "acme/atlas")
    shots = {"qgov.yaml": {"shots: 50000": "shots: 60000"}}
    token = {"tenants/altair.yaml": {"maxTokenLifetime: 15m": "maxTokenLifetime: 20m"}}
    plan = witnessed(BASELINE, changed(renamed, {**shots, **token}))

    assert ("for a job of 50,001 shots",) in said(plan)
    assert plan.counts["granted"] == plan.counts["revoked"] == 0
    mine = [c.witness for c in plan.access if c.row.scope.startswith("altair") and c.witness]
    for witness in mine:
        assert witness.at_base is not None
        assert witness.at_base["resource"]["properties"]["tenant"] == "atlas"
        assert "budget-exceeded" not in witness.base.reasons
        assert "atlas" not in witness.request["context"].get("usage", {})
    assert witnessed(changed(renamed, {**shots, **token}), BASELINE).access


def test_one_edit_that_reaches_very_many_is_decided_for_the_first_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(witnesses, "MOST_ALIKE", 1)
    edited = changed(
        BASELINE,
        {"roles/developer.yaml": {"    - result:read\n": "    - result:read\n    - input:write\n"}},
    )
    plan = witnessed(BASELINE, edited)

    assert said(plan) == {()}
    of = {(str(c.row.principal), c.row.scope): c.witness.of for c in plan.access if c.witness}
    assert of["group:atlas-developers", "atlas/production"] is None
    assert of["group:borealis-developers", "borealis/production"] == (
        "group:atlas-developers",
        "atlas/production",
    )
    assert of["workload:borealis/nightly", "borealis/sandbox/chemistry"] == (
        "workload:atlas/nightly",
        "atlas/sandbox/chemistry",
    )


# --------------------------------------------------------------------------- what has no witness


def test_a_change_of_text_has_none_and_starts_no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(witnesses, "engines", dict)
    moved = {path.replace("tenants/", "tenants/all/"): text for path, text in BASELINE.items()}

    assert witnessed(BASELINE, moved).access == ()


WARNS = {"budgets/atlas.yaml": {", stopAt: 100%}\n  approval: {above: 50.00 EUR, approvers: finance, validFor: 7d}": "}"}}  # fmt: skip


def test_a_budget_that_only_warns_changes_no_decision() -> None:
    before = changed(BASELINE, WARNS)
    plan = witnessed(before, changed(before, {"budgets/atlas.yaml": None}))

    assert {c.row.change for c in plan.access} == {Change.WIDENED}
    assert {(c.witness, c.unwitnessed) for c in plan.access} == {(None, ALIKE)}
    assert MISSING not in {f.code for f in plan.new_findings}
    assert f"witness none, because {ALIKE}" in " ".join(as_text(plan).split())
    assert {e["unwitnessed"] for e in json.loads(as_json(plan))["access"]} == {ALIKE}


def test_an_access_that_nobody_can_use_is_told_as_such() -> None:
    elsewhere = changed(
        BASELINE,
        {
            ATLAS: {
                "  serviceAccounts:": "    - {group: atlas-leads, role: auditor, on: '*', requires: {countries: [US]}}\n  serviceAccounts:"
            }
        },
    )
    plan = witnessed(BASELINE, elsewhere)

    assert plan.counts["granted"] == 1
    assert {(c.witness, c.unwitnessed) for c in plan.access} == {(None, NOBODY)}


def test_a_change_that_no_request_shows_is_an_error_of_qgov(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(witnesses, "attempts", lambda *_: iter(()))
    plan = witnessed(BASELINE, changed(BASELINE, LOOSENED["eligible, longer"]))

    found = [f for f in plan.new_findings if f.code == MISSING]
    assert len(found) == len(plan.access) == 5
    assert has_errors(found)
    assert found[0].origin.path == ATLAS
    assert "report it" in found[0].remedy


# ---------------------------------------------------------------------------------------- laws


@st.composite
def edits(draw: st.DrawFn) -> tuple[dict[str, str], dict[str, str]]:
    """A repository, and it with some of its files replaced by another's."""
    before, other = draw(repositories()), draw(repositories())
    paths = sorted({*before, *other})
    picked = draw(st.sets(st.sampled_from(paths), min_size=1, max_size=4))
    after = {p: (other if p in picked else before).get(p) for p in paths}
    return (
        {p: text.decode() for p, text in before.items()},
        {p: text.decode() for p, text in after.items() if text is not None},
    )


@pytest.mark.parametrize("file", sorted(REGRESSIONS.glob("*.json")), ids=lambda file: file.stem)
def test_what_was_found_wrong_once_is_right(file: Path) -> None:
    sides = json.loads(file.read_text())
    base, head = (
        {path: json.dumps(document) for path, document in sides[side].items()}
        for side in ("base", "head")
    )

    assert MISSING not in {f.code for f in witnessed(base, head).new_findings}
    hold_what_is_said_to_change_no_decision(base, head)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(edits())
def test_every_change_of_access_has_a_witness_or_changes_no_decision(
    pair: tuple[dict[str, str], dict[str, str]],
) -> None:
    base, head, _ = sides_of(*pair)
    assume(base.readable and head.readable)
    plan = witnessed(*pair)

    assert MISSING not in {f.code for f in plan.new_findings}
    for change in plan.access:
        assert (change.witness is None) is bool(change.unwitnessed)


@pytest.mark.no_cover
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(edits())
def test_what_is_said_to_change_no_decision_has_no_witness(
    pair: tuple[dict[str, str], dict[str, str]],
) -> None:
    base, head, _ = sides_of(*pair, whole=True)
    assume(base.model is not None and head.model is not None)
    hold_what_is_said_to_change_no_decision(*pair)


def hold_what_is_said_to_change_no_decision(before: Files, after: Files) -> None:
    base, head, _ = sides_of(before, after, whole=True)
    assert base.model is not None
    assert head.model is not None
    old, new = RenamedSide(base.model), RenamedSide(head.model)
    for item in difference(accesses(base.model), accesses(head.model)):
        if without_effect(item, old, new):
            assert not _shown(item, old, new), item


def _shown(item: ChangedCell, old: RenamedSide, new: RenamedSide) -> bool:
    assert old.model is not None
    assert new.model is not None
    return any(
        decide(old.model, a.request.to_json()).allow is not gained
        and decide(new.model, a.request.to_json()).allow is gained
        for direction in witnesses._directions(item.change, old, new)
        for gained in (direction.gained,)
        for a in attempts(item, direction)
    )


def test_what_is_widened_and_narrower_by_a_quota_says_that_nothing_shows_it() -> None:
    """No job is so dear that the approval matters, and no stop is so far that it is reached."""
    cheap = changed(
        BASELINE,
        {
            "qgov.yaml": {"    job: {shots: 50000}": "    job: {shots: 50000, cost: 1.00 EUR}"},
            "budgets/atlas.yaml": {"limit: 1000.00 EUR": "limit: 999999999999.00 EUR"},
        },
    )
    quota = "  quotas: [{measure: shots, per: job, limit: 1000}]\n"
    approval = "  approval: {above: 50.00 EUR, approvers: finance, validFor: 7d}\n"
    loose = changed(cheap, {"budgets/atlas.yaml": {approval: quota, ", stopAt: 100%": ""}})
    plan = witnessed(cheap, loose)

    assert MISSING not in {f.code for f in plan.new_findings}
    widened = [c for c in plan.access if c.row.change is Change.WIDENED]
    assert widened
    assert {c.unwitnessed for c in widened} == {ALIKE}


def test_the_decisions_are_those_of_the_compiled_policies() -> None:
    edited = changed(BASELINE, LOOSENED["organization, MFA"])
    base, head, reach = sides_of(BASELINE, edited)
    plan = with_witnesses(make_plan(base, head, reach, now=NOW), base.model, head.model)
    assert base.model is not None
    assert head.model is not None
    revisions = []
    for model in (base.model, head.model):
        with engines()[ENGINE].start(model, emit(model, (ENGINE,))[0], Settings()) as engine:
            revisions.append(engine.revision)  # type: ignore[attr-defined]

    assert revisions[0] != revisions[1]
    assert {
        (c.witness.base.revision, c.witness.head.revision) for c in plan.access if c.witness
    } == {tuple(revisions)}


# --------------------------------------------------------------------------------------- output


def _mixed() -> Plan:
    """Something gained, lost, loosened and exchanged, a person, and a budget that only warned."""
    before = changed(BASELINE, WARNS)
    after = changed(
        before,
        {
            "budgets/atlas.yaml": None,
            "roles/developer.yaml": {"    - job:read\n": "    - input:write\n"},
            "tenants/borealis.yaml": {
                "floors: {managedDevice: true, maxTokenAge: 8h}": "floors: {maxTokenAge: 8h}",
                "approvers: borealis-leads": "approvers: security",
            },
            "tenants/mei.yaml": ELEVATION,
        },
    )
    return witnessed(before, after)


@pytest.mark.parametrize(("ending", "view"), [("txt", as_text), ("md", as_markdown)])
def test_a_plan_with_witnesses_reads_as_agreed(ending: str, view: Any) -> None:
    path = GOLDEN / f"witness.{ending}"
    found = view(_mixed())
    if WRITE:
        path.write_text(found, encoding="utf-8")

    assert found == path.read_text(encoding="utf-8")


def test_text_with_witnesses_fits_a_terminal() -> None:
    for line in as_text(_mixed()).splitlines():
        assert len(line) <= 80 or " " not in line.strip(), line


def test_a_plan_with_witnesses_keeps_to_its_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(witnesses, "MOST_ALIKE", 1)
    document = json.loads(as_json(_mixed()))

    Draft7Validator(output_schemas()["qgov/plan/v1"]).validate(document)
    assert any("of" in (e["witness"] or ()) for e in document["access"])
    assert any("witness_lost" in e for e in document["access"])


def test_a_subject_s_name_is_escaped() -> None:
    plan = witnessed(BASELINE, BASELINE | {"tenants/mei.yaml": ELEVATION})

    assert "witness: mei@\u2060acme.example: denied before" in as_markdown(plan)


# --------------------------------------------------------------------------------- command line


@pytest.fixture
def pair(tmp_path: Path) -> World:
    """Two commits, of which the second loosens a device and takes a permission away."""
    world = World.at(tmp_path / "repository", BASELINE)
    edits: dict[str, Mapping[str, str] | str | None] = {
        **LOOSENED["environment, device"],
        "roles/developer.yaml": {"    - job:read\n": ""},
    }
    world.commit(changed(BASELINE, edits))
    return world


TWO = ("--base", "HEAD~1", "--head", "HEAD")


def test_the_flag_adds_witnesses_and_nothing_else(pair: World) -> None:
    without, found = pair.plan_json(*TWO), pair.plan_json(*TWO, "--witness")

    assert all(entry["witness"] for entry in found["access"])
    assert {entry["witness"] for entry in without["access"]} == {None}
    for entry in found["access"]:
        entry["witness"] = None
    assert {**found, "digest": ""} == {**without, "digest": ""}


def test_the_status_is_that_of_a_failed_plan_when_a_witness_is_missing(
    pair: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert pair.plan(*TWO, "--witness", "--override", "mass-removal")[0] == 0
    monkeypatch.setattr(witnesses, "attempts", lambda *_: iter(()))
    status, out, _ = pair.plan(*TWO, "--witness", "--override", "mass-removal")

    assert status == 1
    assert "error QG160" in out


def test_a_missing_engine_is_an_error_that_says_what_to_install(
    pair: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cedarpy", None)
    status, out, err = pair.plan(*TWO, "--witness")

    assert (status, out) == (1, "")
    assert "PLAN FAILED" in err
    assert "install qgov with its extra `engines`" in err
    assert pair.plan(*TWO)[0] == 0, "without witnesses, no engine is needed"


@pytest.mark.no_cover
def test_a_plan_without_witnesses_imports_no_engine(pair: World) -> None:
    script = "import sys; from qgov.cli import run; run(sys.argv[1:]); print('cedarpy' in sys.modules, file=sys.stderr)"
    for more, imported in (([], b"False"), (["--witness"], b"True")):
        done = subprocess.run(
            [sys.executable, "-c", script, "plan", "--root", str(pair.root), *TWO, *more],
            cwd=ROOT,
            check=True,
            capture_output=True,
        )
        assert done.stderr.split()[-1:] == [imported]


@pytest.mark.no_cover
def test_two_commits_give_the_same_bytes(pair: World) -> None:
    asked = ("plan", "--root", pair.root, *TWO, "--witness", "--format")
    one, other = (
        spawn_once(
            [(*asked, format_) for format_ in ("text", "markdown", "json")],
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **more},
        )
        for more in (
            {"PYTHONHASHSEED": "1", "TZ": "Asia/Tokyo", "LC_ALL": "C"},
            {"PYTHONHASHSEED": "2", "TZ": "America/Lima", "LC_ALL": "C.UTF-8"},
        )
    )

    assert one == other
    assert all(out and not err for _, out, err in one)
