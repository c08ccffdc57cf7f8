"""`qgov/evidence/v1`, the index of an evidence pack."""

from __future__ import annotations

from typing import Annotated, Literal

from typing_extensions import TypedDict

from qgov.contracts.plan import RiskName, Verdict
from qgov.contracts.terms import Commit, Digest, one_of, said

__all__ = ["Evidence", "Options", "Predicate"]


class Predicate(TypedDict):
    """What the pack's statement says of it as well."""

    base: Commit | None
    head: Commit | None
    plan: Annotated[Digest, said("The plan's digest.")]
    verdict: Verdict
    risk: RiskName | None
    qgov_version: str


class Options(TypedDict):
    """What `qgov plan` was asked besides the commits."""

    horizon: str | None
    override: list[str]
    now: str | None
    author: str | None
    author_groups: list[str]
    intent: Annotated[str, one_of(("intent.yaml", "intent.md"))] | None


class File(TypedDict):
    """A file of the pack, and what it is."""

    path: str
    about: str


class Schema(TypedDict):
    schema: Literal["qgov/evidence/v1"]


class Evidence(Schema, Predicate):
    """What an evidence pack holds, and what it was made from."""

    engine: Annotated[str, said("What answered in the conformance run.")]
    options: Options
    files: list[File]
