"""What a rule is: a function that finds what breaks it, decorated with `@rule`."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final, NamedTuple, TypeAlias

from msgspec import Struct

from qgov.checks.controls import controls_of
from qgov.finding import Finding, Origin, Severity
from qgov.model.access_model import AccessModel

__all__ = ["Find", "Found", "Rule", "rule"]

_REMEDY: Final = "Remedy: "


class Found(NamedTuple):
    """One place that breaks a rule: where, what is wrong in one sentence, `Kind/name`, and what
    an edit elsewhere can change of it (`Finding.detail`)."""

    origin: Origin
    message: str
    document: str
    detail: str = ""


Find: TypeAlias = Callable[[AccessModel, datetime], Iterable[Found]]
"""Yields each place of a model that breaks a rule at a time (aware UTC)."""


class Rule(Struct, frozen=True):
    """A rule about the configuration.

    `topics` are rows of the control map (`qgov.checks.controls`), `guide` is the part of the
    guide that it comes from. Its name is that of `find`, its texts are in the docstring of
    `find`, and its two examples in `qgov/checks/examples/CODE.yaml`.
    """

    code: str
    severity: Severity
    topics: tuple[str, ...]
    guide: str
    find: Find

    @property
    def name(self) -> str:
        """What the rule is called, such as `unused-role`."""
        return self.find.__name__.replace("_", "-")

    @property
    def concern(self) -> str:
        """The file of this folder that the rule stands in, such as `just-in-time`."""
        return self.find.__module__.rpartition(".")[2].replace("_", "-")

    @property
    def summary(self) -> str:
        """What is wrong where the rule is broken, in one sentence."""
        return self._texts()[0]

    @property
    def why(self) -> str:
        """Why that matters, in a sentence or two."""
        return self._texts()[1]

    @property
    def remedy(self) -> str:
        """What to do about it: an imperative without a full stop."""
        return self._texts()[2]

    @property
    def controls(self) -> tuple[str, ...]:
        """The control ids that the rule serves, such as `soc2:CC6.1`."""
        return controls_of(self.topics)

    def findings(self, model: AccessModel, now: datetime) -> list[Finding]:
        """The rule's findings on a model at a time."""
        places = list(self.find(model, now))
        if not places:
            return []
        remedy, controls = self.remedy, self.controls
        return [
            Finding(
                self.code,
                found.message,
                found.origin,
                remedy,
                self.severity,
                controls,
                found.document,
                found.detail,
            )
            for found in places
        ]

    def _texts(self) -> tuple[str, str, str]:
        """The three paragraphs of the docstring. Read when asked for: most rules find nothing."""
        paragraphs = [" ".join(text.split()) for text in _docstring(self.find).split("\n\n")]
        if (
            len(paragraphs) != 3
            or not paragraphs[2].startswith(_REMEDY)
            or not all(text.endswith(".") for text in paragraphs)
        ):
            raise ValueError(f"{self.code}: its docstring is not a summary, a why and a `Remedy:`")
        return paragraphs[0], paragraphs[1], paragraphs[2][len(_REMEDY) : -1]


def _docstring(find: Find) -> str:
    if sys.flags.optimize < 2:
        return find.__doc__ or ""
    # `python -OO` drops docstrings; the source still has them.
    (function,) = ast.parse(inspect.getsource(find)).body
    assert isinstance(function, ast.FunctionDef)
    return ast.get_docstring(function) or ""


def rule(code: str, severity: Severity, *topics: str, guide: str) -> Callable[[Find], Rule]:
    """Make a rule of a function, whose docstring is a summary, a why and a `Remedy:`, each a
    paragraph."""
    return lambda find: Rule(code, severity, topics, guide, find)
