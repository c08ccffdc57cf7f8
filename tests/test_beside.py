"""Work beside this process gives and raises what it would here."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from threading import Event, Thread

import pytest

from qgov import beside as module
from qgov.beside import MANY, beside
from qgov.decision.engine import EngineError

ROOT = Path(__file__).parents[1]
HERE = os.getpid()


@pytest.fixture(params=[True, False], ids=["beside", "in turn"])
def forks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr(module, "_can_fork", lambda: request.param)
    found: bool = request.param
    return found


def test_the_result_is_given_when_it_is_asked_for(forks: bool) -> None:
    with beside(lambda: ("done", os.getpid()), lambda: "more") as (first, second):
        what, process = first()
        assert second() == "more"
        assert first() == (what, process)
    assert what == "done"
    assert (process != os.getpid()) is forks


@pytest.mark.usefixtures("forks")
@pytest.mark.parametrize("error", [EngineError("no answer"), KeyError("bug")], ids=repr)
def test_what_is_raised_there_is_raised_here(error: Exception) -> None:
    def fail() -> None:
        raise error

    with beside(fail) as (result,), pytest.raises(type(error), match=str(error.args[0])):
        result()


class _UnsendableError(Exception):
    """Pickle does not make it anew."""

    def __init__(self, one: str, other: str) -> None:
        super().__init__(one + other)


def _unsendable() -> None:
    raise _UnsendableError("this ", "error")


def _killed() -> str:
    if os.getpid() != HERE:
        os.kill(os.getpid(), signal.SIGKILL)
    return "killed"


@pytest.mark.usefixtures("forks")
def test_what_gives_no_result_there_is_done_here() -> None:
    """It was killed, or pickle takes it not; and so is what would have been done after it."""
    with beside(lambda: 1, _killed, lambda: 3) as works:
        assert [work() for work in works] == [1, "killed", 3]
    with beside(lambda: lambda: 2, lambda: 3) as works:
        assert works[0]()() == 2
        assert works[1]() == 3
    with beside(_unsendable, lambda: 2, lambda: 3) as works:
        with pytest.raises(_UnsendableError, match="this error"):
            works[0]()
        assert [works[1](), works[2]()] == [2, 3]


def test_where_there_is_no_process_to_be_had_it_is_done_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fork() -> int:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(module, "_can_fork", lambda: True)
    monkeypatch.setattr(os, "fork", fork)
    with beside(os.getpid) as (result,):
        assert result() == HERE


@pytest.mark.usefixtures("forks")
def test_what_is_larger_than_a_pipe_is_sent_whole() -> None:
    with beside(lambda: b"1" * 10_000_000, lambda: b"2" * 10_000_000) as (first, second):
        assert second() == b"2" * 10_000_000
        assert first() == b"1" * 10_000_000


def test_of_few_documents_nothing_is_forked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_can_fork", lambda: True)
    for documents in (MANY - 1, MANY):
        with beside(os.getpid, documents=documents) as (result,):
            assert (result() == os.getpid()) is (documents < MANY)


def test_a_child_starts_no_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    monkeypatch.setattr(threading, "active_count", lambda: 1)

    def nested() -> tuple[int, int]:
        with beside(os.getpid) as (inner,):
            return os.getpid(), inner()

    with beside(nested) as (result,):
        there, inner = result()
    assert there == inner != os.getpid()


def test_who_does_not_wait_for_it_leaves_no_process_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_can_fork", lambda: True)

    def long() -> None:
        (tmp_path / "pid").write_text(str(os.getpid()))
        time.sleep(600)

    with beside(long):
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
            time.sleep(0.01)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_what_another_thread_would_be_missing_in_is_not_forked() -> None:
    go = Event()
    other = Thread(target=go.wait)
    other.start()
    try:
        with beside(os.getpid) as (result,):
            assert result() == os.getpid()
    finally:
        go.set()
        other.join()


def test_circuits_are_submitted_without_cirq_in_the_process_that_decides() -> None:
    script = (
        "import sys; from qgov import beside; beside._can_fork = lambda: True\n"
        "from qgov.conformance.prove import asked_of, prove\n"
        "from qgov.decision.engines import engines\n"
        "from tests.conformance.harness import subject_of\n"
        "subject, kind = subject_of(True), engines()['reference']\n"
        "asked = [c for c in asked_of(subject) if c.submission][:4]\n"
        "found = prove(subject, [kind], asked, engine='reference')\n"
        "assert found['summary']['submitted'] == 4 == found['summary']['passed'], found\n"
        "assert 'cirq' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)
