"""What differs in a document, in the order in which a reviewer has to know of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from qgov.language.concerns import Concern
from qgov.plan.documents import DocumentChange

__all__ = ["differences_of", "value"]

MOST_ENTRIES: Final = 5
"""Of more entries than these their names are told alone; the JSON has them whole."""


def differences_of(
    document: DocumentChange, most: int, *, whole: bool = True
) -> tuple[list[Mapping[str, Any]], dict[str, int]]:
    """What differs in a document, what a reviewer has to know of first; and of what is left out,
    how many of each concern. Where it is `whole`, these are words alone, above `most`."""
    order = [str(concern) for concern in Concern]
    found = sorted(document.diff, key=lambda item: order.index(str(item["concern"])))
    important = sum(item["concern"] != Concern.WORDS for item in found) if whole else 0
    shown: list[Mapping[str, Any]] = [
        {**item, "before": value(item["before"]), "after": value(item["after"])}
        for item in found[: max(most, important)]
    ]
    return shown, dict(Counter(str(item["concern"]) for item in found[len(shown) :]))


def value(found: Any) -> str:
    """A value of a document on one line, as YAML's flow style has it."""
    if found is None:
        return "nothing"
    if isinstance(found, str):
        return found
    if isinstance(found, dict):
        return f"{{{', '.join(f'{key}: {value(item)}' for key, item in found.items())}}}"
    if isinstance(found, list):
        named = [item["name"] for item in found if isinstance(item, dict) and "name" in item]
        if len(named) == len(found) > MOST_ENTRIES:
            names = ", ".join(json.dumps(name, ensure_ascii=False) for name in named)
            return f"[{len(named)} by name: {names}]"
        return f"[{', '.join(map(value, found))}]"
    return json.dumps(found)
