"""What the page says, as values: the templates only lay it out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from qgov.checks.controls import FRAMEWORKS
from qgov.finding import Finding, Severity
from qgov.language.scalars import format_instant
from qgov.model.access_model import AccessModel
from qgov.plan.documents import DocumentChange
from qgov.plan.plan import Plan
from qgov.plan.risk import Risk
from qgov.render.plan_json import as_value
from qgov.render.plan_view import approvals, by_rule, clause, compared, overrun, verdict
from qgov.render.report.changes import Section, sections_of
from qgov.render.report.circuits import Proof, proof_of
from qgov.render.report.declared import By, Intent, author_of, intent_of
from qgov.render.report.facts import Compared, compared_tables, controls
from qgov.render.report.filters import Filters, filters_of
from qgov.render.report.heat import HEAT, SIGNS, HeatMap, heat_map
from qgov.render.report.lines import Excerpt, Texts, texts, whole
from qgov.render.report.money import Chart, chart
from qgov.render.text import count
from qgov.repository import Snapshot

__all__ = ["Page", "page_of"]

MOST_REASONS: Final = 4
MOST_FINDINGS: Final = 12
MOST_RULES: Final = 60
MOST_DOCUMENTS: Final = 60
MOST_DIFFERENCES: Final = 40
MOST_LINES: Final = 2_000
MOST_ARTIFACTS: Final = 200
MOST_EVENTS: Final = 100
MOST_FILES: Final = 200
MOST_SAID: Final = 600


@dataclass(frozen=True, slots=True)
class Stop:
    """Something that stops the change, or would have."""

    kind: str
    text: str
    how: str
    overridden: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """Findings of one rule, with the same remedy."""

    severity: str
    code: str
    remedy: str
    controls: tuple[tuple[str, str], ...]
    findings: tuple[Finding, ...]
    more: int


@dataclass(frozen=True, slots=True)
class Changed:
    """A document that changes: differences in words, and the lines of its file, unless they
    are `cut` for size."""

    document: str
    path: str
    change: str
    differences: tuple[tuple[str, str, str, str], ...]
    more: int
    lines: Excerpt | None
    cut: bool


@dataclass(frozen=True, slots=True)
class Page:
    """Everything on the page, in its order."""

    word: str
    told: str
    risk: Risk | None
    base: str
    head: str
    digest: str
    counts: tuple[tuple[str, int], ...]
    reasons: tuple[tuple[Risk, str, int], ...]
    more_reasons: int
    approvals: tuple[tuple[str, str], ...]
    stops: tuple[Stop, ...]
    compared: str
    intent: Intent | None
    author: By | None
    filters: Filters
    heat: HeatMap
    degrees: tuple[str, ...]
    signs: Mapping[Any, str]
    sections: tuple[Section, ...]
    new: tuple[Rule, ...]
    fixed: tuple[Rule, ...]
    more_rules: int
    chart: Chart
    tables: Mapping[str, Compared]
    controls: tuple[tuple[str, list[tuple[str, ...]]], ...]
    proof: Proof | None
    horizon: tuple[tuple[str, str, str], ...] | None
    more_events: int
    documents: tuple[Changed, ...]
    more_documents: int
    artifacts: tuple[tuple[str, str], ...]
    more_artifacts: int


def page_of(
    plan: Plan,
    before: AccessModel | None,
    after: AccessModel | None,
    conformance: Mapping[str, Any] | None,
) -> Page:
    """The values of the page of a plan."""
    word, _, told = verdict(plan).partition(": ")
    filters = filters_of(plan.access)
    known = texts(plan, _paths(plan))
    reasons = sorted(
        Counter((c.rule.risk, c.rule.reason) for c in plan.access).items(),
        key=lambda item: (-item[0][0], -item[1], item[0][1]),
    )
    facts, mapped = compared_tables(before, after)
    proof = proof_of(conformance) if conformance is not None else None
    new, fixed = _rules(plan.new_findings), _rules(plan.fixed_findings)
    events = plan.horizon or ()
    return Page(
        word=word.capitalize(),
        told=told,
        risk=plan.risk,
        base=_side(plan.base),
        head=_side(plan.head),
        digest=as_value(plan)["digest"],
        counts=tuple((kind, number) for kind, number in plan.counts.items() if number),
        reasons=tuple((risk, why, n) for (risk, why), n in reasons[:MOST_REASONS]),
        more_reasons=sum(n for _, n in reasons[MOST_REASONS:]),
        approvals=tuple(approvals(plan)),
        stops=tuple(_stops(plan, proof)),
        compared=compared(plan),
        intent=intent_of(plan.intent, plan.currency) if plan.intent else None,
        author=author_of(plan.author, plan.currency) if plan.author else None,
        filters=filters,
        heat=heat_map(plan, before, after, filters),
        degrees=HEAT,
        signs=SIGNS,
        sections=tuple(sections_of(plan, known, filters)),
        new=new[:MOST_RULES],
        fixed=fixed[:MOST_RULES],
        more_rules=len(new[MOST_RULES:]) + len(fixed[MOST_RULES:]),
        chart=chart(plan, before, after),
        tables=facts,
        controls=tuple(controls(mapped)),
        proof=proof,
        horizon=None
        if plan.horizon is None
        else tuple((format_instant(e.when), e.what, e.document) for e in events[:MOST_EVENTS]),
        more_events=len(events[MOST_EVENTS:]),
        documents=tuple(_documents(plan, known)),
        more_documents=len(plan.documents[MOST_DOCUMENTS:]),
        artifacts=tuple((a.change, a.path) for a in plan.artifacts[:MOST_ARTIFACTS]),
        more_artifacts=len(plan.artifacts[MOST_ARTIFACTS:]),
    )


def _paths(plan: Plan) -> list[str]:
    """The files that the page may show lines of."""
    found = [cause.path for change in plan.access for cause in change.causes]
    found += [document.path for document in plan.documents[:MOST_DOCUMENTS]]
    return list(dict.fromkeys(found))[:MOST_FILES]


def _side(side: Snapshot) -> str:
    short = side.commit[:12] if side.commit else ""
    if not side.ref or side.ref == side.commit:
        return short
    return f"{side.ref} ({short})" if short else side.ref


def _stops(plan: Plan, proof: Proof | None) -> Iterable[Stop]:
    """What stops the change, most of all first."""
    for sentence in overrun(plan):
        yield Stop("guardrail", sentence, "", overridden=False)
    if plan.unintended:
        yield Stop("outside the intent", clause("gain", plan.unintended), "", overridden=False)
    for rail in plan.rails:
        let = rail.rail in plan.overridden
        how = "overridden" if let else f"--override {rail.rail} lets it pass"
        yield Stop(f"rail {rail.rail}", rail.message, how, let)
    errors = [f.code for f in plan.new_findings if f.severity is Severity.ERROR]
    if errors:
        found = count(len(errors), "new finding")
        yield Stop("error", f"{found}: {', '.join(sorted({*errors}))}", "", overridden=False)
    if proof is not None and not proof.passed:
        yield Stop("conformance", "the compiled policy was not proved", "", overridden=False)


def _rules(findings: Iterable[Finding]) -> tuple[Rule, ...]:
    return tuple(
        Rule(
            severity,
            code,
            remedy,
            _controls({control for finding in alike for control in finding.controls}),
            tuple(alike[:MOST_FINDINGS]),
            len(alike[MOST_FINDINGS:]),
        )
        for (severity, code, remedy), alike in by_rule(findings)
    )


def _controls(ids: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Controls under the name of their framework."""
    found: dict[str, list[str]] = {}
    for control in sorted(ids):
        framework, _, id_ = control.partition(":")
        found.setdefault(framework, []).append(id_)
    return tuple((FRAMEWORKS[name], ", ".join(found[name])) for name in FRAMEWORKS if name in found)


def _documents(plan: Plan, known: Texts) -> Iterable[Changed]:
    """The first documents that change; the lines of a file stand at its first document."""
    seen: set[str] = set()
    left = MOST_LINES
    for found in plan.documents[:MOST_DOCUMENTS]:
        lines = None if found.path in seen else whole(known, found.path)
        left -= sum(map(len, lines.runs)) if lines else 0
        yield _changed(found, lines if left >= 0 else None, cut=left < 0)
        seen.add(found.path)


def _changed(found: DocumentChange, lines: Excerpt | None, *, cut: bool) -> Changed:
    return Changed(
        found.document,
        found.path,
        found.change,
        tuple(_difference(item) for item in found.diff[:MOST_DIFFERENCES]),
        len(found.diff[MOST_DIFFERENCES:]),
        lines,
        cut,
    )


def _difference(item: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """(how, where, before, after)."""
    before, after = (_value(item[side]) for side in ("before", "after"))
    return (
        item["change"],
        str(item["path"]),
        "" if item["change"] == "added" else before,
        "" if item["change"] == "removed" else after,
    )


def _value(value: object) -> str:
    text = str(value)
    left = len(text) - MOST_SAID
    return f"{text[:MOST_SAID]} … {left:,} more characters" if left > 0 else text
