"""What pydantic found, in the words of the language and at its place."""

from __future__ import annotations

import re
from collections.abc import Callable
from copy import deepcopy
from typing import Any, Final, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from qgov.finding import Finding, Origin, closest
from qgov.language.forms import BY_PATTERN
from qgov.language.kinds import KINDS
from qgov.language.kinds.decisions import DecisionsDocument
from qgov.language.kinds.intent import IntentDocument
from qgov.language.permissions import NAMES
from qgov.language.places import place
from qgov.language.quote import quoted
from qgov.language.reader import MAX_FINDINGS, Value

__all__ = ["explain", "without_unfit"]

M = TypeVar("M", bound=BaseModel)

MOST_ROUNDS: Final = 8
"""What is left without an unfit field may be unfit itself, but not for long."""

_MODELS: Final = {**KINDS, "Decisions": DecisionsDocument, "Intent": IntentDocument}
_PAGES: Final = {"Decisions": "reviews", "Intent": "intent"}
_TYPES: Final = {
    "string_type": "a text",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
}
_BOUNDS: Final = {
    "greater_than_equal": ("", "{ge} or more"),
    "less_than_equal": ("", "{le} or less"),
    "string_too_short": ("has {size} characters", "{min_length} or more"),
    "string_too_long": ("has {size} characters", "{max_length} or fewer"),
    "too_short": ("has {size} entries", "{min_length} or more"),
    "too_long": ("has {size} entries", "{max_length} or fewer"),
}
"""What is there and what is expected of a value that is too small or too large."""


def explain(
    error: ValidationError, kind: str, path: str, raw: Value, start: Origin
) -> list[Finding]:
    """One finding for each problem that pydantic reports, with code, place and remedy."""
    metadata = raw.get("metadata") if isinstance(raw, dict) else None
    name = metadata.get("name") if isinstance(metadata, dict) else None
    document = f"{kind}/{name}" if isinstance(name, str) else ""
    problems = error.errors(include_url=False)
    findings = [
        _finding(details, kind, path, raw, start, document) for details in problems[:MAX_FINDINGS]
    ]
    if len(problems) > MAX_FINDINGS:
        findings.append(
            Finding(
                "QG113",
                f"{len(problems) - MAX_FINDINGS} more problems",
                start,
                "correct the others first",
                document=document,
            )
        )
    return findings


def without_unfit(
    model: type[M],
    content: dict[str, Any],
    error: ValidationError,
    may_go: Callable[[tuple[int | str, ...]], bool] = lambda _: True,
) -> tuple[M, dict[str, Any]] | None:
    """What is left of a value without the fields that `error` is about, typed and plain, so that
    its names can be looked up as well; None where a field is needed, or may not go (by its
    path). What must be one of some values, or of some form, is made one that is."""
    rest = deepcopy(content)
    for _ in range(MOST_ROUNDS):
        for details in error.errors(include_url=False, include_input=False):
            path = _path_of(rest, details["loc"])
            other = _stand_in(details)
            if other is None:
                # A list without one of its items would have the others in other places.
                while path and isinstance(path[-1], int):
                    path.pop()
            if not path or (other is None and not may_go(tuple(path))):
                return None
            part: Any = rest
            for step in path[:-1]:
                part = part[step]
            if other is None:
                del part[path[-1]]
            else:
                part[path[-1]] = other
        try:
            return model.model_validate(rest), rest
        except ValidationError as again:
            error = again
    return None


def _path_of(value: Any, loc: tuple[int | str, ...]) -> list[int | str]:
    """As far as the place of a problem is there."""
    path: list[int | str] = []
    for step in loc:
        if isinstance(value, list):
            there = isinstance(step, int) and step < len(value)
        else:
            there = isinstance(value, dict) and step in value
        if not there:
            break
        path.append(step)
        value = value[step]
    return path


def _stand_in(details: ErrorDetails) -> str | None:
    """A value that would do, where pydantic knows one."""
    context: dict[str, Any] = details.get("ctx") or {}
    if details["type"] == "qgov_scalar":
        example = str(context.get("stand_in") or context["example"])
        return example.split(",", maxsplit=1)[0].strip('"')  # `15m, 8h, 90d or 7y`
    if details["type"] == "literal_error" and (first := _FIRST.match(str(context["expected"]))):
        return first[1]
    return None


_FIRST: Final = re.compile(r"'([^']*)'")


def _finding(
    details: ErrorDetails, kind: str, path: str, raw: Value, start: Origin, document: str
) -> Finding:
    loc = details["loc"]
    unknown = details["type"] == "extra_forbidden"
    of_key = not unknown and loc[-1:] == ("[key]",)
    steps = loc[:-1] if of_key else loc
    found = place(raw, steps, key=unknown or of_key)
    origin = Origin(path, *found) if found else start
    code, message, remedy = _words(details, kind, steps)
    return Finding(code, message, origin, remedy, document=document)


def _words(details: ErrorDetails, kind: str, steps: tuple[int | str, ...]) -> tuple[str, str, str]:
    """(code, message, remedy) of one pydantic error."""
    what, field = details["type"], quoted(_dotted(steps))
    context: dict[str, Any] = details.get("ctx") or {}
    if what == "extra_forbidden":
        known = context.get("known") or _fields(kind, steps[:-1])
        return (
            "QG123",
            f"unknown field {quoted(steps[-1])}{closest(str(steps[-1])[:64], known)}",
            f"use one of {', '.join(sorted(known))}" if known else "remove it",
        )
    if what == "missing":
        return "QG124", f"{field} is missing", f"add `{steps[-1]}`"
    if what == "qgov_scalar":
        return (
            "QG127",
            f"{field} is {_shown(context['got'])}, expected {context['what']}",
            f"write it like {context['example']}",
        )
    if what == "qgov_permission":
        return (
            "QG128",
            (f"{quoted(context['got'])} is not a permission{closest(context['got'][:64], NAMES)}"),
            "see docs/language.md for the catalogue",
        )
    if what in _TYPES:
        return (
            "QG125",
            f"{field} is {_kind_of(details['input'])}, expected {_TYPES[what]}",
            "quote it to make it a text" if what == "string_type" else f"write {_TYPES[what]}",
        )
    if what == "literal_error":
        allowed = str(context["expected"]).replace("'", "`")
        return (
            "QG126",
            f"{field} is {_shown(details['input'])}, expected {allowed}",
            "use one of the values",
        )
    expected = BY_PATTERN.get(context.get("pattern", ""))
    if what == "string_pattern_mismatch" and expected is not None:
        return (
            "QG126",
            f"{field} is {quoted(details['input'])}, which has the wrong form",
            f"write {expected.words}, such as `{expected.example}`",
        )
    if what in _BOUNDS:
        size = "" if isinstance(details["input"], int) else f"{len(details['input']):,}"
        is_, wanted = (text.format(size=size, **context) for text in _BOUNDS[what])
        is_ = is_ or f"is {details['input']}"
        return "QG126", f"{field} {is_}, expected {wanted}", f"write {wanted}"
    page = _PAGES.get(kind, "language")
    return "QG126", f"{field}: {details['msg'].lower()}", f"see docs/{page}.md for the field"


def _dotted(steps: tuple[int | str, ...]) -> str:
    text = ""
    for step in steps:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text or "document"


def _shown(value: object) -> str:
    """A text or number as it is written, and the kind of anything else."""
    plain = isinstance(value, str | int | float) and not isinstance(value, bool)
    return quoted(value) if plain else _kind_of(value)


def _kind_of(value: object) -> str:
    names = {
        dict: "a mapping",
        list: "a list",
        str: "a text",
        bool: "true or false",
        int: "a number",
        float: "a number",
        type(None): "empty",
    }
    return next(name for type_, name in names.items() if isinstance(value, type_))


def _fields(kind: str, steps: tuple[int | str, ...]) -> list[str]:
    """The fields that the language knows at `steps` below a document of `kind`."""
    annotation: Any = _MODELS[kind]
    for step in steps:
        annotation = _model(annotation) or annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            by_alias = {f.alias or n: f for n, f in annotation.model_fields.items()}
            annotation = by_alias[str(step)].annotation if step in by_alias else None
        else:
            annotation = (get_args(annotation) or (None,))[-1]
    model = _model(annotation)
    return [f.alias or n for n, f in model.model_fields.items()] if model else []


def _model(annotation: Any) -> type[BaseModel] | None:
    """The model inside an annotation such as `Model | None`, if there is one."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (dict, list):
        return None
    found = (a for a in get_args(annotation) if isinstance(a, type) and issubclass(a, BaseModel))
    return next(found, None)
