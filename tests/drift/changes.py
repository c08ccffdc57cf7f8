"""Changes of a realm by hand: how each is made and taken back, and what must be told of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import httpx

__all__ = ["CHANGES", "Change", "Hand"]

DEVELOPERS, RESEARCHERS, CONTRACTORS = (
    "aurora-developers",
    "aurora-researchers",
    "aurora-contractors",
)
JIT = "jit:aurora-developers:quantum-developer:aurora.production"
PRODUCTION = "qgov:pipeline:borealis/production/dispatch"
SANDBOX = "qgov:researcher:aurora/sandbox/chemistry"
NIGHTLY = "workload:aurora/aurora-nightly"


@dataclass
class Hand:
    """Somebody with every right over one realm, who takes back what they did."""

    admin: httpx.Client
    realm: str
    undo: ExitStack = field(default_factory=ExitStack)

    def get(self, path: str, **query: str) -> Any:
        answer = self.admin.get(self._at(path), params=query or None)
        return answer.raise_for_status().json()

    def send(self, method: str, path: str, body: Any = None) -> httpx.Response:
        answer = self.admin.request(method, self._at(path), json=body)
        assert answer.is_success, (method, path, answer.status_code, answer.text)
        return answer

    def add(self, path: str, body: Any, at: str | None = None) -> str:
        """A new thing; its id."""
        answer = self.send("POST", path, body)
        id_ = answer.headers.get("location", "").rpartition("/")[2]
        below = at if at is not None else f"{path}/{id_}"
        self.undo.callback(self.send, "DELETE", below)
        return str(id_)

    def edit(self, path: str, **fields: Any) -> None:
        """Other fields of a thing; `attributes` and `config` one by one."""
        was = self.get(path)
        new = {**was}
        for name, value in fields.items():
            inner = isinstance(value, dict) and isinstance(was.get(name), dict)
            new[name] = {**was[name], **value} if inner else value
        self.send("PUT", path, new)
        # A field that is left out is kept, so that taking back is setting it to nothing.
        blank: dict[str, Any] = {} if path else {n: "" for n in fields if n not in was}
        blank |= {
            name: {**dict.fromkeys(value, ""), **was.get(name, {})}
            for name, value in fields.items()
            if isinstance(value, dict)
        }
        self.undo.callback(self.send, "PUT", path, {**was, **blank})

    def remove(self, path: str, body: Any, again: str = "POST") -> None:
        """Less of a list."""
        self.send("DELETE", path, body)
        self.undo.callback(self.send, again, path, body)

    def give(self, path: str, body: Any) -> None:
        """More of a list."""
        self.send("POST", path, body)
        self.undo.callback(self.send, "DELETE", path, body)

    # the ids of things by name

    def group(self, name: str) -> str:
        found = self.get("/groups", search=name, exact="true")
        return next(str(g["id"]) for g in found if g["name"] == name)

    def client(self, id_: str) -> str:
        return str(self.get("/clients", clientId=id_)[0]["id"])

    def role(self, name: str, client: str = "") -> dict[str, Any]:
        below = f"/clients/{self.client(client)}" if client else ""
        found = self.get(f"{below}/roles", search=name, max="500")
        return next(r for r in found if r["name"] == name)

    def scope(self, name: str) -> str:
        return next(str(s["id"]) for s in self.get("/client-scopes") if s["name"] == name)

    def person(self, name: str, **fields: Any) -> str:
        return self.add("/users", {"username": name, "enabled": True, **fields})

    def service(self, client: str) -> str:
        return str(self.get(f"/clients/{self.client(client)}/service-account-user")["id"])

    def execution(self, flow: str, provider: str) -> dict[str, Any]:
        found = self.get(f"/authentication/flows/{flow}/executions")
        return next(e for e in found if e.get("providerId") == provider)

    def _at(self, path: str) -> str:
        return f"/admin/realms/{self.realm}{path}"


@dataclass(frozen=True)
class Change:
    """One kind of change. Every difference that is told must have one of `told` in its message,
    and each of these must be told; the first is of this `kind` and `permission`."""

    make: Callable[[Hand], object]
    kind: str
    told: tuple[str, ...]
    permission: str | None = "job:submit"
    principal: str | None = None


CHANGES: dict[str, Change] = {}


def change(
    kind: str, *told: str, permission: str | None = "job:submit", principal: str | None = None
) -> Callable[[Callable[[Hand], object]], Callable[[Hand], object]]:
    def known(make: Callable[[Hand], object]) -> Callable[[Hand], object]:
        name = make.__name__.replace("_", " ")
        CHANGES[name] = Change(make, kind, told, permission, principal)
        return make

    return known


# ----------------------------------------------------------------------- groups, roles, people


@change(
    "unmanaged",
    f"`{CONTRACTORS}` may",
    f"through the role `{PRODUCTION}`",
    principal=f"group:{CONTRACTORS}",
)
def a_role_is_added_to_a_group(hand: Hand) -> None:
    hand.give(f"/groups/{hand.group(CONTRACTORS)}/role-mappings/realm", [hand.role(PRODUCTION)])


@change("missing", f"`{RESEARCHERS}` may not `", principal=f"group:{RESEARCHERS}")
def a_role_is_taken_from_a_group(hand: Hand) -> None:
    hand.remove(f"/groups/{hand.group(RESEARCHERS)}/role-mappings/realm", [hand.role(SANDBOX)])


@change(
    "unmanaged",
    "`realm-management/realm-admin`",
    permission="identity:write",
    principal=f"group:{CONTRACTORS}",
)
def an_administrator_s_right_is_added_to_a_group(hand: Hand) -> None:
    client = hand.client("realm-management")
    role = hand.role("realm-admin", "realm-management")
    hand.give(f"/groups/{hand.group(CONTRACTORS)}/role-mappings/clients/{client}", [role])


@change("unmanaged", "the person `~", f"the role `{PRODUCTION}` of its own")
def a_role_is_given_to_a_person(hand: Hand) -> None:
    hand.give(f"/users/{hand.person('eve')}/role-mappings/realm", [hand.role(PRODUCTION)])


@change("unmanaged", "the person `~", permission="member:write")
def the_right_to_manage_people_is_given_to_a_person(hand: Hand) -> None:
    client = hand.client("realm-management")
    role = hand.role("manage-users", "realm-management")
    hand.give(f"/users/{hand.person('eve')}/role-mappings/clients/{client}", [role])


@change("unmanaged", f"`{PRODUCTION}` of its own", principal=NIGHTLY)
def another_role_is_given_to_a_workload(hand: Hand) -> None:
    hand.give(f"/users/{hand.service(NIGHTLY)}/role-mappings/realm", [hand.role(PRODUCTION)])


@change("missing", "may not `", principal=NIGHTLY)
def the_role_of_a_workload_is_taken_away(hand: Hand) -> None:
    role = hand.role("qgov:pipeline:aurora/sandbox/chemistry")
    hand.remove(f"/users/{hand.service(NIGHTLY)}/role-mappings/realm", [role])


@change("unmanaged", f"being in the group `{DEVELOPERS}`", principal=NIGHTLY)
def a_service_account_joins_a_group(hand: Hand) -> None:
    path = f"/users/{hand.service(NIGHTLY)}/groups/{hand.group(DEVELOPERS)}"
    hand.send("PUT", path)
    hand.undo.callback(hand.send, "DELETE", path)


@change("unmanaged", "without an elevation, through the just-in-time group")
def a_person_joins_a_just_in_time_group(hand: Hand) -> None:
    path = f"/users/{hand.person('eve')}/groups/{hand.group(JIT)}"
    hand.send("PUT", path)


@change(
    "unmanaged",
    f"a composite of `{SANDBOX}`",
    "`composites` of the role",
    principal=f"group:{RESEARCHERS}",
)
def a_role_becomes_a_composite(hand: Hand) -> None:
    id_ = hand.role(SANDBOX)["id"]
    hand.give(f"/roles-by-id/{id_}/composites", [hand.role(PRODUCTION)])


@change(
    "unmanaged",
    "a composite of `helper`, a composite of `inner`",
    "the role `helper`",
    "the role `inner`",
)
def a_role_leads_to_another_over_two_steps(hand: Hand) -> None:
    for name in ("helper", "inner"):
        hand.add("/roles", {"name": name}, at=f"/roles/{name}")
    hand.send("POST", "/roles/inner/composites", [hand.role(PRODUCTION)])
    hand.send("POST", "/roles/helper/composites", [hand.role("inner")])
    hand.give(f"/groups/{hand.group(CONTRACTORS)}/role-mappings/realm", [hand.role("helper")])


@change(
    "unmanaged",
    "the default roles",
    "`composites` of the role `default-roles`",
    principal="everyone",
)
def everyone_is_given_a_role(hand: Hand) -> None:
    id_ = hand.role(f"default-roles-{hand.realm}")["id"]
    hand.give(f"/roles-by-id/{id_}/composites", [hand.role(PRODUCTION)])


@change("unmanaged", f"the default group `{DEVELOPERS}`", principal="everyone")
def a_group_becomes_a_default_group(hand: Hand) -> None:
    path = f"/default-groups/{hand.group(DEVELOPERS)}"
    hand.send("PUT", path)
    hand.undo.callback(hand.send, "DELETE", path)


@change("unmanaged", "the group `strangers`", permission=None)
def a_new_group(hand: Hand) -> None:
    hand.add("/groups", {"name": "strangers"})


@change("unmanaged", "`strangers` may", "the group `strangers`", principal="group:strangers")
def a_new_group_with_a_role(hand: Hand) -> None:
    id_ = hand.add("/groups", {"name": "strangers"})
    hand.send("POST", f"/groups/{id_}/role-mappings/realm", [hand.role(PRODUCTION)])


@change(
    "unmanaged", f"being nested in the group `{RESEARCHERS}`", f"the group `{RESEARCHERS}/helpers`"
)
def a_nested_group(hand: Hand) -> None:
    id_ = hand.group(RESEARCHERS)
    child = hand.send("POST", f"/groups/{id_}/children", {"name": "helpers"}).json()["id"]
    hand.undo.callback(hand.send, "DELETE", f"/groups/{child}")


@change(
    "missing",
    f"`{RESEARCHERS}` may not",
    f"the group `{RESEARCHERS}`",
    "`others` may",
    "the group `others`",
)
def a_group_is_renamed(hand: Hand) -> None:
    hand.edit(f"/groups/{hand.group(RESEARCHERS)}", name="others")


@change(
    "unmanaged",
    f"`{DEVELOPERS}/{RESEARCHERS}`",
    f"`{RESEARCHERS}` may not",
    f"the group `{RESEARCHERS}`",
)
def a_group_is_moved_below_another(hand: Hand) -> None:
    child = hand.group(RESEARCHERS)
    hand.send("POST", f"/groups/{hand.group(DEVELOPERS)}/children", hand.get(f"/groups/{child}"))
    hand.undo.callback(hand.send, "POST", "/groups", {"id": child, "name": RESEARCHERS})


@change("changed", "`permissions` of the role", permission=None)
def a_role_says_other_permissions(hand: Hand) -> None:
    id_ = hand.role(SANDBOX)["id"]
    was = hand.get(f"/roles-by-id/{id_}")
    new = {**was, "attributes": {**was["attributes"], "permissions": ["result:export"]}}
    hand.send("PUT", f"/roles-by-id/{id_}", new)
    hand.undo.callback(hand.send, "PUT", f"/roles-by-id/{id_}", was)


@change("changed", f"`qgov_eligible` of the group `{JIT}`", permission="elevation:approve")
def an_eligible_binding_has_other_approvers(hand: Hand) -> None:
    path = f"/groups/{hand.group(JIT)}"
    was = hand.get(path)
    text = was["attributes"]["qgov_eligible"][0].replace("aurora-leads", DEVELOPERS)
    new = {**was, "attributes": {**was["attributes"], "qgov_eligible": [text]}}
    hand.send("PUT", path, new)
    hand.undo.callback(hand.send, "PUT", path, was)


# ------------------------------------------------------------------------------------- clients


@change("unmanaged", "the client `console`", permission=None, principal="client:console")
def a_new_client(hand: Hand) -> None:
    hand.add("/clients", {"clientId": "console", "publicClient": True})


@change(
    "missing",
    "may not `",
    f"`{NIGHTLY}`",
    f"the mapper `client {NIGHTLY} audience`",
    principal=NIGHTLY,
)
def a_workload_s_client_is_removed(hand: Hand) -> None:
    id_ = hand.client(NIGHTLY)
    was = hand.get(f"/clients/{id_}")
    account = hand.service(NIGHTLY)
    roles = hand.get(f"/users/{account}/role-mappings/realm")
    hand.send("DELETE", f"/clients/{id_}")

    def again() -> None:
        hand.send("POST", "/clients", was)
        path = f"/users/{hand.service(NIGHTLY)}/role-mappings/realm"
        hand.send("POST", path, [r for r in roles if r["name"].startswith("qgov:")])
        ours = hand.service(NIGHTLY)
        hand.send(
            "DELETE",
            f"/users/{ours}/role-mappings/realm",
            [
                r
                for r in hand.get(f"/users/{ours}/role-mappings/realm")
                if not r["name"].startswith("qgov:")
            ],
        )

    hand.undo.callback(again)


def mapper(name: str, kind: str, **config: str) -> dict[str, Any]:
    return {
        "name": name,
        "protocol": "openid-connect",
        "protocolMapper": kind,
        "config": {
            "access.token.claim": "true",
            **{k.replace("_", "."): v for k, v in config.items()},
        },
    }


HARDCODED = {"claim_name": "groups", "jsonType_label": "JSON"}


@change(
    "unmanaged",
    "the mapper `more` of the client `qgov`",
    "the mapper `client qgov more`",
    principal="everyone",
)
def a_mapper_writes_a_group_into_tokens(hand: Hand) -> None:
    body = mapper(
        "more", "oidc-hardcoded-claim-mapper", claim_value=f'["{DEVELOPERS}"]', **HARDCODED
    )
    hand.add(f"/clients/{hand.client('qgov')}/protocol-mappers/models", body)


@change(
    "unmanaged", "the mapper `more` of the client scope `basic`", "the mapper `scope basic more`"
)
def a_mapper_on_a_built_in_scope_writes_a_group_into_tokens(hand: Hand) -> None:
    body = mapper("more", "oidc-hardcoded-claim-mapper", claim_value=f"/{DEVELOPERS}", **HARDCODED)
    hand.add(f"/client-scopes/{hand.scope('basic')}/protocol-mappers/models", body)


@change(
    "unmanaged",
    "the mapper `more` of the client `qgov`",
    "the mapper `client qgov more`",
    principal="everyone",
)
def a_mapper_writes_a_role_into_tokens(hand: Hand) -> None:
    body = mapper("more", "oidc-hardcoded-role-mapper", role=PRODUCTION)
    hand.add(f"/clients/{hand.client('qgov')}/protocol-mappers/models", body)


@change("unmanaged", "the mapper `client qgov nickname`")
def a_mapper_takes_groups_from_an_attribute_of_people(hand: Hand) -> None:
    body = mapper(
        "nickname",
        "oidc-usermodel-attribute-mapper",
        user_attribute="nickname",
        claim_name="groups",
    )
    hand.add(f"/clients/{hand.client('qgov')}/protocol-mappers/models", body)


def own_mapper(hand: Hand, kind: str) -> tuple[str, dict[str, Any]]:
    path = f"/clients/{hand.client('qgov')}/protocol-mappers/models"
    found = next(m for m in hand.get(path) if kind in m["protocolMapper"])
    return f"{path}/{found['id']}", found


@change("missing", "the mapper `client qgov audience`")
def the_audience_is_no_longer_said(hand: Hand) -> None:
    path, was = own_mapper(hand, "audience")
    hand.send("DELETE", path)
    hand.undo.callback(hand.send, "POST", path.rpartition("/")[0], was)


@change("changed", "`full.path` of the mapper `client qgov groups`")
def groups_are_said_without_their_path(hand: Hand) -> None:
    path, was = own_mapper(hand, "group-membership")
    hand.send("PUT", path, {**was, "config": {**was["config"], "full.path": "false"}})
    hand.undo.callback(hand.send, "PUT", path, was)


def of_client(hand: Hand, id_: str, **fields: Any) -> None:
    hand.edit(f"/clients/{hand.client(id_)}", **fields)


@change("changed", "`redirectUris` of the client `qgov`")
def tokens_are_sent_elsewhere(hand: Hand) -> None:
    of_client(hand, "qgov", redirectUris=["http://127.0.0.1/*", "https://evil.example/*"])


@change("changed", "`directAccessGrantsEnabled` of the client `qgov`")
def a_password_alone_is_enough_by_the_direct_grant(hand: Hand) -> None:
    of_client(hand, "qgov", directAccessGrantsEnabled=True)


@change("changed", "`implicitFlowEnabled` of the client `qgov`")
def the_implicit_flow_is_on(hand: Hand) -> None:
    of_client(hand, "qgov", implicitFlowEnabled=True)


@change("changed", "`fullScopeAllowed` of the client `qgov`")
def tokens_say_every_role(hand: Hand) -> None:
    of_client(hand, "qgov", fullScopeAllowed=True)


@change("changed", "`pkce.code.challenge.method` of the client `qgov`")
def codes_need_no_proof(hand: Hand) -> None:
    of_client(hand, "qgov", attributes={"pkce.code.challenge.method": ""})


@change("changed", "`minimum.acr.value` of the client `qgov`")
def the_second_factor_is_no_longer_asked_for(hand: Hand) -> None:
    of_client(hand, "qgov", attributes={"minimum.acr.value": ""})


@change("changed", "`oauth2.device.authorization.grant.enabled` of the client `qgov`")
def the_device_grant_is_on(hand: Hand) -> None:
    of_client(hand, "qgov", attributes={"oauth2.device.authorization.grant.enabled": "true"})


@change("changed", "`access.token.lifespan` of the client `qgov`")
def tokens_live_longer(hand: Hand) -> None:
    of_client(hand, "qgov", attributes={"access.token.lifespan": "86400"})


@change("changed", "`authenticationFlowBindingOverrides.browser` of the client `qgov`")
def a_client_signs_in_by_another_flow(hand: Hand) -> None:
    flow = next(f for f in hand.get("/authentication/flows") if f["alias"] == "browser")["id"]
    of_client(hand, "qgov", authenticationFlowBindingOverrides={"browser": flow})


@change("changed", f"`clientAuthenticatorType` of the client `{NIGHTLY}`", principal=NIGHTLY)
def a_workload_signs_in_with_a_secret(hand: Hand) -> None:
    of_client(hand, NIGHTLY, clientAuthenticatorType="client-secret")


@change("changed", f"`jwt.credential.sub` of the client `{NIGHTLY}`", principal=NIGHTLY)
def a_workload_answers_to_another_token(hand: Hand) -> None:
    of_client(hand, NIGHTLY, attributes={"jwt.credential.sub": "repo:evil/x:ref:refs/heads/main"})


@change("changed", f"`enabled` of the client `{NIGHTLY}`", principal=NIGHTLY)
def a_workload_is_disabled(hand: Hand) -> None:
    of_client(hand, NIGHTLY, enabled=False)


@change("unmanaged", f"the scope mapping `client qgov {PRODUCTION}`", permission=None)
def tokens_say_one_role_more(hand: Hand) -> None:
    hand.give(f"/clients/{hand.client('qgov')}/scope-mappings/realm", [hand.role(PRODUCTION)])


@change("unmanaged", "the client scope `extra`", permission=None)
def a_new_client_scope(hand: Hand) -> None:
    hand.add("/client-scopes", {"name": "extra", "protocol": "openid-connect"})


@change(
    "unmanaged", "the default client scope `extra`", "the client scope `extra`", permission=None
)
def a_scope_becomes_a_default(hand: Hand) -> None:
    id_ = hand.add("/client-scopes", {"name": "extra", "protocol": "openid-connect"})
    hand.send("PUT", f"/default-default-client-scopes/{id_}")
    hand.undo.callback(hand.send, "DELETE", f"/default-default-client-scopes/{id_}")


@change("unmanaged", "the initial access token", permission="workload:write", principal="anyone")
def anybody_with_a_token_may_register_clients(hand: Hand) -> None:
    answer = hand.send("POST", "/clients-initial-access", {"count": 3, "expiration": 3600}).json()
    hand.undo.callback(hand.send, "DELETE", f"/clients-initial-access/{answer['id']}")


@change("unmanaged", "the client policy `lax`", permission=None)
def a_client_policy(hand: Hand) -> None:
    body = {"name": "lax", "enabled": True, "conditions": [], "profiles": []}
    hand.send("PUT", "/client-policies/policies", {"policies": [body]})
    hand.undo.callback(hand.send, "PUT", "/client-policies/policies", {"policies": []})


# --------------------------------------------------------------------------------- the realm


def of_realm(field_: str, value: Any) -> Callable[[Hand], object]:
    return lambda hand: hand.edit("", **{field_: value})


for _field, _value, _permission in (
    ("accessTokenLifespan", 86_400, "job:submit"),
    ("ssoSessionMaxLifespan", 864_000, "job:submit"),
    ("registrationAllowed", True, "job:submit"),
    ("resetPasswordAllowed", True, "job:submit"),
    ("editUsernameAllowed", True, "job:submit"),
    ("rememberMe", True, "job:submit"),
    ("bruteForceProtected", False, "job:submit"),
    ("sslRequired", "none", "job:submit"),
    ("browserFlow", "browser", "job:submit"),
    ("directGrantFlow", "qgov-browser", "job:submit"),
    ("otpPolicyCodeReusable", True, "job:submit"),
    ("passwordPolicy", "length(1)", "job:submit"),
    ("duplicateEmailsAllowed", True, "job:submit"),
    ("organizationsEnabled", True, "member:write"),
):
    CHANGES[f"{_field} of the realm"] = Change(
        of_realm(_field, _value), "changed", (f"`{_field}` of the realm",), _permission
    )


@change("changed", "`eventsEnabled` of the events", permission="audit:write")
def events_are_no_longer_kept(hand: Hand) -> None:
    hand.edit("/events/config", eventsEnabled=False)


@change("changed", "`enabled` of the required action `CONFIGURE_TOTP`")
def one_time_codes_are_no_longer_set_up(hand: Hand) -> None:
    hand.edit("/authentication/required-actions/CONFIGURE_TOTP", enabled=False)


@change("changed", "`unmanagedAttributePolicy` of the user profile")
def people_have_other_attributes(hand: Hand) -> None:
    hand.edit("/users/profile", unmanagedAttributePolicy="ENABLED")


@change("changed", "`edit` of the user profile `attribute username`")
def people_change_their_own_name(hand: Hand) -> None:
    was = hand.get("/users/profile")
    new: dict[str, Any] = json.loads(json.dumps(was))
    named = next(a for a in new["attributes"] if a["name"] == "username")
    named["permissions"]["edit"] = ["admin", "user"]
    hand.send("PUT", "/users/profile", new)
    hand.undo.callback(hand.send, "PUT", "/users/profile", was)


# ------------------------------------------------------------------------------- how one signs in


@change("unmanaged", "the execution `qgov-browser / auth-spnego`")
def an_execution_lets_in_without_a_password(hand: Hand) -> None:
    path = "/authentication/flows/qgov-browser/executions"
    hand.send("POST", f"{path}/execution", {"provider": "auth-spnego"})
    one = hand.execution("qgov-browser", "auth-spnego")
    hand.undo.callback(hand.send, "DELETE", f"/authentication/executions/{one['id']}")
    hand.send("PUT", path, {**one, "requirement": "ALTERNATIVE"})


@change("changed", "`requirement` of the execution", "auth-otp-form")
def the_one_time_code_is_switched_off(hand: Hand) -> None:
    path = "/authentication/flows/qgov-browser/executions"
    one = hand.execution("qgov-browser", "auth-otp-form")
    hand.send("PUT", path, {**one, "requirement": "DISABLED"})
    hand.undo.callback(hand.send, "PUT", path, one)


@change("missing", "auth-otp-form")
def the_one_time_code_is_removed(hand: Hand) -> None:
    one = hand.execution("qgov-browser", "auth-otp-form")
    parent = hand.get("/authentication/flows/qgov-browser/executions")
    above = [e for e in parent if e["level"] < one["level"] and e["index"] is not None]
    flow = next(e["displayName"] for e in reversed(parent[: parent.index(one)]) if e in above)
    hand.send("DELETE", f"/authentication/executions/{one['id']}")

    def again() -> None:
        path = f"/authentication/flows/{flow}/executions"
        hand.send("POST", f"{path}/execution", {"provider": "auth-otp-form"})
        new = hand.execution("qgov-browser", "auth-otp-form")
        hand.send(
            "PUT", path, {**new, "requirement": one["requirement"], "priority": one["priority"]}
        )

    hand.undo.callback(again)


@change("unmanaged", "the flow `lax`", permission=None)
def a_new_flow(hand: Hand) -> None:
    hand.add(
        "/authentication/flows", {"alias": "lax", "providerId": "basic-flow", "topLevel": True}
    )


@change("changed", "the execution `direct grant /", "`requirement` of")
def a_built_in_flow_asks_for_less(hand: Hand) -> None:
    path = "/authentication/flows/direct%20grant/executions"
    found = hand.get(path)
    one = next(e for e in found if e.get("providerId") == "direct-grant-validate-password")
    hand.send("PUT", path, {**one, "requirement": "DISABLED"})
    hand.undo.callback(hand.send, "PUT", path, one)


# --------------------------------------------------------------------------------- who is believed


def broker(hand: Hand) -> None:
    config = {
        "clientId": "x",
        "clientSecret": "x",
        "authorizationUrl": "https://evil.example/a",
        "tokenUrl": "https://evil.example/t",
    }
    hand.add(
        "/identity-provider/instances",
        {"alias": "evil", "providerId": "oidc", "config": config},
        at="/identity-provider/instances/evil",
    )


@change("unmanaged", "the identity provider `evil`", principal="anyone")
def a_new_broker(hand: Hand) -> None:
    broker(hand)


@change(
    "unmanaged",
    "the mapper `all` of the identity provider `evil`",
    "the identity provider `evil`",
    "the broker mapper `evil all`",
    principal="anyone",
)
def a_broker_puts_people_into_a_group(hand: Hand) -> None:
    broker(hand)
    body = {
        "name": "all",
        "identityProviderAlias": "evil",
        "identityProviderMapper": "oidc-hardcoded-group-idp-mapper",
        "config": {"group": f"/{DEVELOPERS}", "syncMode": "INHERIT"},
    }
    hand.send("POST", "/identity-provider/instances/evil/mappers", body)


@change("changed", "`linkOnly` of the identity provider", principal="anyone")
def people_sign_in_through_a_workload_s_issuer(hand: Hand) -> None:
    one = hand.get("/identity-provider/instances")[0]
    hand.edit(f"/identity-provider/instances/{one['alias']}", linkOnly=False)


@change("changed", "`jwksUrl` of the identity provider", principal="anyone")
def a_workload_s_issuer_has_other_keys(hand: Hand) -> None:
    one = hand.get("/identity-provider/instances")[0]
    hand.edit(
        f"/identity-provider/instances/{one['alias']}", config={"jwksUrl": "https://evil.example/k"}
    )


def component(hand: Hand, name: str, provider: str, kind: str, **config: list[str]) -> str:
    parent = hand.get("")["id"]
    body = {
        "name": name,
        "providerId": provider,
        "providerType": kind,
        "parentId": parent,
        "config": config,
    }
    return hand.add("/components", body)


@change("unmanaged", "the component `KeyProvider own`", principal="anyone")
def a_key_of_one_s_own(hand: Hand) -> None:
    component(
        hand,
        "own",
        "rsa-generated",
        "org.keycloak.keys.KeyProvider",
        priority=["200"],
        algorithm=["RS256"],
    )


@change(
    "unmanaged",
    "the component `UserStorageProvider ldap`",
    "the component `LDAPStorageMapper ldap",
    principal="anyone",
)
def another_directory(hand: Hand) -> None:
    component(
        hand, "ldap", "ldap", "org.keycloak.storage.UserStorageProvider",
        connectionUrl=["ldap://127.0.0.1:1"], usersDn=["ou=x"], bindDn=["cn=x"], bindCredential=["x"],
        vendor=["other"], editMode=["READ_ONLY"], usernameLDAPAttribute=["uid"], rdnLDAPAttribute=["uid"],
        uuidLDAPAttribute=["entryUUID"], userObjectClasses=["person"], authType=["simple"],
        searchScope=["1"], enabled=["true"], priority=["0"], pagination=["false"], importEnabled=["true"],
    )  # fmt: skip


@change(
    "changed", "`max-clients` of the component", permission="workload:write", principal="anyone"
)
def more_clients_may_register_themselves(hand: Hand) -> None:
    found = hand.get("/components", name="Max Clients Limit")[0]
    hand.edit(f"/components/{found['id']}", config={"max-clients": ["100000"]})


@change("unmanaged", "the workflow `late`", permission="member:write")
def a_workflow_puts_people_into_a_group(hand: Hand) -> None:
    body = {
        "name": "late",
        "on": "user-authenticated",
        "steps": [{"uses": "join-group", "after": "1d", "with": {"group": f"/{DEVELOPERS}"}}],
    }
    hand.add("/workflows", body)


@change("unmanaged", "the organization `others`", "`organizationsEnabled` of the realm")
def an_organization(hand: Hand) -> None:
    hand.edit("", organizationsEnabled=True)
    hand.add(
        "/organizations",
        {"name": "others", "alias": "others", "enabled": True, "domains": [{"name": "o.example"}]},
    )
