"""Guardrails are judged over the table of accesses, elevations and globs included."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from qgov.checks import check
from tests.checks.overlay import laid, model_of

NOW = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 23, 22, 30, tzinfo=UTC)


def broken(rail: str, now: datetime = NOW, kind: str = "never") -> list[str]:
    overlay = (
        f"kind: Organization\nmetadata: {{name: acme}}\n"
        f"spec: {{guardrails: {{{kind}: [{{name: rail, why: It must., {rail}}}]}}}}\n"
    )
    code = {"never": "QG981", "always": "QG982"}[kind]
    return [f.told for f in check(model_of(laid(overlay)[0]), now) if f.code == code]


@pytest.mark.parametrize(
    ("rail", "found"),
    [
        ("permissions: [job:submit], scopes: ['*/sandbox'], standingOnly: true", True),
        ("permissions: [job:submit], scopes: [atlas/production], standingOnly: true", False),
        ("permissions: [job:submit], scopes: [atlas/production]", True),
        ("permissions: [job:submit], scopes: [atlas/production], backends: [garnet]", True),
        ("permissions: [job:submit], scopes: [atlas/sandbox], backends: [garnet]", False),
        ("permissions: [job:submit], principals: ['group:atlas-*']", True),
        ("permissions: [job:submit], principals: ['group:atlas']", False),
        (
            (
                "permissions: [job:submit], principals: ['group:*'], scopes: [borealis], "
                "exceptPrincipals: ['group:borealis-developers']"
            ),
            False,
        ),
        ("permissions: ['job:cancel:own'], principals: ['group:atlas-*']", True),
        ("permissions: [policy:write]", True),
        ("permissions: [policy:write], standingOnly: true", False),
    ],
    ids=range(11),
)
def test_a_never_guardrail_finds_what_matches_all_its_parts(rail: str, found: bool) -> None:
    assert bool(broken(rail)) is found


def test_a_finding_names_one_access_its_cause_and_the_count() -> None:
    (message,) = broken(
        "permissions: [job:submit], scopes: [atlas/production], backends: [garnet],"
        " principals: ['group:*']"
    )
    assert "`group:atlas-developers` may `job:submit` on `atlas/production/chem` with `garnet`" in (
        message
    )
    assert "Tenant/atlas.yaml:" in message
    assert "1 such access" in message


def test_an_elevated_person_counts_until_the_elevation_ends() -> None:
    rail = "permissions: [job:submit], principals: ['user:*']"
    assert len(broken(rail)) == 1
    assert broken(rail, LATER) == []


def test_a_person_elevated_through_an_excepted_group_is_excepted() -> None:
    rail = (
        "permissions: [job:submit], scopes: [atlas/production], "
        "exceptPrincipals: ['group:atlas-developers']"
    )
    assert broken(rail) == []


def test_an_always_guardrail_wants_the_whole_permission_unless_it_says_own() -> None:
    assert broken("permissions: [job:cancel]", kind="always")
    assert not broken("permissions: ['job:cancel:own']", kind="always")
