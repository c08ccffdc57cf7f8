"""A provider that is asked about every token: what changed there holds at once."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from qgov.decision.bundle import Bundle
from qgov.identity.reasons import Reason
from qgov.records import replace
from tests.identity.issuer import (
    MEI,
    NOW,
    WORKFORCE,
    Issuer,
    accepted,
    bundle_of,
    reason,
    respond,
    verifier,
    worked,
)

SECRET = "secret://vault/gateway"


def asking() -> Bundle:
    bundle = bundle_of(worked)
    data = json.loads(json.dumps(bundle.data))
    data["qgov"]["model"]["identity"]["workforce"]["introspection"] = {
        "client": "qgov-gateway",
        "credential": SECRET,
    }
    return replace(bundle, data=data)


def current(**changes: Any) -> dict[str, Any]:
    return {"active": True, "iss": WORKFORCE, "sub": MEI["sub"], "jti": "token-1", **changes}


def test_the_groups_are_those_that_the_provider_says_now(issuer: Issuer) -> None:
    verify = verifier(issuer, bundle=asking(), secrets={SECRET: "s3cret"})
    issuer.inspected = current(groups=["/aurora-developers", "/aurora-researchers"])
    token = issuer.token()
    found = accepted(verify.identify(token, now=NOW))
    assert found.subject["properties"]["groups"] == ["aurora-developers", "aurora-researchers"]

    issuer.inspected = current()
    found = accepted(verify.identify(token, now=NOW))
    assert found.subject["properties"]["groups"] == []
    login = "Basic " + base64.b64encode(b"qgov-gateway:s3cret").decode()
    assert issuer.forms == [{"login": login, "token": token}] * 2


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"active": False}, Reason.REVOKED),
        ({}, Reason.REVOKED),
        ({"active": "true"}, Reason.REVOKED),
        (current(sub="somebody-else"), Reason.REVOKED),
        (current(jti="token-2"), Reason.REVOKED),
        (current(iss="https://evil.example"), Reason.REVOKED),
        (current(groups="all"), Reason.GROUPS),
        (current(hasgroups=True), Reason.OVERAGE),
    ],
)
def test_what_does_not_count_any_more_is_refused(
    issuer: Issuer, answer: dict[str, Any], why: Reason
) -> None:
    issuer.inspected = answer
    verify = verifier(issuer, bundle=asking(), secrets={SECRET: "s3cret"})
    assert reason(verify.identify(issuer.token(), now=NOW)) == why


def test_a_provider_that_does_not_say_is_refused(issuer: Issuer) -> None:
    verify = verifier(issuer, bundle=asking(), secrets={SECRET: "s3cret"})
    issuer.answers["/ask"] = lambda handler: respond(handler, "{}", status=401)
    assert reason(verify.identify(issuer.token(), now=NOW)) == Reason.INTROSPECTION


def test_without_the_secret_nobody_is_asked(issuer: Issuer) -> None:
    found = verifier(issuer, bundle=asking()).identify(issuer.token(), now=NOW)
    assert reason(found) == Reason.INTROSPECTION
    assert issuer.forms == []
