"""The command line: parse flags, call one function, render. Only this package prints and
exits.

Exit status: 0 well; 1 findings of severity error, an error in the input or its use; with
`--detailed-exitcode` 2 for "well, and there are changes"; 3 a gate was reached.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from io import TextIOWrapper
from typing import Final

__all__ = ["main", "run"]

_CHOOSES_A_REPOSITORY: Final = ("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE")
"""Set by git for its hooks and aliases; here `--root` says which repository is meant."""


def main() -> None:
    """The `qgov` console script."""
    # Documents become many small objects that all live until the end: collecting cycles
    # among them costs four times what building them does.
    gc.disable()
    for name in _CHOOSES_A_REPOSITORY:
        os.environ.pop(name, None)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # UTF-8 whatever the locale; what is not Unicode (a file name) is shown as bytes.
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit status. Never raises on bad input."""
    try:
        status = _run(arguments)
        if sys.stdout is not None:  # None: closed by the caller, and nothing was printed
            sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        return _failed("interrupted")
    except BrokenPipeError:
        # The reader has gone; say nothing more on a pipe that nobody holds.
        _silence()
        return 1
    except OSError as error:
        _silence()
        return _failed(f"{error.filename or 'standard output'}: {error.strerror}")
    except Exception as error:
        # Imported here: what only asks for help shall not wait for it.
        from qgov.repository import RepositoryError

        if isinstance(error, RepositoryError):
            return _failed(str(error))
        if os.environ.get("QGOV_DEBUG"):
            raise
        return _failed(
            f"internal error: {type(error).__name__}: {error}; this is a bug of qgov, "
            "QGOV_DEBUG=1 shows where"
        )


def _run(arguments: Sequence[str]) -> int:
    import typer
    from typer.exceptions import TyperException

    from qgov.cli.app import app

    command = typer.main.get_command(app)
    try:
        with command.make_context("qgov", list(arguments)) as context:
            return int(command.invoke(context) or 0)
    except typer.Exit as stop:
        return stop.exit_code
    except TyperException as error:
        used = getattr(error, "ctx", None)
        where = f" (see `{used.command_path} --help`)" if used else ""
        return _failed(f"{error.format_message()}{where}")


def _silence() -> None:
    """Let what is still buffered for standard output go nowhere."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _failed(message: str) -> int:
    from qgov.render.text import plain

    with suppress(OSError):
        if sys.stderr is not None:  # print would take standard output instead
            print(f"error: {plain(' '.join(message.split()))}", file=sys.stderr, flush=True)
    return 1
