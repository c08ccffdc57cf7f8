"""The machinery of `make mutants` on one mutant in so many, and that it can fail."""

from __future__ import annotations

from collections import Counter
from importlib.util import find_spec

import pytest

from qgov.decision.engine import EngineError
from qgov.decision.engines.opa.server import program_at
from tests.mutants.bench import Bench, Verdict
from tests.mutants.data import DataMutant
from tests.mutants.run import (
    DEFAULT,
    Judged,
    family_of,
    judge,
    reasons,
    report,
    sample,
    unexplained,
    unneeded,
)

pytestmark = pytest.mark.no_cover  # measuring it would double its time

SHARE = 40


@pytest.fixture(scope="module")
def bench() -> Bench:
    if find_spec("cedarpy") is None:
        pytest.skip("cedarpy is not installed")
    try:
        return Bench(program_at("opa"))
    except EngineError:
        pytest.skip("opa is not installed (.ci/install-opa)")


@pytest.mark.real
def test_a_sample_of_the_mutants_is_caught_or_explained(bench: Bench) -> None:
    mutants = bench.mutants(most=1)
    ids = Counter(mutant.id for mutant in mutants)
    assert max(ids.values()) == 1
    chosen = [m for m in sample(mutants, SHARE) if family_of(m) in DEFAULT]
    judged = judge(bench, chosen)
    assert unexplained(judged, reasons()) == []
    verdicts = Counter(j.verdict for j in judged)
    made = len(judged) - verdicts[Verdict.REFUSED]
    assert verdicts[Verdict.CAUGHT] > 0.7 * made


@pytest.mark.real
def test_what_changes_no_decision_survives(bench: Bench) -> None:
    """The run can fail: a field that no policy reads is not caught by accident."""
    unread = DataMutant("harness data /backends: an entry more (unread)", "", ("backends", "x"), {})
    (judged,) = judge(bench, [unread])
    assert judged.verdict is Verdict.SURVIVED


def test_a_survivor_needs_a_reason_and_a_reason_a_survivor() -> None:
    judged = [
        Judged("allow: rule dropped: ", "rego", "", Verdict.SURVIVED),
        Judged("reasons: rule dropped: ", "rego", "", Verdict.CAUGHT),
    ]
    assert unexplained(judged, {}) == ["allow: rule dropped: "]
    assert unexplained(judged, {"allow: *": "because"}) == []
    assert unneeded(judged, {"allow: *": "", "reasons: *": ""}) == ["reasons: *"]


def test_a_reason_that_several_have_is_said_once() -> None:
    judged = [Judged(name, "cedar", "", Verdict.SURVIVED) for name in ("a: x", "b: x", "b: y")]
    said = report(judged, {"a: *": "because", "b: *": "because", "c: *": "why"}).splitlines()
    assert said[-2:] == ["- `a: *` (1), `b: *` (2): because", "- `c: *` (0): why"]
