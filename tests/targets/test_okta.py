"""Okta's Terraform: who is assigned, what their tokens say, and on which conditions."""

from __future__ import annotations

import json
from typing import Any

import pytest

from qgov.language.kinds.directory import MembersWhere
from qgov.model.access_model import AccessModel
from qgov.targets.hcl import Block, Equal, Ref, parse
from qgov.targets.okta import SCHEMA_VERSION, TARGET
from tests.targets.directories import PRODUCTS, company
from tests.targets.worked import EVIL, organization, repository, role, tenant
from tests.terraform.harness import SCHEMAS

ID = "00g1emaKYZTWRYYRRTSK"
FOLDER = "terraform/identity/okta"


def blocks(model: AccessModel, file: str) -> tuple[Block, ...]:
    """The blocks of a file of the only Okta."""
    return parse(TARGET.emit(model)[f"{FOLDER}/okta-{file}.tf"])


def resources(model: AccessModel, file: str, kind: str, block: str = "resource") -> dict[str, Any]:
    """The attributes of the resources of a type by name."""
    labels = (f"okta_{kind}",)
    found = (b for b in blocks(model, file) if (b.type, b.labels[:1]) == (block, labels))
    return {b.labels[1]: b.attributes for b in found}


def bound(
    *bindings: dict[str, Any],
    groups: dict[str, Any] | None = None,
    provider: dict[str, Any] | None = None,
    **floors: Any,
) -> AccessModel:
    """A tenant `aurora` whose people sign in at Okta."""
    okta = {**PRODUCTS["okta"], **(provider or {})}
    return repository(
        organization(identityProviders={"okta": okta}, groups=groups or {}, floors=floors),
        role("researcher", "job:submit", "job:read:own"),
        tenant("aurora", identityProvider="okta", bindings=list(bindings)),
    )


def test_the_recorded_version_is_that_of_the_schema() -> None:
    schema = json.loads((SCHEMAS / "okta.json").read_text())
    assert schema["version"] == SCHEMA_VERSION
    (pinned,) = (b for b in blocks(company(), "versions") if b.type == "terraform")
    assert pinned.blocks[0].attributes == {"okta": {"source": "okta/okta", "version": "~> 6.12"}}


def test_an_assignment_carries_the_standing_roles_of_its_group_alone() -> None:
    eligible = {"approvers": "leads", "maxDuration": "4h"}
    model = bound(
        {"group": "staff", "role": "researcher", "on": "sandbox"},
        {"group": "staff", "role": "researcher", "on": "*", "eligible": eligible},
        groups={"staff": {"directoryId": ID, "previously": "crew"}},
    )
    assigned = resources(model, "groups", "app_group_assignment")
    assert {name: json.loads(each["profile"]) for name, each in assigned.items()} == {
        "group_leads": {"qgov_roles": []},
        "group_staff": {"qgov_roles": ["qgov:researcher:aurora/sandbox"]},
    }
    assert assigned["group_staff"]["group_id"] == ID
    assert assigned["group_leads"]["group_id"] == Ref("okta_group.group_leads.id")
    assert set(resources(model, "groups", "group")) == {"group_leads"}
    gone = {str(b.attributes["from"]) for b in blocks(model, "groups") if b.type == "removed"}
    assert gone == {"okta_group.group_crew", "okta_group.group_staff"}
    assert [(f.code, f.severity) for f in TARGET.unsupported(model)] == [("QG966", "info")]


def test_a_group_that_exists_is_looked_up_by_its_id_and_compared_by_its_name() -> None:
    for name, said in (("staff", {}), (EVIL, {"directoryName": EVIL})):
        model = bound(groups={"staff": {"directoryId": ID, **said}})
        (found,) = (b for b in blocks(model, "groups") if b.type == "data")
        assert (found.labels, found.attributes) == (("okta_group", "group_staff"), {"id": ID})
        assert found.blocks[0].blocks[0].attributes == {
            "condition": Equal(Ref("self.name"), name),
            "error_message": f"The group staff was reviewed as {name}, and {ID} is another one.",
        }


def test_who_is_in_a_group_that_is_made_may_be_a_rule() -> None:
    where = {"attribute": "department", "equals": "R&D ${x} %{y}"}
    long = "g" * 60
    groups = {"staff": {"membersWhere": where, "previously": "crew"}, long: {"membersWhere": where}}
    rules = resources(bound(groups=groups), "groups", "group_rule")
    assert rules["group_staff"] == {
        "name": "qgov staff",
        "status": "ACTIVE",
        "group_assignments": [Ref("okta_group.group_staff.id")],
        "expression_type": "urn:okta:expression:1.0",
        "expression_value": 'user.department=="R&D ${x} %{y}"',
    }
    assert len(rules[f"group_{long}"]["name"]) == 50
    moves = [b.attributes for b in blocks(bound(groups=groups), "groups") if b.type == "moved"]
    assert {
        "from": Ref("okta_group_rule.group_crew"),
        "to": Ref("okta_group_rule.group_staff"),
    } in (moves)


@pytest.mark.parametrize("wrong", ['a"b', "a'b", "a`b", "a\\b", "a\nb", ""])
def test_a_value_that_could_leave_its_quotes_is_no_value(wrong: str) -> None:
    with pytest.raises(ValueError, match="equals"):
        MembersWhere.model_validate({"attribute": "department", "equals": wrong})


def test_a_group_that_is_somebody_elses_gets_no_rule() -> None:
    where = {"attribute": "department", "equals": "Quantum"}
    model = bound(groups={"staff": {"membersWhere": where, "directoryId": ID}})
    assert not resources(model, "groups", "group_rule")
    (finding,) = TARGET.unsupported(model)
    assert (finding.code, finding.severity) == ("QG965", "error")
    assert finding.origin.line > 0


def test_no_resource_wipes_what_others_set() -> None:
    written = b"".join(TARGET.emit(company()).values())
    for kind in (b"okta_app_group_assignments", b"okta_group_memberships"):
        assert b'"%s"' % kind not in written


def test_who_is_asked_more_is_asked_first_and_nobody_else_comes_in() -> None:
    strict = {"mfa": True, "managedDevice": True, "countries": ["FI", "DE"], "maxTokenAge": "1h"}
    model = bound(
        {"group": "staff", "role": "researcher", "on": "sandbox"},
        {"group": "admins", "role": "researcher", "on": "*", "requires": strict},
        provider={"mfa": "available"},
    )
    rules = resources(model, "sign-in", "app_signon_policy_rule")
    ordered = sorted(rules.values(), key=lambda rule: rule["priority"])
    assert [rule["name"] for rule in ordered] == [
        "people_mfa_managed_3600s_de_fi",
        "people",
        "nobody_else",
    ]
    first, second, last = ordered
    assert first["groups_included"] == [Ref("okta_group.group_admins.id")]
    assert (first["factor_mode"], second["factor_mode"]) == ("2FA", "1FA")
    assert first["device_is_managed"] is first["device_is_registered"] is True
    assert first["network_includes"] == [Ref("okta_network_zone.countries_de_fi.id")]
    assert first["re_authentication_frequency"] == "PT60M"
    assert "device_is_managed" not in second
    assert last["access"] == "DENY"
    assert "groups_included" not in last
    (zone,) = resources(model, "sign-in", "network_zone").values()
    assert sorted(zone["dynamic_locations"]) == ["DE", "FI"]


def test_countries_that_have_none_in_common_let_nobody_in() -> None:
    model = bound(
        {"group": "staff", "role": "researcher", "on": "*", "requires": {"countries": ["US"]}},
        countries=["DE"],
    )
    rules = resources(model, "sign-in", "app_signon_policy_rule")
    assert not [
        r
        for r in rules.values()
        if Ref("okta_group.group_staff.id") in r.get("groups_included", ())
    ]


@pytest.mark.parametrize(
    ("server", "kind", "imported"),
    [("default", "auth_server_default", None), ("aus1", "auth_server", "aus1")],
)
def test_the_authorization_server_is_that_of_the_issuer(
    server: str, kind: str, imported: str | None
) -> None:
    model = bound(provider={"issuer": f"https://id.example/oauth2/{server}", "audience": "api://q"})
    assert resources(model, "claims", kind)["qgov"]["audiences"] == ["api://q"]
    found = [b.attributes["id"] for b in blocks(model, "claims") if b.type == "import"]
    assert found == ([imported] if imported else [])
    claims = resources(model, "claims", "auth_server_claim")
    assert claims["groups"]["value_type"] == "GROUPS"
    assert {c["auth_server_id"] for c in claims.values()} == {Ref(f"okta_{kind}.qgov.id")}


@pytest.mark.parametrize(
    ("person", "value"), [("uid", None), ("sub", None), ("employee", "user.id")]
)
def test_a_person_is_told_where_the_configuration_looks(person: str, value: str | None) -> None:
    claims = resources(
        bound(provider={"tokens": {"person": person}}), "claims", "auth_server_claim"
    )
    assert (claims["person"]["value"] if value else claims.get("person")) == value


@pytest.mark.parametrize(("age", "minutes", "codes"), [("15m", 15, []), ("60s", 5, ["QG969"])])
def test_tokens_last_as_long_as_they_are_of_use(age: str, minutes: int, codes: list[str]) -> None:
    model = bound(maxTokenAge=age)
    (rule,) = resources(model, "claims", "auth_server_policy_rule").values()
    assert rule["access_token_lifetime_minutes"] == minutes
    assert [f.code for f in TARGET.unsupported(model)] == codes


def test_saml_has_no_application_and_is_told() -> None:
    model = bound(provider={"protocol": "saml"})
    assert not resources(model, "claims", "app_oauth")
    assert not resources(model, "groups", "app_group_assignment")
    assert [f.code for f in TARGET.unsupported(model)] == ["QG971"]


def test_evil_texts_come_back_as_texts() -> None:
    made = resources(company(evil=True), "groups", "group")["group_okta-leads"]
    assert made["name"] == f"{EVIL} 3"
    assert made["description"] == EVIL
