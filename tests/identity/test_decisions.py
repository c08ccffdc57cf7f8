"""From a token to a decision: each access test of the worked repository, asked by who signs in.

The facts of the case are written into a token and the proxy's headers, and what is verified of
them is asked instead. The answer must be the case's own; so each role is proven with the
tokens that its people and workloads have.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from typing import Any

import pytest

from qgov.decision.access_tests import request_of
from qgov.decision.made_up import ACCESS_TEST
from qgov.decision.reference import decide
from qgov.identity.identity import Identity
from qgov.model.access_model import AccessTest
from qgov.model.accesses import accesses
from tests.identity.issuer import (
    CI,
    PARTNERS,
    WORKFORCE,
    Issuer,
    issuing,
    verifier,
    worked,
)

TESTS = [
    test
    for test in worked().tests
    if test.case.context.credential in (None, "oidc")
    and (
        test.case.subject.workload is None or worked().workloads[test.case.subject.workload].issuer
    )
]
WORKLOADS = [test for test in TESTS if test.case.subject.workload is not None]


@pytest.fixture(scope="module")
def issuers() -> Iterator[dict[str, Issuer]]:
    names = {WORKFORCE, PARTNERS, CI, *(w.issuer for w in worked().workloads.values() if w.issuer)}
    with ExitStack() as stack:
        yield {name: stack.enter_context(issuing(name)) for name in sorted(names)}


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def claims_of(request: dict[str, Any]) -> dict[str, Any]:
    """The token of a request's subject, as its provider writes it."""
    properties, context = request["subject"]["properties"], request["context"]
    issued = at(context["token"]["issued_at"])
    claims = {
        "aud": context["token"]["audience"],
        "iat": issued,
        "auth_time": issued,
        "exp": at(context["time"]) + 300,
        "jti": "1",
    }
    if request["subject"]["type"] == "workload":
        return {**claims, "sub": properties["subject"]}
    return {
        **claims,
        "typ": "Bearer",
        "azp": "qgov",
        "sub": "0b6f3d1e",
        "preferred_username": request["subject"]["id"],
        "groups": [f"/{group}" for group in properties["groups"]],
        "acr": "mfa" if context["mfa"] else "1",
    }


def headers_of(context: dict[str, Any]) -> dict[str, str]:
    said = {
        "X-Device-Managed": context.get("managed_device"),
        "X-Client-Country": context.get("country"),
    }
    return {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in said.items()
        if value is not None
    }


def asked_by(request: dict[str, Any], found: Identity) -> dict[str, Any]:
    """The request with the subject that was verified, and its circumstances."""
    context = {n: v for n, v in request["context"].items() if n not in CIRCUMSTANCES}
    return {**request, "subject": found.subject, "context": {**context, **found.context}}


CIRCUMSTANCES = ("token", "mfa", "managed_device", "country")


def decided(test: AccessTest, token: str, issuers: dict[str, Issuer]) -> None:
    """That a token is decided as the case is."""
    request = ACCESS_TEST.json(request_of(worked(), test.case))
    found = verifier(*issuers.values()).identify(
        token,
        now=datetime.fromisoformat(request["context"]["time"]),
        headers=headers_of(request["context"]),
    )
    assert isinstance(found, Identity), found
    decision = decide(worked(), asked_by(request, found))
    assert decision == decide(worked(), request)
    assert decision.allow == (test.case.expect == "allow")


@pytest.mark.parametrize("test", TESTS, ids=[f"{t.document}: {t.case.name}" for t in TESTS])
def test_a_token_is_decided_as_the_case_says(test: AccessTest, issuers: dict[str, Issuer]) -> None:
    request = ACCESS_TEST.json(request_of(worked(), test.case))
    issuer = issuers[request["subject"]["properties"]["issuer"]]
    decided(test, issuer.token(base=claims_of(request)), issuers)


@pytest.mark.parametrize("test", WORKLOADS, ids=[f"{t.document}: {t.case.name}" for t in WORKLOADS])
def test_a_client_is_decided_as_its_workload(test: AccessTest, issuers: dict[str, Issuer]) -> None:
    request = ACCESS_TEST.json(request_of(worked(), test.case))
    name = request["subject"]["id"]
    home = worked().tenants[worked().workloads[name].tenant].provider
    issuer = issuers[worked().organization.providers[home].value.issuer]
    client = {"aud": "qgov", "sub": "9c1f5f1e", "typ": "Bearer", "azp": f"workload:{name}"}
    decided(test, issuer.token(base={**claims_of(request), **client}), issuers)


def test_the_cases_are_of_every_role_that_somebody_holds() -> None:
    named = {g for test in TESTS for g in test.case.subject.groups}
    held = {
        path.binding.role
        for cell, paths in accesses(worked()).items()
        for path in paths
        if cell.principal.removeprefix("group:") in named or cell.principal.startswith("workload:")
    }
    bound = {b.role for b in worked().bindings}
    assert bound - held == set()
