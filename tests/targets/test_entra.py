"""Entra's Terraform: who is assigned what, on which conditions, and what it never touches."""

from __future__ import annotations

from typing import Any

import pytest

from qgov.model.access_model import AccessModel
from qgov.targets import emit
from qgov.targets.entra import SCHEMA_VERSION, TARGET
from qgov.targets.hcl import Block, Equal, Ref, parse
from tests.targets.directories import PRODUCTS, company
from tests.targets.worked import EVIL, organization, repository, role, tenant
from tests.terraform.harness import SCHEMAS

ID = "6f1c0a52-0f6e-4c37-9f0b-3a1d2c4e5f60"
FOLDER = "terraform/identity/entra"


def blocks(model: AccessModel, file: str) -> tuple[Block, ...]:
    """The blocks of a file of the only Entra; none when there is no such file."""
    return parse(TARGET.emit(model).get(f"{FOLDER}/entra-{file}.tf", b""))


def resources(model: AccessModel, file: str, kind: str) -> dict[str, Block]:
    """The resources of a type by name."""
    return {b.labels[1]: b for b in blocks(model, file) if b.labels[:1] == (f"azuread_{kind}",)}


def inner(block: Block, *path: str) -> dict[str, Any]:
    """The attributes of the only block at a path inside of another."""
    for name in path:
        (block,) = (b for b in block.blocks if b.type == name)
    return dict(block.attributes)


def bound(
    *bindings: dict[str, Any], groups: dict[str, Any] | None = None, **spec: Any
) -> AccessModel:
    """A tenant `aurora` whose people sign in at Entra."""
    floors = spec.pop("floors", {})
    provider = {**PRODUCTS["entra"], **spec.pop("provider", {})}
    return repository(
        organization(identityProviders={"entra": provider}, groups=groups or {}, floors=floors),
        role("researcher", "job:submit", "job:read:own"),
        tenant("aurora", identityProvider="entra", bindings=list(bindings), **spec),
    )


def elevated(**terms: Any) -> AccessModel:
    """`staff` may be elevated to `researcher`."""
    eligible = {"approvers": "leads", "maxDuration": "4h", "ticket": "required", **terms}
    return bound({"group": "staff", "role": "researcher", "on": "sandbox", "eligible": eligible})


def test_the_recorded_version_is_that_of_the_schema() -> None:
    text = (SCHEMAS / "azuread.json").read_text()
    assert f'"version": "{SCHEMA_VERSION}' in text
    (pinned,) = (b for b in blocks(company(), "versions") if b.type == "terraform")
    assert inner(pinned, "required_providers")["azuread"]["version"] == "~> 3.9"


def test_a_group_that_exists_is_named_by_its_id_and_let_go() -> None:
    model = bound(groups={"staff": {"directoryId": ID.upper(), "previously": "crew"}})
    assert "group_staff" not in resources(model, "groups", "group")
    gone = [b for b in blocks(model, "groups") if b.type == "removed"]
    assert {str(b.attributes["from"]) for b in gone} == {
        "azuread_group.group_crew",
        "azuread_group.group_staff",
    }
    assert all(inner(b, "lifecycle") == {"destroy": False} for b in gone)
    (given,) = (
        b.attributes
        for name, b in resources(model, "groups", "app_role_assignment").items()
        if "staff" in name
    )
    assert given["principal_object_id"] == ID


def test_a_group_that_exists_is_looked_up_and_its_name_compared_where_it_is_written() -> None:
    names = {"condition": Equal(Ref("self.display_names[0]"), EVIL)}
    for said, conditions in (({"directoryName": EVIL}, [names]), ({}, [])):
        model = bound(groups={"staff": {"directoryId": ID.upper(), **said}})
        (found,) = (b for b in blocks(model, "groups") if b.type == "data")
        assert found.labels == ("azuread_groups", "group_staff")  # which reads no members
        assert found.attributes == {"object_ids": [ID]}
        checks = [dict(b.attributes) for inner in found.blocks for b in inner.blocks]
        assert all(EVIL in str(check.pop("error_message")) for check in checks)
        assert checks == conditions


def test_a_group_that_is_made_is_moved_when_renamed_and_never_destroyed() -> None:
    model = bound(groups={"staff": {"previously": "crew", "directoryName": "SG Staff ${x}"}})
    made = resources(model, "groups", "group")["group_staff"]
    assert made.attributes["display_name"] == "SG Staff ${x}"
    assert inner(made, "lifecycle") == {"prevent_destroy": True}
    assert not {"members", "owners"} & set(made.attributes)
    moves = {
        str(b.attributes["from"]): str(b.attributes["to"])
        for b in blocks(model, "groups")
        if b.type == "moved"
    }
    assert moves == {
        "azuread_group.group_crew": "azuread_group.group_staff",
        'terraform_data.kept_groups["crew"]': 'terraform_data.kept_groups["staff"]',
    }


def test_who_is_in_a_group_that_is_made_may_be_a_rule() -> None:
    where = {"attribute": "department", "equals": "R&D ${x} %{y}"}
    model = bound(groups={"staff": {"membersWhere": where}, "crew": {}})
    made = resources(model, "groups", "group")
    assert made["group_staff"].attributes["types"] == ["DynamicMembership"]
    assert inner(made["group_staff"], "dynamic_membership") == {
        "enabled": True,
        "rule": 'user.department -eq "R&D ${x} %{y}"',
    }
    assert "types" not in made["group_crew"].attributes
    assert TARGET.unsupported(model) == []
    theirs = bound(groups={"staff": {"membersWhere": where, "directoryId": ID}})
    assert [f.code for f in TARGET.unsupported(theirs)] == ["QG965"]


def test_a_former_name_that_is_a_group_again_is_not_let_go() -> None:
    groups = {"staff": {"directoryId": ID}, "crew": {}}
    gone = [b for b in blocks(bound(groups=groups), "groups") if b.type == "removed"]
    assert [str(b.attributes["from"]) for b in gone] == ["azuread_group.group_staff"]


@pytest.mark.parametrize(
    ("issuer", "audience", "version", "addresses"),
    [
        (PRODUCTS["entra"]["issuer"], "api://northwind", 1, ["api://northwind"]),
        (f"https://login.microsoftonline.com/{ID}/v2.0", ID, 2, None),
    ],
)
def test_tokens_are_of_the_version_that_the_issuer_says(
    issuer: str, audience: str, version: int, addresses: list[str] | None
) -> None:
    model = bound(provider={"issuer": issuer, "audience": audience})
    application = resources(model, "claims", "application")["qgov"]
    assert application.attributes.get("identifier_uris") == addresses
    assert application.attributes["group_membership_claims"] == ["ApplicationGroup"]
    assert inner(application, "api") == {"requested_access_token_version": version}
    (provider,) = (b for b in blocks(model, "versions") if b.type == "provider")
    assert str(provider.attributes["tenant_id"]) in issuer


def test_conditional_access_asks_those_who_hold_what_asks() -> None:
    model = company()
    policies = resources(model, "sign-in", "conditional_access_policy")
    users = {name: inner(each, "conditions", "users") for name, each in policies.items()}
    jit = "jit_entra-devs__operator__entra-tenant_sandbox_chemistry"
    assert users == {
        "mfa": {"included_users": ["All"]},
        "managed_device": {"included_groups": [Ref(f"azuread_group.{jit}.object_id")]},
        "countries_de_fi": {"included_groups": [Ref(f"azuread_group.{jit}.object_id")]},
        "session": {"included_users": ["All"]},
    }
    for each in policies.values():
        assert each.attributes["state"] == Ref("var.conditional_access_state")
        assert inner(each, "conditions", "applications") == {
            "included_applications": [Ref("azuread_application.qgov.client_id")]
        }
    assert inner(policies["session"], "session_controls") == {
        "sign_in_frequency": 8,
        "sign_in_frequency_period": "hours",
    }
    assert inner(policies["countries_de_fi"], "grant_controls")["built_in_controls"] == ["block"]
    (country,) = resources(model, "sign-in", "named_location")["countries_de_fi"].blocks
    assert country.attributes["countries_and_regions"] == ["DE", "FI"]


def test_countries_that_have_none_in_common_are_nobodys() -> None:
    model = bound(
        {"group": "staff", "role": "researcher", "on": "*", "requires": {"countries": ["US"]}},
        floors={"countries": ["DE"]},
    )
    policies = resources(model, "sign-in", "conditional_access_policy")
    assert inner(policies["countries"], "conditions", "locations") == {
        "included_locations": ["All"]
    }
    assert set(resources(model, "sign-in", "named_location")) == {"countries_de"}


@pytest.mark.parametrize(
    ("asked", "written"),
    [("30m", "PT30M"), ("45m", "PT30M"), ("4h", "PT4H"), ("90m", "PT1H30M"), ("2d", "P1D")],
)
def test_an_elevation_is_a_membership_that_ends(asked: str, written: str) -> None:
    model = elevated(maxDuration=asked)
    (policy,) = resources(model, "just-in-time", "group_role_management_policy").values()
    assert inner(policy, "activation_rules") == {
        "maximum_duration": written,
        "require_approval": True,
        "require_justification": True,
        "require_multifactor_authentication": False,
        "require_ticket_info": True,
    }
    assert inner(policy, "activation_rules", "approval_stage", "primary_approver") == {
        "object_id": Ref("azuread_group.group_leads.object_id"),
        "type": "groupMembers",
    }
    ((name, schedule),) = resources(
        model, "just-in-time", "privileged_access_group_eligibility_schedule"
    ).items()
    assert schedule.attributes["principal_id"] == Ref("azuread_group.group_staff.object_id")
    assert schedule.attributes["group_id"] == Ref(f"azuread_group.{name}.object_id")


def test_a_ticket_is_asked_for_where_the_binding_asks() -> None:
    (policy,) = resources(
        elevated(ticket="optional"), "just-in-time", "group_role_management_policy"
    ).values()
    assert inner(policy, "activation_rules")["require_ticket_info"] is False


def test_an_elevation_that_entra_cannot_say_is_told() -> None:
    model = elevated(maxDuration="20m")
    assert blocks(model, "just-in-time") == ()
    (finding,) = TARGET.unsupported(model)
    assert (finding.code, finding.severity) == ("QG966", "warning")


def test_names_too_long_for_entra_are_refused_before_anything_is_written() -> None:
    long = repository(
        organization(identityProviders={"entra": PRODUCTS["entra"]}),
        role("r" * 63, "job:submit"),
        tenant(
            "x" * 63,
            identityProvider="entra",
            bindings=[{"group": "staff", "role": "r" * 63, "on": "*"}],
        ),
    )
    (finding,) = TARGET.unsupported(long)
    assert (finding.code, finding.severity) == ("QG965", "error")
    assert emit(long)[0] == {}


def test_a_workload_is_known_by_its_issuer_alone() -> None:
    model = company()
    (credential,) = resources(
        model, "workloads", "application_federated_identity_credential"
    ).values()
    assert credential.attributes["subject"] == "repo:northwind/aurora:ref:refs/heads/main"
    assert len(resources(model, "workloads", "application")) == 2
    assert not resources(model, "workloads", "application_password")
    assert [f.code for f in TARGET.unsupported(model)] == ["QG967"]


def test_evil_texts_come_back_as_texts() -> None:
    model = company(evil=True)
    made = resources(model, "groups", "group")["group_entra-leads"].attributes
    assert made["display_name"] == f"{EVIL} 0"
    assert made["description"] == EVIL
    titles = {
        b.attributes["display_name"]
        for b in resources(model, "roles", "application_app_role").values()
    }
    assert f"{EVIL} on entra-tenant/sandbox"[:99] + "…" in titles


def test_too_many_groups_for_a_token_are_told() -> None:
    def many(count: int) -> list[str]:
        groups = {f"g{n}": {"directoryId": ID[:-3] + f"{n:03x}"} for n in range(count)}
        return [f.code for f in TARGET.unsupported(bound(groups=groups))]

    assert many(199) == []
    assert many(200) == ["QG968"]
