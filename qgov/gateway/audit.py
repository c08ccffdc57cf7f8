"""An append-only, hash-chained log: one JSON line for each event, one file for each stream.

An event that `append` has returned survives the process and the power. A line that a crash
cut short was never acknowledged; the next append replaces it, and says so in a line of its
own. Several processes and threads may append to one file.

One flush covers whatever was written before it: threads that append while another one flushes
wait for one more flush together.

Beside FILE is FILE.checkpoint, rewritten in place after each flush. It is not flushed: it
is written when its entry already is on the disk, so that after a power loss it can lag
behind and never claim too much, and half of the time of an append is saved.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Any, Final, NamedTuple, Self

from qgov.gateway.chain import (
    MAX_LINE,
    Checkpoint,
    Line,
    UnsoundError,
    canonical,
    genesis,
    parse,
    written,
)
from qgov.gateway.verification import (
    AuditError,
    Problem,
    Verification,
    beside,
    checkpoint,
    events,
    read_checkpoint,
    verify,
)

__all__ = [
    "AuditError",
    "AuditLog",
    "Checkpoint",
    "LogPosition",
    "Problem",
    "Verification",
    "checkpoint",
    "events",
    "verify",
]

_MAX_EVENT: Final = MAX_LINE - 1024
"""Bytes of an event: with what stands around it, and a line that tells of a cut one, the
whole stays in bounds."""

_STARTS: Final = (b'{"event":', b'{"hash":')
"""What a line begins with: a file that is no log is not taken for one with a torn line."""

_REMEDY: Final = (
    "nothing is appended to it: run `qgov audit verify`, keep the file as evidence, and start "
    "a new one"
)


class LogPosition(NamedTuple):
    """Where an event is: its number, its line's hash, and its own `metadata.uid`."""

    seq: int
    hash: str
    uid: str


class AuditLog:
    """A log that is being written. Raises AuditError when the file cannot be opened, or is
    not a sound log of this stream."""

    def __init__(self, path: Path, stream: str) -> None:
        self.path = path
        self.stream = stream
        self._lock, self._flushing = Lock(), Lock()
        self._told = _Told(path, "cannot be written")
        self._handle = self._point = -1
        self._flushed = 0
        self._end, self._seq, self._head = 0, 0, ""
        self._open()

    def append(self, event: Mapping[str, Any]) -> LogPosition:
        """Write an event and wait until it is on the disk.

        Raises AuditError when it may not be, or when the file was changed by anybody else
        than an AuditLog: then what was to be audited must not happen.
        """
        try:
            content = canonical(event)
        except (ValueError, TypeError, RecursionError) as error:
            raise AuditError(f"an event is not JSON: {error}") from error
        if len(content) > _MAX_EVENT:
            raise AuditError(f"an event of {len(content)} bytes is more than {_MAX_EVENT}")
        metadata = event.get("metadata")
        uid = str(metadata.get("uid", "")) if isinstance(metadata, Mapping) else ""
        with self._exclusively():
            end = self._catch_up()
            seq, head, before = self._seq, self._head, b""
            if end > self._end:  # a line that was never finished
                seq, torn = seq + 1, canonical(self._torn(end))
                before, head = written(seq, head, "recovered", torn)
            line, head = written(seq + 1, head, "event", content)
            self._write(before + line, end)
            self._seq, self._head = seq + 1, head
            written_to = self._end
        self._flush(written_to)
        return LogPosition(seq + 1, head, uid)

    def close(self) -> None:
        """Let go of the file. Nothing is lost without it."""
        for handle in (self._handle, self._point):
            with suppress(OSError):
                os.close(handle)
        self._handle = self._point = -1
        self._broken = "it is closed"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self) -> None:
        self._process, self._broken, self._flushed = os.getpid(), "", 0
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
        with _Told(self.path, "cannot be opened"):
            self._handle = os.open(self.path, flags, 0o600)
            if not stat.S_ISREG(os.fstat(self._handle).st_mode):
                os.close(self._handle)
                raise AuditError(f"{self.path} is not a regular file; give another")
        try:
            with _Told(self.path, "cannot be opened"):
                fcntl.flock(self._handle, fcntl.LOCK_EX)
                self._begin()
        except BaseException:
            os.close(self._handle)
            raise
        fcntl.flock(self._handle, fcntl.LOCK_UN)

    def _begin(self) -> None:
        """Find the end, compare it with the checkpoint, and make that when there is none."""
        end = os.fstat(self._handle).st_size
        self._end, self._seq, self._head = self._tail(end)
        near = beside(self.path)
        try:
            point = read_checkpoint(near)
        except UnsoundError as error:
            raise AuditError(
                f"{near} {error}; compare {self.path} with a checkpoint that was kept elsewhere, "
                f"then remove {near}"
            ) from error
        if point is not None:
            self._compare(point)
            self._point = os.open(near, os.O_RDWR | os.O_CLOEXEC)
        else:
            self._begin_checkpoint(near)

    def _compare(self, point: Checkpoint) -> None:
        if point.stream != self.stream:
            raise AuditError(
                f"{self.path} is the stream `{point.stream}`, not `{self.stream}`; give another"
            )
        if point.length > self._end or point.size > self._seq:
            raise AuditError(
                f"{self.path} was cut off: it holds {self._seq} entries of {point.size}; {_REMEDY}"
            )
        if self._tail(point.length) != (point.length, point.size, point.head):
            raise AuditError(f"{self.path} is not the file of its checkpoint; {_REMEDY}")

    def _catch_up(self) -> int:
        """Where the file ends now; takes over what others appended since the last time."""
        now, named = os.fstat(self._handle), self.path.stat()
        if (now.st_dev, now.st_ino) != (named.st_dev, named.st_ino):
            raise AuditError(f"{self.path} was replaced while it was written; start again")
        if now.st_size < self._end:
            raise AuditError(
                f"{self.path} was cut off: {now.st_size} bytes are left of {self._end}; {_REMEDY}"
            )
        if now.st_size > self._end:
            before = self._seq
            self._end, self._seq, self._head = self._tail(now.st_size)
            if self._seq < before:
                raise AuditError(f"{self.path} was written again from its start; {_REMEDY}")
        return now.st_size

    def _tail(self, end: int) -> tuple[int, int, str]:
        """Of the last whole line before `end`: where it ends, its number, and its hash."""
        start = max(0, end - 2 * MAX_LINE)
        step = min(end, 1 << 13)
        read = b""
        while True:  # mostly one step; a torn line may hide a long one
            at = max(start, end - step)
            read = os.pread(self._handle, end - at, at)
            stop = read.rfind(b"\n") + 1
            begin = read.rfind(b"\n", 0, stop - 1) + 1 if stop else 0
            if begin or at == start:
                break
            step *= 4
        if not stop and at == 0:
            return 0, 0, genesis(self.stream)
        line = self._sound(read[begin:stop])
        if line.seq == 1 and line.prev != genesis(self.stream):
            raise AuditError(f"{self.path} is another stream than `{self.stream}`; give another")
        return at + stop, line.seq, line.hash

    def _sound(self, raw: bytes) -> Line:
        try:
            return parse(raw)
        except UnsoundError as error:
            raise AuditError(f"the end of {self.path} {error}; {_REMEDY}") from error

    def _torn(self, end: int) -> dict[str, Any]:
        torn = os.pread(self._handle, end - self._end, self._end)
        if not any(torn.startswith(start[: len(torn)]) for start in _STARTS):
            raise AuditError(f"the end of {self.path} is nothing that qgov wrote; {_REMEDY}")
        return {"bytes": len(torn), "sha256": hashlib.sha256(torn).hexdigest()}

    def _write(self, raw: bytes, end: int) -> None:
        """The lines in one call, over a torn line where there is one."""
        count = os.pwrite(self._handle, raw, self._end)
        if count < len(raw):  # what there is of it is a torn line, and so the next append's
            raise OSError(errno.ENOSPC, f"only {count} of {len(raw)} bytes were written")
        if self._end + count < end:
            os.ftruncate(self._handle, self._end + count)
        self._end += count

    def _flush(self, end: int) -> None:
        """Wait until everything before `end` is on the disk."""
        with self._flushing, self._told:
            if self._flushed >= end:
                return
            self._check()
            with self._lock:
                reached = Checkpoint(self.stream, self._seq, self._end, self._head)
            try:
                os.fdatasync(self._handle)
            except OSError as error:
                # What is on the disk now, nobody knows; a second flush would succeed and not tell.
                self._broken = f"its last event could not be flushed ({error.strerror})"
                raise
            self._flushed = reached.length
            with self._exclusively():
                # What another process has appended since, its checkpoint covers.
                if os.fstat(self._handle).st_size in (reached.length, self._end):
                    self._write_checkpoint(reached)

    def _begin_checkpoint(self, near: Path) -> None:
        """Make the checkpoint. It and the log exist after a power loss; from then on only
        what they hold changes."""
        fresh = near.with_name(f"{near.name}.new")
        self._point = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            self._write_checkpoint(Checkpoint(self.stream, self._seq, self._end, self._head))
            os.fsync(self._point)
            os.fsync(self._handle)
            fresh.rename(near)
            folder = os.open(near.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except BaseException:
            os.close(self._point)
            raise

    def _write_checkpoint(self, reached: Checkpoint) -> None:
        os.pwrite(self._point, reached.encode(), 0)

    def _check(self) -> None:
        if self._broken:
            raise AuditError(
                f"{self.path} takes no more events: {self._broken}; correct that and open it again"
            )

    @contextmanager
    def _exclusively(self) -> Iterator[None]:
        with self._lock, self._told:
            if os.getpid() != self._process and not self._broken:
                self.close()  # a lock that was inherited over fork() excludes nobody
                self._open()
            self._check()
            fcntl.flock(self._handle, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(self._handle, fcntl.LOCK_UN)


class _Told:
    """A context whose errors of the disk are told as the log's, with what it cannot do."""

    def __init__(self, path: Path, what: str) -> None:
        self._path, self._what = path, what

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, OSError):
            raise AuditError(
                f"the audit log {self._path} {self._what}: {error.strerror}; without it nothing "
                "may run, so make room or give another file"
            ) from error
