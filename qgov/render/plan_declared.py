"""What was said of a change beside the repository: its intent against what it does, and
what its author gains, for a terminal and in Markdown.

Each access stands among the plan's gains and losses with all that there is to say; here
is only which it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final

from qgov.plan.causes import Cause
from qgov.plan.changes import Change
from qgov.plan.intent import OUTSIDE, Unmet
from qgov.plan.plan import AccessChange, Intended, Plan
from qgov.render.markdown import code, escape, table
from qgov.render.plan_view import (
    MOST_CAUSES,
    MOST_ITEMS,
    MOST_PLACES,
    Entry,
    Place,
    clause,
    entries,
)
from qgov.render.text import paint, plain, wrapped

__all__ = ["author_markdown", "author_text", "intent_markdown", "intent_text"]

REMEDY: Final = "take them out of the change, or declare them"
NOTHING_ELSE: Final = "all of it is achieved, and nothing else is gained"


def _outside(found: Intended) -> str:
    return f"outside the intent: {clause('gain', found.gained)}"


def _parts(found: Intended) -> list[tuple[str, tuple[AccessChange, ...]]]:
    """The parts that are no error and hold accesses."""
    parts = (("outside, as losses", found.lost), ("achieved", found.achieved))
    return [(title, changes) for title, changes in parts if changes]


def _verb(entry: Entry) -> str:
    return "conditions changed" if entry.change is Change.CHANGED else str(entry.change)


_What = tuple[tuple[str, ...], tuple[str, ...]]
"""Permissions, and the backends on which they run something."""


def _alike(entry: Entry) -> list[tuple[tuple[Place, ...], list[_What]]]:
    """What an entry does, under whom and where it is for, whatever the conditions."""
    scopes: dict[_What, dict[str, set[str]]] = {}
    for item in entry.items:
        whom = scopes.setdefault((item.permissions, item.backends), {})
        for place in item.places:
            whom.setdefault(place.principal, set()).update(place.scopes)
    found: dict[tuple[Place, ...], list[_What]] = {}
    for what, whom in scopes.items():
        places = tuple(Place(who, tuple(sorted(whom[who]))) for who in sorted(whom))
        found.setdefault(places, []).append(what)
    return list(found.items())


def _where(places: Sequence[Place], shown: Callable[[str], str], joint: str) -> str:
    return _few(
        (f"{shown(p.principal)} on {_few(map(shown, p.scopes), MOST_PLACES)}" for p in places),
        MOST_PLACES,
        joint,
    )


def _what(said: Iterable[_What], shown: Callable[[str], str], joint: str) -> str:
    """The permissions, those that run something first, with their backends."""
    found: dict[str, set[str]] = {}
    for permissions, on in said:
        for permission in permissions:
            found.setdefault(permission, set()).update(on)
    runs = [
        f"{shown(permission)} on {_few(map(shown, sorted(backends)), MOST_PLACES)}"
        for permission, backends in found.items()
        if backends
    ]
    others = [shown(permission) for permission, backends in found.items() if not backends]
    return joint.join([*runs, *([_few(others, MOST_ITEMS)] if others else [])])


def _cause(cause: Cause) -> str:
    return f"{cause.path}:{cause.line}{'' if cause.side == 'head' else ' (before)'}"


def _unmet(found: Intended) -> Iterator[tuple[Unmet, int]]:
    """The first of each statement's parts that fail for one reason, and how many do."""
    for _, alike in groupby(found.not_achieved, key=lambda u: (u.wanted.origin, u.why)):
        first, *rest = alike
        yield first, 1 + len(rest)


def _few(items: Iterable[str], most: int, joint: str = ", ") -> str:
    known = list(items)
    more = f" and {len(known) - most:,} more" if len(known) > most else ""
    return joint.join(known[:most]) + more


# ------------------------------------------------------------------------------- terminal


def intent_text(plan: Plan, colour: bool) -> list[str]:
    """The section of the intent: what is outside of it first; nothing without one."""
    if (found := plan.intent) is None:
        return []
    lines = ["", paint("INTENT", "title", colour), *wrapped(f"declared in {found.path}", 2)]
    if found.gained:
        said = [*wrapped(f"error {OUTSIDE} {_outside(found)}", 2, 4), *wrapped(f"→ {REMEDY}", 4)]
        lines += [paint(line, "error", colour) for line in said]
        lines += _entries(plan, found.gained, colour)
    if found.not_achieved:
        lines += [paint("  not achieved", "warning", colour), *_unmet_text(found)]
    elif not found.gained:
        lines.append(f"  {NOTHING_ELSE}")
    for title, changes in _parts(found):
        lines += [f"  {title}", *_entries(plan, changes, colour)]
    return lines


def author_text(plan: Plan, colour: bool) -> list[str]:
    """What the author gains; nothing where nobody says who that is."""
    if (found := plan.author) is None:
        return []
    who = f"{found.author.id} ({_few(found.author.groups, MOST_PLACES) or 'no groups given'})"
    lines = ["", paint("WHAT THE AUTHOR GAINS", "title", colour)]
    if not found.gains:
        return [*lines, *wrapped(f"{who}: nothing", 2, 4)]
    return [*lines, *wrapped(who, 2, 4), *_entries(plan, found.gains, colour)]


def _entries(plan: Plan, changes: Sequence[AccessChange], colour: bool) -> list[str]:
    known = entries(changes, plan.currency)
    lines: list[str] = []
    for entry in known[:MOST_ITEMS]:
        risk = str(entry.risk).upper()
        indent = 6 + len(risk)
        alike = _alike(entry)
        who = _where(alike[0][0], str, "; ") if len(alike) == 1 else entry.reached
        first, *rest = wrapped(f"{_verb(entry)}: {who}", indent)
        lines += [f"    {paint(risk, str(entry.risk), colour)}  {first.lstrip()}", *rest]
        for places, what in alike[:MOST_PLACES]:
            lines += wrapped(_what(what, str, "; "), indent)
            lines += wrapped(_where(places, str, "; "), indent + 2) if len(alike) > 1 else []
        if len(alike) > MOST_PLACES:
            lines.append(f"{' ' * indent}and {len(alike) - MOST_PLACES:,} more")
        lines += wrapped(_few(map(_cause, entry.causes), MOST_CAUSES), indent)
    if len(known) > MOST_ITEMS:
        lines.append(f"    and {len(known) - MOST_ITEMS:,} more")
    return lines


def _unmet_text(found: Intended) -> list[str]:
    lines: list[str] = []
    known = list(_unmet(found))
    for unmet, count in known[:MOST_ITEMS]:
        said = unmet.wanted
        more = f", and {count - 1:,} more" if count > 1 else ""
        backend = f" with {said.backend}" if said.backend != "*" else ""
        lines.append(f"    {plain(f'{said.origin.path}:{said.origin.line}')}")
        lines += wrapped(
            f"{said.verb} {said.permission}: {said.principal} on {said.scope}{backend}{more}", 6
        )
        lines += wrapped(unmet.why, 6)
    if len(known) > MOST_ITEMS:
        lines.append(f"    and {len(known) - MOST_ITEMS:,} more")
    return lines


# ------------------------------------------------------------------------------- Markdown


def intent_markdown(plan: Plan) -> list[str]:
    """The section of the intent: what is outside of it first; nothing without one."""
    if (found := plan.intent) is None:
        return []
    lines: list[str] = []
    if found.gained:
        lines += [f"> ⛔ **{OUTSIDE}** {escape(_outside(found))}; {REMEDY}", ""]
    rows = _rows(plan, "**outside**", found.gained)
    rows += _unmet_rows(found)
    for title, changes in _parts(found):
        rows += _rows(plan, title, changes)
    well = [] if found.gained or found.not_achieved else [f"{NOTHING_ELSE.capitalize()}.", ""]
    head = table(("intent", "what", "who", "cause"), rows)
    return [*lines, "#### Intent", "", *well, *head, *([""] if head else [])]


def author_markdown(plan: Plan) -> list[str]:
    """What the author gains; nothing where nobody says who that is."""
    if (found := plan.author) is None:
        return []
    groups = _few(map(code, found.author.groups), MOST_PLACES) or "no groups given"
    lines = ["#### What the author gains", "", f"{code(found.author.id)} ({groups})"]
    if not found.gains:
        return [*lines[:-1], f"{lines[-1]}: nothing", ""]
    rows = _rows(plan, "", found.gains)
    return [*lines, "", *table(("risk", "what", "who", "cause"), rows), ""]


def _rows(plan: Plan, title: str, changes: Sequence[AccessChange]) -> list[list[str]]:
    """The entries under their title or risk: a row for each of those alike, of which the
    first has the causes."""
    known = entries(changes, plan.currency)
    rows: list[list[str]] = []
    for entry in known[:MOST_ITEMS]:
        alike = _alike(entry)
        own = [
            ["", _what(what, code, "<br>"), _where(places, code, "<br>"), ""]
            for places, what in alike[:MOST_PLACES]
        ]
        own[0][0] = f"{title}<br>{entry.risk}" if title else str(entry.risk)
        own[0][1] = f"**{_verb(entry)}** {own[0][1]}"
        own[0][3] = _few(map(_cause_code, entry.causes), MOST_CAUSES, "<br>")
        rows += own
        if len(alike) > MOST_PLACES:
            rows.append(["", f"and {len(alike) - MOST_PLACES:,} more", "", ""])
    if len(known) > MOST_ITEMS:
        rows.append([title, f"and {len(known) - MOST_ITEMS:,} more", "", ""])
    return rows


def _cause_code(cause: Cause) -> str:
    return code(f"{cause.path}:{cause.line}") + ("" if cause.side == "head" else " before")


def _unmet_rows(found: Intended) -> list[list[str]]:
    known = list(_unmet(found))
    rows: list[list[str]] = []
    for unmet, count in known[:MOST_ITEMS]:
        said = unmet.wanted
        backend = f" with {code(said.backend)}" if said.backend != "*" else ""
        more = f" and {count - 1:,} more" if count > 1 else ""
        rows.append(
            [
                "not achieved",
                f"{said.verb} {code(said.permission)}<br>{escape(unmet.why)}",
                f"{code(said.principal)} on {code(said.scope)}{backend}{more}",
                code(f"{said.origin.path}:{said.origin.line}"),
            ]
        )
    if len(known) > MOST_ITEMS:
        rows.append(["not achieved", f"and {len(known) - MOST_ITEMS:,} more", "", ""])
    return rows
