"""JSON Schema of every kind of document, for editors (draft-07, which all of them read).

Written from the models, so that a schema never allows what the language refuses by
form; what only `qgov validate` can know (names, calendars) is left to it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from qgov.language.kinds import API_VERSION, KINDS
from qgov.language.scalars import format_duration

__all__ = ["DRAFT", "path_of", "schemas", "written"]

DRAFT: Final = "http://json-schema.org/draft-07/schema#"

_LANGUAGE: Final[dict[str, Callable[[int], str]]] = {
    "duration": format_duration,
    "share": lambda basis_points: f"{basis_points / 100:g}%",
}
"""How a default is written that the model keeps in another unit."""


def schemas() -> dict[str, dict[str, Any]]:
    """Kind → JSON Schema of the whole document."""
    return {kind: _document(kind) for kind in sorted(KINDS)}


def path_of(kind: str) -> str:
    """The repository path of a kind's schema."""
    return f"docs/schema/{kind.lower()}.json"


def written(schema: dict[str, Any]) -> bytes:
    """A schema as the bytes of its file."""
    return (json.dumps(schema, indent=2, ensure_ascii=False) + "\n").encode()


def _document(kind: str) -> dict[str, Any]:
    found = KINDS[kind].model_json_schema(by_alias=True, ref_template="#/definitions/{model}")
    definitions = {name: _draft7(part) for name, part in sorted(found.pop("$defs").items())}
    body = _draft7(found)
    return {
        "$schema": DRAFT,
        "title": kind,
        "description": body["description"],
        "type": "object",
        "additionalProperties": False,
        "required": ["apiVersion", "kind", *body["required"]],
        "properties": {
            "apiVersion": {"const": API_VERSION, "description": "The version of the language."},
            "kind": {"const": kind, "description": "What the document is."},
            **body["properties"],
        },
        "definitions": definitions,
    }


def _draft7(node: Any) -> Any:
    """A node without generated titles, closed, and in the terms of draft-07."""
    if isinstance(node, list):
        return [_draft7(part) for part in node]
    if not isinstance(node, dict):
        return node
    found = {key: _draft7(value) for key, value in node.items() if key != "properties"}
    if "properties" in node:
        found["properties"] = {name: _draft7(part) for name, part in node["properties"].items()}
    if isinstance(found.get("title"), str):
        del found["title"]
    if "patternProperties" in found:
        found["additionalProperties"] = False
    if found.get("default", 0) is None:
        del found["default"]
    elif "default" in found and (write := _LANGUAGE.get(_comment(found))) is not None:
        found["default"] = write(found["default"])
    if "$ref" in found and len(found) > 1:
        # In draft-07 whatever stands beside a $ref is ignored.
        found["allOf"] = [{"$ref": found.pop("$ref")}]
    return found


def _comment(node: dict[str, Any]) -> str:
    return str(node.get("$comment", ""))
