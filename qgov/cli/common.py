"""Options and small effects that commands share."""

from __future__ import annotations

import errno
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TextIO

import typer

__all__ = ["GATE", "Now", "Root", "choose", "clock", "say", "wants_colour", "write"]

GATE = 3
"""The exit status when a gate was reached."""

Root = Annotated[
    Path,
    typer.Option(
        "--root", metavar="DIR", help="The configuration repository.", show_default="here"
    ),
]
Now = Annotated[
    str | None,
    typer.Option(
        "--now",
        metavar="INSTANT",
        help="The clock of time-bound rules (RFC 3339).",
        show_default="the system's",
    ),
]


def clock(now: str | None) -> datetime:
    """The time to judge by: the option's, SOURCE_DATE_EPOCH's, or the system's.

    Raises typer.BadParameter for an instant that is none.
    """
    from pydantic_core import PydanticCustomError

    from qgov.language.scalars import parse_instant

    if now is not None:
        try:
            return parse_instant(now)
        except PydanticCustomError as error:
            raise typer.BadParameter(
                "write an instant with an offset, like 2026-11-23T08:00:00+01:00",
                param_hint="--now",
            ) from error
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not epoch:
        return datetime.now(UTC)
    try:
        return datetime.fromtimestamp(int(epoch), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise typer.BadParameter(
            "write whole seconds since 1970", param_hint="SOURCE_DATE_EPOCH"
        ) from error


def choose(value: str, allowed: tuple[str, ...], option: str) -> str:
    """The value when it is among the allowed ones. Raises typer.BadParameter."""
    from qgov.finding import closest

    if value in allowed:
        return value
    raise typer.BadParameter(
        f"`{value}` is not {_one_of(allowed)}{closest(value, allowed)}",
        param_hint=option,
    )


def _one_of(allowed: tuple[str, ...]) -> str:
    few = len(allowed) <= 12
    return f"one of {', '.join(allowed)}" if few else f"one of the {len(allowed)} known"


def wants_colour() -> bool:
    """Whether standard output is a terminal that wants colours (https://no-color.org)."""
    return (
        sys.stdout is not None
        and sys.stdout.isatty()
        and not os.environ.get("NO_COLOR")
        and os.environ.get("TERM") != "dumb"
    )


def write(text: str) -> None:
    """A result, on standard output, as UTF-8 whatever the locale. Raises OSError when it
    cannot be written."""
    if sys.stdout is None:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    _put(sys.stdout, text)


def say(text: str) -> None:
    """Progress or a diagnostic, on standard error, as UTF-8 whatever the locale."""
    if sys.stderr is not None:
        _put(sys.stderr, f"{text}\n")


def _put(stream: TextIO, text: str) -> None:
    stream.flush()
    # What is not Unicode (a file name) is shown as its bytes.
    stream.buffer.write(text.encode(errors="backslashreplace"))
    stream.buffer.flush()
