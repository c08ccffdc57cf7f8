"""The plan for a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from qgov.finding import Finding
from qgov.language.scalars import format_instant
from qgov.plan.changes import Change
from qgov.plan.plan import Plan
from qgov.render.plan_declared import author_text, intent_text
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
    shared,
    verdict,
)
from qgov.render.text import columns, count, page, paint, plain, wrapped

__all__ = ["as_text"]

MOST_DIFFERENCES: Final = 12


def as_text(plan: Plan, colour: bool = False) -> str:
    """The plan: the verdict, what stops it, gains, losses, the rest, what was compared."""
    lines = wrapped(verdict(plan), 0, 2)
    lines[0] = paint(lines[0], str(plan.risk) if plan.risk else "low", colour)
    lines.append(paint(_sides(plan), "quiet", colour))
    lines += intent_text(plan, colour)
    for rail in plan.rails:
        lines += ["", *_rail(rail.rail, rail.message, rail.rail in plan.overridden, colour)]
    for sentence in overrun(plan):
        lines += ["", *(paint(x, "error", colour) for x in wrapped(f"GUARDRAIL {sentence}", 0, 2))]
    lines += _access(plan, colour)
    lines += _money(plan, colour)
    lines += _section("APPROVALS NEEDED", columns(approvals(plan)), colour)
    lines += _findings("NEW FINDINGS", plan.new_findings, colour, hints=True)
    lines += _findings("FIXED FINDINGS", plan.fixed_findings, colour)
    lines += _section("DOCUMENTS", _documents(plan), colour)
    lines += _section("ARTIFACTS", columns((a.change, a.path) for a in plan.artifacts), colour)
    if plan.horizon is not None:
        events = columns((format_instant(e.when), e.what) for e in plan.horizon)
        lines += _section("BY ITSELF", events or ["  nothing in this time"], colour)
    return page([*lines, "", *wrapped(compared(plan), 0)])


def _access(plan: Plan, colour: bool) -> list[str]:
    """The sections of access, what the author gains behind the gains."""
    found: dict[str, list[str]] = {}
    for title, entries in sections(plan):
        body = [line for entry in entries for line in ("", *_entry(entry, colour))]
        found[title] = _section(title.upper(), body[1:], colour)
    gains = found.pop("Gains", [])
    return [*gains, *author_text(plan, colour), *(x for part in found.values() for x in part)]


def _sides(plan: Plan) -> str:
    def name(ref: str, commit: str | None) -> str:
        short = commit[:12] if commit else ""
        return plain(short if not ref or ref == commit else f"{ref} ({short})" if short else ref)

    return f"{name(plan.base.ref, plan.base.commit)} → {name(plan.head.ref, plan.head.commit)}"


def _rail(rail: str, message: str, overridden: bool, colour: bool) -> list[str]:
    how = "overridden" if overridden else f"--override {rail} lets it pass"
    lines = wrapped(f"RAIL {rail}: {message} ({how})", 0, 2)
    return [paint(line, "warning" if overridden else "error", colour) for line in lines]


def _section(title: str, body: Sequence[str], colour: bool) -> list[str]:
    return ["", paint(title, "title", colour), *body] if body else []


def _entry(entry: Entry, colour: bool) -> list[str]:
    risk = str(entry.risk).upper()
    places = entry.places
    who = f"{_verb(entry)} {_where(places)}" if places else f"{_verb(entry)} {entry.reached}"
    first, *rest = wrapped(who, 4 + len(risk), 4 + len(risk))
    lines = [f"  {paint(risk, str(entry.risk), colour)}  {first.lstrip()}", *rest]
    common, own = shared(entry.items)
    label, about = _LABELS[entry.change]
    said = ""
    witnesses = entry.witnesses
    apart = sum(map(bool, witnesses)) > 1
    for item, extra, witness in zip(entry.items, own, witnesses, strict=False):
        if (what := _what(item)) != said:
            lines += _field(label, what)
            said = what
        lines += _field("", _where(item.places)) if places is None else []
        lines += _field("", f"{about} {' · '.join(extra)}") if extra else []
        lines += _field("witness", witness) if witness and apart else []
    if len(entry.items) > MOST_ITEMS:
        lines += _field("", f"and {len(entry.items) - MOST_ITEMS:,} more of lower or equal risk")
    lines += _field(about, " · ".join(common)) if common else []
    lines += _field("witness", "".join(witnesses)) if any(witnesses) and not apart else []
    lines += _field("through", ", ".join(entry.roles))
    lines += _field("risk", entry.reason)
    shown = [f"{c.path}:{c.line}{'' if c.side == 'head' else ' (before)'}" for c in entry.causes]
    return lines + _field("cause", _some(shown, MOST_CAUSES, ", "))


_LABELS: Final = {
    Change.GRANTED: ("may", "when"),
    Change.REVOKED: ("could", "when"),
    Change.WIDENED: ("may", "now"),
    Change.NARROWED: ("may", "now"),
    Change.CHANGED: ("may", "now"),
}
"""How permissions and conditions are introduced."""


def _verb(entry: Entry) -> str:
    return {Change.CHANGED: "conditions changed for"}.get(entry.change, f"{entry.change}:")


def _what(item: Item) -> str:
    what = ", ".join(item.permissions)
    return f"{what} on {', '.join(item.backends)}" if item.backends else what


def _where(places: Sequence[Place]) -> str:
    return _some(
        [f"{p.principal} on {_some(p.scopes, MOST_PLACES, ', ')}" for p in places],
        MOST_PLACES,
        "; ",
    )


def _some(items: Sequence[str], most: int, joint: str) -> str:
    if len(items) <= most:
        return joint.join(items)
    return f"{joint.join(items[:most])} and {len(items) - most:,} more"


def _field(label: str, text: str) -> list[str]:
    first, *rest = wrapped(text, 14)
    return [f"      {label:<8}{first[14:]}", *rest]


def _money(plan: Plan, colour: bool) -> list[str]:
    if (found := money(plan)) is None:
        return []
    amounts, unbounded = found
    body = wrapped(amounts, 2, 4)
    if unbounded:
        body += wrapped(f"no longer stopped: {_some(unbounded, 12, ', ')}", 2, 4)
    return _section("COST EXPOSURE", body, colour)


def _findings(
    title: str, findings: Sequence[Finding], colour: bool, hints: bool = False
) -> list[str]:
    body: list[str] = []
    for (severity, code, remedy), alike in by_rule(findings):
        body.append(f"  {paint(severity, severity, colour)} {code}")
        for finding in alike[:MOST_FINDINGS]:
            body.append(f"    {plain(str(finding.origin))}")
            body += wrapped(finding.message, 6)
        if len(alike) > MOST_FINDINGS:
            body.append(f"    and {len(alike) - MOST_FINDINGS:,} more")
        body += wrapped(f"→ {remedy}", 4, 6) if remedy and hints else []
    return _section(title, body, colour)


def _documents(plan: Plan) -> list[str]:
    real = [d for d in plan.documents if d.is_real]
    body: list[str] = []
    for document in real:
        body += columns([(document.change, document.document, document.path)])
        for item in list(document.diff)[:MOST_DIFFERENCES]:
            body += wrapped(_difference(item), 6, 8)
        if len(document.diff) > MOST_DIFFERENCES:
            body.append(f"      and {len(document.diff) - MOST_DIFFERENCES} more")
    quiet = len(plan.documents) - len(real)
    if quiet:
        body.append(f"  text changed, meaning did not: {count(quiet, 'document')}")
    if real and not plan.access:
        body.append("  the documents changed, access did not")
    return body


def _difference(item: object) -> str:
    assert isinstance(item, dict)
    shown = {
        "added": f"+ {item['after']}",
        "removed": f"- {item['before']}",
        "changed": f"{item['before']} → {item['after']}",
    }[item["change"]]
    return f"{item['path']}: {shown}"
