"""Attacks in two pull requests: the first weakens what judges changes, the second uses it.

Each is real: what stops the use is gone once the weakening is merged. So the weakening itself
has to be stopped, or to ask those whom the base names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from qgov.finding import Severity
from qgov.plan.plan import Plan
from qgov.plan.risk import Risk
from tests.plan.worlds import changed, plan_of

ROOT: Final = Path(__file__).parents[2]
ORGANIZATION: Final = "qgov.yaml"
AURORA: Final = "tenants/aurora/tenant.yaml"
BOREALIS: Final = "tenants/borealis/tenant.yaml"
CHEMISTRY: Final = "budgets/aurora-chemistry.yaml"
DEVELOPERS: Final = "    - {group: aurora-developers, role: quantum-developer, on: test}\n"
SECURITY: Final = {"security-reviewers"}
BOTH: Final = {"platform-admins", "security-reviewers"}

Edit = Mapping[str, Mapping[str, str] | str | None]


@dataclass(frozen=True, slots=True)
class Attack:
    """`weaken`, then `use`; `stop` is what stops the use while nothing is weakened: the code of
    an error, `rail NAME`, or `asks GROUP`. `asked` are whom the first step has to ask at least."""

    weaken: Edit
    use: Edit
    stop: str
    asked: set[str]


@cache
def _files() -> Mapping[str, str]:
    paths = [ORGANIZATION, *(f"{f}/" for f in ("budgets", "roles", "tenants"))]
    found = [
        p
        for path in paths
        for p in ([ROOT / path] if path == ORGANIZATION else sorted((ROOT / path).rglob("*.yaml")))
    ]
    return {str(p.relative_to(ROOT)): p.read_text(encoding="utf-8") for p in found}


def _binding(line: str) -> Edit:
    """One more binding of the tenant aurora."""
    return {AURORA: {DEVELOPERS: f"{DEVELOPERS}    - {line}\n"}}


def _exception(increase: str, expires: str) -> str:
    return f"""\
apiVersion: qgov/v1
kind: BudgetException
metadata: {{name: more}}
spec:
  budget: aurora-chemistry
  increase: {increase} EUR
  reason: A series that has to be finished
  ticket: QGOV-200
  requestedBy: mallory@northwind.example
  approvedBy: farid@northwind.example
  notBefore: 2026-11-23T00:00:00+01:00
  expires: {expires}
"""


def _waiver(rule: str) -> str:
    return f"""\
apiVersion: qgov/v1
kind: Waiver
metadata: {{name: quiet}}
spec:
  rule: {rule}
  document: Tenant/aurora
  reason: It is in the way of a deadline
  ticket: QGOV-201
  requestedBy: mallory@northwind.example
  approvedBy: ines@northwind.example
  notBefore: 2026-11-23T00:00:00+01:00
  expires: 2026-12-23T00:00:00+01:00
"""


def _elevation(who: str, approver: str, expires: str) -> str:
    return f"""\
apiVersion: qgov/v1
kind: Elevation
metadata: {{name: long}}
spec:
  subject: {who}@northwind.example
  role: quantum-developer
  on: aurora/production
  reason: A series that has to be finished
  ticket: QGOV-202
  requestedBy: {who}@northwind.example
  approvedBy: {approver}@northwind.example
  notBefore: 2026-11-23T08:00:00+01:00
  expires: {expires}
"""


_SOC2: Final = """\
          executionLogs: {min: 90d}
          auditLogs: {min: 1y}
"""
_ISO: Final = """\
        retention:
          auditLogs: {min: 1y}
"""
_REVIEW: Final = """\
  review:
    low: [platform-admins]
    medium: [platform-admins]
    high: [security-reviewers]
    critical: [platform-admins, security-reviewers]
    exposure: [finance-approvers]
"""
_CONTRACTORS: Final = """\
      - name: contractors-never-in-production
        why: Contracts end without notice to the directory, and production has no grace period
        principals: ["group:*-contractors"]
        permissions: [job:submit, input:read, input:write, result:read, result:export]
        scopes: ["*/production"]
"""
ATTACKS: Final[Mapping[str, Attack]] = {
    "others review": Attack(
        {ORGANIZATION: {_REVIEW: _REVIEW.replace("platform-admins", "aurora-contractors")}},
        _binding("{group: aurora-researchers, role: quantum-developer, on: test/optimisation}"),
        "asks platform-admins",
        BOTH,
    ),
    "finance is not asked": Attack(
        {ORGANIZATION: {"    exposure: [finance-approvers]\n": ""}},
        {CHEMISTRY: {"limit: 20000.00 EUR": "limit: 21000.00 EUR"}},
        "asks finance-approvers",
        BOTH,
    ),
    "the owner is another": Attack(
        {AURORA: {"owner: {group: aurora-leads,": "owner: {group: aurora-developers,"}},
        _binding("{group: aurora-researchers, role: quantum-developer, on: test/optimisation}"),
        "asks aurora-leads",
        {"aurora-leads"},
    ),
    "a guardrail goes": Attack(
        {ORGANIZATION: {_CONTRACTORS: ""}},
        _binding(
            "{group: aurora-contractors, role: researcher, on: production/chemistry, "
            "eligible: {approvers: aurora-leads, maxDuration: 1h, ticket: required}}"
        ),
        "QG981",
        BOTH,
    ),
    "a guardrail looks elsewhere": Attack(
        {ORGANIZATION: {_CONTRACTORS: _CONTRACTORS.replace("*-contractors", "helix-contractors")}},
        _binding(
            "{group: aurora-contractors, role: researcher, on: production/chemistry, "
            "eligible: {approvers: aurora-leads, maxDuration: 1h, ticket: required}}"
        ),
        "QG981",
        BOTH,
    ),
    "the rail gives way": Attack(
        {ORGANIZATION: {"maxRemoved: 25%": "maxRemoved: 100%"}},
        {path: None for path in _files() if "borealis" in path},
        "rail mass-removal",
        BOTH,
    ),
    "fewer may be locked out": Attack(
        {ORGANIZATION: {"minPeople: 3}": "minPeople: 1}"}},
        {
            ORGANIZATION: {
                "title: Quantum platform team, identityProvider: workforce, members: 4": "title: Quantum platform team, identityProvider: workforce, members: 2"
            }
        },
        "rail lock-out",
        BOTH,
    ),
    "a waiver is there already": Attack(
        {"tenants/aurora/waivers/quiet.yaml": _waiver("QG606")},
        {AURORA: {"repo:northwind/aurora:ref:refs/heads/main": "repo:northwind/aurora:*"}},
        "QG606",
        {"aurora-leads", "security-reviewers"},
    ),
    "exceptions last for ever": Attack(
        {ORGANIZATION: {"budget: 90d}": "budget: 10y}"}},
        {"budgets/more.yaml": _exception("9000.00", "2032-01-01T00:00:00+01:00")},
        "QG903",
        BOTH,
    ),
    "a sandbox takes devices": Attack(
        {
            ORGANIZATION: {
                "      backendClasses: [simulator]\n": "      backendClasses: [simulator, qpu]\n"
            }
        },
        {
            AURORA: {
                "tier: sandbox,    backends: [local-simulator], ": "tier: sandbox,    backends: [local-simulator, iqm-garnet], "
            }
        },
        "QG506",
        SECURITY,
    ),
    "residency is wider": Attack(
        {BOREALIS: {"residency: [eu]": "residency: [eu, us]"}},
        {
            BOREALIS: {
                "production, backends: [local-simulator, iqm-emerald, aqt-ibex]": "production, backends: [local-simulator, iqm-emerald, aqt-ibex, ionq-forte]"
            }
        },
        "QG751",
        {"borealis-leads", "security-reviewers"},
    ),
    "roles no longer conflict": Attack(
        {
            "roles/auditor.yaml": {"    - operator\n": ""},
            "roles/operator.yaml": {
                "conflictsWith: [audit-custodian, auditor]": "conflictsWith: [audit-custodian]"
            },
        },
        _binding("{group: sre, role: auditor, on: sandbox}"),
        "QG403",
        SECURITY,
    ),
    "a framework asks for less": Attack(
        {ORGANIZATION: {_SOC2: _SOC2.replace("1y", "30d"), _ISO: _ISO.replace("1y", "30d")}},
        {AURORA: {"auditLogs: {keep: 7y": "auditLogs: {keep: 60d"}},
        "QG705",
        SECURITY,
    ),
    "a tenant without frameworks": Attack(
        {BOREALIS: {"frameworks: [soc2, iso27001]": "frameworks: []"}},
        {BOREALIS: {"auditLogs: {keep: 7y": "auditLogs: {keep: 60d"}},
        "QG705",
        SECURITY,
    ),
    "an elevation may last": Attack(
        {
            AURORA: {
                "production, eligible: {approvers: aurora-leads, maxDuration: 4h": "production, eligible: {approvers: aurora-leads, maxDuration: 20d"
            }
        },
        {
            "tenants/aurora/elevations/long.yaml": _elevation(
                "mallory", "farid", "2026-12-10T08:00:00+01:00"
            )
        },
        "QG907",
        {"aurora-leads"},
    ),
    "a device becomes a simulator": Attack(
        {
            ORGANIZATION: {
                "      vendor: iqm\n      class: qpu\n      region: eu-north-1\n      jurisdiction: eu\n      target: arn:aws:braket:eu-north-1::device/qpu/iqm/Garnet": "      vendor: iqm\n      class: simulator\n      region: eu-north-1\n      jurisdiction: eu\n      target: arn:aws:braket:eu-north-1::device/qpu/iqm/Garnet"
            }
        },
        {
            AURORA: {
                "tier: sandbox,    backends: [local-simulator], ": "tier: sandbox,    backends: [local-simulator, iqm-garnet], "
            }
        },
        "QG506",
        SECURITY,
    ),
    "a group is shared": Attack(
        {
            ORGANIZATION: {
                "title: Borealis engineers, identityProvider: workforce, members: 7}": "title: Borealis engineers, identityProvider: workforce, members: 7, shared: true}"
            }
        },
        _binding("{group: borealis-engineers, role: quantum-developer, on: test}"),
        "QG501",
        SECURITY,
    ),
    "a regulated tenant is not": Attack(
        {
            "tenants/helix/tenant.yaml": {
                "isolation: dedicated": "isolation: shared",
                "classification: regulated": "classification: confidential",
            }
        },
        {
            "tenants/helix/tenant.yaml": {
                '{group: helix-leads, role: tenant-lead, on: "*"}': '{group: sre, role: operator, on: "*"}\n    - {group: helix-leads, role: tenant-lead, on: "*"}'
            }
        },
        "QG502",
        SECURITY,
    ),
}


def _stops(plan: Plan) -> set[str]:
    """What stands in the way of a change."""
    errors = {f.code for f in plan.new_findings if f.severity is Severity.ERROR}
    rails = {f"rail {rail.rail}" for rail in plan.stopped_by}
    return errors | rails | {f"asks {approver.by}" for approver in plan.approvals}


MEASURED = ("residency is wider",)
"""What covers something that no other test does; measuring the others would double their time."""


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name in MEASURED else pytest.mark.no_cover)
        for name in ATTACKS
    ],
)
def test_a_rule_is_not_weakened_in_one_step_to_be_used_in_the_next(name: str) -> None:
    attack, base = ATTACKS[name], _files()
    weak = changed(base, attack.weaken)
    stops = attack.stop
    assert stops in _stops(plan_of(base, changed(base, attack.use))), "the rule bites"
    assert stops not in _stops(plan_of(weak, changed(weak, attack.use))), "the attack works"

    first = plan_of(base, weak)

    assert first.verdict != "equivalent"
    assert attack.asked <= {approver.by for approver in first.approvals}
    assert first.risk is not None
    assert first.risk >= Risk.MEDIUM
