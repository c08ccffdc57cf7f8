"""What each directory's tokens say of a group: one value, one group, or nobody."""

from __future__ import annotations

import json
from typing import Any

import pytest

from qgov.checks import check
from qgov.model.access_model import AccessModel
from qgov.model.directories import DIRECTORIES, claim_value, claimed
from qgov.model.known_by import known_by
from qgov.model.principal import group
from qgov.targets.codeowners import TARGET as CODEOWNERS
from qgov.targets.idp import TARGET as IDP
from qgov.targets.opa.identity import identity_data
from qgov.targets.scim import TARGET as SCIM
from tests.checks.test_rules import NOW
from tests.targets.worked import EVIL, model_of, organization, repository, role

ID = "6f1c0a52-0f6e-4c37-9f0b-3a1d2c4e5f60"
DN = "CN=SG-Quantum-Grid-Devs,OU=Grid,DC=northwind,DC=example"


def model_with(type_: str, **groups: dict[str, Any]) -> AccessModel:
    """An organization with one provider, and groups that all hold one role."""
    return repository(
        organization(
            identityProviders={"people": {"type": type_, "issuer": "https://id.example"}},
            groups=groups,
            bindings=[{"group": name, "role": "reader", "on": "*"} for name in groups],
        ),
        role("reader", "job:read"),
    )


@pytest.mark.parametrize(
    ("type_", "said", "value"),
    [
        ("keycloak", {}, "devs"),
        ("okta", {}, "devs"),
        ("okta", {"directoryName": "SG-Quantum Grid Devs"}, "SG-Quantum Grid Devs"),
        ("okta", {"directoryId": "00g1emaKYZTWRYYRRTSK"}, "devs"),
        ("entra", {}, None),
        ("entra", {"directoryName": "SG-Quantum Grid Devs"}, None),
        ("entra", {"directoryId": ID.upper()}, ID),
        ("generic", {}, "devs"),
        ("generic", {"directoryName": "Grid Devs"}, "Grid Devs"),
        ("generic", {"directoryName": "Grid Devs", "directoryId": DN}, DN),
    ],
)
def test_a_group_is_what_its_directory_writes(
    type_: str, said: dict[str, Any], value: str | None
) -> None:
    model = model_with(type_, devs=said)
    provider = model.organization.providers["people"].value
    assert claim_value(provider, model.groups["devs"]) == value
    expected = None if value == "devs" else {} if value is None else {value: "devs"}
    assert claimed(model, "people") == expected
    assert identity_data(model)["people"].get("named") == expected
    mapping = json.loads(IDP.emit(model)["idp/people/group-mappings.json"])
    assert list(mapping["groups"]) == ([] if value is None else [value])
    assert mapping.get("names") == expected
    known = known_by(model, group("devs"))
    assert known is not None
    assert known.group == (None if value == "devs" else value or "")


def test_a_name_that_another_group_has_here_means_that_group_no_longer() -> None:
    model = model_with("okta", devs={"directoryName": "ops"}, ops={"directoryName": "devs"})
    assert claimed(model, "people") == {"ops": "devs", "devs": "ops"}
    model = model_with("okta", devs={"directoryName": "Developers"}, ops={})
    assert claimed(model, "people") == {"Developers": "devs", "ops": "ops"}


def test_a_value_of_two_groups_is_neithers() -> None:
    model = model_with("okta", devs={"directoryName": "SG"}, ops={"directoryName": "SG"}, qa={})
    assert claimed(model, "people") == {"qa": "qa"}
    mapping = json.loads(IDP.emit(model)["idp/people/group-mappings.json"])
    assert list(mapping["groups"]) == ["qa"]


@pytest.mark.parametrize("type_", DIRECTORIES)
def test_evil_names_come_back_as_they_are(type_: str) -> None:
    model = model_with(type_, devs={"directoryName": EVIL, "directoryId": ID})
    (resource,) = json.loads(SCIM.emit(model)["idp/people/scim/Groups.json"])["Resources"]
    assert resource["displayName"] == EVIL
    mapping = json.loads(IDP.emit(model)["idp/people/group-mappings.json"])
    assert list(mapping["groups"]) == [ID if type_ in ("entra", "generic") else EVIL]


def test_a_team_is_named_apart() -> None:
    review = {"critical": ["devs", "ops", "leads"]}
    model = repository(
        organization(
            groups={"devs": {"team": "grid"}, "ops": {"team": "partner/quantum-ops"}, "leads": {}},
            review=review,
        )
    )
    text = CODEOWNERS.emit(model)["CODEOWNERS"].decode()
    assert "* @northwind/grid @northwind/leads @partner/quantum-ops\n" in text


@pytest.mark.parametrize(
    ("type_", "groups", "code", "field"),
    [
        ("okta", {"a": {"directoryName": "x" * 256}}, "QG331", "directoryName"),
        ("entra", {"a": {"directoryName": "x" * 257}}, "QG331", "directoryName"),
        ("okta", {"a": {"directoryName": " x"}}, "QG331", "directoryName"),
        ("okta", {"a": {"directoryName": "x\ny"}}, "QG331", "directoryName"),
        ("keycloak", {"a": {"directoryName": "A"}}, "QG331", "directoryName"),
        ("keycloak", {"a": {"directoryId": ID}}, "QG332", "directoryId"),
        ("okta", {"a": {"directoryId": ID}}, "QG332", "directoryId"),
        ("entra", {"a": {"directoryId": DN}}, "QG332", "directoryId"),
        (
            "entra",
            {"a": {"directoryId": ID}, "b": {"directoryId": ID.upper()}},
            "QG333",
            "directoryId",
        ),
        ("okta", {"a": {}, "b": {"directoryName": "A"}}, "QG333", "directoryName"),
        ("generic", {"a": {}, "b": {"directoryId": "a"}}, "QG333", "directoryId"),
        ("entra", {"a": {}}, "QG334", "a"),
    ],
)
def test_what_a_directory_cannot_hold_is_found_where_it_is_written(
    type_: str, groups: dict[str, Any], code: str, field: str
) -> None:
    document = organization(
        identityProviders={"people": {"type": type_, "issuer": "https://id.example"}},
        groups=groups,
    )
    text = json.dumps(document, indent=1)
    model = model_of({"qgov.yaml": text.encode()})
    (finding,) = (f for f in check(model, NOW) if f.code == code)
    last = text.splitlines()[finding.origin.line - 1]
    assert f'"{field}": ' in last
    assert finding.document == "Organization/northwind"
    assert finding.severity == ("warning" if code == "QG334" else "error")


GOOD: dict[str, dict[str, dict[str, Any]]] = {
    "okta": {"a": {"directoryName": "x" * 255, "directoryId": "00g1emaKYZTWRYYRRTSK"}, "b": {}},
    "entra": {"a": {"directoryName": "Ä ${x}", "directoryId": ID}},
    "generic": {"a": {"directoryId": DN}, "b": {"directoryId": "S-1-5-21-1-2-3-512"}},
    "keycloak": {"a": {}, "b": {}},
}


@pytest.mark.parametrize("type_", GOOD)
def test_what_a_directory_holds_is_not_found(type_: str) -> None:
    found = check(model_with(type_, **GOOD[type_]), NOW)
    assert not [f for f in found if f.code in ("QG331", "QG332", "QG333", "QG334")]
