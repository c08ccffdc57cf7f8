"""Two examples of each rule, for the documentation and the tests: one that breaks it and one
that does not.

`CODE.yaml` holds both. Each maps documents, as `Kind/name`, to what they say in their `spec`; it
is laid over the baseline of the tests (`tests/checks/baseline/`), field by field (RFC 7396). The
text is kept as it is written, because the documentation shows it.
"""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Final, NamedTuple

__all__ = ["Example", "example_of"]

_DOCUMENT: Final = r"  \w+/[\w-]+:.*\n(?:    .*\n)*"
_FILE: Final = re.compile(rf"bad:\n((?:{_DOCUMENT})+)good:\n((?:{_DOCUMENT})+)")


class Example(NamedTuple):
    """YAML documents that break a rule, and some that do not."""

    bad: str
    good: str


def example_of(code: str) -> Example:
    """The examples of a rule. ValueError when its file is missing or says something else."""
    path = files(__name__) / f"{code}.yaml"
    match = _FILE.fullmatch(path.read_text(encoding="utf-8")) if path.is_file() else None
    if match is None:
        raise ValueError(f"examples/{code}.yaml is not `bad:` and `good:` with documents")
    return Example(_documents(match[1]), _documents(match[2]))


def _documents(text: str) -> str:
    return "---\n".join(map(_document, re.findall(_DOCUMENT, text)))


def _document(text: str) -> str:
    id_, _, spec = text.removeprefix("  ").partition(":")
    kind, _, name = id_.partition("/")
    spec = spec.replace("\n    ", "\n  ")
    return f"kind: {kind}\nmetadata: {{name: {name}}}\nspec:{spec}"
