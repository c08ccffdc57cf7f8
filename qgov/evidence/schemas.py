"""Holding a document to its schema: whatever stands in thousands of places is looked at once.

jsonschema (extra `evidence`) says what is wrong. That a value follows a schema is a fact about
the two alone, so what was found to follow one is not asked about it again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from jsonschema import Draft7Validator, ValidationError, validators

__all__ = ["errors_of"]


_SAID_OF_A_TYPE: Final = frozenset(("type", "title", "description"))
_ANY_OBJECT: Final = {"type": "object", "additionalProperties": True}
_WHOLE: Final = (str, bool, dict, list, int, type(None))
"""Types that are the schema's; a float may be its integer."""


def _known(schema: Mapping[str, Any], value: Any) -> tuple[Any, ...]:
    """What decides whether the value follows the schema: its type, or all of it."""
    kind = type(value)
    if kind in _WHOLE and (schema.keys() <= _SAID_OF_A_TYPE or schema == _ANY_OBJECT):
        return id(schema), kind
    return id(schema), kind, value if kind is str else json.dumps(value)


def errors_of(schema: Mapping[str, Any], value: Any) -> Iterator[ValidationError]:
    """Everything by which a value from JSON breaks a draft-07 schema."""
    follows: set[tuple[Any, ...]] = set()

    def properties(
        validator: Any, fields: Mapping[str, Any], instance: Any, _: Any
    ) -> Iterator[ValidationError]:
        if not validator.is_type(instance, "object"):
            return
        for name in fields:
            if name not in instance:
                continue
            known = _known(fields[name], instance[name])
            if known in follows:
                continue
            wrong = list(
                validator.descend(instance[name], fields[name], path=name, schema_path=name)
            )
            if not wrong:
                follows.add(known)
            yield from wrong

    judge = validators.extend(Draft7Validator, {"properties": properties})
    yield from judge(schema).iter_errors(value)
