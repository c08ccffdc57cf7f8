"""Keycloak's Terraform: what is granted, what is not, and what it costs an attacker."""

from __future__ import annotations

import json
import re
from collections import defaultdict
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
        for path, content in TARGET.emit(bound()).items()
        if path.endswith(".tf")
    )


def test_a_standing_binding_gives_the_realm_role_and_a_group_holds_no_other() -> None:
    model = bound({"group": "staff", "role": "researcher", "on": "sandbox"})
    given = resources(model, "groups", "keycloak_group_roles")
    assert {name: held["role_ids"] for name, held in given.items()} == {
        "group_leads": [],
        "group_staff": [Ref("keycloak_role.role_researcher__aurora_sandbox.id")],
    }
    assert all(held["exhaustive"] is True for held in given.values())
    (realm_role,) = resources(model, "roles", "keycloak_role").values()
    assert realm_role["name"] == "qgov:researcher:aurora/sandbox"
    assert realm_role["attributes"] == {
        "permissions": "job:read:own##job:submit",
        "scope": "aurora/sandbox",
    }


def test_an_eligible_binding_gives_no_role_and_has_a_group_of_its_own() -> None:
    model = bound({"group": "staff", "role": "researcher", "on": "sandbox", "eligible": ELIGIBLE})
    held = resources(model, "groups", "keycloak_group_roles")
    assert held["group_staff"]["role_ids"] == []
    (group,) = resources(model, "elevations", "keycloak_group").values()
    assert group["name"] == "jit:staff:researcher:aurora.sandbox"
    assert group["attributes"] == {
        "qgov_principal": "group:staff",
        "qgov_eligible": "qgov:researcher:aurora/sandbox approvers=leads max_duration_s=14400 "
        "ticket=required",
    }
    ((name, held),) = resources(model, "elevations", "keycloak_group_roles").items()
    assert held["group_id"] == Ref(f"keycloak_group.{name}.id")
    assert (held["role_ids"], held["exhaustive"]) == ([], True)


def test_an_eligible_workload_gets_no_role_and_a_group_that_is_no_persons() -> None:
    model = bound(
        {"group": "nightly", "role": "researcher", "on": "*", "eligible": ELIGIBLE},
        serviceAccounts=[
            account(bindings=[{"role": "researcher", "on": "*", "eligible": ELIGIBLE}])
        ],
    )
    assert not resources(model, "clients", "keycloak_openid_client_service_account_realm_role")
    groups = resources(model, "elevations", "keycloak_group")
    assert {group["name"]: group["attributes"]["qgov_principal"] for group in groups.values()} == {
        "jit:nightly:researcher:aurora": "group:nightly",
        "jit:aurora.nightly:researcher:aurora": "workload:aurora/nightly",
    }


def test_a_workload_signs_in_with_its_own_token_for_a_short_while_and_in_no_other_way() -> None:
    model = bound(serviceAccounts=[account(maxTokenLifetime="15m")])
    client = resources(model, "clients", "keycloak_openid_client")["workload_aurora__nightly"]
    ((issuer, trusted),) = resources(model, "clients", "keycloak_oidc_identity_provider").items()
    assert client["client_authenticator_type"] == "federated-jwt"
    assert client["full_scope_allowed"] is False
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


@pytest.mark.parametrize("type_", ["generic", "entra", "keycloak"])
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
    expected = [("QG977", "warning", "Tenant/meridian")] if type_ == "generic" else []
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
    assert realm["revoke_refresh_token"] is True
    assert realm["sso_session_max_lifespan"] == realm["sso_session_idle_timeout"] == "20m"
    assert realm["registration_allowed"] is realm["reset_password_allowed"] is False
    (block,) = (b for b in blocks(model, "realm") if b.labels[0] == "keycloak_realm")
    kinds = {inner.type: inner for inner in block.blocks}
    assert kinds["lifecycle"].attributes == {"prevent_destroy": True}
    assert kinds["security_defenses"].blocks[0].type == "brute_force_detection"


def ages(binding: dict[str, Any], **spec: Any) -> tuple[str | None, str | None]:
    """The lifetimes of people's tokens and of the workload's, where `sandbox` asks for a quarter
    of an hour, the tenant for two and the role for one."""
    model = repository(
        organization(tiers={"sandbox": {"floors": {"maxTokenAge": "15m"}}}),
        {
            **role("researcher", "job:submit"),
            "spec": {"permissions": ["job:submit"], "requires": {"maxTokenAge": "1h"}},
        },
        role("auditor", "audit:read"),
        tenant(
            "aurora",
            floors={"maxTokenAge": "2h"},
            environments={
                "sandbox": {"tier": "sandbox", "projects": ["chemistry"]},
                "lab": {"tier": "test", "projects": ["chemistry"]},
            },
            bindings=[binding],
            serviceAccounts=[account(**spec)],
        ),
    )
    realm = resources(model, "realm", "keycloak_realm")["realm"]
    client = resources(model, "clients", "keycloak_openid_client")["workload_aurora__nightly"]
    return realm.get("access_token_lifespan"), client.get("access_token_lifespan")


def test_tokens_last_no_longer_than_the_strictest_place_that_they_are_for() -> None:
    in_lab = account(bindings=[{"role": "researcher", "on": "lab"}])
    strict = {"maxTokenAge": "30m"}
    assert ages({"group": "staff", "role": "researcher", "on": "lab"}, **in_lab) == ("1h", "3600")
    assert ages({"group": "staff", "role": "auditor", "on": "lab"}, **in_lab) == ("2h", "3600")
    assert ages({"group": "staff", "role": "auditor", "on": "*"}) == ("15m", "900")
    assert ages(
        {"group": "staff", "role": "researcher", "on": "lab", "requires": strict},
        **{**in_lab, "maxTokenLifetime": "5m"},
    ) == ("30m", "300")


def test_a_token_does_not_outlive_the_session() -> None:
    model = repository(
        organization(**provider(sessionLifetime="20m"), floors={"maxTokenAge": "1h"})
    )
    realm = resources(model, "realm", "keycloak_realm")["realm"]
    assert realm["access_token_lifespan"] == realm["offline_session_max_lifespan"] == "20m"
    assert realm["offline_session_max_lifespan_enabled"] is True


def test_nobody_changes_who_they_are() -> None:
    (profile,) = (b for b in blocks(bound(), "realm") if "user_profile" in b.labels[0])
    assert {b.attributes["name"] for b in profile.blocks} == {
        "username",
        "email",
        "firstName",
        "lastName",
    }
    assert all(b.blocks[0].attributes["edit"] == ["admin"] for b in profile.blocks)
    assert "unmanaged_attribute_policy" not in profile.attributes


def test_what_happens_is_recorded_and_forgotten_again() -> None:
    (events,) = resources(bound(), "realm", "keycloak_realm_events").values()
    assert events["events_enabled"] is events["admin_events_enabled"] is True
    assert events["events_expiration"] == 7_776_000
    assert events["events_listeners"] == ["jboss-logging"]
    realm = resources(bound(), "realm", "keycloak_realm")["realm"]
    assert realm["attributes"] == {"adminEventsExpiration": "7776000"}


def test_a_client_has_no_more_than_it_needs() -> None:
    model = bound(serviceAccounts=[account()])
    scopes = {
        kind: {
            name: scopes[f"{kind}_scopes"]
            for name, scopes in resources(
                model, "clients", f"keycloak_openid_client_{kind}_scopes"
            ).items()
        }
        for kind in ("default", "optional")
    }
    assert scopes == {
        "default": {"qgov": ["acr", "basic"], "workload_aurora__nightly": ["basic"]},
        "optional": {"qgov": [], "workload_aurora__nightly": []},
    }
    (everyone,) = resources(model, "realm", "keycloak_default_roles").values()
    assert "offline_access" not in everyone["default_roles"]
    clients = resources(model, "clients", "keycloak_openid_client").values()
    assert not any(client["full_scope_allowed"] for client in clients)


def test_a_session_of_hours_idles_for_half_of_one() -> None:
    model = repository(organization(**provider(sessionLifetime="8h")))
    realm = resources(model, "realm", "keycloak_realm")["realm"]
    assert (realm["sso_session_max_lifespan"], realm["sso_session_idle_timeout"]) == ("8h", "30m")


def flow(model: AccessModel) -> dict[str, set[tuple[str, str]]]:
    """The parts of the browser flow by the name of their resource → (step, how it counts)."""
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for kind, named in (("execution", "authenticator"), ("subflow", "alias")):
        for step in resources(model, "mfa", f"keycloak_authentication_{kind}").values():
            parent = str(step["parent_flow_alias"]).split(".")[1]
            found[parent].add((step[named], step["requirement"]))
    return dict(found)


CONDITION = ("conditional-level-of-authentication", "REQUIRED")


def test_enforced_mfa_has_one_level_which_takes_both() -> None:
    assert flow(bound()) == {
        "browser": {("auth-cookie", "ALTERNATIVE"), ("qgov-browser-forms", "ALTERNATIVE")},
        "forms": {("qgov-browser-mfa", "CONDITIONAL")},
        "mfa": {
            CONDITION,
            ("auth-username-password-form", "REQUIRED"),
            ("auth-otp-form", "REQUIRED"),
        },
    }
    (level,) = resources(bound(), "mfa", "keycloak_authentication_execution_config").values()
    assert level["config"] == {"loa-condition-level": "2", "loa-max-age": "36000"}
    client = resources(bound(), "clients", "keycloak_openid_client")["qgov"]
    assert client["extra_config"] == {"acr.loa.map": '{"mfa":2}', "minimum.acr.value": "mfa"}


def test_available_mfa_is_a_level_of_its_own_that_a_client_may_ask_for() -> None:
    model = repository(organization(**provider(mfa="available", sessionLifetime="2h")))
    assert flow(model)["forms"] == {
        ("qgov-browser-pwd", "CONDITIONAL"),
        ("qgov-browser-mfa", "CONDITIONAL"),
    }
    assert flow(model)["pwd"] == {CONDITION, ("auth-username-password-form", "REQUIRED")}
    assert flow(model)["mfa"] == {CONDITION, ("auth-otp-form", "REQUIRED")}
    levels = resources(model, "mfa", "keycloak_authentication_execution_config")
    assert [each["config"] for each in levels.values()] == [
        {"loa-condition-level": "1", "loa-max-age": "7200"},
        {"loa-condition-level": "2", "loa-max-age": "7200"},
    ]
    client = resources(model, "clients", "keycloak_openid_client")["qgov"]
    assert client["extra_config"] == {
        "acr.loa.map": '{"pwd":1,"mfa":2}',
        "minimum.acr.value": "pwd",
    }


def test_a_file_without_content_is_not_written() -> None:
    model = repository(organization(**provider(protocol="saml")))
    assert {path.rpartition("/")[2] for path in TARGET.emit(model)} == {
        "versions.tf",
        "realm.tf",
        "groups.tf",
        "mfa.tf",
        "realm.json",
    }


def test_the_flow_is_bound_after_all_of_its_steps_and_people_sign_in_after_that() -> None:
    (bindings,) = resources(bound(), "mfa", "keycloak_authentication_bindings").values()
    steps = {
        f"{b.labels[0]}.{b.labels[1]}"
        for b in blocks(bound(), "mfa")
        if b.labels[0] not in ("keycloak_authentication_flow", "keycloak_authentication_bindings")
    }
    assert len(steps) == 7
    assert {str(ref) for ref in bindings["depends_on"]} == steps
    client = resources(bound(), "clients", "keycloak_openid_client")["qgov"]
    assert client["depends_on"] == [Ref("keycloak_authentication_bindings.bindings")]


def test_a_dot_in_the_claim_is_not_a_level() -> None:
    model = repository(organization(**provider(groupsClaim="northwind.groups")))
    (mapper,) = resources(
        model, "clients", "keycloak_openid_group_membership_protocol_mapper"
    ).values()
    assert mapper["claim_name"] == "northwind\\.groups"
    assert mapper["full_path"] is True


@pytest.mark.parametrize(
    ("person", "claim"),
    [
        ("preferred_username", "preferred_username"),
        ("northwind.id", "northwind\\.id"),
        ("sub", None),
    ],
)
def test_a_person_is_told_in_the_claim_that_they_are_known_by(
    person: str, claim: str | None
) -> None:
    model = repository(organization(**provider(tokens={"person": person})))
    mappers = resources(model, "clients", "keycloak_openid_user_property_protocol_mapper").values()
    assert [(m["user_property"], m["claim_name"]) for m in mappers] == (
        [("username", claim)] if claim else []
    )


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
        names = re.findall(rb"\$\{(\w+):", content)
        if path.endswith(".tf"):
            names = [b.labels[0].encode() for b in parse(content) if b.type == "variable"]
        for name in names:
            assert re.fullmatch(rb"[A-Za-z_][A-Za-z0-9_]*", name), path


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
        for file in ("roles", "groups", "elevations", "clients")
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
        "keycloak_openid_client_default_scopes.workload_dawn__nightly": "keycloak_openid_client_default_scopes.workload_aurora__nightly",
        "keycloak_openid_client_optional_scopes.workload_dawn__nightly": "keycloak_openid_client_optional_scopes.workload_aurora__nightly",
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
        "keycloak_group_roles.group_day": "keycloak_group_roles.group_early",
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
        "keycloak_openid_client_default_scopes.workload_dawn__cron": "keycloak_openid_client_default_scopes.workload_aurora__nightly",
        "keycloak_openid_client_optional_scopes.workload_dawn__cron": "keycloak_openid_client_optional_scopes.workload_aurora__nightly",
        "keycloak_openid_audience_protocol_mapper.workload_dawn__cron": "keycloak_openid_audience_protocol_mapper.workload_aurora__nightly",
        f"{held}.workload_dawn__cron__scientist__dawn_sandbox_chem": f"{held}.workload_aurora__nightly__researcher__aurora_lab_chemistry",
    }


def test_a_renamed_eligible_binding_keeps_its_group() -> None:
    model = repository(
        organization(groups={"late": {"previously": "night"}}),
        role("researcher", "job:submit", previously="scientist"),
        tenant(
            "aurora",
            previously="dawn",
            bindings=[{"group": "late", "role": "researcher", "on": "*", "eligible": ELIGIBLE}],
            serviceAccounts=[
                account(bindings=[{"role": "researcher", "on": "*", "eligible": ELIGIBLE}])
            ],
        ),
    )
    found = {old: new for old, new in moves(model).items() if ".jit" in old}
    assert found == {
        f"{kind}.{old}": f"{kind}.{new}"
        for kind in ("keycloak_group", "keycloak_group_roles")
        for old, new in (
            ("jit_night__scientist__dawn", "jit_late__researcher__aurora"),
            (
                "jit_workload_dawn__nightly__scientist__dawn",
                "jit_workload_aurora__nightly__researcher__aurora",
            ),
        )
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
