"""A change of access points at the lines that made it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.plan.worlds import BASELINE, changed, line_of, plan_of

ATLAS, ORGANIZATION, ROLE = "tenants/atlas.yaml", "qgov.yaml", "roles/developer.yaml"
Edits = dict[str, dict[str, str] | str | None]
ELEVATION = """\
apiVersion: qgov/v1
kind: Elevation
metadata: {name: up}
spec:
  subject: mei@acme.example
  role: developer
  on: atlas/production
  reason: calibration
  ticket: Q-1
  approvedBy: ines@acme.example
  notBefore: 2026-11-23T08:00:00Z
  expires: 2026-11-23T12:00:00Z
"""

CASES: dict[str, tuple[Edits, str, str]] = {
    # what: (edits, path, a text that stands on the line alone; `-` before it: of the base)
    "a binding added": (
        {
            ATLAS: {
                "  serviceAccounts:\n": "    - {group: finance, role: reader, on: test}\n  serviceAccounts:\n"
            }
        },
        ATLAS,
        "group: finance",
    ),
    "a group in another": (
        {ORGANIZATION: {"auditors: {members: 2}": "auditors: {members: 2, includes: [finance]}"}},
        ORGANIZATION,
        "includes: [finance]",
    ),
    "a binding removed": (
        {ATLAS: {'    - {group: operators, role: reader, on: "*"}\n': ""}},
        ATLAS,
        "-group: operators",
    ),
    "a binding made standing": (
        {ATLAS: {", eligible: {approvers: atlas-leads, maxDuration: 4h, ticket: required}": ""}},
        ATLAS,
        "on: production",
    ),
    "a binding that requires more": (
        {
            ATLAS: {
                "role: developer, on: test}": "role: developer, on: test, requires: {maxTokenAge: 1h}}"
            }
        },
        ATLAS,
        "requires:",
    ),
    "a binding of a workload": (
        {
            ATLAS: {
                "[{role: developer, on: sandbox/chemistry}]": "[{role: developer, on: test/chemistry}]"
            }
        },
        ATLAS,
        "on: test/chemistry",
    ),
    "a permission added": (
        {ROLE: {"    - result:read\n": "    - result:read\n    - input:write\n"}},
        ROLE,
        "input:write",
    ),
    "a permission removed": ({ROLE: {"    - result:read\n": ""}}, ROLE, "-result:read"),
    "a permission widened": ({ROLE: {"job:cancel:own": "job:cancel"}}, ROLE, "job:cancel"),
    "a role's floor": ({ROLE: {"maxTokenAge: 10h": "maxTokenAge: 9h"}}, ROLE, "maxTokenAge"),
    "a role's floor removed": (
        {ROLE: {"  requires:\n    maxTokenAge: 10h\n": ""}},
        ROLE,
        "-maxTokenAge",
    ),
    "the organization's floor": (
        {ORGANIZATION: {"    maxTokenAge: 12h": "    maxTokenAge: 11h"}},
        ORGANIZATION,
        "maxTokenAge: 11h",
    ),
    "the organization's countries removed": (
        {ORGANIZATION: {"    countries: [DE, FI, FR]\n": ""}},
        ORGANIZATION,
        "-countries:",
    ),
    "a tier's floor": (
        {ORGANIZATION: {"job: {circuits: 100}": "job: {circuits: 90}"}},
        ORGANIZATION,
        "circuits: 90",
    ),
    "a tenant's floor": (
        {ATLAS: {"  residency: [eu]\n": "  residency: [eu]\n  floors:\n    maxTokenAge: 1h\n"}},
        ATLAS,
        "maxTokenAge: 1h",
    ),
    "an environment's floor": (
        {
            ATLAS: {
                "{managedDevice: true, maxTokenAge: 8h}": "{managedDevice: true, maxTokenAge: 7h}"
            }
        },
        ATLAS,
        "maxTokenAge: 7h",
    ),
    "an environment's backend": (
        {
            ATLAS: {
                "      backends: [simulator]\n": "      backends:\n        - simulator\n        - garnet\n"
            }
        },
        ATLAS,
        "        - garnet",
    ),
    "a project": (
        {ATLAS: {"[chemistry, optimisation]": "[chemistry, optimisation, cryptography]"}},
        ATLAS,
        "cryptography",
    ),
    "a workload's token": (
        {ATLAS: {"maxTokenLifetime: 15m": "maxTokenLifetime: 10m"}},
        ATLAS,
        "maxTokenLifetime",
    ),
    "a budget removed": ({"budgets/atlas.yaml": None}, "budgets/atlas.yaml", "-spec:"),
    "a budget's approval": (
        {"budgets/atlas.yaml": {"above: 50.00": "above: 60.00"}},
        "budgets/atlas.yaml",
        "above: 60.00",
    ),
    "an approval removed": (
        {
            "budgets/atlas.yaml": {
                "  approval: {above: 50.00 EUR, approvers: finance, validFor: 7d}\n": ""
            }
        },
        "budgets/atlas.yaml",
        "-approval:",
    ),
    "an elevation": ({"tenants/up.yaml": ELEVATION}, "tenants/up.yaml", "expires:"),
    "a tenant's residency": (
        {ATLAS: {"residency: [eu]": "residency: [us]"}},
        ATLAS,
        "residency: [us]",
    ),
    "a backend's limits": (
        {
            ORGANIZATION: {
                "      price: {perTask: 0.30 EUR, source: Amazon Braket pricing, asOf: 2026-09-01}\n    forte": "      price: {perTask: 0.30 EUR, source: Amazon Braket pricing, asOf: 2026-09-01}\n      limits: {shots: 9}\n    forte"
            }
        },
        ORGANIZATION,
        "    garnet:",
    ),
    "a tenant removed": ({ATLAS: None, "budgets/atlas.yaml": None}, ATLAS, "-group: operators"),
}


@pytest.mark.parametrize("what", CASES)
def test_the_cause_is_the_line_that_was_edited(what: str) -> None:
    edits, path, text = CASES[what]
    edited = changed(BASELINE, edits)
    plan = plan_of(BASELINE, edited)
    side, files = ("base", BASELINE) if text.startswith("-") else ("head", edited)

    assert plan.access
    wanted = line_of(files, path, text.removeprefix("-"))
    for change in plan.access:
        if what == "a tenant removed" and change.row.principal != "group:operators":
            continue
        if what == "a binding of a workload" and str(change.row.change) == "revoked":
            continue
        if change.row.scope.startswith(("atlas", "borealis")):
            assert [(c.side, f"{c.path}:{c.line}") for c in change.causes] == [(side, wanted)]


def _new_tenant(text: str) -> str:
    return text.replace("atlas", "cygnus").replace("410000000101", "410000000109")


def test_of_a_new_tenant_the_bindings_are_the_cause() -> None:
    added = BASELINE | {
        "tenants/cygnus.yaml": _new_tenant(BASELINE[ATLAS]).replace(
            "store: cygnus-data", "store: atlas-data"
        )
    }
    causes = {
        c
        for change in plan_of(BASELINE, added).access
        for c in change.causes
        if "cygnus" in change.row.principal
    }

    assert {c.path for c in causes} == {"tenants/cygnus.yaml"}
    lines = added["tenants/cygnus.yaml"].splitlines()
    assert all("role:" in lines[c.line - 1] for c in causes)


def test_of_a_new_tenant_that_a_binding_elsewhere_reaches_the_tenant_is_the_cause() -> None:
    added = BASELINE | {
        "tenants/cygnus.yaml": _new_tenant(BASELINE[ATLAS]).replace(
            "store: cygnus-data", "store: atlas-data"
        )
    }
    of_auditors = [
        change
        for change in plan_of(BASELINE, added).access
        if change.row.principal == "group:auditors"
    ]

    assert [change.row.permission for change in of_auditors] == ["audit:read"]
    assert [f"{c.path}:{c.line}" for change in of_auditors for c in change.causes] == [
        line_of(added, "tenants/cygnus.yaml", "metadata:")
    ]


def _twice(text: str) -> str:
    return text.replace(
        "    - {group: atlas-leads, role: reader",
        "    - {group: atlas-leads, role: reader, on: test}\n"
        "    - {group: atlas-leads, role: reader",
    )


@pytest.mark.parametrize("turn", [_twice], ids=["an equal binding"])
def test_a_second_way_is_no_change(turn: Callable[[str], str]) -> None:
    assert plan_of(BASELINE, BASELINE | {ATLAS: turn(BASELINE[ATLAS])}).access == ()


def test_a_standing_binding_beside_the_eligible_one_is_named() -> None:
    line = "    - {group: atlas-developers, role: developer, on: production}\n"
    edited = changed(
        BASELINE,
        {
            ATLAS: {
                '    - {group: atlas-leads, role: reader, on: "*"}\n': line
                + '    - {group: atlas-leads, role: reader, on: "*"}\n'
            }
        },
    )
    plan = plan_of(BASELINE, edited)

    assert {str(c.row.change) for c in plan.access} == {"widened"}
    where = line_of(edited, ATLAS, line.strip())
    assert all(where in {f"{c.path}:{c.line}" for c in change.causes} for change in plan.access)
