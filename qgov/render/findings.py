"""Findings as text, JSON, SARIF 2.1.0 or GitHub annotations."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from qgov import __version__
from qgov.contracts.findings import Findings, summary
from qgov.contracts.telling import document_text, tell
from qgov.finding import Finding, Severity
from qgov.records import replace
from qgov.render.counting import count
from qgov.render.escaping import annotation, plain
from qgov.render.text import page, paint, wrapped

__all__ = [
    "FORMATS",
    "as_github",
    "as_json",
    "as_sarif",
    "as_text",
    "in_one_line",
    "moved_below",
    "worst_first",
]


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Errors before warnings before notes, otherwise in their order."""
    order = list(Severity)
    return sorted(findings, key=lambda finding: order.index(finding.severity))


def in_one_line(finding: Finding) -> str:
    """What is wrong, and what to do about it."""
    return f"{finding.told}; {finding.remedy}" if finding.remedy else finding.told


def moved_below(folder: str, findings: Iterable[Finding]) -> list[Finding]:
    """The findings with paths as they are seen from above the root; `folder` ends in a slash or
    is empty. A platform knows a file by its path from the top of the repository."""
    return [
        replace(finding, origin=finding.origin._replace(path=f"{folder}{finding.origin.path}"))
        for finding in findings
    ]


def as_json(findings: Sequence[Finding]) -> str:
    """The document `qgov/findings/v1`."""
    return document_text(tell(Findings, findings))


def as_text(findings: Sequence[Finding], colour: bool = False) -> str:
    """A paragraph for each finding, worst first, and a closing line."""
    lines: list[str] = []
    for finding in worst_first(findings):
        where = plain(str(finding.origin)).replace("\n", "\\x0a")
        lines.append(
            f"{where}: {paint(str(finding.severity), str(finding.severity), colour)} {finding.code}"
        )
        lines += wrapped(finding.told, 2)
        if finding.remedy:
            lines += wrapped(f"→ {finding.remedy}", 2, 4)
    totals = summary(findings)
    lines.append(
        ", ".join(count(totals[s], s) for s in ("error", "warning"))
        + f", {totals['info']} for information"
    )
    return page(lines)


def as_github(findings: Sequence[Finding]) -> str:
    """Workflow commands, worst first: GitHub shows ten of a kind."""
    kinds = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
    lines = []
    for finding in worst_first(findings):
        properties = {
            "file": finding.origin.path,
            "line": finding.origin.line,
            "col": finding.origin.column,
            "title": finding.code,
        }
        shown = ",".join(
            f"{k}={annotation(str(v), is_property=True)}" for k, v in properties.items()
        )
        lines.append(f"::{kinds[finding.severity]} {shown}::{annotation(in_one_line(finding))}")
    return "".join(f"{line}\n" for line in lines)


def as_sarif(findings: Sequence[Finding]) -> str:
    """A SARIF 2.1.0 log; line and column count Unicode code points."""
    levels = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
    codes = sorted({finding.code for finding in findings})
    results = [
        {
            "ruleId": finding.code,
            "ruleIndex": codes.index(finding.code),
            "level": levels[finding.severity],
            "message": {"text": f"{finding.told}. {finding.remedy}".strip()},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {
                            "uri": quote(finding.origin.path),
                            "uriBaseId": "SRCROOT",
                        },
                        "region": {
                            "startLine": finding.origin.line,
                            "startColumn": finding.origin.column,
                        },
                    }
                }
            ],
        }
        for finding in findings
    ]
    log: Mapping[str, Any] = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "qgov",
                        "semanticVersion": __version__,
                        "rules": [_sarif_rule(code, findings) for code in codes],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": results,
            }
        ],
    }
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def _sarif_rule(code: str, findings: Sequence[Finding]) -> dict[str, Any]:
    first = next(finding for finding in findings if finding.code == code)
    tags = {"properties": {"tags": list(first.controls[:20])}} if first.controls else {}
    return {"id": code, "shortDescription": {"text": first.remedy or first.message}, **tags}


FORMATS: Final[dict[str, Callable[[Sequence[Finding]], str]]] = {
    "text": as_text,
    "json": as_json,
    "sarif": as_sarif,
    "github": as_github,
}
"""A view by the name that `--format` takes."""
