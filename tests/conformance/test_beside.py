"""Work beside this process gives and raises what it would here."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Event, Thread

import pytest

from qgov.conformance import beside as module
from qgov.conformance.beside import beside
from qgov.decision.engine import EngineError

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=[True, False], ids=["beside", "in turn"])
def forks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr(module, "_can_fork", lambda: request.param)
    found: bool = request.param
    return found


def test_the_result_is_given_when_it_is_asked_for(forks: bool) -> None:
    with beside(lambda: ("done", os.getpid())) as result:
        what, process = result()
    assert what == "done"
    assert (process != os.getpid()) is forks


@pytest.mark.usefixtures("forks")
@pytest.mark.parametrize("error", [EngineError("no answer"), KeyError("bug")], ids=repr)
def test_what_is_raised_there_is_raised_here(error: Exception) -> None:
    def fail() -> None:
        raise error

    with beside(fail) as result, pytest.raises(type(error), match=str(error.args[0])):
        result()


def test_a_process_that_ends_without_a_result_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_can_fork", lambda: True)
    with (
        beside(lambda: os.kill(os.getpid(), signal.SIGKILL)) as result,
        pytest.raises(EngineError, match="ended unexpectedly"),
    ):
        result()


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
        with beside(os.getpid) as result:
            assert result() == os.getpid()
    finally:
        go.set()
        other.join()


def test_circuits_are_submitted_without_cirq_in_the_process_that_decides() -> None:
    script = (
        "import sys; from qgov.conformance import beside; beside._can_fork = lambda: True\n"
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
