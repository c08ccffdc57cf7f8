"""A cloud that nobody uses any more: every access goes, and what holds money or records stays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from qgov.model.access_model import AccessModel
from qgov.targets import targets
from qgov.targets.controls import enforced
from qgov.targets.hcl import Block, parse, render
from qgov.targets.retired import misretired
from tests.targets import aws, azure, ibm
from tests.terraform.harness import (
    SCHEMAS,
    init,
    lay_out,
    mirror,
    need_terraform,
    terraform,
)


class Cloud(NamedTuple):
    """A company with an account: what makes it of the account, and the account; the providers of
    its Terraform and the variables of it; what is kept, and an access that goes."""

    company: Callable[[dict[str, Any]], AccessModel]
    account: dict[str, Any]
    providers: tuple[str, ...]
    mocked: str
    variables: str
    kept: frozenset[str]
    access: str


BOUND: Any = [{"group": "staff", "role": "researcher", "on": "lab"}]
KEPT = {
    "results": {"keep": "10d", "store": "results"},
    "auditLogs": {"keep": "9d", "store": "vault"},
}
CLOUDS = {
    "azure": Cloud(
        lambda account: azure.company(workspace=account, bindings=BOUND, retention=KEPT),
        azure.WORKSPACE,
        ("azapi", "azurerm"),
        """mock_provider "azapi" {
  mock_resource "azapi_resource" {
    defaults = {
      id = "/subscriptions/x/resourceGroups/x/providers/Microsoft.Quantum/workspaces/x"
    }
  }
}

mock_provider "azurerm" {}
""",
        """  budget_start    = "2026-12-01T00:00:00Z"
  group_ids       = {"staff" = "id"}
  provider_skus   = {"ionq" = "a"}
""",
        frozenset({"azapi_resource.workspace", "azurerm_storage_account.audit"}),
        "azurerm_role_assignment.assignment_contributor__group__staff",
    ),
    "braket": Cloud(
        lambda account: aws.company(account=account, bindings=BOUND),
        aws.ACCOUNT,
        ("aws", "awscc"),
        """mock_provider "aws" {}

mock_provider "aws" {
  alias = "organization"
}

mock_provider "awscc" {
  alias = "eu-north-1"
}
""",
        """  organization_region          = "eu-central-1"
  identity_center_instance_arn = "arn:aws:sso:::instance/ssoins-0123456789abcdef"
  budget_action_role_arn       = "arn:aws:iam::410000000001:role/budgets"
  group_ids                    = {"staff" = "id"}
  period_start                 = "2026-12-01T00:00:00Z"
  period_end                   = "2026-12-31T00:00:00Z"
""",
        frozenset({"aws_s3_bucket.trail", "aws_cloudtrail.trail", "aws_budgets_budget.braket"}),
        "aws_ssoadmin_account_assignment.assignment_researcher__aurora_lab__qpu__staff",
    ),
    "ibm": Cloud(
        lambda account: ibm.company(instance=account, bindings=BOUND),
        ibm.INSTANCE,
        ("ibm",),
        'mock_provider "ibm" {}\n',
        """  plans              = {"flex" = "a", "pay-as-you-go" = "b", "premium" = "c", "open" = "d"}
  identity_providers = {"workforce" = "realm"}
""",
        frozenset({"ibm_resource_instance.instance_aurora"}),
        "ibm_iam_access_group_dynamic_rule.rule_researcher__aurora_lab__staff",
    ),
}


def blocks(cloud: str, model: AccessModel) -> list[Block]:
    """All that is written of the tenant's cloud."""
    files = targets()[cloud].emit(model)
    return [
        block
        for path, text in files.items()
        if path.startswith(f"terraform/tenants/aurora/{cloud}/") and path.endswith(".tf")
        for block in parse(text)
    ]


def guarded_of(found: list[Block]) -> set[str]:
    """The addresses that Terraform refuses to let go."""
    (guard,) = (b for b in found if b.labels == ("terraform_data", "kept_resources"))
    names = guard.attributes["for_each"]
    assert isinstance(names, dict)
    return set(names)


def let_go(found: list[Block]) -> set[str]:
    """The addresses that Terraform forgets and does not destroy."""
    removed = [each for each in found if each.type == "removed"]
    assert all(each.blocks[0].attributes == {"destroy": False} for each in removed)
    return {str(each.attributes["from"]) for each in removed}


@pytest.mark.parametrize("name", CLOUDS)
def test_a_closed_cloud_declares_nothing_and_lets_go_of_all_that_was_guarded(name: str) -> None:
    cloud = CLOUDS[name]
    open_ = blocks(name, cloud.company(cloud.account))
    model = cloud.company({**cloud.account, "closed": True})
    closed = blocks(name, model)
    guarded = guarded_of(open_)

    assert cloud.kept <= set(guarded)
    assert cloud.access in {".".join(b.labels) for b in open_}
    assert let_go(closed) >= {*guarded, "terraform_data.kept_resources"}
    assert not any(b.type in ("resource", "import", "moved") for b in closed)
    assert cloud.access not in let_go(closed)
    assert targets()[name].read_back(targets()[name].emit(model)) == frozenset()  # type: ignore[misc]
    assert ("aurora", name) not in enforced(model)
    assert ("aurora", name) in enforced(cloud.company(cloud.account))
    assert [f for f in targets()[name].unsupported(model) if f.document == "Tenant/aurora"] == []


@pytest.mark.parametrize("name", CLOUDS)
def test_what_is_retired_is_let_go_of_an_open_cloud(name: str) -> None:
    cloud = CLOUDS[name]
    kind = min(cloud.kept).partition(".")[0]
    model = cloud.company({**cloud.account, "retired": [f"{kind}.older"]})
    found = blocks(name, model)
    assert let_go(found) == {f"{kind}.older", "terraform_data.kept_until_retired_resources"}
    assert cloud.access in {".".join(b.labels) for b in found}
    assert not [f for f in targets()[name].unsupported(model) if f.code == "QG988"]


@pytest.mark.parametrize("name", CLOUDS)
def test_what_is_declared_or_an_access_cannot_be_retired(name: str) -> None:
    cloud = CLOUDS[name]
    names = [min(cloud.kept), cloud.access]
    model = cloud.company({**cloud.account, "retired": names})
    found = [f for f in targets()[name].unsupported(model) if f.code == "QG988"]
    assert [f.message.partition(": ")[2] for f in found] == [
        "it is still declared",
        "it holds neither money nor records, and goes with its line",
    ]
    assert {f.severity for f in found} == {"error"}
    assert let_go(blocks(name, model)) == set()


class Said(NamedTuple):
    """What an account says of resources that go."""

    closed: bool
    retired: list[str]


def test_what_something_was_called_before_cannot_be_retired() -> None:
    made = parse(b"moved {\n  from = a_b.was\n  to   = a_b.is\n}\n")
    names = ["a_b.gone", "a_b.was"]
    assert list(misretired(made, {"a_b"}, Said(closed=False, retired=names))) == [
        (1, "it is what something here was called before, which keeps it")
    ]
    assert list(misretired(made, {"a_b"}, Said(closed=True, retired=names))) == []


REGION = '    organization_region = "eu-central-1"\n'
RUNS = """\
%s
run "open" {
  module {
    source = "./open"
  }
  state_key = "one"
  variables {
%s  }
}

run "closed" {
  module {
    source = "./closed"
  }
  state_key = "one"
  variables {
%s  }
}
"""


def _without_imports(content: bytes) -> bytes:
    """A file for a module of a test, where Terraform takes no `import` block."""
    return render(block for block in parse(content) if block.type != "import")


@pytest.mark.real
@pytest.mark.parametrize("name", CLOUDS)
def test_terraform_forgets_what_is_kept_and_destroys_the_accesses(
    tmp_path: Path, name: str
) -> None:
    """Applied with providers that are mocked: the open module, and then the closed one."""
    need_terraform()
    cloud = CLOUDS[name]
    states = {"open": cloud.account, "closed": {**cloud.account, "closed": True}}
    schemas = {each: SCHEMAS / f"{each}.json" for each in cloud.providers}
    env = mirror(tmp_path, schemas)
    root = tmp_path / "root"
    for state, account in states.items():
        head = f"terraform/tenants/aurora/{name}/"
        files = targets()[name].emit(cloud.company(account))
        inside = {
            path.removeprefix(head): _without_imports(text) if path.endswith(".tf") else text
            for path, text in files.items()
            if path.startswith(head)
        }
        lay_out(root / state, inside)
    test = RUNS % (cloud.mocked, cloud.variables, REGION if name == "braket" else "")
    (root / "main.tf").write_text("terraform {}\n")  # init looks for nothing in an empty folder
    (root / "closed.tftest.hcl").write_text(test)
    init(root, env)
    done = terraform(root, env, "test", "-verbose", "-no-color")
    assert "2 passed, 0 failed" in done.stdout, done.stdout + done.stderr
    told = done.stdout.partition('run "closed"')[2]
    forgotten = {line.removeprefix(" - ") for line in told.splitlines() if line.startswith(" - ")}
    assert cloud.kept <= forgotten
    declared = blocks(name, cloud.company(cloud.account))
    assert {address for address in forgotten if "kept_resources" not in address} == set(
        guarded_of(declared)
    )
    assert "The state file is empty" in told  # what is not forgotten is destroyed
