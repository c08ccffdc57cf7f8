"""Work that is done beside this process, by a second processor, where there is one."""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkProcess

__all__ = ["MANY", "beside"]

MANY: Final = 2_000
"""Documents of which it is worth another process to read or judge them."""


@contextmanager
def beside(*works: Callable[[], Any], documents: int = MANY) -> Iterator[list[Callable[[], Any]]]:
    """Inside, works go on in a child of this process, one after the other; gives for each what
    waits for its result, and raises what it raised. They change nothing here, and their results
    must be such as pickle takes.

    A work is done here, when its result is asked for, where there is one processor, no process to
    be had, or another thread that would be missing in a child; where it is about few `documents`;
    and where the child ended without its result.
    """
    started = _started(works) if documents >= MANY and _can_fork() else None
    if started is None:
        yield list(works)
        return
    child, receive = started
    told: list[tuple[Any, Exception | None]] = []

    def result(index: int) -> Any:
        try:
            while len(told) <= index:
                told.append(receive.recv())
        except Exception:  # noqa: BLE001 - it ended, or what it sent cannot be read
            receive.close()
            return works[index]()
        found, error = told[index]
        if error is not None:
            raise error
        return found

    try:
        yield [partial(result, index) for index in range(len(works))]
    finally:
        receive.close()
        child.kill()
        child.join()


def _started(works: tuple[Callable[[], Any], ...]) -> tuple[ForkProcess, Connection] | None:
    """The child, and where its results come from; None where the system has no more processes."""
    import multiprocessing  # noqa: PLC0415 - takes longer to load than a small plan would gain

    context = multiprocessing.get_context("fork")
    receive, send = context.Pipe(duplex=False)
    child = context.Process(target=_do, args=(works, receive, send), daemon=True)
    try:
        child.start()
    except OSError:
        receive.close()
        return None
    finally:
        send.close()
    return child, receive


def _can_fork() -> bool:
    return (
        sys.platform == "linux"
        and len(os.sched_getaffinity(0)) > 1
        and threading.active_count() == 1
        and not _is_child
    )


_is_child = False
"""Whether this process works beside another: it starts none of its own."""


def _do(works: tuple[Callable[[], Any], ...], receive: Connection, send: Connection) -> None:
    global _is_child  # noqa: PLW0603 - of this process, which does nothing else
    _is_child = True
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends this process
    receive.close()  # so that nobody reads what is sent once the parent is gone
    for work in works:
        found: tuple[Any, Exception | None]
        try:
            found = work(), None
        except Exception as error:  # noqa: BLE001 - raised again by the parent
            error.add_note(traceback.format_exc())
            found = None, error
        try:
            send.send(found)
        except Exception:  # noqa: BLE001 - no pickle takes it, or nobody reads it: done there
            return
