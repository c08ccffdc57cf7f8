"""`qgov/who-can/v1` and `qgov/explanation/v1`: answers about one permission or request."""

from __future__ import annotations

from operator import itemgetter
from typing import Annotated, Final, Literal, NotRequired

from typing_extensions import TypedDict

from qgov.contracts.conditions import Conditions
from qgov.contracts.decision import Decision
from qgov.contracts.telling import From
from qgov.contracts.terms import Line, Object, Permission, Principal, Scope, one_of, said

__all__ = ["Explanation", "WhoCan"]


_VIA: Final = said("The group that is bound, where it includes the principal.")


class Held(TypedDict):
    principal: Principal
    scopes: list[Scope]
    backends: list[str]
    conditions: Annotated[Conditions, From("path.conditions")]
    role: Annotated[str, From("path.binding.role")]
    via: NotRequired[Annotated[str, _VIA, From("path.binding.via")]]
    path: Annotated[str, From("path.binding.origin.path")]
    line: Annotated[Line, From("path.binding.origin.line")]


class WhoCan(TypedDict):
    """Everybody who holds a permission."""

    schema: Literal["qgov/who-can/v1"]
    permission: Annotated[Permission, From(itemgetter(0))]
    held: Annotated[list[Held], From(itemgetter(1))]


class Candidate(TypedDict):
    """A binding that the subject could act through, and what the request lacks for it."""

    principal: Annotated[Principal, From("candidate.binding.principal")]
    role: Annotated[str, From("candidate.binding.role")]
    scope: Annotated[Scope, From("candidate.binding.scope")]
    via: NotRequired[Annotated[str, _VIA, From("candidate.binding.via")]]
    path: Annotated[str, From("candidate.binding.origin.path")]
    line: Annotated[Line, From("candidate.binding.origin.line")]
    conditions: Annotated[Conditions, From("candidate.conditions")]
    lacks: list[str]


class Bound(TypedDict):
    """What bounds the job, and what of it the job exceeds."""

    kind: Annotated[str, one_of(("backend", "budget"))]
    name: str
    path: Annotated[str, From("origin.path")]
    line: Annotated[Line, From("origin.line")]
    lacks: list[str]
    why: NotRequired[
        Annotated[str, said("Why, in words, where the reason does not tell: of a campaign.")]
    ]


class Explanation(TypedDict):
    """Why one request is allowed or denied."""

    schema: Literal["qgov/explanation/v1"]
    request: Object
    decision: Decision
    candidates: Annotated[list[Candidate], From("ways")]
    bounds: list[Bound]
