"""The ledger's tables: jobs, and what they add up to in each day, in each month and at each
instant.

A function takes an open connection, inside of a transaction. Money is millionths of a
currency unit, durations are milliseconds.
"""

# ruff: noqa: S608 - the statements are put together from this module's own names of columns

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final, NamedTuple

from msgspec import Struct

from qgov.language.periods import DAY, MONTH, Interval, period
from qgov.model.measures import JOBS, WINDOWS

__all__ = [
    "APPLICATION",
    "COLUMNS",
    "INSTANTS",
    "MAX_AMOUNT",
    "OPEN",
    "SCHEMA",
    "VERSION",
    "Amounts",
    "Counted",
    "Counting",
    "Job",
    "LedgerError",
    "Usage",
    "counted",
    "counting",
    "counts_of",
    "finish",
    "insert",
    "job_of",
    "jobs_of",
    "spans",
    "start",
    "unfinished",
    "usage_of",
    "version_of",
]

APPLICATION: Final = 0x71676F76
"""`qgov` in SQLite's header: another program's database is not taken for ours."""
VERSION: Final = 3
"""1 had no accounts (`accounts.py`), 2 counted nothing by the instant (`INSTANTS`): a file is
brought up to date when it is opened."""

MAX_AMOUNT: Final = 10**15
"""Of one job: a thousand million currency units, or thirty thousand years."""

COLUMNS: Final = ("cost_micros", "jobs", "shots", "circuits", "qpu_ms", "simulator_ms")
OPEN: Final = ("reserved", "started")
"""The states of a job that has not ended."""

columns: Callable[[Amounts], tuple[int, ...]] = attrgetter(*COLUMNS)
"""The amounts in the order of the columns."""

_NOTHING: Final = (0,) * len(COLUMNS)
_AT: Final = "@"
"""What a span begins with that is an instant, so that instants sort apart from days."""
_MIDNIGHT: Final = "T00:00:00+00:00"
_LAST: Final = "A"
"""It sorts after every day."""
_NONE: Final = ("", "")
"""A stretch in which there is nothing."""


class LedgerError(Exception):
    """The ledger cannot be used, or not in this way; the message says what to do."""


class Amounts(Struct, frozen=True):
    """What one job needs or took. Raises ValueError for what is no amount."""

    cost_micros: int = 0
    jobs: int = 1
    shots: int = 0
    circuits: int = 0
    qpu_ms: int = 0
    simulator_ms: int = 0

    def __post_init__(self) -> None:
        for name, value in zip(COLUMNS, columns(self), strict=True):
            if type(value) is not int or not 0 <= value <= MAX_AMOUNT:
                raise ValueError(f"{name} is not a whole number from 0 to {MAX_AMOUNT}: {value!r}")


class Usage(Struct, frozen=True):
    """What was used when it was read. `values` is a request's `context.usage`; `version` says
    which state that was, for `Ledger.reserve` and nobody else."""

    values: Mapping[str, Mapping[str, int]]
    version: tuple[Any, ...]


class Job(Struct, frozen=True):
    """A job, which is `reserved`, `started`, `settled` or `released`. Its amounts count in
    the windows of `reserved_at`, on the accounts of its budgets (`budgets`)."""

    id: str
    state: str
    owner: str
    budgets: tuple[str, ...]
    reserved_at: datetime
    estimate: Amounts
    actual: Amounts | None = None
    settled_at: datetime | None = None
    details: Mapping[str, str | int] | None = None


def _listed(form: str, separator: str = ", ") -> str:
    return separator.join(form.format(name) for name in COLUMNS)


_NAMES: Final = _listed("{}")
_AMOUNTS: Final = _listed("{} INTEGER NOT NULL")
_LEGAL: Final = _listed("typeof({0}) = 'integer' AND {0} >= 0", " AND ")  # not a float for a sum
_JOB: Final = (
    f"id, state, owner, budgets, reserved_at, settled_at, details, {_NAMES}, {_listed('actual_{}')}"
)

SCHEMA: Final = f"""\
CREATE TABLE jobs (
  id TEXT PRIMARY KEY, state TEXT NOT NULL, owner TEXT NOT NULL, budgets TEXT NOT NULL,
  reserved_at TEXT NOT NULL, settled_at TEXT, details TEXT NOT NULL,
  {_AMOUNTS}, {_listed("actual_{} INTEGER")}, CHECK ({_LEGAL})
) WITHOUT ROWID;
CREATE INDEX unfinished ON jobs (owner) WHERE state IN {OPEN};
CREATE TABLE counters (
  budget TEXT NOT NULL, span TEXT NOT NULL, {_AMOUNTS}, PRIMARY KEY (budget, span), CHECK ({_LEGAL})
) WITHOUT ROWID;
PRAGMA application_id = {APPLICATION}"""
"""A counter's budget is the account that the budget counts on. Its span is a day, a month or an
instant (of a reservation). All other time is a sum: of its whole days, and of the instants of the
days that it begins and ends in. So a budget whose period changes loses nothing that was spent."""

_COUNTING: Final = "sum(CASE state WHEN 'released' THEN 0 ELSE coalesce(actual_{0}, {0}) END)"
INSTANTS: Final = f"""\
REPLACE INTO counters SELECT named.value, '{_AT}' || jobs.reserved_at, {_listed(_COUNTING)}
FROM jobs, json_each(jobs.budgets) AS named GROUP BY 1, 2"""
"""What brings version 2 to 3."""

_OF: Final = f"SELECT span, {_NAMES} FROM counters WHERE budget = ?1 AND span = "
_READ: Final = f"{_OF} ?2 UNION ALL {_OF} ?3"
"""Two look-ups: for `IN`, SQLite makes a table first."""
_BETWEEN: Final = (
    f"SELECT {_NAMES} FROM counters WHERE budget = ?1 AND span >= {{}} AND span < {{}}"
)
_SUM: Final = (
    f"SELECT {_listed('coalesce(sum({0}), 0)')} FROM ({_BETWEEN.format('?2', '?3')} UNION ALL "
    f"{_BETWEEN.format('?4', '?5')} UNION ALL {_BETWEEN.format('?6', '?7')} AND length(span) = 10)"
)
_INSERT: Final = f"INSERT INTO jobs ({_JOB}) VALUES ({', '.join('?' * 19)})"
_ADD: Final = (
    f"INSERT INTO counters (budget, span, {_NAMES}) VALUES (?, ?, {_listed('?')}) "
    f"ON CONFLICT (budget, span) DO UPDATE SET {_listed('{0} = {0} + excluded.{0}')}"
)
_CORRECT: Final = (
    f"UPDATE counters SET {_listed('{0} = {0} + ?')} WHERE budget = ? AND span IN (?, ?, ?)"
)
_START: Final = "UPDATE jobs SET state = 'started' WHERE id = ? AND state = 'reserved'"
_ESTIMATED: Final = (
    f"SELECT budgets, reserved_at, {_NAMES} FROM jobs WHERE id = ? AND state IN {OPEN}"
)
_FINISH: Final = (
    f"UPDATE jobs SET state = ?, settled_at = ?, {_listed('actual_{} = ?')} WHERE id = ?"
)


def spans(moment: datetime) -> tuple[str, str, str]:
    """The day and the month in UTC, and the instant. Raises ValueError for a time without an
    offset."""
    text = _text(moment)
    return text[:10], text[:7], _AT + text


class Counting(NamedTuple):
    """Over what a budget counts: money over the period of that name (None: it has none), and
    quotas over `windows` beside the day and the month."""

    period: str | None
    windows: tuple[str, ...] = ()


Counted = Counting | str | None
"""Over what a budget counts; where no quota has a window, the name of money's period is enough."""


def version_of(
    database: sqlite3.Connection,
    budgets: Mapping[str, Counted],
    now: datetime,
    accounts: Mapping[str, str],
) -> tuple[Any, ...]:
    """The day, and what counts against each budget: the period of money, what was spent in it, and
    the amounts of each time. `accounts` are the budgets' where they are called otherwise. Raises
    LedgerError for a period that none has."""
    day, month, _ = spans(now)
    today, in_month = _interval(DAY, now), _interval(MONTH, now)
    found: list[Any] = [day]
    for name, given in sorted(budgets.items()):
        money, windows = given if isinstance(given, Counting) else Counting(given)
        account = accounts.get(name, name)
        rows = {row[0]: row[1:] for row in database.execute(_READ, (account, day, month))}
        totals = {today: rows.get(day, _NOTHING), in_month: rows.get(month, _NOTHING)}
        counted = tuple(
            (each, _total(database, account, each, now, totals)) for each in (*WINDOWS, *windows)
        )
        spent = _total(database, account, money or MONTH, now, totals)[0]
        found.append((name, money, spent, counted))
    return tuple(found)


def usage_of(version: tuple[Any, ...]) -> Usage:
    """The same as a request has it."""
    budgets = version[1:]
    used = {name: {"spent_micros": spent, **_counters(rows)} for name, _, spent, rows in budgets}
    return Usage(used, version)


def _total(
    database: sqlite3.Connection,
    account: str,
    name: str,
    now: datetime,
    known: dict[Interval, tuple[int, ...]],
) -> tuple[int, ...]:
    """What counts on an account in a period; each time is added up once."""
    interval = _interval(name, now)
    if interval not in known:
        row: tuple[int, ...] = database.execute(_SUM, (account, *_spans_in(interval))).fetchone()
        known[interval] = row
    return known[interval]


@lru_cache(maxsize=64)
def _interval(name: str, now: datetime) -> Interval:
    """The time that counts at a moment, at which a job is decided and reserved."""
    try:
        return period(name).interval(now)
    except ValueError as error:
        known_ones = "monthly, quarterly, yearly, once, a window such as 28d or a campaign"
        raise LedgerError(f"a period is {known_ones}, not `{name}`") from error


def _spans_in(interval: Interval) -> tuple[str, ...]:
    """From where and until before where the spans of a time lie, three times: the instants of the
    day that it begins in, those of the day that it ends in, and the whole days."""
    begins, ends = (None if moment is None else _text(moment) for moment in interval)
    if begins is not None and ends is not None and begins[:10] == ends[:10]:
        return _AT + begins, _AT + ends, *_NONE, *_NONE
    head, first = _NONE, ""
    if begins is not None:
        first = begins[:10]
        if not begins.endswith(_MIDNIGHT):
            first = str(date.fromisoformat(first) + timedelta(days=1))
            head = (_AT + begins, _AT + first)
    if ends is None:
        return *head, *_NONE, first, _LAST
    return *head, _AT + ends[:10], _AT + ends, first, ends[:10]


def insert(database: sqlite3.Connection, job: Job) -> None:
    """Write a new job and count its estimate."""
    details = json.dumps(dict(job.details or {}))
    row = [job.id, job.state, job.owner, json.dumps(job.budgets), _text(job.reserved_at), None]
    estimate = columns(job.estimate)
    database.execute(_INSERT, (*row, details, *estimate, *[None] * len(COLUMNS)))
    within = spans(job.reserved_at)
    counted = [(name, span, *estimate) for name in job.budgets for span in within]
    database.executemany(_ADD, counted)


def _correct(
    database: sqlite3.Connection, budgets: Sequence[str], moment: datetime, change: Sequence[int]
) -> None:
    """Change what counts on accounts in the windows of a moment. Raises LedgerError when they are
    gone."""
    within = spans(moment)
    for name in budgets:
        if database.execute(_CORRECT, (*change, name, *within)).rowcount != len(within):
            times = ", ".join(within)
            raise LedgerError(f"the ledger lost a counter of {name} ({times}); restore it")


def start(database: sqlite3.Connection, job_id: str) -> bool:
    """Write that a reserved job has started; False when it is not reserved."""
    return database.execute(_START, (job_id,)).rowcount == 1


def finish(
    database: sqlite3.Connection,
    job_id: str,
    state: str,
    now: datetime | None = None,
    actual: Amounts | None = None,
) -> bool:
    """Write how a job ended, and count what it took (nothing, where that is not said) instead of
    the estimate, in the windows that it was reserved in; False when it is not open. Raises
    LedgerError when its counters are gone."""
    row = database.execute(_ESTIMATED, (job_id,)).fetchone()
    if row is None:
        return False
    budgets, reserved_at, *estimate = row
    counts = columns(actual) if actual else _NOTHING
    change = [b - a for a, b in zip(estimate, counts, strict=True)]
    _correct(database, json.loads(budgets), datetime.fromisoformat(reserved_at), change)
    amounts = columns(actual) if actual else [None] * len(COLUMNS)
    database.execute(_FINISH, (state, now and _text(now), *amounts, job_id))
    return True


def job_of(database: sqlite3.Connection, job_id: str) -> Job | None:
    """One job, or None."""
    row = database.execute(f"SELECT {_JOB} FROM jobs WHERE id = ?", (job_id,)).fetchone()
    return None if row is None else _read(row)


def jobs_of(database: sqlite3.Connection, state: str = "") -> list[Job]:
    """The jobs of a state, or all, in the order in which they were reserved."""
    query = f"SELECT {_JOB} FROM jobs WHERE ? IN (state, '') ORDER BY reserved_at, id"
    return list(map(_read, database.execute(query, (state,))))


def unfinished(database: sqlite3.Connection, owner: str) -> list[Job]:
    """The jobs of an owner that have not ended."""
    query = f"SELECT {_JOB} FROM jobs WHERE state IN {OPEN} AND owner = ? ORDER BY id"
    return list(map(_read, database.execute(query, (owner,))))


def counting(job: Job) -> tuple[int, ...]:
    """What counts of a job, by column."""
    return _NOTHING if job.state == "released" else columns(job.actual or job.estimate)


def counted(database: sqlite3.Connection) -> dict[tuple[str, str], tuple[int, ...]]:
    """Every counter: (budget, span) to its amounts."""
    query = f"SELECT budget, span, {_NAMES} FROM counters"
    return {(budget, span): tuple(row) for budget, span, *row in database.execute(query)}


def counts_of(amounts: Amounts | tuple[int, ...]) -> dict[str, int]:
    """What quotas count: measure → amount, device time in whole seconds rounded up."""
    row = columns(amounts) if isinstance(amounts, Amounts) else amounts
    _, jobs, shots, circuits, qpu_ms, simulator_ms = row
    return {
        JOBS: jobs,
        "shots": shots,
        "circuits": circuits,
        "qpuSeconds": -(-qpu_ms // 1000),
        "simulatorSeconds": -(-simulator_ms // 1000),
    }


def _counters(counted: tuple[tuple[str, tuple[int, ...]], ...]) -> dict[str, int]:
    """The counters of a budget, from its amounts of each time."""
    return {
        f"{measure}/{per}": count
        for per, row in counted
        for measure, count in counts_of(row).items()
    }


def _text(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise ValueError("a time without an offset")
    return moment.astimezone(UTC).isoformat()


def _read(row: tuple[Any, ...]) -> Job:
    id_, state, owner, budgets, reserved, settled, details, *amounts = row
    estimate, actual = amounts[: len(COLUMNS)], amounts[len(COLUMNS) :]
    return Job(
        id_,
        state,
        owner,
        tuple(json.loads(budgets)),
        datetime.fromisoformat(reserved),
        Amounts(*estimate),
        None if actual[0] is None else Amounts(*actual),
        None if settled is None else datetime.fromisoformat(settled),
        json.loads(details),
    )
