"""JSON Schema (draft-07) of the documents that qgov prints and writes."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from pydantic import TypeAdapter

from qgov.contracts.answers import Explanation, WhoCan
from qgov.contracts.artifacts import GroupMappings, Manifest
from qgov.contracts.assessment import Assessment
from qgov.contracts.conformance import Conformance
from qgov.contracts.decision_record import DecisionRecord
from qgov.contracts.draft7 import DRAFT, TEMPLATE, draft7
from qgov.contracts.drift import Drift
from qgov.contracts.elevate import Elevate
from qgov.contracts.evidence import Evidence
from qgov.contracts.findings import Findings
from qgov.contracts.imported import Import
from qgov.contracts.native import Native
from qgov.contracts.plan import Plan
from qgov.contracts.review import Review
from qgov.contracts.verification import AuditVerification, PackVerification

__all__ = ["output_schemas", "schema_of"]

_CONTRACTS: Final = (
    Assessment,
    AuditVerification,
    Conformance,
    DecisionRecord,
    Drift,
    Elevate,
    Evidence,
    Explanation,
    Findings,
    GroupMappings,
    Import,
    Manifest,
    Native,
    PackVerification,
    Plan,
    Review,
    WhoCan,
)
"""By the names of their schemas."""


def output_schemas() -> dict[str, dict[str, Any]]:
    """The value of a document's `schema` field → JSON Schema of the whole document."""
    return {schema["title"]: schema for schema in map(schema_of, _CONTRACTS)}


@cache
def schema_of(contract: Any) -> dict[str, Any]:
    """JSON Schema of one contract's document; its `title` is the contract's name."""
    body, definitions = draft7(TypeAdapter(contract).json_schema(ref_template=TEMPLATE))
    name = body["properties"]["schema"]["const"]
    return {"$schema": DRAFT, "title": name, **body, "definitions": definitions}
