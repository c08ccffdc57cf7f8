"""Google's Terraform and the list of what people ask for."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from qgov.finding import Finding
from qgov.model import principal as principals
from qgov.model.access_model import AccessModel
from qgov.targets import Access, emit
from qgov.targets.google import SCHEMA_VERSIONS, TARGET
from qgov.targets.hcl import parse
from tests.targets.google import (
    ELIGIBLE,
    NIGHTLY,
    PROJECT,
    STANDING,
    company,
    federated_at_google,
)
from tests.targets.worked import federation, worked
from tests.terraform.harness import (
    SCHEMAS,
    Env,
    init,
    mirror,
    need_terraform,
    planted,
    terraform,
)

FOLDER = "terraform/tenants/aurora/google"


def resources(model: AccessModel, file: str, kind: str) -> list[Any]:
    """The resources of a type."""
    content = TARGET.emit(model).get(f"{FOLDER}/{file}.tf", b"")
    return [b for b in parse(content) if b.labels[:1] == (kind,)]


def about(model: AccessModel, code: str) -> Finding:
    """The only finding of a code."""
    (one,) = (f for f in TARGET.unsupported(model) if f.code == code)
    return one


def requests(model: AccessModel) -> str:
    """What is asked of Google."""
    return TARGET.emit(model)[f"{FOLDER}/steps.md"].decode()


def test_the_recorded_version_is_that_of_the_schema() -> None:
    recorded = json.loads((SCHEMAS / "google.json").read_text())["version"]
    assert recorded == SCHEMA_VERSIONS["google"]


def test_no_role_of_quantum_engine_is_made_up() -> None:
    for model in (worked(), federated_at_google()):
        for content in TARGET.emit(model).values():
            assert b"roles/quantum" not in content
            assert b"quantum.jobs" not in content


def test_a_token_is_trusted_by_exactly_its_issuer_audience_and_subject() -> None:
    other = {**NIGHTLY, "name": "release", "federation": federation("repo:northwind/aurora:tag")}
    model = company(serviceAccounts=[NIGHTLY, other])
    (provider,) = resources(model, "federation", "google_iam_workload_identity_pool_provider")
    assert provider.attributes["attribute_mapping"] == {"google.subject": "assertion.sub"}
    assert provider.attributes["attribute_condition"] == (
        'assertion.sub in ["repo:northwind/aurora:ref:refs/heads/main", "repo:northwind/aurora:tag"]'
    )
    (oidc,) = provider.blocks
    assert oidc.attributes == {
        "issuer_uri": "https://token.actions.githubusercontent.com",
        "allowed_audiences": ["qgov"],
    }
    members = resources(model, "federation", "google_service_account_iam_member")
    assert members[0].attributes["member"] == (
        "principal://iam.googleapis.com/projects/100000000001/locations/global/"
        "workloadIdentityPools/qgov/subject/repo:northwind/aurora:ref:refs/heads/main"
    )


def test_issuers_and_audiences_are_providers_of_their_own() -> None:
    other = {**NIGHTLY, "name": "release", "federation": {**federation(), "audience": "other"}}
    model = company(serviceAccounts=[NIGHTLY, other])
    found = resources(model, "federation", "google_iam_workload_identity_pool_provider")
    ids = [each.attributes["workload_identity_pool_provider_id"] for each in found]
    assert len(set(ids)) == 2
    assert all(4 <= len(each) <= 32 for each in ids)


def test_a_subject_comes_back_literally() -> None:
    model = federated_at_google()
    (provider,) = resources(model, "federation", "google_iam_workload_identity_pool_provider")
    condition = provider.attributes["attribute_condition"]
    assert json.loads(condition.removeprefix("assertion.sub in ")) == ["repo:{a}'b/(c)&d"]


def test_who_may_submit_is_asked_for_and_read_back() -> None:
    model = company(
        bindings=[
            STANDING,
            {**STANDING, "eligible": ELIGIBLE},
            {"group": "leads", "role": "lead", "on": "lab"},
        ],
        serviceAccounts=[NIGHTLY],
    )
    assert TARGET.read_back is not None
    assert TARGET.read_back(TARGET.emit(model)) == {
        Access(principals.group("staff"), "job:submit", "aurora/lab", eligible=False, own=False),
        Access(principals.group("staff"), "job:submit", "aurora/lab", eligible=True, own=False),
        Access(
            principals.workload("aurora/nightly"),
            "job:submit",
            "aurora/lab",
            eligible=False,
            own=False,
        ),
    }
    text = requests(model)
    assert "`nightly@aurora-quantum.iam.gserviceaccount.com`" in text
    assert "the processors `willow_pink`, and no other" in text
    assert "Who asks: the group `leads`." in text


def test_everything_that_is_called_is_logged() -> None:
    (config,) = resources(company(), "audit", "google_project_iam_audit_config")
    assert config.attributes["service"] == "allServices"
    logs = [block.attributes["log_type"] for block in config.blocks]
    assert logs == ["ADMIN_READ", "DATA_READ", "DATA_WRITE"]


@pytest.mark.parametrize("name", ["ci", "a" * 31, "9-nightly"])
def test_a_service_account_that_google_cannot_hold_is_refused(name: str) -> None:
    model = company(serviceAccounts=[{**NIGHTLY, "name": name}])
    finding = about(model, "QG978")
    assert finding.severity == "error"
    assert finding.remedy == "rename the service account"
    assert emit(model, ["google"])[0] == {}
    assert TARGET.unsupported(company(serviceAccounts=[{**NIGHTLY, "name": "a" * 30}])) == []


@pytest.mark.parametrize(
    ("account", "project", "message"),
    [
        ({**NIGHTLY, "federation": federation("repo:a/*")}, PROJECT, "compares subjects exactly"),
        ({**NIGHTLY, "federation": federation("r" * 128)}, PROJECT, "longer than the 127 bytes"),
        (NIGHTLY, {"project": "aurora-quantum"}, "has no `number`"),
        ({k: v for k, v in NIGHTLY.items() if k != "federation"}, PROJECT, "has no federation"),
        (
            {**NIGHTLY, "bindings": [{"role": "researcher", "on": "lab", "eligible": ELIGIBLE}]},
            PROJECT,
            "just-in-time, which no federation says",
        ),
    ],
)
def test_whom_google_is_not_told_of_is_said(
    account: dict[str, Any], project: dict[str, Any], message: str
) -> None:
    model = company(serviceAccounts=[account], project=project)
    finding = about(model, "QG980")
    assert message in finding.message
    assert finding.severity == "warning"
    assert "workload" not in requests(model)
    assert not resources(model, "federation", "google_iam_workload_identity_pool")


def test_a_tenant_without_a_project_has_no_module() -> None:
    assert TARGET.emit(company(clouds={}, bindings=[STANDING])) == {}


def test_what_is_worked_here_is_all_held_by_google() -> None:
    assert TARGET.unsupported(worked()) == []


Root = tuple[Path, Env]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Root:
    """A root module with a federation, and the environment for it."""
    need_terraform()
    env = mirror(tmp_path_factory.mktemp("providers"), {"google": SCHEMAS / "google.json"})
    folder = tmp_path_factory.mktemp("out")
    for path, content in TARGET.emit(federated_at_google()).items():
        (folder / path.rpartition("/")[2]).write_bytes(content)
    return folder, env


@pytest.mark.real
@pytest.mark.parametrize(
    ("file", "old", "new", "complaint"),
    [
        ("federation", "attribute_condition", "condition", "Unsupported argument"),
        ("federation", "issuer_uri ", "issuer ", "Missing required argument"),
        (
            "federation",
            "google_service_account_iam_member",
            "google_quantum_job",
            "Invalid resource",
        ),
        ("audit", "audit_log_config", "audit_logs", "Unsupported block type"),
    ],
)
def test_terraform_refuses_a_planted_mistake(
    root: Root, tmp_path: Path, file: str, old: str, new: str, complaint: str
) -> None:
    folder, env = root
    said = planted(folder, tmp_path / "root", env, file, old, new)
    assert any(complaint in each for each in said), said


@pytest.mark.real
def test_terraform_plans_the_module(root: Root, tmp_path: Path) -> None:
    folder, env = root
    copy = tmp_path / "root"
    shutil.copytree(folder, copy)
    init(copy, env)
    (copy / "plan.tftest.hcl").write_text(
        'mock_provider "google" {}\n\nrun "plan" {\n  command = plan\n\n  assert {\n'
        '    condition     = google_iam_workload_identity_pool.qgov.workload_identity_pool_id == "qgov"\n'
        '    error_message = "it is not as it was reviewed"\n  }\n}\n'
    )
    done = terraform(copy, env, "test", "-no-color")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
