"""What must not run, each in the way in which it would be tried, with the reason that the audit
log gives."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from joserfc import jwt
from joserfc.jwk import RSAKey

from docs.examples.reference.architecture import Architecture
from docs.examples.reference.jobs import PROXY, Place, attempt
from docs.examples.reference.people import (
    MEI,
    assertion_of,
    password_alone,
    token_of,
    with_a_client_by_hand,
    with_a_password_alone,
    with_a_subgroup_by_hand,
)
from qgov.language.scalars import format_instant
from tests.keycloak.sign_in import claims

__all__ = ["DEVELOPERS", "REFUSALS", "SANDBOX", "elevations"]

SANDBOX: Final = Place("aurora/sandbox/chemistry", "local-simulator")
TEST: Final = Place("aurora/test/chemistry", "iqm-garnet")
PRODUCTION: Final = Place("aurora/production/chemistry", "iqm-garnet")
ELSEWHERE: Final = Place("helix/sandbox/docking", "local-simulator")
DEVELOPERS: Final = "/aurora-developers"
NIGHTLY: Final = "aurora/aurora-nightly"
LATER: Final = timedelta(days=1)

Granted = dict[str, str | list[str]]
"""An elevation, as a decision reads it."""

Try = Callable[[Architecture, str], str]
"""Tries something with the token of a developer, and says what came of it."""


def _no_second_factor(running: Architecture, _: str) -> str:
    with with_a_password_alone(running):
        return attempt(running, password_alone(running, "sam", DEVELOPERS), SANDBOX)


def _yesterday(running: Architecture, token: str) -> str:
    running.clock.later = LATER
    try:
        return attempt(running, token, SANDBOX)
    finally:
        running.clock.later = timedelta()


def _old_workload(running: Architecture, _: str) -> str:
    issued = int(running.clock().timestamp()) - 20 * 60
    return attempt(running, assertion_of(running, NIGHTLY, iat=issued), SANDBOX)


def _other_workload(running: Architecture, _: str) -> str:
    fork = assertion_of(running, NIGHTLY, "repo:somebody/aurora:ref:refs/heads/main")
    return attempt(running, fork, SANDBOX)


def _id_token(running: Architecture, _: str) -> str:
    return attempt(running, token_of(running, "ida", DEVELOPERS, kind="id_token"), SANDBOX)


def _other_client(running: Architecture, _: str) -> str:
    with with_a_client_by_hand(running, "ravi", DEVELOPERS) as token:
        return attempt(running, token, SANDBOX)


def _forged(running: Architecture, token: str) -> str:
    own = RSAKey.generate_key(2048)
    header = {"alg": "RS256", "kid": _key_id(token)}
    return attempt(running, jwt.encode(header, claims(token), own), SANDBOX)


def _foreign(running: Architecture, token: str) -> str:
    own = RSAKey.generate_key(2048)
    header = {"alg": "RS256", "kid": "another"}
    return attempt(running, jwt.encode(header, claims(token), own), SANDBOX)


def _subgroup(running: Architecture, _: str) -> str:
    with with_a_subgroup_by_hand(running, "aurora-contractors", "aurora-developers") as path:
        return attempt(running, token_of(running, "eve", path), SANDBOX)


def _partner(running: Architecture, _: str) -> str:
    token = token_of(running, "yuki", "/meridian-leads", realm="partners")
    return attempt(running, token, SANDBOX)


def _key_id(token: str) -> str:
    return str(claims(f".{token.partition('.')[0]}.")["kid"])


REFUSALS: Final[tuple[tuple[str, Try], ...]] = (
    ("no second factor, which the realm was told by hand not to ask for", _no_second_factor),
    ("a token of yesterday", _yesterday),
    ("a workload's token, issued 20 minutes ago", _old_workload),
    ("another tenant", lambda running, token: attempt(running, token, ELSEWHERE)),
    ("a partner in a tenant of employees", _partner),
    ("another client's token with our audience", _other_client),
    ("an ID token", _id_token),
    ("signed by a forged key, under the real key's name", _forged),
    ("signed by a key of one's own", _foreign),
    ("a subgroup called as somebody else's group", _subgroup),
    ("a fork of the workload's repository", _other_workload),
    (
        "an unmanaged device in the test tier",
        lambda running, token: attempt(
            running, token, TEST, headers={**PROXY, "X-Device-Managed": "false"}
        ),
    ),
    (
        "from a country that is not allowed",
        lambda running, token: attempt(
            running, token, TEST, headers={**PROXY, "X-Client-Country": "US"}
        ),
    ),
    (
        "more shots than the project's quota",
        lambda running, token: attempt(running, token, SANDBOX, shots=100_001),
    ),
)
"""What is tried → how."""


def elevations(running: Architecture, tokens: dict[str, str]) -> list[tuple[str, str]]:
    """Production just in time: what is tried, and what comes of it."""
    asked: Granted = {
        "subject": "hana",
        "role": "quantum-developer",
        "scope": "aurora/production",
        "requested_by": "hana",
        "ticket": "QGOV-201",
        "not_before": format_instant(running.clock()),
        "expires": format_instant(running.clock() + timedelta(hours=1)),
    }
    by_herself: Granted = {"approved_by": "hana", "approver_groups": ["aurora-leads"]}
    by_a_colleague: Granted = {"approved_by": "kim", "approver_groups": ["aurora-researchers"]}
    by_the_lead: Granted = {"approved_by": "ines", "approver_groups": ["aurora-leads"]}
    found = [("hana, a developer without an elevation", _elevated(running, tokens["hana"]))]
    for words, approval in (
        ("hana, elevated and approved by herself", by_herself),
        ("hana, approved by a colleague who is no lead", by_a_colleague),
        ("hana, approved by ines, a lead", by_the_lead),
    ):
        found.append((words, _elevated(running, tokens["hana"], {**asked, **approval})))
    found.append(("mei, by an elevation that was merged", _elevated(running, tokens[MEI])))
    return found


def _elevated(running: Architecture, token: str, granted: Granted | None = None) -> str:
    running.desk.granted[:] = [] if granted is None else [granted]
    try:
        return attempt(running, token, PRODUCTION)
    finally:
        running.desk.granted.clear()
