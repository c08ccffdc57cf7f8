"""A new folder is built beside the old one and exchanged with it in one system call.

Where the system cannot exchange folders, an interruption may leave the old one aside; the
next run puts it back.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["beside", "exchange", "sole_writer"]


@contextmanager
def sole_writer(out: Path) -> Iterator[None]:
    """Wait until no other run writes beside `out`, then clear up what dead ones left there.

    The lock is on the parent folder; the system releases it when its holder dies, so that
    what is found under it belongs to nobody. On a file system without locks nobody waits,
    and nothing is cleared up.
    """
    handle = os.open(out.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if _locked(handle):
            _clear_up(out)
        yield
    finally:
        os.close(handle)


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
    except OSError:
        return False
    return True


def _prefix(out: Path) -> str:
    return f".{out.name}.qgov-new-"


def _clear_up(out: Path) -> None:
    """Remove the folders of runs that died; put the old folder back if one of them died
    while it stood aside."""
    for holder in sorted(out.parent.iterdir()):
        # Where everyone may write, another user's folder proves nothing.
        if (
            holder.name.startswith(_prefix(out))
            and holder.is_dir()
            and not holder.is_symlink()
            and holder.stat().st_uid == os.geteuid()
        ):
            aside = holder / "old"
            if aside.is_dir() and not os.path.lexists(out):
                aside.rename(out)
            shutil.rmtree(holder, ignore_errors=True)


@contextmanager
def beside(out: Path) -> Iterator[Path]:
    """A folder on the file system of `out`; removed afterwards with what it then holds."""
    holder = Path(tempfile.mkdtemp(prefix=_prefix(out), dir=out.parent))
    try:
        yield holder
    finally:
        shutil.rmtree(holder, ignore_errors=True)


def exchange(fresh: Path, out: Path, aside: Path) -> None:
    """Put `fresh` in the place of `out` in one step. Where that is impossible, the old folder
    waits `aside` for a moment."""
    if not out.exists() or not any(out.iterdir()):
        fresh.rename(out)  # replaces an empty folder in one step everywhere
    elif not _exchanged(fresh, out):
        out.rename(aside)
        fresh.rename(out)


def _exchanged(a: Path, b: Path) -> bool:
    """Linux renameat2(2) with RENAME_EXCHANGE; False where there is none."""
    if sys.platform != "linux":
        return False
    at_fdcwd, rename_exchange = -100, 2
    try:
        call = ctypes.CDLL(None, use_errno=True).renameat2
    except AttributeError:
        return False
    if call(at_fdcwd, os.fsencode(a), at_fdcwd, os.fsencode(b), rename_exchange) == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP):
        return False
    raise OSError(code, os.strerror(code), str(b))
