"""What a change means to do: not a document of the repository, but of one pull request."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from qgov.language.forms import form
from qgov.language.kinds.base import Strict
from qgov.language.permissions import NAMES
from qgov.language.scalars import ScopeField

__all__ = ["IntentDocument", "Statement"]

MOST_STATEMENTS: Final = 100
MOST_PATTERNS: Final = 50

_PERMISSIONS = re.compile(r"[a-z*]{1,20}(?::[a-z*]{1,20}){0,2}")


def _known(pattern: str) -> str:
    if pattern in NAMES or (
        _PERMISSIONS.fullmatch(pattern) and any(fnmatchcase(name, pattern) for name in NAMES)
    ):
        return pattern
    raise PydanticCustomError("qgov_permission", "`{got}` is not a permission", {"got": pattern})


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


_Permissions = Annotated[
    list[Annotated[str, AfterValidator(_known)]],
    BeforeValidator(_listed),
    Field(max_length=MOST_PATTERNS),
]
_Field = Annotated[str, form("changed field")]
_Backend = Annotated[str, form("backends")]


class Statement(Strict):
    """Who gains or loses which permissions, where. `*` stands for any text."""

    gain: _Permissions = Field(
        default_factory=list,
        description="The permissions that are granted, or held on fewer conditions.",
    )
    lose: _Permissions = Field(
        default_factory=list,
        description="The permissions that are taken away, or held on more conditions.",
    )
    principals: list[Annotated[str, form("principals or all")]] = Field(
        min_length=1,
        max_length=MOST_PATTERNS,
        description="`group:NAME`, `workload:TENANT/NAME`, `user:ID`.",
    )
    scopes: list[ScopeField] = Field(
        default=["*"], min_length=1, max_length=MOST_PATTERNS, description="Where; absent: any."
    )
    backends: list[_Backend] = Field(
        default_factory=list,
        max_length=MOST_PATTERNS,
        description="On which backends jobs run; absent: any, and what runs nothing.",
    )

    @model_validator(mode="after")
    def _says_something(self) -> Statement:
        if not self.gain and not self.lose:
            raise PydanticCustomError("qgov_statement", "a statement says `gain` or `lose`")
        return self


class IntentDocument(Strict):
    """An intent; an empty list means that nobody's access shall change."""

    intent: list[Statement] = Field(
        max_length=MOST_STATEMENTS, description="Who shall gain or lose what."
    )
    fields: list[_Field] = Field(
        default_factory=list,
        max_length=MOST_STATEMENTS,
        description="What else shall become looser or another: `Kind/name`, or a field of it, "
        "`Kind/name spec.review.high`; `*` stands for any text.",
    )
