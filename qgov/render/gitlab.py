"""Findings as GitLab's Code Quality report, which a merge request shows beside its lines.

The format is the subset of Code Climate's that GitLab reads
(https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format).
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from typing import Final

from qgov.finding import Finding, Severity
from qgov.render.escaping import plain
from qgov.render.findings import in_one_line, worst_first

__all__ = ["as_gitlab"]

_SEVERITIES: Final = {
    Severity.ERROR: "critical",
    Severity.WARNING: "minor",
    Severity.INFO: "info",
}


def as_gitlab(findings: Sequence[Finding]) -> str:
    """The report, worst first."""
    seen: Counter[tuple[str, ...]] = Counter()
    report: list[dict[str, object]] = []
    for finding in worst_first(findings):
        # Without the line: a finding that moves is the same, and not "fixed" and "new".
        code, document, message = finding.key
        key = (code, finding.origin.path, document, message)
        seen[key] += 1
        report.append(
            {
                "description": plain(" ".join(in_one_line(finding).split())),
                "check_name": finding.code,
                "fingerprint": _fingerprint((*key, str(seen[key]))),
                "severity": _SEVERITIES[finding.severity],
                "location": {
                    "path": finding.origin.path,
                    "lines": {"begin": finding.origin.line},
                },
            }
        )
    return json.dumps(report, indent=2, ensure_ascii=False) + "\n"


def _fingerprint(parts: Sequence[str]) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
