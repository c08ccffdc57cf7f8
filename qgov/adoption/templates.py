"""The templates of a repository, treated as what they are: somebody else's program, in Jinja's
sandbox and within `qgov.language.templates`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, Final

from jinja2 import StrictUndefined, Template, meta
from jinja2.exceptions import TemplateError as JinjaError
from jinja2.exceptions import TemplateSyntaxError, UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import htmlsafe_json_dumps
from msgspec import Struct

from qgov.adoption.answers import Answer, Answers, FreeText
from qgov.finding import Finding
from qgov.language.quote import quoted
from qgov.language.templates import FILTERS, MAX_TEMPLATE, beyond
from qgov.render.escaping import escape
from qgov.repository import RepositoryError

__all__ = ["MAX_OUTPUT", "Starter", "TemplateError", "read_template", "render"]

MAX_OUTPUT: Final = 256 * 1024
"""The most characters that a rendered template may have."""


class TemplateError(RepositoryError):
    """A template that cannot be read or rendered; the message begins with its place."""


class _NotANameError(Exception):
    """A free text where only a name may stand."""

    def __init__(self, text: FreeText) -> None:
        super().__init__(text.name)
        self.free = text


class Starter(Struct, frozen=True):
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
        if (found := beyond(tree)) is not None:
            raise _refused(path, *found)
        asks = frozenset(meta.find_undeclared_variables(tree))
        code = _ENVIRONMENT.compile(tree, path, path)
    except UnicodeDecodeError as error:
        raise TemplateError(f"{path}: the template is not UTF-8; save it as UTF-8") from error
    except TemplateSyntaxError as error:
        raise TemplateError(
            f"{path}:{error.lineno}: {error.message}; correct the template"
        ) from error
    # What Jinja's lexer, or Python's compiler behind it, makes of numbers and nesting.
    except (JinjaError, RecursionError, SyntaxError, ValueError, OverflowError) as error:
        raise TemplateError(f"{path}: not a template that can be read; simplify it") from error
    return Starter(path, asks, Template.from_code(_ENVIRONMENT, code, {}))


def render(
    starter: Starter, given: Mapping[str, Answer], answers: Answers
) -> tuple[bytes, list[Finding]]:
    """Render a template. `given` is all that it may ask for; `answers` tells the place of an
    answer that does not fit. Raises TemplateError."""
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
        f"and the filters {', '.join(sorted(FILTERS))}"
    )


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
