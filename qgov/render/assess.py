"""The scorecard as text, Markdown and JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from qgov.assess.item import Evidence, Measure, Plan, Result, State
from qgov.assess.scorecard import Scorecard
from qgov.contracts.assessment import Assessment
from qgov.contracts.telling import document_text, tell
from qgov.render.counting import more
from qgov.render.escaping import code, escape, ticked
from qgov.render.markdown import table
from qgov.render.text import page, paint, wrapped

__all__ = ["MOST_PLACES", "TITLES", "as_json", "as_markdown", "as_text"]

TITLES: Final = {
    Plan.FOUNDATION: "30-day foundation",
    Plan.MATURITY: "90-day maturity",
    Plan.GOOD: "After the pilot",
}
MOST_PLACES: Final = 3
"""Places that a measure names in text and Markdown; the rest is counted."""

_WORST_FIRST: Final = tuple(State)
_STYLES: Final = {State.MISSING: "error", State.PARTLY: "warning", State.DONE: "low"}
_SIGNS: Final = {State.MISSING: "🔴", State.PARTLY: "🟡", State.DONE: "🟢"}


def score(results: Sequence[Result]) -> str:
    """`5 of 6 done, 1 partly`."""
    found = Counter(result.state for result in results)
    behind = [f"{found[s]} {s}" for s in (State.PARTLY, State.MISSING) if found[s]]
    return ", ".join([f"{found[State.DONE]} of {len(results)} done", *behind])


def as_text(card: Scorecard, colour: bool = False) -> str:
    """The score, then each plan with what is missing before what is done."""
    lines = [f"{title}: {score(card.of(plan))}" for plan, title in TITLES.items()]
    for plan, title in TITLES.items():
        lines += ["", paint(title.upper(), "title", colour)]
        for result in _worst_first(card.of(plan)):
            lines += _text(result, colour)
    return page(lines)


def _worst_first(results: Sequence[Result]) -> list[Result]:
    return sorted(results, key=lambda result: _WORST_FIRST.index(result.state))


def _text(result: Result, colour: bool) -> list[str]:
    state = str(result.state)
    sign = paint(f"{state.upper():<9}", _STYLES[result.state], colour)
    lines = [f"  {sign}{result.item.title}"]
    for measure in _lacking_first(result.measures):
        lines += wrapped(f"{_said(measure)}  {_where(_shown(measure))}".rstrip(), 11, 13)
        shown, rest = _lacking(measure)
        for evidence in shown:
            lines += wrapped(f"{evidence.says}  {_where(evidence)}".rstrip(), 13, 15)
        if rest:
            lines.append(f"{' ' * 13}{more(rest)}")
    for step in result.next_steps:
        lines += wrapped(f"→ {step}", 11, 13)
    if result.item.not_seen:
        lines += wrapped(f"not seen here: {result.item.not_seen}", 11, 13)
    return lines


def _lacking_first(measures: Sequence[Measure]) -> list[Measure]:
    return sorted(measures, key=lambda measure: measure.full)


def _said(measure: Measure) -> str:
    if not measure.total:
        return f"✗ not seen here: {measure.what}"
    sign = "✓" if measure.full else "✗"
    return f"{sign} {measure.held:,} of {measure.total:,} {measure.what}"


def _shown(measure: Measure) -> Evidence | None:
    """One place that shows what is meant, where nothing is missing."""
    return next((e for e in measure.evidence if e.origin), None) if measure.full else None


def _lacking(measure: Measure) -> tuple[list[Evidence], int]:
    """The places that a reader has to look up, and how many more there are."""
    lacking = [evidence for evidence in measure.evidence if not evidence.holds]
    return lacking[:MOST_PLACES], max(0, len(lacking) - MOST_PLACES)


def _where(evidence: Evidence | None) -> str:
    origin = evidence.origin if evidence else None
    return f"{origin.path}:{origin.line}" if origin else ""


def as_markdown(card: Scorecard) -> str:
    """A table for each plan; what is missing comes first."""
    lines = ["### Scorecard", ""]
    lines += [f"- **{title}**: {score(card.of(plan))}" for plan, title in TITLES.items()]
    for plan, title in TITLES.items():
        rows = [_row(result) for result in _worst_first(card.of(plan))]
        lines += ["", f"#### {title}", ""]
        lines += table(("", "item", "what shows it", "next step"), rows)
    return page(lines)


def _row(result: Result) -> tuple[str, str, str, str]:
    shows = []
    for measure in _lacking_first(result.measures):
        lacking, rest = _lacking(measure)
        shows.append(_with_place(_said(measure), _shown(measure)))
        shows += [f"&emsp;{_with_place(evidence.says, evidence)}" for evidence in lacking]
        shows += [f"&emsp;{more(rest)}"] if rest else []
    if result.item.not_seen:
        shows.append(f"not seen here: {escape(result.item.not_seen)}")
    return (
        f"{_SIGNS[result.state]} {result.state}",
        escape(result.item.title),
        "<br>".join(shows),
        "<br>".join(map(ticked, result.next_steps)),
    )


def _with_place(text: str, evidence: Evidence | None) -> str:
    where = _where(evidence)
    return f"{ticked(text)} {code(where)}" if where else ticked(text)


def as_json(card: Scorecard) -> str:
    """The document `qgov/assessment/v1`."""
    plans = [(plan, title, card.of(plan)) for plan, title in TITLES.items()]
    return document_text(tell(Assessment, (plans, card.results)))
