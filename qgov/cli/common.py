"""Options and small steps that commands share."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.exceptions import TyperException

from qgov.cli.streams import say
from qgov.errors import InputsError, QgovError
from qgov.finding import closest
from qgov.language.scalars import parse_instant

__all__ = [
    "Format",
    "Now",
    "People",
    "Reviewed",
    "Root",
    "about",
    "application",
    "at_commit",
    "choose",
    "clock",
    "detailed",
    "one_of",
    "progress",
    "read",
    "sources",
    "together",
    "wall_clock",
]


def application(help_: str | None = None, **settings: Any) -> typer.Typer:
    """A command, or a group of some: plain text, and nothing that Typer adds by itself."""
    return typer.Typer(
        help=help_,
        rich_markup_mode=None,
        add_completion=False,
        no_args_is_help=False,
        pretty_exceptions_enable=False,
        **settings,
    )


def one_of(option: str, *allowed: str, help_: str) -> Any:
    """An option that takes one of a few values."""

    def check(value: str | None) -> str | None:
        return None if value is None else choose(value, allowed, option)

    return typer.Option(option, metavar="|".join(allowed), help=help_, callback=check)


Format = Annotated[str, one_of("--format", "text", "json", help_="How to print.")]
Root = Annotated[
    Path,
    typer.Option(
        "--root", metavar="DIR", help="The configuration repository.", show_default="here"
    ),
]


def at_commit(help_: str) -> Any:
    """A commit, in the place of the work tree."""
    return typer.Option(metavar="REF", show_default="the work tree", help=help_)


def detailed(when: str) -> Any:
    """A switch for an exit status that tells more."""
    return typer.Option("--detailed-exitcode", help=f"Exit 2 when {when}.")


def sources(help_: str) -> Any:
    """What to read from, an option for each system."""
    told = "those that the environment is set up for"
    return typer.Option("--source", metavar="NAME[:WHAT]", show_default=told, help=help_)


Reviewed = Annotated[str | None, at_commit("What was reviewed.")]
People = Annotated[bool, typer.Option("--people", help="Name people; off by default.")]
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
    if now is not None:
        try:
            return parse_instant(now)
        except ValueError as error:
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


def wall_clock() -> datetime:
    """What no honest date is later than: the system's time, or SOURCE_DATE_EPOCH's where that
    is later (a build sets it to the past)."""
    return max(clock(None), datetime.now(UTC))


def choose(value: str, allowed: Sequence[str], option: str) -> str:
    """The value when it is among the allowed ones. Raises typer.BadParameter."""
    if value in allowed:
        return value
    few = f"one of {', '.join(allowed)}"
    known = few if len(allowed) <= 12 else f"one of the {len(allowed)} known"
    raise typer.BadParameter(
        f"`{value}` is not {known}{closest(value, allowed)}", param_hint=option
    )


@contextmanager
def about(option: str) -> Iterator[None]:
    """What fails inside is a mistake in this option: raises typer.BadParameter."""
    try:
        yield
    except OSError as error:
        where = f"{error.filename}: {error.strerror}"
        raise typer.BadParameter(where, param_hint=option) from error
    except QgovError as error:
        raise typer.BadParameter(str(error), param_hint=option) from error


@contextmanager
def together() -> Iterator[Callable[[], AbstractContextManager[None]]]:
    """For inputs that do not depend on each other: whatever stops one of the inner blocks stops
    the outer one at its end, so that a run tells of all at once.

        with together() as each:
            with each():
                first = …
            with each():
                second = …
    """
    found: list[QgovError | TyperException | OSError] = []

    @contextmanager
    def each() -> Iterator[None]:
        try:
            yield
        except InputsError as errors:
            found.extend(errors.errors)
        except (QgovError, TyperException, OSError) as error:
            found.append(error)

    yield each
    if found:
        raise found[0] if len(found) == 1 else InputsError(*map(_of_input, found))


def _of_input(error: QgovError | TyperException | OSError) -> QgovError:
    if isinstance(error, QgovError):
        return error
    if isinstance(error, TyperException):
        return QgovError(error.format_message())
    return QgovError(f"{error.filename}: {error.strerror}")


def read(file: Path, most: int) -> bytes:
    """The bytes of a file that may be a pipe, up to one more than it may have. Raises OSError."""
    with file.open("rb") as stream:
        return stream.read(most + 1)


def progress(name: str) -> Callable[[int, int], None]:
    """Says every tenth of a way, and in the end how long it took."""
    said, began = 0, time.monotonic()

    def tell(done: int, of: int) -> None:
        nonlocal said
        if done * 10 // of > said:
            said = done * 10 // of
            say(f"{name}: {done:,} of {of:,}")
        if done == of:
            say(f"{name}: {of:,} cases in {time.monotonic() - began:.1f} s")

    return tell
