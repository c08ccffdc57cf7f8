"""Text for GitHub-flavoured Markdown, where every name is hostile."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from qgov.render.text import plain

__all__ = ["code", "details", "escape", "table"]

_SPECIAL = re.compile(r"([\\`*_{}\[\]#!|~<>&$])")


def escape(text: str) -> str:
    """Free text as text: no markup, link, mention, HTML, emoji or autolink survives."""
    flat = " ".join(plain(text).split())
    marked = _SPECIAL.sub(r"\\\1", flat).replace("\\<", "&lt;").replace("\\&", "&amp;")
    # A word joiner keeps mentions, autolinks and emoji from forming.
    unlinked = marked.replace("@", "@\u2060").replace("://", ":\u2060//")
    unlinked = re.sub(r"(?i)\bwww(?=\.)", "ww\u2060w", unlinked)
    return re.sub(r":(?=[a-z0-9_+-]+:)", ":\u2060", unlinked)


def code(text: str) -> str:
    """A name in a code span that it cannot leave, safe inside a table cell."""
    # Two backticks around nothing are no code span; a space between them is.
    flat = " ".join(plain(text).split()).replace("|", "\u2502") or " "
    longest = max((len(run) for run in re.findall(r"`+", flat)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if flat.startswith("`") or flat.endswith("`") else ""
    return f"{fence}{pad}{flat}{pad}{fence}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table of cells that are already Markdown."""
    body = [f"| {' | '.join(cells)} |" for cells in rows]
    if not body:
        return []
    return [f"| {' | '.join(head)} |", f"|{'|'.join(' --- ' for _ in head)}|", *body]


def details(summary: str, body: Sequence[str]) -> list[str]:
    """A folded section."""
    return [f"<details><summary>{summary}</summary>", "", *body, "", "</details>"]
