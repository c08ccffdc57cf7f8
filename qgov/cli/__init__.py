"""The command line: parse flags, call one function, render. Only this package prints and
exits.

Exit status: `qgov.errors.ExitStatus`.
"""

from __future__ import annotations

import gc
import os
import shutil
import sys
from collections.abc import Sequence
from contextlib import suppress
from io import TextIOWrapper
from typing import Final

from qgov.cli.commands import overview
from qgov.cli.streams import say, write
from qgov.errors import ExitStatus, FindingsError, InputsError, QgovError
from qgov.lazy import lazy
from qgov.render.text import plain

__all__ = ["main", "run"]

_CHOOSES_A_REPOSITORY: Final = ("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE")
"""Set by git for its hooks and aliases; here `--root` says which repository is meant."""

_call = lazy("qgov.cli.app:call")
_findings_as_text = lazy("qgov.render.findings:as_text")


def main() -> None:
    """The `qgov` console script."""
    # Documents become many small objects that all live until the end: collecting cycles
    # among them costs four times what building them does.
    gc.disable()
    for name in _CHOOSES_A_REPOSITORY:
        os.environ.pop(name, None)
    # Nothing else that is installed takes part in reading documents, and nothing looks for it.
    os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # UTF-8 whatever the locale; what is not Unicode (a file name) is shown as bytes.
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    status = run(sys.argv[1:])
    gc.freeze()  # nor are they collected at the end, which takes a tenth of a large plan
    sys.exit(status)


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit status. Never raises on bad input."""
    try:
        status = _run(arguments)
        if sys.stdout is not None:  # None: closed by the caller, and nothing was printed
            sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        return _failed("error: interrupted")
    except BrokenPipeError:
        # The reader has gone; say nothing more on a pipe that nobody holds.
        _silence()
        return ExitStatus.ERROR
    except OSError as error:
        _silence()
        return _failed(_sentence(f"{error.filename or 'standard output'}: {error.strerror}"))
    except QgovError as error:
        return _failed(_told(error))
    except Exception as error:
        if os.environ.get("QGOV_DEBUG"):
            raise
        return _failed(
            _sentence(
                f"internal error: {type(error).__name__}: {error}; this is a bug of qgov, "
                "QGOV_DEBUG=1 shows where"
            )
        )


def _run(arguments: Sequence[str]) -> int:
    if [*arguments] in ([], ["-h"], ["--help"]):  # without Typer, which takes longer to load
        write(overview(shutil.get_terminal_size().columns))
        return ExitStatus.WELL
    status: int = _call(arguments)
    return status


def _silence() -> None:
    """Let what is still buffered for standard output go nowhere."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _told(error: QgovError) -> str:
    """What stopped a command, in the lines that standard error gets."""
    if isinstance(error, InputsError):
        return "\n".join(map(_told, error.errors))
    if isinstance(error, FindingsError):
        reports = [(r.heading, _findings_as_text(r.findings).rstrip()) for r in error.reports]
    else:
        reports = [(error.heading, _sentence(str(error)))]
    return "\n".join(line for lines in reports for line in (plain(lines[0]), lines[1]) if line)


def _sentence(message: str) -> str:
    return f"error: {plain(' '.join(message.split()))}"


def _failed(lines: str) -> int:
    with suppress(OSError):
        say(lines)
    return ExitStatus.ERROR
