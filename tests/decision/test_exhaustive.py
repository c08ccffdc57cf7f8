"""Every engine says what the reference says, over a finite abstraction of the worked repository."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from functools import cache
from hashlib import sha256
from typing import Final

import pytest

from qgov.decision.decision import REASONS, WARNINGS, Decision
from qgov.decision.engine import EngineKind
from qgov.decision.reference import decide
from tests.decision.compared import COMPARED, JUDGED, available, disagreements, settings_for, shown
from tests.decision.deviations import ATTRIBUTES, TOGETHER, deviations
from tests.decision.exhaustive import TENANTS, Extent, Named, requests_about, situations
from tests.targets.worked import worked

pytestmark = pytest.mark.no_cover  # measuring it would double its time

EXTENT: Final = Extent(cells=500, every_way=False, pairs=600)
"""20,000 requests in all."""

SHARES: Final = {
    "cedar": range(6),
    "rego": range(6, 14),
    "opa": range(14, 18),
    "rego-cpp": range(18, 20),
}
"""Which twentieths of the requests an engine answers in `make test`: each request is answered by
one of them, most by the fastest (rego-cpp answers 200 a second, the others many times as many).
With QGOV_EXHAUSTIVE=1, as in `.ci/run`, and where one of them is missing, each answers all."""


@cache
def asked_about(tenant: str) -> dict[str, list[Named]]:
    return requests_about(worked(), tenant, EXTENT)


@cache
def answered_about(tenant: str) -> dict[str, Decision]:
    """What the reference says to each request, by the request's name."""
    named = [each for requests in asked_about(tenant).values() for each in requests]
    return {name: decide(worked(), request) for name, request in named}


def share_of(kind: EngineKind, named: Sequence[Named]) -> list[Named]:
    """The part of the requests that an engine is asked, the same in every run."""
    whole = os.environ.get("QGOV_EXHAUSTIVE") == "1" or not all(map(available, SHARES))
    if kind.name not in SHARES or whole:
        return [*named]
    of_kind = SHARES[kind.name]
    return [each for each in named if sha256(each[0].encode()).digest()[0] % 20 in of_kind]


@pytest.mark.real
@pytest.mark.parametrize("tenant", TENANTS)
@pytest.mark.parametrize("kind", JUDGED.values(), ids=list(JUDGED))
def test_an_engine_agrees_about_a_tenant(
    kind: EngineKind, tenant: str, record_property: Callable[[str, object], None]
) -> None:
    settings_for(kind)
    made = {name: share_of(kind, requests) for name, requests in asked_about(tenant).items()}
    named = [each for requests in made.values() for each in requests]
    wanted = [answered_about(tenant)[name] for name, _ in named]
    found = disagreements(kind, worked(), [request for _, request in named], wanted)
    assert not found, f"{len(found)} of {len(named)}\n{shown(found)}"
    counts = {f"exhaustive {name}: {kind.name}": len(given) for name, given in made.items()}
    record_property(COMPARED, {**counts, f"exhaustive {tenant}: {kind.name}": len(named)})


def deviating(named: Sequence[Named]) -> set[str]:
    """The lines of the tables that requests deviate by."""
    told = {re.split(", (?:cheap|dear): ", name)[1] for name, _ in named}
    return {line.split(" = ")[0].split(": ")[0] for line in told}


def test_no_share_lacks_a_deviation_and_together_they_are_everything() -> None:
    every = [each for tenant in TENANTS for each in asked_about(tenant)["singles"]]
    shares = {name: share_of(JUDGED[name], every) for name in SHARES}

    assert {name: deviating(share) for name, share in shares.items()} == dict.fromkeys(
        SHARES, deviating(every)
    )
    assert {name for share in shares.values() for name, _ in share} == {name for name, _ in every}


@pytest.mark.parametrize("tenant", TENANTS)
def test_what_is_sound_is_allowed(tenant: str) -> None:
    for name, at in situations(worked(), tenant):
        assert decide(worked(), at.request).allow, name


def test_the_requests_are_the_same_in_every_run() -> None:
    first, second = (requests_about(worked(), "aurora", EXTENT) for _ in range(2))
    assert first == second


def test_every_reason_and_warning_occurs_and_each_boundary_has_both_sides() -> None:
    """The comparison would prove little if the requests were all alike."""
    reasons: set[str] = set()
    warnings: set[str] = set()
    for tenant in TENANTS:
        made = asked_about(tenant)
        named = [name for name, _ in (*made["cells"][:200], *made["singles"])]
        decisions = [answered_about(tenant)[name] for name in named]
        for decision in decisions:
            reasons.update(decision.reasons)
            warnings.update(decision.warnings)
        assert 0.1 < sum(decision.allow for decision in decisions) / len(decisions) < 0.7
    assert reasons == set(REASONS)
    assert warnings == set(WARNINGS)


def test_every_line_of_the_tables_deviates_somewhere() -> None:
    used: set[str] = set()
    for tenant in TENANTS:
        for _, at in situations(worked(), tenant):
            used.update(change.name.split(" = ")[0].split(": ")[0] for change in deviations(at))
    assert used == {*ATTRIBUTES, *TOGETHER}
