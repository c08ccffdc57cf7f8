"""JSON Schema of every kind of document, for editors (draft-07, which all of them read).

Written from the models, so that a schema never allows what the language refuses by
form; what only `qgov validate` can know (names, calendars) is left to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from qgov.contracts.draft7 import DRAFT, TEMPLATE, draft7
from qgov.contracts.telling import document_text
from qgov.language.kinds import API_VERSION, KINDS
from qgov.language.scalars import format_duration

__all__ = ["path_of", "schemas", "written"]

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


def written(schema: Mapping[str, Any]) -> bytes:
    """A schema as the bytes of its file."""
    return document_text(schema).encode()


def _document(kind: str) -> dict[str, Any]:
    found = KINDS[kind].model_json_schema(by_alias=True, ref_template=TEMPLATE)
    body, definitions = draft7(found, _default)
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


def _default(node: Mapping[str, Any]) -> Any:
    """The default of a field, as the language writes it."""
    write = _LANGUAGE.get(str(node.get("$comment", "")))
    return node["default"] if write is None else write(node["default"])
