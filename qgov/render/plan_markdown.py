"""The plan for a pull request's comment or a job summary."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from qgov.language.scalars import format_instant
from qgov.plan.causes import Cause
from qgov.plan.plan import Plan
from qgov.render.fitting import Part, fitted, width
from qgov.render.markdown import code, details, escape, table
from qgov.render.plan_declared import author_markdown, intent_markdown
from qgov.render.plan_gathered import Gathered, gathered
from qgov.render.plan_view import (
    MOST_CAUSES,
    MOST_FINDINGS,
    MOST_ITEMS,
    MOST_PLACES,
    Entry,
    Place,
    by_rule,
    compared,
    money,
    overrun,
    sections,
    verdict,
)
from qgov.render.text import count
from qgov.repository import Snapshot

__all__ = ["MARKER", "MOST", "as_markdown"]

MARKER = "<!-- qgov-plan -->"
"""The first line, by which a comment is found again and updated in place."""

MOST: Final = 60_000
"""UTF-16 code units. A comment on GitHub holds 65,536 characters, and who posts the plan may
have to say something of their own above it."""

MOST_ROWS: Final = 100
MOST_DIFFERENCES: Final = 12
MOST_GUARDRAILS: Final = 12
MOST_APPROVALS: Final = 40
MOST_LISTED: Final = 200

_SIGNS = {"critical": "🟥", "high": "🟧", "medium": "🟨", "low": "🟩"}
_HEAD: Final = ("risk", "what", "who", "on which conditions", "cause")
_RANKS: Final = {"Gains": 2, "Losses": 5, "Other conditions": 6}
"""What is served first where not everything fits: gains, intent, author, losses, the rest."""


def as_markdown(plan: Plan) -> str:
    """The verdict, what stops it, gains, losses, the rest folded, what was compared.

    At most `MOST` long whatever the plan: entries that are alike are put together first, then
    rows are counted instead of told, and a last line says where all of it is. The verdict,
    the errors, the rails and the approvals stay.
    """
    risk = f" — {_SIGNS[str(plan.risk)]} {plan.risk} risk" if plan.risk else ""
    last = (
        f"<sub>{escape(compared(plan))}; base {code(_name(plan.base))}, head "
        f"{code(_name(plan.head))}</sub>"
    )
    access, behind = _access(plan)
    parts = [
        Part([MARKER, f"### {escape(verdict(plan))}{risk}"]),
        *_declared(intent_markdown(plan), 3),
        *_stopped(plan),
        *access,
        Part(_money(plan), tail=(), rank=1),
        _approvals(plan),
        *_findings(plan),
        *behind,
        *_folded(plan),
    ]
    lines, whole = fitted(parts, MOST - width([*_REST, last]))
    return "\n".join([*lines, *(() if whole else _REST), last]) + "\n"


_REST: Final = (
    "**The rest does not fit here: `plan.json` and `report.html` of this plan have all of it.**",
    "",
)


def _declared(lines: Sequence[str], rank: int) -> list[Part]:
    """A section that is Markdown already: its errors stay, the rows of its table may not."""
    errors = [line for line in lines if line.startswith("> ⛔")]
    rest = [line for line in lines if line not in errors]
    while errors and rest and not rest[0]:
        del rest[0]
    rows = [line for line in rest if line.startswith("| ")][2:]
    head = [line for line in rest if line not in rows]
    while head and not head[-1]:
        del head[-1]
    return [
        *(Part([line]) for line in errors),
        *([Part(head, rows, rank=rank)] if head else []),
    ]


def _stopped(plan: Plan) -> list[Part]:
    """The guardrails and rails that the change runs into."""
    sentences = overrun(plan)
    said = [f"> ⛔ **guardrail** {escape(sentence)}" for sentence in sentences[:MOST_GUARDRAILS]]
    if len(sentences) > MOST_GUARDRAILS:
        said.append(f"> ⛔ and {len(sentences) - MOST_GUARDRAILS:,} more guardrails")
    for rail in plan.rails:
        how = (
            "overridden"
            if rail.rail in plan.overridden
            else (f"`--override {rail.rail}` lets it pass")
        )
        said.append(f"> ⛔ **{rail.rail}**: {escape(rail.message)} ({how})")
    return [Part([line]) for line in said]


def _access(plan: Plan) -> tuple[list[Part], list[Part]]:
    """The sections of access, what the author gains behind the gains; and, to be folded, who
    stands behind what was put together."""
    found: dict[str, Part] = {}
    folded: list[Part] = []
    for title, entries in sections(plan):
        known = gathered(entries)
        rows = [row for entry in known for row in _rows(entry)]
        head, rule, *body = table(_HEAD, rows)
        found[title] = Part([f"#### {title}", "", head, rule], body, rank=_RANKS[title])
        folded += [_listed(entry) for entry in known if isinstance(entry, Gathered)]
    gains = [found.pop("Gains")] if "Gains" in found else []
    return [*gains, *_declared(author_markdown(plan), 4), *found.values()], folded


def _listed(entry: Gathered) -> Part:
    """Who is behind a row that puts many together, folded."""
    summary = f"{entry.change} through {', '.join(entry.roles[:3])}: {entry.reached}"
    lines = [_who([place]) + "<br>" for place in entry.places[:MOST_LISTED]]
    if len(entry.places) > MOST_LISTED:
        lines.append(f"and {len(entry.places) - MOST_LISTED:,} more")
    head, *body = details(escape(summary), lines)
    return Part([head, body[0]], body[1:-2], (*body[-2:], ""), rank=9)


def _name(side: Snapshot) -> str:
    return side.commit[:12] if side.commit else side.ref


def _rows(entry: Entry | Gathered) -> list[list[str]]:
    """A row for each item; its risk, roles and causes stand in the first."""
    rows = _alike(entry) if isinstance(entry, Gathered) else _items(entry)
    if len(entry.items) > MOST_ITEMS:
        rows.append(["", f"and {len(entry.items) - MOST_ITEMS:,} more", "", "", ""])
    rows[0][0] = f"{_SIGNS[str(entry.risk)]} {entry.risk}<br>{escape(entry.reason)}"
    rows[0][1] = (
        f"**{entry.change}** {rows[0][1]}<br>through "
        f"{', '.join(code(role) for role in entry.roles)}"
    )
    rows[0][4] = _some([_cause(c) for c in entry.causes], MOST_CAUSES)
    return rows


def _items(entry: Entry) -> list[list[str]]:
    return [
        [
            "",
            _permissions(item.permissions, item.backends),
            _who(item.places),
            _conditions(item.phrases, witness),
            "",
        ]
        for item, witness in zip(entry.items[:MOST_ITEMS], entry.witnesses, strict=True)
    ]


def _alike(entry: Gathered) -> list[list[str]]:
    """What many lines do alike: to how many stands in the first row."""
    rows = [
        [
            "",
            _permissions(item.permissions, item.backends),
            "",
            _conditions([*item.phrases, *(["others that differ"] * item.differ)], item.witness),
            "",
        ]
        for item in entry.items[:MOST_ITEMS]
    ]
    rows[0][2] = f"**{escape(entry.reached)}**, such as<br>{_who(entry.places[:1])}"
    return rows


def _conditions(phrases: Sequence[str], witness: str) -> str:
    said = escape(" · ".join(phrases) or "no condition")
    return said + (f"<br>witness: {escape(witness)}" if witness else "")


def _permissions(permissions: Sequence[str], backends: Sequence[str]) -> str:
    what = ", ".join(map(code, permissions))
    return what + (" on " + ", ".join(map(code, backends)) if backends else "")


def _cause(cause: Cause) -> str:
    return code(f"{cause.path}:{cause.line}") + (" before" if cause.side == "base" else "")


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


def _approvals(plan: Plan) -> Part:
    """Who must approve, and why; where there are many, those by risk before the owners."""
    reasons: dict[str, list[str]] = defaultdict(list)
    for approval in plan.approvals:
        reasons[approval.by].append(approval.because)
    if not reasons:
        return Part([], tail=())
    first = list(reasons)
    if len(first) > MOST_APPROVALS:
        first.sort(key=lambda group: all(r.startswith("owner of") for r in reasons[group]))
    rows = [
        (code(group), _some([escape(r) for r in reasons[group]], MOST_ITEMS, "; "))
        for group in first[:MOST_APPROVALS]
    ]
    rest = first[MOST_APPROVALS:]
    if rest:
        named = _some([code(group) for group in rest], MOST_LISTED // 2, ", ")
        rows.append((f"and {len(rest):,} more", named))
    title = "#### Approvals needed" + (f" of {len(first):,} groups" if rest else "")
    return Part([title, "", *table(("by", "because"), rows)])


def _findings(plan: Plan) -> list[Part]:
    parts: list[Part] = []
    for title, findings, rank in (
        ("New findings", plan.new_findings, 7),
        ("Fixed findings", plan.fixed_findings, 8),
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
            head, rule_, *body = table(("rule", "what", "where"), rows)
            parts.append(Part([f"#### {title}", "", head, rule_], body, rank=rank))
    return parts


def _folded(plan: Plan) -> list[Part]:
    found: list[Part] = []
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
            _fold(
                count(len(plan.documents), "document"),
                table(("change", "document", "file", "difference"), rows),
                _more(plan.documents),
            )
        )
    if plan.artifacts:
        paths = [(a.change, code(a.path)) for a in plan.artifacts[:MOST_ROWS]]
        found.append(
            _fold(
                count(len(plan.artifacts), "artifact"),
                table(("change", "path"), paths),
                _more(plan.artifacts),
            )
        )
    if plan.horizon is not None:
        events = [(format_instant(e.when), escape(e.what)) for e in plan.horizon]
        found.append(
            _fold(
                "what will change by itself",
                table(("when", "what"), events) or ["nothing in this time"],
                [],
            )
        )
    return found


def _fold(summary: str, lines: Sequence[str], more: Sequence[str]) -> Part:
    """A folded table of which the last rows may be left out."""
    opened, blank, *_, closing = details(summary, [])
    return Part([opened, blank, *lines[:2]], lines[2:], (*more, "", closing, ""), rank=10)


def _more(items: Sequence[object]) -> list[str]:
    return ["", f"and {len(items) - MOST_ROWS:,} more"] if len(items) > MOST_ROWS else []


def _difference(item: object) -> str:
    assert isinstance(item, dict)
    if item["change"] == "changed":
        return f"{code(item['path'])}: {code(str(item['before']))} → {code(str(item['after']))}"
    sign, side = ("+", "after") if item["change"] == "added" else ("−", "before")
    return f"{sign} {code(item['path'])}: {code(str(item[side]))}"
