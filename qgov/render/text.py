"""Text for terminals: aligned, and wrapped at a width."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import Final

from qgov.render.counting import count
from qgov.render.escaping import no_command, plain

__all__ = ["WIDTH", "columns", "count", "page", "paint", "plain", "wrapped"]

WIDTH: Final = 80
_STYLES: Final = {
    "critical": "1;31",
    "high": "31",
    "medium": "33",
    "low": "32",
    "title": "1",
    "quiet": "2",
    "error": "31",
    "warning": "33",
    "info": "36",
}


def page(lines: Iterable[str]) -> str:
    """The lines as one text, in which a CI log does not take what a document says for a
    command."""
    return "".join(f"{no_command(line)}\n" for line in lines)


def paint(text: str, style: str, colour: bool) -> str:
    """The text in a style when colours are wanted."""
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if colour and style in _STYLES else text


def wrapped(text: str, indent: int, hang: int | None = None, width: int = WIDTH) -> list[str]:
    """The text in lines of at most `width`, the first indented by `indent`, the rest by
    `hang`. Words longer than a line (paths, names) are kept whole."""
    return textwrap.wrap(
        plain(text),
        width,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent if hang is None else hang),
        break_long_words=False,
        break_on_hyphens=False,
    ) or [""]


def columns(
    rows: Iterable[Sequence[str]], indent: int = 2, gap: int = 2, width: int = WIDTH
) -> list[str]:
    """Rows as aligned columns; the last is wrapped beside, or below, the others."""
    table = [[plain(cell) for cell in row] for row in rows]
    if not table:
        return []
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]) - 1)]
    lines: list[str] = []
    for *first, last in table:
        left = " " * indent + "".join(
            cell.ljust(size + gap) for cell, size in zip(first, widths, strict=True)
        )
        longest = max(map(len, last.split()), default=0)
        if len(left) + longest > width and first:
            lines += [left.rstrip(), *wrapped(last, indent + 4, width=width)]
        else:
            start, *rest = wrapped(last, len(left), width=width)
            lines += [(left + start[len(left) :]).rstrip(), *rest]
    return lines
