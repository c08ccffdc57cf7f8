"""What pydantic gives for a model, in the terms of draft-07, which all editors read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

__all__ = ["DRAFT", "TEMPLATE", "draft7"]

DRAFT: Final = "http://json-schema.org/draft-07/schema#"
TEMPLATE: Final = "#/definitions/{model}"
"""How pydantic is to write a `$ref`."""

Default = Callable[[Mapping[str, Any]], Any]


def draft7(
    given: Mapping[str, Any], default: Default = lambda node: node["default"]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """A model's schema, and the definitions that it refers to, sorted. `default` writes the
    default of a node that has one."""
    definitions = given.get("$defs", {})
    body = {name: part for name, part in given.items() if name != "$defs"}
    return (
        _node(body, default),
        {name: _node(definitions[name], default) for name in sorted(definitions)},
    )


def _node(node: Any, default: Default) -> Any:
    """A node without generated titles, and closed where its names are patterns."""
    if isinstance(node, list):
        return [_node(part, default) for part in node]
    if not isinstance(node, dict):
        return node
    found = {key: _node(value, default) for key, value in node.items() if key != "properties"}
    if "properties" in node:
        properties = node["properties"].items()
        found["properties"] = {name: _node(part, default) for name, part in properties}
    if isinstance(found.get("title"), str):
        del found["title"]
    if "patternProperties" in found:
        found["additionalProperties"] = False
    if found.get("default", 0) is None:
        del found["default"]
    elif "default" in found:
        found["default"] = default(found)
    if "$ref" in found and len(found) > 1:
        # In draft-07 everything beside a $ref is ignored.
        found["allOf"] = [{"$ref": found.pop("$ref")}]
    return found
