"""The console blocks of a page: its commands, and what it says that they print."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from markdown_it import MarkdownIt

__all__ = ["Step", "agrees", "steps"]

LEFT_OUT = "…"


class Step(NamedTuple):
    """A command, the line of the page on which it stands (1-based), and the lines that the
    page prints after it."""

    line: int
    command: str
    prints: tuple[str, ...]


def steps(page: Path) -> list[Step]:
    """Every `$ command` of the fenced blocks of language `console`, in order. A line that
    begins with `> ` continues the command before it."""
    found: list[Step] = []
    for token in MarkdownIt("commonmark").parse(page.read_text(encoding="utf-8")):
        if token.type != "fence" or token.info != "console":
            continue
        assert token.map is not None
        for number, text in enumerate(token.content.splitlines(), token.map[0] + 2):
            if text.startswith("$ "):
                found.append(Step(number, text[2:], ()))
            elif text.startswith("> "):
                last = found[-1]
                assert last.prints == (), f"line {number} continues no command"
                found[-1] = last._replace(command=f"{last.command}\n{text[2:]}")
            else:
                found[-1] = found[-1]._replace(prints=(*found[-1].prints, text))
    return found


def agrees(printed: str, step: Step) -> bool:
    """Whether a command printed what the page says. A line that is only `…` stands for any
    lines, `…` inside a line for any text in it; a command of which the page prints nothing
    prints nothing."""
    pattern = ""
    for line in step.prints:
        if line == LEFT_OUT:
            pattern += r"(?:.*\n)*"
        else:
            pattern += ".*".join(map(re.escape, line.split(LEFT_OUT))) + r"\n"
    return re.fullmatch(pattern, printed) is not None
