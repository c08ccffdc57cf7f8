"""What a change does to access, for every kind of edit."""

from __future__ import annotations

import pytest

from qgov.contracts.conditions import Conditions
from qgov.contracts.telling import tell
from qgov.plan.changes import Change
from tests.plan.worlds import BASELINE, changed, plan_of, rows_of

ROLE = "roles/developer.yaml"
ATLAS = "tenants/atlas.yaml"
ELEVATION = """\
apiVersion: qgov/v1
kind: Elevation
metadata: {name: atlas-mei}
spec:
  subject: mei@acme.example
  role: developer
  on: atlas/production
  reason: calibration
  ticket: Q-1
  approvedBy: ines@acme.example
  notBefore: 2026-11-23T08:00:00+01:00
  expires: 2026-11-23T12:00:00+01:00
"""


def _kinds(edits: dict[str, dict[str, str] | str | None]) -> set[str]:
    """The kinds of changes of access that edits of the baseline make."""
    return {str(c.row.change) for c in plan_of(BASELINE, changed(BASELINE, edits)).access}


def test_a_permission_added_to_a_role_reaches_every_principal_that_holds_it() -> None:
    plan = plan_of(
        BASELINE,
        changed(
            BASELINE, {ROLE: {"    - result:read\n": "    - result:read\n    - input:write\n"}}
        ),
    )

    # By hand from the bindings of `developer` in both tenants.
    assert rows_of(plan) == {
        (who, "input:write", scope, (), "granted")
        for tenant in ("atlas", "borealis")
        for who, scope in (
            (f"group:{tenant}-developers", f"{tenant}/sandbox"),
            (f"group:{tenant}-developers", f"{tenant}/test"),
            (f"group:{tenant}-developers", f"{tenant}/production"),
            (f"workload:{tenant}/nightly", f"{tenant}/sandbox/chemistry"),
        )
    }
    assert plan.verdict == "more permissive"
    assert all(change.row.before == () for change in plan.access)


def test_a_permission_taken_from_a_role_is_lost_by_every_principal_that_held_it() -> None:
    there = plan_of(BASELINE, changed(BASELINE, {ROLE: {"    - job:read\n": ""}}))
    back = plan_of(changed(BASELINE, {ROLE: {"    - job:read\n": ""}}), BASELINE)

    assert {row[4] for row in rows_of(there)} == {"revoked"}
    assert {row[:4] for row in rows_of(there)} == {row[:4] for row in rows_of(back)}
    assert len(there.access) == 8
    assert there.verdict == "less permissive"
    assert all(change.row.after == () for change in there.access)


ORGANIZATION = "qgov.yaml"
LOOSENED: dict[str, dict[str, dict[str, str] | str | None]] = {
    "organization, MFA": {ORGANIZATION: {"    mfa: true\n": "    mfa: false\n"}},
    "organization, token": {ORGANIZATION: {"    maxTokenAge: 12h\n": "    maxTokenAge: 13h\n"}},
    "organization, token gone": {ORGANIZATION: {"    maxTokenAge: 12h\n": ""}},
    "organization, countries": {ORGANIZATION: {"[DE, FI, FR]": "[DE, FI, FR, NL]"}},
    "organization, anywhere": {ORGANIZATION: {"    countries: [DE, FI, FR]\n": ""}},
    "organization, shots": {ORGANIZATION: {"job: {shots: 50000}": "job: {shots: 60000}"}},
    "tier, device": {
        ORGANIZATION: {
            "floors: {managedDevice: true, maxTokenAge: 8h, job": "floors: {maxTokenAge: 8h, job"
        }
    },
    "tier, token": {
        ORGANIZATION: {
            "managedDevice: true, maxTokenAge: 8h, job": "managedDevice: true, maxTokenAge: 9h, job"
        }
    },
    "tier, circuits": {ORGANIZATION: {"job: {circuits: 100}": "job: {circuits: 101}"}},
    "environment, device": {
        ATLAS: {"floors: {managedDevice: true, maxTokenAge: 8h}": "floors: {maxTokenAge: 8h}"}
    },
    "environment, token": {
        ATLAS: {"floors: {managedDevice: true, maxTokenAge: 8h}": "floors: {managedDevice: true}"}
    },
    "role requires": {ROLE: {"    maxTokenAge: 10h\n": "    maxTokenAge: 11h\n"}},
    "role, others' jobs": {ROLE: {"job:cancel:own": "job:cancel"}},
    "workload token": {ATLAS: {"maxTokenLifetime: 15m": "maxTokenLifetime: 20m"}},
    "eligible, longer": {ATLAS: {"maxDuration: 4h": "maxDuration: 5h"}},
    "eligible, no ticket": {ATLAS: {", ticket: required}}": "}}"}},
    "eligible to standing": {
        ATLAS: {", eligible: {approvers: atlas-leads, maxDuration: 4h, ticket: required}": ""}
    },
    "budget removed": {"budgets/atlas.yaml": None},
    "approval above more": {"budgets/atlas.yaml": {"above: 50.00": "above: 60.00"}},
    "approval removed": {
        "budgets/atlas.yaml": {
            "  approval: {above: 50.00 EUR, approvers: finance, validFor: 7d}\n": ""
        }
    },
    "approval for longer": {"budgets/atlas.yaml": {"validFor: 7d": "validFor: 8d"}},
}


@pytest.mark.parametrize("name", LOOSENED)
def test_a_condition_loosened_anywhere_widens_and_tightened_narrows(name: str) -> None:
    edited = changed(BASELINE, LOOSENED[name])
    wider, narrower = plan_of(BASELINE, edited), plan_of(edited, BASELINE)

    assert {row[4] for row in rows_of(wider)} == {"widened"}
    assert {row[4] for row in rows_of(narrower)} == {"narrowed"}
    assert {row[:4] for row in rows_of(wider)} == {row[:4] for row in rows_of(narrower)}
    assert wider.verdict == "more permissive"
    assert narrower.verdict == "less permissive"


def test_a_floor_of_a_tenant_and_of_a_binding_narrows_what_lies_below_it() -> None:
    tenant = changed(
        BASELINE,
        {ATLAS: {"  residency: [eu]\n": "  residency: [eu]\n  floors: {maxTokenAge: 1h}\n"}},
    )
    binding = changed(
        BASELINE,
        {
            ATLAS: {
                "role: developer, on: sandbox}": "role: developer, on: sandbox, requires: {maxTokenAge: 1h}}"
            }
        },
    )

    assert {row[4] for row in rows_of(plan_of(BASELINE, tenant))} == {"narrowed"}
    assert {row[2].split("/")[0] for row in rows_of(plan_of(BASELINE, tenant))} == {"atlas"}
    assert {(row[0], row[2], row[4]) for row in rows_of(plan_of(BASELINE, binding))} == {
        ("group:atlas-developers", "atlas/sandbox", "narrowed")
    }


@pytest.mark.parametrize(
    "edits",
    [
        {ORGANIZATION: {"[DE, FI, FR]": "[DE, FI, NL]"}},
        {
            ATLAS: {
                "maxDuration: 4h, ticket: required": "maxDuration: 5h, ticket: required",
                "approvers: atlas-leads": "approvers: security",
            }
        },
        {ATLAS: {"{managedDevice: true, maxTokenAge: 8h}": "{maxTokenAge: 7h}"}},
        {
            "budgets/atlas.yaml": {
                "above: 50.00 EUR, approvers: finance, validFor: 7d": "above: 40.00 EUR, approvers: security, validFor: 7d"
            }
        },
    ],
    ids=["countries", "approvers", "device against token", "approver of jobs"],
)
def test_conditions_that_cannot_be_compared_are_changed(
    edits: dict[str, dict[str, str] | str | None],
) -> None:
    plan = plan_of(BASELINE, changed(BASELINE, edits))

    assert {str(c.row.change) for c in plan.access} == {"changed"}
    assert plan.verdict == "incomparable"
    assert not any(c.gains or c.loses for c in plan.access)


def test_an_elevation_is_granted_to_the_person_until_it_ends() -> None:
    plan = plan_of(BASELINE, BASELINE | {"tenants/mei.yaml": ELEVATION})

    assert {(c.row.principal, c.row.scope, str(c.row.change)) for c in plan.access} == {
        ("user:mei@acme.example", "atlas/production", "granted")
    }
    assert {c.row.permission for c in plan.access} == {
        "job:submit",
        "job:read",
        "job:cancel",
        "result:read",
    }
    window = tell(Conditions, plan.access[0].row.after[0])["elevation"]
    assert window == {
        "not_before": "2026-11-23T07:00:00Z",
        "expires": "2026-11-23T11:00:00Z",
        "approved_by": "ines@acme.example",
    }


def test_two_elevations_with_the_same_window_are_still_an_access() -> None:
    # Each window implies the other, though different people approved: neither may drop out.
    files = BASELINE | {
        "tenants/a.yaml": ELEVATION,
        "tenants/b.yaml": ELEVATION.replace("atlas-mei", "atlas-mei-2").replace("ines@", "tom@"),
    }

    assert {row[4] for row in rows_of(plan_of(BASELINE, files))} == {"granted"}
    assert {row[4] for row in rows_of(plan_of(files, BASELINE))} == {"revoked"}


def test_an_elevation_over_everything_reaches_every_tenant() -> None:
    wide = ELEVATION.replace("developer", "administrator").replace("atlas/production", '"*"')
    plan = plan_of(BASELINE, BASELINE | {"tenants/mei.yaml": wide})

    assert ("user:mei@acme.example", "secret:rotate", "*", (), "granted") in rows_of(plan)
    assert ("user:mei@acme.example", "policy:write", "*", (), "granted") in rows_of(plan)


def test_a_backend_added_to_an_environment_is_granted_to_who_may_submit_there() -> None:
    plan = plan_of(
        BASELINE,
        changed(
            BASELINE,
            {ATLAS: {"      backends: [simulator]\n": "      backends: [simulator, garnet]\n"}},
        ),
    )

    assert rows_of(plan) == {
        ("group:atlas-developers", "job:submit", "atlas/sandbox", ("garnet",), "granted"),
        ("workload:atlas/nightly", "job:submit", "atlas/sandbox/chemistry", ("garnet",), "granted"),
    }


def test_a_wider_residency_grants_the_backends_that_it_kept_out() -> None:
    before = changed(BASELINE, {ATLAS: {"residency: [eu]": "residency: [us]"}})
    plan = plan_of(before, BASELINE)

    assert {row[1:] for row in rows_of(plan)} == {
        ("job:submit", "atlas/test", ("garnet",), "granted"),
        ("job:submit", "atlas/production", ("garnet",), "granted"),
    }


def test_a_tenant_renamed_with_previously_keeps_its_accesses() -> None:
    renamed = {
        path.replace("atlas", "altair"): text.replace("atlas", "altair").replace(
            "altair-", "atlas-"
        )
        for path, text in BASELINE.items()
    }
    renamed["tenants/altair.yaml"] = renamed["tenants/altair.yaml"].replace(
        "{name: altair}", "{name: altair, previously: atlas}"
    )
    renamed["budgets/altair.yaml"] = renamed["budgets/altair.yaml"].replace(
        "{name: altair}", "{name: altair, previously: atlas}"
    )
    renamed["tenants/altair.yaml"] = renamed["tenants/altair.yaml"].replace(
        "acme/altair", "acme/atlas"
    )
    said = plan_of(BASELINE, renamed)
    unsaid = {path: text.replace(", previously: atlas", "") for path, text in renamed.items()}
    silent = plan_of(BASELINE, unsaid)

    assert rows_of(said) == set()
    assert said.renames == (("Budget/atlas", "Budget/altair"), ("Tenant/atlas", "Tenant/altair"))
    assert {d.change for d in said.documents if d.document == "Tenant/altair"} == {"renamed"}
    assert {row[4] for row in rows_of(silent)} == {"granted", "revoked"}
    assert silent.renames == ()


def test_an_access_held_by_two_ways_is_not_changed_when_one_goes() -> None:
    before = changed(
        BASELINE,
        {
            ATLAS: {
                "  serviceAccounts:": "    - {group: atlas-leads, role: reader, on: sandbox}\n  serviceAccounts:"
            }
        },
    )

    assert rows_of(plan_of(before, BASELINE)) == set()
    assert rows_of(plan_of(BASELINE, before)) == set()
    assert plan_of(before, BASELINE).has_changes, "the document did change"


def test_the_first_plan_grants_everything_from_the_empty_repository() -> None:
    plan = plan_of(None, BASELINE)

    assert {row[4] for row in rows_of(plan)} == {"granted"}
    assert len([c for change in plan.access for c in change.row.cells]) == plan.compared.accesses
    assert plan.exposure[0].amount_micros == 0
    assert plan.rails == ()
    assert {d.change for d in plan.documents} == {"added"}
    assert {a.change for a in plan.artifacts} == {"added"}


def test_everything_removed_is_everything_revoked() -> None:
    plan = plan_of(BASELINE, None)

    assert {row[4] for row in rows_of(plan)} == {"revoked"}
    assert {a.change for a in plan.artifacts} == {"removed"}
    assert {t.rail for t in plan.rails} == {"mass-removal", "lock-out"}


def test_nothing_becomes_nothing() -> None:
    plan = plan_of(None, None)

    assert not plan.has_changes
    assert plan.verdict == "equivalent"
    assert plan.risk is None
    assert plan.approvals == ()


def test_more_and_less_at_once_is_incomparable() -> None:
    plan = plan_of(BASELINE, changed(BASELINE, {ROLE: {"    - job:read\n": "    - input:write\n"}}))

    assert plan.verdict == "incomparable"
    assert plan.counts == {"granted": 8, "revoked": 8, "widened": 0, "narrowed": 0, "changed": 0}
    assert {c.row.change for c in plan.access if c.gains} == {Change.GRANTED}


def test_a_whole_organization_is_one_row_only_when_every_tenant_was_compared() -> None:
    # `operators` hold the reader's role in both tenants by two bindings, none of them on `*`.
    edited = changed(BASELINE, {"roles/auditor.yaml": {"audit:read, ": "audit:read, usage:read, "}})

    rows = rows_of(plan_of(BASELINE, edited))
    assert {row[2] for row in rows} == {
        f"{t}/{e}" for t in ("atlas", "borealis") for e in ("sandbox", "test", "production")
    }
    same = changed(
        edited,
        {
            ORGANIZATION: {
                "floors: {managedDevice: true, maxTokenAge: 8h, job: {circuits: 100}}": "purpose: real"
            },
            ATLAS: {"      floors: {managedDevice: true, maxTokenAge: 8h}\n": ""},
            "tenants/borealis.yaml": {"      floors: {managedDevice: true, maxTokenAge: 8h}\n": ""},
        },
    )
    without = same | {"roles/auditor.yaml": BASELINE["roles/auditor.yaml"]}
    assert rows_of(plan_of(without, same)) == {("group:auditors", "usage:read", "*", (), "granted")}


def test_another_approver_of_the_same_elevation_changes_no_access() -> None:
    before = BASELINE | {"tenants/mei.yaml": ELEVATION}
    after = BASELINE | {"tenants/mei.yaml": ELEVATION.replace("ines@", "tom@")}
    plan = plan_of(before, after)

    assert rows_of(plan) == set()
    assert plan.has_changes


def test_what_a_target_cannot_express_on_either_side_is_no_news() -> None:
    keyed = changed(
        BASELINE,
        {
            ATLAS: {
                "      federation: {issuer: https://token.actions.githubusercontent.com, audience: "
                'qgov, subject: "repo:acme/atlas:ref:refs/heads/main"}\n': ""
            }
        },
    )
    plan = plan_of(keyed, changed(keyed, {ATLAS: {"keep: 30d": "keep: 31d"}}))

    assert "QG973" in {f.code for f in plan_of(BASELINE, keyed).new_findings}
    assert (plan.new_findings, plan.fixed_findings) == ((), ())
