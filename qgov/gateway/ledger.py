"""What jobs spend against budgets, counted in days and months in UTC and to the instant.

A job's estimate is reserved before it runs, and only when the usage that it was allowed on
is still the usage: so two jobs at the same time cannot spend the same money. Several
processes may use one ledger. It survives their death at any moment, and the power's: what is
committed is flushed before anybody is told so, once for all threads that wait for it.

Money is millionths of a currency unit, durations are milliseconds.
"""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from threading import RLock
from types import MappingProxyType
from typing import Final, NamedTuple, Self

from msgspec import Struct

from qgov.gateway.accounts import SCHEMA as ACCOUNTS
from qgov.gateway.accounts import adopt
from qgov.gateway.flushes import Flushes
from qgov.gateway.owners import Owner, dead_among, exclusively, is_owner_id
from qgov.gateway.tables import (
    APPLICATION,
    COLUMNS,
    INSTANTS,
    MAX_AMOUNT,
    OPEN,
    SCHEMA,
    VERSION,
    Amounts,
    Counted,
    Counting,
    Job,
    LedgerError,
    Usage,
    counted,
    counting,
    finish,
    insert,
    job_of,
    jobs_of,
    spans,
    start,
    unfinished,
    usage_of,
    version_of,
)

__all__ = [
    "MAX_AMOUNT",
    "Amounts",
    "Counting",
    "Job",
    "Ledger",
    "LedgerError",
    "Moved",
    "Totals",
    "Usage",
]

_OWN: Final[Mapping[str, str]] = MappingProxyType({})
"""Each budget counts on the account of its own name."""


class Moved(Exception):  # noqa: N818 - not an error: read the usage and decide again
    """The usage is not what it was when it was read."""


class Totals(Struct, frozen=True):
    """Jobs by state, and the sum of what counts, by the names of `Amounts`."""

    jobs: Mapping[str, int]
    amounts: Mapping[str, int]


class Census(NamedTuple):
    """The owners that died without letting go of the ledger, and those that live (the one who
    asks among them). Whoever is neither let go of it, or was found dead before."""

    dead: frozenset[str]
    living: frozenset[str]


class Ledger:
    """A ledger in a file, opened by one owner: an id that no other process has or had.
    Raises LedgerError when it cannot be opened. Threads may share it."""

    def __init__(self, path: Path, owner: str, *, busy_s: float = 10.0) -> None:
        if not is_owner_id(owner):
            raise LedgerError("an owner's id is up to 100 letters, digits, `-`, `_` and `.`")
        self.path = path
        self._told = _Told(path)
        self._owners = path.with_name(f"{path.name}.owners")
        self._lock = RLock()
        self._process = os.getpid()
        self._owner: Owner | None = None
        self._database: sqlite3.Connection | None = None
        self._flushes: Flushes | None = None
        self._commits = 0
        try:
            with self._told, exclusively(self._owners):
                self._begin(owner, busy_s)
        except BaseException:
            self.close()
            raise

    def adopt(self, revision: str, budgets: Mapping[str, Sequence[str]]) -> Mapping[str, str]:
        """The accounts that a bundle's budgets count on, of those that are called otherwise
        than their account, for `usage` and `reserve`. `budgets` are all of the bundle, with
        their former names, the last one first: a renamed budget has used what it had used
        under its old name. Give bundles in the order in which they were made; to give one
        again changes nothing. Raises LedgerError."""
        with self._transaction() as database:
            return adopt(database, revision, budgets)

    def usage(
        self,
        budgets: Mapping[str, Counted],
        now: datetime,
        accounts: Mapping[str, str] = _OWN,
    ) -> Usage:
        """What counts against these budgets at this moment. `budgets` says over what each one
        counts. Raises LedgerError."""
        with self._transaction("BEGIN") as database:
            return usage_of(version_of(database, budgets, now, accounts))

    def reserve(
        self,
        job_id: str,
        budgets: Mapping[str, Counted],
        amounts: Amounts,
        now: datetime,
        usage: Usage,
        details: Mapping[str, str | int],
        accounts: Mapping[str, str] = _OWN,
        *,
        flushed: bool = True,
    ) -> None:
        """Count an estimate, provided that the usage still is this one. Unless `flushed`, call
        `flush` before anything comes of it.

        Raises Moved when it is not (also because a day has ended, or something left a window):
        read it and decide again.
        Raises LedgerError for a job that was reserved before.
        """
        if usage.values.keys() != budgets.keys():
            raise LedgerError("a job was decided on the usage of other budgets than its own")
        names = tuple(sorted(accounts.get(name, name) for name in budgets))
        with self._transaction(flushed=flushed) as database:
            if version_of(database, budgets, now, accounts) != usage.version:
                raise Moved
            job = Job(job_id, "reserved", self._id, names, now, amounts, details=details)
            try:
                insert(database, job)
            except sqlite3.IntegrityError as error:
                if error.sqlite_errorname != "SQLITE_CONSTRAINT_PRIMARYKEY":
                    raise
                known = f"the job {job_id} was reserved before; give it a new id"
                raise LedgerError(known) from error

    def flush(self) -> None:
        """Wait until everything that was written so far is on the disk. Raises LedgerError."""
        self._flush(self._commits)

    def mark_started(self, job_id: str) -> bool:
        """Note that a reserved job is about to run; False when that was noted before. Raises
        LedgerError for one that has ended."""
        with self._transaction() as database:
            if start(database, job_id):
                return True
            known = job_of(database, job_id)
            if known is None or known.state not in OPEN:
                raise _ended(known, job_id, "start")
            return False

    def settle(self, job_id: str, actual: Amounts, now: datetime, *, flushed: bool = True) -> bool:
        """Count what a job really took, in the windows of its reservation, instead of the
        estimate; False when exactly this was done before. Unless `flushed`, the power's loss may
        undo it: for what `recover` would do again. Raises LedgerError."""
        with self._transaction(flushed=flushed) as database:
            if finish(database, job_id, "settled", now, actual):
                return True
            known = job_of(database, job_id)
            if known is None or known.state != "settled" or known.actual != actual:
                raise _ended(known, job_id, "be settled so")
            return False

    def release(self, job_id: str) -> bool:
        """Take the reservation of a job back that never ran; False when it was done before.
        Raises LedgerError."""
        with self._transaction() as database:
            if finish(database, job_id, "released"):
                return True
            known = job_of(database, job_id)
            if known is None or known.state != "released":
                raise _ended(known, job_id, "be released")
            return False

    def abandoned(self) -> list[Job]:
        """The unfinished jobs of processes that have died, which are this owner's from now
        on: each is given out once. Raises LedgerError."""
        with self._told, exclusively(self._owners):
            query = f"SELECT DISTINCT owner FROM jobs WHERE state IN {OPEN} AND owner <> ?"  # noqa: S608 - a constant
            with self._transaction("BEGIN") as database:
                owners = [owner for (owner,) in database.execute(query, (self._id,))]
            # Who holds the folder's lock decides alone who is dead, and takes their jobs.
            with dead_among(self._owners, sorted(owners)) as dead, self._transaction() as database:
                ids = [job.id for owner in dead for job in unfinished(database, owner)]
                update = "UPDATE jobs SET owner = ? WHERE id = ?"
                database.executemany(update, [(self._id, job_id) for job_id in ids])
                found = [job_of(database, job_id) for job_id in ids]
        return [job for job in found if job is not None]

    @contextmanager
    def census(self) -> Iterator[Census]:
        """Who has this file open, and who died with it open. Nobody opens it meanwhile, and the
        dead are forgotten afterwards, when nothing was raised. Raises LedgerError."""
        with self._told, exclusively(self._owners):
            ids = {file.name for file in self._owners.iterdir() if is_owner_id(file.name)}
            with dead_among(self._owners, sorted(ids - {self._id})) as dead:
                yield Census(frozenset(dead), frozenset(ids.difference(dead)))

    def job(self, job_id: str) -> Job | None:
        """One job, or None. Raises LedgerError."""
        with self._transaction("BEGIN") as database:
            return job_of(database, job_id)

    def jobs(self, state: str = "") -> list[Job]:
        """All jobs (of a state), by the time they were reserved. Raises LedgerError."""
        with self._transaction("BEGIN") as database:
            return jobs_of(database, state)

    def totals(self) -> Totals:
        """How many jobs there are, and what counts of them. Raises LedgerError."""
        jobs = self.jobs()
        sums = {name: sum(counting(job)[i] for job in jobs) for i, name in enumerate(COLUMNS)}
        return Totals(Counter(job.state for job in jobs), sums)

    def audit_counters(self) -> list[str]:
        """Where the counters are not the sum over the jobs: nowhere, unless somebody wrote
        into the file. Raises LedgerError."""
        with self._transaction("BEGIN") as database:
            jobs, found = jobs_of(database), counted(database)
        sums: dict[tuple[str, str], list[int]] = {}
        for job in jobs:
            for key in ((name, span) for name in job.budgets for span in spans(job.reserved_at)):
                before = sums.get(key, [0] * len(COLUMNS))
                sums[key] = [a + b for a, b in zip(before, counting(job), strict=True)]
        return [
            f"{' '.join(key)}: counted {found.get(key)}, by the jobs {sums.get(key)}"
            for key in sorted(found.keys() | sums.keys())
            if list(found.get(key, ())) != sums.get(key, [])
        ]

    def close(self) -> None:
        """Let go of the file. Jobs that are not finished are abandoned."""
        with self._lock:
            if os.getpid() != self._process:
                return  # a forked child, whose parent's connection this is
            if self._flushes is not None:
                self._flushes.close()
            if self._database is not None:
                self._database.close()
            if self._owner is not None:
                self._owner.release()
            self._database = self._owner = self._flushes = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def _id(self) -> str:
        if self._owner is None:
            raise LedgerError(f"the ledger {self.path} is closed; open it again")
        return self._owner.id

    def _begin(self, owner: str, busy_s: float) -> None:
        try:
            self._owner = Owner(self._owners, owner)
        except BlockingIOError as error:
            raise LedgerError(
                f"the owner `{owner}` is in use; give each process its own"
            ) from error
        database = sqlite3.connect(
            self.path, timeout=busy_s, isolation_level=None, check_same_thread=False
        )
        self._database = database
        fresh = database.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
        identity = [
            database.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("application_id", "user_version")
        ]
        version = 0 if fresh else identity[1]
        if not fresh and (identity[0] != APPLICATION or version not in range(1, VERSION + 1)):
            raise LedgerError(f"{self.path} is no ledger of this version; give another file")
        # WAL lets many read while one writes. With NORMAL a commit is whole, but not flushed: that
        # is done here, outside of the locks (`_flush`).
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        with self._transaction(flushed=False):
            for statement in ";".join([SCHEMA, ACCOUNTS, INSTANTS][version:]).split(";"):
                database.execute(statement)
            # A file that can only be read is found out here, and not at the first job.
            database.execute(f"PRAGMA user_version = {VERSION}")
            if unfinished(database, owner):
                raise LedgerError(f"the owner `{owner}` died with unfinished jobs; give a new id")
        log = database.execute("PRAGMA database_list").fetchone()[2] + "-wal"
        handle = os.open(log, os.O_RDWR | os.O_CLOEXEC)
        self._flushes = Flushes(handle, lambda: self._commits)
        self.flush()

    @contextmanager
    def _transaction(
        self, begin: str = "BEGIN IMMEDIATE", *, flushed: bool = True
    ) -> Iterator[sqlite3.Connection]:
        """All of it or nothing; a reader sees one state."""
        with self._lock, self._told:
            database = self._database
            if database is None:
                raise LedgerError(f"the ledger {self.path} is closed; open it again")
            if os.getpid() != self._process:
                raise LedgerError(f"{self.path} was opened before a fork; open it in each process")
            before = database.total_changes
            try:
                database.execute(begin)
                yield database
                database.execute("COMMIT")
            except BaseException:
                if database.in_transaction:
                    database.execute("ROLLBACK")
                raise
            self._commits += database.total_changes > before
            number = self._commits
        if flushed and begin != "BEGIN":
            self._flush(number)

    def _flush(self, number: int) -> None:
        """Wait until so many commits are on the disk."""
        with self._told:
            if (flushes := self._flushes) is None:
                raise LedgerError(f"the ledger {self.path} is closed; open it again")
            flushes.wait(number)


class _Told:
    """A context whose errors of SQLite and of the disk are told as the ledger's."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, sqlite3.IntegrityError):
            raise LedgerError(f"the ledger {self._path} refuses an amount: {error}") from error
        if isinstance(error, sqlite3.Error | UnicodeError):
            raise LedgerError(
                f"the ledger {self._path} cannot be used: {error}; without it nothing may run, so "
                "correct the file, restore it, or give another"
            ) from error
        if isinstance(error, OSError):
            raise LedgerError(
                f"the ledger {self._path} cannot be used: {error.filename or ''} {error.strerror}; "
                "give a file in a folder that can be written"
            ) from error


def _ended(job: Job | None, job_id: str, what: str) -> LedgerError:
    """Why a job that has not begun, or has ended, cannot do something; to be raised."""
    why = "it was never reserved" if job is None else f"it is {job.state}"
    return LedgerError(f"the job {job_id} cannot {what}: {why}")
