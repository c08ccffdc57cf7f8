"""Work that is done beside this process, where the system can fork one."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from qgov.decision.engine import EngineError

__all__ = ["beside"]

T = TypeVar("T")


@contextmanager
def beside(work: Callable[[], T]) -> Iterator[Callable[[], T]]:
    """Inside, the work goes on in a child of this process; gives what waits for its result, and
    raises what it raised, or EngineError when the child ended without one. Where there is one
    processor, no fork, or another thread that would be missing in a child, the work is done when
    its result is asked for. The result must be such as pickle takes."""
    if not _can_fork():
        yield work
        return
    context = multiprocessing.get_context("fork")
    receive, send = context.Pipe(duplex=False)
    child = context.Process(target=_do, args=(work, send), daemon=True)
    child.start()
    send.close()

    def result() -> T:
        try:
            found: Any = receive.recv()
        except EOFError as error:
            raise EngineError("the process that submits the circuits ended unexpectedly") from error
        if isinstance(found, Exception):
            raise found
        done: T = found
        return done

    try:
        yield result
    finally:
        receive.close()
        child.kill()
        child.join()


def _can_fork() -> bool:
    return (
        sys.platform == "linux"
        and len(os.sched_getaffinity(0)) > 1
        and threading.active_count() == 1
    )


def _do(work: Callable[[], Any], send: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends this process
    try:
        found = work()
    except Exception as error:  # noqa: BLE001 - raised again by the parent
        error.add_note(traceback.format_exc())
        found = error
    send.send(found)
