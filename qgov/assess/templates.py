"""What the starter templates of a repository make, found without real answers.

A template that does more than `qgov.language.templates` allows is not rendered.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from jinja2 import StrictUndefined, TemplateError
from jinja2.meta import find_undeclared_variables
from jinja2.sandbox import SandboxedEnvironment

from qgov.language.kinds import KINDS
from qgov.language.reader import read
from qgov.language.templates import MAX_TEMPLATE, beyond
from qgov.repository.files import link_on, unreadable

__all__ = ["Made", "made_by", "templates_of"]

_MOST_TEMPLATES: Final = 200
_SAMPLE: Final = "sample"


class Made(NamedTuple):
    """What a template makes: kinds of documents or `page`; or why it makes nothing."""

    path: str
    makes: frozenset[str]
    why: str = ""


class _Sample(str):
    """An answer of any shape: a text, a list with one entry."""

    __slots__ = ()

    def __iter__(self) -> Iterator[str]:
        yield self

    def __getitem__(self, _key: Any) -> _Sample:
        return self


def templates_of(root: Path) -> dict[str, bytes]:
    """The starter templates of a work tree, read no further than the longest allowed. Raises
    RepositoryError when one cannot be read."""
    if link_on(root, "templates") is not None or not (root / "templates").is_dir():
        return {}
    found: dict[str, bytes] = {}
    try:
        for path in sorted((root / "templates").glob("*.j2"))[:_MOST_TEMPLATES]:
            if path.is_file() and not path.is_symlink():
                handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
                with os.fdopen(handle, "rb") as stream:
                    found[f"templates/{path.name}"] = stream.read(MAX_TEMPLATE + 1)
    except OSError as error:
        raise unreadable(error, root) from error
    return found


def made_by(templates: Mapping[str, bytes]) -> list[Made]:
    """What each template makes, by path."""
    return [_made(path, data) for path, data in sorted(templates.items())]


def _made(path: str, data: bytes) -> Made:
    if len(data) > MAX_TEMPLATE:
        return Made(path, frozenset(), f"has more than {MAX_TEMPLATE} bytes")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return Made(path, frozenset(), "is not UTF-8")
    rendered, why = _rendered(text)
    if why:
        return Made(path, frozenset(), why)
    if path.endswith(".md.j2"):
        return Made(path, frozenset({"page"} if rendered.strip() else ()))
    if not path.endswith((".yaml.j2", ".yml.j2")):
        return Made(path, frozenset())
    kinds = _kinds(path, rendered)
    return Made(path, kinds, "" if kinds else "makes no document that qgov reads")


def _rendered(text: str) -> tuple[str, str]:
    """The text with a sample for every answer, or why there is none."""
    # Not HTML: templates escape for YAML themselves.
    environment = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
    environment.globals.clear()
    environment.filters["markdown"] = str
    try:
        parsed = environment.parse(text)
        if (found := beyond(parsed)) is not None:
            return "", f"line {found.line}: {found.what}; not judged here"
        answers = {name: _Sample(_SAMPLE) for name in find_undeclared_variables(parsed)}
        return environment.from_string(parsed).render(answers), ""
    except (TemplateError, RecursionError, SyntaxError, MemoryError) as error:
        line = getattr(error, "lineno", None)
        first = (str(error) or type(error).__name__).splitlines()[0]
        return "", f"does not render: {first}" + (f" (line {line})" if line else "")
    except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
        return "", f"does not render with a sample answer: {type(error).__name__}"


def _kinds(path: str, text: str) -> frozenset[str]:
    """The kinds of the documents in a rendered text."""
    values, refused = read(path, text.encode())
    if refused:
        return frozenset()
    kinds = (value.get("kind") for value, _ in values if isinstance(value, dict))
    return frozenset(kind for kind in kinds if isinstance(kind, str) and kind in KINDS)
