"""The files of an evidence pack, from what was planned, assessed and proven.

A function of the two commits, the options and the version of qgov; nothing else goes in. To add a
file, add a row to `_FILES`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from msgspec import Struct

from qgov import __version__
from qgov.contracts import evidence as contract
from qgov.contracts.telling import document_text
from qgov.evidence.compressed import compressed
from qgov.evidence.oscal import Assessment, assessment_results, component_definition
from qgov.evidence.procedure import steps
from qgov.evidence.proof import ENGINE, Proof
from qgov.finding import Finding
from qgov.model.access_model import AccessModel
from qgov.output.manifest import manifest_of, manifest_text
from qgov.plan.plan import Plan
from qgov.render.conformance import as_json as conformance_json
from qgov.render.conformance import as_junit
from qgov.render.findings import as_sarif
from qgov.render.markdown import code, escape, table
from qgov.render.plan_json import as_value
from qgov.render.plan_markdown import as_markdown
from qgov.render.plan_view import verdict
from qgov.render.report import as_html
from qgov.render.tables import Table, as_csv, tables
from qgov.targets import emit, targets

__all__ = ["PACK", "Evidence", "contents", "predicate"]

PACK: Final = "pack.json"


class Evidence(Struct, frozen=True):
    """What a pack is made of. `before` and `after` are the whole models of the two commits
    (None: the empty repository); `findings` are the head's; `options` is what `qgov plan` was
    asked besides the commits, as JSON values; `intent` is the declared intent as (file name,
    bytes)."""

    plan: Plan
    before: AccessModel | None
    after: AccessModel
    findings: Sequence[Finding]
    proof: Proof
    time: datetime
    options: contract.Options
    intent: tuple[str, bytes] | None = None

    @property
    def organization(self) -> str:
        """Whose access it is about."""
        return self.after.organization.name


def contents(evidence: Evidence) -> dict[str, bytes]:
    """Every file of the pack, its statement and manifest apart."""
    files = {path: make(evidence) for path, _, make in _FILES}
    abouts = {path: about for path, about, _ in _FILES}
    for path, about, content in _many(evidence):
        files[path], abouts[path] = content, about
    files[PACK] = _json(_index(evidence, abouts))
    files["README.md"] = _readme(evidence, abouts)
    return dict(sorted(files.items()))


def predicate(evidence: Evidence) -> contract.Predicate:
    """What the statement says of the pack."""
    value = as_value(evidence.plan)
    return {
        "base": evidence.plan.base.commit,
        "head": evidence.plan.head.commit,
        "plan": value["digest"],
        "verdict": value["verdict"],
        "risk": value["summary"]["risk"],
        "qgov_version": __version__,
    }


def _json(value: Mapping[str, Any]) -> bytes:
    return document_text(value).encode()


def _index(evidence: Evidence, abouts: Mapping[str, str]) -> contract.Evidence:
    return {
        "schema": "qgov/evidence/v1",
        **predicate(evidence),
        "engine": ENGINE,
        "options": evidence.options,
        "files": [{"path": path, "about": abouts[path]} for path in sorted(abouts)],
    }


def _many(evidence: Evidence) -> Iterator[tuple[str, str, bytes]]:
    """The files of which there are several of a kind."""
    before = {each.name: each for each in tables(evidence.before)}
    for each in tables(evidence.after):
        yield f"tables/{each.name}.csv", f"{each.title}, at the head", as_csv(each)
        if each.name == "access":
            former = before[each.name]
            yield "tables/access-before.csv", f"{each.title}, at the base", as_csv(former)
    for name, log in evidence.proof.samples.items():
        about = "Sample audit events of conformance; `qgov audit verify` reads them"
        yield f"audit/{name}", about, log
    if evidence.intent is not None:
        name, content = evidence.intent
        yield name, "The declared intent, as it was given", content


def _assessment(evidence: Evidence) -> Assessment:
    return Assessment(
        evidence.organization,
        str(evidence.plan.head.commit),
        evidence.time,
        evidence.findings,
        evidence.proof.document["summary"],
    )


def _incident_response(evidence: Evidence) -> bytes:
    lines = [f"# Incident response of {escape(evidence.organization)}", ""]
    for number, (title, sentences) in enumerate(steps(evidence.after), 1):
        lines += [f"## {number}. {title}", "", *(f"- {escape(s)}" for s in sentences), ""]
    return _text(lines)


def _policies(evidence: Evidence) -> bytes:
    """The policies that people ask for by name, in one page."""
    found = {each.name: each for each in tables(evidence.after)}
    wanted = ("authentication", "roles", "quotas", "retention", "residency", "vendors")
    lines = [f"# Policies of {escape(evidence.organization)}", ""]
    for name in wanted:
        lines += [f"## {found[name].title}", "", *_table(found[name]), ""]
    return _text(lines)


def _controls(evidence: Evidence) -> bytes:
    """The page of controls that `qgov compile` writes of the head."""
    return targets()["controls"].emit(evidence.after)["docs/controls.md"]


def _table(found: Table) -> list[str]:
    rows = [[escape(cell) for cell in row] for row in found.rows]
    return table(found.columns, rows) or ["Nothing is declared."]


def _text(lines: Sequence[str]) -> bytes:
    return ("\n".join(lines).rstrip("\n") + "\n").encode(errors="backslashreplace")


def _readme(evidence: Evidence, abouts: Mapping[str, str]) -> bytes:
    plan = evidence.plan
    rows = [(code(path), about) for path, about in sorted(abouts.items())]
    return _text(
        [
            f"# Evidence: {escape(verdict(plan))}",
            "",
            (
                f"Base {code(plan.base.commit or 'the empty repository')}, head "
                f"{code(str(plan.head.commit))}."
            ),
            "",
            (
                "Check it with `qgov verify PACK --key PUBLIC.pem`; in a clone, `--rebuild` "
                "makes it again from the two commits and compares every byte."
            ),
            "",
            *table(("file", "what it is"), rows),
        ]
    )


_Maker = Callable[[Evidence], bytes]
_FILES: Final[tuple[tuple[str, str, _Maker], ...]] = (
    ("plan.json", "The plan, qgov/plan/v1", lambda e: _json(as_value(e.plan))),
    ("plan.md", "The plan as the pull request shows it", lambda e: as_markdown(e.plan).encode()),
    (
        "report.html",
        "The report: begin here",
        lambda e: as_html(e.plan, e.before, e.after, e.proof.document).encode(),
    ),
    ("policies.md", "Sign-in, roles, quotas, retention, residency, vendors", _policies),
    ("controls.md", "What each cloud enforces, what the gateway alone, and what nobody", _controls),
    ("incident-response.md", "Who acts, how access ends, what is kept", _incident_response),
    (
        "conformance.json.xz",
        "Every case and circuit, qgov/conformance/v1, compressed",
        lambda e: compressed(conformance_json(e.proof.document).encode()),
    ),
    (
        "conformance.xml",
        "The same as JUnit",
        lambda e: as_junit(e.proof.document).encode(),
    ),
    (
        "findings.sarif",
        "Findings at the head, SARIF 2.1.0",
        lambda e: as_sarif(e.findings).encode(),
    ),
    (
        "artifacts.json",
        "Digests of what `qgov compile` makes of the head",
        lambda e: manifest_text(manifest_of(emit(e.after)[0], e.plan.head.commit)),
    ),
    (
        "oscal/component-definition.json",
        "Controls and the rules that serve them, OSCAL 1.2.1",
        lambda e: _json(component_definition(e.organization, e.time)),
    ),
    (
        "oscal/assessment-results.json",
        "What rules and conformance found, OSCAL 1.2.1",
        lambda e: _json(assessment_results(_assessment(e))),
    ),
)
