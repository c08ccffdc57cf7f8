"""The worked configuration at the root is complete, consistent and safe by qgov's own rules."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from qgov.checks import check, rules
from qgov.decision.access_tests import run
from qgov.decision.engines.reference import ReferenceEngine
from qgov.finding import Severity
from qgov.language.kinds import KINDS
from qgov.model.access_model import AccessModel
from qgov.model.accesses import accesses, budgets_at
from qgov.pipeline import load
from qgov.repository import read_work_tree

ROOT = Path(__file__).parents[1]
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
JANUARY = datetime(2027, 1, 20, tzinfo=UTC)
NEWCOMER = {
    "tenant": "corvus",
    "title": 'Corvus: "logistics" & more # {x}\nspec: {}',
    "owner_group": "corvus-leads",
    "developers_group": "corvus-developers",
    "auditors_group": "platform-auditors",
    "approvers_group": "finance-approvers",
    "contact": "corvus@northwind.example",
    "identity_provider": "workforce",
    "cost_center": "LG-3000",
    "residency": ["eu"],
    "projects": ["packing", "tours"],
    "inputs_store": "corvus-inputs",
    "results_store": "corvus-results",
    "logs_store": "platform-logs",
    "audit_store": "audit-vault",
    "monthly_limit": "500.00 EUR",
    "approval_above": "50.00 EUR",
}
STORES = """  stores:
    corvus-inputs:
      {type: s3, jurisdiction: eu, owner: corvus-leads, holds: [inputs], tenant: corvus}
    corvus-results:
      {type: s3, jurisdiction: eu, owner: corvus-leads, holds: [results], tenant: corvus}
"""
GROUP = """  groups:
    corvus-leads: {identityProvider: workforce, members: 2}
"""
WRITTEN_TO = {
    "tenant.yaml.j2": "tenants/corvus/tenant.yaml",
    "budget.yaml.j2": "budgets/corvus.yaml",
    "access-test.yaml.j2": "tests/access/corvus.yaml",
}


def understood(files: Mapping[str, bytes]) -> AccessModel:
    """The model of files that read and link without a finding."""
    loaded = load(files)
    assert loaded.findings == ()
    assert loaded.model is not None
    return loaded.model


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    """Every configuration file of the repository."""
    found, refused = read_work_tree(ROOT)
    assert refused == []
    return found


@pytest.fixture(scope="module")
def model(files: dict[str, bytes]) -> AccessModel:
    """What the repository means."""
    return understood(files)


def render(name: str, values: Mapping[str, object]) -> str:
    """A starter template, as strict as the tool renders it."""
    # Nothing is HTML here: the templates escape for YAML themselves.
    environment = SandboxedEnvironment(
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,
    )
    text = (ROOT / "templates" / name).read_text(encoding="utf-8")
    return environment.from_string(text).render(values)


def test_every_kind_of_document_is_shown(model: AccessModel) -> None:
    shown = Counter(document.kind for document in model.documents)

    assert set(shown) == set(KINDS)
    assert shown["Organization"] == 1
    assert shown["Role"] >= 8
    assert shown["Tenant"] >= 4
    assert len(model.tests) >= 60


def test_each_file_holds_one_document_and_names_its_schema(
    files: dict[str, bytes], model: AccessModel
) -> None:
    wrong = [
        document.path
        for document in model.documents
        if files[document.path].splitlines()[0].decode()
        != (
            "# yaml-language-server: $schema="
            + "../" * document.path.count("/")
            + f"docs/schema/{document.kind.lower()}.json"
        )
    ]

    assert wrong == []
    assert len({document.path for document in model.documents}) == len(files)


def test_the_backends_span_five_clouds_and_each_price_says_where_and_when_it_was_read(
    model: AccessModel,
) -> None:
    backends = {name: fact.value for name, fact in model.organization.backends.items()}
    priced = {name: backend.price for name, backend in backends.items() if backend.price}

    assert {backend.cloud for backend in backends.values()} == {
        "local",
        "braket",
        "azure",
        "ibm",
        "google",
    }
    assert len(backends) >= 10
    assert len(priced) >= 8
    assert [
        name for name, price in priced.items() if not price.source or not price.as_of < NOW.date()
    ] == []


def test_each_backend_is_used_and_has_a_stand_in(model: AccessModel) -> None:
    used = {
        backend
        for tenant in model.tenants.values()
        for environment in tenant.environments.values()
        for backend in environment.backends
    }

    assert used == set(model.organization.backends)
    assert [
        name for name, fact in model.organization.backends.items() if fact.value.conformance is None
    ] == []


def test_all_three_tiers_are_in_use_and_the_sandbox_has_simulators_only(
    model: AccessModel,
) -> None:
    backends = model.organization.backends
    environments = [e for tenant in model.tenants.values() for e in tenant.environments.values()]

    assert {e.tier for e in environments} == {"sandbox", "test", "production"}
    assert {
        backends[b].value.backend_class
        for e in environments
        if e.tier == "sandbox"
        for b in e.backends
    } == {"simulator"}


def test_budgets_bound_the_organization_tenants_projects_and_groups(model: AccessModel) -> None:
    budgets = model.budgets.values()

    assert {b.scope.count("/") for b in budgets} >= {0, 2}
    assert "*" in {b.scope for b in budgets}
    assert {b.scope for b in budgets} >= set(model.tenants)
    assert sum(b.group is not None for b in budgets) >= 2


def test_each_project_that_reaches_a_device_has_a_hard_stop_and_an_approval_rule(
    model: AccessModel,
) -> None:
    reached = {
        cell.scope
        for cell in accesses(model).of("job:submit")
        if model.organization.backends[cell.backend].value.backend_class == "qpu"
    }
    unbound = [
        scope
        for scope in sorted(reached)
        if not any(
            b.scope.count("/") == 2 and b.stop_at and b.approval and not b.group
            for b in budgets_at(model, scope)
        )
    ]

    assert len(reached) >= 8
    assert unbound == []


def test_no_two_tenants_share_a_cloud_account(model: AccessModel) -> None:
    accounts = Counter(
        (claim.what, claim.key) for claim in model.exclusives if claim.what != "group"
    )

    assert {what for what, _ in accounts} == {
        "AWS account",
        "Azure Quantum workspace",
        "Azure resource group",
        "Azure storage account",
        "IBM Quantum instance",
        "Google project",
        "S3 bucket",
    }
    assert set(accounts.values()) == {1}


def test_a_dedicated_tenant_shares_no_store_queue_or_group(model: AccessModel) -> None:
    dedicated = {t.name for t in model.tenants.values() if t.isolation == "dedicated"}
    stores = model.organization.stores
    queues: dict[str, set[str]] = {}
    for tenant in model.tenants.values():
        for environment in tenant.environments.values():
            queues.setdefault(environment.queue or "", set()).add(tenant.name)
    plans = [
        (t.name, getattr(t.spec.retention, part).store)
        for t in model.tenants.values()
        for part in ("inputs", "results", "execution_logs", "audit_logs")
    ]

    assert len(dedicated) == 2
    assert [p for p in plans if p[0] in dedicated and stores[p[1]].value.tenant != p[0]] == []
    assert [q for q, users in queues.items() if users & dedicated and len(users) > 1] == []
    assert [
        g.name
        for g in model.groups.values()
        if dedicated & set(g.tenants) and (g.shared or len(g.tenants) > 1)
    ] == []


def test_the_patterns_of_the_guide_are_in_use(model: AccessModel) -> None:
    principals = {binding.principal.partition(":")[0] for binding in model.bindings}
    workloads = model.workloads.values()

    assert principals == {"group", "workload"}, "no shared login: groups and workloads only"
    assert any(b.eligible and model.roles[b.role].privileged for b in model.bindings)
    assert any(t.provider == "partners" for t in model.tenants.values())
    assert sum(w.issuer is not None for w in workloads) >= 6
    assert [w.id for w in workloads if w.issuer is None] == ["helix/helix-ibm-runner"]
    assert any(b.quotas and b.stop_at and b.approval for b in model.budgets.values())


def test_elevations_last_no_longer_than_their_binding_allows(model: AccessModel) -> None:
    too_long = [
        e.name
        for e in model.elevations
        if not any(
            b.eligible
            and e.not_before
            and (e.expires - e.not_before).total_seconds() <= b.eligible.max_duration_s
            for b in e.through
        )
    ]

    assert too_long == []
    assert [e.name for e in model.elevations if e.approved_by in (None, e.subject)] == []
    assert sum(e.expires > datetime(2026, 12, 7, tzinfo=UTC) for e in model.elevations) >= 2


def test_no_rule_finds_an_error_or_warns(model: AccessModel) -> None:
    assert [f for f in check(model, NOW) if f.severity is not Severity.INFO] == []


def test_by_january_only_what_ends_by_itself_has_ended(model: AccessModel) -> None:
    findings = [f for f in check(model, JANUARY) if f.severity is not Severity.INFO]

    assert {f.document.partition("/")[0] for f in findings} == {"BudgetException", "Elevation"}
    assert [f for f in findings if f.severity is Severity.ERROR] == []


def test_the_reference_answers_each_access_test_as_expected(model: AccessModel) -> None:
    results = run(model, ReferenceEngine(model))

    assert [
        (r.test.document, r.test.case.name, r.decision.reasons) for r in results if not r.passed
    ] == []


def test_the_access_tests_speak_of_every_tenant_and_of_most_reasons(model: AccessModel) -> None:
    scopes = {test.case.resource.scope.partition("/")[0] for test in model.tests}
    reasons = {reason for test in model.tests for reason in test.case.reasons}
    names = Counter((test.document, test.case.name) for test in model.tests)

    assert scopes >= set(model.tenants)
    assert reasons >= {
        "no-grant",
        "mfa-missing",
        "device-unmanaged",
        "country-blocked",
        "token-stale",
        "static-credential",
        "not-owner",
        "elevation-required",
        "elevation-expired",
        "backend-not-entitled",
        "residency",
        "scope-unknown",
        "tenant-mismatch",
    }
    assert max(names.values()) == 1
    assert Counter(test.case.expect for test in model.tests)["allow"] >= 30


def test_the_starter_templates_make_a_tenant_that_links(files: dict[str, bytes]) -> None:
    written = {path: render(name, NEWCOMER).encode() for name, path in WRITTEN_TO.items()}
    organization = files["qgov.yaml"].decode()
    organization = organization.replace("  stores:\n", STORES).replace("  groups:\n", GROUP)
    model = understood({**files, "qgov.yaml": organization.encode(), **written})
    corvus = model.tenants["corvus"]

    assert corvus.metadata.title == NEWCOMER["title"], "free text stays one scalar"
    assert corvus.environments["sandbox"].projects == ("packing", "tours")
    results = [r for r in run(model, ReferenceEngine(model)) if r.test.document == "corvus"]
    assert [r.passed for r in results] == [True] * 6
    assert model.budgets["corvus"].stop_at == 10_000
    assert [
        f for f in check(model, NOW) if f.severity is Severity.ERROR and f.origin.path in written
    ] == []


def test_the_welcome_page_names_each_project() -> None:
    page = render("welcome.md.j2", NEWCOMER)

    assert re.findall(r"`corvus/sandbox/([a-z]+)`", page) == ["packing", "tours"]
    assert "{{" not in page


def test_the_shared_login_is_well_formed_and_refused() -> None:
    files, refused = read_work_tree(ROOT / "tests" / "fixtures" / "shared-login")
    assert refused == []
    model = understood(files)
    errors = [f for f in check(model, NOW) if f.severity is Severity.ERROR]

    assert "user:quantum-team@pilot.example" in {b.principal for b in model.bindings}
    assert {f.document for f in errors} >= {"Organization/pilot", "Tenant/demo"}
    assert any("quantum-team@pilot.example" in f.message for f in errors)


def test_the_rules_are_there_to_be_met() -> None:
    assert len(rules()) >= 20
