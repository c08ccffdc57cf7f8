"""`qgov/drift/v1`: what runs and is not as it was reviewed."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from qgov.contracts.plan import RiskName
from qgov.contracts.telling import NOT_EMPTY, From
from qgov.contracts.terms import Count, Instant, Line, Permission, counts, said
from qgov.drift.drift import Kind
from qgov.language.scalars import format_instant
from qgov.plan.risk import Risk

__all__ = ["Drift"]

_Who = Annotated[
    str,
    Field(
        pattern=r"^((group|workload|user|client|principal):|(everyone|anyone)$)",
        description="As in a plan; `client:ID` of an identity provider, `principal:ID` of a cloud, "
        "`everyone` with an account, or `anyone`. A person without `--people` is `user:~LABEL`.",
    ),
]
_Where = Annotated[str, Field(description="A scope, which the configuration may not have.")]


class Source(TypedDict):
    name: str
    type: str
    read_at: Annotated[Instant, From(lambda source: format_instant(source.read_at))]
    facts: Count


class Difference(TypedDict):
    source: str
    kind: Kind
    principal: _Who
    permission: Annotated[Permission | None, said("Null: no access follows from it.")]
    scope: _Where
    backends: NotRequired[Annotated[list[str], NOT_EMPTY]]
    risk: Annotated[RiskName, From("risk")]
    rule: str
    message: str
    how: Annotated[list[str], said("The chain that gives it, outermost first.")]
    desired: Annotated[Any, said("Null: nothing.")]
    observed: Annotated[Any, said("Null: nothing.")]
    path: Annotated[str, From("origin.path")]
    line: Annotated[Line, From("origin.line")]


class People(TypedDict):
    """Those directly in a group, counted."""

    source: str
    group: str
    members: Count
    least: Annotated[int | None, said("How many it should have at least, where that is said.")]
    too_few: Annotated[bool, said("Fewer than that are enabled people.")]
    approves: Annotated[bool, said("Elevations or expensive jobs wait for it.")]
    disabled: Count
    never_signed_in: Annotated[int | None, said("Null: the source does not say.")]
    external: Count
    service_accounts: Count
    names: NotRequired[Annotated[list[str], NOT_EMPTY]]


def _summary(report: Any) -> dict[str, Any]:
    return {**report.counts, "risk": None if report.risk is None else str(report.risk)}


class Drift(TypedDict):
    """What runs and is not as it was reviewed. There is none where a source was unreadable."""

    schema: Literal["qgov/drift/v1"]
    sources: list[Source]
    drift: list[Difference]
    people: list[People]
    summary: Annotated[
        dict[str, Any],
        counts(Kind, risk={"enum": [*map(str, Risk), None]}),
        From(_summary),
    ]
