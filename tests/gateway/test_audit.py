"""The log keeps every event, and survives what happens to processes and files."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, Semaphore, Thread
from typing import Any

import pytest

from qgov.gateway.audit import AuditError, AuditLog, checkpoint, events, verify
from qgov.gateway.chain import MAX_LINE, genesis
from qgov.gateway.verification import beside
from tests.gateway.facts import event

ROOT = Path(__file__).parents[2]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "jobs.jsonl"


def fill(path: Path, count: int, stream: str = "jobs") -> None:
    with AuditLog(path, stream) as log:
        for number in range(count):
            log.append({"metadata": {"uid": f"e-{number}"}, "name": "ä€😀"})


def uids(path: Path) -> list[str]:
    return [found["metadata"]["uid"] for found in events(path)]


def test_an_event_is_one_canonical_line_in_the_chain(path: Path) -> None:
    with AuditLog(path, "jobs") as log:
        first, second = log.append(event("a")), log.append(event("b"))
    lines = path.read_bytes().decode().splitlines()
    found = [json.loads(line) for line in lines]

    assert [line["seq"] for line in found] == [first.seq, second.seq] == [1, 2]
    assert [line["prev"] for line in found] == [genesis("jobs"), first.hash]
    assert (first.uid, found[0]["event"]) == ("a", event("a"))
    assert (
        json.dumps(found[0], sort_keys=True, separators=(",", ":"), ensure_ascii=False) == lines[0]
    )
    assert verify(path).problems == ()
    assert verify(path).head == second.hash
    assert checkpoint(path).size == 2
    assert path.stat().st_mode & 0o077 == 0


def test_an_empty_log_is_sound(path: Path) -> None:
    AuditLog(path, "admin").close()

    assert verify(path, "admin").problems == ()
    assert checkpoint(path).size == 0
    assert list(events(path)) == []


def test_a_log_goes_on_where_it_ended(path: Path) -> None:
    for _ in range(3):
        fill(path, 2)

    assert verify(path).entries == 6


def test_two_writers_and_many_threads_take_turns(path: Path) -> None:
    logs = [AuditLog(path, "jobs") for _ in range(2)]

    def work(log: AuditLog, name: str) -> None:
        for number in range(20):
            log.append(event(f"{name}-{number}"))

    threads = [
        Thread(target=work, args=(log, f"{i}{j}")) for i, log in enumerate(logs) for j in "ab"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert verify(path).problems == ()
    assert sorted(uids(path)) == sorted(
        f"{i}{j}-{number}" for i in (0, 1) for j in "ab" for number in range(20)
    )


WRITER = """
import sys
from pathlib import Path
from qgov.gateway.audit import AuditLog
log = AuditLog(Path(sys.argv[1]), "jobs")
for number in range(int(sys.argv[3])):
    uid = f"{sys.argv[2]}-{number}"
    log.append({"metadata": {"uid": uid}, "fill": "x" * (number % 7 * 900)})
    print(uid, flush=True)
"""


def writer(path: Path, name: str, count: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, path, name, str(count)], cwd=ROOT, stdout=subprocess.PIPE
    )


def test_processes_that_are_killed_lose_nothing_that_was_acknowledged(path: Path) -> None:
    told: list[str] = []
    for round_ in range(4):
        pair = [writer(path, f"{round_}{side}", 100_000) for side in "ab"]
        for process in pair:
            assert process.stdout
            told += [process.stdout.readline().decode().strip() for _ in range(5 + 17 * round_)]
        for process in pair:
            os.kill(process.pid, signal.SIGKILL)
            told += process.communicate()[0].decode().split("\n")[:-1]

    with AuditLog(path, "jobs") as log:
        log.append(event("last"))
    found = uids(path)
    assert verify(path).problems == ()
    assert set(told) <= set(found)
    assert len(found) == len(set(found)) <= len(set(told)) + 13


def test_a_forked_process_has_a_lock_of_its_own(path: Path) -> None:
    with AuditLog(path, "jobs") as log:
        log.append(event("before"))
        handle = log._handle
        log._process = -1  # as in a child, whose file and lock are its parent's
        log.append(event("after"))

        assert verify(path).entries == 2
        with pytest.raises(OSError, match="descriptor"):
            os.fstat(max(handle, 10_000))


@pytest.mark.parametrize("keep", [1, 9, 10, 100, 200])
def test_a_torn_line_is_replaced_and_told_of(path: Path, keep: int) -> None:
    fill(path, 3)
    whole = path.read_bytes()
    fill(path, 1)
    torn = path.read_bytes()[len(whole) :][:keep]
    path.write_bytes(whole + torn)
    assert [problem.message for problem in verify(path).problems][:1] == [
        "does not end: it was cut off"
    ]
    (path.parent / "jobs.jsonl.checkpoint").unlink()  # of four entries
    assert len(uids(path)) == 3

    fill(path, 1)
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert [line["seq"] for line in lines] == [1, 2, 3, 4, 5]
    assert lines[3]["recovered"]["bytes"] == len(torn)
    assert verify(path).problems == ()
    assert len(uids(path)) == 4


def test_a_torn_first_line_is_replaced(path: Path) -> None:
    path.write_bytes(b'{"event":{"na')
    fill(path, 1)

    assert verify(path).problems == ()
    assert verify(path).entries == 2


def test_a_long_torn_line_is_replaced_by_a_short_one(path: Path) -> None:
    fill(path, 2)
    with path.open("ab") as file:
        file.write(b'{"event":{' + b"x" * 500_000)
    fill(path, 1)

    assert verify(path).entries == 4
    assert verify(path).problems == ()


@pytest.mark.parametrize(
    "content",
    [b"hello", b"hello\n", b"\n", b"{}\n", b"\0" * 40, b"x" * (3 * MAX_LINE)],
    ids=["text", "line", "empty line", "object", "zeros", "long"],
)
def test_a_file_that_is_no_log_is_not_touched(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(AuditError, match="qgov audit verify"):
        fill(path, 1)

    assert path.read_bytes() == content


def test_another_stream_is_refused(path: Path) -> None:
    fill(path, 1, "jobs")
    with pytest.raises(AuditError, match="another stream than `admin`"):
        AuditLog(path, "admin")
    fill(path, 2)
    with pytest.raises(AuditError, match="stream `jobs`, not `admin`"):
        AuditLog(path, "admin")


def cut(path: Path) -> None:
    os.truncate(path, path.read_bytes()[:-1].rfind(b"\n") + 1)


def edit(path: Path) -> None:
    raw = path.read_bytes()
    path.write_bytes(raw[:-20] + b"!" + raw[-19:])


def replace(path: Path) -> None:
    raw = path.read_bytes()
    path.unlink()
    path.write_bytes(raw)


def again(path: Path) -> None:
    forged = path.with_name("forged")
    fill(forged, 1)
    fill(forged, 5)
    with AuditLog(forged, "jobs") as log:
        log.append(event())
    path.write_bytes(b"".join(forged.read_bytes().splitlines(keepends=True)[1:]))


def other(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"{}\n")


def spoil(path: Path) -> None:
    near = path.with_name("jobs.jsonl.checkpoint")
    near.write_bytes(near.read_bytes().replace(b"jobs", b"jobz"))


def empty(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("change", [cut, edit, again, other, spoil, empty])
def test_a_changed_log_takes_no_event(path: Path, change: Callable[[Path], None]) -> None:
    fill(path, 3)
    change(path)
    with pytest.raises(AuditError, match=r"cut off|sound|hash|canonical|checkpoint|entry"):
        fill(path, 1)


@pytest.mark.parametrize("change", [cut, replace, other, empty])
def test_a_log_that_changes_while_it_is_open_takes_no_event(
    path: Path, change: Callable[[Path], None]
) -> None:
    with AuditLog(path, "jobs") as log:
        log.append(event("a"))
        log.append(event("b"))
        change(path)
        with pytest.raises(AuditError, match=r"cut off|replaced|entry|No such file"):
            log.append(event("c"))


def test_a_lagging_checkpoint_is_brought_up_to_date(path: Path) -> None:
    near = path.with_name("jobs.jsonl.checkpoint")
    fill(path, 2)
    old = near.read_bytes()
    fill(path, 9)
    near.write_bytes(old)
    assert verify(path).problems == ()
    fill(path, 1)

    assert verify(path, checkpoint=checkpoint(path)).entries == 12
    assert json.loads(near.read_bytes())["size"] == 12


def test_what_cannot_be_written_is_an_error_and_the_next_event_says_so(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with AuditLog(path, "jobs") as log:
        log.append(event("a"))
        real = os.pwrite
        monkeypatch.setattr("os.pwrite", lambda to, raw, at: real(to, raw[:50], at))
        with pytest.raises(AuditError, match="only 50 of"):
            log.append(event("b"))
        monkeypatch.setattr("os.pwrite", real)
        log.append(event("c"))

    assert uids(path) == ["a", "c"]
    assert json.loads(path.read_bytes().splitlines()[1])["recovered"]["bytes"] == 50


def test_a_failed_flush_ends_the_log(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with AuditLog(path, "jobs") as log:
        log.append(event("a"))
        with monkeypatch.context() as patch:
            patch.setattr("os.fdatasync", fail)
            with pytest.raises(AuditError, match="without it nothing may run"):
                log.append(event("b"))
        with pytest.raises(AuditError, match="could not be flushed"):
            log.append(event("c"))
    fill(path, 1)
    assert verify(path).problems == ()


def test_who_appends_while_another_flushes_shares_the_next_flush(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, pwrite = os.fdatasync, os.pwrite
    flushed: list[int] = []
    others, written = 31, Semaphore(0)

    def slow(handle: int) -> None:
        flushed.append(os.fstat(handle).st_size)
        if len(flushed) == 1:  # the first is not done before all others have written
            for _ in range(others):
                assert written.acquire(timeout=60)
        real(handle)

    def seen(handle: int, raw: bytes, at: int) -> int:
        count = pwrite(handle, raw, at)
        if flushed and raw.startswith(b'{"event"'):
            written.release()
        return count

    with AuditLog(path, "jobs") as log:
        monkeypatch.setattr("os.fdatasync", slow)
        monkeypatch.setattr("os.pwrite", seen)
        positions: list[int] = []
        threads = [
            Thread(target=lambda n=n: positions.append(log.append(event(f"e-{n}")).seq))
            for n in range(1 + others)
        ]
        threads[0].start()
        while not flushed:
            time.sleep(0.001)
        for thread in threads[1:]:
            thread.start()
        for thread in threads:
            thread.join()

    assert sorted(positions) == list(range(1, 2 + others))
    assert len(flushed) == 2
    assert flushed[1] == path.stat().st_size
    assert verify(path, checkpoint=checkpoint(path)).entries == 1 + others
    assert json.loads(beside(path).read_bytes())["size"] == 1 + others


def test_a_flush_that_fails_fails_for_all_who_wait_for_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go = Event(), Event()

    def fail(_: int) -> None:
        begun.set()
        assert go.wait(60)
        raise OSError(errno.EIO, "Input/output error")

    failed: list[str] = []

    def append(name: str) -> None:
        with pytest.raises(AuditError):
            log.append(event(name))
        failed.append(name)

    with AuditLog(path, "jobs") as log:
        monkeypatch.setattr("os.fdatasync", fail)
        first = Thread(target=append, args=("a",))
        first.start()
        assert begun.wait(60)
        second = Thread(target=append, args=("b",))
        second.start()
        while len(uids(path)) < 2:
            time.sleep(0.001)
        go.set()
        first.join()
        second.join()
    assert sorted(failed) == ["a", "b"]


@pytest.mark.parametrize("place", ["", "nowhere/log", "/dev/null", "/dev/full"])
def test_a_place_that_is_no_file_is_an_error(tmp_path: Path, place: str) -> None:
    with pytest.raises(AuditError):
        AuditLog(tmp_path / place, "jobs")


def deep() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for _ in range(100_000):
        found = {"a": found}
    return found


@pytest.mark.parametrize(
    "wrong",
    [{"a": float("nan")}, {"a": {1, 2}}, {"a": "\ud800"}, deep(), {"a": "x" * MAX_LINE}],
    ids=["nan", "set", "surrogate", "deep", "large"],
)
def test_an_event_that_is_no_json_is_an_error(path: Path, wrong: dict[str, Any]) -> None:
    with AuditLog(path, "jobs") as log:
        with pytest.raises(AuditError, match="event"):
            log.append(wrong)
        log.append(event())

    assert verify(path).entries == 1


def test_a_closed_log_takes_no_event(path: Path) -> None:
    log = AuditLog(path, "jobs")
    log.close()
    log.close()
    with pytest.raises(AuditError, match="closed"):
        log.append(event())
