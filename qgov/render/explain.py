"""Why one request is allowed or denied, as text and JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from qgov.contracts import answers
from qgov.contracts.telling import document_text, tell
from qgov.decision.job_rules import BACKEND_RULES, BUDGET_RULES
from qgov.decision.question import Candidate, Question, candidates, question
from qgov.decision.reference import CONDITIONS, decide
from qgov.decision.request import Decision, Request
from qgov.finding import Origin
from qgov.model.access_model import AccessModel
from qgov.render.conditions import in_words
from qgov.render.text import page, plain, wrapped

__all__ = ["Bound", "Explanation", "Way", "as_json", "as_text", "explanation"]


@dataclass(frozen=True, slots=True)
class Way:
    """A binding that the subject could act through, and what it lacks for that."""

    candidate: Candidate
    lacks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bound:
    """What bounds the job (its backend, a budget), where it is written, and why it stops
    the job."""

    kind: str
    name: str
    origin: Origin
    lacks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The request, the decision, every way that was considered and every bound of the job."""

    request: Request
    decision: Decision
    ways: tuple[Way, ...]
    bounds: tuple[Bound, ...]


def explanation(model: AccessModel, request: Request) -> Explanation:
    """Ask the reference, and keep what it looked at."""
    asked = question(model, request)
    ways = tuple(
        Way(way, tuple(sorted({r for condition in CONDITIONS for r in condition(asked, way)})))
        for way in candidates(asked)
    )
    return Explanation(request, decide(model, request), ways, tuple(_bounds(asked)))


def _bounds(asked: Question) -> Iterator[Bound]:
    if asked.permission is None or not asked.permission.executes:
        return
    backend = asked.model.organization.backends.get(asked.labels.get("backend", ""))
    if backend is not None:
        yield Bound("backend", backend.name, backend.origin, _lacks(BACKEND_RULES, asked))
    for budget in asked.budgets:
        alone = replace(asked, budgets=(budget,))
        origin = budget.source.source.start
        yield Bound("budget", budget.name, origin, _lacks(BUDGET_RULES, alone))


def _lacks(
    rules: Iterable[Callable[[Question], Iterator[str]]], asked: Question
) -> tuple[str, ...]:
    return tuple(sorted({reason for rule in rules for reason in rule(asked)}))


def as_text(model: AccessModel, found: Explanation) -> str:
    """The answer first, then each way with its line."""
    request, decision = found.request, found.decision
    properties = request["resource"].get("properties", {})
    labels = [properties[n] for n in ("tenant", "environment", "project") if n in properties]
    where = "/".join(labels) or "*"
    backend = f" on {properties['backend']}" if "backend" in properties else ""
    subject = request["subject"]
    groups = ", ".join(subject.get("properties", {}).get("groups", []))
    who = f"{subject.get('id')} ({groups})" if groups else str(subject.get("id"))
    verdict = "ALLOW" if decision.allow else f"DENY: {', '.join(decision.reasons)}"
    lines = [verdict, *wrapped(f"{who} {request['action'].get('name')} at {where}{backend}", 0, 2)]
    lines += wrapped(f"warning: {', '.join(decision.warnings)}", 0) if decision.warnings else []
    if not found.ways:
        lines += ["", "no binding of the subject gives this permission there"]
    for way in found.ways:
        binding = way.candidate.binding
        lines.append("")
        lines.append(
            f"{'✗' if way.lacks else '✓'} {plain(binding.principal)} is {plain(binding.role)} on "
            f"{plain(binding.scope)}  {plain(str(binding.origin))}"
        )
        permission = model.roles[binding.role].permission_origin(request["action"]["name"])
        lines.append(f"    the role permits it  {plain(str(permission))}")
        words = in_words(way.candidate.conditions, model.organization.spec.currency)
        lines += wrapped(f"requires {' · '.join(words) or 'nothing more'}", 4, 13)
        if way.lacks:
            lines += wrapped(f"lacks {', '.join(way.lacks)}", 4, 10)
    if found.bounds:
        lines.append("")
    for bound in found.bounds:
        mark, where = "✗" if bound.lacks else "✓", plain(str(bound.origin))
        lines.append(f"{mark} the {bound.kind} {plain(bound.name)}  {where}")
        if bound.lacks:
            lines += wrapped(f"lacks {', '.join(bound.lacks)}", 4, 10)
    return page(lines)


def as_json(found: Explanation) -> str:
    """The document `qgov/explanation/v1`."""
    return document_text(tell(answers.Explanation, found))
