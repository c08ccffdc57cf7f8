"""Blocks of GitHub-flavoured Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from qgov.render.escaping import code, escape

__all__ = ["code", "details", "escape", "table"]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table of cells that are already Markdown."""
    body = [f"| {' | '.join(cells)} |" for cells in rows]
    if not body:
        return []
    return [f"| {' | '.join(head)} |", f"|{'|'.join(' --- ' for _ in head)}|", *body]


def details(summary: str, body: Sequence[str]) -> list[str]:
    """A folded section."""
    return [f"<details><summary>{summary}</summary>", "", *body, "", "</details>"]
