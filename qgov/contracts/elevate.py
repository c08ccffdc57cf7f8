"""`qgov/elevate/v1`: the memberships that carry elevations out."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from qgov.contracts.drift import Source
from qgov.contracts.telling import NOT_EMPTY, From
from qgov.contracts.terms import Line, Scope, counts, said
from qgov.elevate.steps import Action, Outcome, Why

__all__ = ["Elevate"]

_Person = Annotated[
    str,
    Field(pattern=r"^user:", description="Without `--people` a label: `user:~LABEL`."),
]


class Step(TypedDict):
    source: str
    action: Action
    why: Annotated[
        Why,
        said(
            "What the reviewed elevations say: one holds now, ended, has not begun or does not"
            " count, or there is none."
        ),
    ]
    person: _Person
    group: Annotated[str, said("The just-in-time group.")]
    role: str
    scope: Scope
    elevation: Annotated[str | None, said("The document; null: there is none.")]
    message: str
    outcome: Annotated[
        Outcome, said("As it was read again; `planned` where nothing was to be done.")
    ]
    failure: NotRequired[Annotated[str, NOT_EMPTY]]
    path: Annotated[str, From("origin.path")]
    line: Annotated[Line, From("origin.line")]


class Refusal(TypedDict):
    """An elevation that should hold now, and cannot be carried out."""

    source: str
    elevation: str
    person: _Person
    message: str
    path: Annotated[str, From("origin.path")]
    line: Annotated[Line, From("origin.line")]


class Elevate(TypedDict):
    """The steps so that exactly those are in a just-in-time group who are elevated now. There are
    none where a source was unreadable."""

    schema: Literal["qgov/elevate/v1"]
    sources: list[Source]
    applied: Annotated[bool, said("Whether the steps were tried, and not only planned.")]
    steps: list[Step]
    refusals: list[Refusal]
    summary: Annotated[
        dict[str, Any],
        counts([*Action, "refused", "not_done"]),
        From(lambda report: {**report.counts, "not_done": len(report.undone)}),
    ]
