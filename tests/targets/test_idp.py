"""Group mappings: what a control plane reads at sign-in."""

from __future__ import annotations

import json

from qgov.targets.idp import TARGET
from tests.targets.worked import federation, organization, repository, role, tenant

ELIGIBLE = {"approvers": "leads", "maxDuration": "4h", "ticket": "required"}
STANDING = {
    "role": "researcher",
    "scope": "aurora/sandbox",
    "permissions": ["job:read:own", "job:submit"],
    "eligible": None,
}


def test_a_claim_value_means_its_bindings() -> None:
    bindings = [
        {"group": "staff", "role": "researcher", "on": "sandbox"},
        {"group": "staff", "role": "researcher", "on": "*", "eligible": ELIGIBLE},
    ]
    model = repository(
        organization(),
        role("researcher", "job:submit", "job:read:own"),
        tenant(
            "aurora",
            bindings=[*bindings, bindings[0]],
            serviceAccounts=[
                {
                    "name": "nightly",
                    "owner": "leads",
                    "federation": federation(),
                    "maxTokenLifetime": "15m",
                    "bindings": [{"role": "researcher", "on": "sandbox"}],
                },
                {"name": "unused", "owner": "leads"},
            ],
        ),
    )
    assert json.loads(TARGET.emit(model)["idp/workforce/group-mappings.json"]) == {
        "schema": "qgov/group-mappings/v1",
        "provider": "workforce",
        "type": "keycloak",
        "protocol": "oidc",
        "issuer": "https://id.northwind.example/realms/quantum",
        "audience": "qgov",
        "groupsClaim": "groups",
        "groups": {
            "staff": [
                {
                    **STANDING,
                    "scope": "aurora",
                    "eligible": {"approvers": "leads", "max_duration_s": 14400, "ticket": True},
                },
                STANDING,
            ]
        },
        "workloads": {
            "aurora/nightly": {**federation(), "maxTokenAge": 900, "bindings": [STANDING]},
            "aurora/unused": {
                "issuer": None,
                "audience": None,
                "subject": None,
                "maxTokenAge": None,
                "bindings": [],
            },
        },
    }


def test_a_provider_without_groups_has_an_empty_mapping() -> None:
    mapping = json.loads(
        TARGET.emit(repository(organization()))["idp/workforce/group-mappings.json"]
    )
    assert mapping["groups"] == mapping["workloads"] == {}


def test_a_change_of_one_binding_is_a_change_of_one_line() -> None:
    def lines(*scopes: str) -> set[bytes]:
        bindings = [{"group": "staff", "role": "researcher", "on": on} for on in scopes]
        model = repository(
            organization(), role("researcher", "job:submit"), tenant("aurora", bindings=bindings)
        )
        content = TARGET.emit(model)["idp/workforce/group-mappings.json"]
        return {line.rstrip(b",") for line in content.splitlines()}

    assert len(lines("*", "sandbox") ^ lines("*")) == 1
