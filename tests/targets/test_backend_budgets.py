"""Budgets of some backends, in the controls of each cloud."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from qgov.model.access_model import AccessModel
from qgov.targets.azure import TARGET as AZURE
from qgov.targets.braket import TARGET as BRAKET
from qgov.targets.control import Kind
from qgov.targets.controls import unenforced
from qgov.targets.direct import TARGET as DIRECT
from qgov.targets.hcl import parse
from qgov.targets.ibm import TARGET as IBM
from qgov.targets.target import Target
from tests.targets import aws, azure, direct, ibm
from tests.targets.test_direct import MONEY, tasks
from tests.targets.worked import document

BOTH = {"lab": {**aws.LAB["lab"], "backends": ["garnet", "forte"]}}
STANDING = {"group": "staff", "role": "researcher", "on": "lab"}


def on_aws(*others: dict[str, Any], **spec: Any) -> AccessModel:
    """Two devices of AWS in one account, and a simulator of nobody's."""
    here = {"cloud": "local", "vendor": "iqm", "class": "simulator", "region": "local"}
    local = {**here, "jurisdiction": "on-premises", "qubits": 20}
    return aws.company(
        *others,
        backends={"forte": aws.FORTE, "local": local},
        environments=spec.pop("environments", BOTH),
        residency=["eu", "us"],
        **spec,
    )


def limits(model: AccessModel) -> dict[str, str]:
    """Device → its spending limit in dollars."""
    return {
        str(block.attributes["device_arn"]).rpartition("/")[2]: str(
            block.attributes["spending_limit"]
        )
        for block in parse(BRAKET.emit(model)["terraform/tenants/aurora/braket/limits.tf"])
        if block.type == "resource"
    }


def money(*backends: str, limit: str = "80.00 EUR", **spec: Any) -> dict[str, Any]:
    """A monthly budget of some backends."""
    bound = {"period": "monthly", "limit": limit, "stopAt": "100%"}
    given = {**aws.BUDGET, "budget": bound, **spec}
    return document("Budget", {"name": "some"}, {**given, "backends": [*backends]})


def silent(target: Target, model: AccessModel) -> bool:
    """Whether a target says that nothing bounds the tenant there."""
    return any("no budget" in f.message for f in target.unsupported(model))


def test_a_budget_of_a_device_lowers_its_limit_at_aws() -> None:
    assert limits(on_aws()) == {"Garnet": "500.00", "Forte-1": "500.00"}
    assert limits(on_aws(money("garnet"))) == {"Garnet": "100.00", "Forte-1": "500.00"}
    # Of both, each may have half.
    assert limits(on_aws(money("garnet", "forte"))) == {"Garnet": "50.00", "Forte-1": "50.00"}
    assert limits(on_aws(money("local"))) == {"Garnet": "500.00", "Forte-1": "500.00"}


def test_budgets_of_all_devices_of_an_account_bound_it() -> None:
    whole = {**aws.BUDGET, "backends": ["garnet", "forte"]}
    assert limits(on_aws(budget=whole)) == {"Garnet": "500.00", "Forte-1": "500.00"}
    part = on_aws(budget={**aws.BUDGET, "backends": ["garnet"]})
    assert silent(BRAKET, part)
    assert "limits.tf" not in str(BRAKET.emit(part))
    # What one leaves open another bounds: 1000 and 100 together.
    split = on_aws(money("forte"), budget={**aws.BUDGET, "backends": ["garnet"]})
    assert limits(split) == {"Garnet": "550.00", "Forte-1": "100.00"}


def test_a_workspace_of_azure_is_bounded_by_the_budgets_of_its_devices() -> None:
    model = azure.company(budget={**azure.BUDGET, "backends": ["forte"]})
    text = AZURE.emit(model)["terraform/tenants/aurora/azure/budgets.tf"].decode()
    assert "amount            = 800" in text
    elsewhere = azure.company(
        backends={"spare": {**azure.FORTE, "target": "ionq.qpu.spare"}},
        budget={**azure.BUDGET, "backends": ["spare"]},
    )
    assert silent(AZURE, elsewhere)


def test_a_budget_of_one_workspaces_device_is_not_divided() -> None:
    model = azure.company(
        document("Budget", {"name": "all"}, {**azure.BUDGET, "scope": "*", "backends": ["forte"]}),
        environments=azure.SHOP,
        workspace=azure.APART,
        budget={**azure.BUDGET, "backends": ["fresnel"]},
    )
    for own in ("", "/shop"):
        text = AZURE.emit(model)[f"terraform/tenants/aurora/azure{own}/budgets.tf"].decode()
        assert "amount            = 800" in text


def test_an_instance_of_ibm_is_bounded_by_the_budgets_of_its_devices() -> None:
    def seconds(**spec: Any) -> Any:
        files = IBM.emit(ibm.company(**spec))
        text = files["terraform/tenants/aurora/ibm/qauvern.yaml"]
        return yaml.safe_load(text)["instances"][0].get("limit_seconds")

    assert seconds(budget={**ibm.BUDGET, "backends": ["heron"]}) == 400
    other = {"eagle": {**ibm.HERON, "target": "ibm_eagle"}}
    assert seconds(budget={**ibm.BUDGET, "backends": ["eagle"]}, backends=other) is None


def test_a_vendor_is_told_of_a_budget_that_is_of_other_devices_too() -> None:
    spare = {**MONEY, "backends": ["device"]}
    assert any("400.00 EUR" in task for task in tasks(direct.company("ionq", spare), "ionq"))
    two = direct.company("ionq", spare, second="qpu.aria-1")
    assert not any("400.00 EUR" in task for task in tasks(two, "ionq"))
    assert "The budget `b0` is of `device` alone, which the gateway alone holds." in tasks(
        two, "ionq"
    )
    assert any("no budget bounds it" in f.message for f in DIRECT.unsupported(two))


@pytest.mark.parametrize(("backends", "told"), [(["garnet"], False), (["garnet", "local"], True)])
def test_a_budget_of_several_clouds_is_nobodys_but_the_gateways(
    backends: list[str], told: bool
) -> None:
    lab = {"lab": {**aws.LAB["lab"], "backends": ["garnet", "local"]}}
    model = on_aws(money(*backends), environments=lab, bindings=[STANDING])
    assert (Kind.QUOTAS in unenforced(model)["aurora", "braket"]) is told
