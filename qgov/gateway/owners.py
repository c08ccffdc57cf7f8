"""Which processes are alive: each holds a lock that the system releases when it dies."""

from __future__ import annotations

import fcntl
import os
import re
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

__all__ = ["Owner", "dead_among", "exclusively", "is_owner_id"]

_ID: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")


def is_owner_id(text: str) -> bool:
    """Whether the text can be an owner's id, which is the name of a file."""
    return _ID.fullmatch(text) is not None


@contextmanager
def exclusively(folder: Path) -> Iterator[None]:
    """Be the only one who begins, or looks for the dead. Makes the folder. Raises OSError."""
    folder.mkdir(mode=0o700, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


class Owner:
    """A living process's lock, in a file of the folder with the owner's id as its name. Make
    it inside of `exclusively`. Raises BlockingIOError when a living process has the id,
    another OSError when the lock cannot be had."""

    def __init__(self, folder: Path, id_: str) -> None:
        self.id = id_
        self._file = folder / id_
        self._handle = _locked(self._file)
        _HELD.add(self)

    def release(self) -> None:
        """Let go: from now on the owner is dead."""
        if self._handle >= 0:
            with suppress(OSError):
                self._file.unlink()
            self.forget()

    def forget(self) -> None:
        """Close the file in a forked child, which would keep the lock of a dead parent."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


@contextmanager
def dead_among(folder: Path, ids: Iterable[str]) -> Iterator[list[str]]:
    """Those of the ids whose process has died. Use it inside of `exclusively`. Raises
    OSError when it begins."""
    taken: dict[str, int] = {}
    try:
        for id_ in ids:
            with suppress(BlockingIOError):
                taken[id_] = _locked(folder / id_)
        yield list(taken)
    finally:
        for handle in taken.values():
            os.close(handle)


def _locked(file: Path) -> int:
    handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        os.close(handle)
        raise
    return handle


def _forget_all() -> None:
    for owner in list(_HELD):
        owner.forget()


_HELD: Final[weakref.WeakSet[Owner]] = weakref.WeakSet()
os.register_at_fork(after_in_child=_forget_all)
