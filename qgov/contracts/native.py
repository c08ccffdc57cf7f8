"""`qgov/native/v1`: what was asked of a cloud's own policies, and what an evaluator said."""

from __future__ import annotations

from typing import Annotated, Literal

from typing_extensions import TypedDict

from qgov.contracts.telling import From
from qgov.contracts.terms import counts, one_of, said

__all__ = ["Native", "NativeQuestion"]

_ANSWERS = ("allow", "deny")


class NativeQuestion(TypedDict):
    """What somebody wants to do, what the documents say of it, and what the cloud would."""

    name: Annotated[str, From("question.name")]
    row: Annotated[
        str,
        said("Its row in the matrix, who holds what where; empty for a near miss."),
        From("question.row"),
    ]
    backend: Annotated[str, From("question.column")]
    expect: Annotated[
        str, one_of(_ANSWERS), From(lambda a: "allow" if a.question.expect else "deny")
    ]
    answer: Annotated[str, one_of(_ANSWERS), From(lambda a: "allow" if a.allowed else "deny")]
    result: Annotated[
        str, one_of(("passed", "failed")), From(lambda a: "passed" if a.passed else "failed")
    ]


class Native(TypedDict):
    """What `qgov conform --native` asked about the policies of a cloud."""

    schema: Literal["qgov/native/v1"]
    cloud: str
    evaluator: str
    summary: Annotated[dict[str, int], counts(("passed", "failed", "allowed", "denied"))]
    questions: list[NativeQuestion]
