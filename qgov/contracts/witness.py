"""A witness of a plan's change: one request that its two sides decide differently."""

from __future__ import annotations

from operator import itemgetter
from typing import Annotated, NotRequired

from typing_extensions import TypedDict

from qgov.contracts.decision import Decision, EngineJobs, Histogram
from qgov.contracts.telling import NOT_EMPTY, From
from qgov.contracts.terms import Object, Principal, Scope, said

__all__ = ["Witness"]


class Submitted(TypedDict):
    decision: Decision
    circuit_sha256: str | None
    histogram: Histogram | None
    engine_jobs: Annotated[EngineJobs, From("jobs")]


class SubmittedSides(TypedDict):
    """What the gateways of both sides made of its circuit."""

    base: Annotated[Submitted | None, From(itemgetter(0))]
    head: Annotated[Submitted | None, From(itemgetter(1))]


class WitnessOf(TypedDict):
    """Whose witness it is, where the same changes for many."""

    principal: Annotated[Principal, From(itemgetter(0))]
    scope: Annotated[Scope, From(itemgetter(1))]


class Witness(TypedDict):
    """A request that the compiled policies of both sides decide differently."""

    request: Object
    base: Decision
    head: Decision
    says: NotRequired[Annotated[list[str], said("What is special about the request.")]]
    request_at_base: NotRequired[
        Annotated[Object, said("The same by the names before a rename."), From("at_base")]
    ]
    of: NotRequired[WitnessOf]
    submitted: NotRequired[SubmittedSides]
    unsubmitted: NotRequired[Annotated[str, said("Why no circuit shows the same."), NOT_EMPTY]]
