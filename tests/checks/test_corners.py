"""Corners of the rules that no single pair of examples reaches."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from qgov.checks import check
from qgov.language.documents import read_documents
from qgov.model.link import link
from tests.checks.overlay import laid, model_of

NOW = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)

NO_PROJECTS = """
kind: Tenant
metadata: {name: borealis}
spec:
  environments: {sandbox: {projects: []}, production: null}
  retention: {inputs: null}
"""
SHORT_AUDIT = """
kind: Tenant
metadata: {name: atlas}
spec: {retention: {auditLogs: {keep: 30d, store: audit-vault}}}
"""
OF_A_PART = """
kind: AccessReview
metadata: {name: part}
spec: {scope: atlas/production, reviewers: security-leads, every: 30d, completed: 2026-11-01}
---
kind: AccessReview
metadata: {name: often}
spec: {scope: atlas, reviewers: security-leads, every: 60d, completed: 2026-11-01}
---
kind: AccessReview
metadata: {name: zz-rare}
spec: {scope: atlas, reviewers: security-leads, every: 300d, completed: 2026-11-01}
"""
UNKNOWN_PLACE = """
kind: Tenant
metadata: {name: atlas}
spec: {residency: [eu, moonbase], classification: regulated}
"""
NOT_A_DEVICE = """
kind: Organization
metadata: {name: acme}
spec: {backends: {garnet: {target: iqm.garnet}}}
"""
LOOKALIKES = """
kind: Organization
metadata: {name: acme}
spec:
  groups:
    platform-adrnins: {identityProvider: corporate}
    partner-1ab: {identityProvider: partners}
    atlas-developers: {identityProvider: corporate}
    atlas-deve1opers: {identityProvider: corporate}
---
kind: Tenant
metadata: {name: borealis}
spec: {owner: {group: borea1is-leads}}
"""


def codes(overlay: str) -> set[tuple[str, str]]:
    return {(f.code, f.document) for f in check(model_of(laid(overlay)[0]), NOW)}


def new(overlay: str) -> set[tuple[str, str]]:
    """What the rules find with an overlay and not without it."""
    return codes(overlay) - codes("")


@pytest.mark.parametrize(
    ("factor", "found"), [("{amr: [mfa]}", {"QG337"}), ("{amr: [mfa], acr: [c1]}", set())]
)
def test_methods_are_in_no_token_of_entras_second_version(factor: str, found: set[str]) -> None:
    id_ = "6f1c0a52-0f6e-4c37-9f0b-3a1d2c4e5f60"
    issuer = f"https://login.microsoftonline.com/{id_}/v2.0"
    overlay = f"""
kind: Organization
metadata: {{name: acme}}
spec:
  identityProviders:
    entra: {{type: entra, issuer: {issuer}, audience: {id_}, tokens: {{secondFactor: {factor}}}}}
  groups: {{engineers: {{identityProvider: entra, directoryId: {id_}}}}}
  bindings: [{{group: engineers, role: developer, on: "*"}}]
"""
    assert {code for code, _ in new(overlay) if code == "QG337"} == found


def test_a_tenant_without_projects_keeps_nothing() -> None:
    assert ("QG701", "Tenant/borealis") not in codes(NO_PROJECTS)


def test_records_may_be_kept_too_short() -> None:
    found = [
        f for f in check(model_of(laid(SHORT_AUDIT)[0]), NOW) if "auditLogs are kept" in f.message
    ]

    assert [f.document for f in found] == ["Tenant/atlas"]


def test_a_review_of_a_part_or_a_rarer_one_changes_nothing() -> None:
    assert {code for code, document in new(OF_A_PART) if document.startswith("Tenant/")} == set()


def test_a_vendor_is_not_judged_against_a_place_that_nobody_knows() -> None:
    assert ("QG756", "Tenant/atlas") not in new(UNKNOWN_PLACE)


@pytest.mark.parametrize(
    ("backend", "how"),
    [
        ("garnet", "reached through a cloud of US"),
        ("aachen", "run by a vendor of US and reached through a cloud of US"),
        ("simulator", None),
    ],
)
def test_a_cloud_answers_to_the_law_of_its_operator(backend: str, how: str | None) -> None:
    of = "apiVersion: qgov/v1\nkind: Tenant\nmetadata: {name: atlas}\n"
    overlay = (
        f"{of}spec: {{classification: confidential, environments: {{production: {{backends: "
        f"[{backend}]}}}}}}\n"
    )
    model = model_of(laid(overlay)[0])
    found = {f.message for f in check(model, NOW) if f.code == "QG756"}

    said = f"`{backend}` is {how}, outside the residency of `atlas`"
    assert {m for m in found if f"`{backend}`" in m} == ({said} if how else set())


def test_a_braket_target_is_a_device_of_braket() -> None:
    assert {document for code, document in new(NOT_A_DEVICE) if code == "QG961"} == {
        "Organization/acme"
    }


FORTE = """
kind: Organization
metadata: {name: acme}
spec:
  backends:
    forte: {cloud: braket, vendor: iqm, class: qpu, region: us-east-1, jurisdiction: us,
      target: "arn:aws:braket:us-east-1::device/qpu/ionq/Forte-1", qubits: 36}
---
kind: Tenant
metadata: {name: atlas}
spec:
  residency: [eu, us]
  environments: {test: {backends: [simulator, forte]}}
"""
APART = """
  clouds:
    braket:
      environments: {test: {account: "111122224444", resultsBucket: amazon-braket-test}}
"""
THEIRS = """
---
kind: Tenant
metadata: {name: borealis}
spec: {clouds: {braket: {account: "111122224444"}}}
"""


def test_each_aws_account_has_one_region_for_its_own() -> None:
    apart = FORTE + APART.strip("\n")
    assert ("QG964", "Tenant/atlas") in new(FORTE)
    assert ("QG964", "Tenant/atlas") not in new(apart)
    assert ("QG953", "Tenant/atlas") not in new(apart)
    assert ("QG953", "Tenant/atlas") in new(apart.replace("amazon-braket-test", "results"))


def test_an_aws_account_of_an_environment_is_nobody_elses() -> None:
    theirs = FORTE + APART.strip("\n") + THEIRS
    assert {("QG951", "Tenant/atlas"), ("QG951", "Tenant/borealis")} <= new(theirs)


SHARED_ACCOUNT = """
---
kind: Waiver
metadata: {{name: one-workspace}}
spec:
  rule: QG951
  document: Tenant/{tenant}
  reason: The second workspace is ordered
  ticket: QGOV-9
  requestedBy: mei@acme.example
  approvedBy: ines@acme.example
  notBefore: 2026-11-20T00:00:00Z
  expires: {expires}
"""


def test_shared_tenants_may_share_an_account_until_a_date() -> None:
    theirs = FORTE + APART.strip("\n") + THEIRS

    def found(
        *tenants: str, isolation: str = "shared", expires: str = "2026-12-24T00:00:00Z"
    ) -> set[tuple[str, str]]:
        waivers = (
            SHARED_ACCOUNT.replace("one-", f"{t}-").format(tenant=t, expires=expires)
            for t in tenants
        )
        files = "".join(
            (
                theirs.replace(
                    "name: borealis}\nspec: {",
                    f"name: borealis}}\nspec: {{isolation: {isolation}, ",
                ),
                *waivers,
            )
        )
        return {(code, document) for code, document in new(files) if code in ("QG951", "QG910")}

    both = {("QG951", "Tenant/atlas"), ("QG951", "Tenant/borealis")}
    assert found() == both
    assert found("atlas", "borealis") == set()
    assert found("atlas") == {("QG951", "Tenant/borealis")}
    assert found("atlas", "borealis", expires="2026-11-21T00:00:00Z") == both
    assert found("atlas", "borealis", isolation="dedicated") == {
        ("QG951", "Tenant/borealis"),
        ("QG910", "Waiver/borealis-workspace"),
    }


@pytest.mark.parametrize(
    "name", ["platform-adrnins", "borea1is-leads", "partner-1ab", "atlas-developers"]
)
def test_each_of_two_lookalikes_is_reported(name: str) -> None:
    found = {
        f.told
        for f in check(model_of(laid(LOOKALIKES)[0]), NOW)
        if f.code == "QG308" and f"`{name}`" in f.told
    }

    assert len(found) == 2


def test_a_budget_of_a_tenant_that_was_not_loaded_is_judged_elsewhere() -> None:
    overlay = """
kind: Budget
metadata: {name: far}
spec: {scope: "far/*/chemistry", owner: finance-approvers}
"""
    documents, _ = read_documents(laid(overlay)[0])
    model, findings = link(documents, elsewhere={("Tenant", "far")})

    assert model is not None
    assert findings == []
    assert not [
        f for f in check(model, NOW) if f.document == "Budget/far" and "no project" in f.message
    ]


@pytest.mark.parametrize(
    ("price", "wrong"),
    [
        ("{perTask: null, perShot: null}", ["names no amount, so its jobs count as free"]),
        ("{perOneQubitGate: 0.1 USD}", ["lets a gate on two qubits cost less than one on one"]),
        (
            "{perTwoQubitGate: 0.1 USD, perOneQubitGate: 0.11 USD}",
            ["lets a gate on two qubits cost less than one on one"],
        ),
        (
            "{twoQubitGatesPerControl: 6}",
            ["counts controls as two-qubit gates, which have none"],
        ),
        (
            "{minimum: 0.30 USD}",
            ["has a minimum that the fixed part of each task reaches already"],
        ),
        ("{minimum: 0.31 USD, perTwoQubitGate: 0.1 USD, twoQubitGatesPerControl: 6}", []),
        ("{perTwoQubitGate: 0.1 USD, perOneQubitGate: 0.1 USD, perMeasurement: 5 USD}", []),
    ],
)
def test_a_price_whose_parts_contradict_each_other_is_found(price: str, wrong: list[str]) -> None:
    overlay = f"""
kind: Organization
metadata: {{name: acme}}
spec: {{backends: {{garnet: {{price: {price}}}}}}}
"""
    found = [f.message for f in check(model_of(laid(overlay)[0]), NOW) if f.code == "QG818"]
    assert found == [f"the price of `garnet` {each}" for each in wrong]


@pytest.mark.parametrize(
    ("backends", "where"),
    [("[garnet]", " on `aachen`"), ("[simulator]", ""), ("[garnet, aachen]", None)],
)
def test_a_budget_of_some_backends_stops_nothing_on_the_others(
    backends: str, where: str | None
) -> None:
    overlay = f"""
kind: Tenant
metadata: {{name: atlas}}
spec: {{environments: {{production: {{backends: [simulator, garnet, aachen]}}}}}}
---
kind: Budget
metadata: {{name: atlas-chem}}
spec: {{backends: {backends}}}
"""
    found = [f.message for f in check(model_of(laid(overlay)[0]), NOW) if f.code == "QG801"]
    stops = f"nothing stops the spending of `atlas/production/chem`{where}"
    assert found == ([] if where is None else [stops])


def requested(groups: str) -> list[tuple[str, str]]:
    """(code, message) of what is found of requests to be in groups."""
    overlay = f"""
kind: Organization
metadata: {{name: acme}}
spec:
  groups:
    leads: {{identityProvider: corporate}}
    crew: {{identityProvider: corporate}}
    all: {{identityProvider: corporate, includes: [crew]}}
    guests: {{identityProvider: corporate, external: true, expires: 2027-01-01T00:00:00Z}}
    strangers: {{identityProvider: partners}}
{groups}
"""
    found = check(model_of(laid(overlay)[0]), NOW)
    asked = {"QG408", "QG989", "QG990"}
    return [
        (f.code, f.message)
        for f in found
        if f.code in asked or (f.code == "QG343" and "guests" in f.message)
    ]


@pytest.mark.parametrize(
    ("group", "code", "said"),
    [
        ("requests: {approvers: leads, maxDuration: 9d}", "", ""),
        ("requests: {requestors: crew, approvers: leads, maxDuration: 9d}", "", ""),
        (
            "requests: {requestors: guests, approvers: leads, maxDuration: 9d}, external: true",
            "",
            "",
        ),
        ("requests: {approvers: staff, maxDuration: 9d}", "QG408", "approves its own requests"),
        (
            "requests: {requestors: crew, approvers: crew, maxDuration: 9d}",
            "QG408",
            "approves its own requests",
        ),
        (
            "requests: {requestors: crew, approvers: all, maxDuration: 9d}",
            "QG408",
            "`all` approves its own requests",
        ),
        ("requests: {approvers: guests, maxDuration: 9d}", "QG343", "from outside"),
        (
            "requests: {requestors: guests, approvers: leads, maxDuration: 9d}",
            "QG990",
            "may ask to be in `staff`",
        ),
        (
            "includes: [crew], requests: {requestors: staff, approvers: leads, maxDuration: 9d}",
            "QG989",
            "`staff` may ask to be in `staff`",
        ),
        (
            "requests: {requestors: strangers, approvers: leads, maxDuration: 9d}",
            "QG989",
            "`strangers` of `partners`",
        ),
        (
            "requests: {approvers: strangers, maxDuration: 9d}",
            "QG989",
            "`strangers` of `partners`",
        ),
        (
            "membersWhere: {attribute: a, equals: b}, requests: {approvers: leads, maxDuration: 9d}",
            "QG989",
            "by a rule",
        ),
    ],
)
def test_somebody_else_approves_a_request_that_can_be_granted(
    group: str, code: str, said: str
) -> None:
    found = requested(f"    staff: {{identityProvider: corporate, {group}}}")
    assert [each[0] for each in found] == ([code] if code else [])
    assert all(said in each[1] for each in found)


def test_who_includes_people_from_outside_may_not_ask() -> None:
    groups = """    mixed: {identityProvider: corporate, includes: [guests]}
    staff:
      identityProvider: corporate
      requests: {requestors: mixed, approvers: leads, maxDuration: 9d}"""
    assert [each[0] for each in requested(groups)] == ["QG990"]
