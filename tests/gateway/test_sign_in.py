"""A bearer token at the gateway: who it lets run jobs, until when, and what the logs say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import cirq
import pytest

from qgov.decision.bundle import Bundle
from qgov.gateway.gateway import Denied, Identity, Refused, Session
from qgov.gateway.verification import events, verify
from qgov.identity.reasons import Reason
from qgov.model.access_model import AccessModel
from qgov.records import replace
from tests.gateway.company import BELL, MODEL, NOW, SCOPE, Gate, gate
from tests.gateway.test_ocsf_schema import problems
from tests.identity.issuer import Issuer, bundle_of, issuing, key, verifier
from tests.strategies import ISSUERS

SECRET = "secret://vault/gateway"
MEI = {
    "sub": "mei@northwind.example",
    "groups": ["/developers"],
    "iat": int(NOW.timestamp()) - 60,
    "exp": int(NOW.timestamp()) + 600,
}
GERMANY = {"x-client-country": "DE"}


@cache
def company() -> AccessModel:
    return MODEL


def told_apart(**introspection: str) -> Bundle:
    """The company's bundle, which reads the country in a header."""
    bundle = bundle_of(company)
    data = json.loads(json.dumps(bundle.data))
    workforce = data["qgov"]["model"]["identity"]["workforce"]
    workforce["country"] = {"header": "X-Client-Country"}
    workforce |= {"introspection": introspection} if introspection else {}
    return replace(bundle, data=data)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with issuing(ISSUERS["workforce"]) as found:
        yield found


def gated(folder: Path, issuer: Issuer, clock: Clock, **introspection: str) -> Gate:
    verifying = verifier(issuer, bundle=told_apart(**introspection), secrets={SECRET: "s3cret"})
    return gate(folder, clock=clock, authenticator=verifying)


def submit(session: Session) -> Any:
    return session.sampler("local-simulator", cirq.Simulator(seed=1)).run(BELL, repetitions=10)


def failures(at: Gate) -> list[dict[str, Any]]:
    return [dict(e) for e in events(at.folder / "admin.jsonl") if e["class_uid"] == 3002]


def test_who_signs_in_runs_jobs_and_the_log_names_the_token(tmp_path: Path, issuer: Issuer) -> None:
    at = gated(tmp_path, issuer, Clock())
    result = submit(at.gateway.sign_in(issuer.token(MEI), SCOPE, headers=GERMANY))

    assert sum(result.histogram(key="m").values()) == 10
    for event in events(at.folder / "jobs.jsonl"):
        assert event["actor"]["user"]["uid"] == "mei@northwind.example"
        assert event["actor"]["session"]["uid"] == "session-1"
        assert event["actor"]["session"]["credential_uid"] == "token-1"
        assert problems(dict(event)) == []
    assert failures(at) == []


def test_a_forged_token_is_refused_and_written_down(tmp_path: Path, issuer: Issuer) -> None:
    at = gated(tmp_path, issuer, Clock())
    token = issuer.token(MEI, by=key("forged"), header={"kid": "first"})
    with pytest.raises(Refused) as caught:
        at.gateway.sign_in(token, SCOPE, headers=GERMANY)

    (event,) = failures(at)
    assert (caught.value.reason, event["status_code"]) == (Reason.SIGNATURE, "signature-invalid")
    # What nobody vouches for is not told as if somebody did.
    assert event["user"]["uid"] == "unknown"
    assert "mei" not in (at.folder / "admin.jsonl").read_text()
    assert [*events(at.folder / "jobs.jsonl")] == []


def test_an_expired_token_is_told_of_with_whose_it_was(tmp_path: Path, issuer: Issuer) -> None:
    at = gated(tmp_path, issuer, Clock())
    token = issuer.token({**MEI, "exp": int(NOW.timestamp()) - 60})
    with pytest.raises(Refused, match="its `exp` is more than 60 s ago") as caught:
        at.gateway.sign_in(token, SCOPE)

    (event,) = failures(at)
    assert (caught.value.reason, caught.value.event) == ("token-expired", event["metadata"]["uid"])
    assert event["status_code"] == "token-expired"
    assert event["user"]["uid"] == "mei@northwind.example"
    assert event["session"] == {
        "uid": "session-1",
        "credential_uid": "token-1",
        "issuer": ISSUERS["workforce"],
    }
    assert event["unmapped"]["project"] == "chemistry"
    assert problems(event) == []
    assert token not in (at.folder / "admin.jsonl").read_text()
    assert verify(at.folder / "admin.jsonl").problems == ()


def test_a_session_ends_with_its_token(tmp_path: Path, issuer: Issuer) -> None:
    clock = Clock()
    at = gated(tmp_path, issuer, clock)
    session = at.gateway.sign_in(issuer.token(MEI), SCOPE, headers=GERMANY)
    submit(session)
    clock.now = NOW + timedelta(seconds=660)

    with pytest.raises(Refused, match="token-expired") as caught:
        submit(session)
    last = [*events(at.folder / "jobs.jsonl")][-1]
    assert last["metadata"]["uid"] == caught.value.event
    assert (last["unmapped"]["stage"], last["status_code"]) == ("refused", "token_expired")
    with pytest.raises(Refused, match="token-expired"), session.step("post", action="result:read"):
        pytest.fail("no step without a token")
    assert [event["status_code"] for event in failures(at)] == ["token-expired"] * 2


def test_a_removal_from_a_group_holds_at_once(tmp_path: Path, issuer: Issuer) -> None:
    at = gated(tmp_path, issuer, Clock(), client="qgov-gateway", credential=SECRET)
    issuer.inspected = {"active": True, "groups": ["/developers"]}
    session = at.gateway.sign_in(issuer.token(MEI), SCOPE, headers=GERMANY)
    submit(session)

    issuer.inspected = {"active": True, "groups": []}
    with pytest.raises(Denied) as caught:
        submit(session)
    assert caught.value.decision.reasons == ("no-grant",)
    issuer.inspected = {"active": False}
    with pytest.raises(Refused, match="token-revoked"):
        submit(session)


def test_what_the_proxy_does_not_say_is_unknown_and_denied(tmp_path: Path, issuer: Issuer) -> None:
    at = gated(tmp_path, issuer, Clock())
    with pytest.raises(Denied) as caught:
        submit(at.gateway.sign_in(issuer.token(MEI), SCOPE))
    assert caught.value.decision.reasons == ("context-missing",)


def test_an_identity_by_other_means_is_taken_as_before(tmp_path: Path) -> None:
    at = gate(tmp_path)
    submit(at.session())
    with pytest.raises(ValueError, match="no authenticator"):
        at.gateway.sign_in("x.y.z", SCOPE)
    assert Identity({}, {}).token_id == ""


def test_a_session_is_in_one_project(tmp_path: Path, issuer: Issuer) -> None:
    at = gated(tmp_path, issuer, Clock())
    with pytest.raises(ValueError, match="`aurora` is none"):
        at.gateway.sign_in(issuer.token(MEI), "aurora")
    assert issuer.seen == {}
