"""Holding a document to its schema: whatever stands in thousands of places is looked at once.

jsonschema (extra `evidence`) says what is wrong. That a value follows a schema is a fact about
the two alone, so what was found to follow one is not asked about it again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft7Validator, ValidationError, validators

__all__ = ["errors_of"]


def errors_of(schema: Mapping[str, Any], value: Any) -> Iterator[ValidationError]:
    """Everything by which a value from JSON breaks a draft-07 schema."""
    follows: set[tuple[int, str]] = set()

    def properties(
        validator: Any, fields: Mapping[str, Any], instance: Any, _: Any
    ) -> Iterator[ValidationError]:
        if not validator.is_type(instance, "object"):
            return
        for name in fields:
            if name not in instance:
                continue
            known = (id(fields[name]), json.dumps(instance[name]))
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
