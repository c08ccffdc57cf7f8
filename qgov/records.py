"""Values that do not change: what all records of qgov have in common.

A record is a `msgspec.Struct`, which is made, compared and read faster than a dataclass, and whose
class costs a twentieth at start. It is a frozen dataclass where a field takes no part in
comparisons or must not be printed, or where a property is kept: a `Struct` knows none of these.
"""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar

from msgspec import Struct, structs

R = TypeVar("R")


def replace(record: R, **changes: Any) -> R:
    """The record with other values in some fields; `copy.replace` before Python 3.13.

    Raises:
        TypeError: The record has no such field.
    """
    if isinstance(record, Struct):
        return structs.replace(record, **changes)
    return dataclasses.replace(record, **changes)  # type: ignore[type-var]
