"""The plan for a pull request's comment or a job summary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from qgov.language.scalars import format_instant
from qgov.plan.concerns import ConcernRow
from qgov.plan.documents import DocumentChange
from qgov.plan.plan import Plan
from qgov.render.conditions import joined
from qgov.render.counting import count, more, more_of, shortened, some
from qgov.render.escaping import code, escape
from qgov.render.fitting import Part, fitted, width
from qgov.render.markdown import details, table
from qgov.render.plan_concerns import ConcernSection, reach_of, sides_of, way_of, witness_of
from qgov.render.plan_documents import differences_of
from qgov.render.plan_entries import AccessEntry
from qgov.render.plan_gathered import GatheredEntry, gathered
from qgov.render.plan_markdown_declared import author_part, intent_parts
from qgov.render.plan_view import DELETED, GAINS, LOSSES, OTHER, PlanView, view_of
from qgov.render.plan_words import (
    IN_MARKDOWN,
    MOST_DIFFERENCES,
    MOST_FINDINGS,
    MOST_FIRST,
    MOST_ITEMS,
    MOST_UNBOUNDED,
    NO_CHANGE_IN_TIME,
)
from qgov.repository import Snapshot

__all__ = ["MARKER", "MOST", "as_markdown"]

MARKER: Final = "<!-- qgov-plan -->"
"""The first line, by which a comment is found again and updated in place."""

MOST: Final = 60_000
"""UTF-16 code units. A comment on GitHub holds 65,536 characters, and the poster may need room
for a line above the plan."""

MOST_ROWS: Final = 100
MOST_GUARDRAILS: Final = 12
MOST_APPROVALS: Final = 40
MOST_LISTED: Final = 200

_SIGNS: Final = {"critical": "🟥", "high": "🟧", "medium": "🟨", "low": "🟩"}
_RANKS: Final = {GAINS: 2, LOSSES: 5, OTHER: 6}
"""What is served first where not everything fits: trust, rules, the exposure, gains, intent,
author, losses, other conditions, what else changes beside access, findings, what is folded."""

MOST_VALUE: Final = 400
"""Characters of a value; the JSON has it whole."""

_REST: Final = (
    "**The rest does not fit here: `plan.json` and `report.html` of this plan have all of it.**",
    "",
)


def as_markdown(plan: Plan) -> str:
    """The verdict, what stops it, gains, losses, the rest folded, what was compared.

    At most `MOST` long, for any plan: entries that are alike are put together first, then rows
    are counted instead of told, and a last line says where all of it is. The verdict, the errors,
    the rails and the approvals stay.
    """
    view = view_of(plan)
    risk = f" — {_SIGNS[str(plan.risk)]} {plan.risk} risk" if plan.risk else ""
    last = (
        f"<sub>{escape(view.compared)}; base {code(_name(plan.base))}, head "
        f"{code(_name(plan.head))}</sub>"
    )
    access, behind = _access(view)
    parts = [
        Part([MARKER, f"### {escape(str(view.verdict))}{risk}"]),
        *_blockers(view),
        *(intent_parts(view.intent, rank=3) if view.intent else ()),
        *(Part([f"> ⛔ {line}"]) for line in _stops(view)),
        *(_beside(section, rank=1) for section in view.first),
        *access,
        *_groups(plan),
        *(_beside(section, rank=6) for section in view.then),
        *_exposure(view),
        *_approvals(view),
        *_findings(view),
        *behind,
        *_documents(plan),
    ]
    lines, whole = fitted(parts, MOST - width([*_REST, last]))
    return "\n".join([*lines, *(() if whole else _REST), last]) + "\n"


def _name(side: Snapshot) -> str:
    return side.commit[:12] if side.commit else side.ref


def _blockers(view: PlanView) -> Iterator[Part]:
    """What a reviewer has to see to before anything else: errors, and who must approve."""
    if view.errors:
        yield Part([f"> ⛔ **{escape(view.errors)}**"])
    if view.approvals:
        names = IN_MARKDOWN.names([approval.by for approval in view.approvals], MOST_FIRST)
        yield Part([f"**Must approve**: {names}"])
    if view.nobody:
        yield Part([f"> ⛔ **{escape(view.nobody)}**"])


def _stops(view: PlanView) -> Iterator[str]:
    """The guardrails and rails that the change runs into."""
    for sentence in view.guardrails[:MOST_GUARDRAILS]:
        yield f"**guardrail** {escape(sentence)}"
    if rest := len(view.guardrails[MOST_GUARDRAILS:]):
        yield f"{more(rest)} guardrails"
    for rail, is_overridden in view.rails:
        how = "overridden" if is_overridden else f"`--override {rail.rail}` lets it pass"
        yield f"**{rail.rail}**: {escape(rail.message)} ({how})"


# ---------------------------------------------------------------------------------- access


def _access(view: PlanView) -> tuple[list[Part], list[Part]]:
    """The sections of access, what the author gains after the gains; and, to be folded, who is
    behind what was put together."""
    found: dict[str, Part] = {}
    folded: list[Part] = []
    for title, entries in view.sections:
        known = gathered(entries)
        rows = [row for entry in known for row in _rows(entry)]
        head, rule, *body = table(("risk", "what", "who", "on which conditions", "cause"), rows)
        found[title] = _part(title, [head, rule], body, _RANKS[title], "of access")
        folded += [_listed(entry) for entry in known if isinstance(entry, GatheredEntry)]
    gains = [found.pop(GAINS)] if GAINS in found else []
    author = [author_part(view.author, rank=4)] if view.author else []
    return [*gains, *author, *found.values()], folded


def _rows(found: AccessEntry | GatheredEntry) -> list[list[str]]:
    """A row for each item; the first has its risk, roles and causes, and to how many others it
    applies."""
    entry = found.entry if isinstance(found, GatheredEntry) else found
    rows = [
        ["", IN_MARKDOWN.what(item.what), IN_MARKDOWN.where(item.holders), "", ""]
        for item in entry.items[:MOST_ITEMS]
    ]
    for row, item in zip(rows, entry.items, strict=False):
        row[3] = escape(joined(map(str, item.phrases)))
        row[3] += f"<br>witness: {escape(item.witness)}" if item.witness else ""
    if rest := len(entry.items) - len(rows):
        rows.append(["", f"{more(rest)} of access, of lower or equal risk", "", "", ""])
    rows[0][0] = f"{_SIGNS[str(entry.risk)]} {entry.risk}<br>{escape(entry.reason)}"
    rows[0][1] = f"**{entry.change}** {rows[0][1]}<br>through {IN_MARKDOWN.through(entry.through)}"
    if isinstance(found, GatheredEntry):
        first = IN_MARKDOWN.where(found.holders[:1])
        rows[0][2] = f"**{escape(found.reached)}**, such as<br>{first}"
    rows[0][4] = IN_MARKDOWN.causes(entry.causes)
    return rows


def _listed(found: GatheredEntry) -> Part:
    """Who is behind a row that puts many together, folded."""
    roles = ", ".join(found.entry.roles[:3])
    lines = [f"{IN_MARKDOWN.where([holder])}<br>" for holder in found.holders[:MOST_LISTED]]
    if rest := len(found.holders[MOST_LISTED:]):
        lines.append(more(rest))
    return _fold(escape(f"{found.entry.change} through {roles}: {found.reached}"), lines, rank=9)


# --------------------------------------------------------------------------- beside access


def _beside(section: ConcernSection, rank: int) -> Part:
    """The rows of one concern; what has no room is counted under its name."""
    rows = [
        (
            f"{_SIGNS[str(row.rule.risk)]} {row.rule.risk}<br>{escape(row.rule.reason)}",
            f"{code(row.change.document)}<br>{code(row.change.field)}",
            " → ".join(code(shortened(side, MOST_VALUE)) for side in sides_of(row))
            + "".join(f"<br>{escape(line)}" for line in _about(row)),
            IN_MARKDOWN.names(row.approvers, MOST_APPROVALS) or "**nobody is asked**",
            IN_MARKDOWN.causes([row.cause]),
        )
        for row in section.rows
    ]
    columns = ("risk", "field", "before → after", "who must approve", "cause")
    head, rule, *body = table(columns, rows)
    return _part(section.title, [head, rule], body, rank, f"of {section.concern}")


def _part(title: str, head: Sequence[str], rows: Sequence[str], rank: int, of: str) -> Part:
    """A section with its table; what has no room is counted under its title, with what it is
    about."""
    title = f"#### {title}"
    least = [title, "", f"**{count(len(rows), 'change')} {of} do not fit here.**", ""]
    return Part([title, "", *head], rows, rank=rank, least=least, what=f"changes {of}")


def _groups(plan: Plan) -> Iterator[Part]:
    """The directory groups that go."""
    rows = [
        (
            f"{_SIGNS[str(group.risk)]} {group.risk}<br>{escape(group.reason)}",
            f"{escape(group.message)} ({code(group.provider)})",
            IN_MARKDOWN.names(group.approvers, MOST_APPROVALS) or "**nobody is asked**",
            IN_MARKDOWN.causes([group.cause]),
        )
        for group in plan.groups
    ]
    if rows:
        head, rule, *body = table(("risk", "what", "who must approve", "cause"), rows)
        yield _part(DELETED, [head, rule], body, 5, "of directory groups")


def _about(row: ConcernRow) -> Iterator[str]:
    yield way_of(row)
    if reach := reach_of(row):
        yield f"reaches {reach}"
    if shown := witness_of(row):
        yield f"witness: {shown}"


# ------------------------------------------------------------------------- money, approvals


def _exposure(view: PlanView) -> Iterator[Part]:
    if view.exposure is None:
        return
    first, *rest = map(escape, view.exposure.lines)
    lines = ["#### Cost exposure", "", first, *(f"<br>{line}" for line in rest)]
    if view.exposure.unbounded:
        gone = IN_MARKDOWN.names(view.exposure.unbounded, MOST_UNBOUNDED)
        lines.append(f"<br>no longer stopped: {gone}")
    yield Part(lines, rank=1)


def _approvals(view: PlanView) -> Iterator[Part]:
    """Who must approve, and why; where there are many, those by risk before the owners."""
    found, title = list(view.approvals), "#### Approvals needed"
    if len(found) > MOST_APPROVALS:
        found.sort(key=lambda approval: approval.as_owner)
        title += f" of {len(found):,} groups"
    rows = [
        (code(approval.by), some(map(escape, approval.because), MOST_ITEMS, "; "))
        for approval in found[:MOST_APPROVALS]
    ]
    if rest := [approval.by for approval in found[MOST_APPROVALS:]]:
        rows.append((more(len(rest)), IN_MARKDOWN.names(rest, MOST_LISTED // 2)))
    nobody = [f"> ⛔ **{escape(view.nobody)}**"] if view.nobody else []
    if rows:
        nobody = ["", *nobody] if nobody else []
        yield Part([title, "", *table(("by", "because"), rows), *nobody])
    elif nobody:
        yield Part([title, "", *nobody])


# -------------------------------------------------------------- findings, documents, the rest


def _findings(view: PlanView) -> Iterator[Part]:
    for title, groups, rank in (
        ("New findings", view.new_findings, 7),
        ("Fixed findings", view.fixed_findings, 8),
    ):
        rows: list[tuple[str, str, str]] = []
        for severity, rule, _, findings in groups:
            name = f"{severity} {rule}"
            rows += [(name, escape(f.told), code(str(f.origin))) for f in findings[:MOST_FINDINGS]]
            if rest := len(findings[MOST_FINDINGS:]):
                rows.append((name, more(rest), ""))
        if rows:
            head, line, *body = table(("rule", "what", "where"), rows)
            yield Part([f"#### {title}", "", head, line], body, rank=rank)


def _documents(plan: Plan) -> Iterator[Part]:
    """What changes in the documents and artifacts, and what will by itself, folded."""
    if plan.documents:
        documents = [
            (
                document.change,
                code(document.document),
                code(document.path),
                _differences(document),
            )
            for document in plan.documents[:MOST_ROWS]
        ]
        head = ("change", "document", "file", "difference")
        summary = count(len(plan.documents), "document")
        yield _folded(summary, table(head, documents), plan.documents)
    if plan.artifacts:
        artifacts = [(a.change, code(a.path)) for a in plan.artifacts[:MOST_ROWS]]
        summary = count(len(plan.artifacts), "artifact")
        yield _folded(summary, table(("change", "path"), artifacts), plan.artifacts)
    if plan.horizon is not None:
        events = [(format_instant(event.when), escape(event.what)) for event in plan.horizon]
        lines = table(("when", "what"), events) or [NO_CHANGE_IN_TIME]
        yield _folded("what will change by itself", lines, ())


def _folded(summary: str, lines: Sequence[str], of: Sequence[object]) -> Part:
    """A table of which the last rows may be left out, and what it leaves out by itself."""
    rest = ["", more(len(of) - MOST_ROWS)] if len(of) > MOST_ROWS else []
    return _fold(summary, lines[2:], rank=10, head=lines[:2], tail=rest)


def _fold(
    summary: str,
    rows: Sequence[str],
    *,
    rank: int,
    head: Sequence[str] = (),
    tail: Sequence[str] = (),
) -> Part:
    opened, blank, *_, closing = details(summary, [])
    return Part([opened, blank, *head], rows, (*tail, "", closing, ""), rank)


def _differences(document: DocumentChange) -> str:
    shown, rest = differences_of(document, MOST_DIFFERENCES, whole=False)
    return "<br>".join([*map(_difference, shown), *([more_of(rest)] if rest else [])])


def _difference(item: Mapping[str, Any]) -> str:
    path, before, after = code(item["path"]), code(item["before"]), code(item["after"])
    if item["change"] == "changed":
        return f"{path}: {before} → {after}"
    return f"+ {path}: {after}" if item["change"] == "added" else f"− {path}: {before}"
