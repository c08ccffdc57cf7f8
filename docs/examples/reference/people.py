"""Who signs in at the Keycloak of the reference architecture, and with what."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

from docs.examples.reference.architecture import Architecture
from qgov.model.access_model import AccessModel
from tests.drift.changes import Hand
from tests.keycloak.realms import REALMS, representation
from tests.keycloak.sign_in import (
    PASSWORD,
    exchange,
    one_time_code,
    person,
    sign_in,
    token,
)

__all__ = [
    "CAST",
    "MEI",
    "Member",
    "let_in",
    "password_alone",
    "token_of",
    "token_of_workload",
    "with_a_client_by_hand",
    "with_a_password_alone",
    "with_a_subgroup_by_hand",
    "without_the_stand_in",
]


class Member(NamedTuple):
    """Somebody of a role: where they are in the directory, and where they work."""

    role: str
    name: str
    group: str
    tenant: str
    project: str


CAST: Final = (
    Member("audit-custodian", "astrid", "audit-custodians", "aurora", "chemistry"),
    Member("auditor", "otto", "platform-auditors", "aurora", "chemistry"),
    Member("billing-admin", "carla", "finance-controllers", "aurora", "chemistry"),
    Member("calibration-engineer", "ivo", "device-engineers", "borealis", "dispatch"),
    Member("data-steward", "dana", "helix-data-stewards", "helix", "docking"),
    Member("finance-approver", "farid", "finance-approvers", "aurora", "chemistry"),
    Member("operator", "tim", "sre", "aurora", "chemistry"),
    Member("pipeline", "aurora/aurora-nightly", "", "aurora", "chemistry"),
    Member("pipeline", "borealis/borealis-dispatch", "", "borealis", "dispatch"),
    Member("platform-admin", "pia", "platform-admins", "aurora", "chemistry"),
    Member("quantum-developer", "hana", "aurora-developers", "aurora", "chemistry"),
    Member("researcher", "kim", "aurora-researchers", "aurora", "chemistry"),
    Member("researcher", "sato", "meridian-researchers", "meridian", "error-correction"),
    Member("security-reviewer", "tomas", "security-reviewers", "aurora", "chemistry"),
    Member("tenant-admin", "bela", "borealis-leads", "borealis", "dispatch"),
    Member("tenant-lead", "ines", "aurora-leads", "aurora", "chemistry"),
    Member("trainee", "lin", "academy-trainees", "academy", "basics"),
)
"""One of each role of the worked repository; two where people and workloads differ, or realms."""

MEI: Final = "mei@northwind.example"
"""A developer whose elevation was merged."""

REALM: Final = "quantum"


def let_in(running: Architecture) -> dict[str, str]:
    """Make everybody, let `qgov elevate` elevate whom the documents elevate, and sign each in
    with their own browser or exchange their token. Name → access token."""
    with ThreadPoolExecutor(2) as pool:
        tokens = pool.map(lambda who: _known(running, who), CAST)
        found = {who.name: token for who, token in zip(CAST, tokens, strict=True)}
    for each in running.model.elevations:
        if each.not_before is not None and each.not_before <= running.clock() < each.expires:
            (binding,) = each.through
            name = binding.principal.removeprefix("group:")
            person(running.keycloak, realm_of(running.model, name), each.subject, [f"/{name}"])
    running.elevate()
    found[MEI] = sign_in(running.keycloak, REALM, MEI)["access_token"]
    return found


def _known(running: Architecture, who: Member) -> str:
    if not who.group:
        return token_of_workload(running, who.name)
    realm = realm_of(running.model, who.group)
    return token_of(running, who.name, f"/{who.group}", realm=realm)


def realm_of(model: AccessModel, group: str) -> str:
    """The realm that people of a group sign in to."""
    return REALMS[model.groups[group].provider]


def token_of(
    running: Architecture, name: str, group: str, *, kind: str = "access_token", realm: str = REALM
) -> str:
    """Somebody new in a group, by its path, signs in: authorization code, PKCE, password and
    one-time code."""
    person(running.keycloak, realm, name, [group])
    return str(sign_in(running.keycloak, realm, name)[kind])


def token_of_workload(running: Architecture, name: str) -> str:
    """Keycloak's token for a workload, in exchange for its own issuer's (RFC 7523)."""
    return str(exchange(running.keycloak, REALM, assertion_of(running, name))["access_token"])


def assertion_of(running: Architecture, name: str, subject: str = "", **claims: Any) -> str:
    """What its own issuer gives a workload, or another subject of the same audience."""
    workload = running.model.workloads[name]
    return running.issuer.token(subject or str(workload.subject), str(workload.audience), **claims)


# ---------------------------------------------------------------------------- changes by hand


@contextmanager
def with_a_password_alone(running: Architecture) -> Iterator[None]:
    """An administrator lets people in with a password alone, for as long as this lasts: by the
    direct grant, which shows no page of Keycloak's."""
    hand = Hand(running.keycloak.admin, REALM)
    with hand.undo:
        hand.edit(f"/clients/{hand.client('qgov')}", directAccessGrantsEnabled=True)
        yield


def password_alone(running: Architecture, name: str, group: str) -> str:
    """The token of somebody who has no second factor and was not asked for one."""
    person(running.keycloak, REALM, name, [group], code=False)
    return _directly(running, "qgov", username=name, password=PASSWORD)


def _directly(running: Architecture, client: str, **form: str) -> str:
    """A token by the direct grant."""
    form |= {"grant_type": "password", "client_id": client, "scope": "openid"}
    with running.keycloak.client() as browser:
        answer = token(browser, REALM, **form).raise_for_status().json()
    return str(answer["access_token"])


@contextmanager
def with_a_subgroup_by_hand(running: Architecture, outer: str, inner: str) -> Iterator[str]:
    """A subgroup that has the name of another group; its path."""
    hand = Hand(running.keycloak.admin, REALM)
    with hand.undo:
        below = f"/groups/{hand.group(outer)}/children"
        id_ = hand.send("POST", below, {"name": inner}).json()["id"]
        hand.undo.callback(hand.send, "DELETE", f"/groups/{id_}")
        yield f"/{outer}/{inner}"


@contextmanager
def with_a_client_by_hand(running: Architecture, name: str, group: str) -> Iterator[str]:
    """A token of somebody from another client, which mints the audience of the gateway."""
    hand = Hand(running.keycloak.admin, REALM)
    mapper = {
        "name": "audience",
        "protocol": "openid-connect",
        "protocolMapper": "oidc-audience-mapper",
        "config": {"included.custom.audience": "qgov", "access.token.claim": "true"},
    }
    client = {
        "clientId": "dashboard",
        "publicClient": True,
        "standardFlowEnabled": False,
        "directAccessGrantsEnabled": True,
        "protocolMappers": [mapper],
    }
    with hand.undo:
        hand.add("/clients", client)
        person(running.keycloak, REALM, name, [group])
        yield _directly(
            running, "dashboard", username=name, password=PASSWORD, totp=one_time_code()
        )


def without_the_stand_in(running: Architecture) -> None:
    """Take the stand-in of the pipeline's issuer out of both realms: its keys are where they
    were reviewed to be."""
    for provider, realm in REALMS.items():
        hand = Hand(running.keycloak.admin, realm)
        file = running.folder / f"build/idp/{provider}/realm.json"
        for each in representation(file.read_bytes())["identityProviders"]:
            address = {"jwksUrl": each["config"]["jwksUrl"]}
            hand.edit(f"/identity-provider/instances/{each['alias']}", config=address)
