"""What holds money or records is not destroyed because a line is gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from qgov.targets import targets
from qgov.targets.hcl import parse, render
from qgov.targets.kept import addresses, kept
from tests.targets.worked import worked
from tests.terraform.harness import clean_env, need_terraform, terraform

GUARDED = {
    "azure": {"azapi_resource", "azurerm_storage_account", "azurerm_consumption_budget"},
    "ibm": {"ibm_resource_instance"},
    "braket": {"aws_s3_bucket", "aws_cloudtrail", "awscc_braket_spending_limit", "aws_budgets"},
}


@pytest.mark.parametrize("cloud", GUARDED)
def test_each_module_guards_what_holds_money_or_records(cloud: str) -> None:
    files = targets()[cloud].emit(worked())
    for folder in {path.rpartition("/")[0] for path in files if path.endswith("/kept.tf")}:
        made = [
            block
            for path, content in files.items()
            if path.rpartition("/")[0] == folder and path.endswith(".tf")
            for block in parse(content)
            if block.type == "resource"
        ]
        (guard,) = (b.attributes["for_each"] for b in made if b.labels[0] == "terraform_data")
        assert isinstance(guard, dict)
        declared = {".".join(b.labels) for b in made}
        kinds = {address.partition(".")[0] for address in guard}
        assert set(guard) <= declared
        for prefix in GUARDED[cloud]:
            assert any(kind.startswith(prefix) for kind in kinds), (folder, prefix)
        # What prevents its own destruction is what has to be guarded when its block is gone.
        for block in made:
            if any(inner.type == "lifecycle" for inner in block.blocks):
                address = ".".join(block.labels)
                assert address in guard or block.labels[0] == "terraform_data"
        # An access that goes has to go.
        assert not any("role" in kind or "assignment" in kind for kind in kinds)


@pytest.mark.real
def test_terraform_refuses_to_let_one_go(tmp_path: Path) -> None:
    need_terraform()
    names = {"aws_s3_bucket.trail": "aws_s3_bucket.trail", "aws_s3_bucket.x": "aws_s3_bucket.x"}
    main = tmp_path / "main.tf"
    main.write_bytes(render([kept("resources", names)]))
    env = clean_env()
    assert terraform(tmp_path, env, "init", "-input=false").returncode == 0
    applied = terraform(tmp_path, env, "apply", "-auto-approve", "-input=false")
    assert applied.returncode == 0, applied.stderr
    main.write_bytes(render([kept("resources", {k: v for k, v in names.items() if "x" not in k})]))
    refused = terraform(tmp_path, env, "plan", "-input=false", "-no-color")
    assert refused.returncode == 1
    assert 'terraform_data.kept_resources["aws_s3_bucket.x"]' in refused.stderr
    gone = terraform(
        tmp_path, env, "state", "rm", 'terraform_data.kept_resources["aws_s3_bucket.x"]'
    )
    assert gone.returncode == 0, gone.stderr
    assert terraform(tmp_path, env, "plan", "-input=false").returncode == 0


def test_only_resources_of_the_types_are_guarded() -> None:
    blocks = parse(b'resource "a" "x" {\n}\n\nresource "b" "y" {\n}\n\nvariable "a" {\n}\n')
    assert addresses(blocks, {"a"}) == {"a.x": "a.x"}
