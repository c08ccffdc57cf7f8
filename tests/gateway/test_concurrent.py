"""Several processes, one budget: nothing is spent twice, and nothing is lost by a kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from qgov.gateway.recovery import differences
from qgov.gateway.verification import verify
from tests.gateway.company import FITS, gate

pytestmark = pytest.mark.no_cover  # measuring it would double its time

ROOT = Path(__file__).parents[2]


class Submitters:
    """Starts processes that submit, by forking one that has imported everything."""

    def __init__(self, server: subprocess.Popen[str]) -> None:
        self._server = server

    def start(self, folder: Path, owner: str, submissions: int) -> int:
        return self._ask("start", folder, owner, submissions)

    def wait(self, process: int) -> int:
        return self._ask("wait", process)

    def _ask(self, *words: object) -> int:
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(f"{' '.join(map(str, words))}\n")
        self._server.stdin.flush()
        return int(self._server.stdout.readline())


@pytest.fixture(scope="module")
def submitters() -> Iterator[Submitters]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.gateway.company"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        yield Submitters(server)


def reported(folder: Path) -> list[str]:
    """What all of them have said so far."""
    return [line for out in folder.glob("*.out") for line in out.read_text().splitlines()]


def agreed(folder: Path, owner: str) -> tuple[int, int]:
    """What was settled, as jobs and micros, once ledger, counters and log say the same."""
    after = gate(folder, owner=owner)
    assert differences(after.ledger, folder / "jobs.jsonl") == []
    assert after.ledger.audit_counters() == []
    assert verify(folder / "jobs.jsonl", "jobs").problems == ()
    assert verify(folder / "admin.jsonl", "admin").problems == ()
    settled = after.ledger.jobs("settled")
    after.close()
    return len(settled), sum(job.actual.cost_micros for job in settled if job.actual)


def test_two_hundred_submissions_from_four_processes_run_exactly_fifty_times(
    submitters: Submitters, tmp_path: Path
) -> None:
    processes = [submitters.start(tmp_path, f"process-{n}", 50) for n in range(4)]
    assert [submitters.wait(process) for process in processes] == [0] * 4
    printed = reported(tmp_path)
    assert len(printed) == 200
    assert printed.count("ran") == FITS
    assert set(printed) == {"ran", "denied (budget-exceeded)"}
    assert agreed(tmp_path, "after") == (FITS, FITS * 1_000_000)


def test_after_a_kill_ledger_and_log_agree_and_nothing_is_paid_twice(
    submitters: Submitters, tmp_path: Path
) -> None:
    for n, more in enumerate((1, 4, 9, 12)):
        before = len(reported(tmp_path))
        processes = [submitters.start(tmp_path, f"killed-{n}-{m}", 200) for m in range(2)]
        deadline = time.monotonic() + 120
        while len(reported(tmp_path)) < before + more and time.monotonic() < deadline:
            time.sleep(0.003)
        for process in processes:
            os.kill(process, signal.SIGKILL)
        assert [submitters.wait(process) for process in processes] == [-signal.SIGKILL] * 2
        jobs, micros = agreed(tmp_path, f"after-{n}")
        assert micros == jobs * 1_000_000
        # A job may have run without having said so; none said so that is not counted.
        ran = reported(tmp_path).count("ran")
        assert before + more <= len(reported(tmp_path))
        assert ran <= jobs <= min(FITS, ran + 2 * (n + 1))


DYING = """
import os, sys
from pathlib import Path
from qgov.gateway.audit import AuditLog
from tests.gateway.company import submit

append = AuditLog.append

def dying(self, event):
    if event["unmapped"].get("stage") == "succeeded":
        os._exit(9)
    return append(self, event)

AuditLog.append = dying
submit(Path(sys.argv[1]), "killed", 1)
"""


def test_a_job_that_was_settled_when_its_process_was_killed_gets_its_outcome(
    tmp_path: Path,
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", DYING, str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == 9
    assert agreed(tmp_path, "after") == (1, 1_000_000)
    assert agreed(tmp_path, "later") == (1, 1_000_000)
