"""What lists say again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from msgspec import json

from qgov.checks import guide
from qgov.checks.rule import Found, rule
from qgov.finding import Severity
from qgov.language.quote import quoted
from qgov.model.access_model import AccessModel


@rule("QG352", Severity.INFO, "change-approval", guide=guide.TOOLING)
def said_twice(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A list has a member twice.

    No list of the language counts, so that the second means nothing. Who takes one of them out
    believes that something ends, and nothing does.

    Remedy: keep one of the two.
    """
    for document in model.documents:
        for path, item in _twice(document.raw["spec"], ("spec",)):
            what = "an entry" if isinstance(item, dict | list) else quoted(item)
            where = ".".join(str(step) for step in path[1:-1] if isinstance(step, str))
            yield Found(document.at(*path), f"`{where}` has {what} twice", document.id)


def _twice(value: Any, at: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """(where, what) of each member that is the same as one before it."""
    if isinstance(value, list):
        for index in _repeated(value):
            yield (*at, index), value[index]
    for step, part in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(part, dict | list):
            yield from _twice(part, (*at, step))


def _repeated(items: Sequence[Any]) -> Iterator[int]:
    with suppress(TypeError):  # mappings have no hash
        if len({*items}) == len(items):
            return
    seen: set[bytes] = set()
    for index, item in enumerate(items):
        # As text, in which 1 and true are two.
        text = json.encode(item, order="deterministic")
        if text in seen:
            yield index
        seen.add(text)
