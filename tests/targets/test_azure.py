"""Azure's Terraform: what a workspace is told, to whom it is open, and what Azure cannot hold."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from qgov.finding import Finding
from qgov.model.access_model import AccessModel
from qgov.targets import emit
from qgov.targets.azure import SCHEMA_VERSIONS, TARGET
from qgov.targets.control import Control, Kind, Where
from qgov.targets.hcl import Block, Ref, parse
from tests.targets.azure import (
    APART,
    BUDGET,
    ELIGIBLE,
    EVIL_CONTACT,
    FORTE,
    LAB,
    NIGHTLY,
    SHOP,
    STANDING,
    WORKSPACE,
    company,
    hostile_on_azure,
    on_azure,
    renamed_on_azure,
)
from tests.targets.worked import document, federation, tenant, worked
from tests.terraform.harness import (
    SCHEMAS,
    Env,
    init,
    lay_out,
    mirror,
    need_terraform,
    planted,
    terraform,
)

FOLDER = "terraform/tenants/aurora/azure"
CONTRIBUTOR = "c1410b24-3e69-4857-8f86-4d0a2e603250"
LEADING = {"group": "leads", "role": "lead", "on": "*"}
RETENTION = {
    "results": {"keep": "10d", "store": "results"},
    "auditLogs": {"keep": "36h", "store": "vault"},
}


def blocks(model: AccessModel, file: str, own: str = "") -> tuple[Block, ...]:
    """The blocks of a file of `aurora`; none when there is no such file."""
    return parse(TARGET.emit(model).get(f"{FOLDER}{own}/{file}.tf", b""))


def resources(model: AccessModel, file: str, kind: str, own: str = "") -> dict[str, Any]:
    """The attributes of the resources of a type, by label."""
    return {
        b.labels[1]: b.attributes
        for b in blocks(model, file, own)
        if b.type == "resource" and b.labels[0] == kind
    }


def one(model: AccessModel, file: str, kind: str) -> Block:
    """The only resource of a type."""
    (found,) = (b for b in blocks(model, file) if b.labels[:1] == (kind,))
    return found


def inner(block: Block, *types: str) -> Any:
    """The attributes of the only block at a path of types."""
    for each in types:
        (block,) = (b for b in block.blocks if b.type == each)
    return block.attributes


def found(model: AccessModel, code: str = "QG980") -> list[Finding]:
    """The findings of a code."""
    return [f for f in TARGET.unsupported(model) if f.code == code]


def test_the_recorded_versions_are_those_of_the_schemas() -> None:
    for name, version in SCHEMA_VERSIONS.items():
        known = json.loads((SCHEMAS / f"{name}.json").read_text())["version"]
        assert known.partition("+")[0] == version


def test_a_workspace_has_the_providers_of_its_devices_and_takes_no_keys() -> None:
    plans = {"ionq": {"plan": "aq-payg", "standardMinutes": 60}, "pasqal": {"plan": "unused"}}
    model = company(workspace={**WORKSPACE, "providers": plans}, bindings=[STANDING])
    space: Any = one(model, "workspace", "azapi_resource").attributes
    assert space["type"] == "Microsoft.Quantum/workspaces@2025-12-15-preview"
    assert space["body"]["properties"] == {
        "apiKeyEnabled": False,
        "storageAccount": Ref("azurerm_storage_account.results.id"),
        "providers": [
            {
                "providerId": "ionq",
                "providerSku": "aq-payg",
                "quotas": {"standardMinutesLifetime": 60},
            }
        ],
    }
    assert "no job of `aurora` may use a device of `pasqal`" in found(model)[0].message


def test_a_plan_that_is_not_said_is_a_variable() -> None:
    model = company()
    properties: Any = one(model, "workspace", "azapi_resource").attributes["body"]
    (provider,) = properties["properties"]["providers"]
    assert provider["providerSku"] == Ref("var.provider_skus", "ionq")
    assert ("provider_skus",) in {b.labels for b in blocks(model, "versions")}


def test_who_may_submit_contributes_and_who_may_read_all_reads() -> None:
    model = company(bindings=[STANDING, LEADING])
    given = resources(model, "roles", "azurerm_role_assignment")
    assert set(given) == {
        "assignment_contributor__group__staff",
        "assignment_reader__group__leads",
        "assignment_audit-reader__group__leads",
        "assignment_cost-reader__group__leads",
    }
    staff = given["assignment_contributor__group__staff"]
    assert staff["role_definition_id"].endswith(f"/roleDefinitions/{CONTRIBUTOR}")
    assert staff["scope"] == Ref("azapi_resource.workspace.id")
    assert staff["principal_id"] == Ref("var.group_ids", "staff")
    assert staff["principal_type"] == "Group"


@pytest.mark.parametrize("role", ["b24988ac-6180-42a0-ab88-20f7382dd24c", "8e3af657-a8ff-443c"])
def test_nobody_is_made_a_contributor_or_owner_of_the_workspace(role: str) -> None:
    assert not any(role.encode() in content for content in TARGET.emit(worked()).values())


def test_what_is_read_of_a_part_is_given_to_nobody() -> None:
    narrow = {**LEADING, "on": "lab"}
    apart = company(environments={**LAB, "other": LAB["lab"]}, bindings=[narrow])
    assert resources(apart, "roles", "azurerm_role_assignment") == {}


def test_a_role_that_would_open_another_device_is_given_to_nobody() -> None:
    model = company(environments=SHOP, bindings=[STANDING])
    assert resources(model, "roles", "azurerm_role_assignment") == {}
    (finding,) = found(model)
    assert "which would open `fresnel` as well" in finding.message
    assert finding.document == "Tenant/aurora"
    alone = company(environments=SHOP, workspace=APART, bindings=[STANDING])
    assert found(alone) == []
    assert len(resources(alone, "roles", "azurerm_role_assignment")) == 1


def test_standing_access_to_some_devices_waits_for_an_activation_that_opens_all() -> None:
    model = company(
        environments=SHOP,
        bindings=[STANDING, {**STANDING, "on": "shop", "eligible": ELIGIBLE}],
    )
    assert resources(model, "roles", "azurerm_role_assignment") == {}
    given = resources(model, "roles", "azurerm_pim_eligible_role_assignment")
    assert set(given) == {"eligible_contributor__group__staff"}


def test_an_activation_takes_what_the_strictest_binding_asks_for() -> None:
    model = company(
        bindings=[
            {**STANDING, "eligible": ELIGIBLE},
            {
                **STANDING,
                "group": "guests",
                "eligible": {"approvers": "leads", "maxDuration": "100m"},
                "requires": {"mfa": True},
            },
        ]
    )
    policy = one(model, "roles", "azurerm_role_management_policy")
    assert inner(policy, "activation_rules") == {
        "maximum_duration": "PT1H30M",
        "require_approval": True,
        "require_justification": True,
        "require_multifactor_authentication": True,
        "require_ticket_info": True,
    }
    approver = inner(policy, "activation_rules", "approval_stage", "primary_approver")
    assert approver["object_id"] == Ref("var.group_ids", "leads")


def test_an_activation_is_no_longer_than_azure_keeps() -> None:
    long = {**STANDING, "eligible": {"approvers": "leads", "maxDuration": "30d"}}
    policy = one(company(bindings=[long]), "roles", "azurerm_role_management_policy")
    assert inner(policy, "activation_rules")["maximum_duration"] == "PT23H30M"


@pytest.mark.parametrize(
    "other",
    [
        {"approvers": "guests", "maxDuration": "4h"},
        {"approvers": "leads", "maxDuration": "29m"},
    ],
)
def test_terms_that_a_workspace_cannot_hold_are_given_to_nobody(other: dict[str, str]) -> None:
    model = company(
        bindings=[
            {**STANDING, "eligible": ELIGIBLE},
            {**STANDING, "group": "guests", "eligible": other},
        ]
    )
    for kind in ("azurerm_pim_eligible_role_assignment", "azurerm_role_management_policy"):
        assert resources(model, "roles", kind) == {}
    assert len([f for f in found(model) if "one set of approvers" in f.message]) == 2


def test_a_workload_is_known_by_exactly_its_token() -> None:
    model = company(serviceAccounts=[NIGHTLY])
    (credential,) = resources(model, "workloads", "azurerm_federated_identity_credential").values()
    assert credential["issuer"] == "https://token.actions.githubusercontent.com"
    assert credential["subject"] == "repo:northwind/aurora:ref:refs/heads/main"
    assert credential["audience"] == ["qgov"]
    (given,) = resources(model, "roles", "azurerm_role_assignment").values()
    assert given["principal_id"] == Ref(
        "azurerm_user_assigned_identity.workload_nightly.principal_id"
    )
    assert given["principal_type"] == "ServicePrincipal"


@pytest.mark.parametrize(
    ("account", "message"),
    [
        ({"federation": federation("repo:a/*")}, "compares subjects exactly"),
        (
            {"bindings": [{"role": "researcher", "on": "lab", "eligible": ELIGIBLE}]},
            "it holds this just-in-time",
        ),
    ],
)
def test_a_workload_that_no_credential_knows_is_given_nothing(
    account: dict[str, Any], message: str
) -> None:
    model = company(serviceAccounts=[{**NIGHTLY, **account}])
    assert blocks(model, "workloads") == ()
    assert resources(model, "roles", "azurerm_role_assignment") == {}
    assert message in found(model)[0].message


def test_a_budget_counts_in_the_currency_of_the_invoice_and_never_more() -> None:
    for unit, most in ((None, 800), ("USD", 1000)):
        space = {**WORKSPACE, **({"billingCurrency": unit} if unit else {})}
        budget = one(
            company(workspace=space), "budgets", "azurerm_consumption_budget_resource_group"
        )
        assert budget.attributes["amount"] == most
        assert budget.attributes["time_grain"] == "Monthly"
        assert [b.attributes["threshold"] for b in budget.blocks if b.type == "notification"] == [
            50,
            100,
        ]
        # A filter would leave out what the Marketplace bills.
        assert not [b for b in budget.blocks if b.type == "filter"]


@pytest.mark.parametrize(
    ("spec", "code", "message"),
    [
        ({"workspace": {**WORKSPACE, "billingCurrency": "JPY"}}, "QG980", "has no rate"),
        ({"budget": {**BUDGET, "scope": "aurora/other"}}, "QG980", "Azure warns of nothing"),
        (
            {"budget": {**BUDGET, "budget": {**BUDGET["budget"], "period": "28d"}}},
            "QG980",
            "Azure counts nothing in any 28d",
        ),
        (
            {
                "budget": {
                    **BUDGET,
                    "budget": {
                        **BUDGET["budget"],
                        "period": {"from": "2026-12-01", "until": "2027-03-01"},
                    },
                }
            },
            "QG980",
            "Azure counts nothing from 2026-12-01 until 2027-03-01",
        ),
        (
            {"budget": {**BUDGET, "budget": {**BUDGET["budget"], "limit": "0.50 EUR"}}},
            "QG980",
            "less than one EUR",
        ),
        (
            {
                "budget": {
                    **BUDGET,
                    "budget": {
                        **BUDGET["budget"],
                        "warnAt": ["10%", "20%", "30%", "40%", "50%"],
                    },
                }
            },
            "QG978",
            "and Azure keeps 5",
        ),
        (
            {"backends": {"bare": {k: v for k, v in FORTE.items() if k != "target"}}},
            "QG980",
            "no target of Azure Quantum",
        ),
        (
            {
                "workspace": {k: v for k, v in WORKSPACE.items() if k != "storageAccount"},
                "retention": RETENTION,
            },
            "QG980",
            "no storage that forgets its results",
        ),
        (
            {
                "workspace": {k: v for k, v in WORKSPACE.items() if k != "auditStorageAccount"},
                "retention": RETENTION,
            },
            "QG980",
            "as long as a Log Analytics workspace",
        ),
    ],
)
def test_what_azure_cannot_hold_is_said_with_its_place(
    spec: dict[str, Any], code: str, message: str
) -> None:
    environments = {**LAB, "other": {"tier": "test", "projects": ["x"]}}
    model = company(environments=environments, **spec)
    (finding,) = found(model, code)
    assert message in finding.message
    assert finding.origin.line
    assert (emit(model, ["azure"])[0] == {}) == (code == "QG978")


def test_one_resource_group_and_one_account_are_not_two() -> None:
    inside = APART["environments"]["shop"]
    same = {key: WORKSPACE[key] for key in ("subscription", "resourceGroup", "auditStorageAccount")}
    twice = {**WORKSPACE, "environments": {"shop": {**inside, **same}}}
    messages = [f.message for f in found(company(environments=SHOP, workspace=twice), "QG979")]
    assert messages == [
        "`aurora` would be the resource group of `aurora` too",
        "`auroraaudit` would be the storage account of `aurora` too",
    ]
    other = tenant("borealis", environments=LAB, clouds={"azure": {**inside, **same}})
    assert {f.document for f in found(company(other), "QG979")} == {"Tenant/borealis"}


def test_records_live_as_long_as_the_configuration_says() -> None:
    model = company(retention=RETENTION)
    locked = one(model, "storage", "azurerm_storage_account")
    assert inner(locked, "immutability_policy")["period_since_creation_in_days"] == 10
    assert inner(locked, "immutability_policy")["state"] == "Locked"
    expiry = one(model, "storage", "azurerm_storage_management_policy")
    assert inner(expiry, "rule", "actions", "base_blob") == {
        "delete_after_days_since_creation_greater_than": 10
    }
    record = one(model, "audit", "azurerm_storage_container_immutability_policy").attributes
    assert record["immutability_period_in_days"] == 2
    assert record["locked"] is True
    assert record["protected_append_writes_enabled"] is True


def test_every_job_and_every_look_at_a_result_is_recorded() -> None:
    settings = {
        b.labels[1]: sorted(str(e.attributes["category"]) for e in b.blocks)
        for b in blocks(company(), "audit")
        if b.labels[0] == "azurerm_monitor_diagnostic_setting"
    }
    assert settings == {
        "workspace": ["AuditEvent"],
        "results": ["StorageDelete", "StorageRead", "StorageWrite"],
    }


def test_a_rename_keeps_its_resources() -> None:
    moved = {
        str(b.attributes["from"]): str(b.attributes["to"])
        for file in ("roles", "workloads")
        for b in blocks(renamed_on_azure(), file)
        if b.type == "moved"
    }
    assert moved["azurerm_role_assignment.assignment_contributor__group__crew"] == (
        "azurerm_role_assignment.assignment_contributor__group__staff"
    )
    assert moved["azurerm_user_assigned_identity.workload_cron"] == (
        "azurerm_user_assigned_identity.workload_nightly"
    )
    assert len(moved) == 4


def test_texts_come_back_literally() -> None:
    model = hostile_on_azure()
    budget = one(model, "budgets", "azurerm_consumption_budget_resource_group")
    for notification in budget.blocks[1:]:
        assert notification.attributes["contact_emails"] == [EVIL_CONTACT]
    (credential,) = resources(model, "workloads", "azurerm_federated_identity_credential").values()
    assert credential["subject"] == "repo:{a}'b/(c)&d"


def test_what_is_worked_here_is_all_held_by_azure() -> None:
    assert TARGET.unsupported(worked()) == []


def test_only_a_provider_with_minutes_stops_at_money() -> None:
    money = TARGET.controls["azure"][Kind.MONEY]
    assert not isinstance(money, Control)
    model = company()
    assert money(model, model.tenants["aurora"]).where is Where.GATEWAY
    limited = company(
        workspace={**WORKSPACE, "providers": {"ionq": {"plan": "p", "standardMinutes": 5}}}
    )
    assert money(limited, limited.tenants["aurora"]).where is Where.PARTLY


Root = tuple[Path, Env]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Root:
    """The modules of the worked repository, and the environment for them."""
    need_terraform()
    schemas = {name: SCHEMAS / f"{name}.json" for name in SCHEMA_VERSIONS}
    env = mirror(tmp_path_factory.mktemp("providers"), schemas)
    folder = lay_out(tmp_path_factory.mktemp("out"), TARGET.emit(worked()))
    return folder / "terraform/tenants", env


@pytest.mark.real
@pytest.mark.parametrize(
    ("file", "old", "new", "complaint"),
    [
        ("storage", "min_tls_version", "tls_version", "Unsupported argument"),
        ("budgets", "time_grain ", "time_grains", "Unsupported argument"),
        ("budgets", "start_date ", "start_day", "Missing required argument"),
        ("roles", "azurerm_pim_eligible", "azurerm_pim_possible", "Invalid resource type"),
        ("roles", "require_approval    ", 'colour = "red" #', "Unsupported argument"),
        ("audit", "enabled_log {", "log {", "Unsupported block type"),
        ("workspace", "workspace.identity[0]", "workspace.identities", "Unsupported attribute"),
    ],
)
def test_terraform_refuses_a_planted_mistake(
    root: Root, tmp_path: Path, file: str, old: str, new: str, complaint: str
) -> None:
    folder, env = root
    said = planted(folder / "helix/azure/production", tmp_path / "root", env, file, old, new)
    assert any(complaint in each for each in said), said


MOCKED = """\
mock_provider "azapi" {
  mock_resource "azapi_resource" {
    defaults = {
      id = "/subscriptions/x/resourceGroups/x/providers/Microsoft.Quantum/workspaces/x"
    }
  }
}

mock_provider "azurerm" {}

variables {
  budget_start    = "2026-12-01T00:00:00Z"
  key_identity_id = "/subscriptions/x/resourceGroups/x/providers/y/userAssignedIdentities/z"
  key_ids         = %s
  group_ids       = %s
  provider_skus   = {"ionq" = "a", "pasqal" = "b", "quantinuum" = "c"}
}

run "plan" {
  command = plan

  assert {
    condition     = azapi_resource.workspace.body.properties.apiKeyEnabled == false
    error_message = "the workspace takes keys"
  }
}
"""


@pytest.mark.real
@pytest.mark.parametrize(
    "place",
    [
        "academy/azure",
        "helix/azure",
        "helix/azure/production",
        "meridian/azure",
        "meridian/azure/production",
    ],
)
def test_terraform_plans_each_module(root: Root, tmp_path: Path, place: str) -> None:
    tenants, env = root
    folder = tmp_path / "root"
    shutil.copytree(tenants / place, folder, ignore=shutil.ignore_patterns("production"))
    init(folder, env)
    keys = {name: f"https://v.example/keys/{name}" for name in worked().organization.stores}
    ids = {name: f"id-{index}" for index, name in enumerate(worked().groups)}
    (folder / "plan.tftest.hcl").write_text(MOCKED % (json.dumps(keys), json.dumps(ids)))
    done = terraform(folder, env, "test", "-no-color")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


@st.composite
def _companies(draw: st.DrawFn) -> AccessModel:
    """A tenant of two environments, whose devices, workspaces and bindings overlap somehow."""
    some = st.lists(st.sampled_from(("forte", "fresnel")), unique=True)
    environments = {
        name: {**each, "backends": draw(some)}
        for name, each in (("lab", SHOP["lab"]), ("shop", SHOP["shop"]))
    }
    terms = st.sampled_from(
        (None, ELIGIBLE, {**ELIGIBLE, "approvers": "guests"}, {**ELIGIBLE, "maxDuration": "20m"})
    )
    bindings = {
        (group, role, on): eligible
        for group, role, on, eligible in draw(
            st.lists(
                st.tuples(
                    st.sampled_from(("staff", "guests")),
                    st.sampled_from(("researcher", "lead")),
                    st.sampled_from(("*", "lab", "shop", "shop/sales")),
                    terms,
                ),
                max_size=5,
            )
        )
    }
    return company(
        environments=environments,
        workspace=draw(st.sampled_from((WORKSPACE, APART))),
        bindings=[
            {"group": group, "role": role, "on": on, **({"eligible": e} if e else {})}
            for (group, role, on), e in bindings.items()
        ],
        serviceAccounts=[NIGHTLY] if draw(st.booleans()) else [],
    )


@pytest.mark.no_cover
@given(model=_companies())
@settings(max_examples=150, deadline=None, derandomize=True, phases=[Phase.generate])
def test_a_workspace_is_open_to_those_whom_the_table_of_accesses_says(
    model: AccessModel,
) -> None:
    assert TARGET.read_back is not None
    assert TARGET.read_back(TARGET.emit(model)) == on_azure(model)


def test_a_budget_of_projects_in_two_workspaces_is_divided() -> None:
    model = company(
        document("Budget", {"name": "all"}, {**BUDGET, "scope": "*"}),
        environments=SHOP,
        workspace=APART,
    )
    for own in ("", "/shop"):
        (budget,) = resources(
            model, "budgets", "azurerm_consumption_budget_resource_group", own
        ).values()
        assert budget["amount"] == 400
