"""Every engine says what the reference says, over a finite abstraction of the worked repository."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest

from qgov.decision.engine import EngineKind
from qgov.decision.reference import decide
from qgov.decision.request import REASONS, WARNINGS
from tests.decision.compared import COMPARED, JUDGED, disagreements, settings_for, shown
from tests.decision.deviations import ATTRIBUTES, TOGETHER, deviations
from tests.decision.exhaustive import TENANTS, Extent, requests_about, situations
from tests.targets.worked import worked

pytestmark = pytest.mark.no_cover  # measuring it would double its time

SLOW: Final = Extent(cells=100, every_way=False, pairs=150)
"""For an engine that answers some 200 requests a second: 17,000 in all."""

EXTENTS: Final = {"rego": SLOW, "opa": SLOW}
REST: Final = Extent(cells=500, every_way=False, pairs=600)


@pytest.mark.real
@pytest.mark.parametrize("tenant", TENANTS)
@pytest.mark.parametrize("kind", JUDGED.values(), ids=list(JUDGED))
def test_an_engine_agrees_about_a_tenant(
    kind: EngineKind, tenant: str, record_property: Callable[[str, object], None]
) -> None:
    settings_for(kind)
    made = requests_about(worked(), tenant, EXTENTS.get(kind.name, REST))
    named = [each for requests in made.values() for each in requests]
    found = disagreements(kind, worked(), [request for _, request in named])
    assert not found, f"{len(found)} of {len(named)}\n{shown(found)}"
    counts = {f"exhaustive {name}: {kind.name}": len(given) for name, given in made.items()}
    record_property(COMPARED, {**counts, f"exhaustive {tenant}: {kind.name}": len(named)})


@pytest.mark.parametrize("tenant", TENANTS)
def test_what_is_sound_is_allowed(tenant: str) -> None:
    for name, at in situations(worked(), tenant):
        assert decide(worked(), at.request).allow, name


def test_the_requests_are_the_same_in_every_run() -> None:
    first, second = (requests_about(worked(), "aurora", SLOW) for _ in range(2))
    assert first == second


def test_every_reason_and_warning_occurs_and_each_boundary_has_both_sides() -> None:
    """The comparison would prove little if the requests were all alike."""
    reasons: set[str] = set()
    warnings: set[str] = set()
    for tenant in TENANTS:
        allowed = 0
        requests = requests_about(worked(), tenant, Extent(200, False, 0))
        for _, request in (*requests["cells"], *requests["singles"]):
            decision = decide(worked(), request)
            reasons.update(decision.reasons)
            warnings.update(decision.warnings)
            allowed += decision.allow
        assert 0.1 < allowed / sum(map(len, requests.values())) < 0.7
    assert reasons == set(REASONS)
    assert warnings == set(WARNINGS)


def test_every_line_of_the_tables_deviates_somewhere() -> None:
    used: set[str] = set()
    for tenant in TENANTS:
        for _, at in situations(worked(), tenant):
            used.update(change.name.split(" = ")[0].split(": ")[0] for change in deviations(at))
    assert used == {*ATTRIBUTES, *TOGETHER}
