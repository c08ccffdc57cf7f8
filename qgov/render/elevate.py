"""The steps that carry elevations out, as text and JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from qgov.contracts import elevate as contract
from qgov.contracts.telling import document_text, tell
from qgov.elevate.steps import Action, Outcome, Refusal, Report, Step
from qgov.language.scalars import format_instant
from qgov.model.principal import name_of
from qgov.render.counting import count
from qgov.render.text import columns, page, paint, plain, wrapped

__all__ = ["as_json", "as_text", "outcome"]

_STYLES: Final = {Action.ADD: "medium", Action.REMOVE: "high", Action.KEEP: "quiet"}


def as_json(report: Report) -> str:
    """The document `qgov/elevate/v1`."""
    return document_text(tell(contract.Elevate, report))


def as_text(report: Report, colour: bool = False) -> str:
    """What is to be done, each step with the elevation that says so, and what cannot be."""
    lines = [paint(_verdict(report), "title", colour)]
    for step in report.steps:
        lines += ["", *_step(step, colour)]
    for refusal in report.refusals:
        lines += ["", *_refusal(refusal, colour)]
    read = [
        (source.name, format_instant(source.read_at), count(source.facts, "fact"))
        for source in report.sources
    ]
    return page([*lines, "", paint("Read", "title", colour), *columns(read)])


def _verdict(report: Report) -> str:
    counts = report.counts
    kept = f"{counts['keep']} kept"
    told = (
        f"TO DO: {counts['add']} to add, {counts['remove']} to remove, {kept}"
        if report.changes
        else f"NOTHING TO DO: {kept}"
    )
    refused = len(report.refusals)
    return told + (f"; {count(refused, 'elevation')} cannot be carried out" if refused else "")


def _step(step: Step, colour: bool) -> Iterator[str]:
    action = paint(str(step.action), _STYLES[step.action], colour)
    yield f"{action}  {plain(step.source)}  {plain(step.group)}"
    yield from wrapped(f"{name_of(step.person)}: {step.message}", 2, 4)
    yield f"    {plain(str(step.origin))}"


def _refusal(refusal: Refusal, colour: bool) -> Iterator[str]:
    yield f"{paint('refused', 'error', colour)}  {plain(refusal.source)}"
    person = name_of(refusal.person)
    yield from wrapped(f"{person}: `{refusal.elevation}` says so, and {refusal.message}", 2, 4)
    yield f"    {plain(str(refusal.origin))}"


def outcome(report: Report, colour: bool = False) -> str:
    """What became of the changes, as it was read again."""
    undone = report.undone
    done = len(report.changes) - len(undone)
    if not undone:
        return page([paint(f"DONE: {count(done, 'change')}, read again", "title", colour)])
    lines = [paint(f"NOT DONE: {len(undone)} of {len(report.changes)}", "title", colour)]
    for step in undone:
        unknown = " (unknown what holds now)" if step.outcome is Outcome.UNKNOWN else ""
        lines += wrapped(
            f"{step.action} {name_of(step.person)} {step.group}{unknown}: {step.failure}", 2, 4
        )
    return page(lines)
