"""The plan for a pull request's comment or a job summary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from qgov.language.scalars import format_instant
from qgov.plan.plan import Plan
from qgov.render.markdown import code, details, escape, table
from qgov.render.plan_declared import author_markdown, intent_markdown
from qgov.render.plan_view import (
    MOST_CAUSES,
    MOST_FINDINGS,
    MOST_ITEMS,
    MOST_PLACES,
    Entry,
    Item,
    Place,
    approvals,
    by_rule,
    compared,
    money,
    overrun,
    sections,
    verdict,
)
from qgov.render.text import count
from qgov.repository import Snapshot

__all__ = ["MARKER", "as_markdown"]

MARKER = "<!-- qgov-plan -->"
"""The first line, by which a comment is found again and updated in place."""

MOST_ROWS: Final = 100
MOST_DIFFERENCES: Final = 12
MOST_BYTES: Final = 60_000
"""A comment on GitHub holds 65,536 characters."""

_SIGNS = {"critical": "🟥", "high": "🟧", "medium": "🟨", "low": "🟩"}


def as_markdown(plan: Plan) -> str:
    """The verdict, what stops it, gains, losses, the rest folded, what was compared."""
    risk = f" — {_SIGNS[str(plan.risk)]} {plan.risk} risk" if plan.risk else ""
    lines = [MARKER, f"### {escape(verdict(plan))}{risk}", "", *intent_markdown(plan)]
    for sentence in overrun(plan):
        lines += [f"> ⛔ **guardrail** {escape(sentence)}", ""]
    for rail in plan.rails:
        how = (
            "overridden"
            if rail.rail in plan.overridden
            else (f"`--override {rail.rail}` lets it pass")
        )
        lines += [f"> ⛔ **{rail.rail}**: {escape(rail.message)} ({how})", ""]
    lines += _access(plan)
    lines += [*_money(plan), *_approvals(plan), *_findings(plan)]
    last = (
        f"<sub>{escape(compared(plan))}; base {code(_name(plan.base))}, head "
        f"{code(_name(plan.head))}</sub>"
    )
    return "\n".join([*_fitting(lines, _folded(plan)), last]) + "\n"


def _access(plan: Plan) -> list[str]:
    """The sections of access, what the author gains behind the gains."""
    found: dict[str, list[str]] = {}
    for title, entries in sections(plan):
        cells = [row for entry in entries for row in _rows(entry)]
        head = ("risk", "what", "who", "on which conditions", "cause")
        found[title] = [f"#### {title}", "", *table(head, cells), ""]
    gains = found.pop("Gains", [])
    return [*gains, *author_markdown(plan), *(x for part in found.values() for x in part)]


def _fitting(lines: Sequence[str], folded: Sequence[Sequence[str]]) -> list[str]:
    """As many lines, and then folded sections, as a comment holds, and whether that is all."""
    kept: list[str] = []
    room = MOST_BYTES
    for part in (*([line] for line in lines), *folded):
        room -= sum(len(line.encode(errors="replace")) + 1 for line in part)
        if room < 0:
            return [*kept, "", "**The rest does not fit here; the JSON of this plan has it.**", ""]
        kept += part
    return kept


def _name(side: Snapshot) -> str:
    return side.commit[:12] if side.commit else side.ref


def _rows(entry: Entry) -> list[list[str]]:
    """A row for each item; its risk, roles and causes stand in the first."""
    rows: list[list[str]] = []
    witnesses = entry.witnesses
    for number, item in enumerate(entry.items):
        if number == MOST_ITEMS:
            rows.append(["", f"and {len(entry.items) - number:,} more", "", "", ""])
            break
        rows.append(
            [
                "",
                _what(item),
                _who(item.places),
                escape(" · ".join(item.phrases) or "no condition")
                + (f"<br>witness: {escape(witnesses[number])}" if witnesses[number] else ""),
                "",
            ]
        )
    rows[0][0] = f"{_SIGNS[str(entry.risk)]} {entry.risk}<br>{escape(entry.reason)}"
    rows[0][1] = (
        f"**{entry.change}** {rows[0][1]}<br>through "
        f"{', '.join(code(role) for role in entry.roles)}"
    )
    rows[0][4] = _some(
        [
            code(f"{c.path}:{c.line}") + (" before" if c.side == "base" else "")
            for c in entry.causes
        ],
        MOST_CAUSES,
    )
    return rows


def _what(item: Item) -> str:
    what = ", ".join(code(p) for p in item.permissions)
    return what + (" on " + ", ".join(map(code, item.backends)) if item.backends else "")


def _who(places: Sequence[Place]) -> str:
    return _some(
        [
            f"{code(p.principal)} on {_some(list(map(code, p.scopes)), MOST_PLACES, ', ')}"
            for p in places
        ],
        MOST_PLACES,
    )


def _some(items: Sequence[str], most: int, joint: str = "<br>") -> str:
    shown = joint.join(items[:most])
    return shown if len(items) <= most else f"{shown} and {len(items) - most:,} more"


def _money(plan: Plan) -> list[str]:
    if (found := money(plan)) is None:
        return []
    amounts, unbounded = found
    lines = ["#### Cost exposure", "", escape(amounts)]
    if unbounded:
        lines.append(f"<br>no longer stopped: {_some(list(map(code, unbounded)), 12, ', ')}")
    return [*lines, ""]


def _approvals(plan: Plan) -> list[str]:
    rows = [(code(group), escape(reasons)) for group, reasons in approvals(plan)]
    return ["#### Approvals needed", "", *table(("by", "because"), rows), ""] if rows else []


def _findings(plan: Plan) -> list[str]:
    lines: list[str] = []
    for title, findings in (
        ("New findings", plan.new_findings),
        ("Fixed findings", plan.fixed_findings),
    ):
        rows: list[tuple[str, str, str]] = []
        for (severity, rule, _), alike in by_rule(findings):
            rows += [
                (f"{severity} {rule}", escape(f.message), code(str(f.origin)))
                for f in alike[:MOST_FINDINGS]
            ]
            if len(alike) > MOST_FINDINGS:
                rows.append((f"{severity} {rule}", f"and {len(alike) - MOST_FINDINGS:,} more", ""))
        if rows:
            lines += [f"#### {title}", "", *table(("rule", "what", "where"), rows), ""]
    return lines


def _folded(plan: Plan) -> list[list[str]]:
    found: list[list[str]] = []
    if plan.documents:
        rows = [
            (
                d.change,
                code(d.document),
                code(d.path),
                _some([_difference(item) for item in d.diff], MOST_DIFFERENCES),
            )
            for d in plan.documents[:MOST_ROWS]
        ]
        found.append(
            details(
                count(len(plan.documents), "document"),
                [
                    *table(("change", "document", "file", "difference"), rows),
                    *_more(plan.documents),
                ],
            )
        )
    if plan.artifacts:
        paths = [(a.change, code(a.path)) for a in plan.artifacts[:MOST_ROWS]]
        found.append(
            details(
                count(len(plan.artifacts), "artifact"),
                [*table(("change", "path"), paths), *_more(plan.artifacts)],
            )
        )
    if plan.horizon is not None:
        events = [(format_instant(e.when), escape(e.what)) for e in plan.horizon]
        found.append(
            details(
                "what will change by itself",
                table(("when", "what"), events) or ["nothing in this time"],
            )
        )
    return [[*section, ""] for section in found]


def _more(items: Sequence[object]) -> list[str]:
    return ["", f"and {len(items) - MOST_ROWS:,} more"] if len(items) > MOST_ROWS else []


def _difference(item: object) -> str:
    assert isinstance(item, dict)
    if item["change"] == "changed":
        return f"{code(item['path'])}: {code(str(item['before']))} → {code(str(item['after']))}"
    sign, side = ("+", "after") if item["change"] == "added" else ("−", "before")
    return f"{sign} {code(item['path'])}: {code(str(item[side]))}"
