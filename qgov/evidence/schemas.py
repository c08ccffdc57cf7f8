"""Holding a document to its schema.

jsonschema (extra `evidence`) says what is wrong, and is not asked about a value that surely
follows: of a pack that is every one, in thousands of places.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

__all__ = ["broken", "follows"]

Test = Callable[[Any], bool]
"""Whether a value from JSON surely follows; what is not sure is jsonschema's to say."""

TestOf = Callable[[Any], Test]
"""A schema to its test."""

_TYPES: Final = {
    "array": list,
    "boolean": bool,
    "integer": int,
    "null": type(None),
    "object": dict,
    "string": str,
}
"""The type of what surely is one. A float may be an integer, too."""
_SAYS_NOTHING: Final = frozenset(("$schema", "definitions", "description", "format", "title"))
_ABOUT_OBJECTS: Final = frozenset(("additionalProperties", "properties", "required"))


def broken(schema: Mapping[str, Any], value: Any) -> str:
    """How a value from JSON breaks a draft-07 schema, by its worst error; empty when it follows."""
    if follows(schema, value):
        return ""
    from jsonschema import Draft7Validator  # noqa: PLC0415 - only where something is wrong
    from jsonschema.exceptions import best_match  # noqa: PLC0415 - only where something is wrong

    wrong = best_match(Draft7Validator(schema).iter_errors(value))
    if wrong is None:
        return ""
    where = "/".join(map(str, wrong.absolute_path)) or "the document"
    return f"{where}: {wrong.message[:200]}"


def follows(schema: Mapping[str, Any], value: Any) -> bool:
    """Whether a value from JSON surely follows a schema such as our outputs have."""
    definitions = schema.get("definitions", {})

    @cache
    def named(reference: str) -> Test:
        prefix, _, name = reference.rpartition("/")
        return _test(prefix == "#/definitions" and definitions.get(name, False), named)

    return _test(schema, named)(value)


def _test(schema: Any, named: Callable[[str], Test]) -> Test:
    """The test of a schema of an output; every keyword that is not known here fails it."""
    if isinstance(schema, bool):
        return lambda _: schema
    if (to := schema.get("$ref")) is not None:  # beside which a draft-07 schema says nothing
        return lambda value: named(to)(value)  # noqa: PLW0108 - later: a schema may name itself

    def test_of(inner: Any) -> Test:
        return _test(inner, named)

    tests = [_object(schema, test_of)] if _ABOUT_OBJECTS & schema.keys() else []
    tests += [
        _test_of(keyword, schema[keyword], test_of)
        for keyword in schema.keys() - _SAYS_NOTHING - _ABOUT_OBJECTS
    ]
    return tests[0] if len(tests) == 1 else lambda value: all(test(value) for test in tests)


def _test_of(keyword: str, says: Any, test_of: TestOf) -> Test:
    made = _KEYWORDS.get(keyword)
    return _unknown if made is None else made(says, test_of)


def _object(schema: Mapping[str, Any], test_of: TestOf) -> Test:
    required = schema.get("required", ())
    fields = {name: test_of(each) for name, each in schema.get("properties", {}).items()}
    other = test_of(schema.get("additionalProperties", True))

    def test(value: Any) -> bool:
        if type(value) is not dict:
            return True
        return all(name in value for name in required) and all(
            fields.get(name, other)(each) for name, each in value.items()
        )

    return test


def _type(name: Any, _: Any) -> Test:
    wanted = _TYPES.get(name) if isinstance(name, str) else None
    return lambda value: type(value) is wanted


def _enum(values: Any, _: Any) -> Test:
    texts = frozenset(value for value in values if isinstance(value, str))
    return lambda value: type(value) is str and value in texts


def _const(wanted: Any, _: Any) -> Test:
    return lambda value: type(value) is type(wanted) in (str, bool) and value == wanted


def _pattern(pattern: str, _: Any) -> Test:
    found = re.compile(pattern).search
    return lambda value: type(value) is not str or found(value) is not None


def _minimum(least: Any, _: Any) -> Test:
    return lambda value: type(value) is not float and (type(value) is not int or value >= least)


def _items(schema: Any, test_of: TestOf) -> Test:
    test = test_of(schema) if isinstance(schema, dict) else _unknown
    return lambda value: type(value) is not list or all(map(test, value))


def _least_items(least: int, _: Any) -> Test:
    return lambda value: type(value) is not list or len(value) >= least


def _any(schemas: Any, test_of: TestOf) -> Test:
    tests = [test_of(schema) for schema in schemas]
    return lambda value: any(test(value) for test in tests)


def _all(schemas: Any, test_of: TestOf) -> Test:
    tests = [test_of(schema) for schema in schemas]
    return lambda value: all(test(value) for test in tests)


def _unknown(_: Any) -> bool:
    return False


_KEYWORDS: Final[dict[str, Callable[[Any, TestOf], Test]]] = {
    "allOf": _all,
    "anyOf": _any,
    "const": _const,
    "enum": _enum,
    "items": _items,
    "minItems": _least_items,
    "minimum": _minimum,
    "pattern": _pattern,
    "type": _type,
}
