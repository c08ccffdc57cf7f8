"""A bundle that says something other than the documents is caught, and what of it is named:
the role, the scope and the case. Each on the worked repository."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from qgov.conformance.case import Case, Result
from qgov.conformance.content import added_grants, differences
from qgov.conformance.report import failed, report
from qgov.decision.bundle import read_bundle
from qgov.decision.decision import Decision
from qgov.render.conformance import as_text
from tests.conformance.harness import Data, asked_of, data_of, repacked, tenant
from tests.targets.worked import worked_with_expectations as worked


def same(text: str) -> str:
    return text


class Tampering(NamedTuple):
    change: Callable[[Data], Any]
    rego: Callable[[str], str]
    near: tuple[str, ...]
    """What the ids of the cases that are asked have in them: those around the change."""
    case: str
    role: str
    scope: str


def without(text: str) -> Callable[[str], str]:
    def cut(policy: str) -> str:
        assert policy.count(text) == 1
        return policy.replace(text, "")

    return cut


def grants(data: Data, name: str) -> Data:
    found: Data = tenant(data, name)["grants"]
    return found


def budget(data: Data, name: str) -> Data:
    found: Data = tenant(data, "aurora")["budgets"][name]
    return found


MISMATCH = """denials contains "tenant-mismatch" if {
	known_user
	tenant.issuers
	not tenant.issuers[issuer]
}
"""

TAMPERINGS = {
    "a grant was added": Tampering(
        lambda d: grants(d, "aurora")["group:aurora-contractors"]["at"].update(
            {"aurora/test": [{"role": "researcher"}]}
        ),
        same,
        ("nobody-else:job:submit/aurora/test", "nobody-else:input:write/aurora/test"),
        "cell:group:aurora-contractors/job:submit/aurora/test/chemistry/local-simulator",
        "researcher",
        "aurora/test/chemistry",
    ),
    "a grant was added to a group that no document knows": Tampering(
        lambda d: grants(d, "helix").update(
            {
                "group:strangers": {
                    "issuer": "https://id.northwind.example/realms/quantum",
                    "at": {"helix/sandbox/docking": [{"role": "quantum-developer"}]},
                }
            }
        ),
        same,
        ("nothing",),
        "grant:group:strangers/quantum-developer@helix/sandbox/docking/job:submit",
        "quantum-developer",
        "helix/sandbox/docking",
    ),
    "a permission was added to a role": Tampering(
        lambda d: d["qgov"]["model"]["roles"]["auditor"]["permissions"].update(
            {"job:submit": False}
        ),
        same,
        ("nobody-else:job:submit/aurora/sandbox",),
        "cell:group:platform-auditors/job:submit/aurora/sandbox",
        "",
        "aurora/sandbox/chemistry",
    ),
    "just in time became standing": Tampering(
        lambda d: grants(d, "aurora")["group:aurora-developers"]["at"]["aurora/production"][0].pop(
            "eligible"
        ),
        same,
        ("aurora-developers/quantum-developer@production/near/no-elevation",),
        "quantum-developer@production/near/no-elevation",
        "quantum-developer",
        "aurora/production/chemistry",
    ),
    "a condition was dropped from a floor": Tampering(
        lambda d: tenant(d, "aurora")["environments"]["test"]["floor"].pop("managed_device"),
        same,
        ("/near/unmanaged-device/",),
        "aurora-developers/quantum-developer@test/near/unmanaged-device",
        "quantum-developer",
        "aurora/test/chemistry",
    ),
    "one's own became everybody's": Tampering(
        lambda d: d["qgov"]["model"]["roles"]["quantum-developer"]["permissions"].update(
            {"job:cancel": False}
        ),
        same,
        ("/near/not-owner/job:cancel/aurora",),
        "quantum-developer@sandbox/near/not-owner/job:cancel",
        "quantum-developer",
        "aurora/sandbox/chemistry",
    ),
    "one shot more": Tampering(
        lambda d: grants(d, "aurora")["group:aurora-contractors"]["at"][
            "aurora/sandbox/optimisation"
        ][0]["requires"]["job"].update({"shots": 20001}),
        same,
        ("aurora-contractors/researcher@sandbox/optimisation/near/shots",),
        "near/shots-limit-over",
        "researcher",
        "aurora/sandbox/optimisation",
    ),
    "a budget was raised by a micro": Tampering(
        lambda d: budget(d, "aurora-chemistry")["money"].update(
            {"stop": budget(d, "aurora-chemistry")["money"]["stop"] + 1}
        ),
        same,
        ("near/budget-aurora-chemistry-over/",),
        "near/budget-aurora-chemistry-over",
        "quantum-developer",
        "aurora/production/chemistry",
    ),
    "other approvers": Tampering(
        lambda d: budget(d, "aurora-chemistry")["approval"].update({"approvers": "aurora-leads"}),
        same,
        ("near/approval-aurora-chemistry-foreign-approver",),
        "near/approval-aurora-chemistry-foreign-approver",
        "quantum-developer",
        "aurora/production/chemistry",
    ),
    "everybody approves a job": Tampering(
        lambda _: None,
        without("	rule.approvers in listed(given.approver_groups)\n"),
        ("near/approval-aurora-chemistry-foreign-approver",),
        "near/approval-aurora-chemistry-foreign-approver",
        "quantum-developer",
        "aurora/production/chemistry",
    ),
    "everybody approves an elevation": Tampering(
        lambda _: None,
        without(
            'faulty("elevation-unapproved", held, eligible) if {\n	not held.reviewed\n'
            "	not eligible.approvers in held.approver_groups\n}\n"
        ),
        ("aurora-developers/quantum-developer@production/near/elevation-foreign",),
        "quantum-developer@production/near/elevation-foreign-approver",
        "quantum-developer",
        "aurora/production/chemistry",
    ),
    "the tenants' wall was removed": Tampering(
        lambda _: None,
        without(MISMATCH),
        ("meridian-leads/researcher@sandbox/near/tenant-",),
        "meridian-leads/researcher@sandbox/near/tenant-aurora",
        "researcher",
        "meridian/sandbox",
    ),
    "a job's token may be old": Tampering(
        lambda d: tenant(d, "aurora")["workloads"]["aurora-nightly"].pop("requires"),
        same,
        ("aurora-nightly/pipeline@sandbox/chemistry/near/token-stale",),
        "pipeline@sandbox/chemistry/near/token-stale",
        "pipeline",
        "aurora/sandbox/chemistry",
    ),
}


@pytest.mark.no_cover
@pytest.mark.parametrize("what", TAMPERINGS)
def test_a_tampered_bundle_fails_and_the_case_is_named(what: str) -> None:
    tampering, data = TAMPERINGS[what], data_of(False)
    tampering.change(data)
    packed = repacked(data, tampering.rego)
    results, bundle = asked_of(packed, lambda name: any(near in name for near in tampering.near))

    wrong = [r for r in results if r.problems and tampering.case in r.case.id]
    assert wrong, [r.case.id for r in results if r.problems]
    document = report(
        "rego",
        bundle.revision,
        results,
        roles=["x"],
        backends=["y"],
        added=added_grants(worked(), bundle),
    )
    assert failed(document)
    told = next(case for case in document["cases"] if case["id"] == wrong[0].case.id)
    assert tampering.role in told["role"]
    assert told["scope"].startswith(tampering.scope)
    assert told["id"][:60] in as_text(document).replace("\n", " ")


@pytest.mark.no_cover
def test_the_untouched_bundle_passes_the_same_cases() -> None:
    near = [near for tampering in TAMPERINGS.values() for near in tampering.near[:1]]
    results, _ = asked_of(repacked(data_of(False)), lambda name: any(n in name for n in near))

    assert len(results) > 20
    assert [r.case.id for r in results if r.problems] == []


def test_what_no_decision_shows_is_named_by_its_place() -> None:
    data = data_of(False)
    # Every floor asks for MFA too: nobody can make use of this, and it was not reviewed.
    data["qgov"]["model"]["roles"]["operator"]["requires"]["mfa"] = False
    found = differences(worked(), read_bundle(repacked(data)))

    assert [difference.place for difference in found] == ["roles/operator/requires/mfa"]
    fine = Result(Case("cell:x", "x", {}, "allow"), "rego", Decision(True))
    assert not failed(report("rego", "r", [fine], roles=[], backends=[]))
    document = report("rego", "r", [fine], roles=[], backends=[], differences=found)
    assert failed(document)
    assert "roles/operator/requires/mfa" in as_text(document)


def test_a_fresh_bundle_is_the_documents() -> None:
    bundle = read_bundle(repacked(data_of(False)))

    assert differences(worked(), bundle) == []
    assert added_grants(worked(), bundle) == []


@pytest.mark.parametrize("data", [{}, {"qgov": 1}, {"qgov": {"model": {"grants": {"g": 1}}}}])
def test_data_of_another_form_is_all_different(data: Data) -> None:
    bundle = read_bundle(repacked(data))

    assert differences(worked(), bundle)
    assert added_grants(worked(), bundle) == []
