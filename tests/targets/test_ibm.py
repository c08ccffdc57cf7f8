"""IBM's Terraform and allocations: who reaches an instance, what it may use, what IBM cannot hold."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
from datetime import UTC, date, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings

from qgov.finding import Finding
from qgov.model.access_model import AccessModel
from qgov.model.accesses import accesses, backends_of
from qgov.model.principal import is_workload, name_of
from qgov.model.scope import contains
from qgov.model.tenants import ibm_instances
from qgov.targets import emit
from qgov.targets.hcl import Block, Ref, parse
from qgov.targets.ibm import SCHEMA_VERSIONS, TARGET
from qgov.targets.ibm.read_back import holders
from tests.strategies import models
from tests.targets.ibm import (
    ACCOUNT,
    BUDGET,
    EAGLE,
    ELIGIBLE,
    HERON,
    INSTANCE,
    LAB,
    STANDING,
    company,
    crn,
    raised,
    renamed_on_ibm,
)
from tests.targets.worked import document, federation, role, tenant, worked
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

FOLDER = "terraform/tenants/aurora/ibm"
NIGHTLY: dict[str, Any] = {
    "name": "nightly",
    "owner": "leads",
    "federation": federation(),
    "bindings": [{"role": "researcher", "on": "lab"}],
}


def blocks(model: AccessModel, file: str) -> tuple[Block, ...]:
    """The blocks of a file of `aurora`; none when there is no such file."""
    return parse(TARGET.emit(model).get(f"{FOLDER}/{file}.tf", b""))


def resources(model: AccessModel, file: str, kind: str) -> dict[str, Block]:
    """The resources of a type by their labels."""
    return {b.labels[1]: b for b in blocks(model, file) if b.labels[:1] == (kind,)}


def actions(model: AccessModel) -> dict[str, list[str]]:
    """The custom roles: label → actions without the service."""
    found: dict[str, Any] = resources(model, "roles", "ibm_iam_custom_role")
    return {
        name: [a.removeprefix("quantum-computing.") for a in each.attributes["actions"]]
        for name, each in found.items()
    }


def allocation(model: AccessModel, name: str = "qauvern.yaml") -> dict[str, Any]:
    """The only instance of a file for the allocation tool."""
    (one,) = yaml.safe_load(TARGET.emit(model)[f"{FOLDER}/{name}"])["instances"]
    return dict(one)


def about(model: AccessModel, code: str) -> Finding:
    """The only finding of a code."""
    (one,) = (f for f in TARGET.unsupported(model) if f.code == code)
    return one


def test_the_recorded_version_is_that_of_the_schema() -> None:
    assert json.loads((SCHEMAS / "ibm.json").read_text())["version"] == SCHEMA_VERSIONS["ibm"]


# ------------------------------------------------------------------------------------- access


def test_a_submitter_has_no_action_on_the_jobs_of_others() -> None:
    assert actions(company(bindings=[STANDING])) == {
        "role_researcher__whole": ["device.read", "instance.read", "job.create"]
    }


def test_what_iam_cannot_narrow_is_given_for_the_whole_instance_alone() -> None:
    lead = {"group": "leads", "role": "lead", "on": "lab"}
    found = ["job.cancel", "job.read", "workload.list"]
    whole = actions(company(bindings=[lead]))["role_lead__whole"]
    assert set(found) < set(whole)
    assert {"instance-usage.read", "instance.configuration.read"} < set(whole)
    part = company(bindings=[{**lead, "on": "lab/chemistry"}])
    assert actions(part) == {}
    assert resources(part, "access_groups", "ibm_iam_access_group") == {}


def test_jobs_are_not_read_by_who_may_not_read_results_for_both_are_one_action() -> None:
    reader = role("reader", "job:read", "job:cancel")
    model = company(reader, bindings=[{"group": "staff", "role": "reader", "on": "lab"}])
    assert actions(model)["role_reader__whole"] == ["device.read", "instance.read", "job.cancel"]


def test_who_holds_it_standing_is_a_member_by_sign_in_and_no_name_is_a_part_of_another() -> None:
    model = company(bindings=[{**STANDING, "requires": {"maxTokenAge": "3h"}}])
    (rule,) = resources(model, "access_groups", "ibm_iam_access_group_dynamic_rule").values()
    assert rule.attributes["identity_provider"] == Ref("var.identity_providers", "workforce")
    assert rule.attributes["expiration"] == 3
    # A claim that is one text, not a list, holds no second entry, so it is never searched in.
    assert [each.attributes for each in rule.blocks] == [
        {"claim": "groups", "operator": "CONTAINS", "value": '"/staff"'},
        {"claim": "groups", "operator": "CONTAINS", "value": '"qgov:groups"'},
    ]


@pytest.mark.parametrize(("age", "hours"), [("10m", 1), ("90m", 1), ("7d", 24)])
def test_a_membership_is_as_short_as_ibm_keeps_one(age: str, hours: int) -> None:
    model = company(bindings=[{**STANDING, "requires": {"maxTokenAge": age}}])
    (rule,) = resources(model, "access_groups", "ibm_iam_access_group_dynamic_rule").values()
    assert rule.attributes["expiration"] == hours


def test_a_policy_is_for_one_instance() -> None:
    model = company(bindings=[STANDING])
    (policy,) = resources(model, "access_groups", "ibm_iam_access_group_policy").values()
    assert policy.attributes["roles"] == [
        Ref("ibm_iam_custom_role.role_researcher__whole.display_name")
    ]
    assert {b.attributes["name"]: b.attributes["value"] for b in policy.blocks} == {
        "serviceName": "quantum-computing",
        "serviceInstance": Ref("ibm_resource_instance.instance_aurora.guid"),
    }


ELEVATED = document(
    "Elevation",
    {"name": "mei-november"},
    {
        "subject": "mei@northwind.example",
        "role": "researcher",
        "on": "aurora/lab",
        "reason": "calibration",
        "ticket": "QGOV-1",
        "approvedBy": "ines@northwind.example",
        "notBefore": "2026-11-23T08:00:00+01:00",
        "expires": "2026-11-23T12:00:00+01:00",
    },
)


def test_an_elevation_ends_by_itself() -> None:
    model = company(ELEVATED, bindings=[{**STANDING, "eligible": ELIGIBLE}])
    groups = resources(model, "access_groups", "ibm_iam_access_group")
    assert groups["eligible_researcher__aurora_lab"].attributes["tags"] == ["qgov-eligible:staff"]
    policies = resources(model, "access_groups", "ibm_iam_access_group_policy")
    elevated = policies["elevation_mei-november__researcher__aurora_lab"]
    assert elevated.attributes["pattern"] == "time-based-conditions:once"
    assert elevated.attributes["rule_operator"] == "and"
    assert [
        (b.attributes["operator"], b.attributes["value"])
        for b in elevated.blocks
        if b.type == "rule_conditions"
    ] == [
        ("dateTimeGreaterThanOrEquals", ["2026-11-23T07:00:00+00:00"]),
        ("dateTimeLessThanOrEquals", ["2026-11-23T11:00:00+00:00"]),
    ]
    (member,) = resources(model, "access_groups", "ibm_iam_access_group_members").values()
    assert member.attributes["ibm_ids"] == [Ref("var.ibm_ids", "mei@northwind.example")]


@pytest.mark.parametrize(
    "wrong",
    [
        {"approvedBy": "MEI@northwind.example"},
        {"ticket": None},
        {"notBefore": None},
        {"expires": "2026-11-23T12:00:01+01:00"},
    ],
    ids=["self-approved", "no ticket", "no beginning", "too long"],
)
def test_an_elevation_that_the_decision_refuses_gives_nothing(wrong: dict[str, Any]) -> None:
    spec = {k: v for k, v in {**ELEVATED["spec"], **wrong}.items() if v is not None}
    model = company({**ELEVATED, "spec": spec}, bindings=[{**STANDING, "eligible": ELIGIBLE}])
    assert not resources(model, "access_groups", "ibm_iam_access_group_members")


def test_a_workload_has_a_service_id_of_its_own() -> None:
    other = {**NIGHTLY, "name": "unproven", "federation": None}
    model = company(serviceAccounts=[NIGHTLY, {k: v for k, v in other.items() if v}])
    assert list(resources(model, "service_ids", "ibm_iam_service_id")) == ["workload_nightly"]
    (policy,) = resources(model, "service_ids", "ibm_iam_service_policy").values()
    assert policy.attributes["iam_id"] == Ref("ibm_iam_service_id.workload_nightly.iam_id")


def test_an_instance_is_adopted_with_its_devices_and_no_other() -> None:
    adopted, instance = blocks(company(bindings=[STANDING]), "instances")
    assert adopted.attributes == {
        "to": Ref("ibm_resource_instance.instance_aurora"),
        "id": crn(1),
    }
    assert instance.attributes["plan"] == Ref("var.plans", "premium")
    assert json.loads(str(instance.attributes["parameters_json"])) == {"backends": ["ibm_aachen"]}
    assert instance.blocks[0].attributes == {"prevent_destroy": True}


def test_an_instance_that_nothing_uses_has_no_device() -> None:
    model = company(environments={"lab": {**LAB["lab"], "backends": []}})
    _, instance = blocks(model, "instances")
    assert json.loads(str(instance.attributes["parameters_json"])) == {"backends": []}


def test_an_instance_is_reached_from_its_networks_alone() -> None:
    model = company(instance={**INSTANCE, "networks": ["198.51.100.7", "192.0.2.0/24"]})
    (zone,) = resources(model, "networks", "ibm_cbr_zone").values()
    assert [b.attributes for b in zone.blocks] == [
        {"type": "subnet", "value": "192.0.2.0/24"},
        {"type": "ipAddress", "value": "198.51.100.7"},
    ]
    (rule,) = resources(model, "networks", "ibm_cbr_rule").values()
    assert rule.attributes["enforcement_mode"] == "enabled"
    attributes = [b.attributes for part in rule.blocks for b in part.blocks]
    assert {"name": "networkZoneId", "value": Ref("ibm_cbr_zone.instance_aurora.id")} in attributes
    assert {
        "name": "serviceInstance",
        "value": Ref("ibm_resource_instance.instance_aurora.guid"),
    } in attributes


SHOP = {
    **LAB,
    "shop": {"tier": "production", "backends": ["heron", "eagle"], "projects": ["sales"]},
}
APART = {
    **INSTANCE,
    "environments": ["lab"],
    "instances": {
        "shop": {
            "instance": crn(2),
            "plan": "premium",
            "region": "eu-de",
            "environments": ["shop"],
        },
        "overseas": {"instance": crn(3, "us-east"), "plan": "pay-as-you-go", "region": "us-east"},
    },
}


def apart(**spec: Any) -> AccessModel:
    """A tenant with three instances: of two environments, and of another plan and region."""
    return company(
        backends={"eagle": {**EAGLE, "jurisdiction": "eu"}},
        environments=SHOP,
        instance=APART,
        bindings=[
            {"group": "staff", "role": "researcher", "on": "*"},
            {"group": "leads", "role": "lead", "on": "shop"},
        ],
        **spec,
    )


def test_a_tenant_may_have_several_instances() -> None:
    held = {(who, inside) for who, _, _, inside, _ in holders(TARGET.emit(apart()))}
    assert held == {
        ("group:staff", "instance_aurora"),
        ("group:staff", "instance_aurora__shop"),
        ("group:staff", "instance_aurora__overseas"),
        ("group:leads", "instance_aurora__shop"),
        ("group:leads", "instance_aurora__overseas"),
    }
    # What is in an instance alone is given for all of the instance.
    assert "job.read" in actions(apart())["role_lead__whole"]


def test_a_rename_keeps_its_resources() -> None:
    moved = {
        str(b.attributes["from"]): str(b.attributes["to"])
        for file in ("instances", "roles", "access_groups", "service_ids")
        for b in blocks(renamed_on_ibm(), file)
        if b.type == "moved"
    }
    new, old = "researcher__aurora_lab_chemistry", "scientist__dawn_bench_chem"
    assert moved == {
        "ibm_resource_instance.instance_dawn": "ibm_resource_instance.instance_aurora",
        f"ibm_iam_access_group.standing_{old}": f"ibm_iam_access_group.standing_{new}",
        f"ibm_iam_access_group_policy.standing_{old}": (
            f"ibm_iam_access_group_policy.standing_{new}"
        ),
        f"ibm_iam_access_group_dynamic_rule.rule_{old}__crew": (
            f"ibm_iam_access_group_dynamic_rule.rule_{new}__staff"
        ),
        "ibm_iam_access_group.eligible_scientist__dawn_bench": (
            "ibm_iam_access_group.eligible_researcher__aurora_lab"
        ),
        "ibm_iam_access_group_policy.eligible_scientist__dawn_bench": (
            "ibm_iam_access_group_policy.eligible_researcher__aurora_lab"
        ),
        "ibm_iam_custom_role.role_scientist": "ibm_iam_custom_role.role_researcher",
        "ibm_iam_custom_role.role_scientist__whole": "ibm_iam_custom_role.role_researcher__whole",
        "ibm_iam_service_id.workload_cron": "ibm_iam_service_id.workload_nightly",
        f"ibm_iam_service_policy.workload_cron__{old}": (
            f"ibm_iam_service_policy.workload_nightly__{new}"
        ),
    }


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


def test_each_device_of_several_instances_is_open_to_those_it_says() -> None:
    assert compare_devices(apart()) == 3
    assert compare_devices(worked()) > 3


def compare_devices(model: AccessModel) -> int:
    """Compare the table of accesses with the devices of the instances that somebody reaches; how
    many there are. What is reached besides, since an instance knows no environment, is said."""
    files = TARGET.emit(model)
    said = {f.message.split("`")[1] for f in TARGET.unsupported(model) if " reaches `" in f.message}
    reached = set()
    for who, eligible, scope, inside, may in holders(files):
        if "quantum-computing.job.create" not in may:
            continue
        tenant, _, name = inside.removeprefix("instance_").partition("__")
        (instance,) = (i for n, i, _ in ibm_instances(model.tenants[tenant].spec) if n == name)
        (open_to,) = (
            json.loads(str(block.attributes["parameters_json"]))["backends"]
            for block in parse(files[f"terraform/tenants/{tenant}/ibm/instances.tf"])
            if block.labels == ("ibm_resource_instance", inside)
        )
        own = set()
        for environment in model.tenants[tenant].environments.values():
            if instance.environments and environment.name not in instance.environments:
                continue
            for backend in backends_of(model, environment):
                spec = model.organization.backends[backend].value
                places = [f"{environment.scope}/{project}" for project in environment.projects]
                here = [
                    place
                    for place in places
                    if contains(scope, place) and backend in backends_of(model, environment, place)
                ]
                if spec.cloud == "ibm" and spec.target in open_to and here:
                    own.add(spec.target)
                    reached |= {(who, place, backend, not eligible) for place in here}
        assert own
        assert not set(open_to) - own or any(text.endswith(f" at {scope}") for text in said)
    wanted = set()
    for cell, paths in accesses(model).of("job:submit").items():
        tenant, home, _ = cell.scope.split("/")
        spec = model.organization.backends[cell.backend].value
        served = any(
            spec.region == i.region and (not i.environments or home in i.environments)
            for _, i, _ in ibm_instances(model.tenants[tenant].spec)
        )
        for path in paths if spec.cloud == "ibm" and served else ():
            standing = path.conditions.eligible is None
            if path.elevation is None and (standing or not is_workload(cell.principal)):
                wanted.add((cell.principal, cell.scope, cell.backend, standing))
    keyed = {row for row in reached if not is_workload(row[0]) or row in wanted}
    assert keyed == wanted
    # A key proves a workload to IBM whom no token proves to the gateway.
    assert all(model.workloads[name_of(row[0])].spec.static_credential for row in reached - keyed)
    return len(wanted)


# ------------------------------------------------------------------------------------- limits


def test_a_limit_is_what_the_budget_buys() -> None:
    assert allocation(company()) == {
        "name": "qgov-aurora",
        "crn": crn(1),
        "limit_seconds": 400,
    }


QUOTA = {"scope": "aurora", "owner": "leads"}
CAMPAIGN = {"from": "2026-12-05", "until": "2027-03-01"}


@pytest.mark.parametrize(
    ("budget", "seconds"),
    [
        ({"quotas": [{"measure": "qpuSeconds", "per": "month", "limit": 90}]}, 90),
        ({"quotas": [{"measure": "qpuSeconds", "per": "day", "limit": 5}]}, 140),
        ({"quotas": [{"measure": "qpuSeconds", "per": "28d", "limit": 90}]}, 90),
        ({"quotas": [{"measure": "qpuSeconds", "per": "7d", "limit": 90}]}, 360),
        ({"quotas": [{"measure": "qpuSeconds", "per": "10d", "limit": 90}]}, 180),
        ({"quotas": [{"measure": "qpuSeconds", "per": "90d", "limit": 90}]}, 90),
        ({"quotas": [{"measure": "qpuSeconds", "per": "once", "limit": 90}]}, 90),
        ({"quotas": [{"measure": "qpuSeconds", "per": "job", "limit": 5}]}, None),
        ({"budget": {"period": "28d", "limit": "800.00 EUR", "stopAt": "100%"}}, 400),
        ({"budget": {"period": "14d", "limit": "800.00 EUR", "stopAt": "100%"}}, 800),
        ({"budget": {"period": "once", "limit": "800.00 EUR", "stopAt": "100%"}}, 400),
        ({"budget": {"period": CAMPAIGN, "limit": "800.00 EUR", "stopAt": "100%"}}, 0),
        ({"budget": {"period": CAMPAIGN, "limit": "800.00 EUR"}}, None),
        ({"quotas": [{"measure": "shots", "per": "month", "limit": 5}]}, None),
        ({"budget": {"period": "monthly", "limit": "3.99 EUR", "stopAt": "100%"}}, 1),
        ({"budget": {"period": "monthly", "limit": "800.00 EUR", "stopAt": "50%"}}, 200),
        ({"budget": {"period": "monthly", "limit": "800.00 EUR"}}, None),
        ({"group": "staff", "budget": BUDGET["budget"]}, None),
    ],
)
def test_each_bound_in_seconds_or_money_arrives(
    budget: dict[str, Any], seconds: int | None
) -> None:
    assert allocation(company(budget={**QUOTA, **budget})).get("limit_seconds") == seconds


def test_the_strictest_limit_decides() -> None:
    own = {**INSTANCE, "instanceLimitSeconds": 399}
    assert allocation(company(instance=own))["limit_seconds"] == 399
    assert (
        allocation(company(instance={**own, "instanceLimitSeconds": 401}))["limit_seconds"] == 400
    )


def test_pay_as_you_go_counts_the_whole_life_of_an_instance() -> None:
    own = {**INSTANCE, "plan": "pay-as-you-go", "usedSeconds": 1000}
    assert allocation(company(instance=own))["limit_seconds"] == 1400
    assert allocation(company(instance={**own, "plan": "premium"}))["limit_seconds"] == 400


def test_the_dearest_device_decides_how_much_money_buys() -> None:
    dear = {**HERON, "target": "ibm_dear", "price": {**HERON["price"], "perSecond": "4.00 EUR"}}
    lab = {"lab": {**LAB["lab"], "backends": ["heron", "dear"]}}
    model = company(backends={"dear": dear}, environments=lab)
    assert allocation(model)["limit_seconds"] == 200


def test_a_project_that_no_budget_bounds_leaves_the_instance_without_a_limit() -> None:
    lab = {"lab": {**LAB["lab"], "projects": ["chemistry", "optics"]}}
    some = {**BUDGET, "scope": "aurora/*/chemistry"}
    model = company(environments=lab, budget=some)
    assert "limit_seconds" not in allocation(model)
    assert "neither a limit nor a budget" in about(model, "QG980").message
    both = document("Budget", {"name": "optics"}, {**BUDGET, "scope": "aurora/*/optics"})
    assert allocation(company(both, environments=lab, budget=some))["limit_seconds"] == 800


def test_instances_share_the_seconds_of_their_tenant() -> None:
    files = TARGET.emit(apart())
    limits = {
        each["name"]: each["limit_seconds"]
        for name in ("qauvern.yaml", "qauvern-paygo.yaml")
        for each in yaml.safe_load(files[f"{FOLDER}/{name}"])["instances"]
    }
    assert limits == {"qgov-aurora": 133, "qgov-aurora-shop": 133, "qgov-aurora-overseas": 133}


@pytest.mark.parametrize("plan", ["flex", "open"])
def test_a_plan_that_the_tool_does_not_know_has_its_limit_in_terraform(plan: str) -> None:
    model = company(instance={**INSTANCE, "plan": plan})
    _, instance = blocks(model, "instances")
    assert json.loads(str(instance.attributes["parameters_json"])) == {
        "backends": ["ibm_aachen"],
        "instance_limit_seconds": "400",
    }
    assert f"{FOLDER}/qauvern.yaml" not in TARGET.emit(model)


def test_a_budget_exception_is_a_bonus_for_a_time() -> None:
    more = raised("sprint", "2026-12-01T00:00:00Z", "2026-12-20T00:00:00Z")
    assert allocation(company(more))["net_grants"] == [
        {
            "start_date": "2026-12-01T00:00:00+00:00",
            "end_date": "2026-12-20T00:00:00+00:00",
            "net_grant_seconds": 50,
        }
    ]


def test_a_campaign_is_a_bonus_for_its_time_and_bounds_its_exceptions() -> None:
    money = {"period": CAMPAIGN, "limit": "800.00 EUR", "stopAt": "100%"}
    within = raised("sprint", "2026-12-01T00:00:00Z", "2026-12-20T00:00:00Z")
    after = raised("late", "2027-03-01T00:00:00Z", "2027-03-20T00:00:00Z")
    found = allocation(company(within, after, budget={**QUOTA, "budget": money}))
    assert found["limit_seconds"] == 0
    assert [tuple(each.values()) for each in found["net_grants"]] == [
        ("2026-12-05T00:00:00+00:00", "2026-12-20T00:00:00+00:00", 50),
        ("2026-12-05T00:00:00+00:00", "2027-03-01T00:00:00+00:00", 400),
    ]


def test_a_campaign_beside_a_budget_adds_what_both_allow() -> None:
    money = {"period": CAMPAIGN, "limit": "800.00 EUR", "stopAt": "100%"}
    cap = document(
        "Budget",
        {"name": "cap"},
        {**QUOTA, "quotas": [{"measure": "qpuSeconds", "per": "28d", "limit": 300}]},
    )
    found = allocation(company(cap, budget={**QUOTA, "budget": money}))
    assert found["limit_seconds"] == 0
    assert [each["net_grant_seconds"] for each in found["net_grants"]] == [300]


def test_a_campaign_on_a_plan_that_the_tool_does_not_know_is_said() -> None:
    money = {"period": CAMPAIGN, "limit": "800.00 EUR", "stopAt": "100%"}
    own = {**INSTANCE, "plan": "flex"}
    model = company(instance=own, budget={**QUOTA, "budget": money})
    assert "no campaign begins there" in about(model, "QG980").message


def test_an_exception_without_a_beginning_begins_28_days_before_its_end() -> None:
    (grant,) = allocation(company(raised("sprint", None, "2026-12-29T00:00:00Z")))["net_grants"]
    assert grant["start_date"] == "2026-12-01T00:00:00+00:00"


def test_bonuses_together_are_no_more_than_another_budget_allows() -> None:
    cap = document(
        "Budget",
        {"name": "cap"},
        {**QUOTA, "quotas": [{"measure": "qpuSeconds", "per": "month", "limit": 460}]},
    )
    first = raised("first", "2026-12-01T00:00:00Z", "2026-12-20T00:00:00Z")
    second = raised("second", "2026-12-05T00:00:00Z", "2026-12-20T00:00:00Z")
    third = raised("third", "2026-12-06T00:00:00Z", "2026-12-20T00:00:00Z")
    grants = allocation(company(cap, first, second, third))["net_grants"]
    assert [each["net_grant_seconds"] for each in grants] == [50, 10]


# ----------------------------------------------------------------------- IBM's own allocation tool


@pytest.fixture
def qauvern() -> None:
    """Skip the test when IBM's tool is missing; fail it when QGOV_REQUIRE_REAL=1."""
    if importlib.util.find_spec("qauvern") is None:
        if os.environ.get("QGOV_REQUIRE_REAL") == "1":
            pytest.fail("QGOV_REQUIRE_REAL=1 but missing: qauvern")
        pytest.skip("missing: qauvern (make install-dev)")


def read_by_tool(tmp_path: Path, model: AccessModel, name: str = "qauvern.yaml") -> Any:
    """An emitted file as the tool itself loads it."""
    file = tmp_path / name
    file.write_bytes(TARGET.emit(model)[f"{FOLDER}/{name}"])
    return import_module("qauvern.config").ConfigParser(str(file))


@pytest.mark.usefixtures("qauvern")
def test_the_tools_own_loader_reads_the_limit_and_the_bonus(tmp_path: Path) -> None:
    more = raised("sprint", "2026-12-01T00:00:00+01:00", "2026-12-20T00:00:00+01:00")
    read = read_by_tool(tmp_path, company(more))
    assert (read.account_id, read.plan.value) == (ACCOUNT, "premium")
    (one,) = read.instance_configs
    assert (one.name, one.crn, one.target_limit_seconds) == ("qgov-aurora", crn(1), 400)
    (grant,) = one.net_grants
    assert grant.net_grant_seconds == 50
    assert grant.start_date == datetime(2026, 12, 1, tzinfo=UTC)
    assert grant.end_date == datetime(2026, 12, 19, 23, tzinfo=UTC)


@pytest.mark.usefixtures("qauvern")
def test_the_tools_own_loader_reads_a_campaign(tmp_path: Path) -> None:
    money = {"period": CAMPAIGN, "limit": "800.00 EUR", "stopAt": "100%"}
    read = read_by_tool(tmp_path, company(budget={**QUOTA, "budget": money}))
    (one,) = read.instance_configs
    (grant,) = one.net_grants
    assert (one.target_limit_seconds, grant.net_grant_seconds) == (0, 400)
    assert grant.start_date == datetime(2026, 12, 5, tzinfo=UTC)
    assert grant.end_date == datetime(2027, 3, 1, tzinfo=UTC)


@pytest.mark.usefixtures("qauvern")
@pytest.mark.parametrize("begins", ["2026-12-01T00:00:00Z", "2026-12-01T00:00:00+01:00"])
def test_the_tool_resolves_the_bonus_while_it_lasts(tmp_path: Path, begins: str) -> None:
    more = raised("sprint", begins, "2026-12-20T00:00:00Z")
    (one,) = read_by_tool(tmp_path, company(more)).instance_configs
    models = import_module("qauvern.models")
    usage = models.InstanceDetailedUsage(0, 0, 0, 0, {})
    state = models.InstanceState(crn(1), "qgov-aurora", 0, None, 0, usage)
    resolve = import_module("qauvern.limit_resolver").resolve_limit
    totals = [
        resolve(one, state, day).total
        for day in (date(2026, 11, 30), date(2026, 12, 1), date(2026, 12, 19), date(2026, 12, 20))
    ]
    assert totals == [400, 450, 450, 400]


@pytest.mark.usefixtures("qauvern")
def test_the_tool_reads_every_file_of_the_worked_repository(tmp_path: Path) -> None:
    found = {}
    for path, content in TARGET.emit(worked()).items():
        if path.rpartition("/")[2].startswith("qauvern"):
            file = tmp_path / path.replace("/", "-")
            file.write_bytes(content)
            for one in import_module("qauvern.config").ConfigParser(str(file)).instance_configs:
                found[one.name] = one.target_limit_seconds
    assert found == {"qgov-helix": 10800}


@pytest.mark.usefixtures("qauvern")
def test_the_tool_reads_each_of_several_plans(tmp_path: Path) -> None:
    plans = {
        name: read_by_tool(tmp_path, apart(), name).plan.value
        for name in ("qauvern.yaml", "qauvern-paygo.yaml")
    }
    assert plans == {"qauvern.yaml": "premium", "qauvern-paygo.yaml": "paygo"}


# ------------------------------------------------------------------------------- what it cannot


def test_a_role_whose_name_ibm_cannot_hold_is_refused_with_its_place() -> None:
    long = "r" * 37
    model = company(
        role(long, "job:submit"), bindings=[{"group": "staff", "role": long, "on": "lab"}]
    )
    finding = about(model, "QG978")
    assert finding.severity == "error"
    assert finding.remedy == "shorten the name of the role"
    assert emit(model, ["ibm"])[0] == {}
    short = "r" * 36
    model = company(
        role(short, "job:submit"), bindings=[{"group": "staff", "role": short, "on": "lab"}]
    )
    assert TARGET.unsupported(model) == []


@pytest.mark.parametrize(
    ("instance", "code", "message"),
    [
        ({**INSTANCE, "region": "us-east"}, "QG978", "its CRN says that it is in `eu-de`"),
        (
            {
                **INSTANCE,
                "instances": {"other": {**INSTANCE, "instance": crn(2, account="0" * 32)}},
            },
            "QG978",
            "of another account",
        ),
        ({**INSTANCE, "instances": {"other": INSTANCE}}, "QG979", "would be the instance of"),
    ],
)
def test_an_instance_that_cannot_be_is_refused(
    instance: dict[str, Any], code: str, message: str
) -> None:
    finding = about(company(instance=instance), code)
    assert message in finding.message
    assert finding.severity == "error"


def test_no_two_instances_of_an_account_have_one_name() -> None:
    other = tenant(
        "aurora-shop", environments=LAB, clouds={"ibm": {**INSTANCE, "instance": crn(9)}}
    )
    further = {"shop": {**INSTANCE, "instance": crn(2)}}
    model = company(other, instance={**INSTANCE, "instances": further})
    finding = about(model, "QG979")
    assert "`qgov-aurora-shop` would be the name of `aurora/shop` too" in finding.message
    assert finding.document == "Tenant/aurora-shop"


WIDER = {
    **LAB,
    "shop": {"tier": "production", "backends": ["other"], "projects": ["sales"]},
}


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            {
                "backends": {"other": {**HERON, "target": "ibm_other"}},
                "environments": WIDER,
                "bindings": [STANDING],
            },
            "reaches `ibm_other` too",
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
            "just-in-time, which no key says",
        ),
        (
            {"backends": {"bare": {**HERON, "target": "IBM Aachen".replace(" ", "/")}}},
            "device's name",
        ),
    ],
)
def test_what_no_control_is_written_for_is_said(spec: dict[str, Any], message: str) -> None:
    finding = about(company(**spec), "QG980")
    assert message in finding.message
    assert finding.severity == "warning"


def test_an_exception_within_a_day_adds_nothing_and_is_said() -> None:
    short = raised("short", "2026-12-01T08:00:00Z", "2026-12-01T20:00:00Z")
    assert "counts whole days in UTC" in about(company(short), "QG980").message


def test_an_exception_of_a_plan_that_the_tool_does_not_know_is_said() -> None:
    more = raised("sprint", "2026-12-01T00:00:00Z", "2026-12-20T00:00:00Z")
    model = company(more, instance={**INSTANCE, "plan": "flex"})
    assert "adds nothing there" in about(model, "QG980").message


def test_what_is_worked_here_is_all_held_by_ibm() -> None:
    assert TARGET.unsupported(worked()) == []


def test_a_tenant_without_an_instance_has_no_module() -> None:
    assert TARGET.emit(company(clouds={}, bindings=[STANDING])) == {}


# ---------------------------------------------------------------------------------------- Terraform

Root = tuple[Path, Env]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Root:
    """The root modules of several repositories, and the environment for them."""
    need_terraform()
    env = mirror(tmp_path_factory.mktemp("providers"), {"ibm": SCHEMAS / "ibm.json"})
    folder = tmp_path_factory.mktemp("out")
    for name, model in (("worked", worked()), ("apart", apart()), ("renamed", renamed_on_ibm())):
        lay_out(folder / name, TARGET.emit(model))
    return folder, env


@pytest.mark.real
@pytest.mark.parametrize(
    ("file", "old", "new", "complaint"),
    [
        ("instances", "parameters_json", "parameter_json", "Unsupported argument"),
        ("access_groups", "identity_provider ", "identity ", "Missing required argument"),
        (
            "access_groups",
            "ibm_iam_access_group_policy",
            "ibm_quantum_job",
            "Invalid resource type",
        ),
        ("networks", "contexts {", "context {", "Unsupported block type"),
    ],
)
def test_terraform_refuses_a_planted_mistake(
    root: Root, tmp_path: Path, file: str, old: str, new: str, complaint: str
) -> None:
    folder, env = root
    said = planted(folder / f"renamed/{FOLDER}", tmp_path / "root", env, file, old, new)
    assert any(complaint in each for each in said), said


MOCKED = """\
mock_provider "ibm" {}

variables {
  plans              = { premium = "a", pay-as-you-go = "b" }
  identity_providers = { workforce = "https://idp.example" }
  ibm_ids            = { "noor@northwind.example" = "noor@northwind.example" }
  audit_endpoint     = "s3.eu-de.cloud-object-storage.appdomain.cloud"
  audit_target_crn   = "crn:v1:bluemix:public:cloud-object-storage:global:a/1:2::"
  audit_bucket       = "audit"
}

run "plan" {
  command = plan

  assert {
    condition     = %s
    error_message = "it is not as it was reviewed"
  }
}
"""


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "condition"),
    [
        (
            "worked/terraform/tenants/helix/ibm",
            'jsondecode(ibm_resource_instance.instance_helix.parameters_json).backends[0] == "ibm_aachen"',
        ),
        (
            f"apart/{FOLDER}",
            'ibm_resource_instance.instance_aurora__overseas.location == "us-east"',
        ),
        (
            f"renamed/{FOLDER}",
            'ibm_cbr_rule.instance_aurora.enforcement_mode == "enabled"',
        ),
        (
            f"worked/terraform/accounts/ibm/{ACCOUNT}",
            'contains(ibm_atracker_route.audit.rules[0].locations, "eu-de")',
        ),
    ],
)
def test_terraform_plans_each_module(root: Root, tmp_path: Path, name: str, condition: str) -> None:
    folder, env = root
    copy = tmp_path / "root"
    shutil.copytree(folder / name, copy)
    instances = copy / "instances.tf"
    if instances.exists():  # a mock provider has nothing that could be adopted
        text = instances.read_text()
        parts = [p for p in text.split("\n\n") if not p.startswith("import {")]
        instances.write_text("\n\n".join(parts))
    init(copy, env)
    (copy / "plan.tftest.hcl").write_text(MOCKED % condition)
    done = terraform(copy, env, "test", "-no-color")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
