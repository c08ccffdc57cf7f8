"""Names meet their definitions, and what is broken or elsewhere is not reported twice."""

from __future__ import annotations

import pytest

from qgov.finding import Origin
from qgov.language.documents import Documents, read_documents
from qgov.language.scalars import parse_money
from qgov.model.access_model import AccessModel, Exclusive
from qgov.model.link import link
from tests.bad.corpus import examine
from tests.model.repository import BASE, edited, model_of

TENANT = "tenants/aurora.yaml"


def without(*paths: str) -> Documents:
    """The repository without some of its files."""
    documents, findings = read_documents({p: d for p, d in BASE.items() if p not in paths})
    assert findings == []
    return documents


def codes(findings: object) -> list[str]:
    """The codes of findings, sorted."""
    assert isinstance(findings, list)
    return sorted(finding.code for finding in findings)


def test_the_sound_repository_links() -> None:
    model = model_of()

    assert sorted(model.roles) == ["auditor", "developer"]
    assert sorted(model.workloads) == ["aurora/legacy", "aurora/nightly"]
    assert len(model.bindings) == 5
    assert model.tenants["aurora"].issuers == ("https://id.northwind.example/realms/quantum",)


def test_a_tenant_admits_the_issuers_of_organization_wide_groups() -> None:
    old = "platform-auditors: {identityProvider: workforce}"
    model = model_of(edited("qgov.yaml", old, old.replace("workforce", "partners")))

    assert model.tenants["aurora"].issuers == (
        "https://id.northwind.example/realms/quantum",
        "https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47/",
    )


@pytest.mark.parametrize("path", [path for path in BASE if path != "qgov.yaml"])
@pytest.mark.parametrize(
    "fault",
    ["spec:\n  unknown: 1", "spec: *alias", "\tspec:"],
    ids=["broken", "unreadable", "not YAML"],
)
def test_a_broken_file_breaks_nothing_else(path: str, fault: str) -> None:
    text = BASE[path].decode().replace("spec:", fault, 1)
    documents, own = read_documents({**BASE, path: text.encode()})
    _, findings = link(documents)

    assert own
    assert findings == []


@pytest.mark.parametrize("fault", ["spec:\n  unknown: 1", "spec: *alias"])
def test_without_a_readable_organization_nothing_is_linked(fault: str) -> None:
    _, model, findings = examine(edited("qgov.yaml", "spec:", fault))

    assert model is None
    assert all(finding.code.startswith("QG1") for finding in findings)


def test_what_is_missing_is_reported_at_each_reference() -> None:
    _, findings = link(without("roles/developer.yaml"))

    assert codes(findings) == ["QG201"] * 6


def test_documents_elsewhere_are_taken_to_exist() -> None:
    _, findings = link(without("roles/developer.yaml"), elsewhere={("Role", "developer")})

    assert findings == []


def test_a_tenant_elsewhere_speaks_through_its_claims() -> None:
    groups = ("aurora-leads", "aurora-developers")
    here = Origin("tenants/aurora.yaml", 1, 1)
    claims = [Exclusive("group", group, "aurora", here) for group in groups]
    model, findings = link(without(TENANT), {("Tenant", "aurora")}, claims)

    assert findings == []
    assert model is not None
    assert model.groups["aurora-developers"].tenants == ("aurora",)
    assert set(claims) <= set(model.exclusives)


def test_a_group_that_nobody_claims_is_reported_though_a_tenant_is_elsewhere() -> None:
    _, findings = link(without(TENANT), {("Tenant", "aurora")})

    assert set(codes(findings)) == {"QG202"}


def test_a_name_that_is_broken_in_one_kind_is_not_excused_in_another() -> None:
    documents, _ = read_documents(edited("roles/developer.yaml", "spec:", "spec:\n  unknown: 1"))
    tenants = Documents(documents.valid, frozenset({("Tenant", "developer")}))
    _, findings = link(tenants)

    assert codes(findings) == ["QG201"] * 6


def test_thousands_of_misspelt_names_do_not_stall() -> None:
    items = "".join(f"    - {{group: g{n}, role: developr{n}, on: sandbox}}\n" for n in range(3000))
    files = edited(TENANT, "  bindings:\n    - {group", f"  bindings:\n{items}    - {{group")
    _, _, findings = examine(files)

    assert codes(findings) == ["QG201"] * 3000
    assert findings[0].message.endswith("did you mean `developer`?")


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("100.00 USD", 92_000_000),
        ("0.000001 USD", 1),
        ("0.00 USD", 0),
        ("999999999999.999999 USD", 919_999_999_999_999_999 + 1),
    ],
)
def test_amounts_are_converted_exactly_and_rounded_up(text: str, micros: int) -> None:
    files = edited("budgets/aurora.yaml", "limit: 20000.00 EUR", f"limit: {text}")

    assert model_of(files).budgets["aurora-chemistry"].limit_micros == micros
    assert parse_money(text).currency == "USD"


def test_a_backend_is_bounded_in_the_organizations_currency() -> None:
    files = edited("qgov.yaml", "cost: 500.00 EUR", "cost: 500.00 USD")

    assert model_of(files).organization.backend_limits["garnet"].cost_micros == 460_000_000


def test_every_fact_knows_its_line_and_is_equal_without_it() -> None:
    model = model_of()
    lower = model_of({path: b"# a line\n" + data for path, data in BASE.items()})

    def lines(of: AccessModel) -> list[int]:
        return [binding.origin.line for binding in of.bindings]

    assert model == lower
    assert [line + 1 for line in lines(model)] == lines(lower)
    assert {binding.origin.path for binding in model.bindings} == {"qgov.yaml", TENANT}


def test_a_tenant_claims_its_clouds_and_groups() -> None:
    found = {(claim.what, claim.key) for claim in model_of().exclusives}
    crn = "crn:v1:bluemix:public:quantum-computing:eu-de:a/00000000000000000000000000000001"

    assert found == {
        ("AWS account", "123456789012"),
        ("AWS account", "123456789013"),
        ("S3 bucket", "northwind-aurora"),
        ("Azure Quantum workspace", "0f8fad5b-d9cb-469f-a165-70867728950e/aurora/aurora"),
        ("Azure resource group", "0f8fad5b-d9cb-469f-a165-70867728950e/aurora"),
        ("Azure storage account", "auroraaudit"),
        ("Azure storage account", "auroraquantum"),
        (
            "IBM Quantum instance",
            f"{crn}:00000000-0000-4000-8000-000000000002::",
        ),
        ("IBM Quantum instance", f"{crn}:00000000-0000-4000-8000-000000000003::"),
        ("Google project", "northwind-aurora"),
        ("IonQ project", "aurora"),
        ("Quantinuum Nexus project", "aurora"),
        ("IQM Resonance project", "aurora"),
        ("Rigetti QCS project", "aurora"),
        ("group", "aurora-developers"),
    }
