"""`qgov/pack-verification/v1` and `qgov/audit-verification/v1`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from qgov.contracts.terms import Commit, Count, one_of, said
from qgov.gateway.chain import STREAMS

__all__ = ["AuditVerification", "PackVerification"]


class FileProblem(TypedDict):
    """A file of the pack, and what is wrong with it."""

    path: str
    message: str


class PackVerification(TypedDict):
    """What `qgov verify` finds."""

    schema: Literal["qgov/pack-verification/v1"]
    path: str
    sound: bool
    base: Commit | None
    head: Commit | None
    files: Count
    signed_by: list[str]
    key_checked: Annotated[bool, said("Whether a key was given to check.")]
    rebuilt: Annotated[bool, said("Whether it was made again and compared.")]
    problems: list[FileProblem]


class LineProblem(TypedDict):
    """What is wrong with a line, or with the log as a whole."""

    line: Annotated[Count, said("From 1; 0 is the log as a whole.")]
    message: str


class AuditVerification(TypedDict):
    """What `qgov audit verify` finds."""

    schema: Literal["qgov/audit-verification/v1"]
    path: str
    sound: bool
    stream: Annotated[str, one_of((*STREAMS, ""), "Empty: no entry says it.")]
    entries: Count
    bytes: Count
    head: Annotated[str, Field(pattern="^([0-9a-f]{64})?$")]
    problems: list[LineProblem]
    omitted: Annotated[Count, said("Problems that are not listed.")]
