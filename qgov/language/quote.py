"""A word of the input, fit to stand in one line of a message."""

from __future__ import annotations

from typing import Final

__all__ = ["quoted"]

MOST: Final = 60


def quoted(value: object) -> str:
    """The value between backticks: one line, printable, at most 60 characters.

    Input is hostile: a line break in a key would otherwise begin a line of the report.
    """
    text = value if isinstance(value, str) else str(value)
    if len(text) > MOST:
        text = f"{text[: MOST - 1]}…"
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return f"`{shown}`"
