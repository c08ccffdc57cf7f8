"""JSON Schema of every kind of document, for editors (draft-07, which all of them read).

Written from the models, so that a schema never allows what the language refuses by
form; what only `qgov validate` can know (names, calendars) is left to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qgov.contracts.draft7 import DRAFT, TEMPLATE, draft7
from qgov.contracts.telling import document_text
from qgov.language.forms import BY_PATTERN
from qgov.language.kinds import API_VERSION, KINDS
from qgov.language.written import UNITS

__all__ = ["path_of", "schemas", "written"]


def schemas(*, in_words: bool = True) -> dict[str, dict[str, Any]]:
    """Kind → JSON Schema of the whole document; `in_words` says beside each pattern what it asks
    for."""
    return {kind: _document(kind, in_words) for kind in sorted(KINDS)}


def path_of(kind: str) -> str:
    """The repository path of a kind's schema."""
    return f"docs/schema/{kind.lower()}.json"


def written(schema: Mapping[str, Any]) -> bytes:
    """A schema as the bytes of its file."""
    return document_text(schema).encode()


def _document(kind: str, in_words: bool) -> dict[str, Any]:
    found = KINDS[kind].model_json_schema(by_alias=True, ref_template=TEMPLATE)
    body, definitions = draft7(_in_words(found) if in_words else found, _default)
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


def _in_words(node: Any) -> Any:
    """A schema that says beside each pattern what it asks for: editors show the description of a
    field, and the pattern itself helps nobody."""
    if isinstance(node, list):
        return [_in_words(part) for part in node]
    if not isinstance(node, dict):
        return node
    found = {key: _in_words(value) for key, value in node.items()}
    if (known := BY_PATTERN.get(str(found.get("pattern")))) is not None:
        said = f"{known.words[0].upper()}{known.words[1:]}, such as {known.example}."
    elif "pattern" in found and "$comment" in found:  # a scalar, such as a duration
        said = f"Written like {found['examples'][0]}."
    else:
        return found
    found["description"] = " ".join(filter(None, (found.get("description"), said)))
    return found


def _default(node: Mapping[str, Any]) -> Any:
    """The default of a field, as the language writes it."""
    write = UNITS.get(str(node.get("$comment", "")))
    return node["default"] if write is None else write(node["default"])
