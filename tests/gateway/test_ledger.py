"""The ledger never lets two jobs spend the same money, whatever dies when."""

from __future__ import annotations

import errno
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from threading import Barrier, Event, Semaphore, Thread

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qgov.gateway.ledger import MAX_AMOUNT, Amounts, Job, Ledger, LedgerError, Moved
from qgov.gateway.tables import VERSION

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
MONEY = {"chemistry": "monthly"}
ONE = Amounts(cost_micros=5, shots=100, circuits=2, qpu_ms=1500, simulator_ms=1)
NOTHING = {
    f"{measure}/{per}": 0
    for measure in ("jobs", "shots", "circuits", "qpuSeconds", "simulatorSeconds")
    for per in ("day", "month")
} | {"spent_micros": 0}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


def reserve(
    ledger: Ledger,
    job: str,
    amounts: Amounts = ONE,
    now: datetime = NOW,
    budgets: dict[str, str | None] | None = None,
) -> None:
    of = MONEY if budgets is None else budgets
    ledger.reserve(job, of, amounts, now, ledger.usage(of, now), {"tenant": "aurora"})


def spent(ledger: Ledger, now: datetime = NOW, period: str = "monthly") -> int:
    return ledger.usage({"chemistry": period}, now).values["chemistry"]["spent_micros"]


def test_a_new_ledger_has_counted_nothing(path: Path) -> None:
    with Ledger(path, "a") as ledger:
        assert ledger.usage({"x": None, "y": "yearly"}, NOW).values == {"x": NOTHING, "y": NOTHING}
        assert (ledger.jobs(), ledger.job("j"), ledger.audit_counters()) == ([], None, [])
        assert set(ledger.totals().amounts.values()) == {0}


def test_an_estimate_counts_until_the_actual_amount_does(path: Path) -> None:
    with Ledger(path, "a") as ledger:
        reserve(ledger, "j")
        assert ledger.usage(MONEY, NOW).values["chemistry"] == {
            "spent_micros": 5,
            "jobs/day": 1,
            "jobs/month": 1,
            "shots/day": 100,
            "shots/month": 100,
            "circuits/day": 2,
            "circuits/month": 2,
            "qpuSeconds/day": 2,
            "qpuSeconds/month": 2,
            "simulatorSeconds/day": 1,
            "simulatorSeconds/month": 1,
        }
        assert ledger.mark_started("j")
        assert not ledger.mark_started("j")
        assert ledger.settle("j", Amounts(cost_micros=9, shots=99), NOW + timedelta(days=40))
        assert spent(ledger) == 9
        assert spent(ledger, NOW + timedelta(days=40)) == 0
        assert ledger.audit_counters() == []
        assert ledger.job("j") == Job(
            "j",
            "settled",
            "a",
            ("chemistry",),
            NOW,
            ONE,
            Amounts(cost_micros=9, shots=99),
            NOW + timedelta(days=40),
            {"tenant": "aurora"},
        )
    with Ledger(path, "a") as ledger:
        assert spent(ledger) == 9
        assert ledger.totals().jobs == {"settled": 1}
        assert ledger.totals().amounts["shots"] == 99


def test_each_end_happens_once(path: Path) -> None:
    with Ledger(path, "a") as ledger:
        for job in ("s", "r"):
            reserve(ledger, job)
        assert ledger.settle("s", ONE, NOW)
        assert not ledger.settle("s", ONE, NOW)
        assert ledger.release("r")
        assert not ledger.release("r")
        wrong: list[Callable[[], object]] = [
            lambda: ledger.settle("s", Amounts(cost_micros=6), NOW),
            lambda: ledger.settle("r", ONE, NOW),
            lambda: ledger.release("s"),
            lambda: ledger.mark_started("s"),
            lambda: ledger.mark_started("r"),
            lambda: ledger.settle("x", ONE, NOW),
            lambda: ledger.release("x"),
            lambda: ledger.mark_started("x"),
            lambda: reserve(ledger, "s"),
            lambda: reserve(ledger, "r"),
        ]
        for call in wrong:
            with pytest.raises(LedgerError, match=r"the job [srx] "):
                call()
        assert spent(ledger) == 5
        assert ledger.audit_counters() == []
        assert [job.id for job in ledger.jobs("released")] == ["r"]


def test_usage_that_moved_reserves_nothing(path: Path) -> None:
    both: dict[str, str | None] = {"chemistry": "monthly", "shots": None}
    with Ledger(path, "a") as ledger, Ledger(path, "b") as other:
        seen = ledger.usage(both, NOW)
        reserve(other, "1", budgets={"shots": None})
        with pytest.raises(Moved):
            ledger.reserve("2", both, ONE, NOW, seen, {})
        seen = ledger.usage(both, NOW)
        other.release("1")
        with pytest.raises(Moved):
            ledger.reserve("2", both, ONE, NOW, seen, {})
        seen = ledger.usage(both, NOW)
        reserve(other, "3", budgets={"elsewhere": None})
        ledger.reserve("2", both, ONE, NOW, seen, {})
        with pytest.raises(LedgerError, match="other budgets"):
            ledger.reserve("4", MONEY, ONE, NOW, seen, {})
        assert ledger.audit_counters() == []


def test_money_spent_earlier_in_the_year_moves_a_yearly_budget(path: Path) -> None:
    year: dict[str, str | None] = {"chemistry": "yearly"}
    with Ledger(path, "a") as ledger:
        reserve(ledger, "1", now=datetime(2026, 2, 1, tzinfo=UTC))
        seen = ledger.usage(year, NOW)
        ledger.settle("1", Amounts(cost_micros=50), NOW)
        with pytest.raises(Moved):
            ledger.reserve("2", year, ONE, NOW, seen, {})


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=9))], ids=["utc", "tokyo"])
def test_a_window_that_ended_between_moves(path: Path, zone: timezone) -> None:
    late = datetime(2026, 12, 31, 23, 59, 59, 999999, tzinfo=UTC).astimezone(zone)
    with Ledger(path, "a") as ledger:
        reserve(ledger, "1", now=late)
        seen = ledger.usage(MONEY, late)
        with pytest.raises(Moved):
            ledger.reserve("2", MONEY, ONE, late + timedelta(microseconds=1), seen, {})
        assert spent(ledger, late) == 5
        assert spent(ledger, late + timedelta(microseconds=1)) == 0


def test_windows_are_calendar_ones(path: Path) -> None:
    with Ledger(path, "a") as ledger:
        for month in range(1, 13):
            reserve(
                ledger,
                f"{month}",
                Amounts(cost_micros=10**month),
                datetime(2026, month, 28, tzinfo=UTC),
            )
        reserve(ledger, "before", Amounts(cost_micros=1), datetime(2025, 12, 31, tzinfo=UTC))
        when = datetime(2026, 5, 1, tzinfo=UTC)
        for now, period, expected in [
            (when, "monthly", 10**5),
            (when, "quarterly", 10**4 + 10**5 + 10**6),
            (when, "yearly", sum(10**month for month in range(1, 13))),
            (NOW, "quarterly", 10**10 + 10**11 + 10**12),
            (datetime(2025, 1, 1, tzinfo=UTC), "yearly", 1),
            (datetime(2027, 1, 1, tzinfo=UTC), "yearly", 0),
        ]:
            assert spent(ledger, now, period) == expected
        assert ledger.usage(MONEY, when).values["chemistry"]["jobs/day"] == 0


def test_a_changed_period_loses_nothing_that_was_spent(path: Path) -> None:
    with Ledger(path, "a") as ledger:
        reserve(ledger, "1", now=datetime(2026, 10, 1, tzinfo=UTC))
        assert (spent(ledger), spent(ledger, period="quarterly")) == (0, 5)
        with pytest.raises(LedgerError, match="not `weekly`"):
            spent(ledger, period="weekly")


WORK = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from qgov.gateway.ledger import Amounts, Ledger, Moved
path, name, limit = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
now = datetime(2026, 11, 23, tzinfo=UTC)
budgets = {"chemistry": "monthly"}
with Ledger(path, name, busy_s=60) as ledger:
    number = moved = 0
    while True:
        usage = ledger.usage(budgets, now)
        if usage.values["chemistry"]["spent_micros"] + 7 > limit:
            break
        try:
            ledger.reserve(f"{name}-{number}", budgets, Amounts(7), now, usage, {})
        except Moved:
            moved += 1
            continue
        number += 1
        print(number, flush=True)
print("moved", moved)
"""


def process(code: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_four_processes_spend_exactly_the_limit(path: Path) -> None:
    for process_ in [process(WORK, path, f"p{i}", 7 * 50 + 6) for i in range(4)]:
        out, err = process_.communicate()
        assert (process_.returncode, err) == (0, ""), out
    with Ledger(path, "check") as ledger:
        assert len(ledger.jobs()) == 50
        assert spent(ledger) == 350
        assert ledger.audit_counters() == []
        assert len(ledger.abandoned()) == 50
        assert ledger.abandoned() == []


LIFE = """
import random, sys
from datetime import UTC, datetime
from pathlib import Path
from qgov.gateway.ledger import Amounts, Ledger
path, name = Path(sys.argv[1]), sys.argv[2]
now = datetime(2026, 11, 23, tzinfo=UTC)
budgets = {"chemistry": "monthly", "b": "yearly"}
chance = random.Random(name)
ledger = Ledger(path, name, busy_s=60)
for number in range(1_000_000):
    job = f"{name}-{number}"
    ledger.reserve(job, budgets, Amounts(chance.randrange(99)), now, ledger.usage(budgets, now), {})
    print("reserved", job, flush=True)
    if chance.random() < 0.5:
        ledger.mark_started(job)
        print("started", job, flush=True)
    if chance.random() < 0.6:
        ledger.settle(job, Amounts(chance.randrange(99)), now)
        print("settled", job, flush=True)
    elif chance.random() < 0.7:
        ledger.release(job)
        print("released", job, flush=True)
"""
ORDER = ["", "reserved", "started", "settled", "released"]


def test_a_process_that_is_killed_at_any_moment_loses_and_doubles_nothing(path: Path) -> None:
    chance = random.Random(7)  # noqa: S311 - moments, not secrets
    told: dict[str, str] = {}
    for round_ in range(25):
        child = process(LIFE, path, f"p{round_}")
        if round_ % 5:  # otherwise also while it begins
            assert child.stdout
            child.stdout.readline()
        time.sleep(chance.random() * 0.04)
        os.kill(child.pid, signal.SIGKILL)
        out, err = child.communicate()
        assert err == ""
        for line in filter(None, out.split("\n")[:-1]):  # empty: it has begun
            state, job = line.split()
            told[job] = state
        with Ledger(path, f"check{round_}") as ledger:
            assert ledger.audit_counters() == []
            ledger.abandoned()
    with Ledger(path, "check") as ledger:
        found = {job.id: job.state for job in ledger.jobs()}
        assert told.keys() <= found.keys()
        for job, state in told.items():
            assert ORDER.index(found[job]) >= ORDER.index(state), job
        taken = ledger.abandoned()
        assert {job.id for job in taken} == {
            job for job, state in found.items() if state in ("reserved", "started")
        }
        for each in taken:
            ledger.release(each.id)
        assert ledger.audit_counters() == []
        with ledger.census() as owners:
            assert owners.living == {"check"}
    assert list(path.with_name("ledger.db.owners").iterdir()) == []


def test_a_job_is_abandoned_when_its_process_is_dead_and_taken_once(path: Path) -> None:
    first = Ledger(path, "first")
    reserve(first, "1")
    reserve(first, "2")
    first.mark_started("2")
    reserve(first, "3")
    first.release("3")
    recovering = [Ledger(path, f"r{i}") for i in range(4)]
    assert [ledger.abandoned() for ledger in recovering] == [[]] * 4
    first.close()

    barrier, taken = Barrier(4), list[Job]()

    def recover(ledger: Ledger) -> None:
        barrier.wait()
        taken.extend(ledger.abandoned())

    threads = [Thread(target=recover, args=(ledger,)) for ledger in recovering]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted((job.id, job.state) for job in taken) == [("1", "reserved"), ("2", "started")]
    assert len({job.owner for job in taken}) == 1
    for ledger in recovering:  # who took them dies too
        ledger.close()
    with Ledger(path, "last") as ledger:
        assert [job.id for job in ledger.abandoned()] == ["1", "2"]
        ledger.settle("2", ONE, NOW)
        assert ledger.audit_counters() == []


TAKE = """
import sys
from pathlib import Path
from qgov.gateway.ledger import Ledger
with Ledger(Path(sys.argv[1]), sys.argv[2], busy_s=60) as ledger:
    sys.stdin.readline()
    print(*[job.id for job in ledger.abandoned()])
    sys.stdin.readline()
"""


def test_processes_that_recover_at_the_same_moment_share_nothing(path: Path) -> None:
    for owner in range(3):
        with Ledger(path, f"dead{owner}") as ledger:
            for number in range(20):
                reserve(ledger, f"{owner}-{number}")
    takers = [
        subprocess.Popen(
            [sys.executable, "-c", TAKE, path, f"t{i}"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for i in range(4)
    ]
    for taker in takers:
        assert taker.stdin
        taker.stdin.write("go\n")
        taker.stdin.flush()
    taken: list[str] = []
    for taker in takers:
        assert taker.stdout
        taken += taker.stdout.readline().split()
    for taker in takers:
        taker.communicate("go\n")
    assert len(taken) == len(set(taken)) == 60


def test_an_owner_is_one_process(path: Path) -> None:
    with Ledger(path, "a") as ledger:
        with pytest.raises(LedgerError, match="in use"):
            Ledger(path, "a")
        reserve(ledger, "1")
    with pytest.raises(LedgerError, match="died with unfinished jobs"):
        Ledger(path, "a")
    for wrong in ("", "..", "a/b", "a b", "x" * 101):
        with pytest.raises(LedgerError, match="owner's id"):
            Ledger(path, wrong)


def test_a_forked_child_neither_uses_the_ledger_nor_keeps_its_parent_alive(path: Path) -> None:
    code = """
import os, sys
from pathlib import Path
from qgov.gateway.ledger import Ledger, LedgerError
ledger = Ledger(Path(sys.argv[1]), "parent")
if os.fork() == 0:
    try:
        ledger.jobs()
    except LedgerError as error:
        print(error, flush=True)
    ledger.close()
    os.read(0, 1)  # lives on until the test lets go
    os._exit(0)
from qgov.gateway.ledger import Amounts
from datetime import datetime, UTC
now = datetime(2026, 11, 23, tzinfo=UTC)
ledger.reserve("1", {}, Amounts(), now, ledger.usage({}, now), {})
print("ready", flush=True)
os.read(0, 1)
"""
    child = subprocess.Popen(
        [sys.executable, "-c", code, path],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout
    said = child.stdout.readline() + child.stdout.readline()
    assert "before a fork" in said
    assert "ready" in said
    with Ledger(path, "other") as ledger:
        assert ledger.abandoned() == []
        child.kill()
        child.wait()
        assert [job.id for job in ledger.abandoned()] == ["1"]
    assert child.stdin
    child.stdin.close()
    child.stdout.close()


def test_a_closed_ledger_is_an_error(path: Path) -> None:
    ledger = Ledger(path, "a")
    ledger.close()
    ledger.close()
    for call in (ledger.jobs, ledger.abandoned):
        with pytest.raises(LedgerError, match="closed"):
            call()


def no_database(path: Path) -> None:
    path.write_bytes(b"budgets: {}\n" * 400)


def another_database(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE theirs (a)")
    database.close()


def newer(path: Path) -> None:
    Ledger(path, "x").close()
    with sqlite3.connect(path) as database:
        database.execute(f"PRAGMA user_version = {VERSION + 1}")
    database.close()


def cut(path: Path) -> None:
    with Ledger(path, "x") as ledger:
        for number in range(50):
            reserve(ledger, f"{number}")
    os.truncate(path, 3 * 4096)


def zeros(path: Path) -> None:
    with Ledger(path, "x") as ledger:
        for number in range(50):
            reserve(ledger, f"{number}")
    raw = path.read_bytes()
    path.write_bytes(raw[:4096] + bytes(len(raw) - 4096))


def folder(path: Path) -> None:
    path.mkdir()


def no_folder(path: Path) -> None:
    path.parent.rmdir()


def owners_in_the_way(path: Path) -> None:
    path.with_name("ledger.db.owners").write_bytes(b"")


@pytest.mark.parametrize(
    "spoil",
    [no_database, another_database, newer, cut, zeros, folder, no_folder, owners_in_the_way],
)
def test_a_file_that_is_no_ledger_is_an_error(path: Path, spoil: Callable[[Path], None]) -> None:
    spoil(path)
    before = path.read_bytes() if path.is_file() else b""
    with pytest.raises(LedgerError, match=r"ledger"), Ledger(path, "a") as ledger:
        ledger.audit_counters()  # some damage shows only now
    if spoil in (no_database, another_database):
        assert path.read_bytes() == before


def test_a_file_that_cannot_be_written_is_an_error(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Ledger(path, "a").close()
    real = sqlite3.connect
    monkeypatch.setattr(
        "sqlite3.connect",
        lambda to, **options: real(f"file:{to}?mode=ro", uri=True, **options),
    )
    with pytest.raises(LedgerError, match="readonly"):
        Ledger(path, "b")


def test_a_ledger_that_is_busy_too_long_is_an_error(path: Path) -> None:
    with Ledger(path, "a") as ledger, Ledger(path, "b", busy_s=0.01) as other:
        seen = other.usage(MONEY, NOW)
        with ledger._transaction(), pytest.raises(LedgerError, match="locked"):
            other.reserve("1", MONEY, ONE, NOW, seen, {})
        other.reserve("1", MONEY, ONE, NOW, seen, {})


@pytest.mark.parametrize("wrong", [-1, MAX_AMOUNT + 1, 1.0, True, "1", None])
def test_an_amount_is_a_whole_number(wrong: object) -> None:
    for name in ("cost_micros", "jobs", "qpu_ms"):
        with pytest.raises(ValueError, match=name):
            Amounts(**{name: wrong})  # type: ignore[arg-type]


def test_counters_cannot_overflow(path: Path) -> None:
    with Ledger(path, "a") as ledger:
        reserve(ledger, "1")
        with sqlite3.connect(path) as database:
            database.execute("UPDATE counters SET cost_micros = ?", ((1 << 63) - 6,))
        database.close()
        reserve(ledger, "2", Amounts(cost_micros=5))
        with pytest.raises(LedgerError, match="refuses an amount"):
            reserve(ledger, "3", Amounts(cost_micros=5))
        assert len(ledger.audit_counters()) == 3  # the day, the month and the instant


def test_texts_that_are_none_and_times_without_an_offset_are_errors(path: Path) -> None:
    with Ledger(path, "a") as ledger:
        with pytest.raises(LedgerError):
            reserve(ledger, "\ud800")
        with pytest.raises(ValueError, match="offset"):
            spent(ledger, NOW.replace(tzinfo=None))
        reserve(ledger, "'); DROP TABLE jobs; --\0")
        assert len(ledger.jobs()) == 1


def test_a_lost_counter_is_an_error_and_shown(path: Path) -> None:
    with Ledger(path, "a") as ledger:
        reserve(ledger, "1")
        with sqlite3.connect(path) as database:
            database.execute("DELETE FROM counters WHERE length(span) = 7")
        database.close()
        assert len(ledger.audit_counters()) == 1
        with pytest.raises(LedgerError, match="restore it"):
            ledger.settle("1", ONE, NOW)


def test_threads_share_a_ledger(path: Path) -> None:
    with Ledger(path, "a") as ledger:

        def work(name: str) -> None:
            for number in range(25):
                while True:
                    try:
                        reserve(ledger, f"{name}{number}")
                        break
                    except Moved:
                        continue

        threads = [Thread(target=work, args=(name,)) for name in "abcd"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert spent(ledger) == 500
        assert ledger.audit_counters() == []


def test_the_cost_of_a_job_does_not_grow_with_the_past(path: Path) -> None:
    with Ledger(path, "a") as ledger:
        with ledger._transaction() as database:
            plans = [
                database.execute(f"EXPLAIN QUERY PLAN {query}").fetchall()
                for query in (
                    "SELECT * FROM jobs WHERE id = 'x'",
                    "SELECT jobs FROM counters WHERE budget = 'x' AND span IN ('a', 'b')",
                    "SELECT sum(jobs) FROM counters WHERE budget = 'x' AND span BETWEEN 'a' AND 'b'",
                    "SELECT id FROM jobs WHERE state IN ('reserved', 'started') AND owner = 'x'",
                )
            ]
        assert all("SEARCH" in str(plan) and "SCAN" not in str(plan) for plan in plans), plans


amounts = st.builds(Amounts, *[st.integers(0, 5000)] * 6)
steps = st.lists(
    st.tuples(
        st.sampled_from(["reserve", "start", "settle", "release", "reopen"]),
        st.integers(0, 5),
        amounts,
        st.datetimes(datetime(2026, 1, 1), datetime(2027, 2, 1)),  # noqa: DTZ001 - gets its zone below
        st.sampled_from([("x",), ("x", "y"), ()]),
    ),
    max_size=25,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_whatever_happens_the_counters_are_the_sum_of_the_jobs(
    tmp_path: Path,
    happens: list[tuple[str, int, Amounts, datetime, tuple[str, ...]]],
) -> None:
    path = tmp_path / f"{time.monotonic_ns()}.db"
    ledger = Ledger(path, "o0")
    model: dict[str, Amounts] = {}
    for turn, (what, number, amount, naive, names) in enumerate(happens):
        now, job = naive.replace(tzinfo=UTC), f"{number}"
        try:
            if what == "reserve":
                reserve(ledger, job, amount, now, dict.fromkeys(names, "yearly"))
                model[job] = amount
            elif what == "start":
                ledger.mark_started(job)
            elif what == "settle":
                ledger.settle(job, amount, now)
                model[job] = amount
            elif what == "release":
                ledger.release(job)
                model[job] = Amounts(jobs=0)
            else:
                ledger.close()
                ledger = Ledger(path, f"o{turn + 1}")
                ledger.abandoned()
        except LedgerError:
            pass
        assert ledger.audit_counters() == []
    sums = {
        name: sum(getattr(a, name) for a in model.values()) for name in ("cost_micros", "shots")
    }
    assert sums.items() <= dict(ledger.totals().amounts).items()
    ledger.close()


def test_who_commits_while_another_flushes_shares_the_next_flush(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, mark = os.fdatasync, Ledger.mark_started
    others, flushes = 31, list[int]()
    begun, committed = Event(), Semaphore(0)

    def slow(handle: int) -> None:
        flushes.append(handle)
        if len(flushes) == 1:  # the first is not done before all others have committed
            begun.set()
            for _ in range(others):
                assert committed.acquire(timeout=60)
        real(handle)

    class Waiting(Ledger):
        def _flush(self, number: int) -> None:
            if begun.is_set():
                committed.release()
            super()._flush(number)

    with Waiting(path, "a") as ledger:
        for number in range(1 + others):
            reserve(ledger, f"j{number}", Amounts(cost_micros=1))
        monkeypatch.setattr("os.fdatasync", slow)
        threads = [Thread(target=mark, args=(ledger, f"j{n}")) for n in range(1 + others)]
        threads[0].start()
        assert begun.wait(60)
        for thread in threads[1:]:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(ledger.jobs("started")) == 1 + others
    assert len(flushes) == 2


def test_what_changed_nothing_is_not_flushed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushes: list[int] = []
    with Ledger(path, "a") as ledger:
        reserve(ledger, "j")
        monkeypatch.setattr("os.fdatasync", flushes.append)
        assert ledger.mark_started("j")
        assert len(flushes) == 1
        assert not ledger.mark_started("j")
        ledger.usage(MONEY, NOW)
        ledger.flush()
        assert ledger.settle("j", ONE, NOW, flushed=False)
        assert len(flushes) == 1
        assert not ledger.settle("j", ONE, NOW)  # what was not flushed then is flushed now
        assert len(flushes) == 2


def test_after_a_flush_that_failed_nothing_is_said_to_be_written(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with Ledger(path, "a") as ledger:
        reserve(ledger, "j")
        with monkeypatch.context() as patch:
            patch.setattr("os.fdatasync", fail)
            with pytest.raises(LedgerError, match="Input/output error"):
                ledger.mark_started("j")
        with pytest.raises(LedgerError, match="could not be flushed"):
            ledger.release("j")
    with pytest.raises(LedgerError, match="closed"):
        ledger.flush()
