"""Keycloak's Terraform: what is granted, what is not, and what it costs an attacker."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from qgov.model.access_model import AccessModel
from qgov.targets import emit
from qgov.targets.hcl import Block, Ref, parse
from qgov.targets.keycloak import SCHEMA_VERSION, TARGET
from tests.targets.worked import (
    EVIL,
    federation,
    hostile,
    organization,
    repository,
    role,
    tenant,
)
from tests.terraform.harness import SCHEMAS

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
    (group,) = resources(model, "groups", "keycloak_group").values()
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
        "clients.tf",
    }


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
    (group,) = resources(model, "groups", "keycloak_group").values()
    assert group["description"] == EVIL
    client = resources(model, "clients", "keycloak_openid_client")["workload_aurora__nightly"]
    assert client["name"] == EVIL


def moves(model: AccessModel) -> dict[str, str]:
    """`moved` blocks of all files, from → to."""
    found = [
        b.attributes
        for file in ("roles", "groups", "clients")
        for b in blocks(model, file)
        if b.type == "moved"
    ]
    pairs = [(str(_expression(m["from"])), _expression(m["to"])) for m in found]
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def _expression(value: Any) -> str:
    assert isinstance(value, Ref)
    return value.expression


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
