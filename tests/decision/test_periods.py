"""What campaigns, windows and one-off money mean for a decision, by every engine."""

from __future__ import annotations

from typing import Any, Final

import pytest

from qgov.decision.engine import EngineKind
from qgov.decision.explanation import explanation
from qgov.decision.reference import decide
from tests.decision.compared import JUDGED, disagreements, settings_for
from tests.decision.harness import DEVELOPER, TIMED, asking

WHEN: Final = "from 2026-11-23T10:00:00Z until 2026-11-23T12:00:00Z"
OPEN: Final = "2026-11-23T10:00:05Z"
FREE: Final[dict[str, Any]] = {"estimated_cost_micros": 0}
FIRST: Final = "2026-11-23T10:00:00Z"
"""The first second of the campaign, when that of the hint has not begun."""
BEFORE: Final[dict[str, Any]] = {
    "time": "2026-11-23T09:59:59Z",
    "issued_at": "2026-11-23T09:55:00Z",
}
AFTER: Final[dict[str, Any]] = {"time": "2026-11-23T12:00:00Z", "issued_at": "2026-11-23T11:55:00Z"}
ENDED: Final[dict[str, Any]] = {"time": "2026-11-23T11:30:00Z", "issued_at": "2026-11-23T11:25:00Z"}
RAISED: Final[dict[str, Any]] = {
    "time": "2026-11-23T11:00:00Z",
    "issued_at": "2026-11-23T10:55:00Z",
}


MEASURED: Final = {"shots/28d": 0, "circuits/28d": 0, "simulatorSeconds/28d": 0}


def timed(
    spent: int = 0, used: float = 0, jobs: int = 0, also: dict[str, int] = MEASURED, **changes: Any
) -> dict[str, Any]:
    """A developer's job of 1.75 EUR, 1,000 shots and 2 seconds, with what was used before it."""
    usage = {
        "campaign": {
            "spent_micros": spent,
            "qpuSeconds/28d": used,
            "jobs/once": jobs,
            **MEASURED,
            **also,
        },
        "hint": {"spent_micros": 0},
    }
    return asking(
        DEVELOPER, **{"usage": usage, "estimated_qpu_seconds": 2, "time": OPEN, **changes}
    )


def without(counter: str, **changes: Any) -> dict[str, Any]:
    """The same, and one counter is not said."""
    request = timed(**changes)
    del request["context"]["usage"]["campaign"][counter]
    return request


def unsaid(size: str) -> dict[str, Any]:
    """A change that leaves out a size of the job."""
    return {size: ...}


CASES: Final[dict[str, tuple[dict[str, Any], set[str], set[str]]]] = {
    "within": (timed(), set(), set()),
    "the last cent of a campaign": (timed(8_250_000), set(), {"budget-near"}),
    "one micro more": (timed(8_250_001), {"budget-exceeded"}, set()),
    "before a campaign": (timed(**BEFORE), {"budget-exceeded"}, set()),
    "after a campaign": (timed(**AFTER), {"budget-exceeded"}, set()),
    "a micro after it": (
        timed(estimated_cost_micros=1, **AFTER),
        {"budget-exceeded"},
        set(),
    ),
    "a free job before a campaign": (timed(**FREE, **BEFORE), set(), set()),
    **{
        f"a free job {when} a campaign that was overspent": (
            timed(10**9, **FREE, **then),
            set[str](),
            set[str](),
        )
        for when, then in (("before", BEFORE), ("after", AFTER))
    },
    **{
        f"a free job {when} it, nobody knows what was spent": (
            without("spent_micros", **FREE, **then),
            set[str](),
            set[str](),
        )
        for when, then in (("before", BEFORE), ("after", AFTER))
    },
    "a free job in the first second of a campaign": (timed(**FREE, time=FIRST), set(), set()),
    "a free job near the end of the money, in that second": (
        timed(8_000_000, **FREE, time=FIRST),
        set(),
        {"budget-near"},
    ),
    "one micro more, in that second": (
        timed(8_250_001, time=FIRST),
        {"budget-exceeded"},
        set(),
    ),
    "nobody knows what was spent, in that second": (
        without("spent_micros", time=FIRST),
        {"context-missing"},
        set(),
    ),
    "what costs anything before another that only warns": (
        timed(estimated_cost_micros=1, time=FIRST),
        set(),
        {"budget-near"},
    ),
    "nobody knows what was spent": (without("spent_micros"), {"context-missing"}, set()),
    "nobody knows what a job after it costs": (
        timed(estimated_cost_micros=..., **AFTER),
        {"context-missing"},
        set(),
    ),
    "an exception adds to a campaign": (timed(13_250_000, **RAISED), set(), {"budget-near"}),
    "and no more": (timed(13_250_001, **RAISED), {"budget-exceeded"}, set()),
    "an exception opens no campaign": (timed(0, **AFTER), {"budget-exceeded"}, set()),
    "what costs anything outside of a campaign that only warns": (
        timed(estimated_cost_micros=1, **ENDED),
        set(),
        {"budget-near"},
    ),
    "what is free outside of it": (timed(**FREE, **ENDED), set(), set()),
    "the last second of a window": (timed(used=58), set(), {"quota-near"}),
    "before its soft threshold": (timed(used=27), set(), set()),
    "at its soft threshold": (timed(used=28), set(), {"quota-near"}),
    "one second more": (timed(used=59), {"quota-exceeded"}, set()),
    "nobody knows what was used": (without("qpuSeconds/28d"), {"context-missing"}, set()),
    "a fraction of a second": (timed(used=58.5), {"quota-exceeded"}, set()),
    "jobs before their soft threshold": (timed(jobs=48), set(), set()),
    "jobs at their soft threshold": (timed(jobs=49), set(), {"quota-near"}),
    "the last job ever": (timed(jobs=99), set(), {"quota-near"}),
    "one job more": (timed(jobs=100), {"quota-exceeded"}, set()),
    "nobody knows how many jobs there were": (without("jobs/once"), {"context-missing"}, set()),
    **{
        f"{counter}: {used}": (timed(also={counter: used}), reasons, warnings)
        for counter, near, last in (
            ("shots/28d", 4_000, 9_000),
            ("circuits/28d", 4, 9),
            ("simulatorSeconds/28d", 28, 58),
        )
        for used, reasons, warnings in (
            (near - 1, set[str](), set[str]()),
            (near, set[str](), {"quota-near"}),
            (last, set[str](), {"quota-near"}),
            (last + 1, {"quota-exceeded"}, set[str]()),
        )
    },
    **{
        f"{size} are not said": (timed(**unsaid(size)), {"context-missing"}, set[str]())
        for size in ("shots", "circuits", "estimated_qpu_seconds", "estimated_simulator_seconds")
    },
    **{f"{each} is not said": (without(each), {"context-missing"}, set()) for each in MEASURED},
}


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_the_reference_decides(case: tuple[dict[str, Any], set[str], set[str]]) -> None:
    request, reasons, warnings = case
    decision = decide(TIMED, request)
    assert ({*decision.reasons}, {*decision.warnings}) == (reasons, warnings)
    assert decision.obligations["budgets"] == ["campaign", "hint", "note"]


@pytest.mark.parametrize("kind", JUDGED.values(), ids=list(JUDGED))
def test_an_engine_decides_as_the_reference_does(kind: EngineKind) -> None:
    settings_for(kind)
    assert disagreements(kind, TIMED, [request for request, _, _ in CASES.values()]) == []


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        (
            timed(**BEFORE),
            f"the campaign has not begun: it goes {WHEN}",
        ),
        (
            timed(**AFTER),
            f"the campaign has ended: it went {WHEN}",
        ),
        (timed(8_250_001), None),
        (timed(), None),
        (timed(**FREE, **AFTER), None),
    ],
)
def test_an_explanation_says_when_a_campaign_does_not_run(
    request_: dict[str, Any], why: str | None
) -> None:
    bounds = {bound.name: bound for bound in explanation(TIMED, request_).bounds}
    assert bounds["campaign"].why == why
