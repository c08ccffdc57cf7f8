"""The terms that contracts share, each said once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from qgov.language.permissions import CATALOGUE

__all__ = [
    "CLOSED",
    "Commit",
    "Count",
    "Digest",
    "DocumentId",
    "Instant",
    "Line",
    "Object",
    "Permission",
    "Principal",
    "Scope",
    "Sha256",
    "counts",
    "one_of",
    "said",
]


def said(description: str) -> Any:
    """What a field means, for `Annotated[…]`."""
    return Field(description=description)


def one_of(values: Iterable[str], description: str | None = None) -> Any:
    """The field's values, for `Annotated[str, …]`."""
    return Field(description=description, json_schema_extra={"enum": list(values)})


def counts(names: Iterable[str], **others: JsonDict) -> Any:
    """Fields that are numbers from 0, and `others` by their schema, for `Annotated[dict, …]`."""
    number: JsonDict = {"type": "integer", "minimum": 0}
    fields: JsonDict = {**dict.fromkeys(map(str, names), number), **others}
    return Field(
        json_schema_extra={
            "properties": fields,
            "required": list(fields),
            "additionalProperties": True,
        }
    )


CLOSED: Final = ConfigDict(json_schema_extra={"additionalProperties": False})
"""Of an object that never gets another field."""

Object = Mapping[str, Any]
"""An object of any names."""

Count = Annotated[int, Field(ge=0)]
Line = Annotated[int, Field(ge=1)]
Instant = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
Commit = Annotated[str, Field(pattern="^[0-9a-f]{40,64}$")]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Digest = Annotated[str, Field(pattern="^sha256:[0-9a-f]{64}$")]
Permission = Annotated[str, one_of(CATALOGUE)]
Principal = Annotated[
    str,
    Field(
        pattern=r"^(group:[^/]+|workload:[^/]+/[^/]+|user:.+)$",
        description="`group:NAME`, `workload:TENANT/NAME`, or `user:ID` through an elevation.",
    ),
]
Scope = Annotated[
    str,
    Field(
        pattern=r"^(\*|[^/]+(/[^/]+){0,2})$",
        description="`*`, `tenant`, `tenant/environment` or `tenant/environment/project`.",
    ),
]
DocumentId = Annotated[
    str,
    Field(
        pattern="^([A-Za-z]+/.+)?$",
        description="`Kind/name`; empty when the text could not be read as a document.",
    ),
]
