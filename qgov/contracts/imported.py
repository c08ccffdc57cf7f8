"""`qgov/import/v1`: what a source says as a configuration, and what it cannot."""

from __future__ import annotations

from typing import Annotated, Literal

from typing_extensions import TypedDict

from qgov.contracts.drift import Difference
from qgov.contracts.telling import From
from qgov.contracts.terms import Count, said
from qgov.drift.imports.said import Why

__all__ = ["Import"]


class Note(TypedDict):
    """Something that somebody should look at."""

    kind: Annotated[
        Why,
        said(
            "`unsaid`: the source has it and the configuration does not say it; `assumed`: the"
            " configuration says what the source does not tell; `changes`: applying the"
            " configuration would change it."
        ),
    ]
    what: str
    why: str
    remedy: str


class Counts(TypedDict):
    groups: Count
    roles: Count
    bindings: Count
    workloads: Count
    imports: Annotated[Count, said("Resources that Terraform imports.")]


class Import(TypedDict):
    """A configuration of what exists. Nothing was written where a source was unreadable."""

    schema: Literal["qgov/import/v1"]
    source: str
    files: Annotated[list[str], From(lambda imported: sorted(imported.files))]
    counts: Counts
    notes: list[Note]
    compared: Annotated[
        bool,
        From(lambda imported: imported.report is not None),
        said("Whether the configuration was held against the source again."),
    ]
    drift: Annotated[list[Difference], said("How they differ.")]
