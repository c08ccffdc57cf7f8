"""Reading an audit log, and finding whatever was done to it.

A log is read as a stream, in bounded memory, up to where it ended when reading began.
"""

from __future__ import annotations

import fcntl
import os
import stat
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final

from msgspec import Struct

from qgov.errors import QgovError
from qgov.gateway.chain import (
    MAX_LINE,
    STREAMS,
    Checkpoint,
    Line,
    UnsoundError,
    genesis,
    parse,
    parse_checkpoint,
)

__all__ = [
    "MAX_PROBLEMS",
    "AuditError",
    "Problem",
    "Verification",
    "beside",
    "checkpoint",
    "events",
    "read_checkpoint",
    "verify",
]

MAX_PROBLEMS: Final = 1000
"""Problems that are kept; the rest is counted."""

_MAX_CHECKPOINT: Final = 4096


class AuditError(QgovError):
    """The audit cannot be kept or read; the message says what to do."""


class Problem(Struct, frozen=True):
    """What is wrong with a line (from 1), or with the log as a whole (0)."""

    line: int
    message: str


class Verification(Struct, frozen=True):
    """What a log holds: entries, the hash of the last, its length in bytes and its stream
    (empty when no entry says it), and what is wrong. `omitted` counts the problems that are
    not listed."""

    entries: int
    head: str
    problems: tuple[Problem, ...]
    length: int = 0
    stream: str = ""
    omitted: int = 0

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def beside(path: Path) -> Path:
    """Where the checkpoint of a log is."""
    return path.with_name(f"{path.name}.checkpoint")


def verify(
    path: Path, stream: str | None = None, checkpoint: Checkpoint | Path | None = None
) -> Verification:
    """Whether every entry is as it was written, none is missing, and all are in order.

    Also compares with the checkpoint beside the log, and with the one given, which was kept
    elsewhere. Never raises for what a file holds, or because it cannot be read.
    """
    found = _Findings()
    try:
        with _opened(path) as (file, end, near):
            points = [*_given(checkpoint, found), *_near(path, near, found)]
            if stream is None and points:
                stream = points[0].stream
            state = _State(stream, defaultdict(list))
            for point in points:
                if point.stream != stream:
                    found.add(0, f"the checkpoint is of the stream `{point.stream}`")
                state.points[point.size].append(point)
            _walk(file, end, state, found)
    except OSError as error:
        found.add(0, f"cannot be read: {error.strerror}")
        return found.verification("", 0, "", 0)
    _missing(state, found)
    return found.verification(state.head, state.seq, state.stream or "", state.offset)


def checkpoint(path: Path, stream: str | None = None) -> Checkpoint:
    """The checkpoint of a log that verifies, to be kept elsewhere. Raises AuditError."""
    found = verify(path, stream)
    if not found.sound:
        first = found.problems[0]
        raise AuditError(
            f"{path} does not verify: line {first.line} {first.message}; "
            "`qgov audit verify` lists everything"
        )
    if not found.stream:
        raise AuditError(f"{path} is empty and does not say of which stream it is")
    return Checkpoint(found.stream, found.entries, found.length, found.head)


def events(path: Path) -> Iterator[Mapping[str, Any]]:
    """The events of a log, in order; a line that was never finished is none. Raises
    AuditError at a line that is not sound; `verify` says whether all are there."""
    try:
        with _opened(path) as (file, end, _):
            for number, raw in _lines(file, end):
                if not raw.endswith(b"\n") and len(raw) <= MAX_LINE:
                    return
                try:
                    line = parse(raw)
                except UnsoundError as error:
                    raise AuditError(f"{path}: line {number} {error}") from error
                if line.event is not None:
                    yield line.event
    except OSError as error:
        raise AuditError(f"{path} cannot be read: {error.strerror}") from error


def read_checkpoint(path: Path) -> Checkpoint | None:
    """The checkpoint in a file, None when there is no file. Raises UnsoundError and OSError."""
    try:
        handle = _open(path)
    except FileNotFoundError:
        return None
    with os.fdopen(handle, "rb") as file:
        return parse_checkpoint(file.read(_MAX_CHECKPOINT))


@dataclass(slots=True)
class _Findings:
    kept: list[Problem] = field(default_factory=list)
    count: int = 0

    def add(self, line: int, message: str) -> None:
        self.count += 1
        if len(self.kept) < MAX_PROBLEMS:
            self.kept.append(Problem(line, message))

    def verification(self, head: str, entries: int, stream: str, size: int) -> Verification:
        omitted = self.count - len(self.kept)
        return Verification(entries, head, tuple(self.kept), size, stream, omitted)


@dataclass(slots=True)
class _State:
    """How far a log was read. `head` is empty after a line whose hash nobody knows."""

    stream: str | None
    points: dict[int, list[Checkpoint]]
    seq: int = 0
    head: str = ""
    offset: int = 0


def _walk(file: BinaryIO, end: int, state: _State, found: _Findings) -> None:
    state.head = genesis(state.stream) if state.stream else ""
    _compare(state, found, 0)
    for number, raw in _lines(file, end):
        state.offset = file.tell()
        try:
            line = parse(raw)
        except UnsoundError as error:
            found.add(number, str(error))
            # What comes next is judged by itself: one changed line is one problem.
            state.seq, state.head = state.seq + 1, ""
            continue
        if number == 1 and state.stream is None:
            state.stream = next((s for s in STREAMS if genesis(s) == line.prev), None)
            state.head = genesis(state.stream) if state.stream else "unknown"
        _follows(number, line, state, found)
        state.seq, state.head = line.seq, line.hash
        _compare(state, found, number)
    if file.tell() < end:
        found.add(0, "was cut while it was read")


def _follows(number: int, line: Line, state: _State, found: _Findings) -> None:
    if line.seq != state.seq + 1:
        found.add(number, f"is entry {line.seq} where entry {state.seq + 1} belongs")
    elif state.head and line.prev != state.head:
        if line.seq == 1:
            of = f"the stream `{state.stream}`" if state.stream else "any known stream"
            found.add(number, f"is not the first entry of {of}")
        else:
            found.add(number, "does not follow the line before it: `prev` is another hash")


def _compare(state: _State, found: _Findings, number: int) -> None:
    for point in state.points.pop(state.seq, ()):
        if state.head and (point.head != state.head or point.length != state.offset):
            found.add(number, f"is not the entry {point.size} that a checkpoint was made of")


def _missing(state: _State, found: _Findings) -> None:
    for size in sorted(state.points):
        # A checkpoint whose own line is unsound, or was passed over, is a problem already told
        # of, unless the log ends before it.
        if size > state.seq:
            found.add(0, f"was cut off: a checkpoint was made of {size} entries")
        elif not found.count:
            found.add(0, f"lacks the entry {size} that a checkpoint was made of")


def _given(checkpoint: Checkpoint | Path | None, found: _Findings) -> list[Checkpoint]:
    if checkpoint is None or isinstance(checkpoint, Checkpoint):
        return [checkpoint] if checkpoint else []
    try:
        point = read_checkpoint(checkpoint)
    except (UnsoundError, OSError) as error:
        found.add(0, f"cannot be compared with {checkpoint}, which {_why(error)}")
        return []
    if point is None:
        found.add(0, f"cannot be compared with {checkpoint}, which does not exist")
    return [point] if point else []


def _near(path: Path, read: Checkpoint | Exception | None, found: _Findings) -> list[Checkpoint]:
    if isinstance(read, Exception):
        found.add(0, f"has a checkpoint, {beside(path)}, which {_why(read)}")
        return []
    return [read] if read else []


def _why(error: Exception) -> str:
    return f"cannot be read: {error.strerror}" if isinstance(error, OSError) else str(error)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[BinaryIO, int, Checkpoint | Exception | None]]:
    """The log, its end, and the checkpoint beside it, of one moment between two appends."""
    with os.fdopen(_open(path), "rb") as file:
        near: Checkpoint | Exception | None
        with suppress(OSError):  # a file system without locks
            fcntl.flock(file, fcntl.LOCK_SH)
        try:
            near = read_checkpoint(beside(path))
        except (UnsoundError, OSError) as error:
            near = error
        end = os.fstat(file.fileno()).st_size
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_UN)
        yield file, end, near


def _open(path: Path) -> int:
    """A regular file; what waits for a writer, or never ends, is refused."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(0, "it is not a regular file", str(path))
    return handle


def _lines(file: BinaryIO, end: int) -> Iterator[tuple[int, bytes]]:
    """The lines up to `end`, numbered. Of one that is too long only so much that it shows."""
    number = 0
    while (left := end - file.tell()) > 0:
        raw = rest = file.readline(min(left, MAX_LINE + 1))
        while not rest.endswith(b"\n") and (left := end - file.tell()) > 0:
            rest = file.readline(min(left, MAX_LINE + 1))
            if not rest:
                break
        if not rest:
            return
        number += 1
        yield number, raw
