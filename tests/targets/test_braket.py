"""Braket's Terraform: what IAM is told, what it costs an attacker, and what AWS cannot hold."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from qgov.finding import Finding
from qgov.model.access_model import AccessModel
from qgov.model.scope import contains
from qgov.model.tenants import aws_accounts
from qgov.targets import emit
from qgov.targets.braket import SCHEMA_VERSIONS, TARGET
from qgov.targets.braket.read_back import holders
from qgov.targets.control import Control, Kind, Where, partly
from qgov.targets.hcl import Block, Ref, parse
from tests.strategies import models
from tests.targets.aws import (
    ACCOUNT,
    BUDGET,
    ELIGIBLE,
    EMERALD,
    EVIL_CONTACT,
    FORTE,
    GARNET,
    LAB,
    company,
    device_cells,
    hostile_on_aws,
    organization,
    renamed_on_aws,
)
from tests.targets.worked import document, federation, repository, role, tenant, worked
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

FOLDER = "terraform/tenants/aurora/braket"
STANDING = {"group": "staff", "role": "researcher", "on": "lab"}
NIGHTLY: dict[str, Any] = {
    "name": "nightly",
    "owner": "leads",
    "federation": federation(),
    "bindings": [{"role": "researcher", "on": "lab"}],
}


def blocks(model: AccessModel, file: str) -> tuple[Block, ...]:
    """The blocks of a file of `aurora`; none when there is no such file."""
    return parse(TARGET.emit(model).get(f"{FOLDER}/{file}.tf", b""))


def resources(model: AccessModel, file: str, kind: str) -> list[Any]:
    """The attributes of the resources of a type."""
    return [b.attributes for b in blocks(model, file) if b.labels[:1] == (kind,)]


def policies(model: AccessModel, prefix: str) -> dict[str, Any]:
    """The statements by Sid of the only policy whose name begins so."""
    found = {
        path: content
        for path, content in TARGET.emit(model).items()
        if path.startswith(f"{FOLDER}/policies/{prefix}") and not path.endswith("-trust.json")
    }
    (content,) = found.values()
    return {each["Sid"]: each for each in json.loads(content)["Statement"]}


def trust(model: AccessModel, prefix: str) -> dict[str, Any]:
    """The statements by Sid of the only trust policy whose name begins so."""
    (content,) = (
        content
        for path, content in TARGET.emit(model).items()
        if path.startswith(f"{FOLDER}/policies/{prefix}") and path.endswith("-trust.json")
    )
    return {each["Sid"]: each for each in json.loads(content)["Statement"]}


def found(model: AccessModel) -> list[tuple[str, str, int]]:
    """(code, severity, line) of what AWS cannot hold."""
    return [(f.code, f.severity.value, f.origin.line) for f in TARGET.unsupported(model)]


def about(model: AccessModel, code: str) -> Finding:
    """The only finding of a code."""
    (one,) = (f for f in TARGET.unsupported(model) if f.code == code)
    return one


def test_the_recorded_versions_are_those_of_the_schemas() -> None:
    for name, version in SCHEMA_VERSIONS.items():
        assert json.loads((SCHEMAS / f"{name}.json").read_text())["version"] == version


def test_a_policy_names_the_device_in_any_account_and_region_of_its_jobs() -> None:
    given = policies(company(bindings=[STANDING]), "researcher-")
    assert given["SubmitEuNorth1"]["Resource"] == [
        "arn:aws:braket:eu-north-1:*:device/qpu/iqm/Garnet",
        "arn:aws:braket:eu-north-1:410000000101:quantum-task/*",
    ]
    assert given["SubmitEuNorth1"]["Condition"] == {
        "StringEquals": {"aws:RequestedRegion": "eu-north-1"}
    }
    assert given["DenySpendingLimits"]["Effect"] == "Deny"
    assert "CancelTask" not in given
    assert "SearchTasks" not in given


def test_a_simulator_without_a_region_is_pinned_by_the_request() -> None:
    sv1 = {
        **GARNET,
        "class": "simulator",
        "region": "eu-west-2",
        "target": "arn:aws:braket:::device/quantum-simulator/amazon/sv1",
    }
    lab = {"lab": {**LAB["lab"], "backends": ["sv1"]}}
    given = policies(company(backends={"sv1": sv1}, environments=lab, bindings=[STANDING]), "res")
    (submit,) = (s for sid, s in given.items() if sid.startswith("Submit"))
    assert submit["Resource"][0] == "arn:aws:braket:*:*:device/quantum-simulator/amazon/sv1"
    assert submit["Condition"]["StringEquals"] == {"aws:RequestedRegion": "eu-west-2"}


def test_dear_devices_are_another_sign_in() -> None:
    lab = {"lab": {**LAB["lab"], "backends": ["garnet", "forte"]}}
    model = company(
        backends={"forte": FORTE},
        environments=lab,
        residency=["eu"],
        bindings=[STANDING],
        account={**ACCOUNT, "region": "eu-north-1"},
    )
    assert set(policies(model, "researcher-top-")) & {"SubmitUsEast1", "SubmitEuNorth1"} == {
        "SubmitUsEast1"
    }
    assert "SubmitEuNorth1" in policies(model, "researcher-qpu-")
    buckets = {b["bucket"] for b in resources(model, "storage", "aws_s3_bucket")}
    assert buckets == {"amazon-braket-aurora", "amazon-braket-aurora-us-east-1"}


@pytest.mark.parametrize(
    ("on", "keys"),
    [
        ("lab/chemistry", "lab/chemistry/${aws:userid}/*"),
        ("lab", "lab/*/${aws:userid}/*"),
        ("*", "*/*/${aws:userid}/*"),
    ],
)
def test_own_results_lie_in_a_place_of_ones_own(on: str, keys: str) -> None:
    given = policies(company(bindings=[{**STANDING, "on": on}]), "researcher-")
    for name in ("StoreResults", "ReadResults"):
        assert given[name]["Resource"] == [f"arn:aws:s3:::amazon-braket-aurora/{keys}"]


def test_what_iam_cannot_narrow_is_given_for_the_whole_tenant_alone() -> None:
    lead = {"group": "staff", "role": "lead", "on": "*"}
    whole = policies(company(bindings=[lead]), "lead-")
    assert {"CancelTask", "SearchTasks", "ReadTrail", "ReadLimits"} <= set(whole)
    part = policies(company(bindings=[{**lead, "on": "lab"}]), "lead-")
    assert set(part) == {"ReadTask", "ReadResults", "DenySpendingLimits"}
    own = policies(company(bindings=[{**STANDING, "on": "*"}]), "researcher-")
    assert not {"CancelTask", "SearchTasks"} & set(own)


def test_a_permission_set_is_assigned_to_those_who_hold_it_standing() -> None:
    model = company(
        bindings=[STANDING, {**STANDING, "group": "leads", "eligible": ELIGIBLE}],
    )
    (given,) = resources(model, "permission_sets", "aws_ssoadmin_account_assignment")
    assert given["principal_id"] == Ref("var.group_ids", "staff")
    assert given["target_id"] == "410000000101"
    (role,) = resources(model, "roles", "aws_iam_role")
    assert role["tags"]["qgov:eligible:leads"] == (
        "approvers=leads max_duration_s=14400 ticket=required"
    )
    assert role["max_session_duration"] == 14400


def test_a_token_is_trusted_by_exactly_its_subject_and_audience() -> None:
    (statement,) = trust(company(serviceAccounts=[NIGHTLY]), "qgov-nightly-").values()
    issuer = "token.actions.githubusercontent.com"
    assert statement["Principal"] == {
        "Federated": f"arn:aws:iam::410000000101:oidc-provider/{issuer}"
    }
    assert statement["Condition"] == {
        "StringEquals": {
            f"{issuer}:aud": "qgov",
            f"{issuer}:sub": "repo:northwind/aurora:ref:refs/heads/main",
        }
    }


def test_a_second_factor_is_asked_where_iam_sees_it() -> None:
    eligible = {**STANDING, "eligible": ELIGIBLE}
    assert set(trust(company(bindings=[eligible]), "qgov-researcher-")) == {"Elevation"}
    asked = trust(
        company(bindings=[{**eligible, "requires": {"mfa": True, "maxTokenAge": "1h"}}]),
        "qgov-researcher-",
    )
    assert asked["SecondFactor"]["Condition"] == {
        "Bool": {"aws:MultiFactorAuthPresent": "true"},
        "NumericLessThanEquals": {"aws:MultiFactorAuthAge": "3600"},
    }
    assert "sso.amazonaws.com" in json.dumps(asked["IdentityCenter"]["Condition"])


def test_a_workload_cannot_take_the_name_of_a_role_for_elevations() -> None:
    named = {**NIGHTLY, "name": "researcher"}
    model = company(
        bindings=[{**STANDING, "eligible": ELIGIBLE}],
        serviceAccounts=[named, {**named, "name": "elevate-researcher"}],
    )
    names = [each["name"] for each in resources(model, "roles", "aws_iam_role")]
    assert len(names) == len(set(names)) == 3


def test_a_description_is_within_what_aws_keeps() -> None:
    name = "arn:aws:braket:eu-north-1::device/qpu/iqm/Garnet"
    many = {f"device-{'x' * 50}-{n}": {**GARNET, "target": f"{name}-{n}"} for n in range(20)}
    lab = {"lab": {**LAB["lab"], "backends": list(many)}}
    model = company(backends=many, environments=lab, bindings=[STANDING])
    (given,) = resources(model, "permission_sets", "aws_ssoadmin_permission_set")
    assert len(given["description"]) == 700
    assert given["description"].endswith("...")


def test_a_session_is_no_longer_than_the_oldest_token() -> None:
    for age, session in (("30m", "PT1H"), ("90m", "PT1H30M"), ("1d", "PT12H")):
        model = company(bindings=[{**STANDING, "requires": {"maxTokenAge": age}}])
        (given,) = resources(model, "permission_sets", "aws_ssoadmin_permission_set")
        assert given["session_duration"] == session


def test_the_organization_denies_what_nobody_may_do() -> None:
    given = policies(company(bindings=[STANDING]), "guardrail")
    assert given["DenyOtherDevices"]["NotResource"] == [
        "arn:aws:braket:eu-north-1:*:device/qpu/iqm/Garnet",
        "arn:aws:braket:*:410000000101:job/*",
        "arn:aws:braket:*:410000000101:quantum-task/*",
    ]
    assert given["DenySpendingLimits"]["Condition"] == {
        "ArnNotEquals": {"aws:PrincipalArn": "arn:aws:iam::410000000101:role/qgov-deploy"}
    }


def test_the_limits_of_all_devices_are_together_no_more_than_the_budget() -> None:
    lab = {"lab": {**LAB["lab"], "backends": ["garnet", "emerald", "twin"]}}
    backends = {"emerald": EMERALD, "twin": EMERALD}
    model = company(backends=backends, environments=lab, bindings=[STANDING])
    limits = resources(model, "limits", "awscc_braket_spending_limit")
    assert [each["spending_limit"] for each in limits] == ["500.00", "500.00"]
    assert {each["device_arn"] for each in limits} == {GARNET["target"], EMERALD["target"]}
    (budget,) = resources(model, "budgets", "aws_budgets_budget")
    assert (budget["limit_amount"], budget["time_unit"]) == ("1000.00", "MONTHLY")
    (action,) = resources(model, "budgets", "aws_budgets_budget_action")
    assert action["action_type"] == "APPLY_SCP_POLICY"


def test_records_live_as_long_as_the_configuration_says() -> None:
    retention = {
        "results": {"keep": "10d", "store": "results"},
        "auditLogs": {"keep": "36h", "store": "vault"},
    }
    for file, days in (("storage", 10), ("trail", 2)):
        for block in blocks(company(retention=retention), file):
            if block.labels[0] == "aws_s3_bucket_object_lock_configuration":
                (rule,) = block.blocks
                assert rule.blocks[0].attributes == {"mode": "COMPLIANCE", "days": days}
                break
        else:
            pytest.fail(f"{file}: nothing is locked")


def test_a_rename_keeps_its_resources() -> None:
    moved = {
        str(b.attributes["from"]): str(b.attributes["to"])
        for file in ("permission_sets", "roles")
        for b in blocks(renamed_on_aws(), file)
        if b.type == "moved"
    }
    new = "researcher__aurora_lab_chemistry__qpu"
    old = "scientist__aurora_bench_chem__qpu"
    assert moved[f"aws_ssoadmin_account_assignment.assignment_{old}__crew"] == (
        f"aws_ssoadmin_account_assignment.assignment_{new}__staff"
    )
    assert moved[f"aws_iam_role.workload_cron__{old}"] == f"aws_iam_role.workload_nightly__{new}"
    assert len(moved) == 7


def test_texts_come_back_literally() -> None:
    (action,) = (b for b in blocks(hostile_on_aws(), "budgets") if "action" in b.labels[0])
    assert action.blocks[-1].attributes["address"] == EVIL_CONTACT
    (statement,) = trust(hostile_on_aws(), "qgov-nightly-").values()
    assert "repo:{a}'b/(c)&d" in statement["Condition"]["StringEquals"].values()


def test_a_name_that_aws_cannot_hold_is_refused_with_its_place() -> None:
    long = "quantum-algorithm-developer"

    def named(name: str) -> AccessModel:
        return repository(
            organization(backends={"garnet": GARNET}, groups={"staff": {}}),
            role(name, "job:submit"),
            tenant(
                "aurora",
                environments=LAB,
                clouds={"braket": ACCOUNT},
                bindings=[{"group": "staff", "role": name, "on": "lab"}],
            ),
        )

    assert "QG978" not in [code for code, _, _ in found(named(long[:19]))]
    finding = about(named(long), "QG978")
    assert finding.severity == "error"
    assert "has 40 characters, and AWS keeps 32" in finding.message
    assert finding.remedy == "shorten the name of the role"
    assert emit(named(long), ["braket"])[0] == {}


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"account": {"account": "410000000101"}}, "has no place for the results"),
        (
            {"serviceAccounts": [{**NIGHTLY, "federation": federation("repo:a/*")}]},
            "compares subjects exactly",
        ),
        (
            {
                "serviceAccounts": [
                    {
                        **NIGHTLY,
                        "bindings": [{"role": "researcher", "on": "lab", "eligible": ELIGIBLE}],
                    }
                ]
            },
            "just-in-time, which no trust policy can say",
        ),
        (
            {
                "serviceAccounts": [
                    {
                        **NIGHTLY,
                        "federation": {**federation(), "issuer": "https://ci.example:8443/x"},
                    }
                ]
            },
            "its issuer has a port",
        ),
        (
            {"serviceAccounts": [{"name": "nightly", "owner": "leads"}]},
            "`aurora/nightly`: it has no federation",
        ),
        (
            {"backends": {"bare": {k: v for k, v in GARNET.items() if k != "target"}}},
            "no device's ARN",
        ),
    ],
)
def test_what_no_control_is_written_for_is_said(spec: dict[str, Any], message: str) -> None:
    finding = about(company(**spec), "QG980")
    assert message in finding.message
    assert finding.severity == "warning"


def test_a_device_outside_of_the_regions_of_aws_is_told_to_nobody() -> None:
    """Any cloud's region may stand there, and it would be the name of a provider."""
    model = company(backends={"garnet": {**GARNET, "region": "2nd"}})
    assert "no region of AWS" in about(model, "QG980").message
    assert not any(
        b"2nd" in content or b"Garnet" in content for content in TARGET.emit(model).values()
    )


def test_a_budget_that_never_stops_stops_nothing_in_aws() -> None:
    endless = {k: v for k, v in BUDGET["budget"].items() if k != "stopAt"}
    model = company(bindings=[STANDING], budget={**BUDGET, "budget": endless})
    assert "so AWS stops nothing" in about(model, "QG980").message
    assert blocks(model, "limits") == ()
    assert blocks(model, "budgets") == ()


def money_of(model: AccessModel) -> Control:
    row = TARGET.controls["braket"][Kind.MONEY]
    return row if isinstance(row, Control) else row(model, model.tenants["aurora"])


CAMPAIGN = {"from": "2026-12-05", "until": "2027-03-01T12:00:00+01:00"}


def test_a_campaign_is_the_window_of_the_limits_and_no_budget_of_aws() -> None:
    money = {**BUDGET["budget"], "period": CAMPAIGN}
    model = company(bindings=[STANDING], budget={**BUDGET, "budget": money})
    (limit,) = resources(model, "limits", "awscc_braket_spending_limit")
    assert (limit["spending_limit"], limit["time_period"]) == (
        "1000.00",
        {"start_at": "2026-12-05T00:00:00Z", "end_at": "2027-03-01T11:00:00Z"},
    )
    assert blocks(model, "budgets") == ()
    names = {b.labels[0] for b in blocks(model, "versions") if b.type == "variable"}
    assert not names & {"period_start", "period_end", "budget_action_role_arn"}
    assert money_of(model) == partly(
        "a spending limit for each QPU, which rejects every task outside of the campaign, and "
        "none for simulators"
    )


def yearly(limit: str) -> dict[str, Any]:
    """A budget of the whole company."""
    money = {**BUDGET["budget"], "period": "yearly", "limit": limit}
    return document("Budget", {"name": "group"}, {**BUDGET, "scope": "*", "budget": money})


@pytest.mark.parametrize(("limit", "own"), [("1000.00 EUR", True), ("999.99 EUR", False)])
def test_the_tighter_of_a_campaign_and_the_calendar_is_the_limit(limit: str, own: bool) -> None:
    money = {**BUDGET["budget"], "period": CAMPAIGN, "limit": "1000.00 EUR"}
    model = company(yearly(limit), bindings=[STANDING], budget={**BUDGET, "budget": money})
    (found,) = resources(model, "limits", "awscc_braket_spending_limit")
    start = "2026-12-05T00:00:00Z" if own else Ref("var.period_start")
    assert found["time_period"]["start_at"] == start
    (budget,) = resources(model, "budgets", "aws_budgets_budget")
    assert budget["time_unit"] == "ANNUALLY"
    names = {b.labels[0] for b in blocks(model, "versions") if b.type == "variable"}
    assert "budget_action_role_arn" in names
    assert ("period_start" in names) is not own


@pytest.mark.parametrize(("limit", "told"), [("1000.01 EUR", True), ("1000.00 EUR", False)])
def test_what_aws_counts_beside_a_tighter_budget_that_it_does_not_is_said(
    limit: str, told: bool
) -> None:
    money = {**BUDGET["budget"], "period": "once", "limit": "1000.00 EUR"}
    model = company(yearly(limit), bindings=[STANDING], budget={**BUDGET, "budget": money})
    says = "AWS counts nothing once, so it stops `aurora` only at what may be spent yearly"
    assert [f.message for f in TARGET.unsupported(model) if f.code == "QG980"] == [says] * told


@pytest.mark.parametrize(
    ("period", "says"),
    [("28d", "AWS counts nothing in any 28d"), ("once", "AWS counts nothing once")],
)
def test_what_aws_does_not_count_is_the_gateways_alone(period: str, says: str) -> None:
    money = {**BUDGET["budget"], "period": period}
    model = company(bindings=[STANDING], budget={**BUDGET, "budget": money})
    found = about(model, "QG980")
    assert says in found.message
    assert found.document == "Budget/aurora"
    assert (blocks(model, "limits"), blocks(model, "budgets")) == ((), ())
    control = money_of(model)
    assert (control.where, "no window that rolls on" in control.how) == (Where.GATEWAY, True)


def test_a_project_that_no_budget_bounds_leaves_the_tenant_without_a_limit() -> None:
    lab = {"lab": {**LAB["lab"], "projects": ["chemistry", "optics"]}}
    some = {**BUDGET, "scope": "aurora/*/chemistry"}
    assert "so AWS stops nothing" in about(company(environments=lab, budget=some), "QG980").message
    assert about_none(company(environments=LAB, budget=some))


def about_none(model: AccessModel) -> bool:
    """Whether AWS holds everything."""
    return TARGET.unsupported(model) == []


SHOP = {
    **LAB,
    "shop": {"tier": "production", "backends": ["garnet"], "projects": ["sales"]},
}
APART = {
    **ACCOUNT,
    "environments": {
        "shop": {"account": "410000000909", "resultsBucket": "amazon-braket-aurora-shop"}
    },
}


def apart(**spec: Any) -> AccessModel:
    """A tenant whose environment `shop` has an account of its own."""
    return company(
        environments=SHOP,
        account=APART,
        bindings=[
            {"group": "staff", "role": "researcher", "on": "*"},
            {"group": "leads", "role": "lead", "on": "shop"},
        ],
        **spec,
    )


def test_an_environment_may_have_an_account_of_its_own() -> None:
    model = apart()
    files = TARGET.emit(model)
    assert f"{FOLDER}/shop/versions.tf" in files
    assert compare_devices(model) == 2
    assert TARGET.unsupported(model) == []
    held = {(h.principal, h.account, h.scope) for h in holders(files)}
    assert held == {
        ("group:staff", "410000000101", "aurora"),
        ("group:staff", "410000000909", "aurora"),
        ("group:leads", "410000000909", "aurora/shop"),
    }
    names = [h.name for h in holders(files)]
    assert len(set(names)) == len(names)
    # What is in an account alone is given for all of the account.
    (lead,) = (h for h in holders(files) if h.principal == "group:leads")
    assert "braket:CancelQuantumTask" in {a for s in lead.policy for a in s["Action"]}


def test_accounts_share_the_money_of_their_tenant() -> None:
    files = TARGET.emit(apart())
    limits = [
        block.attributes["spending_limit"]
        for folder in (FOLDER, f"{FOLDER}/shop")
        for block in parse(files[f"{folder}/limits.tf"])
        if block.type == "resource"
    ]
    assert limits == ["500.00", "500.00"]
    own = {**BUDGET, "scope": "aurora/shop"}
    both = document("Budget", {"name": "lab"}, {**BUDGET, "scope": "aurora/lab"})
    alone = TARGET.emit(company(both, environments=SHOP, account=APART, budget=own))
    for folder in (FOLDER, f"{FOLDER}/shop"):
        (limit,) = (b for b in parse(alone[f"{folder}/limits.tf"]) if b.type == "resource")
        assert limit.attributes["spending_limit"] == "1000.00"


def test_one_account_is_not_two() -> None:
    twice = {**ACCOUNT, "environments": {"shop": {"account": ACCOUNT["account"]}}}
    model = company(environments=SHOP, account=twice)
    messages = [f.message for f in TARGET.unsupported(model) if f.code == "QG979"]
    assert messages == ["`410000000101` would be the account of `aurora` too"]


def test_no_two_tenants_write_one_bucket() -> None:
    lab = {"lab": {**LAB["lab"], "backends": ["garnet", "forte"]}}
    there = "amazon-braket-aurora-us-east-1"
    other = tenant(
        "borealis",
        environments=LAB,
        clouds={"braket": {"account": "410000000202", "resultsBucket": there}},
    )
    model = company(
        other,
        backends={"forte": FORTE},
        environments=lab,
        account={**ACCOUNT, "region": "eu-north-1"},
    )
    finding = about(model, "QG979")
    assert finding.severity == "error"
    assert finding.document == "Tenant/borealis"
    assert f"`{there}` would be the bucket of `aurora` too" in finding.message


def test_a_bucket_of_another_region_must_fit_as_well() -> None:
    long = "amazon-braket-" + "a" * 45
    lab = {"lab": {**LAB["lab"], "backends": ["garnet", "forte"]}}
    account = {"account": "410000000101", "resultsBucket": long, "region": "eu-north-1"}
    model = company(backends={"forte": FORTE}, environments=lab, account=account)
    assert "has 69 characters, and S3 keeps 63" in about(model, "QG978").message


def test_devices_that_do_not_fit_in_a_policy_are_refused() -> None:
    name = "arn:aws:braket:eu-north-1::device/qpu/iqm/Garnet"
    many = {f"device-{n}": {**GARNET, "target": f"{name}-{n}"} for n in range(60)}
    lab = {"lab": {**LAB["lab"], "backends": list(many)}}
    message = about(company(backends=many, environments=lab), "QG978").message
    assert "do not fit in one policy of 5120 bytes" in message


def test_what_is_worked_here_is_all_held_by_aws() -> None:
    assert TARGET.unsupported(worked()) == []


@pytest.mark.no_cover
@given(model=models())
@settings(
    max_examples=25,
    deadline=None,
    phases=set(Phase) - {Phase.shrink},
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_each_device_is_open_to_those_whom_the_table_of_accesses_says(model: AccessModel) -> None:
    compare_devices(model)


def test_each_device_of_the_worked_repository_is_open_to_those_it_says() -> None:
    assert compare_devices(worked()) > 20


def compare_devices(model: AccessModel) -> int:
    """Compare the table of accesses with the devices that policies allow; how many there are."""
    accounts = {
        account.account: (name, own)
        for name, tenant in model.tenants.items()
        for own, account, _ in aws_accounts(tenant.spec)
    }
    given = set()
    for held in holders(TARGET.emit(model)):
        patterns = {
            resource.rpartition("device/")[2]
            for statement in held.policy
            if "braket:CreateQuantumTask" in statement["Action"] and statement["Effect"] == "Allow"
            for resource in statement["Resource"]
            if "device/" in resource
        }
        for path in patterns:
            given.add((held.principal, accounts[held.account], held.scope, path, not held.eligible))
    wanted = set()
    for cell, standing in device_cells(model):
        workload = model.workload_of(cell.principal)
        if workload is not None and (not standing or "*" in (workload.subject or "*")):
            continue
        path = (model.organization.backends[cell.backend].value.target or "").rpartition("device/")
        home = home_of(cell.scope, accounts.values())
        wanted.add((cell.principal, home, cell.scope, path[2], standing))
    reached = {
        (who, account, project, path, standing)
        for who, account, scope, path, standing in given
        for project, _ in projects_with(model, path)
        if contains(scope, project) and account == home_of(project, accounts.values())
    }
    assert reached == wanted
    return len(wanted)


def home_of(project: str, accounts: Collection[tuple[str, str]]) -> tuple[str, str]:
    """The (tenant, own environment) of the account that a project's jobs run in."""
    tenant, environment, _ = project.split("/")
    own = (tenant, environment)
    return own if own in accounts else (tenant, "")


def projects_with(model: AccessModel, path: str) -> set[tuple[str, str]]:
    """(project, backend) of each project that may use a device, in tenants with an account."""
    return {
        (cell.scope, cell.backend)
        for cell, _ in _cells(model)
        if (model.organization.backends[cell.backend].value.target or "").endswith(f"device/{path}")
    }


def _cells(model: AccessModel) -> list[Any]:
    return list(device_cells(model))


Root = tuple[Path, Env]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Root:
    """The root module of `meridian`, which has three regions, and the environment for it."""
    need_terraform()
    schemas = {name: SCHEMAS / f"{name}.json" for name in SCHEMA_VERSIONS}
    env = mirror(tmp_path_factory.mktemp("providers"), schemas)
    folder = lay_out(tmp_path_factory.mktemp("out"), TARGET.emit(worked()))
    return folder / "terraform/tenants/meridian/braket", env


@pytest.mark.real
@pytest.mark.parametrize(
    ("file", "old", "new", "complaint"),
    [
        ("storage", "object_lock_enabled", "object_locked", "Unsupported argument"),
        ("limits", "spending_limit ", "spending_limits", "Missing required argument"),
        ("budgets", '"USD"', "[1]", "Incorrect attribute value type"),
        ("roles", "aws_iam_role_policy", "aws_braket_device", "Invalid resource type"),
        (
            "guardrails",
            "policies/guardrail.json",
            "policies/none.json",
            "Invalid function argument",
        ),
    ],
)
def test_terraform_refuses_a_planted_mistake(
    root: Root, tmp_path: Path, file: str, old: str, new: str, complaint: str
) -> None:
    folder, env = root
    said = planted(folder, tmp_path / "root", env, file, old, new)
    assert any(complaint in each for each in said), said


LIMITED = """\
mock_provider "awscc" {
  alias = "%s"
}
"""

MOCKED = """\
mock_provider "aws" {}

mock_provider "aws" {
  alias = "organization"
}

%s
variables {
  organization_region          = "eu-central-1"
  identity_center_instance_arn = "arn:aws:sso:::instance/ssoins-0123456789abcdef"
  budget_action_role_arn       = "arn:aws:iam::410000000001:role/budgets"
  period_start                 = "2026-12-01T00:00:00Z"
  period_end                   = "2027-01-01T00:00:00Z"
  kms_key_arns                 = %s
  group_ids                    = %s
}

run "plan" {
  command = plan

  assert {
    condition     = aws_s3_bucket.trail.object_lock_enabled
    error_message = "the trail can be deleted"
  }
}
"""


@pytest.mark.real
@pytest.mark.parametrize(
    ("tenant_name", "limited"),
    [
        ("aurora", ["eu-north-1"]),
        ("borealis", ["eu-north-1"]),
        ("meridian", ["us-east-1", "us-west-1"]),
    ],
)
def test_terraform_plans_each_module(root: Root, tenant_name: str, limited: list[str]) -> None:
    meridian, env = root
    folder = meridian.parents[1] / tenant_name / "braket"
    init(folder, env)
    regions = ("eu-north-1", "eu-west-2", "us-east-1", "us-west-1")
    keys = {
        f"{store}:{region}": "arn:aws:kms:eu-west-2:410000000303:key/x"
        for store in worked().organization.stores
        for region in regions
    }
    ids = {name: f"id-{index}" for index, name in enumerate(worked().groups)}
    mocks = "\n".join(LIMITED % region for region in limited)
    mocked = MOCKED % (mocks, json.dumps(keys), json.dumps(ids))
    (folder / "plan.tftest.hcl").write_text(mocked)
    done = terraform(folder, env, "test", "-no-color")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
