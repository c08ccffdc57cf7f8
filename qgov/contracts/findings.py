"""`qgov/findings/v1`, and the finding that plans show as well."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from qgov import finding
from qgov.contracts.telling import From
from qgov.contracts.terms import DocumentId, Line, counts

__all__ = ["Finding", "Findings", "summary"]


class Finding(TypedDict):
    """A rule's verdict on the configuration."""

    code: Annotated[str, Field(pattern="^QG[0-9]{3}$")]
    severity: finding.Severity
    message: Annotated[str, From("told")]
    path: Annotated[str, From("origin.path")]
    line: Annotated[Line, From("origin.line")]
    column: Annotated[Line, From("origin.column")]
    remedy: str
    controls: list[str]
    document: DocumentId


def summary(findings: Sequence[finding.Finding]) -> dict[str, int]:
    """How many there are of each severity."""
    found = Counter(each.severity for each in findings)
    return {str(severity): found[severity] for severity in finding.Severity}


class Findings(TypedDict):
    """What `qgov validate` finds."""

    schema: Literal["qgov/findings/v1"]
    findings: Annotated[list[Finding], From(list)]
    summary: Annotated[dict[str, int], counts(finding.Severity), From(summary)]
