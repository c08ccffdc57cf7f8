"""The emitted realms on a real Keycloak: what it holds, and what its tokens say."""

from __future__ import annotations

from typing import Any

import pytest

from qgov.model.access_model import AccessModel
from qgov.model.principal import kind_of, name_of
from qgov.targets import Access, targets
from qgov.targets.keycloak import TARGET
from qgov.targets.keycloak.read_back import accesses_of
from tests.keycloak.issuer import WorkloadIssuer
from tests.keycloak.realms import REALMS, emitted, representation
from tests.keycloak.server import HOST, Server
from tests.keycloak.sign_in import (
    PASSWORD,
    ask,
    claims,
    exchange,
    one_time_code,
    person,
    redeem,
    sign_in,
    signed_in,
    token,
)
from tests.targets.worked import organization, repository, worked

pytestmark = pytest.mark.real


def held(keycloak: Server, realm: str) -> dict[str, Any]:
    """What the server holds, as it tells it."""
    answer = keycloak.admin.post(
        f"/admin/realms/{realm}/partial-export",
        params={"exportClients": "true", "exportGroupsAndRoles": "true"},
    )
    found: dict[str, Any] = answer.raise_for_status().json()
    return found


def bundled(provider: str) -> frozenset[Access]:
    """The table of accesses that the policy bundle answers from, for a provider's principals."""
    opa = targets()["opa"]
    assert opa.read_back is not None
    model = worked()

    def provider_of(access: Access) -> str:
        if kind_of(access.principal) == "group":
            return model.groups[name_of(access.principal)].provider
        return model.tenants[model.workloads[name_of(access.principal)].tenant].provider

    return frozenset(a for a in opa.read_back(opa.emit(model)) if provider_of(a) == provider)


@pytest.mark.parametrize(("provider", "realm"), REALMS.items(), ids=list(REALMS))
def test_the_server_holds_what_the_bundle_answers_from(
    keycloak: Server, provider: str, realm: str
) -> None:
    table = bundled(provider)
    assert len(table) > 30
    assert {a.eligible for a in table} == {True, False}
    assert accesses_of(held(keycloak, realm)) == table


@pytest.mark.parametrize(("provider", "realm"), REALMS.items(), ids=list(REALMS))
def test_the_server_says_what_the_file_says(
    keycloak: Server, workload_issuer: WorkloadIssuer, provider: str, realm: str
) -> None:
    file, found = representation(emitted()[provider]), held(keycloak, realm)
    for issuer in file["identityProviders"]:
        issuer["config"]["jwksUrl"] = workload_issuer.jwks_url
    assert missing(file, found) == []
    (everyone,) = (r for r in found["roles"]["realm"] if r["name"] == f"default-roles-{realm}")
    assert "realm" not in everyone["composites"]


def missing(wanted: Any, found: Any, path: str = "") -> list[str]:
    """Where what is found lacks something of what is wanted. A list of things with a name is
    looked up by it; Keycloak tells such in an order of its own, and leaves out empty ones."""
    if not wanted and not found and not isinstance(wanted, bool):
        return []
    if isinstance(wanted, dict) and isinstance(found, dict):
        return [
            each
            for key, value in wanted.items()
            for each in missing(value, found.get(key), f"{path}/{key}")
        ]
    if isinstance(wanted, list) and isinstance(found, list):
        if all(isinstance(each, str) for each in wanted):
            return [] if sorted(wanted) == sorted(found) else [f"{path}: {wanted} is {found}"]
        by_name = {_name(each): each for each in found}
        return [
            each
            for value in wanted
            for each in missing(value, by_name.get(_name(value)), f"{path}/{_name(value)}")
        ]
    return [] if wanted == found else [f"{path}: {wanted!r} is {found!r}"]


def _name(thing: dict[str, Any]) -> object:
    for key in (
        "name",
        "clientId",
        "username",
        "alias",
        "authenticator",
        "flowAlias",
        "providerId",
    ):
        if key in thing:
            return thing[key]
    raise AssertionError(thing)


@pytest.fixture(scope="module")
def spare(keycloak: Server) -> str:
    """The partners' realm once more, to be changed by hand."""
    made = representation(emitted()["partners"], "spare")
    keycloak.admin.post("/admin/realms", json=made).raise_for_status()
    return "spare"


def test_a_change_by_hand_is_an_access_more(keycloak: Server, spare: str) -> None:
    admin, below = keycloak.admin, f"/admin/realms/{spare}"
    before = accesses_of(held(keycloak, spare))
    assert before == bundled("partners")
    groups = {group["name"]: group["id"] for group in admin.get(f"{below}/groups").json()}
    researchers = f"{below}/groups/{groups['meridian-researchers']}"
    roles = {role["name"]: role for role in admin.get(f"{below}/roles").json()}
    steward, researcher = (
        roles["qgov:data-steward:meridian"],
        roles["qgov:researcher:meridian/test"],
    )
    for change, url, body in (
        (
            "an inner group",
            f"{below}/groups/{groups['meridian-leads']}/children",
            {"name": "guests"},
        ),
        ("a role", f"{researchers}/role-mappings/realm", [steward]),
        ("a role in it", f"{below}/roles-by-id/{steward['id']}/composites", [researcher]),
    ):
        assert admin.post(url, json=body).is_success, change
    (client,) = admin.get(
        f"{below}/clients", params={"clientId": "workload:meridian/meridian-benchmarks"}
    ).json()
    account = admin.get(f"{below}/clients/{client['id']}/service-account-user").json()
    admin.put(f"{below}/users/{account['id']}/groups/{groups['meridian-leads']}").raise_for_status()
    kinds = {event["resourceType"] for event in admin.get(f"{below}/admin-events").json()}
    assert kinds >= {"GROUP", "GROUP_MEMBERSHIP", "REALM_ROLE", "REALM_ROLE_MAPPING"}
    more = accesses_of(held(keycloak, spare)) - before
    assert {(a.principal, a.eligible) for a in more} == {
        ("group:meridian-leads/guests", False),
        ("group:meridian-researchers", False),
        ("workload:meridian/meridian-benchmarks", False),
        ("group:meridian-leads", True),  # who may be elevated to the role that holds more now
    }
    reviewed = worked().roles
    assert {(a.permission, a.scope) for a in more if a.principal.endswith("-researchers")} == {
        *((permission, "meridian") for permission in reviewed["data-steward"].permissions),
        *((permission, "meridian/test") for permission in reviewed["researcher"].permissions),
    }


def test_a_token_says_who_where_from_and_how_they_signed_in(keycloak: Server) -> None:
    person(keycloak, "quantum", "mei", ["/aurora-developers"])
    with keycloak.client() as browser:
        tokens = signed_in(browser, "quantum", "mei")
        said = claims(tokens["access_token"])
        assert said["iss"] == f"{HOST}/realms/quantum"
        assert (said["aud"], said["azp"], said["typ"]) == ("qgov", "qgov", "Bearer")
        assert said["preferred_username"] == "mei"
        assert (said["groups"], said["acr"]) == (["/aurora-developers"], "mfa")
        assert said["exp"] - said["iat"] == 1800
        assert {"auth_time", "jti", "sid", "sub"} <= set(said)
        assert not {"email", "name", "realm_access", "resource_access"} & set(said)
        assert not {"groups", "preferred_username"} & set(claims(tokens["id_token"]))

        recorded = {"type": "LOGIN", "user": said["sub"]}
        assert keycloak.admin.get("/admin/realms/quantum/events", params=recorded).json()

        again = redeem(browser, "quantum", ask(browser, "quantum"))  # by the session's cookie
        assert claims(again["access_token"])["acr"] == "mfa"
        refresh = {"grant_type": "refresh_token", "client_id": "qgov"}
        renewed = token(browser, "quantum", **refresh, refresh_token=tokens["refresh_token"])
        assert claims(renewed.json()["access_token"])["acr"] == "mfa"
        assert claims(renewed.json()["access_token"])["auth_time"] == said["auth_time"]
        reused = token(browser, "quantum", **refresh, refresh_token=tokens["refresh_token"])
        assert reused.json()["error"] == "invalid_grant"

        bearer = {"Authorization": f"Bearer {again['access_token']}", "Accept": "application/json"}
        assert browser.get("/realms/quantum/account/", headers=bearer).status_code == 401


def test_a_group_within_a_group_does_not_pass_for_one_of_the_directory(
    keycloak: Server, spare: str
) -> None:
    groups = f"/admin/realms/{spare}/groups"
    (outer,) = keycloak.admin.get(groups, params={"search": "meridian-leads", "exact": True}).json()
    inner = {"name": "meridian-researchers"}
    keycloak.admin.post(f"{groups}/{outer['id']}/children", json=inner).raise_for_status()
    person(keycloak, spare, "ines", ["/meridian-leads/meridian-researchers"])
    said = claims(sign_in(keycloak, spare, "ines")["access_token"])
    assert said["groups"] == ["/meridian-leads/meridian-researchers"]


@pytest.mark.parametrize(
    ("client", "parameters"),
    [
        ("qgov", {}),
        ("qgov", {"acr_values": "pwd"}),
        ("qgov", {"acr_values": "0"}),
        ("account-console", {"redirect_uri": f"{HOST}/realms/partners/account/"}),
    ],
    ids=["asks for no level", "asks for less", "asks for none", "another client"],
)
def test_a_password_alone_lets_nobody_in(
    keycloak: Server, client: str, parameters: dict[str, str]
) -> None:
    name = f"sam-{client}-{parameters.get('acr_values', 'none')}"
    person(keycloak, "partners", name)
    with keycloak.client() as browser:
        page = ask(browser, "partners", client, **parameters)
        page = page.fill_in(username=name, password=PASSWORD)
        assert page.asks_for == {"otp"}
        page = page.fill_in(otp="000000")
        assert page.asks_for == {"otp"}
        assert page.sent == {}
        if client == "qgov":
            found = redeem(browser, "partners", page.fill_in(otp=one_time_code()))
            assert claims(found["access_token"])["acr"] == "mfa"


def test_a_grant_that_was_allowed_by_hand_says_no_second_factor(
    keycloak: Server, spare: str
) -> None:
    """Without levels of authentication, Keycloak says level 1."""
    clients = f"/admin/realms/{spare}/clients"
    (client,) = keycloak.admin.get(clients, params={"clientId": "qgov"}).json()
    allowed = {**client, "directAccessGrantsEnabled": True}
    keycloak.admin.put(f"{clients}/{client['id']}", json=allowed).raise_for_status()
    person(keycloak, spare, "rune", code=False)
    with keycloak.client() as browser:
        direct = {"username": "rune", "password": PASSWORD, "client_id": "qgov"}
        answer = token(browser, spare, grant_type="password", scope="openid", **direct)
        assert claims(answer.raise_for_status().json()["access_token"])["acr"] == "1"
    keycloak.admin.put(f"{clients}/{client['id']}", json=client).raise_for_status()


def test_somebody_without_a_device_sets_one_up_first(keycloak: Server) -> None:
    person(keycloak, "partners", "noa", code=False)
    with keycloak.client() as browser:
        page = ask(browser, "partners").fill_in(username="noa", password=PASSWORD)
        assert page.asks_for == {"totp"}
        assert page.sent == {}


def test_nobody_gets_a_token_for_offline_use(keycloak: Server) -> None:
    person(keycloak, "partners", "tova")
    with keycloak.client() as browser:
        asked = ask(browser, "partners", scope="openid offline_access").sent
        assert asked["error"] == "invalid_scope"
        direct = {"username": "tova", "password": PASSWORD, "totp": one_time_code()}
        answer = token(
            browser,
            "partners",
            grant_type="password",
            client_id="admin-cli",
            scope="offline_access",
            **direct,
        )
        assert answer.json()["error"] == "invalid_scope"


def test_where_a_second_factor_is_available_the_token_says_who_showed_it(
    keycloak: Server,
) -> None:
    content = TARGET.emit(available())["idp/workforce/realm.json"]
    keycloak.admin.post("/admin/realms", json=representation(content)).raise_for_status()
    person(keycloak, "open", "lior")
    with keycloak.client() as browser:
        tokens = signed_in(browser, "open", "lior")
        assert claims(tokens["access_token"])["acr"] == "pwd"
        step_up = ask(browser, "open", acr_values="mfa")
        assert step_up.asks_for == {"otp"}
        tokens = redeem(browser, "open", step_up.fill_in(otp=one_time_code()))
        assert claims(tokens["access_token"])["acr"] == "mfa"
    keycloak.admin.delete("/admin/realms/open").raise_for_status()


def available() -> AccessModel:
    """A Keycloak that asks nobody for a second factor."""
    issuer = f"{HOST}/realms/open"
    workforce = {"type": "keycloak", "issuer": issuer, "mfa": "available"}
    return repository(organization(identityProviders={"workforce": workforce}))


def test_a_workload_comes_with_its_own_issuers_token(
    keycloak: Server, workload_issuer: WorkloadIssuer
) -> None:
    workload = worked().workloads["aurora/aurora-nightly"]
    assert workload.subject
    assert workload.audience

    assertion = workload_issuer.token(workload.subject, workload.audience)
    tokens = exchange(keycloak, "quantum", assertion)
    said = claims(tokens["access_token"])
    assert (said["azp"], said["aud"]) == ("workload:aurora/aurora-nightly", "qgov")
    assert said["exp"] - said["iat"] == workload.max_token_age_s
    assert "refresh_token" not in tokens
    assert "access_token" not in exchange(keycloak, "quantum", assertion)  # each is used once
    for refused in (
        workload_issuer.token(workload.subject.upper(), workload.audience),
        workload_issuer.token(workload.subject, "another"),
        workload_issuer.token(workload.subject, workload.audience, iss="https://evil.example"),
        workload_issuer.token(workload.subject, workload.audience, exp=1),
    ):
        assert "access_token" not in exchange(keycloak, "quantum", refused)
