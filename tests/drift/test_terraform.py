"""Plans and states of Terraform, of any provider, that are not as was reviewed."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from qgov.drift.adopt.adopt import adopt
from qgov.drift.drift import Drift, Kind, Report
from qgov.drift.observe import chosen, observe
from qgov.drift.observer import UnreadableError
from qgov.drift.observers.terraform.meaning import tenants_by_account
from qgov.model.access_model import AccessModel
from qgov.plan.risk import Risk
from qgov.render.revert import as_script
from qgov.repository import read_work_tree
from qgov.targets import emit
from qgov.targets.hcl import Block, Ref, parse
from tests.drift.conftest import NOW, ROOT
from tests.targets.direct import company as at_a_vendor
from tests.terraform.harness import clean_env, need_terraform, terraform

Json = dict[str, Any]


def read(model: AccessModel, document: Any, folder: Path) -> tuple[Drift, ...]:
    path = folder / "show.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return observe(model, chosen([f"terraform:{path}"], {}), {}, NOW).drift


def script(drift: tuple[Drift, ...]) -> str:
    return as_script(Report((), drift, ()))


def test_an_address_is_one_word_of_the_script(model: AccessModel, tmp_path: Path) -> None:
    hostile = """terraform_data.x["a'$(touch pwned) b\n#"]"""
    change = planned(hostile, {"input": "b"}, {"input": "a"}, type="terraform_data")
    text = script(read(model, plan(change), tmp_path))
    done = subprocess.run(
        ["bash", "-c", 'terraform() { printf "%s\\0" "$@"; }\n' + text],
        cwd=tmp_path,
        capture_output=True,
        check=True,
    )
    assert done.stdout.decode().split("\0")[:-1] == ["apply", f"-target={hostile}"]
    assert not (tmp_path / "pwned").exists()


# ------------------------------------------------------------------------------- a real plan


@pytest.mark.real
def test_what_a_real_plan_would_change_is_told(model: AccessModel, tmp_path: Path) -> None:
    need_terraform()
    env = clean_env()

    def shown(**inputs: str) -> Json:
        blocks = [f'resource "terraform_data" "{n}" {{ input = "{v}" }}' for n, v in inputs.items()]
        (tmp_path / "main.tf").write_text("\n".join(blocks))
        for command in (["init"], ["plan", "-out=plan"]):
            assert terraform(tmp_path, env, *command, "-input=false").returncode == 0
        found: Json = json.loads(terraform(tmp_path, env, "show", "-json", "plan").stdout)
        return found

    shown(one="a", two="a")
    assert terraform(tmp_path, env, "apply", "-input=false", "plan").returncode == 0
    assert read(model, shown(one="a", two="a"), tmp_path) == ()
    drift = read(model, shown(one="b", three="c"), tmp_path)
    told = {(str(each.kind), each.how[0], each.observed, each.desired) for each in drift}
    assert told == {
        ("changed", "`input` of the resource `terraform_data.one`", "a", "b"),
        ("unmanaged", "the resource `terraform_data.two`", "terraform_data", None),
        ("missing", "the resource `terraform_data.three`", None, "terraform_data"),
    }
    commands = [line for line in script(drift).splitlines() if line.startswith("terraform ")]
    for number, command in enumerate(sorted(commands), start=1):  # whoever runs them says yes
        asked = [*shlex.split(command)[1:], "-auto-approve", "-input=false"]
        assert terraform(tmp_path, env, *asked).returncode == 0
        left = read(model, shown(one="b", three="c"), tmp_path)
        assert len(left) == len(commands) - number
    assert len(commands) == len(drift)
    shutil.rmtree(tmp_path / ".terraform", ignore_errors=True)


# --------------------------------------------------------------------- plans of three providers


def planned(address: str, before: Json | None, after: Json | None, **change: Any) -> Json:
    actions = ["create"] if before is None else ["delete"] if after is None else ["update"]
    return {
        "address": address,
        "mode": "managed",
        "type": address.partition(".")[0],
        "change": {"actions": actions, "before": before, "after": after, **change},
    }


def plan(*changes: Json, **fields: Any) -> Json:
    return {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {},
        "resource_changes": list(changes),
        **fields,
    }


def test_what_a_plan_lets_go_has_been_reviewed(model: AccessModel, tmp_path: Path) -> None:
    group = planned("keycloak_x.group_night", {"name": "night"}, None, actions=["forget"])
    guard = 'terraform_data.kept_until_retired_groups["night"]'
    moved = planned(guard, {"input": "x"}, None, actions=["forget"], type="terraform_data")
    other = planned("keycloak_x.group_day", {"name": "d"}, {"name": "d"}, actions=["no-op"])
    assert read(model, plan(group, moved, other), tmp_path) == ()
    gone = planned("keycloak_x.group_night", {"name": "night"}, None)
    (drift,) = read(model, plan(gone, other), tmp_path)
    assert drift.kind is Kind.UNMANAGED


HELIX = "/subscriptions/7d1c2a34-0000-4000-8000-00000000a001/resourceGroups/helix-quantum"
CASES: dict[str, tuple[Json, Kind, str, str | None, str]] = {
    "aws": (
        planned(
            "aws_ssoadmin_account_assignment.x",
            {"principal_id": "group-eve", "target_id": "410000000101"},
            None,
        ),
        Kind.UNMANAGED,
        "`principal:group-eve` may `job:submit` on aurora by the cloud's own rights",
        "job:submit",
        "aurora",
    ),
    "azurerm": (
        planned(
            "azurerm_role_assignment.x",
            {"principal_id": "p", "scope": HELIX, "role_definition_name": "Reader"},
            {"principal_id": "p", "scope": HELIX, "role_definition_name": "Owner"},
        ),
        Kind.CHANGED,
        "through `role_definition_name` of the resource `azurerm_role_assignment.x`",
        "job:submit",
        "helix",
    ),
    "google": (
        planned(
            "google_project_iam_member.x",
            {"project": "northwind-meridian-qc", "member": "user:eve", "role": "roles/owner"},
            None,
        ),
        Kind.UNMANAGED,
        "`principal:user:eve` may `job:submit` on meridian",
        "job:submit",
        "meridian",
    ),
    "ibm": (
        planned("ibm_iam_user_policy.x", {"iam_id": "eve", "roles": ["Manager"]}, None),
        Kind.UNMANAGED,
        "`principal:eve` may `job:submit` on *",
        "job:submit",
        "*",
    ),
    "a key": (
        planned("aws_iam_access_key.x", {"user": "eve"}, None),
        Kind.UNMANAGED,
        "with a key that does not end",
        "job:submit",
        "*",
    ),
    "a budget": (
        planned("aws_budgets_budget.x", {"limit_amount": "9"}, {"limit_amount": "5"}),
        Kind.CHANGED,
        "may spend up to another limit, and so `budget:write` on *",
        "budget:write",
        "*",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_plan_of_any_provider_is_told_in_the_words_of_access(
    model: AccessModel, tmp_path: Path, case: str
) -> None:
    change, kind, words, permission, scope = CASES[case]
    (drift,) = read(model, plan(change), tmp_path)
    assert (drift.kind, drift.permission, drift.scope) == (kind, permission, scope)
    assert words in drift.message
    assert drift.risk >= Risk.HIGH


def test_a_secret_of_a_plan_is_not_shown(model: AccessModel, tmp_path: Path) -> None:
    change = planned(
        "okta_app_oauth.x",
        {"secret": "hunter2"},
        {"secret": "swordfish"},
        before_sensitive={"secret": True},
        after_sensitive={"secret": True},
    )
    (drift,) = read(model, plan(change), tmp_path)
    assert "hunter2" not in repr(drift)
    assert "swordfish" not in repr(drift)
    assert drift.desired != drift.observed


def test_what_follows_from_the_rest_is_not_told(model: AccessModel, tmp_path: Path) -> None:
    change = planned("x_y.z", {"a": 1, "id": "i"}, {"a": 2}, after_unknown={"id": True})
    (drift,) = read(model, plan(change), tmp_path)
    assert drift.how == ("`a` of the resource `x_y.z`",)


# ------------------------------------------------------------------------- a state of our own


def state(model: AccessModel, provider: str = "workforce") -> Json:
    """The state after the compiled module was applied: what is written, and ids."""
    files, _ = emit(model, ["keycloak"])
    blocks = [
        block
        for path, content in files.items()
        if path.startswith(f"terraform/identity/{provider}/")
        for block in parse(content)
        if block.type == "resource"
    ]
    names = {".".join(block.labels): block for block in blocks}

    def value(of: Any) -> Any:
        if isinstance(of, Ref):
            type_, name, attribute = [*of.expression.split("."), "", ""][:3]
            there = names.get(f"{type_}.{name}")
            if there is not None and attribute in there.attributes:
                return value(there.attributes[attribute])
            return f"{of.expression}!"
        if isinstance(of, Mapping):
            return {key: value(inner) for key, inner in of.items()}
        return [value(each) for each in of] if isinstance(of, list | tuple) else of

    def content(block: Block) -> Json:
        found = {key: value(of) for key, of in block.attributes.items()}
        for inner in block.blocks:
            found.setdefault(inner.type, []).append(content(inner))
        return found

    resources = []
    for address, block in names.items():
        own = {n: f"{address}.{n}!" for n in ("id", "service_account_user_id")}
        values = {**own, **content(block)}
        values = {k: v for k, v in values.items() if k not in ("depends_on", "lifecycle")}
        resources.append(
            {"address": address, "mode": "managed", "type": block.labels[0], "values": values}
        )
    module = {"resources": resources}
    return {
        "format_version": "1.0",
        "terraform_version": "1.11.4",
        "values": {"root_module": module},
    }


def by_address(document: Json, part: str) -> Json:
    resources = document["values"]["root_module"]["resources"]
    return next(r["values"] for r in resources if part in r["address"])


def test_a_state_of_the_compiled_module_is_in_sync(model: AccessModel, tmp_path: Path) -> None:
    for provider in ("workforce", "partners"):
        assert [d.message for d in read(model, state(model, provider), tmp_path)] == []


def more_roles(document: Json) -> None:
    by_address(document, "group_roles.group_aurora-contractors")["role_ids"].append(
        by_address(document, "keycloak_role.role_pipeline__borealis_production")["id"]
    )


def no_roles(document: Json) -> None:
    by_address(document, "group_roles.group_aurora-researchers")["role_ids"] = []


def open_client(document: Json) -> None:
    by_address(document, "keycloak_openid_client.qgov")["direct_access_grants_enabled"] = True


def gone(document: Json) -> None:
    module = document["values"]["root_module"]
    module["resources"] = [
        r for r in module["resources"] if "audience_protocol_mapper.qgov" not in r["address"]
    ]


def extra(document: Json) -> None:
    document["values"]["root_module"]["resources"].append(
        {
            "address": "keycloak_ldap_user_federation.x",
            "mode": "managed",
            "type": "keycloak_ldap_user_federation",
            "values": {"name": "x"},
        }
    )


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        (
            more_roles,
            Kind.UNMANAGED,
            "`aurora-contractors` may `job:submit` on borealis/production",
        ),
        (no_roles, Kind.MISSING, "`aurora-researchers` may not `job:submit`"),
        (open_client, Kind.CHANGED, "`direct_access_grants_enabled` of the resource"),
        (gone, Kind.MISSING, "keycloak_openid_audience_protocol_mapper.qgov"),
        (extra, Kind.UNMANAGED, "keycloak_ldap_user_federation.x"),
    ],
)
def test_a_state_that_is_not_the_compiled_module_s_is_told(
    model: AccessModel,
    tmp_path: Path,
    change: Callable[[Json], object],
    kind: Kind,
    words: str,
) -> None:
    document = state(model)
    change(document)
    drift = read(model, document, tmp_path)
    assert [d for d in drift if d.kind is kind and words in d.message], [d.message for d in drift]


# -------------------------------------------------------------------------------------- adopted


def one_role_more(document: Json) -> None:
    by_address(document, "group_roles.group_aurora-contractors")["role_ids"].append(
        by_address(document, "keycloak_role.role_researcher__aurora_sandbox_chemistry")["id"]
    )


@pytest.mark.parametrize("change", [one_role_more, no_roles])
def test_a_role_of_a_state_is_adopted_and_then_in_sync(
    model: AccessModel, tmp_path: Path, change: Callable[[Json], object]
) -> None:
    files, _ = read_work_tree(ROOT)
    document = state(model)
    change(document)
    drift = [d for d in read(model, document, tmp_path) if not d.rule.startswith("setting-")]
    adoption = adopt(model, files, drift, NOW)
    assert not adoption.why_not
    assert {*adoption.files} == {"tenants/aurora/tenant.yaml"}
    left = read(adoption.model, document, tmp_path)
    assert [d.message for d in left if not d.rule.startswith("setting-")] == []


# ----------------------------------------------------------------------------------- unreadable


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ('{"format_version": "1.2", "resource_ch', "cut off or broken"),
        ("[]", "neither a plan nor a state"),
        ("<html>", "cut off or broken"),
        ({}, "neither a plan nor a state"),
        (plan(format_version="2.0"), "format '2.0' is none of"),
        (plan(format_version="1.9"), "format '1.9' is none of"),
        (plan(errored=True), "the plan failed"),
        (plan(complete=False), "leaves something out"),
        (plan({"address": "x"}), "not as `terraform show -json` writes it"),
        (plan(), "it tells of nothing to compare"),
        (
            {"format_version": "1.2", "planned_values": {"root_module": {"resources": "x"}}},
            "it tells of nothing to compare",
        ),
        (
            {
                "format_version": "1.0",
                "terraform_version": "1.11.4",
                "values": {
                    "root_module": {
                        "resources": [
                            {"address": "a.b", "mode": "managed", "type": "a", "values": {}}
                        ]
                    }
                },
            },
            "no module of the configuration has its addresses",
        ),
    ],
)
def test_what_is_not_a_whole_document_is_unreadable(
    model: AccessModel, tmp_path: Path, document: Any, reason: str
) -> None:
    with pytest.raises(UnreadableError, match=reason):
        read(model, document, tmp_path)


def test_a_file_that_is_not_there_is_unreadable(model: AccessModel, tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="No such file"):
        observe(model, chosen([f"terraform:{tmp_path}/none"], {}), {}, NOW)


def test_a_project_at_a_vendor_is_no_part_of_an_address() -> None:
    """It may be called like anything that Terraform knows."""
    found = tenants_by_account(at_a_vendor("ionq"))
    assert found == {}
