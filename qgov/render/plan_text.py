"""The plan for a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from qgov.language.scalars import format_instant
from qgov.plan.changes import Change
from qgov.plan.concerns import ConcernRow
from qgov.plan.intent import OUTSIDE
from qgov.plan.plan import Plan
from qgov.plan.risk import Risk
from qgov.render.counting import count, more, more_of, some
from qgov.render.escaping import no_command
from qgov.render.plan_concerns import ConcernSection, reach_of, sides_of, way_of, witness_of
from qgov.render.plan_documents import differences_of
from qgov.render.plan_entries import AccessEntry, Phrase
from qgov.render.plan_view import (
    DELETED,
    GAINS,
    AlikeFindings,
    AuthorView,
    IntentView,
    PlanView,
    UnmetGroup,
    short_name,
    view_of,
)
from qgov.render.plan_words import (
    IN_TEXT,
    MOST_DIFFERENCES,
    MOST_FINDINGS,
    MOST_FIRST,
    MOST_HOLDERS,
    MOST_ITEMS,
    MOST_UNBOUNDED,
    NO_CHANGE_IN_TIME,
    NO_GROUPS,
    NOTHING_ELSE,
    REMEDY,
)
from qgov.render.text import columns, page, paint, plain, wrapped

__all__ = ["as_text"]


def as_text(plan: Plan, colour: bool = False) -> str:
    """The plan: the verdict, what stops it, trust and rules, gains, losses, the rest, what was
    compared."""
    view = view_of(plan)
    lines = wrapped(no_command(str(view.verdict)), 0, 2)
    lines[0] = paint(lines[0], str(plan.risk) if plan.risk else "low", colour)
    sides = f"{short_name(plan.base)} → {short_name(plan.head)}"
    lines.append(paint(plain(sides), "quiet", colour))
    lines += _blockers(view, colour)
    lines += _intent(view.intent, colour) if view.intent else []
    lines += _stops(view, colour)
    lines += _beside(view.first, colour)
    lines += _access(view, colour)
    lines += _groups(plan, colour)
    lines += _beside(view.then, colour)
    if view.exposure is not None:
        lines += _section("COST EXPOSURE", list(_exposure(view)), colour)
    approvals = columns((a.by, "; ".join(a.because)) for a in view.approvals)
    if view.nobody:
        approvals += _painted(wrapped(view.nobody, 2, 4), "error", colour)
    lines += _section("APPROVALS NEEDED", approvals, colour)
    lines += _section("NEW FINDINGS", list(_findings(view.new_findings, colour, True)), colour)
    lines += _section("FIXED FINDINGS", list(_findings(view.fixed_findings, colour)), colour)
    lines += _section("DOCUMENTS", list(_documents(plan)), colour)
    lines += _section("ARTIFACTS", columns((a.change, a.path) for a in plan.artifacts), colour)
    if plan.horizon is not None:
        events = columns((format_instant(e.when), e.what) for e in plan.horizon)
        lines += _section("BY ITSELF", events or [f"  {NO_CHANGE_IN_TIME}"], colour)
    return page([*lines, "", *wrapped(view.compared, 0)])


def _section(title: str, body: Sequence[str], colour: bool) -> list[str]:
    return ["", paint(title, "title", colour), *body] if body else []


def _painted(lines: Sequence[str], style: str, colour: bool) -> list[str]:
    return [paint(line, style, colour) for line in lines]


def _blockers(view: PlanView, colour: bool) -> list[str]:
    """What a reviewer has to see to before anything else: errors, and who must approve."""
    lines = _painted(wrapped(view.errors, 0, 2), "error", colour) if view.errors else []
    if view.approvals:
        groups = IN_TEXT.names([approval.by for approval in view.approvals], MOST_FIRST)
        lines += wrapped(f"must approve: {groups}", 0, 2)
    return [*lines, *(_painted(wrapped(view.nobody, 0, 2), "error", colour) if view.nobody else [])]


def _stops(view: PlanView, colour: bool) -> Iterator[str]:
    for rail, is_overridden in view.rails:
        how = "overridden" if is_overridden else f"--override {rail.rail} lets it pass"
        said = wrapped(f"RAIL {rail.rail}: {rail.message} ({how})", 0, 2)
        yield from ("", *_painted(said, "warning" if is_overridden else "error", colour))
    for sentence in view.guardrails:
        yield from ("", *_painted(wrapped(f"GUARDRAIL {sentence}", 0, 2), "error", colour))


# ---------------------------------------------------------------------------------- access


def _access(view: PlanView, colour: bool) -> list[str]:
    """The sections of access, what the author gains after the gains."""
    found: dict[str, list[str]] = {}
    for title, entries in view.sections:
        body = [line for entry in entries for line in ("", *_entry(entry, colour))]
        found[title] = _section(title.upper(), body[1:], colour)
    gains = found.pop(GAINS, [])
    author = _author(view.author, colour) if view.author else []
    return [*gains, *author, *(line for part in found.values() for line in part)]


_LABELS: Final = {Change.GRANTED: ("may", "when"), Change.REVOKED: ("could", "when")}
"""How permissions and conditions are introduced; otherwise `may` and `now`."""


def _entry(entry: AccessEntry, colour: bool) -> list[str]:
    verb = f"{entry.verb} for" if entry.change is Change.CHANGED else f"{entry.verb}:"
    is_alike = bool(entry.holders)
    lines = _head(entry.risk, f"{verb} {IN_TEXT.where(entry.holders) or entry.reached}", 2, colour)
    label, about = _LABELS.get(entry.change, ("may", "now"))
    said = ""
    common = entry.common
    witnesses = [item.witness for item in entry.items if item.witness]
    for item in entry.items:
        if (what := IN_TEXT.what(item.what)) != said:
            lines += _field(label, what)
            said = what
        lines += [] if is_alike else _field("", IN_TEXT.where(item.holders))
        own = [phrase for phrase in item.phrases if phrase not in common]
        lines += _field("", f"{about} {_said(own)}") if own else []
        lines += _field("witness", item.witness) if item.witness and witnesses[1:] else []
    lines += _field(about, _said(common)) if common else []
    lines += _field("witness", witnesses[0]) if len(witnesses) == 1 else []
    lines += _field("through", IN_TEXT.through(entry.through))
    lines += _field("risk", entry.reason)
    return lines + _field("cause", IN_TEXT.causes(entry.causes))


def _head(risk: Risk, text: str, indent: int, colour: bool) -> list[str]:
    """The risk, and beside it what happens."""
    word = str(risk).upper()
    first, *rest = wrapped(text, indent + 2 + len(word))
    return [f"{' ' * indent}{paint(word, str(risk), colour)}  {first.lstrip()}", *rest]


def _said(phrases: Sequence[Phrase]) -> str:
    return " · ".join(map(str, phrases))


def _field(label: str, text: str) -> list[str]:
    first, *rest = wrapped(text, 14)
    return [f"      {label:<8}{first[14:]}", *rest]


# --------------------------------------------------------------------------- beside access


def _beside(sections: Sequence[ConcernSection], colour: bool) -> list[str]:
    """Every row of some concerns: none is left out."""
    lines: list[str] = []
    for _, title, rows in sections:
        body = [line for row in rows for line in ("", *_row(row, colour))]
        lines += _section(title.upper(), body[1:], colour)
    return lines


def _row(row: ConcernRow, colour: bool) -> list[str]:
    change = row.change
    before, after = sides_of(row)
    lines = _head(row.rule.risk, f"{change.document}: {change.field}", 2, colour)
    lines += _field("change", f"{before} → {after} ({way_of(row)})")
    lines += _field("reaches", reach) if (reach := reach_of(row)) else []
    lines += _field("witness", shown) if (shown := witness_of(row)) else []
    lines += _field("risk", row.rule.reason)
    lines += _field("approve", ", ".join(row.approvers) or "nobody is asked")
    return lines + _field("cause", IN_TEXT.causes([row.cause]))


def _groups(plan: Plan, colour: bool) -> list[str]:
    """Every directory group that goes: none is left out."""
    body: list[str] = []
    for group in plan.groups:
        body += ["", *_head(group.risk, group.message, 2, colour)]
        body += _field("of", group.provider)
        body += _field("risk", group.reason)
        body += _field("approve", ", ".join(group.approvers) or "nobody is asked")
        body += _field("cause", IN_TEXT.causes([group.cause]))
    return _section(DELETED.upper(), body[1:], colour)


# ------------------------------------------------------------------------ intent and author


def _intent(view: IntentView, colour: bool) -> list[str]:
    """What is outside of it first."""
    lines = wrapped(f"declared in {view.path}", 2)
    if view.outside:
        said = wrapped(f"error {OUTSIDE} outside the intent: {view.outside}", 2, 4)
        lines += _painted([*said, *wrapped(f"→ {REMEDY}", 4)], "error", colour)
    lines += [line for field in view.fields for line in wrapped(field, 4, 6)]
    for part in view.parts:
        if part.is_error:
            lines += _briefs(part.entries, colour)
    if view.unmet:
        lines += [paint("  not achieved", "warning", colour), *_unmet(view.unmet)]
    if view.is_met:
        lines.append(f"  {NOTHING_ELSE}")
    for part in view.parts:
        if not part.is_error:
            lines += [f"  {part.title}", *_briefs(part.entries, colour)]
    return _section("INTENT", lines, colour)


def _author(view: AuthorView, colour: bool) -> list[str]:
    who = f"{view.id} ({IN_TEXT.names(view.groups) or NO_GROUPS})"
    lines = wrapped(who if view.entries else f"{who}: nothing", 2, 4)
    return _section("WHAT THE AUTHOR GAINS", [*lines, *_briefs(view.entries, colour)], colour)


def _briefs(entries: Sequence[AccessEntry], colour: bool) -> list[str]:
    """Which accesses; the sections of access say the rest."""
    lines: list[str] = []
    for entry in entries[:MOST_ITEMS]:
        indent = 6 + len(str(entry.risk))
        parts = entry.by_holders
        who = IN_TEXT.where(parts[0][0]) if len(parts) == 1 else entry.reached
        lines += _head(entry.risk, f"{entry.verb}: {who}", 4, colour)
        for holders, what in parts[:MOST_HOLDERS]:
            lines += wrapped(IN_TEXT.all_of(what), indent)
            lines += wrapped(IN_TEXT.where(holders), indent + 2) if parts[1:] else []
        lines += _rest(parts, MOST_HOLDERS, indent)
        lines += wrapped(IN_TEXT.causes(entry.causes), indent)
    return [*lines, *_rest(entries, MOST_ITEMS, 4)]


def _unmet(groups: Sequence[UnmetGroup]) -> Iterator[str]:
    for unmet, number in groups[:MOST_ITEMS]:
        wanted = unmet.wanted
        who = f"{wanted.principal} on {wanted.scope}"
        backend = f" with {wanted.backend}" if wanted.backend != "*" else ""
        alike = f", {more(number - 1)}" if number > 1 else ""
        yield f"    {plain(f'{wanted.origin.path}:{wanted.origin.line}')}"
        yield from wrapped(f"{wanted.verb} {wanted.permission}: {who}{backend}{alike}", 6)
        yield from wrapped(unmet.why, 6)
    yield from _rest(groups, MOST_ITEMS, 4)


def _rest(items: Sequence[object], most: int, indent: int) -> list[str]:
    """The line that counts what is not told."""
    return [f"{' ' * indent}{more(len(items) - most)}"] if len(items) > most else []


# ------------------------------------------------------------------- money, findings, documents


def _exposure(view: PlanView) -> Iterator[str]:
    assert view.exposure is not None
    for line in view.exposure.lines:
        yield from wrapped(line, 2, 4)
    if view.exposure.unbounded:
        gone = some(view.exposure.unbounded, MOST_UNBOUNDED)
        yield from wrapped(f"no longer stopped: {gone}", 2, 4)


def _findings(
    groups: Sequence[AlikeFindings], colour: bool, remedies: bool = False
) -> Iterator[str]:
    for severity, code, remedy, findings in groups:
        yield f"  {paint(severity, severity, colour)} {code}"
        for finding in findings[:MOST_FINDINGS]:
            yield f"    {plain(str(finding.origin))}"
            yield from wrapped(finding.told, 6)
        yield from _rest(findings, MOST_FINDINGS, 4)
        if remedy and remedies:
            yield from wrapped(f"→ {remedy}", 4, 6)


def _documents(plan: Plan) -> Iterator[str]:
    real = [document for document in plan.documents if document.is_real]
    for document in real:
        yield from columns([(document.change, document.document, document.path)])
        shown, rest = differences_of(document, MOST_DIFFERENCES)
        for item in shown:
            yield from wrapped(f"{item['path']}: {_difference(item)}", 6, 8)
        yield from wrapped(more_of(rest), 6) if rest else ()
    if quiet := len(plan.documents) - len(real):
        yield f"  text changed, meaning did not: {count(quiet, 'document')}"
    if real and not (plan.access or plan.concerns or plan.groups):
        yield "  the documents changed, for people alone"


def _difference(item: Mapping[str, Any]) -> str:
    if item["change"] == "changed":
        return f"{item['before']} → {item['after']}"
    return f"+ {item['after']}" if item["change"] == "added" else f"- {item['before']}"
