"""The templates of a repository, rendered as what they are: somebody else's program.

A pull request may change them, so that they run in Jinja's sandbox
(https://jinja.palletsprojects.com/en/stable/sandbox/), and of its language only in what
cannot run for long: text, answers, filters of a short list, `for` over an answer, `if`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from jinja2 import StrictUndefined, Template, meta, nodes
from jinja2.exceptions import TemplateError as JinjaError
from jinja2.exceptions import TemplateSyntaxError, UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import htmlsafe_json_dumps

from qgov.adoption.answers import Answer, Answers, FreeText
from qgov.finding import Finding
from qgov.language.quote import quoted
from qgov.render.markdown import escape
from qgov.repository import RepositoryError

__all__ = ["MAX_OUTPUT", "MAX_TEMPLATE", "Starter", "TemplateError", "read_template", "render"]

MAX_TEMPLATE: Final = 64 * 1024
MAX_OUTPUT: Final = 256 * 1024
"""Bytes of one template, and characters of what becomes of it."""

MAX_LOOPS: Final = 2
"""How deep a `for` may stand in another."""

_ALLOWED: Final = (
    nodes.And,
    nodes.Compare,
    nodes.Const,
    nodes.Filter,
    nodes.For,
    nodes.Getitem,
    nodes.If,
    nodes.Name,
    nodes.Not,
    nodes.Operand,
    nodes.Or,
    nodes.Output,
    nodes.Template,
    nodes.TemplateData,
)


class TemplateError(RepositoryError):
    """A template that cannot be read or rendered; the message begins with its place."""


class _NotANameError(Exception):
    """A free text where only a name may stand."""

    def __init__(self, text: FreeText) -> None:
        super().__init__(text.name)
        self.free = text


@dataclass(frozen=True, slots=True)
class Starter:
    """A template that was read: its repository path, and the names that it asks for."""

    path: str
    asks: frozenset[str]
    program: Template


def read_template(path: str, data: bytes) -> Starter:
    """Read one template. Raises TemplateError for what is not one, or does more than a
    template of a repository may."""
    if len(data) > MAX_TEMPLATE:
        raise TemplateError(f"{path}: the template has more than {MAX_TEMPLATE} bytes; shorten it")
    try:
        tree = _ENVIRONMENT.parse(data.decode("utf-8"), path, path)
        for node in [tree, *tree.find_all(nodes.Node)]:
            if not isinstance(node, _ALLOWED) or _is_attribute(node):
                what = type(node).__name__
                raise _refused(path, node.lineno, f"`{what}` is not for templates of a repository")
        if (line := _too_deep(tree, MAX_LOOPS)) is not None:
            raise _refused(path, line, f"more than {MAX_LOOPS} loops in one another")
        asks = frozenset(meta.find_undeclared_variables(tree))
        code = _ENVIRONMENT.compile(tree, path, path)
    except UnicodeDecodeError as error:
        raise TemplateError(f"{path}: the template is not UTF-8; save it as UTF-8") from error
    except TemplateSyntaxError as error:
        raise TemplateError(f"{path}:{error.lineno}: {error.message}; mend the template") from error
    # What Jinja's lexer, or Python's compiler behind it, makes of numbers and nesting.
    except (JinjaError, RecursionError, SyntaxError, ValueError, OverflowError) as error:
        raise TemplateError(f"{path}: not a template that can be read; simplify it") from error
    return Starter(path, asks, Template.from_code(_ENVIRONMENT, code, {}))


def render(
    starter: Starter, given: Mapping[str, Answer], answers: Answers
) -> tuple[bytes, list[Finding]]:
    """What becomes of a template. `given` is all that it may ask for; `answers` tells the
    place of an answer that does not fit. Raises TemplateError."""
    written: list[str] = []
    size = 0
    try:
        for piece in starter.program.generate(dict(given)):
            size += len(piece)
            if size > MAX_OUTPUT:
                raise TemplateError(
                    f"{starter.path}: writes more than {MAX_OUTPUT} characters; shorten it"
                )
            written.append(piece)
    except _NotANameError as error:
        name, line = error.free.name, _line(error, starter.path)
        return b"", [
            Finding(
                "QG127",
                f"the answer {quoted(name)} is {quoted(error.free.text)}, and "
                f"{starter.path}:{line} writes it as a name",
                answers.at(name),
                "use letters, digits and inner `-` `.` `+` `/`; "
                "a template writes free text through `tojson` or `markdown`",
            )
        ]
    except (JinjaError, TypeError, ValueError) as error:
        what = error.message if isinstance(error, UndefinedError) else str(error)
        raise _refused(starter.path, _line(error, starter.path), what or "fails") from error
    return "".join(written).encode(), []


def _refused(path: str, line: int, what: str) -> TemplateError:
    return TemplateError(
        f"{path}:{line}: {what}; a template writes answers, `for` each of a list, `if`, "
        f"and the filters {', '.join(sorted(_FILTERS))}"
    )


def _is_attribute(node: nodes.Node) -> bool:
    """Whether a node asks for anything but an item by its number: Jinja takes `x["a"]` for
    `x.a` too."""
    return isinstance(node, nodes.Getitem) and not (
        isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, int)
    )


def _too_deep(node: nodes.Node, left: int) -> int | None:
    """The line of a loop that stands in too many others."""
    for child in node.iter_child_nodes():
        inside = left - isinstance(child, nodes.For)
        found = child.lineno if inside < 0 else _too_deep(child, inside)
        if found is not None:
            return found
    return None


def _line(error: BaseException, path: str) -> int:
    """The template's line that raised."""
    line, frame = 1, error.__traceback__
    while frame is not None:
        if frame.tb_frame.f_code.co_filename == path:
            line = frame.tb_lineno
        frame = frame.tb_next
    return line


def _plain(value: object) -> str:
    """A value as it is written where nothing escapes it."""
    if isinstance(value, FreeText):
        raise _NotANameError(value)
    if isinstance(value, str | int | StrictUndefined):
        return str(value)  # raises for what is undefined
    raise TypeError("a list is written item by item, or through `join`")


def _join(items: Iterable[object], between: object = "") -> str:
    return _plain(between).join(map(_plain, [items] if isinstance(items, str | int) else items))


def _text(value: object) -> object:
    return value.text if isinstance(value, FreeText) else str(value)


def _markdown(value: object) -> str:
    return escape(str(_text(value)))


_FILTERS: Final[dict[str, Any]] = {
    "join": _join,
    "markdown": _markdown,
    # A text of JSON is one of YAML too.
    "tojson": partial(htmlsafe_json_dumps, dumps=partial(json.dumps, default=_text)),
}


def _environment() -> ImmutableSandboxedEnvironment:
    # Nothing is HTML here, and there is nothing to load: a template is one file.
    made = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False, finalize=_plain
    )
    made.globals.clear()
    made.tests.clear()
    made.filters.clear()
    made.filters.update(_FILTERS)
    return made


_ENVIRONMENT: Final = _environment()
