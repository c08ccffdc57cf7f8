"""Standard output and standard error: UTF-8 whatever the locale, plain where nobody looks."""

from __future__ import annotations

import errno
import os
import sys
from typing import TextIO

__all__ = ["say", "wants_colour", "write"]


def wants_colour() -> bool:
    """Whether standard output is a terminal that wants colours (https://no-color.org)."""
    return (
        sys.stdout is not None
        and sys.stdout.isatty()
        and not os.environ.get("NO_COLOR")
        and os.environ.get("TERM") != "dumb"
    )


def write(text: str) -> None:
    """A result, on standard output. Raises OSError when it cannot be written."""
    if sys.stdout is None:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    _put(sys.stdout, text)


def say(text: str) -> None:
    """Progress or a diagnostic, on standard error."""
    if sys.stderr is not None:
        _put(sys.stderr, f"{text}\n")


def _put(stream: TextIO, text: str) -> None:
    stream.flush()
    # What is not Unicode (a file name) is shown as its bytes.
    stream.buffer.write(text.encode(errors="backslashreplace"))
    stream.buffer.flush()
