"""What stands for a value in HCL besides literals, and how a text becomes one.

An expression is one of a few forms, whose parts are checked; whatever a person wrote is a text,
quoted and escaped.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from msgspec import Struct

__all__ = ["Beside", "Equal", "Ref", "code", "expression", "quote", "unquote"]

_EXPRESSION: Final = re.compile(
    r"[A-Za-z][A-Za-z0-9_-]*(?:\.[A-Za-z][A-Za-z0-9_-]*|\[[0-9]+\])*|map\(string\)"
)
_INDEX: Final = re.compile(r"[A-Za-z0-9._~!&()*+,;=:@%/-]+")  # names and addresses: no escapes
_INDEXED: Final = re.compile(r'(.+)\["(.+)"\]')
_EQUAL: Final = re.compile(r'([^"=]+) == (".*")')
_PATH: Final = re.compile(r"[a-z0-9][a-z0-9.-]*(?:/[a-z0-9][a-z0-9.-]*)*")
_BESIDE: Final = re.compile(r'file\("\$\{path\.module\}/(.+)"\)')
_PLAIN: Final = re.compile(r"[ !#&-\[\]-~]*")  # printable ASCII that means nothing in a literal
_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_UNESCAPES: Final = {
    **{written: text for text, written in _ESCAPES.items()},
    "$${": "${",
    "%%{": "%{",
}
_ESCAPED: Final = re.compile(r"""\\[\\"nrt]|\\u[0-9a-fA-F]{4}|\\U[0-9a-fA-F]{8}|\$\$\{|%%\{""")


@dataclass(frozen=True, slots=True)
class Ref:
    """A reference such as `keycloak_group.x.id`, or a type such as `string`. `index`
    is a key of what is referred to, in brackets: a name or an address. Raises ValueError for
    anything else."""

    expression: str
    index: str | None = None

    def __post_init__(self) -> None:
        if not _EXPRESSION.fullmatch(self.expression):
            raise ValueError(f"not a reference: {self.expression!r}")
        if self.index is not None and not _INDEX.fullmatch(self.index):
            raise ValueError(f"not an index: {self.index!r}")

    def __str__(self) -> str:
        """The reference as HCL."""
        return self.expression if self.index is None else f'{self.expression}["{self.index}"]'


@dataclass(frozen=True, slots=True)
class Beside:
    """The content of a file of the module, by its path inside it: what is read better in a
    language of its own. Raises ValueError for a path that needs escaping."""

    path: str

    def __post_init__(self) -> None:
        if not _PATH.fullmatch(self.path):
            raise ValueError(f"not a path in a module: {self.path!r}")

    def __str__(self) -> str:
        """The call as HCL."""
        return f'file("${{path.module}}/{self.path}")'


class Equal(Struct, frozen=True):
    """Whether what is referred to is a text: a condition."""

    left: Ref
    right: str

    def __str__(self) -> str:
        """The comparison as HCL."""
        return f"{self.left} == {quote(self.right)}"


def expression(text: str) -> Ref | Beside | Equal:
    """What an expression is, of those that are written here. Raises ValueError for any other."""
    if beside := _BESIDE.fullmatch(text):
        return Beside(beside[1])
    if equal := _EQUAL.fullmatch(text):
        return Equal(Ref(equal[1]), unquote(equal[2]))
    indexed = _INDEXED.fullmatch(text)
    return Ref(indexed[1], indexed[2]) if indexed else Ref(text)


def quote(text: str) -> str:
    """A text as an HCL literal, in Unicode NFC like all of Terraform's strings.

    What is not printable is written as an escape. A template opens with `${` or `%{`, so these
    are doubled; without a `}` after it python-hcl2 would not read that back, so there the sign is
    an escape too.
    """
    if _PLAIN.fullmatch(text):
        return f'"{text}"'
    text = unicodedata.normalize("NFC", text)
    last = text.rfind("}")
    parts = []
    for index, character in enumerate(text):
        if character in "$%" and text.startswith("{", index + 1):
            parts.append(character * 2 if index < last else code(character))
        elif character in _ESCAPES:
            parts.append(_ESCAPES[character])
        else:
            parts.append(character if character.isprintable() else code(character))
    return f'"{"".join(parts)}"'


def code(character: str) -> str:
    """A character as an escape."""
    number = ord(character)
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def unquote(literal: str) -> str:
    """The text of a literal as `hcl2.loads` gives it, which is with quotes and escapes.
    Raises ValueError when it is not one."""
    if len(literal) < 2 or literal[0] != '"' or literal[-1] != '"':
        raise ValueError(f"not a literal: {literal!r}")
    return _ESCAPED.sub(_unescape, literal[1:-1])


def _unescape(match: re.Match[str]) -> str:
    return _UNESCAPES.get(match[0]) or chr(int(match[0].lstrip("\\uU"), 16))
