"""What the page says besides the view of the plan, as values: the templates lay it out, and
say how much of each is told before the rest is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from qgov.checks.controls import FRAMEWORKS
from qgov.finding import Finding
from qgov.model.access_model import AccessModel
from qgov.plan.documents import DocumentChange
from qgov.plan.plan import Plan
from qgov.plan.risk import Risk
from qgov.render.counting import count
from qgov.render.plan_json import as_value
from qgov.render.plan_view import PlanView, new_errors, view_of
from qgov.render.report.changes import ShownSection, sections_of
from qgov.render.report.circuits import ProofView, proof_of
from qgov.render.report.facts import FactTable, compared_tables, controls
from qgov.render.report.filters import Filters, filters_of
from qgov.render.report.heat import HeatMap, heat_map
from qgov.render.report.lines import Excerpt, Texts, texts, whole
from qgov.render.report.money import Chart, chart
from qgov.render.tables import Row

__all__ = ["Page", "frameworks", "page_of"]

MOST_DOCUMENTS: Final = 60
MOST_LINES: Final = 2_000
MOST_FILES: Final = 200


class Stop(Struct, frozen=True):
    """Something that stops the change, or would have."""

    kind: str
    text: str
    how: str = ""
    overridden: bool = False


class ShownDocument(Struct, frozen=True):
    """A document that changes, and the lines of its file, unless they are `cut` for size."""

    document: DocumentChange
    lines: Excerpt | None
    cut: bool


class Page(Struct, frozen=True):
    """Everything on the page. `reasons` are (risk, why, how many changes), and `controls`
    (framework, rows of the control map)."""

    view: PlanView
    digest: str
    reasons: Sequence[tuple[Risk, str, int]]
    stops: Sequence[Stop]
    filters: Filters
    heat: HeatMap
    sections: Sequence[ShownSection]
    chart: Chart
    tables: Mapping[str, FactTable]
    controls: Sequence[tuple[str, Sequence[Row]]]
    proof: ProofView | None
    documents: Sequence[ShownDocument]


def page_of(
    plan: Plan,
    before: AccessModel | None,
    after: AccessModel | None,
    conformance: Mapping[str, Any] | None,
) -> Page:
    """The values of the page of a plan."""
    view = view_of(plan)
    filters = filters_of(plan.access)
    known = texts(plan, _paths(plan))
    reasons = Counter((change.rule.risk, change.rule.reason) for change in plan.access)
    reasons += Counter((row.rule.risk, row.rule.reason) for row in plan.concerns)
    reasons += Counter((group.risk, group.reason) for group in plan.groups)
    facts, mapped = compared_tables(before, after)
    proof = proof_of(conformance) if conformance is not None else None
    return Page(
        view=view,
        digest=as_value(plan)["digest"],
        reasons=sorted(
            ((risk, why, number) for (risk, why), number in reasons.items()),
            key=lambda item: (-item[0], -item[2], item[1]),
        ),
        stops=list(_stops(view, proof)),
        filters=filters,
        heat=heat_map(plan, before, after, filters),
        sections=list(sections_of(view, known, filters)),
        chart=chart(plan, before, after),
        tables=facts,
        controls=controls(mapped),
        proof=proof,
        documents=list(_documents(plan, known)),
    )


def _paths(plan: Plan) -> list[str]:
    """The files that the page may show lines of."""
    found = [cause.path for change in plan.access for cause in change.causes]
    found += [document.path for document in plan.documents[:MOST_DOCUMENTS]]
    return list(dict.fromkeys(found))[:MOST_FILES]


def _stops(view: PlanView, proof: ProofView | None) -> Iterable[Stop]:
    """What stops the change, most serious first."""
    for sentence in view.guardrails:
        yield Stop("guardrail", sentence)
    if view.intent and view.intent.outside:
        yield Stop("outside the intent", view.intent.outside)
    for rail, is_overridden in view.rails:
        how = "overridden" if is_overridden else f"--override {rail.rail} lets it pass"
        yield Stop(f"rail {rail.rail}", rail.message, how, is_overridden)
    if errors := new_errors(view.plan):
        codes = ", ".join(sorted({finding.code for finding in errors}))
        yield Stop("error", f"{count(len(errors), 'new finding')}: {codes}")
    if proof is not None and not proof.passed:
        yield Stop("conformance", "the compiled policy was not proved")


def frameworks(findings: Iterable[Finding]) -> list[tuple[str, str]]:
    """The controls that some findings touch, under the name of their framework."""
    found: dict[str, list[str]] = {}
    for control in sorted({control for finding in findings for control in finding.controls}):
        framework, _, id_ = control.partition(":")
        found.setdefault(framework, []).append(id_)
    return [(title, ", ".join(found[name])) for name, title in FRAMEWORKS.items() if name in found]


def _documents(plan: Plan, known: Texts) -> Iterable[ShownDocument]:
    """The first documents that change; a file's lines are shown at its first document."""
    seen: set[str] = set()
    left = MOST_LINES
    for found in plan.documents[:MOST_DOCUMENTS]:
        lines = None if found.path in seen else whole(known, found.path)
        left -= sum(map(len, lines.runs)) if lines else 0
        yield ShownDocument(found, lines if left >= 0 else None, cut=left < 0)
        seen.add(found.path)
