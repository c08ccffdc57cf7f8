"""What counts over periods that no calendar has: windows to the instant, campaigns, and once."""

from __future__ import annotations

import random
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest

from qgov.gateway.ledger import Amounts, Counting, Ledger, LedgerError, Moved
from qgov.gateway.tables import _SUM, INSTANTS

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
CAMPAIGN = "2026-11-01T00:00:00Z/2026-11-23T09:30:00Z"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


def reserve(ledger: Ledger, job: str, now: datetime, amounts: Amounts) -> None:
    budgets = {"chemistry": "28d"}
    ledger.reserve(job, budgets, amounts, now, ledger.usage(budgets, now), {})


def spent(ledger: Ledger, period: str, now: datetime) -> int:
    return ledger.usage({"chemistry": period}, now).values["chemistry"]["spent_micros"]


@pytest.mark.parametrize(
    ("began", "period", "last"),
    [
        (NOW, "28d", NOW + timedelta(days=28) - MICROSECOND),
        (NOW + MICROSECOND, "28d", NOW + timedelta(days=28)),
        (datetime(2026, 11, 1, tzinfo=UTC), "1d", datetime(2026, 11, 1, 23, 59, 59, 999999, UTC)),
        (NOW, "90m", NOW + timedelta(minutes=90) - MICROSECOND),
        (
            datetime(2026, 11, 23, 23, tzinfo=UTC),
            "90m",
            datetime(2026, 11, 24, 0, 29, 59, 999999, UTC),
        ),
        (NOW, "366d", NOW + timedelta(days=366) - MICROSECOND),
    ],
)
def test_what_was_spent_counts_until_the_window_has_passed(
    path: Path, began: datetime, period: str, last: datetime
) -> None:
    with Ledger(path, "a") as ledger:
        reserve(ledger, "1", began, Amounts(5))
        assert [spent(ledger, period, at) for at in (began, last, last + MICROSECOND)] == [5, 5, 0]


def test_a_campaign_counts_what_was_spent_in_it(path: Path) -> None:
    ends = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
    moments = [
        datetime(2026, 11, 1, tzinfo=UTC) - MICROSECOND,
        datetime(2026, 11, 1, tzinfo=UTC),
        datetime(2026, 11, 12, 3, tzinfo=UTC),
        ends - MICROSECOND,
        ends,
    ]
    with Ledger(path, "a") as ledger:
        for number, moment in enumerate(moments):
            reserve(ledger, str(number), moment, Amounts(10**number))
        assert spent(ledger, CAMPAIGN, NOW) == 1110
        assert spent(ledger, CAMPAIGN, datetime(2027, 11, 23, tzinfo=UTC)) == 1110
        assert spent(ledger, "once", datetime(2036, 11, 23, tzinfo=UTC)) == 11111
        within = "2026-11-23T09:00:00Z/2026-11-23T10:00:00Z"
        assert spent(ledger, within, NOW) == 11000


def test_a_quota_counts_over_its_window_beside_the_day_and_the_month(path: Path) -> None:
    of = {"chemistry": Counting(None, ("28d", "once"))}
    with Ledger(path, "a") as ledger:
        for number, days in enumerate((60, 27, 0)):
            reserve(ledger, str(number), NOW - timedelta(days=days), Amounts(shots=3, qpu_ms=400))
        used = ledger.usage(of, NOW).values["chemistry"]
        assert {name: count for name, count in used.items() if name.startswith("qpuSeconds")} == {
            "qpuSeconds/day": 1,
            "qpuSeconds/month": 1,
            "qpuSeconds/28d": 1,
            "qpuSeconds/once": 2,
        }
        assert (used["shots/28d"], used["shots/once"], used["jobs/once"]) == (6, 9, 3)


def test_what_leaves_a_window_moves_the_usage(path: Path) -> None:
    of = {"chemistry": Counting("monthly", ("1d",))}
    with Ledger(path, "a") as ledger:
        reserve(ledger, "1", NOW, Amounts(5))
        end = NOW + timedelta(days=1)
        seen = ledger.usage(of, end - MICROSECOND)
        with pytest.raises(Moved):
            ledger.reserve("2", of, Amounts(5), end, seen, {})
        ledger.reserve("2", of, Amounts(5), end, ledger.usage(of, end), {})


def test_every_period_is_the_sum_over_the_jobs(path: Path) -> None:
    """Against the jobs one by one; some settled otherwise, some released."""
    chance = random.Random(7)  # noqa: S311 - which jobs there are
    periods = {
        "28d": timedelta(days=28),
        "7d": timedelta(days=7),
        "36h": timedelta(hours=36),
        "90m": timedelta(minutes=90),
    }
    with Ledger(path, "a") as ledger:
        moments = [
            NOW - timedelta(days=chance.choice((0, 1, 7, 28)), seconds=chance.randrange(200_000))
            for _ in range(120)
        ]
        for number, moment in enumerate(sorted(moments)):
            reserve(ledger, str(number), moment, Amounts(chance.randrange(99)))
            if number % 3 == 0:
                ledger.settle(str(number), Amounts(chance.randrange(99)), NOW)
            elif number % 7 == 0:
                ledger.release(str(number))
        counts = {
            job.id: 0 if job.state == "released" else (job.actual or job.estimate).cost_micros
            for job in ledger.jobs()
        }
        for now in (NOW, *chance.sample(moments, 20)):
            for name, length in periods.items():
                after = [j.id for j in ledger.jobs() if j.reserved_at > now - length]
                assert spent(ledger, name, now) == sum(counts[id_] for id_ in after), (name, now)
        assert spent(ledger, "once", NOW) == sum(counts.values())
        assert ledger.audit_counters() == []


def test_a_ledger_of_the_version_before_learns_its_instants(path: Path) -> None:
    with Ledger(path, "a") as ledger:
        for number in range(4):
            reserve(ledger, str(number), NOW - timedelta(hours=number // 2), Amounts(10**number))
        ledger.settle("2", Amounts(500), NOW)
        ledger.release("3")
    database = sqlite3.connect(path)
    database.execute("DELETE FROM counters WHERE span LIKE '@%'")
    database.execute("PRAGMA user_version = 2")
    database.commit()
    database.close()
    with Ledger(path, "b") as ledger:
        assert (spent(ledger, "1h", NOW), spent(ledger, "61m", NOW)) == (11, 511)
        assert ledger.audit_counters() == []
        assert [job.id for job in ledger.abandoned()] == ["0", "1"]
        ledger.settle("0", Amounts(2), NOW)
        assert spent(ledger, "1h", NOW) == 12
        with ledger._transaction() as again:
            again.execute(INSTANTS)
        assert ledger.audit_counters() == []


def test_threads_spend_exactly_what_a_window_has(path: Path) -> None:
    of, limit = {"chemistry": Counting("28d", ("28d",))}, 7 * 20 + 6

    def work(ledger: Ledger, name: str) -> None:
        number = 0
        while True:
            now = NOW + timedelta(seconds=number)
            usage = ledger.usage(of, now)
            if usage.values["chemistry"]["spent_micros"] + 7 > limit:
                return
            try:
                ledger.reserve(f"{name}-{number}", of, Amounts(7), now, usage, {})
            except Moved:
                continue
            number += 1

    with Ledger(path, "one") as one, Ledger(path, "two") as two:
        threads = [Thread(target=work, args=(each, each._id)) for each in (one, two)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (len(one.jobs()), spent(one, "28d", NOW)) == (20, 140)
        assert spent(two, "28d", NOW + timedelta(days=29)) == 0
        assert one.audit_counters() == []


def test_the_edges_of_a_window_are_looked_up_by_key(path: Path) -> None:
    """What a window costs does not grow with what was before it."""
    with Ledger(path, "a") as ledger, ledger._transaction("BEGIN") as database:
        steps = database.execute(f"EXPLAIN QUERY PLAN {_SUM}", ("a", *"bcdefg")).fetchall()
    searched = [step[3] for step in steps if "counters" in step[3]]
    assert len(searched) == 3
    assert all("SEARCH" in each and "span>? AND span<?" in each for each in searched)


def test_a_period_that_none_is_counts_nothing(path: Path) -> None:
    with Ledger(path, "a") as ledger:
        for wrong in ("weekly", "28", "0d", "2026-11-01/2026-12-01"):
            with pytest.raises(LedgerError, match=f"not `{wrong}`"):
                spent(ledger, wrong, NOW)
