"""`qgov/conformance/v1`: what was asked of a bundle, and what became of it."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from qgov.contracts.decision import Decision, EngineJobs, Histogram
from qgov.contracts.telling import From
from qgov.contracts.terms import Line, Object, Scope, Sha256, counts, one_of, said

__all__ = ["Bundle", "Case", "Conformance", "Difference", "Matrix", "Shard"]

_ID = "^(access-test|binding|cell|elevation|grant|nobody-else|submission):"


class Case(TypedDict):
    """A request, the decision that the documents ask for, and the engine's."""

    id: Annotated[str, Field(pattern=_ID), From("case.id")]
    engine: NotRequired[str]
    source: Annotated[str, one_of(("derived", "access-test")), From("case.source")]
    name: Annotated[str, From("case.name")]
    role: NotRequired[Annotated[str, From("case.role")]]
    principal: NotRequired[Annotated[str, From("case.principal")]]
    scope: NotRequired[Annotated[Scope, From("case.scope")]]
    backend: NotRequired[Annotated[str, From("case.backend")]]
    origin: NotRequired[Annotated[str, Field(pattern="^(.+:[0-9]+)?$"), From("case.origin")]]
    request: Annotated[Object, From("case.request")]
    expect: Annotated[str, one_of(("allow", "deny")), From("case.expect")]
    expect_reasons: Annotated[list[str], From("case.reasons")]
    decision: Decision
    result: Annotated[
        str, one_of(("passed", "failed")), From(lambda r: "passed" if r.passed else "failed")
    ]
    problems: NotRequired[list[str]]
    submitted: Annotated[
        bool,
        said("Whether it went to the gateway."),
        From(lambda result: result.case.submission is not None),
    ]
    circuit_sha256: Sha256 | None
    histogram: Histogram | None
    engine_jobs: Annotated[EngineJobs | None, From("jobs")]
    audit: list[str]


class Shard(TypedDict):
    """Which part of the cases was asked."""

    index: Line
    of: Line


class Difference(TypedDict):
    """A place of the bundle's data, what the documents say there, and what the bundle says."""

    place: str
    documents: Any
    bundle: Any


class Bundle(TypedDict):
    """Where the bundle's data is not what the documents compile to."""

    differences: list[Difference]


class Matrix(TypedDict):
    """The roles and backends whose combinations were submitted."""

    roles: list[str]
    backends: list[str]


class Conformance(TypedDict):
    """What `qgov conform` asked of a bundle, and what became of it."""

    schema: Literal["qgov/conformance/v1"]
    engine: str
    revision: str
    shard: NotRequired[Shard]
    summary: Annotated[dict[str, int], counts(("passed", "failed", "submitted", "refused"))]
    bundle: NotRequired[Bundle]
    matrix: NotRequired[Matrix]
    cases: list[Case]
