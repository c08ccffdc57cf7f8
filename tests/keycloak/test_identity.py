"""Tokens of a real Keycloak become identities, or nobody's."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from qgov.decision.bundle import read_bundle
from qgov.identity.asking import Surroundings
from qgov.identity.identity import Identity, Refused
from qgov.identity.reasons import Reason
from qgov.identity.verifier import Verifier
from qgov.targets import targets
from tests.keycloak.issuer import WorkloadIssuer
from tests.keycloak.server import HOST, Server
from tests.keycloak.sign_in import PASSWORD, exchange, one_time_code, person, sign_in, token
from tests.targets.worked import worked

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def verifier(keycloak: Server) -> Verifier:
    """Configured by the worked repository's bundle alone, beside the server."""
    bundle = read_bundle(targets()["opa"].emit(worked())["policy/opa/bundle.tar.gz"])
    server = f"http://127.0.0.1:{keycloak.port}"
    addresses = {f"{HOST}/realms/{r}": f"{server}/realms/{r}" for r in ("quantum", "partners")}
    return Verifier(bundle, Surroundings(addresses))


def identify(verifier: Verifier, bearer: str) -> Identity | Refused:
    return verifier.identify(bearer, now=datetime.now(UTC))


def test_a_person_is_known_with_groups_and_second_factor(
    keycloak: Server, verifier: Verifier
) -> None:
    person(keycloak, "quantum", "hana", ["/aurora-developers", "/sre"])
    person(keycloak, "quantum", "otto")
    tokens = sign_in(keycloak, "quantum", "hana")
    found = identify(verifier, tokens["access_token"])
    assert isinstance(found, Identity), found
    assert (found.subject["type"], found.subject["id"]) == ("user", "hana")
    assert found.subject["properties"] == {
        "groups": ["aurora-developers", "sre"],
        "issuer": f"{HOST}/realms/quantum",
    }
    assert found.context["mfa"] is True
    assert found.context["token"]["audience"] == "qgov"
    assert found.token_id
    assert found.session_id

    alone = identify(verifier, sign_in(keycloak, "quantum", "otto")["access_token"])
    assert isinstance(alone, Identity), alone
    assert alone.subject["properties"]["groups"] == []

    for kind in ("id_token", "refresh_token"):
        refused = identify(verifier, tokens[kind])
        assert isinstance(refused, Refused), kind


def test_a_token_of_another_client_is_nobodys(keycloak: Server, verifier: Verifier) -> None:
    person(keycloak, "quantum", "ravi", ["/platform-admins"])
    with keycloak.client() as browser:
        form = {"username": "ravi", "password": PASSWORD, "totp": one_time_code()}
        form |= {"grant_type": "password", "client_id": "admin-cli"}
        answer = token(browser, "quantum", **form).raise_for_status().json()
    refused = identify(verifier, answer["access_token"])
    assert isinstance(refused, Refused)
    assert refused.reason in (Reason.AUDIENCE, Reason.CLAIMS)


def test_a_workload_is_known_by_keycloaks_token(
    keycloak: Server, workload_issuer: WorkloadIssuer, verifier: Verifier
) -> None:
    workload = worked().workloads["aurora/aurora-nightly"]
    assertion = workload_issuer.token(str(workload.subject), str(workload.audience))
    found = identify(verifier, exchange(keycloak, "quantum", assertion)["access_token"])
    assert isinstance(found, Identity), found
    assert (found.subject["type"], found.subject["id"]) == ("workload", "aurora/aurora-nightly")
