"""Keycloak's Terraform: what is granted, what is not, and what it costs an attacker."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from qgov.model.access_model import AccessModel
from qgov.targets import emit
from qgov.targets.hcl import Block, Ref, parse, render
from qgov.targets.keycloak import SCHEMA_VERSION, TARGET
from tests.targets.worked import (
    EVIL,
    federation,
    hostile,
    organization,
    renamed,
    repository,
    role,
    tenant,
    worked,
)
from tests.terraform.harness import SCHEMAS, clean_env, need_terraform, terraform

FOLDER = "terraform/identity/workforce"
ELIGIBLE = {"approvers": "leads", "maxDuration": "4h", "ticket": "required"}


def blocks(model: AccessModel, file: str) -> tuple[Block, ...]:
    """The blocks of a file of the only Keycloak; none when there is no such file."""
    return parse(TARGET.emit(model).get(f"{FOLDER}/{file}.tf", b""))


def resources(model: AccessModel, file: str, kind: str) -> dict[str, Any]:
    """The resources of a type by name."""
    return {b.labels[1]: b.attributes for b in blocks(model, file) if b.labels[:1] == (kind,)}


def provider(**fields: Any) -> dict[str, Any]:
    """A Keycloak called `workforce`."""
    issuer = "https://id.northwind.example/realms/quantum"
    return {"identityProviders": {"workforce": {"type": "keycloak", "issuer": issuer, **fields}}}


def bound(*bindings: dict[str, Any], **spec: Any) -> AccessModel:
    """A tenant `aurora` with bindings, and the role `researcher`."""
    return repository(
        organization(),
        role("researcher", "job:submit", "job:read:own"),
        tenant("aurora", bindings=list(bindings), **spec),
    )


def account(**fields: Any) -> dict[str, Any]:
    """A workload with a standing role."""
    return {
        "name": "nightly",
        "owner": "leads",
        "federation": federation(),
        "bindings": [{"role": "researcher", "on": "sandbox"}],
        **fields,
    }


def test_the_recorded_version_is_that_of_the_schema() -> None:
    schema = json.loads((SCHEMAS / "keycloak.json").read_text())
    assert schema["version"].partition("+")[0] == SCHEMA_VERSION
    (pinned,) = (b for b in blocks(bound(), "versions") if b.type == "terraform")
    assert pinned.blocks[0].attributes == {
        "keycloak": {"source": "keycloak/keycloak", "version": "~> 5.9"}
    }
    assert all(
        f"keycloak/keycloak {SCHEMA_VERSION}.".encode() in content.partition(b"\n\n")[0]
        for content in TARGET.emit(bound()).values()
    )


def test_a_standing_binding_gives_the_realm_role_and_takes_nothing_away() -> None:
    model = bound({"group": "staff", "role": "researcher", "on": "sandbox"})
    (given,) = resources(model, "groups", "keycloak_group_roles").values()
    assert given["role_ids"] == [Ref("keycloak_role.role_researcher__aurora_sandbox.id")]
    assert given["exhaustive"] is False
    (realm_role,) = resources(model, "roles", "keycloak_role").values()
    assert realm_role["name"] == "qgov:researcher:aurora/sandbox"
    assert realm_role["attributes"] == {
        "permissions": "job:read:own##job:submit",
        "scope": "aurora/sandbox",
    }


def test_an_eligible_binding_gives_no_role() -> None:
    model = bound({"group": "staff", "role": "researcher", "on": "*", "eligible": ELIGIBLE})
    assert resources(model, "groups", "keycloak_group_roles") == {}
    group = resources(model, "groups", "keycloak_group")["group_staff"]
    assert group["attributes"] == {
        "qgov_eligible": "qgov:researcher:aurora approvers=leads max_duration_s=14400 "
        "ticket=required",
    }


def test_an_eligible_workload_gets_no_role() -> None:
    model = bound(
        serviceAccounts=[
            account(bindings=[{"role": "researcher", "on": "*", "eligible": ELIGIBLE}])
        ]
    )
    assert not resources(model, "clients", "keycloak_openid_client_service_account_realm_role")
    client = resources(model, "clients", "keycloak_openid_client")["workload_aurora__nightly"]
    assert client["extra_config"]["qgov.eligible"].startswith("qgov:researcher:aurora approvers=")


def test_a_workload_signs_in_with_its_own_token_for_a_short_while_and_in_no_other_way() -> None:
    model = bound(serviceAccounts=[account(maxTokenLifetime="15m")])
    client = resources(model, "clients", "keycloak_openid_client")["workload_aurora__nightly"]
    ((issuer, trusted),) = resources(model, "clients", "keycloak_oidc_identity_provider").items()
    assert client["client_authenticator_type"] == "federated-jwt"
    assert client["extra_config"] == {
        "jwt.credential.issuer": Ref(f"keycloak_oidc_identity_provider.{issuer}.alias"),
        "jwt.credential.sub": federation()["subject"],
    }
    assert client["access_token_lifespan"] == "900"
    assert not any(
        client[flow]
        for flow in client
        if flow.endswith(("flow_enabled", "ts_enabled")) and flow != "service_accounts_enabled"
    )
    assert trusted["issuer"] == federation()["issuer"]
    assert trusted["client_id"] == federation()["audience"]
    assert trusted["validate_signature"] is trusted["link_only"] is True


def test_issuers_that_look_alike_are_told_apart() -> None:
    def issued(name: str, issuer: str) -> dict[str, Any]:
        return account(name=name, federation={**federation(), "issuer": issuer})

    model = bound(
        serviceAccounts=[
            issued("a", "https://ci.example/x"),
            issued("b", "https://ci.example/y"),
            issued("c", "https://-/"),
            issued("d", "https://ci.example/x"),
        ]
    )
    assert len(resources(model, "clients", "keycloak_oidc_identity_provider")) == 3


def test_a_workload_without_federation_is_disabled_and_reported() -> None:
    model = bound(serviceAccounts=[account(federation=None)])
    client = resources(model, "clients", "keycloak_openid_client")["workload_aurora__nightly"]
    assert client["enabled"] is False
    assert [f.code for f in TARGET.unsupported(model)] == ["QG973"]


def test_a_pattern_of_subjects_is_reported() -> None:
    model = bound(serviceAccounts=[account(federation=federation("repo:northwind/*"))])
    (finding,) = TARGET.unsupported(model)
    assert (finding.code, finding.severity) == ("QG973", "warning")


def test_names_too_long_for_keycloak_are_refused_before_anything_is_written() -> None:
    scope = "/".join("x" * 63 for _ in range(3))
    long = repository(
        organization(),
        role("r" * 63, "job:submit"),
        tenant(
            "x" * 63,
            environments={"x" * 63: {"tier": "sandbox", "projects": ["x" * 63]}},
            bindings=[{"group": "staff", "role": "r" * 63, "on": scope.partition("/")[2]}],
        ),
    )
    (finding,) = TARGET.unsupported(long)
    assert (finding.code, finding.severity) == ("QG972", "error")
    files, findings = emit(long)
    assert files == {}
    assert finding in findings


def test_providers_of_other_types_are_said_to_be_left_out() -> None:
    model = repository(
        organization(
            identityProviders={
                "partners": {"type": "okta", "issuer": "https://partner.okta.example"}
            }
        )
    )
    assert TARGET.emit(model) == {}
    (finding,) = TARGET.unsupported(model)
    assert (finding.code, finding.severity) == ("QG970", "info")


@pytest.mark.parametrize("type_", ["okta", "entra", "keycloak"])
def test_a_tenant_that_no_target_serves_is_told_at_compile(type_: str) -> None:
    issuer = "https://partner.example/realms/x"
    model = repository(
        organization(
            identityProviders={
                "workforce": {"type": "keycloak", "issuer": "https://id.northwind.example"},
                "partners": {"type": type_, "issuer": issuer},
            }
        ),
        tenant("aurora", identityProvider="workforce"),
        tenant(
            "meridian",
            identityProvider="partners",
            owner={"group": "partners", "contact": "p@partner.example"},
        ),
    )
    _, findings = emit(model, ["opa"])

    told = [(f.code, f.severity, f.document) for f in findings if f.code == "QG977"]
    expected = [("QG977", "warning", "Tenant/meridian")] if type_ != "keycloak" else []
    assert told == expected
    assert all(f"of type {type_}" in f.message for f in findings if f.code == "QG977")


def test_saml_sign_in_has_no_client_and_is_reported() -> None:
    model = repository(organization(**provider(protocol="saml")))
    assert blocks(model, "clients") == ()
    assert [f.code for f in TARGET.unsupported(model)] == ["QG971"]


@pytest.mark.parametrize(
    ("fields", "realm"),
    [({"realm": "own"}, "own"), ({}, "quantum"), ({"issuer": "https://id.example"}, "workforce")],
    ids=["field", "issuer", "name"],
)
def test_the_realm_is_named_where_it_is_said_best(fields: dict[str, Any], realm: str) -> None:
    model = repository(organization(**provider(**fields)))
    assert resources(model, "realm", "keycloak_realm")["realm"]["realm"] == realm


def test_the_realm_keeps_the_floors_of_the_organization() -> None:
    model = repository(
        organization(**provider(sessionLifetime="20m"), floors={"maxTokenAge": "90s"})
    )
    realm = resources(model, "realm", "keycloak_realm")["realm"]
    assert realm["access_token_lifespan"] == "90s"
    assert realm["sso_session_max_lifespan"] == realm["sso_session_idle_timeout"] == "20m"
    assert realm["registration_allowed"] is realm["reset_password_allowed"] is False
    (block,) = blocks(model, "realm")
    kinds = {inner.type: inner for inner in block.blocks}
    assert kinds["lifecycle"].attributes == {"prevent_destroy": True}
    assert kinds["security_defenses"].blocks[0].type == "brute_force_detection"


def test_a_session_of_hours_idles_for_half_of_one() -> None:
    model = repository(organization(**provider(sessionLifetime="8h")))
    realm = resources(model, "realm", "keycloak_realm")["realm"]
    assert (realm["sso_session_max_lifespan"], realm["sso_session_idle_timeout"]) == ("8h", "30m")


def test_enforced_mfa_requires_a_code_behind_every_password() -> None:
    executions = resources(bound(), "mfa", "keycloak_authentication_execution")
    required = {e["authenticator"] for e in executions.values() if e["requirement"] == "REQUIRED"}
    assert required == {"auth-username-password-form", "auth-otp-form"}
    assert (
        len({e["parent_flow_alias"] for e in executions.values() if e["requirement"] == "REQUIRED"})
        == 1
    )
    assert resources(bound(), "mfa", "keycloak_authentication_bindings")


def test_a_file_without_content_is_not_written() -> None:
    model = repository(organization(**provider(mfa="available")))
    assert {path.rpartition("/")[2] for path in TARGET.emit(model)} == {
        "versions.tf",
        "realm.tf",
        "groups.tf",
        "clients.tf",
    }


def test_the_flow_is_bound_after_all_of_its_steps_and_people_sign_in_after_that() -> None:
    (bindings,) = resources(bound(), "mfa", "keycloak_authentication_bindings").values()
    steps = {
        f"{b.labels[0]}.{b.labels[1]}"
        for b in blocks(bound(), "mfa")
        if b.labels[0] not in ("keycloak_authentication_flow", "keycloak_authentication_bindings")
    }
    assert len(steps) == 4
    assert {str(ref) for ref in bindings["depends_on"]} == steps
    client = resources(bound(), "clients", "keycloak_openid_client")["qgov"]
    assert client["depends_on"] == [Ref("keycloak_authentication_bindings.bindings")]


def test_without_a_flow_nothing_waits_for_it() -> None:
    model = repository(organization(**provider(mfa="available")))
    client = resources(model, "clients", "keycloak_openid_client")["qgov"]
    assert "depends_on" not in client


def test_a_dot_in_the_claim_is_not_a_level() -> None:
    model = repository(organization(**provider(groupsClaim="northwind.groups")))
    (mapper,) = resources(
        model, "clients", "keycloak_openid_group_membership_protocol_mapper"
    ).values()
    assert mapper["claim_name"] == "northwind\\.groups"
    assert mapper["full_path"] is False


def test_evil_texts_come_back_as_texts() -> None:
    model = hostile()
    assert resources(model, "realm", "keycloak_realm")["realm"]["display_name"] == EVIL[:255]
    (realm_role, *_) = resources(model, "roles", "keycloak_role").values()
    assert realm_role["description"] == f"{EVIL}: {EVIL}"[:254] + "…"
    group = resources(model, "groups", "keycloak_group")["group_staff"]
    assert group["description"] == EVIL
    client = resources(model, "clients", "keycloak_openid_client")["workload_aurora__nightly"]
    assert client["name"] == EVIL


KNOWN_OTHERWISE = {
    "declared": repository(organization(groups={"night": {}})),
    "owner": repository(
        organization(),
        tenant("aurora", owner={"group": "night", "contact": "night@northwind.example"}),
    ),
    "owner of a workload": bound(serviceAccounts=[account(owner="night")]),
    "eligible": bound({"group": "night", "role": "researcher", "on": "*", "eligible": ELIGIBLE}),
    "organization": repository(
        organization(bindings=[{"group": "night", "role": "researcher", "on": "*"}]),
        role("researcher", "job:submit"),
    ),
}
"""Each way to say that there is a group `night`."""


@pytest.mark.parametrize("model", KNOWN_OTHERWISE.values(), ids=list(KNOWN_OTHERWISE))
def test_a_group_is_there_for_as_long_as_it_is_declared(model: AccessModel) -> None:
    groups = resources(model, "groups", "keycloak_group")
    assert groups["group_night"]["name"] == "night"
    assert {group["name"] for group in groups.values()} == set(model.groups)


def test_terraform_has_the_groups_that_scim_has() -> None:
    emitted = TARGET.emit(worked())
    for name, fact in worked().organization.providers.items():
        file = emitted.get(f"terraform/identity/{name}/groups.tf")
        assert (file is not None) == (fact.value.type == "keycloak")
        found = {b.attributes["name"] for b in parse(file or b"") if b.labels[:1] == (GROUP,)}
        expected = {group.name for group in worked().groups.values() if group.provider == name}
        assert found == (expected if file else set())


GROUP = "keycloak_group"


def test_a_group_is_never_destroyed_in_passing() -> None:
    protected = {
        b.labels: b.blocks
        for b in blocks(bound(), "groups")
        if b.labels[0] != "keycloak_group_roles"
    }
    assert ("terraform_data", "kept_groups") in protected
    assert len(protected) > 1
    for inner in protected.values():
        assert inner == (Block("lifecycle", (), {"prevent_destroy": True}),)


def test_what_keeps_groups_stays_when_the_last_one_goes() -> None:
    (kept,) = resources(repository(organization()), "groups", "terraform_data").values()
    assert kept["for_each"] == {}


def _guard(model: AccessModel, folder: Path) -> None:
    """Write what protects the groups of a model by their names; it needs no provider."""
    found = [
        b
        for b in blocks(model, "groups")
        if "terraform_data" in (b.labels or str(b.attributes["from"]).split("."))
    ]
    (folder / "main.tf").write_bytes(render(found))


@pytest.mark.real
def test_terraform_refuses_to_let_a_group_go_and_moves_a_renamed_one(tmp_path: Path) -> None:
    need_terraform()

    def run(*arguments: str) -> tuple[int, str]:
        done = terraform(tmp_path, clean_env(), *arguments, "-no-color")
        return done.returncode, " ".join((done.stdout + done.stderr).split())

    def declared(**groups: dict[str, Any]) -> None:
        _guard(repository(organization(groups=groups)), tmp_path)

    declared(night={}, day={})
    assert run("apply", "-auto-approve")[0] == 0
    declared(day={})
    status, said = run("plan")
    assert status == 1
    assert 'terraform_data.kept_groups["night"] has lifecycle.prevent_destroy set' in said
    declared(day={}, late={"previously": "night"})
    status, said = run("apply", "-auto-approve")
    assert status == 0
    assert 'moved from terraform_data.kept_groups["night"]' in said
    declared()
    assert run("plan")[0] == 1
    for name in ("day", "late"):
        assert run("state", "rm", f'terraform_data.kept_groups["{name}"]')[0] == 0
    assert run("plan")[0] == 0


@pytest.mark.parametrize("model", [worked(), hostile()], ids=["worked", "hostile"])
def test_a_shell_can_export_every_variable(model: AccessModel) -> None:
    for path, content in TARGET.emit(model).items():
        for block in parse(content):
            if block.type == "variable":
                assert re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", block.labels[0]), path


def test_each_issuer_has_its_own_address_of_keys() -> None:
    def issued(name: str, issuer: str, audience: str = "qgov") -> dict[str, Any]:
        return account(
            name=name, federation={**federation(), "issuer": issuer, "audience": audience}
        )

    addresses = ("https://ci.example/x", "https://ci.example/x/", "https://ci-example/x")
    model = bound(
        serviceAccounts=[
            *(issued(f"w{number}", issuer) for number, issuer in enumerate(addresses)),
            issued("other", addresses[0], "other"),
        ]
    )
    trusted = resources(model, "clients", "keycloak_oidc_identity_provider").values()
    assert len(trusted) == 4
    assert all(each["jwks_url"] == Ref("var.jwks_urls", each["issuer"]) for each in trusted)
    (variable,) = (
        b for b in blocks(model, "clients") if b.type == "variable" and b.labels == ("jwks_urls",)
    )
    assert variable.attributes["type"] == Ref("map(string)")
    assert all(address in str(variable.attributes["description"]) for address in addresses)


@pytest.mark.real
def test_the_addresses_of_keys_come_from_the_environment(tmp_path: Path) -> None:
    need_terraform()
    model = bound(serviceAccounts=[account()])
    variables = [b for b in blocks(model, "clients") if b.type == "variable"]
    (trusted,) = resources(model, "clients", "keycloak_oidc_identity_provider").values()
    output = Block("output", ("keys",), {"value": trusted["jwks_url"]})
    (tmp_path / "main.tf").write_bytes(render([*variables, output]))
    given = json.dumps({federation()["issuer"]: "https://keys.example/jwks"})
    env = {**clean_env(), "TF_VAR_jwks_urls": given}
    done = terraform(tmp_path, env, "apply", "-auto-approve", "-no-color")
    assert 'keys = "https://keys.example/jwks"' in done.stdout, done.stderr
    other = {**env, "TF_VAR_jwks_urls": '{"https://other.example" = "https://keys.example/jwks"}'}
    assert "Invalid index" in terraform(tmp_path, other, "plan", "-no-color").stderr


def moves(model: AccessModel) -> dict[str, str]:
    """`moved` blocks of all files, from → to."""
    found = [
        b.attributes
        for file in ("roles", "groups", "clients")
        for b in blocks(model, file)
        if b.type == "moved"
    ]
    pairs = [(str(m["from"]), str(m["to"])) for m in found]
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def test_a_renamed_tenant_and_role_keep_their_resources() -> None:
    model = repository(
        organization(),
        role("researcher", "job:submit", previously="scientist"),
        tenant(
            "aurora",
            previously="dawn",
            serviceAccounts=[account()],
            bindings=[{"group": "staff", "role": "researcher", "on": "sandbox"}],
        ),
    )
    assert moves(model) == {
        "keycloak_role.role_scientist__dawn_sandbox": "keycloak_role.role_researcher__aurora_sandbox",
        "keycloak_openid_client.workload_dawn__nightly": "keycloak_openid_client.workload_aurora__nightly",
        "keycloak_openid_audience_protocol_mapper.workload_dawn__nightly": "keycloak_openid_audience_protocol_mapper.workload_aurora__nightly",
        "keycloak_openid_client_service_account_realm_role"
        ".workload_dawn__nightly__scientist__dawn_sandbox": "keycloak_openid_client_service_account_realm_role"
        ".workload_aurora__nightly__researcher__aurora_sandbox",
    }
    declared = {
        f"{b.labels[0]}.{b.labels[1]}"
        for file in ("roles", "clients")
        for b in blocks(model, file)
        if b.type == "resource"
    }
    assert declared >= set(moves(model).values())
    assert not declared & set(moves(model))


def test_a_renamed_group_keeps_its_people() -> None:
    model = repository(
        organization(groups={"late": {"previously": "night"}, "early": {"previously": "day"}}),
        role("researcher", "job:submit"),
        tenant("aurora", bindings=[{"group": "late", "role": "researcher", "on": "*"}]),
    )
    assert moves(model) == {
        "keycloak_group.group_night": "keycloak_group.group_late",
        "keycloak_group_roles.group_night": "keycloak_group_roles.group_late",
        'terraform_data.kept_groups["night"]': 'terraform_data.kept_groups["late"]',
        "keycloak_group.group_day": "keycloak_group.group_early",
        'terraform_data.kept_groups["day"]': 'terraform_data.kept_groups["early"]',
    }


def test_a_renamed_environment_project_and_service_account_keep_their_resources() -> None:
    held = "keycloak_openid_client_service_account_realm_role"
    group = {move for move in moves(renamed()).items() if "group" in move[0]}
    assert len(group) == 3
    assert dict(moves(renamed()).items() - group) == {
        "keycloak_role.role_scientist__dawn_sandbox_chem": "keycloak_role.role_researcher__aurora_lab_chemistry",
        "keycloak_role.role_scientist__dawn_sandbox_optics": "keycloak_role.role_researcher__aurora_lab_optics",
        "keycloak_openid_client.workload_dawn__cron": "keycloak_openid_client.workload_aurora__nightly",
        "keycloak_openid_audience_protocol_mapper.workload_dawn__cron": "keycloak_openid_audience_protocol_mapper.workload_aurora__nightly",
        f"{held}.workload_dawn__cron__scientist__dawn_sandbox_chem": f"{held}.workload_aurora__nightly__researcher__aurora_lab_chemistry",
    }


def test_what_was_not_renamed_does_not_move() -> None:
    model = repository(
        organization(bindings=[{"group": "staff", "role": "auditor", "on": "*"}]),
        role("auditor", "audit:read"),
        role("researcher", "job:submit", previously="scientist"),
        tenant("aurora", bindings=[{"group": "staff", "role": "researcher", "on": "*"}]),
    )
    assert list(moves(model)) == ["keycloak_role.role_scientist__aurora"]
    assert moves(bound({"group": "staff", "role": "researcher", "on": "*"})) == {}


def test_nothing_secret_is_written() -> None:
    for content in TARGET.emit(hostile()).values():
        for line in content.splitlines():
            assert b"secret" not in line or re.fullmatch(rb' +client_secret += ""', line)
        assert b"password =" not in content
