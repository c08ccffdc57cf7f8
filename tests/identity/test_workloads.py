"""Workloads: by the token of their own issuer, and by that of their client at Keycloak."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from qgov.decision.reference import decide
from qgov.identity.reasons import Reason
from qgov.records import replace
from tests.identity.issuer import (
    AT,
    CI,
    NOW,
    WORKFORCE,
    Issuer,
    accepted,
    bundle_of,
    issuing,
    reason,
    verifier,
    worked,
)

NAME = "borealis/borealis-dispatch"
RUN: dict[str, Any] = {
    "aud": "qgov",
    "sub": (worked().workloads[NAME].subject or "").replace("*", "x"),
    "iat": AT - 30,
    "exp": AT + 270,
    "jti": "run-1",
}
CLIENT = {
    "aud": "qgov",
    "typ": "Bearer",
    "sub": "9c1f5f1e-0c3c-4c0e-8f1a-3f0f9a1b2c3d",
    "azp": f"workload:{NAME}",
    "client_id": f"workload:{NAME}",
    "preferred_username": f"service-account-workload:{NAME}",
    "iat": AT - 30,
    "exp": AT + 270,
    "jti": "token-9",
}


@pytest.fixture
def ci() -> Iterator[Issuer]:
    with issuing(CI) as found:
        yield found


def test_a_workload_brings_its_own_issuers_token(ci: Issuer) -> None:
    found = accepted(verifier(ci).identify(ci.token(base=RUN), now=NOW))
    assert found.subject == {
        "type": "workload",
        "id": NAME,
        "properties": {"issuer": CI, "subject": RUN["sub"]},
    }
    assert found.context["token"] == {
        "kind": "oidc",
        "audience": "qgov",
        "issued_at": "2026-11-23T09:59:30+00:00",
    }
    assert found.token_id == "run-1"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"sub": f"{RUN['sub']}x"}, Reason.WORKLOAD_UNKNOWN),
        ({"sub": ...}, Reason.WORKLOAD_UNKNOWN),
        ({"aud": "sts.amazonaws.com"}, Reason.WORKLOAD_UNKNOWN),
        ({"exp": AT - 60}, Reason.EXPIRED),
    ],
)
def test_anothers_run_is_nobody(ci: Issuer, changes: dict[str, Any], why: Reason) -> None:
    assert reason(verifier(ci).identify(ci.token(changes, base=RUN), now=NOW)) == why


def test_two_workloads_of_one_subject_are_nobody(ci: Issuer) -> None:
    bundle = bundle_of(worked)
    data = json.loads(json.dumps(bundle.data))
    for shard in data["qgov"]["model"]["tenants"].values():
        if (tenant := shard.get("borealis")) is not None:
            known = tenant["workloads"]["borealis-dispatch"]
            tenant["workloads"]["twin"] = known
    twins = replace(bundle, data=data)
    found = verifier(ci, bundle=twins).identify(ci.token(base=RUN), now=NOW)
    assert reason(found) == Reason.WORKLOAD_AMBIGUOUS


def test_a_client_of_the_identity_provider_is_its_workload(issuer: Issuer) -> None:
    found = accepted(verifier(issuer).identify(issuer.token(base=CLIENT), now=NOW))
    assert found.subject == {
        "type": "workload",
        "id": NAME,
        "properties": {"issuer": WORKFORCE, "subject": f"workload:{NAME}"},
    }


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"azp": "workload:aurora/nobody", "client_id": ...}, Reason.CLIENT),
        ({"azp": "qgov"}, Reason.CLIENT),
        ({"azp": "qgov", "client_id": ...}, Reason.NOT_A_PERSON),
        ({"azp": "qgov", "client_id": ..., "sub": "qgov"}, Reason.NOT_A_PERSON),
        ({"typ": "ID"}, Reason.TYPE),
        ({"aud": "account"}, Reason.AUDIENCE),
    ],
)
def test_another_client_is_no_workload(
    issuer: Issuer, changes: dict[str, Any], why: Reason
) -> None:
    found = verifier(issuer).identify(issuer.token(changes, base=CLIENT), now=NOW)
    assert reason(found) == why


def test_a_person_who_is_called_as_a_client_is_a_person(issuer: Issuer) -> None:
    claims = {"sub": f"workload:{NAME}", "preferred_username": f"workload:{NAME}"}
    found = accepted(verifier(issuer).identify(issuer.token(claims), now=NOW))
    assert found.subject["type"] == "user"


@pytest.mark.parametrize(("kind", "type_"), [("Bearer", "workload"), ("ID", "")])
def test_a_workload_of_the_identity_provider_itself_shows_an_access_token(
    issuer: Issuer, kind: str, type_: str
) -> None:
    bundle = bundle_of(worked)
    data = json.loads(json.dumps(bundle.data))
    for shard in data["qgov"]["model"]["tenants"].values():
        if (tenant := shard.get("borealis")) is not None:
            known = tenant["workloads"]["borealis-dispatch"]["federation"]
            known |= {"issuer": WORKFORCE, "subject": ["svc-dispatch"]}
    verify = verifier(issuer, bundle=replace(bundle, data=data))
    found = verify.identify(issuer.token({"sub": "svc-dispatch", "typ": kind}), now=NOW)
    if type_:
        assert accepted(found).subject["id"] == NAME
    else:
        assert reason(found) == Reason.TYPE


def test_both_ways_are_decided_alike(issuer: Issuer, ci: Issuer) -> None:
    verify = verifier(issuer, ci)
    decisions = []
    for token in (ci.token(base=RUN), issuer.token(base=CLIENT)):
        found = accepted(verify.identify(token, now=NOW))
        request = {
            "subject": found.subject,
            "action": {"name": "job:read"},
            "resource": {
                "properties": {
                    "tenant": "borealis",
                    "environment": "production",
                    "project": "dispatch",
                }
            },
            "context": {**found.context, "time": NOW.isoformat()},
        }
        decisions.append(decide(worked(), request).reasons)
    assert decisions[0] == decisions[1]
    assert "federation-mismatch" not in decisions[0]
