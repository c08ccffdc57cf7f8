"""Flushes that threads share: one covers whatever was written before it began."""

from __future__ import annotations

import os
from collections.abc import Callable
from threading import Lock

__all__ = ["Flushes"]


class Flushes:
    """The flushes of a file that only grows in what it says, or starts afresh when all it said
    lies elsewhere on the disk. Threads share it; `written` counts what was written to it."""

    def __init__(self, handle: int, written: Callable[[], int]) -> None:
        self._handle = handle
        self._written = written
        self._turn = Lock()
        self._flushed = 0
        self._broken = ""

    def wait(self, number: int) -> None:
        """Wait until what was written up to this number is on the disk: by a flush that another
        thread has begun since, or else by one of its own. Raises OSError, from then on always:
        what of the file is on the disk nobody knows, and a second flush would not tell."""
        with self._turn:
            if self._flushed >= number:
                return
            if self._broken:
                raise OSError(0, self._broken)
            reached = self._written()
            try:
                os.fdatasync(self._handle)
            except OSError as error:
                self._broken = f"it could not be flushed ({error.strerror})"
                raise
            self._flushed = reached

    def close(self) -> None:
        """Let go of the file, when nobody flushes it."""
        with self._turn:
            os.close(self._handle)
            self._broken = "it is closed"
