"""In Markdown, what was said of a change beside the repository: its intent, its author.

The plan's gains and losses say everything about each access; here is only which it is.
"""

from __future__ import annotations

from collections.abc import Sequence

from qgov.plan.intent import OUTSIDE
from qgov.render.counting import more
from qgov.render.escaping import code, escape
from qgov.render.fitting import Part
from qgov.render.markdown import table
from qgov.render.plan_entries import AccessEntry
from qgov.render.plan_view import AuthorView, IntentView, UnmetGroup
from qgov.render.plan_words import (
    IN_MARKDOWN,
    MOST_HOLDERS,
    MOST_ITEMS,
    NO_GROUPS,
    NOTHING_ELSE,
    REMEDY,
)

__all__ = ["author_part", "intent_parts"]


def intent_parts(view: IntentView, rank: int) -> list[Part]:
    """What is outside of the intent first, an error that always stays."""
    error = f"> ⛔ **{OUTSIDE}** {escape(f'outside the intent: {view.outside}')}; {REMEDY}"
    rows = [row for part in view.parts if part.is_error for row in _rows("**outside**", part[2])]
    rows += _unmet(view.unmet)
    for title, is_error, entries in view.parts:
        rows += [] if is_error else _rows(title, entries)
    head, body = _table(("intent", "what", "who", "cause"), rows)
    met = [f"{NOTHING_ELSE.capitalize()}.", *([""] if head else [])] if view.is_met else []
    return [
        *([Part([error])] if view.outside else []),
        Part(["#### Intent", "", *met, *head], body, rank=rank),
    ]


def author_part(view: AuthorView, rank: int) -> Part:
    """What the author gains."""
    who = f"{code(view.id)} ({IN_MARKDOWN.names(view.groups) or NO_GROUPS})"
    title = "#### What the author gains"
    if not view.entries:
        return Part([title, "", f"{who}: nothing"], rank=rank)
    head, body = _table(("risk", "what", "who", "cause"), _rows("", view.entries))
    return Part([title, "", who, "", *head], body, rank=rank)


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[list[str], list[str]]:
    """The head of a table, and its rows."""
    lines = table(columns, rows)
    return lines[:2], lines[2:]


def _rows(title: str, entries: Sequence[AccessEntry]) -> list[list[str]]:
    """The entries under their title or risk: a row for each of those alike, of which the
    first has the causes."""
    rows: list[list[str]] = []
    for entry in entries[:MOST_ITEMS]:
        parts = entry.by_holders
        own = [
            ["", IN_MARKDOWN.all_of(what), IN_MARKDOWN.where(holders), ""]
            for holders, what in parts[:MOST_HOLDERS]
        ]
        own[0][0] = f"{title}<br>{entry.risk}" if title else str(entry.risk)
        own[0][1] = f"**{entry.verb}** {own[0][1]}"
        own[0][3] = IN_MARKDOWN.causes(entry.causes)
        rows += [*own, *_rest("", parts, MOST_HOLDERS)]
    return [*rows, *_rest(title, entries, MOST_ITEMS)]


def _rest(title: str, items: Sequence[object], most: int) -> list[list[str]]:
    """The row that counts what is not told."""
    return [[title, more(len(items) - most), "", ""]] if len(items) > most else []


def _unmet(groups: Sequence[UnmetGroup]) -> list[list[str]]:
    rows: list[list[str]] = []
    for unmet, number in groups[:MOST_ITEMS]:
        wanted = unmet.wanted
        backend = f" with {code(wanted.backend)}" if wanted.backend != "*" else ""
        alike = f" {more(number - 1)}" if number > 1 else ""
        rows.append(
            [
                "not achieved",
                f"{wanted.verb} {code(wanted.permission)}<br>{escape(unmet.why)}",
                f"{code(wanted.principal)} on {code(wanted.scope)}{backend}{alike}",
                code(f"{wanted.origin.path}:{wanted.origin.line}"),
            ]
        )
    return [*rows, *_rest("not achieved", groups, MOST_ITEMS)]
